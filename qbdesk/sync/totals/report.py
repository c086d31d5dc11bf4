"""The control totals as they are shown: sums with the names of tax codes and accounts."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sqlalchemy import Connection

from qbdesk.sync import rebuild, recollection
from qbdesk.sync.filed import Filed
from qbdesk.sync.ledger import control
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.control import Marked, Place, Sums
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.preflight import Facts
from qbdesk.sync.reports import ControlTotals, Kind, MarkedInvoice, SeenAmount, SeenLine, TotalLine
from qbdesk.sync.totals.figures import ALL_RATES, ELSEWHERE, POSTED, SEEN, UNTOLD, untold
from qbdesk.sync.totals.keeping import read_figure
from qbdesk.sync.views import Status

MOST_MARKED = 500  # invoices named one by one; how many there are is said in any case
_ORDER = (
    Status.SYNCED,
    Status.ALREADY_IN_QUICKBOOKS,
    Status.NEEDS_ATTENTION,
    Status.WAITING,
    Status.IGNORED,
)
_FILED_LABELS = {
    Filed.ISSUE_DATE: "{count} dated in it",
    Filed.FIRST_OPEN_DAY: "{count} dated after it",
    Filed.PERHAPS: "{count} perhaps dated in it",
}
UNREAD = (
    "This ledger has not read from QuickBooks yet what qbdesk has posted there, so more may be in "
    "QuickBooks than is shown here. {when} reads it."
)
WITHOUT_A_WORD = "The figures in QuickBooks are not those of the source. Compare the two."


def of_company(connection: Connection, company: Company, month: str | None) -> ControlTotals:
    """What is kept of a month (`2026-04`) or of all time; reads sums only, never an invoice."""
    found = control.sums(connection, company.id, month)
    facts = recollection.last_facts(connection, company)
    listed = {
        still_open: control.marked(
            connection, company.id, month, MOST_MARKED, still_open=still_open
        )
        for still_open in (True, False)
    }
    return ControlTotals(
        company=company.name,
        month=month,
        months=tuple(control.months(connection, company.id)),
        last_pass_at=company.last_pass_at,
        current=not control.stale(connection, company.id, 0, 1),
        lines=lines(found, facts),
        seen=seen(found),
        still_open=tuple(map(_marked, listed[True][0])),
        still_open_count=listed[True][1],
        differing=tuple(map(_marked, listed[False][0])),
        differing_count=listed[False][1],
        note=_note(connection, company),
    )


def _note(connection: Connection, company: Company) -> str:
    """After a restore, or on a new computer, the ledger knows less than QuickBooks."""
    if company.realm_id is None or not rebuild.is_awaited(connection, company):
        return ""
    paused = company.paused
    return UNREAD.format(when="The first pass after you resume it" if paused else "The next pass")


def lines(found: Mapping[Place, Sums], facts: Facts | None) -> tuple[TotalLine, ...]:
    """Currency by currency: count, net, tax by code, gross, payments by account."""
    currencies = sorted({place.currency for place in found if place.kind == Kind.GROSS})
    return tuple(line for currency in currencies for line in _lines_in(currency, found, facts))


def _lines_in(
    currency: str, found: Mapping[Place, Sums], facts: Facts | None
) -> Iterator[TotalLine]:
    here = {(p.kind, p.key): total for p, total in found.items() if p.currency == currency}
    gross = here[Kind.GROSS, ""]
    counts = Decimal(gross.in_source), Decimal(gross.in_quickbooks)
    yield TotalLine(Kind.COUNT, "", currency, *counts)
    for kind in (Kind.NET, Kind.TAX, Kind.GROSS, Kind.PAID, Kind.FILED):
        some = [
            TotalLine(
                kind,
                _label(kind, key, total, facts),
                currency,
                total.source,
                None if untold(kind, key) else total.quickbooks,
            )
            for (its_kind, key), total in here.items()
            if its_kind == kind
        ]
        yield from sorted(some, key=lambda line: line.label.casefold())


def _label(kind: Kind, key: str, total: Sums, facts: Facts | None) -> str:
    if kind == Kind.FILED:
        how = Filed(key.removesuffix(UNTOLD))
        return _FILED_LABELS[how].format(count=total.in_quickbooks)
    if kind == Kind.TAX:
        return _tax_label(key, facts)
    if kind == Kind.PAID:
        return account_name(key, facts)
    return "Not told by QuickBooks" if key == UNTOLD else ""


def _tax_label(key: str, facts: Facts | None) -> str:
    if key == ALL_RATES:
        return "All rates together"
    if key == UNTOLD:
        return "Not told by QuickBooks"
    code_id, _, rate = key.rpartition(" ")
    name = code_name(code_id, facts) if code_id else ""
    return f"{name} ({rate} %)" if name else f"{rate} %"


def code_name(code_id: str, facts: Facts | None) -> str:
    codes = facts.tax_codes if facts else ()
    return next((code.name for code in codes if code.id == code_id), f"Tax code {code_id}")


def account_name(key: str, facts: Facts | None) -> str:
    if key == ELSEWHERE:
        return "Paid, credited or taken off in QuickBooks"
    if key == UNTOLD:
        return "Account not told by QuickBooks"
    accounts = facts.accounts if facts else ()
    return next((each.name for each in accounts if each.id == key), f"Account {key}")


def seen(found: Mapping[Place, Sums]) -> tuple[SeenLine, ...]:
    """Everything that the source showed, by what became of it."""
    amounts: dict[str, list[SeenAmount]] = {}
    for place, total in found.items():
        if place.kind == SEEN and total.in_source:
            amounts.setdefault(place.key, []).append(
                SeenAmount(place.currency, total.in_source, total.source)
            )
    return tuple(
        SeenLine(status, bool(posted), tuple(some))
        for status in _ORDER
        for posted in (POSTED, "")
        if (some := amounts.get(f"{status}{posted}"))
    )


def _marked(entry: Marked) -> MarkedInvoice:
    return MarkedInvoice(
        source_id=entry.source_id,
        number=entry.number,
        customer=entry.customer,
        currency=entry.currency,
        total=entry.amount or ZERO,
        open=entry.open_amount,
        why=_why(entry) or WITHOUT_A_WORD,
    )


def _why(entry: Marked) -> str:
    """What it is held for says it; what is only remarked may be about something else."""
    if entry.status == Status.NEEDS_ATTENTION:
        return entry.message or _what_differs(entry)
    return " ".join(filter(None, (_what_differs(entry), entry.message)))


def _what_differs(entry: Marked) -> str:
    """Total and tax, where they do."""
    sentences = []
    for kind, name in ((Kind.GROSS, "The total"), (Kind.TAX, "Tax")):
        some = [each for each in map(read_figure, entry.figures) if each.kind == kind]
        here = sum((each.source for each in some), ZERO)
        there = sum((each.quickbooks for each in some), ZERO)
        if here != there and not any(untold(kind, each.key) for each in some):
            amounts = shown(here, entry.currency), shown(there, entry.currency)
            sentences.append("{} is {} here and {} in QuickBooks.".format(name, *amounts))
    return " ".join(sentences)
