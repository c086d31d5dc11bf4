"""What an invoice is made of in QuickBooks: the service its lines stand on, notes, dates, lines."""

from datetime import date
from typing import Any

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.operations import StepKind, marker
from qbdesk.sync.planner import tax
from qbdesk.sync.planner.days import currency_sent, rate_on
from qbdesk.sync.planner.decisions import Look, Post, Subject
from qbdesk.sync.planner.items import Items
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.planner.steps import invoice_operation
from qbdesk.sync.quickbooks import payloads

ITEM_NAME = "Paid invoices"


def usual_item_needed(
    invoice: PaidInvoice, known: Knowledge, taxes: payloads.Taxes, items: Items
) -> list[Look | Post]:
    """The service that our lines stand on; not made where no line of the invoice would."""
    account = known.income_account_id
    own_discount = bool(invoice.discount) and not tax.uses_discount_line(invoice, taxes, known)
    used = None in items.lines or (own_discount and items.discount is None)
    if account in known.items or not used:
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


def invoice_payload(
    invoice: PaidInvoice,
    known: Knowledge,
    customer_id: str,
    taxes: payloads.Taxes,
    items: Items,
    dated: tuple[date, list[str]],
) -> dict[str, Any]:
    """The body of the invoice; `usual_item_needed` has to be empty before.

    Args:
        dated: Its day, and what the note says of that.
    """
    usual = known.items.get(known.income_account_id, "")
    issue_date, about_the_day = dated
    told = [f"Invoice {invoice.number}, id {invoice.id}", invoice.url or "", *about_the_day]
    if invoice.po_number:
        told.append(f"PO {invoice.po_number}")
    mark = marker(known.realm_id, known.source_key, invoice_operation(invoice))
    return payloads.invoice(
        invoice,
        customer_id=customer_id,
        line_items=[item or usual for item in items.lines],
        discount_item=items.discount or usual,
        taxes=taxes,
        issue_date=issue_date,
        note=payloads.note(told, mark),
        use_discount_line=tax.uses_discount_line(invoice, taxes, known),
        exchange_rate=rate_on(invoice, invoice.issue_date, known),
        currency=currency_sent(invoice, known),
    )
