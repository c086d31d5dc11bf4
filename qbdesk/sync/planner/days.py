"""What hangs on the day: closed and filed periods, exchange rates (rules 2, 4 and 29)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from qbdesk.sync.filed import SETTING, Filed, note
from qbdesk.sync.model import PaidInvoice, Payment
from qbdesk.sync.planner.decisions import Hold, Look, Subject, Wait
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.preflight import Facts, FiledFact
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.quickbooks.payloads import Taxes
from qbdesk.sync.views import Choice

REASON = "closed_period"
FIRST_OPEN_DAY = "first_open_day"
LATE_ENTRY = Choice(
    Filed.ISSUE_DATE.value,
    "Keep the issue date: tax that a filed return lacks comes into the next, as a late entry",
)
NEXT_PERIOD = Choice(
    Filed.FIRST_OPEN_DAY.value,
    "Date it the first day that is not filed; the true date goes into the note",
)


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


# ---- filed, and not closed ----


def filed_answers(facts: Facts) -> tuple[Choice, ...]:
    """Where it is not told whose the tax is, its return may be open: then it keeps its day."""
    return (LATE_ENTRY, NEXT_PERIOD) if facts.tells_who_is_owed else (LATE_ENTRY,)


def filed_period(
    invoice: PaidInvoice, taxes: Taxes, known: Knowledge, case: Case
) -> Hold | Wait | None:
    """Rule 4: asked once a company. What rule 2 has dated is not asked about again."""
    filed = _filed(invoice, taxes, known)
    if not filed or invoice.issue_date > filed[0].up_to:
        return None
    if open_day(invoice.issue_date, known, case) != invoice.issue_date:
        return None
    agencies = ", ".join(each.agency for each in filed)
    told = f"Sales tax is filed up to {filed[0].up_to} ({agencies}), "
    answers = filed_answers(known.facts)
    if known.settings.get(SETTING) not in [answer.word for answer in answers]:
        lacks = (
            "so a return that is filed may lack it. QuickBooks does not tell which agency its tax "
            "is owed to, so qbdesk does not date it otherwise. May such invoices keep their day?"
            if _owed(invoice, taxes, known) is None
            else "so a return that is filed lacks it. How are such invoices dated?"
        )
        return Hold(
            f"setting:{SETTING}",
            f"{told}and this invoice with tax is dated {invoice.issue_date}, {lacks} You are asked "
            "once; all like this one follow.",
            answers,
        )
    day, _ = issue_day(invoice, taxes, known, case)
    if day != invoice.issue_date and day > case.now.astimezone(known.zone).date():
        return Wait(
            f"{told}so the first day that is not filed is still to come, and nothing is dated "
            f"beyond today. This invoice is posted from {day} on; or change filed_period in the "
            "settings to keep the issue date."
        )
    return None


def _filed(invoice: PaidInvoice, taxes: Taxes, known: Knowledge) -> list[FiledFact]:
    """Those that were filed with last, of the agencies that the invoice's tax is owed to; of all
    where QuickBooks does not tell which these are."""
    if not invoice.tax_total:
        return []
    owed = _owed(invoice, taxes, known)
    found = known.facts.filed if owed is None else owed
    last = max((each.up_to for each in found), default=None)
    return [each for each in found if each.up_to == last]


def _owed(invoice: PaidInvoice, taxes: Taxes, known: Knowledge) -> list[FiledFact] | None:
    """The agencies that its tax is owed to, where they were filed with; None: it is not told."""
    sent = (*(taxes.codes or ()), taxes.group)
    codes = [code for code in known.facts.tax_codes if code.id in sent]
    rates = {rate for code in codes for rate, percent in code.rates if percent}
    if not rates or not known.facts.tells_who_is_owed:
        return None
    return [each for each in known.facts.filed if rates & set(each.rates or ())]


def issue_day(
    invoice: PaidInvoice, taxes: Taxes, known: Knowledge, case: Case
) -> tuple[date, list[str]]:
    """The day that the invoice bears in QuickBooks, and what its note says of it."""
    true, filed = invoice.issue_date, _filed(invoice, taxes, known)
    day, told = _not_closed(invoice, known, case)
    if not filed or day > filed[0].up_to:
        return day, told
    if _owed(invoice, taxes, known) is None:
        return day, [*told, note(Filed.PERHAPS, day)]
    if day == true and known.settings.get(SETTING) == Filed.FIRST_OPEN_DAY:
        return filed[0].up_to + timedelta(days=1), [note(Filed.FIRST_OPEN_DAY, true)]
    return day, [*told, note(Filed.ISSUE_DATE, day)]


def day_as_posted(
    invoice: PaidInvoice, known: Knowledge, case: Case, posted: PostedInvoice
) -> tuple[date, list[str]]:
    """The same for a correction: what was closed, filed or answered since moves no invoice."""
    true, day = invoice.issue_date, posted.dated
    if day is None:  # an answer that was kept before the day was
        return _not_closed(invoice, known, case)
    if posted.filed is Filed.FIRST_OPEN_DAY:
        return day, [note(posted.filed, true)]
    told = _true_day(true, day, closed=REASON in case.answers)
    return day, [*told, note(posted.filed, day)] if posted.filed else told


def _not_closed(invoice: PaidInvoice, known: Knowledge, case: Case) -> tuple[date, list[str]]:
    true = invoice.issue_date
    day = open_day(true, known, case)
    return day, _true_day(true, day, closed=True)


def _true_day(true: date, day: date, *, closed: bool) -> list[str]:
    """`closed` False: somebody dated it otherwise in QuickBooks, or the answer is not kept here."""
    return [f"Issued {true}{', in a closed period' if closed else ''}"] * (day != true)


# ---- exchange rates ----


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
