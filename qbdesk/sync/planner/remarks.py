"""What is said of an invoice that was posted all the same (COMMANDS: an invoice's life)."""

import re
from collections.abc import Iterator

from qbdesk.sync.filed import Filed
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import shown
from qbdesk.sync.planner import customers, money_received
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.quickbooks import text
from qbdesk.sync.quickbooks.answers import PostedInvoice

# Harmless here, and dangerous where somebody opens an export of it: so it is said.
_LOOKS_LIKE = {
    "markup": re.compile(r"<[A-Za-z/!?]"),
    "a formula": re.compile(r"\A\s*([=@]|[+-][^\s\d])"),
    "text that is turned round": re.compile("[\u202a-\u202e\u2066-\u2069]"),
}


def of(invoice: PaidInvoice, known: Knowledge, posted: PostedInvoice) -> list[str]:
    """Sentences, each once; empty when there is nothing to remark."""
    told = (
        *_texts(invoice, known),
        *_second_customer(invoice, known),
        *_strange(invoice),
        *_filed(posted),
        *_of_somebody_else(invoice, posted),
        *money_received.remarks(invoice, known),
    )
    return list(dict.fromkeys(told))


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


def _second_customer(invoice: PaidInvoice, known: Knowledge) -> Iterator[str]:
    """Rule 8: said when it is made."""
    there = known.customers.get((invoice.customer.id, invoice.currency))
    named_so = there is not None and there.name.endswith(f"({invoice.currency})")
    if there is not None and named_so and customers.other_currency(invoice, known):
        yield (
            f"A customer in QuickBooks keeps one currency, so this client has a second one for "
            f"{invoice.currency}, “{there.name}”."
        )


def _filed(posted: PostedInvoice) -> Iterator[str]:
    """Rule 4: listed, whichever answer was given."""
    if posted.filed is Filed.ISSUE_DATE:
        yield (
            f"Dated {posted.dated}, in a tax period that was filed before it was posted: its tax "
            "is a late entry of the next return."
        )
    if posted.filed is Filed.PERHAPS:
        yield (
            f"Dated {posted.dated}, in a tax period that may have been filed before it was posted: "
            "QuickBooks does not tell which agency its tax is owed to. If it was filed, the tax is "
            "a late entry of the next return."
        )
    if posted.filed is Filed.FIRST_OPEN_DAY:
        yield (
            f"Issued in a tax period that was filed before it was posted, and dated {posted.dated} "
            "instead; the true date is in the note."
        )


def _of_somebody_else(invoice: PaidInvoice, posted: PostedInvoice) -> Iterator[str]:
    """Rules 3 and 10: its tax is theirs, and that is what the sales tax return counts."""
    if posted.larger and (invoice.tax_total or posted.tax):
        yield (
            "Its payment settles a part of a larger invoice in QuickBooks, which does not tell how "
            "much of its tax belongs to this part."
        )
    elif not posted.larger and not posted.ours and posted.tax not in (None, invoice.tax_total):
        here, there = (shown(tax, invoice.currency) for tax in (invoice.tax_total, posted.tax))
        yield (
            f"The invoice that was in QuickBooks already stands for it, with tax of {there} "
            f"instead of {here}. If that is wrong, correct it there."
        )


def _strange(invoice: PaidInvoice) -> Iterator[str]:
    texts = list(_all_texts(invoice))
    for what, pattern in _LOOKS_LIKE.items():
        if any(pattern.search(told) for told in texts):
            yield f"Something on the invoice looks like {what}; it was sent as text."


def _all_texts(invoice: PaidInvoice) -> Iterator[str]:
    client = invoice.customer
    yield from (invoice.number, client.name, client.company or "")
    yield from (invoice.memo or "", invoice.po_number or "")
    for line in invoice.lines:
        yield line.description
        yield line.product.name if line.product else ""
    for payment in invoice.received:
        yield from (payment.reference or "", payment.method_label or "", payment.method)
