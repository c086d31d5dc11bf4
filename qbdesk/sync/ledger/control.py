"""Control totals as the ledger keeps them: figures of each invoice, and their sums by month."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from qbdesk.sync.ledger.columns import Amount
from qbdesk.sync.ledger.parts import parts
from qbdesk.sync.ledger.tables import control, control_total, paid_invoice


@dataclass(frozen=True)
class Place:
    """Where a figure is added to."""

    month: str
    currency: str
    kind: str
    key: str


@dataclass(frozen=True)
class Sums:
    """What stands there, or what is added to it."""

    source: Decimal
    quickbooks: Decimal
    in_source: int
    in_quickbooks: int

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.source + other.source,
            self.quickbooks + other.quickbooks,
            self.in_source + other.in_source,
            self.in_quickbooks + other.in_quickbooks,
        )

    def __neg__(self) -> "Sums":
        return Sums(-self.source, -self.quickbooks, -self.in_source, -self.in_quickbooks)


NOTHING = Sums(Decimal(0), Decimal(0), 0, 0)


@dataclass(frozen=True)
class Kept:
    """One invoice's figures as they were added in."""

    month: str
    open_amount: Decimal
    marked: bool
    figures: list[list[Any]]


def stale(connection: Connection, company_id: int, after: int, limit: int) -> list[int]:
    """Invoices that have changed since their figures were taken, by id, from beyond `after`."""
    rows = connection.execute(
        select(paid_invoice.c.id)
        .outerjoin(
            control,
            (control.c.company_id == company_id) & (control.c.invoice_id == paid_invoice.c.id),
        )
        .where(
            paid_invoice.c.company_id == company_id,
            paid_invoice.c.id > after,
            # Not "later": the clock of a computer may be set back.
            or_(control.c.changed_at.is_(None), control.c.changed_at != paid_invoice.c.changed_at),
        )
        .order_by(paid_invoice.c.id)
        .limit(limit)
    )
    return list(rows.scalars())


def figures(connection: Connection, ids: Sequence[int]) -> dict[int, list[list[Any]]]:
    """What each of these has brought in so far."""
    found: dict[int, list[list[Any]]] = {}
    for some in parts(ids):
        rows = connection.execute(
            select(control.c.invoice_id, control.c.figures).where(control.c.invoice_id.in_(some))
        )
        found |= {row.invoice_id: row.figures for row in rows}
    return found


def keep(
    connection: Connection, company_id: int, taken: Mapping[int, tuple[datetime, Kept]]
) -> None:
    """Puts these figures in the place of the former ones; the sums are the caller's to move."""
    for some in parts(list(taken)):
        connection.execute(delete(control).where(control.c.invoice_id.in_(some)))
    rows = [
        {
            "invoice_id": invoice_id,
            "company_id": company_id,
            "changed_at": changed_at,
            "month": kept.month,
            "open_amount": kept.open_amount,
            "marked": kept.marked,
            "figures": kept.figures,
        }
        for invoice_id, (changed_at, kept) in taken.items()
    ]
    if rows:
        connection.execute(insert(control), rows)


# In an update a column's own name would mean the value to set: those to find it by are named apart.
_WHERE = ("company_id", "month", "currency", "kind", "key")
_MOVED = ("source", "quickbooks", "in_source", "in_quickbooks")
_MOVE = (
    update(control_total)
    .where(*(control_total.c[name] == bindparam(f"at_{name}") for name in _WHERE))
    .values({name: control_total.c[name] + bindparam(f"more_{name}") for name in _MOVED})
)


def move(connection: Connection, company_id: int, changes: Mapping[Place, Sums]) -> None:
    """Adds to the sums."""
    for place, change in changes.items():
        if change == NOTHING:
            continue
        where = {"company_id": company_id, **asdict(place)}
        more = asdict(change)
        here = {f"at_{name}": value for name, value in where.items()}
        adds = {f"more_{name}": value for name, value in more.items()}
        if connection.execute(_MOVE, here | adds).rowcount == 0:
            connection.execute(insert(control_total), where | more)


def sums(connection: Connection, company_id: int, month: str | None) -> dict[Place, Sums]:
    """The sums of a month, or of all time (their month is then empty)."""
    place = (control_total.c.currency, control_total.c.kind, control_total.c.key)
    here = [control_total.c.company_id == company_id]
    if month is not None:
        here.append(control_total.c.month == month)
    rows = connection.execute(
        select(
            *place,
            type_coerce(func.sum(control_total.c.source), Amount).label("source"),
            type_coerce(func.sum(control_total.c.quickbooks), Amount).label("quickbooks"),
            func.sum(control_total.c.in_source).label("in_source"),
            func.sum(control_total.c.in_quickbooks).label("in_quickbooks"),
        )
        .where(*here)
        .group_by(*place)
        .order_by(*place)
    )
    found = {
        Place(month or "", row.currency, row.kind, row.key): Sums(
            row.source, row.quickbooks, int(row.in_source), int(row.in_quickbooks)
        )
        for row in rows
    }
    return {place: total for place, total in found.items() if total != NOTHING}


def months(connection: Connection, company_id: int) -> list[str]:
    """Those there is anything of, newest first."""
    rows = connection.execute(
        select(control_total.c.month)
        .where(control_total.c.company_id == company_id, control_total.c.month != "")
        .where(or_(control_total.c.in_source != 0, control_total.c.in_quickbooks != 0))
        .distinct()
        .order_by(control_total.c.month.desc())
    )
    return list(rows.scalars())


@dataclass(frozen=True)
class Marked:
    """One invoice that is still open, or stands otherwise in QuickBooks."""

    source_id: str
    number: str
    customer: str
    currency: str
    amount: Decimal | None
    open_amount: Decimal
    status: str
    message: str
    figures: list[list[Any]]


def marked(
    connection: Connection, company_id: int, month: str | None, limit: int, *, still_open: bool
) -> tuple[list[Marked], int]:
    """Those still open, or those that differ otherwise: the first of them, and how many."""
    zero = control.c.open_amount == Decimal(0)
    here = [control.c.company_id == company_id, control.c.marked, ~zero if still_open else zero]
    if month is not None:
        here.append(control.c.month == month)
    count = connection.execute(select(func.count()).select_from(control).where(*here)).scalar_one()
    rows = connection.execute(
        select(
            paid_invoice.c.source_id,
            paid_invoice.c.number,
            paid_invoice.c.customer,
            paid_invoice.c.currency,
            paid_invoice.c.amount,
            control.c.open_amount,
            paid_invoice.c.status,
            paid_invoice.c.message,
            control.c.figures,
        )
        .join(paid_invoice, paid_invoice.c.id == control.c.invoice_id)
        .where(*here)
        .order_by(control.c.invoice_id)
        .limit(limit)
    )
    return [Marked(**dict(row._mapping)) for row in rows], int(count)
