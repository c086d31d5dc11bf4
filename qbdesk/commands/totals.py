"""totals: source against QuickBooks, as a table, as JSON or as a file for a spreadsheet."""

import re
from decimal import Decimal
from pathlib import Path

import click

from qbdesk.commands.progress import shown_progress
from qbdesk.commands.running import fail, plain, print_json, print_table, service, wait
from qbdesk.sync.money import rounded
from qbdesk.sync.reports import ControlTotals, Kind, MarkedInvoice, TotalLine
from qbdesk.sync.views import Status

NOT_TOLD = "not told"
WORDS = {
    Kind.COUNT: "Invoices",
    Kind.NET: "Net",
    Kind.TAX: "Tax",
    Kind.GROSS: "Gross",
    Kind.PAID: "Paid into",
    Kind.FILED: "Tax of a filed period",
}


@click.command()
@click.argument("company")
@click.option("--month", help="Only this month, YYYY-MM.")
@click.option("--csv", "file", type=click.Path(path_type=Path), help="Save it for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON, on the last line.")
def totals(company: str, month: str | None, file: Path | None, as_json: bool) -> None:
    """Source against QuickBooks for COMPANY: count, net, tax, gross, payments, what is open."""
    if month is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month, re.ASCII):
        fail("--month is written YYYY-MM, such as 2026-04.")
    with service() as opened:
        with shown_progress(opened, [company]):
            found = wait(opened.totals(company, month))
        if file is not None:
            wait(opened.save_totals(company, month, file))
            click.echo(f"Saved to {plain(str(file))}.")
    if as_json:
        print_json({"company": found.company, "month": found.month, **as_json_value(found)})
    elif file is None:
        _print(found)


def as_json_value(found: ControlTotals) -> dict[str, object]:
    """As `status` and `totals` print it; amounts are texts, so that no program rounds them."""
    return {
        "agree": found.agree,
        "current": found.current,
        "lines": [_line(line) for line in found.lines],
        "seen": [
            {
                "status": str(seen.status),
                "posted": seen.posted,
                "count": seen.count,
                "amounts": {
                    each.currency: _amount(each.total, each.currency)
                    for each in seen.amounts
                    if each.currency
                },
            }
            for seen in found.seen
        ],
        "still_open": [_marked(entry) for entry in found.still_open],
        "still_open_count": found.still_open_count,
        "differing": [_marked(entry) for entry in found.differing],
        "differing_count": found.differing_count,
        "note": found.note,
    }


def _line(line: TotalLine) -> dict[str, object]:
    figures = {
        "source": line.source,
        "quickbooks": line.quickbooks,
        "difference": line.difference,
    }
    told: dict[str, object] = {"kind": str(line.kind), "label": line.label}
    told["currency"] = line.currency
    for name, value in figures.items():
        if value is None:
            told[name] = None
        else:
            is_count = line.kind is Kind.COUNT
            told[name] = int(value) if is_count else _amount(value, line.currency)
    return told


def _marked(entry: MarkedInvoice) -> dict[str, str]:
    return {
        "source_id": entry.source_id,
        "number": entry.number,
        "currency": entry.currency,
        "total": _amount(entry.total, entry.currency),
        "open": _amount(entry.open, entry.currency),
        "why": entry.why,
    }


def _amount(amount: Decimal, currency: str) -> str:
    return f"{rounded(amount, currency):f}"


# ---- for people ----


def _print(found: ControlTotals) -> None:
    if found.note:
        click.echo(f"{plain(found.company)}: {found.note}")
    elif not found.lines:
        click.echo(f"{plain(found.company)}: nothing of this is in QuickBooks by qbdesk.")
    if found.lines:
        columns = {"What": "left", "": "left", "Source": "right", "QuickBooks": "right"}
        columns |= {"Difference": "right"}
        print_table(columns, [_cells(line) for line in found.lines])
    told = [_seen(seen.status, seen.count, posted=seen.posted) for seen in found.seen]
    everything = sum(seen.count for seen in found.seen)
    click.echo(f"Of {everything} invoices that the source showed: {', '.join(told) or 'none'}.")
    for title, entries, count in (
        ("Still open in QuickBooks", found.still_open, found.still_open_count),
        ("Otherwise in QuickBooks", found.differing, found.differing_count),
    ):
        click.echo(f"{title}: {count or ('not known yet' if found.note else 'none')}.")
        for entry in entries:
            left = f", {_money(entry.open, entry.currency)} open" if entry.open else ""
            click.echo(plain(f"  {entry.number}{left}: {entry.why}"))
        if count > len(entries):
            click.echo(f"  and {count - len(entries)} more")


def _cells(line: TotalLine) -> list[str]:
    shown = [line.source, line.quickbooks]
    if line.kind is Kind.COUNT:
        figures = [NOT_TOLD if each is None else str(int(each)) for each in shown]
    else:
        figures = [NOT_TOLD if each is None else _money(each, line.currency) for each in shown]
    label = f"in {line.currency}" if line.kind is Kind.COUNT else line.label
    return [WORDS[line.kind], label, *figures, _difference(line)]


def _difference(line: TotalLine) -> str:
    if not line.difference:
        return "" if line.difference is None else "none"
    if line.kind is Kind.COUNT:
        return f"DIFFERS {int(line.difference):+}"
    return f"DIFFERS {rounded(line.difference, line.currency):+,}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{rounded(amount, currency):,} {currency}"


def _seen(status: Status, count: int, *, posted: bool) -> str:
    word = {
        Status.SYNCED: "synced",
        Status.ALREADY_IN_QUICKBOOKS: "already in QuickBooks",
        Status.NEEDS_ATTENTION: "held",
        Status.WAITING: "waiting",
        Status.IGNORED: "ignored",
    }[status]
    inside = " after posting" if posted and status is not Status.SYNCED else ""
    return f"{count} {word}{inside}"
