"""Words, amounts and times as they stand on the screen."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from qbdesk.sync.money import shown
from qbdesk.sync.reports import Kind, PlanKind, PlanLine, TotalLine
from qbdesk.sync.views import State, Status
from qbdesk.ui.state import Overall


def status_word(status: Status) -> str:
    translate = QCoreApplication.translate
    return {
        Status.WAITING: translate("words", "Waiting"),
        Status.POSTING: translate("words", "Posting"),
        Status.SYNCED: translate("words", "Synced"),
        Status.ALREADY_IN_QUICKBOOKS: translate("words", "Already in QuickBooks"),
        Status.NEEDS_ATTENTION: translate("words", "Needs attention"),
        Status.IGNORED: translate("words", "Ignored"),
    }[status]


def state_word(state: State) -> str:
    translate = QCoreApplication.translate
    return {
        State.SIGNED_OUT: translate("words", "Signed out"),
        State.ATTENTION: translate("words", "Needs attention"),
        State.OFFLINE: translate("words", "Offline"),
        State.SYNCING: translate("words", "Syncing"),
        State.PAUSED: translate("words", "Paused"),
        State.IDLE: translate("words", "Up to date"),
    }[state]


def overall_line(whole: Overall) -> str:
    """The line of tooltip and menu."""
    if whole.company is None:
        return QCoreApplication.translate("words", "Not set up yet")
    said = whole.sentence or state_word(whole.state)
    return f"{whole.company}: {said}" if whole.several else said


def is_about_source_token(sentence: str) -> bool:
    """Whether a company's sentence says that its source wants another token: the view has no other
    sign of it, and neither QuickBooks nor waiting helps there."""
    return any(f"token {word} the invoicing system" in sentence for word in ("for", "of"))


def last_sync(at: datetime | None, now: datetime) -> str:
    if at is None:
        return QCoreApplication.translate("words", "No sync yet")
    return QCoreApplication.translate("words", "Last sync {when}").format(when=moment(at, now))


def environment_badge(environment: str | None, test_server: bool) -> str:
    """SANDBOX or PRODUCTION; a test server is named besides, since it is neither."""
    parts = []
    if test_server:
        parts.append(QCoreApplication.translate("words", "TEST SERVER"))
    if environment == "sandbox":
        parts.append(QCoreApplication.translate("words", "SANDBOX"))
    elif environment == "production":
        parts.append(QCoreApplication.translate("words", "PRODUCTION"))
    return " · ".join(parts)


def country(code: str) -> str:
    """The country's name, by its two letters; what is no country stays as it is."""
    territory = QLocale.codeToTerritory(code)
    known = territory != QLocale.Country.AnyCountry
    return QLocale.territoryToString(territory) if known else code


def amount(value: Decimal | None, currency: str) -> str:
    return "–" if value is None else shown(value, currency)


def number(value: int) -> str:
    return QLocale().toString(value)


def day(value: date | None) -> str:
    if value is None:
        return "–"
    return QLocale().toString(QDate(value.year, value.month, value.day), "d MMM yyyy")


def moment(at: datetime, now: datetime) -> str:
    """A time in the user's own zone, with as much of the date as is needed."""
    there, here = at.astimezone(), now.astimezone()
    clock = f"{there:%H:%M}"
    if there.date() == here.date():
        return clock
    if there.date() == here.date() - timedelta(days=1):
        return QCoreApplication.translate("words", "yesterday {clock}").format(clock=clock)
    if there.date() == here.date() + timedelta(days=1):
        return QCoreApplication.translate("words", "tomorrow {clock}").format(clock=clock)
    return f"{day(there.date())}, {clock}"


def month(value: str) -> str:
    """`2026-04` as April 2026."""
    year, number = (int(part) for part in value.split("-"))
    return QLocale().toString(QDate(year, number, 1), "MMMM yyyy")


def total_line(line: TotalLine) -> str:
    """What a line of the control totals counts, with its currency."""
    translate = QCoreApplication.translate
    said = {
        Kind.COUNT: translate("words", "Invoices in {currency}"),
        Kind.NET: translate("words", "Net"),
        Kind.TAX: translate("words", "Tax: {label}"),
        Kind.GROSS: translate("words", "Gross"),
        Kind.PAID: translate("words", "Paid into {label}"),
        Kind.FILED: translate("words", "Tax of a filed period: {label}"),
    }[line.kind]
    told = said.format(currency=line.currency, label=line.label)
    return f"{told}: {line.label}" if line.kind is Kind.NET and line.label else told


def total(value: Decimal | None, line: TotalLine) -> str:
    """One figure of the control totals."""
    if value is None:
        return "–"
    return number(int(value)) if line.kind is Kind.COUNT else amount(value, line.currency)


def seen(status: Status, *, posted: bool) -> str:
    """What became of invoices, within a sentence."""
    translate = QCoreApplication.translate
    word = {
        Status.WAITING: translate("words", "waiting"),
        Status.POSTING: translate("words", "waiting"),
        Status.SYNCED: translate("words", "synced"),
        Status.ALREADY_IN_QUICKBOOKS: translate("words", "already in QuickBooks"),
        Status.NEEDS_ATTENTION: translate("words", "held"),
        Status.IGNORED: translate("words", "ignored"),
    }[status]
    if posted and status is not Status.SYNCED:
        return translate("words", "{word} after posting").format(word=word)
    return word


def plan_line(line: PlanLine) -> str:
    """What a line of the preview speaks of."""
    translate = QCoreApplication.translate
    said = {
        PlanKind.POST: translate("words", "Invoices with their payments"),
        PlanKind.PAYMENT: translate("words", "Payments alone; the invoice is there"),
        PlanKind.CORRECTION: translate("words", "Corrections of posted invoices"),
        PlanKind.NET: translate("words", "Net"),
        PlanKind.TAX: translate("words", "Tax: {label}, on {base}"),
        PlanKind.INCOME: translate("words", "Income account: {label}"),
        PlanKind.DEPOSIT: translate("words", "Deposited to: {label}"),
        PlanKind.ALREADY: translate("words", "Already in QuickBooks"),
        PlanKind.HELD: translate("words", "Held"),
        PlanKind.WAITING: translate("words", "Waits"),
        PlanKind.IGNORED: translate("words", "Ignored"),
    }[line.kind]
    return said.format(label=line.label, base=amount(line.base, line.currency))
