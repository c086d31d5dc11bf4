"""The window's table: filtered, searched and sorted by the database, page by page."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    func,
    or_,
    select,
)

from qbdesk.sync.ledger.invoices import InvoiceRecord, record, search_key
from qbdesk.sync.ledger.tables import paid_invoice
from qbdesk.sync.views import InvoiceQuery, SortBy

FEW = 5_000  # rows that are sorted in no time

_COLUMNS: dict[SortBy, ColumnElement[Any]] = {
    SortBy.PAID_ON: paid_invoice.c.paid_on,
    SortBy.NUMBER: paid_invoice.c.number_key,
    SortBy.CUSTOMER: paid_invoice.c.customer_key,
    SortBy.AMOUNT: paid_invoice.c.amount,
    SortBy.STATUS: paid_invoice.c.status,
}
_MAY_LACK = (SortBy.PAID_ON, SortBy.AMOUNT)
# A page's key travels as text; these make a value of it again.
_READERS: dict[SortBy, Callable[[str], Any]] = {
    SortBy.PAID_ON: date.fromisoformat,
    SortBy.AMOUNT: Decimal,
}


def page(
    connection: Connection, company_id: int, query: InvoiceQuery, after: str | None, limit: int
) -> tuple[list[InvoiceRecord], int, str | None]:
    """Some rows, how many there are in all, and the key of the next page (None: that was all)."""
    company = paid_invoice.c.company_id == company_id
    filters = _filters(query)
    fitting = _fitting(connection, company_id, query)
    total = _count(connection, fitting)
    if total == 0:
        return [], 0, None
    # Few are found by the filters' indexes and sorted. Among many, a walk along the order's own
    # index soon meets enough of them; without the company that index cannot be taken.
    few = bool(filters) and total <= FEW
    wanted = [paid_invoice.c.id.in_(fitting)] if few else [company, *filters]
    column = _COLUMNS[query.sort_by]
    order = [column, paid_invoice.c.id]
    statement = (
        select(paid_invoice, column.label("sort_key"))
        .where(*wanted)
        .order_by(*(entry.desc() if query.descending else entry.asc() for entry in order))
    )
    rows: list[Row[Any]] = []
    for stretch in _stretches(query, after):
        rows += connection.execute(statement.where(stretch).limit(limit - len(rows))).all()
        if len(rows) in (limit, total):
            break
    records = [record(row) for row in rows]
    return records, total, _key(rows[-1]) if len(rows) == limit else None


def _fitting(connection: Connection, company_id: int, query: InvoiceQuery) -> Select[tuple[int]]:
    """The ids of all that fit, told from indexes alone as far as there are many."""
    fitting = select(paid_invoice.c.id).where(paid_invoice.c.company_id == company_id)
    if query.status is not None:
        fitting = fitting.where(paid_invoice.c.status == query.status)
    text = query.search.strip()
    if not text:
        return fitting
    if query.status is None or _count(connection, fitting) <= FEW:
        return fitting.where(_contains(paid_invoice, text))
    everything = paid_invoice.alias("everything")
    found = select(everything.c.id).where(
        everything.c.company_id == company_id, _contains(everything, text)
    )
    return fitting.where(paid_invoice.c.id.in_(found))


def _count(connection: Connection, ids: Select[tuple[int]]) -> int:
    return connection.execute(select(func.count()).select_from(ids.subquery())).scalar_one()


def _key(row: Row[Any]) -> str:
    return json.dumps([None if row.sort_key is None else str(row.sort_key), row.id])


def _filters(query: InvoiceQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.status is not None:
        found.append(paid_invoice.c.status == query.status)
    if query.search.strip():
        found.append(_contains(paid_invoice, query.search.strip()))
    return found


def _contains(rows: FromClause, text: str) -> ColumnElement[bool]:
    return or_(
        rows.c.number_key.contains(text.casefold(), autoescape=True),
        rows.c.customer_key.contains(search_key(text), autoescape=True),
        rows.c.source_id == text,
    )


def _stretches(query: InvoiceQuery, after: str | None) -> list[ColumnElement[bool]]:
    """What is left to show, in order. Each stretch is one walk along an index: rows that lack the
    value come before all others, and no two databases would sort them alike by themselves."""
    column = _COLUMNS[query.sort_by]
    stretches: list[ColumnElement[bool]] = [column.is_not(None)]
    if query.sort_by in _MAY_LACK:
        stretches.insert(len(stretches) if query.descending else 0, column.is_(None))
    if after is None:
        return stretches
    told, invoice_id = json.loads(after)
    lacks = told is None
    if len(stretches) > 1 and lacks is query.descending:
        del stretches[0]  # shown, all of it
    first = paid_invoice.c.id < invoice_id if query.descending else paid_invoice.c.id > invoice_id
    if not lacks:
        value = _READERS.get(query.sort_by, str)(told)
        # Not "x or (y and z)": from a bound on the column itself the index can be entered.
        at_or_beyond = column <= value if query.descending else column >= value
        first = and_(at_or_beyond, or_(column != value, first))
    return [and_(stretches[0], first), *stretches[1:]]
