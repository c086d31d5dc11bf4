"""What has changed at the source since an invoice was posted, and if it matters (rule 28)."""

from collections.abc import Iterator
from typing import Any

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import shown
from qbdesk.sync.planner.checks import NOT_PAID


def material(before: PaidInvoice, after: PaidInvoice) -> str | None:
    """A sentence with before and after, or None when nothing changed that the books hold."""
    found = list(_material(before, after))
    if not found:
        return None
    told = "; ".join(found)
    return f"Changed after posting: {told}. QuickBooks was not touched."


def _material(before: PaidInvoice, after: PaidInvoice) -> Iterator[str]:
    if after.status != before.status:
        what = NOT_PAID.get(after.status, f"is now “{after.status}”")
        yield f"the invoice {what} at the source"
    for what, old, new in _facts(before, after):
        if old != new:
            yield f"{what} was {old}, now {new}"
    if _amounts(before) != _amounts(after):
        yield "amounts of lines have changed"
    if _taxes(before) != _taxes(after):
        yield "the tax per rate has changed"
    if _payments(before) != _payments(after):
        yield "the payments have changed"


def _facts(before: PaidInvoice, after: PaidInvoice) -> Iterator[tuple[str, Any, Any]]:
    yield "the number", before.number, after.number
    yield "the issue date", before.issue_date, after.issue_date
    yield "the client's email", before.customer.email, after.customer.email
    yield "the client's id at the source", before.customer.id, after.customer.id
    yield "the currency", before.currency, after.currency
    yield "the total", shown(before.total, before.currency), shown(after.total, after.currency)
    yield "the discount", before.discount, after.discount
    yield "tax in the prices", before.tax_behavior, after.tax_behavior


def _amounts(invoice: PaidInvoice) -> list[Any]:
    return [line.amount for line in invoice.lines]


def _taxes(invoice: PaidInvoice) -> list[Any]:
    return sorted((total.rate_percent, total.amount) for total in invoice.tax)


def _payments(invoice: PaidInvoice) -> list[Any]:
    return sorted(
        (p.id, p.amount, p.refunded_amount, p.currency, p.paid_at, p.paid_on or p.paid_at.date())
        for p in invoice.received
    )


def others(before: PaidInvoice, after: PaidInvoice) -> str:
    """The names of what else changed, for the journal."""
    old, new = before.model_dump(), after.model_dump()
    quiet = ("revision", "updated_at")
    return ", ".join(name for name in new if name not in quiet and new[name] != old[name])
