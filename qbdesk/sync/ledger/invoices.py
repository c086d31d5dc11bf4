"""Paid invoices: every one that the source ever showed, and what became of it."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from qbdesk.sync.ledger.parts import parts
from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.ledger.tables import paid_invoice, step
from qbdesk.sync.operations import DOCUMENTS, StepKind
from qbdesk.sync.views import Choice, Status

UNDER_WAY = (Status.WAITING, Status.POSTING)
UNREADABLE = "unreadable"  # the reason of a row that does not validate
GONE_AT_SOURCE = "gone_at_source"  # the reason of one that the source knows no more
SOME = 100  # rows at a time


@dataclass(frozen=True)
class InvoiceRecord:
    """One row of the ledger."""

    id: int
    company_id: int
    source_id: str
    revision: int
    document: str
    posted_document: str | None
    status: Status
    reason: str | None
    message: str
    choices: tuple[Choice, ...]
    answers: dict[str, str]
    number: str
    number_key: str
    customer: str
    customer_key: str
    amount: Decimal | None
    currency: str
    paid_on: date | None
    method: str
    fees: str
    source_link: str | None
    quickbooks_customer_id: str | None
    quickbooks_invoice_id: str | None
    quickbooks_payment_ids: list[str]
    seen_at: datetime
    changed_at: datetime
    shown_at: datetime
    gone_at: datetime | None


# What a pass does for every invoice is built once.
_CHANGE = update(paid_invoice).where(paid_invoice.c.id == bindparam("of_id"))
_REQUEUE = (
    update(paid_invoice)
    .where(paid_invoice.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        status=Status.WAITING,
        reason=case(
            (paid_invoice.c.status == Status.IGNORED, None),
            (paid_invoice.c.reason == GONE_AT_SOURCE, None),  # it is there, or asked for, again
            else_=paid_invoice.c.reason,
        ),
        message="",
        choices=[],
        changed_at=bindparam("at"),
    )
)
_IGNORED = select(paid_invoice.c.id).where(
    paid_invoice.c.id.in_(bindparam("ids", expanding=True)),
    paid_invoice.c.status == Status.IGNORED,
)
_POSTED_DOCUMENTS = select(paid_invoice.c.id, paid_invoice.c.posted_document).where(
    paid_invoice.c.id.in_(bindparam("ids", expanding=True))
)
_WITH_NUMBER = (
    select(paid_invoice.c.id, paid_invoice.c.number_key, paid_invoice.c.source_id)
    .where(
        paid_invoice.c.company_id == bindparam("company"),
        paid_invoice.c.number_key.in_(bindparam("keys", expanding=True)),
        paid_invoice.c.status != Status.IGNORED,
        paid_invoice.c.reason.is_distinct_from(UNREADABLE),
    )
    .order_by(paid_invoice.c.id)
)


def search_key(text: str) -> str:
    """As names are searched and sorted: without case and accents (“leger” finds “Léger”)."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def record(row: Row[Any]) -> InvoiceRecord:
    columns = paid_invoice.c.keys()
    values = {name: value for name, value in row._mapping.items() if name in columns}
    values["status"] = Status(values["status"])
    values["choices"] = tuple(Choice(word, label) for word, label in values["choices"])
    return InvoiceRecord(**values)


def find(connection: Connection, company_id: int, source_id: str) -> InvoiceRecord | None:
    row = connection.execute(
        select(paid_invoice).where(
            paid_invoice.c.company_id == company_id, paid_invoice.c.source_id == source_id
        )
    ).one_or_none()
    return None if row is None else record(row)


def find_many(
    connection: Connection, company_id: int, source_ids: Sequence[str]
) -> dict[str, InvoiceRecord]:
    rows = connection.execute(
        select(paid_invoice).where(
            paid_invoice.c.company_id == company_id, paid_invoice.c.source_id.in_(source_ids)
        )
    )
    return {found.source_id: found for found in map(record, rows)}


def get(connection: Connection, ids: Iterable[int]) -> list[InvoiceRecord]:
    found = []
    for some in parts(sorted(ids)):
        rows = connection.execute(
            select(paid_invoice).where(paid_invoice.c.id.in_(some)).order_by(paid_invoice.c.id)
        )
        found += [record(row) for row in rows]
    return found


def everything(connection: Connection, company_id: int) -> list[InvoiceRecord]:
    """Every row ever seen, in the order it was seen."""
    rows = connection.execute(
        select(paid_invoice)
        .where(paid_invoice.c.company_id == company_id)
        .order_by(paid_invoice.c.id)
    )
    return [record(row) for row in rows]


