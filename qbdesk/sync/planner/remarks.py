"""What is said of an invoice that was posted all the same (COMMANDS: an invoice's life)."""

from collections.abc import Iterator

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.planner import customers, money_received
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.quickbooks import text


def of(invoice: PaidInvoice, known: Knowledge) -> list[str]:
    """Sentences, each once; empty when there is nothing to remark."""
    return list(dict.fromkeys([*_texts(invoice, known), *money_received.remarks(invoice, known)]))


def _texts(invoice: PaidInvoice, known: Knowledge) -> Iterator[str]:
    client = invoice.customer
    if text.name(client.name, text.DISPLAY_NAME) != client.name.strip():
        yield "The client's name holds signs that QuickBooks cannot take; they became spaces."
    inactive = [c for c in known.by_email.get(customers.key_of(invoice), ()) if not c.active]
    if inactive:
        yield "A customer with this email was put away in QuickBooks, so it was left alone."
    fields = (
        ("memo", invoice.memo, text.CUSTOMER_MEMO),
        ("phone number", client.phone, text.PHONE),
        ("company name", client.company, text.COMPANY_NAME),
    )
    for what, told, longest in fields:
        if told and len(told.strip()) > longest:
            yield f"The {what} was cut to {longest} characters; qbdesk keeps the whole of it."
        if told and text.paragraphs(told, len(told)) != told.replace("\r\n", "\n").strip():
            yield f"Control characters in the {what} became spaces."
    for line in invoice.lines:
        if text.paragraphs(line.description, len(line.description)) != line.description.strip():
            yield "Control characters in a line's text became spaces."
