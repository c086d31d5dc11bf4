"""What somebody may have entered by hand already, under another number (rules 3 and 10)."""

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.operations import MARKER_START, marker
from qbdesk.sync.planner.decisions import Hold, Look, Subject
from qbdesk.sync.planner.knowledge import Case, Knowledge, KnownCustomer
from qbdesk.sync.planner.steps import payment_operation
from qbdesk.sync.quickbooks.objects import InvoiceObject
from qbdesk.sync.views import Choice

REASON = "by_hand"
OPENING = "opening_receivable"  # another question, so that one answer never counts for both
PAY_PREFIX = "pay:"
POST_NEW = Choice("post_new", "It is another one: post it as new")


def look_for(
    invoice: PaidInvoice, known: Knowledge, case: Case, customer: KnownCustomer
) -> InvoiceObject | Hold | Look | None:
    """The open invoice a person chose to pay, a question, or None: nothing speaks against posting.

    Only customers that were in QuickBooks before qbdesk are looked at: what we made, we know.
    """
    answers = {case.answers.get(REASON), case.answers.get(OPENING)}
    if customer.made or POST_NEW.word in answers:
        return None
    if not customer.remembered:
        before = _paid_before(invoice, known, customer)
        if before is not None:
            return before
    if customer.id not in known.open_invoices:
        return Look(Subject.OPEN_INVOICES, customer.id)
    theirs = [e for e in known.open_invoices[customer.id] if MARKER_START not in e.private_note]
    alike = [e for e in theirs if e.total_amt == e.balance == invoice.total]
    enough = [e for e in theirs if e.balance >= invoice.total]
    chosen = next((e for e in enough if f"{PAY_PREFIX}{e.id}" in answers), None)
    if chosen is not None:
        return chosen
    if alike:
        return _looks_entered_by_hand(invoice, alike)
    owed = sum((entry.balance for entry in theirs), ZERO)
    if invoice.issue_date < known.opening_day and invoice.total and owed >= invoice.total:
        return _may_be_opening_balance(invoice, known, enough)
    return None


def _paid_before(
    invoice: PaidInvoice, known: Knowledge, customer: KnownCustomer
) -> Hold | Look | None:
    """A ledger that knows nothing of the customer may be a new one: our own mark on a payment shows
    that this invoice was paid before, onto an invoice that somebody had entered by hand."""
    if customer.id not in known.payments:
        return Look(Subject.PAYMENTS, customer.id)
    marks = [
        marker(known.realm_id, known.source_key, payment_operation(invoice, payment))
        for payment in invoice.received
    ]
    for entry in known.payments[customer.id]:
        if any(mark in entry.private_note for mark in marks):
            return Hold(
                REASON,
                f"QuickBooks has the payment of {shown(entry.total_amt, invoice.currency)} for "
                "this invoice already, with qbdesk's own mark, on an invoice entered by hand. "
                "Nothing was posted; ignore it here if the books are right.",
                (POST_NEW,),
            )
    return None


def _looks_entered_by_hand(invoice: PaidInvoice, alike: list[InvoiceObject]) -> Hold:
    """Rule 10."""
    first = alike[0]
    number = first.doc_number or "without a number"
    return Hold(
        REASON,
        f"Looks entered by hand: the customer has an open invoice {number} of "
        f"{shown(first.total_amt, invoice.currency)}, dated {first.txn_date}, in QuickBooks. "
        "Nothing was posted.",
        (
            *(
                Choice(
                    f"{PAY_PREFIX}{entry.id}",
                    f"It is invoice {entry.doc_number or entry.id}{_other_tax(invoice, entry)}",
                )
                for entry in alike[:5]
            ),
            POST_NEW,
        ),
    )


def _other_tax(invoice: PaidInvoice, entry: InvoiceObject) -> str:
    detail = entry.txn_tax_detail
    if "total_tax" not in detail.model_fields_set or detail.total_tax == invoice.tax_total:
        return ""
    there, here = (shown(a, invoice.currency) for a in (detail.total_tax, invoice.tax_total))
    return f", whose tax is {there} instead of {here}"


def _may_be_opening_balance(
    invoice: PaidInvoice, known: Knowledge, enough: list[InvoiceObject]
) -> Hold:
    """Rule 3: `enough` are the open invoices that its payment may settle a part of."""
    told = "" if enough else " If it is, enter its payment there and ignore it here."
    return Hold(
        OPENING,
        f"The invoice was issued before {known.opening_day}, and the customer owes at least its "
        "total in QuickBooks: it may already be in your opening receivables. Nothing was "
        f"posted.{told}",
        (
            *(
                Choice(
                    f"{PAY_PREFIX}{entry.id}",
                    f"Pay invoice {entry.doc_number or entry.id} with it, of which "
                    f"{shown(entry.balance, invoice.currency)} is open",
                )
                for entry in enough[:5]
            ),
            POST_NEW,
        ),
    )