def page(connection: Connection, company_id: int, after: int, limit: int) -> list[InvoiceRecord]:
    """Some rows in the order they were seen, from beyond the id `after` (0: from the first)."""
    rows = connection.execute(
        select(paid_invoice)
        .where(paid_invoice.c.company_id == company_id, paid_invoice.c.id > after)
        .order_by(paid_invoice.c.id)
        .limit(limit)
    )
    return [record(row) for row in rows]


def not_shown_since(
    connection: Connection, company_id: int, since: datetime, after: int
) -> list[InvoiceRecord]:
    """Some of those, above an id, that the source has not shown since then and that are not known
    to be gone; a row without an id of the source's own cannot be told from others."""
    rows = connection.execute(
        select(paid_invoice)
        .where(
            paid_invoice.c.company_id == company_id,
            paid_invoice.c.shown_at < since,
            paid_invoice.c.gone_at.is_(None),
            paid_invoice.c.reason.is_distinct_from(UNREADABLE),
            paid_invoice.c.id > after,
        )
        .order_by(paid_invoice.c.id)
        .limit(SOME)
    )
    return [record(row) for row in rows]


def statuses(connection: Connection, company_id: int) -> dict[int, Status]:
    """How every row stands, by id."""
    rows = connection.execute(
        select(paid_invoice.c.id, paid_invoice.c.status).where(
            paid_invoice.c.company_id == company_id
        )
    )
    return {row.id: Status(row.status) for row in rows}


def mark_shown(
    connection: Connection, company_id: int, source_ids: Sequence[str], at: datetime
) -> list[int]:
    """The source shows them; those that were held because it did not wait again. Returns these."""
    again: list[int] = []
    for some in parts(list(source_ids)):
        here = (paid_invoice.c.company_id == company_id, paid_invoice.c.source_id.in_(some))
        back = connection.execute(
            select(paid_invoice.c.id).where(*here, paid_invoice.c.reason == GONE_AT_SOURCE)
        )
        again += back.scalars()
        connection.execute(update(paid_invoice).where(*here).values(shown_at=at, gone_at=None))
    requeue(connection, again, at)
    return again


def posted_documents(connection: Connection, ids: Sequence[int]) -> dict[int, str | None]:
    """What the source said of each when it was posted; None: nothing of it is."""
    found: dict[int, str | None] = {}
    for some in parts(ids):
        rows = connection.execute(_POSTED_DOCUMENTS, {"ids": some})
        found |= {row.id: row.posted_document for row in rows}
    return found


def under_way(connection: Connection, company_id: int) -> list[int]:
    """The ids of all that is not at rest, oldest first."""
    rows = connection.execute(
        select(paid_invoice.c.id).where(
            paid_invoice.c.company_id == company_id, paid_invoice.c.status.in_(UNDER_WAY)
        )
    )
    # In SQL the order would make SQLite walk all that ever was, to find the few by the way.
    return sorted(rows.scalars())


def begun(connection: Connection, company_id: int) -> list[int]:
    """Those not at rest whose invoice is in QuickBooks, or of which a write may be; oldest first.
    A customer, item or payment method is no part of the invoice that first needed it."""
    in_doubt = and_(
        step.c.kind.in_(DOCUMENTS),
        step.c.state.in_((StepState.SENT, StepState.UNKNOWN)),
    )
    there = and_(step.c.kind == StepKind.INVOICE, step.c.state == StepState.CONFIRMED)
    rows = connection.execute(
        select(paid_invoice.c.id).where(
            paid_invoice.c.company_id == company_id,
            paid_invoice.c.status.in_(UNDER_WAY),
            select(step.c.id)
            .where(step.c.invoice_id == paid_invoice.c.id, or_(in_doubt, there))
            .exists(),
        )
    )
    return sorted(rows.scalars())


def unconfirmed(connection: Connection, company_id: int) -> list[int]:
    """The rows of which the ledger knows no invoice or not every payment in QuickBooks: all but
    those that came to rest with an invoice there."""
    rows = connection.execute(
        select(paid_invoice.c.id).where(
            paid_invoice.c.company_id == company_id,
            or_(
                paid_invoice.c.status.in_(UNDER_WAY),
                paid_invoice.c.quickbooks_invoice_id.is_(None),
            ),
        )
    )
    return list(rows.scalars())


