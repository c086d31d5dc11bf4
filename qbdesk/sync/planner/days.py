"""What hangs on the day: closed periods and exchange rates (bookkeeping rules 2 and 29)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from qbdesk.sync.model import PaidInvoice, Payment
from qbdesk.sync.planner.decisions import Hold, Look, Subject
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.views import Choice

REASON = "closed_period"
FIRST_OPEN_DAY = "first_open_day"


def closed_period(invoice: PaidInvoice, known: Knowledge, case: Case) -> Hold | None:
    """Rule 2: never re-dated by itself."""
    days = [invoice.issue_date, *(payment.day(known.zone) for payment in invoice.received)]
    return _held_if_closed(days, "this invoice or a payment of it", known, case)


def closed_for_payments(payments: Sequence[Payment], known: Knowledge, case: Case) -> Hold | None:
    """The same of payments whose invoice is in QuickBooks already."""
    days = [payment.day(known.zone) for payment in payments]
    return _held_if_closed(days, "the payment", known, case)


def _held_if_closed(days: Sequence[date], what: str, known: Knowledge, case: Case) -> Hold | None:
    closed = known.facts.close_date
    if closed is None or min(days) > closed or _may_be_dated_later(closed, case):
        return None
    return Hold(
        REASON,
        f"QuickBooks' books are closed up to {closed}, and {what} is dated in that time. It was "
        "not posted.",
        (
            Choice(
                _first_open_day(closed),
                f"Date it {closed + timedelta(days=1)}; the true date goes into the note",
            ),
            Choice("try_again", "I opened the period: try again"),
        ),
    )


def _first_open_day(closed: date) -> str:
    return f"{FIRST_OPEN_DAY}:{closed + timedelta(days=1)}"


def _may_be_dated_later(closed: date, case: Case) -> bool:
    """The answer counts for the day that it named: when more is closed since, it is asked again."""
    return case.answers.get(REASON) == _first_open_day(closed)


def open_day(day: date, known: Knowledge, case: Case) -> date:
    closed = known.facts.close_date
    if closed is None or not _may_be_dated_later(closed, case):
        return day
    return max(day, closed + timedelta(days=1))


def rates_needed(invoice: PaidInvoice, known: Knowledge) -> list[Look] | Hold:
    """Rule 29: the issue day's rate for the invoice, each payment's own day's for the payment."""
    if invoice.currency == known.facts.home_currency:
        return []
    days = [invoice.issue_date, *(payment.day(known.zone) for payment in invoice.received)]
    keys = list(dict.fromkeys(f"{invoice.currency} {day}" for day in days))
    missing = [Look(Subject.EXCHANGE_RATE, key) for key in keys if key not in known.rates]
    if not missing and any(known.rates[key] is None for key in keys):
        return Hold(
            "no_rate",
            f"QuickBooks has no exchange rate for {invoice.currency} on a day of this invoice. "
            "Enter one there, then try again.",
        )
    return missing


def rate_on(invoice: PaidInvoice, day: date, known: Knowledge) -> Decimal | None:
    return known.rates.get(f"{invoice.currency} {day}")


def currency_sent(invoice: PaidInvoice, known: Knowledge) -> str | None:
    return invoice.currency if known.facts.multicurrency else None
