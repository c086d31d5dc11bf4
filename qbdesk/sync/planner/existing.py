"""An invoice of the same number is in QuickBooks already: ours, the same, or something else."""

from collections.abc import Sequence

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.operations import MARKER_START
from qbdesk.sync.planner.decisions import Hold
from qbdesk.sync.planner.knowledge import Case, KnownCustomer
from qbdesk.sync.quickbooks.objects import InvoiceObject
from qbdesk.sync.views import Choice

LINK = "link"


def ours(found: Sequence[InvoiceObject], marker: str) -> InvoiceObject | None:
    """The invoice that carries our own operation's mark, whichever installation wrote it."""
    return next((entry for entry in found if marker in entry.private_note), None)


def same(
    found: Sequence[InvoiceObject],
    invoice: PaidInvoice,
    customer: KnownCustomer | None,
    case: Case,
) -> InvoiceObject | Hold | None:
    """Rule 9: same number, customer and total is the same invoice; anything else is a question."""
    if not found:
        return None
    fitting = [
        entry
        for entry in found
        if entry.total_amt == invoice.total
        and customer is not None
        and _belongs_to(entry, customer)
        and MARKER_START not in entry.private_note
    ]
    if len(fitting) == 1 and len(found) == 1 and _is_at_rest(fitting[0]):
        return fitting[0]
    if case.answers.get("number_taken") == LINK and len(found) == 1:
        return found[0]
    return _ask(found, invoice, customer)


def _belongs_to(entry: InvoiceObject, customer: KnownCustomer) -> bool:
    return entry.customer_ref is not None and entry.customer_ref.value == customer.id


def _is_at_rest(entry: InvoiceObject) -> bool:
    return entry.balance in (ZERO, entry.total_amt)


def _ask(
    found: Sequence[InvoiceObject], invoice: PaidInvoice, customer: KnownCustomer | None
) -> Hold:
    entry = found[0]
    whose = "the same client" if customer and _belongs_to(entry, customer) else "another customer"
    theirs = shown(entry.total_amt, invoice.currency)
    left = shown(entry.balance, invoice.currency)
    return Hold(
        "number_taken",
        f"QuickBooks has an invoice {invoice.number} already: {theirs}, {left} open, dated "
        f"{entry.txn_date}, of {whose}. This one is {shown(invoice.total, invoice.currency)}"
        f", dated {invoice.issue_date}. Nothing was posted.",
        (Choice(LINK, "It is the same invoice: leave QuickBooks as it is"),) * (len(found) == 1),
    )
