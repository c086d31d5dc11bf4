"""A ledger with a million invoices: how long what a person or a pass waits for takes."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from company import Company
from copies import multiply
from desk import NAME, Desk, over_http
from processes import in_another_process, peak_memory
from sqlalchemy import Connection, text
from tables import Table

from qbdesk.sync.ledger import companies, invoices, listing
from qbdesk.sync.ledger.database import Ledger, open_ledger
from qbdesk.sync.views import InvoiceQuery, SortBy, Status

ROWS = int(os.environ.get("ROWS", "1000000"))
QUICK_ROWS = 20_000
SEED_ROWS = 1_000  # posted by the engine; the others are their copies
PAGE = 200  # rows, as the window asks for them
WAITING, HELD = 200, 50
TIMES = 5

Work = Callable[[Connection, int], Any]


def tables(*, quick: bool) -> Iterator[Table]:
    rows = QUICK_ROWS if quick else ROWS
    with TemporaryDirectory() as folder:
        file = Path(folder) / "home" / "ledger.db"
        make(file, rows)
        size = file.stat().st_size
        with in_another_process() as pool:
            found = pool.submit(measure, file).result()
    note = f"{rows:,} invoices with their steps and their journal, {size / 1e9:.1f} GB."
    yield Table("ledger", ("", "median", "from", "to"), found, note)


def make(file: Path, rows: int) -> None:
    with Company(limits=False) as company:
        desk = Desk(file.parent, company.place, company.clock, watched=False)
        desk.connect(over_http)
        company.add_customers(1, SEED_ROWS)
        company.show(1, SEED_ROWS)
        desk.sync()
        desk.close()
    multiply(file, rows // SEED_ROWS - 1)
    database = sqlite3.connect(file)
    change = "UPDATE paid_invoice SET status = ? WHERE id IN (SELECT id FROM paid_invoice LIMIT ?)"
    database.execute(change, (Status.NEEDS_ATTENTION, WAITING + HELD))
    database.execute(change, (Status.WAITING, WAITING))
    database.commit()
    database.close()


def measure(file: Path) -> list[tuple[str, ...]]:
    ledger, *rows = _timed("start: opened, with its quick check", lambda: open_ledger(file), 1)
    with ledger.begin() as connection:
        company = companies.named(connection, NAME)
    assert company is not None
    memory = peak_memory()
    for what, work in QUESTIONS.items():
        rows += _timed(what, _asked(ledger, work, company.id), TIMES)[1:]
    grown = peak_memory() - memory
    rows += _timed("integrity check, the thorough one", _asked(ledger, _check, 0), 1)[1:]
    copy = file.with_name("copy.db")
    rows += _timed("copy, as for a backup, opened and checked", lambda: ledger.copy_to(copy), 1)[1:]
    ledger.close()
    return [*rows, ("memory that the questions took", f"{grown / 1e6:,.0f} MB", "", "")]


def _check(connection: Connection, _company: int) -> None:
    assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def _page(query: InvoiceQuery, after: str | None = None) -> Work:
    return lambda connection, company: listing.page(connection, company, query, after, PAGE)


def _middle(connection: Connection, company: int) -> None:
    after = '["2025-03-01", 500000]'
    listing.page(connection, company, InvoiceQuery(NAME), after, PAGE)


QUESTIONS: dict[str, Work] = {
    "due work: what is not at rest": invoices.under_way,
    "counts by status": invoices.counts,
    "first page, newest first": _page(InvoiceQuery(NAME)),
    "a page in the middle": _middle,
    "first page by customer": _page(InvoiceQuery(NAME, sort_by=SortBy.CUSTOMER)),
    "first page of what needs attention": _page(InvoiceQuery(NAME, status=Status.NEEDS_ATTENTION)),
    "first page of what is synced": _page(InvoiceQuery(NAME, status=Status.SYNCED)),
    "search: one number": _page(InvoiceQuery(NAME, search="B-0000123-7")),
    "search: a name that many have": _page(InvoiceQuery(NAME, search="customer 77")),
    "search: nothing found": _page(InvoiceQuery(NAME, search="nobody at all")),
    "search in what needs attention": _page(
        InvoiceQuery(NAME, search="customer", status=Status.NEEDS_ATTENTION)
    ),
    "search in what is synced": _page(
        InvoiceQuery(NAME, search="customer 77", status=Status.SYNCED)
    ),
}


def _asked(ledger: Ledger, work: Work, company: int) -> Callable[[], None]:
    def ask() -> None:
        with ledger.begin() as connection:
            work(connection, company)

    return ask


def _timed(what: str, work: Callable[[], Any], times: int) -> tuple[Any, tuple[str, ...]]:
    taken, result = [], None
    for _ in range(times):
        began = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - began)
    spread = (min(taken), max(taken)) if times > 1 else ()
    return result, (what, *map(_time, (median(taken), *spread)), *[""] * (2 - len(spread)))


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