def add(connection: Connection, rows: Iterable[dict[str, Any]]) -> None:
    """Rows with the same columns."""
    defaults = {"answers": {}, "choices": [], "quickbooks_payment_ids": [], "message": ""}
    connection.execute(
        insert(paid_invoice), [{**defaults, "shown_at": row["seen_at"], **row} for row in rows]
    )


def ids(connection: Connection, company_id: int, source_ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in parts(source_ids):
        rows = connection.execute(
            select(paid_invoice.c.source_id, paid_invoice.c.id).where(
                paid_invoice.c.company_id == company_id, paid_invoice.c.source_id.in_(some)
            )
        )
        found |= {row.source_id: row.id for row in rows}
    return found


def change(connection: Connection, invoice_id: int, **values: Any) -> None:
    connection.execute(_CHANGE, {"of_id": invoice_id, **values})


def requeue(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """Back to the start of the queue, with a clean slate. Only why they were held is still known,
    until the next verdict: nobody is told the same twice."""
    for some in parts(ids):
        connection.execute(_REQUEUE, {"ids": some, "at": at})


def rest(connection: Connection, company_id: int) -> None:
    """After a pass nothing is being posted: what did not come to its end waits."""
    connection.execute(
        update(paid_invoice)
        .where(paid_invoice.c.company_id == company_id, paid_invoice.c.status == Status.POSTING)
        .values(status=Status.WAITING)
    )


def ignored(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Those of these that are ignored by now."""
    found: list[int] = []
    for some in parts(ids):
        found += connection.execute(_IGNORED, {"ids": some}).scalars()
    return found


def held(connection: Connection, company_id: int) -> list[int]:
    """What a changed setting may help; not what the source has lost, which waits for a person, nor
    what it shows in no readable form, which waits for the source."""
    rows = connection.execute(
        select(paid_invoice.c.id).where(
            paid_invoice.c.company_id == company_id,
            paid_invoice.c.status == Status.NEEDS_ATTENTION,
            func.coalesce(paid_invoice.c.reason, "").not_in((GONE_AT_SOURCE, UNREADABLE)),
        )
    )
    return list(rows.scalars())


def with_reason(connection: Connection, company_id: int, reason: str) -> list[int]:
    rows = connection.execute(
        select(paid_invoice.c.id).where(
            paid_invoice.c.company_id == company_id, paid_invoice.c.reason == reason
        )
    )
    return list(rows.scalars())


def held_for(
    connection: Connection, company_id: int, reason: str
) -> list[tuple[str, tuple[str, ...]]]:
    """The invoices held for a reason: source id, the words of its choices. Without documents, since
    there may be very many."""
    rows = connection.execute(
        select(paid_invoice.c.source_id, paid_invoice.c.choices).where(
            paid_invoice.c.company_id == company_id,
            paid_invoice.c.reason == reason,
            paid_invoice.c.status == Status.NEEDS_ATTENTION,
        )
    )
    return [(row.source_id, tuple(word for word, _ in row.choices)) for row in rows]


def unreadable(
    connection: Connection, company_id: int, source_ids: Sequence[str]
) -> dict[str, str]:
    """Those of these that are held because they cannot be read: source id -> what is wrong."""
    found: dict[str, str] = {}
    for some in parts(source_ids):
        rows = connection.execute(
            select(paid_invoice.c.source_id, paid_invoice.c.message).where(
                paid_invoice.c.company_id == company_id,
                paid_invoice.c.source_id.in_(some),
                paid_invoice.c.reason == UNREADABLE,
            )
        )
        found |= {row.source_id: row.message for row in rows}
    return found


def counts(connection: Connection, company_id: int) -> dict[Status, int]:
    rows = connection.execute(
        select(paid_invoice.c.status, func.count())
        .where(paid_invoice.c.company_id == company_id)
        .group_by(paid_invoice.c.status)
    )
    return {Status(status): count for status, count in rows}


def earlier_with_number(
    connection: Connection, company_id: int, records: Sequence[InvoiceRecord]
) -> dict[int, str]:
    """For each of these, the source id of an earlier invoice that uses the same number.

    A row that cannot be read is never posted, so it takes no number away from anybody.
    """
    keys = {entry.number_key for entry in records if entry.number_key}
    rows = connection.execute(_WITH_NUMBER, {"company": company_id, "keys": sorted(keys)}).all()
    first: dict[str, Any] = {}
    for row in rows:
        first.setdefault(row.number_key, row)
    return {
        entry.id: first[entry.number_key].source_id
        for entry in records
        if entry.number_key in first and first[entry.number_key].id < entry.id
    }
