"""Control totals as a CSV file for the bookkeeper, which a spreadsheet opens without harm."""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from qbdesk.sync.errors import Refusal
from qbdesk.sync.money import minor_unit
from qbdesk.sync.reports import ControlTotals, Kind, MarkedInvoice, TotalLine
from qbdesk.sync.views import Status

# OWASP, CSV Injection: a cell that begins so may be read as a formula, full-width signs as well.
_FORMULA = tuple("=+-@\t\r\n|%＝＋－＠")
KINDS = {
    Kind.COUNT: "Invoices",
    Kind.NET: "Net",
    Kind.TAX: "Tax",
    Kind.GROSS: "Gross",
    Kind.PAID: "Paid into",
    Kind.FILED: "Tax of a filed period",
}
STATUS = {
    Status.SYNCED: "Synced",
    Status.ALREADY_IN_QUICKBOOKS: "Already in QuickBooks",
    Status.NEEDS_ATTENTION: "Needs attention",
    Status.WAITING: "Waiting",
    Status.IGNORED: "Ignored",
}
Cell = str | int | Decimal | None


def write(totals: ControlTotals, file: Path) -> None:
    """Writes the file anew, readable for its owner only.

    Raises:
        Refusal: The folder or the disk does not take it.
    """
    fresh = file.with_name(f"{file.name}.part")
    try:
        fresh.unlink(missing_ok=True)
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as target:
            target.write(text(totals).encode("utf-8-sig"))  # the mark by which Excel knows UTF-8
        fresh.replace(file)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        told = error.strerror or "it cannot be written"
        raise Refusal(f"The file was not saved: {told}. Choose another place.") from None


def text(totals: ControlTotals) -> str:
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    for row in _rows(totals):
        writer.writerow([_safe(cell) for cell in row])
    return made.getvalue()


def _safe(cell: Cell) -> str:
    """Numbers stay numbers; text that looks like a formula gets an apostrophe before it."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    looks_like_one = cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA)
    return f"'{cell}" if looks_like_one else cell


def _rows(totals: ControlTotals) -> Iterator[list[Cell]]:
    yield ["Control totals", totals.company, totals.month or "all time"]
    if totals.note:
        yield [totals.note]
    yield []
    yield ["What", "Tax code or account", "Currency", "Source", "QuickBooks", "Difference", ""]
    for line in totals.lines:
        yield _line(line)
    yield []
    yield ["What the source showed", "In QuickBooks by qbdesk", "Currency", "Invoices", "Total"]
    for seen in totals.seen:
        posted = "yes" if seen.posted else "no"
        for each in seen.amounts:
            total = in_full(each.total, each.currency) if each.currency else None
            yield [STATUS[seen.status], posted, each.currency, each.count, total]
    yield ["Everything", "", "", sum(seen.count for seen in totals.seen), None]
    heading: list[Cell] = ["Number", "Customer", "Currency", "Total", "Open", "Why"]
    for title, entries, count in (
        ("Still open in QuickBooks", totals.still_open, totals.still_open_count),
        ("Otherwise in QuickBooks", totals.differing, totals.differing_count),
    ):
        yield []
        yield [title, count or ("not known yet" if totals.note else "none")]
        if entries:
            yield heading
        for entry in entries:
            yield _marked(entry)
        if count > len(entries):
            yield [f"and {count - len(entries)} more"]


def _line(line: TotalLine) -> list[Cell]:
    figures = [line.source, line.quickbooks, line.difference]
    if line.kind is Kind.COUNT:
        shown: list[Cell] = [None if each is None else int(each) for each in figures]
    else:
        shown = [None if each is None else in_full(each, line.currency) for each in figures]
    return [KINDS[line.kind], line.label, line.currency, *shown, remark(line)]


def remark(line: TotalLine) -> str:
    """A word for what a colour alone must not say."""
    if line.difference is None:
        return "not told by QuickBooks"
    return "differs" if line.difference else ""


def _marked(entry: MarkedInvoice) -> list[Cell]:
    total, left = (in_full(each, entry.currency) for each in (entry.total, entry.open))
    return [entry.number, entry.customer, entry.currency, total, left, entry.why]


def in_full(amount: Decimal, currency: str) -> Decimal:
    """With all decimals of the currency, and never fewer than the amount has."""
    unit = minor_unit(currency)
    return amount.quantize(unit) if amount == amount.quantize(unit) else amount
