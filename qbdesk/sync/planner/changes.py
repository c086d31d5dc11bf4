"""What has changed at the source since an invoice was posted, and if it matters (rule 28)."""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import shown
from qbdesk.sync.planner.checks import NOT_PAID

MOST_PARTS = 5  # lines, rates or payments named in a sentence


def material(before: PaidInvoice, after: PaidInvoice, zone: ZoneInfo) -> str | None:
    """A sentence with before and after, or None when nothing changed that the books hold.

    Args:
        zone: Where the tenant lives; a payment is of that day.
    """
    found = list(_material(before, after, zone))
    if not found:
        return None
    told = "; ".join(found)
    return f"Changed after posting: {told}. QuickBooks was not touched."


def _material(before: PaidInvoice, after: PaidInvoice, zone: ZoneInfo) -> Iterator[str]:
    if after.status != before.status:
        what = NOT_PAID.get(after.status, f"is now “{after.status}”")
        yield f"the invoice {what} at the source"
    for what, old, new in _facts(before, after):
        if old != new:
            yield f"{what} was {old}, now {new}"
    for what, parts in (("amounts of the lines", _amounts), ("tax per rate", _taxes)):
        if parts(before) != parts(after):
            yield _told(what, parts(before), parts(after))
    if _payments(before, zone) != _payments(after, zone):
        yield _told("payments", *(_shown_payments(each, zone) for each in (before, after)))


def _told(what: str, before: Sequence[str], after: Sequence[str]) -> str:
    return f"{what}: {_listed(before)} before, now {_listed(after)}"


def _listed(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - MOST_PARTS} more" if len(parts) > MOST_PARTS else ""
    return (", ".join(parts[:MOST_PARTS]) or "none") + more


def _facts(before: PaidInvoice, after: PaidInvoice) -> Iterator[tuple[str, Any, Any]]:
    yield "the number", before.number, after.number
    yield "the issue date", before.issue_date, after.issue_date
    yield "the client's email", before.customer.email, after.customer.email
    yield "the client's id at the source", before.customer.id, after.customer.id
    yield "the currency", before.currency, after.currency
    yield "the total", shown(before.total, before.currency), shown(after.total, after.currency)
    yield "the discount", before.discount, after.discount
    yield "tax in the prices", before.tax_behavior, after.tax_behavior


def _amounts(invoice: PaidInvoice) -> list[str]:
    return [f"{line.amount}" for line in invoice.lines]


def _taxes(invoice: PaidInvoice) -> list[str]:
    found = sorted((total.rate_percent.normalize(), total.amount) for total in invoice.tax)
    return [f"{amount} at {percent:f} %" for percent, amount in found]


def _payments(invoice: PaidInvoice, zone: ZoneInfo) -> list[Any]:
    return sorted(
        (p.id, p.amount, p.refunded_amount, p.currency, p.day(zone)) for p in invoice.received
    )


def _shown_payments(invoice: PaidInvoice, zone: ZoneInfo) -> list[str]:
    return [
        f"{shown(p.amount, p.currency)} on {p.day(zone)}"
        + (f" ({shown(p.refunded_amount, p.currency)} given back)" if p.refunded_amount else "")
        for p in invoice.received
    ]


def others(before: PaidInvoice, after: PaidInvoice) -> str:
    """The names of what else changed, for the journal."""
    old, new = before.model_dump(), after.model_dump()
    quiet = ("revision", "updated_at")
    return ", ".join(name for name in new if name not in quiet and new[name] != old[name])
