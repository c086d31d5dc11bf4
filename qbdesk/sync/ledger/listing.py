"""The window's table: filtered, searched and sorted by the database, page by page."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from qbdesk.sync.ledger.invoices import InvoiceRecord, record
from qbdesk.sync.ledger.tables import paid_invoice
from qbdesk.sync.views import InvoiceQuery, SortBy

_COLUMNS: dict[SortBy, ColumnElement[Any]] = {
    SortBy.PAID_ON: func.coalesce(paid_invoice.c.paid_on, date.min),
    SortBy.NUMBER: paid_invoice.c.number_key,
    SortBy.CUSTOMER: paid_invoice.c.customer_key,
    SortBy.AMOUNT: func.coalesce(paid_invoice.c.amount, Decimal(0)),
    SortBy.STATUS: paid_invoice.c.status,
}
# A page's key travels as text; these make a value of it again.
_READERS: dict[SortBy, Callable[[str], Any]] = {
    SortBy.PAID_ON: date.fromisoformat,
    SortBy.AMOUNT: Decimal,
}


def page(
    connection: Connection, company_id: int, query: InvoiceQuery, after: str | None, limit: int
) -> tuple[list[InvoiceRecord], int, str | None]:
    """Some rows, how many there are in all, and the key of the next page (None: that was all)."""
    wanted = [paid_invoice.c.company_id == company_id, *_filters(query)]
    total = connection.execute(select(func.count()).where(*wanted)).scalar_one()
    column = _COLUMNS[query.sort_by]
    order = (column, paid_invoice.c.id)
    statement = select(paid_invoice, column.label("sort_key")).where(*wanted)
    if after is not None:
        statement = statement.where(_beyond(query, after))
    statement = statement.order_by(
        *(entry.desc() if query.descending else entry.asc() for entry in order)
    )
    rows = connection.execute(statement.limit(limit)).all()
    records = [record(row) for row in rows]
    last = json.dumps([str(rows[-1].sort_key), rows[-1].id]) if len(rows) == limit else None
    return records, total, last


def _filters(query: InvoiceQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.status is not None:
        found.append(paid_invoice.c.status == query.status)
    if query.search.strip():
        text = query.search.strip().casefold()
        found.append(
            or_(
                paid_invoice.c.number_key.contains(text, autoescape=True),
                paid_invoice.c.customer_key.contains(text, autoescape=True),
                paid_invoice.c.source_id == query.search.strip(),
            )
        )
    return found


def _beyond(query: InvoiceQuery, after: str) -> ColumnElement[bool]:
    told, invoice_id = json.loads(after)
    value = _READERS.get(query.sort_by, str)(told)
    column = _COLUMNS[query.sort_by]
    if query.descending:
        return or_(column < value, and_(column == value, paid_invoice.c.id < invoice_id))
    return or_(column > value, and_(column == value, paid_invoice.c.id > invoice_id))
