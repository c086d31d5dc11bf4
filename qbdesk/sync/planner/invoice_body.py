"""What an invoice is made of in QuickBooks: the service its lines stand on, notes, dates, lines."""

from typing import Any

from qbdesk.sync.model import Line, PaidInvoice
from qbdesk.sync.operations import StepKind, marker
from qbdesk.sync.planner import tax
from qbdesk.sync.planner.days import currency_sent, open_day, rate_on
from qbdesk.sync.planner.decisions import Look, Post, Subject
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.planner.steps import invoice_operation
from qbdesk.sync.quickbooks import payloads

ITEM_NAME = "Paid invoices"
ITEM = "item."


def item_needed(known: Knowledge) -> list[Look | Post]:
    account = known.income_account_id
    if account in known.items:
        return []
    name = item_name(known)
    if name not in known.item_names_looked:
        return [Look(Subject.ITEM, name)]
    operation = f"item:{account}"
    payload = payloads.service_item(name, account)
    return [Post(StepKind.ITEM, operation, payload, shared=True, alone_with=operation)]


def item_name(known: Knowledge) -> str:
    """The service our lines stand on; another one where that name means another account."""
    if ITEM_NAME not in known.item_names_taken:
        return ITEM_NAME
    return f"{ITEM_NAME} ({known.income_account_id})"


def item_setting(product: str) -> str:
    """The setting that names the item of a product, or of a line's whole text."""
    return ITEM + " ".join(product.casefold().split())


def _item_of(line: Line, known: Knowledge) -> str:
    """As the user has mapped the product (its id or name) or the line's text; else the usual."""
    product = (line.product.id, line.product.name) if line.product else ()
    for name in (*product, line.description):
        chosen = known.settings.get(item_setting(name))
        if chosen:
            return chosen
    return known.items[known.income_account_id]


def invoice_payload(
    invoice: PaidInvoice, known: Knowledge, case: Case, customer_id: str, taxes: payloads.Taxes
) -> dict[str, Any]:
    """The body of the invoice; `item_needed` has to be empty before."""
    issue_date = open_day(invoice.issue_date, known, case)
    told = [f"Invoice {invoice.number}, id {invoice.id}", invoice.url or ""]
    if issue_date != invoice.issue_date:
        told.append(f"Issued {invoice.issue_date}, in a closed period")
    if invoice.po_number:
        told.append(f"PO {invoice.po_number}")
    mark = marker(known.realm_id, known.source_key, invoice_operation(invoice))
    return payloads.invoice(
        invoice,
        customer_id=customer_id,
        item_id=known.items[known.income_account_id],
        line_items=[_item_of(line, known) for line in invoice.lines],
        taxes=taxes,
        issue_date=issue_date,
        note=payloads.note(told, mark),
        use_discount_line=tax.uses_discount_line(invoice, taxes, known),
        exchange_rate=rate_on(invoice, invoice.issue_date, known),
        currency=currency_sent(invoice, known),
    )
