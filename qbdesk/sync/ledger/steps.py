"""Steps: every write to QuickBooks, its intent before the wire and its answer after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from qbdesk.sync.ledger.parts import parts
from qbdesk.sync.ledger.tables import step
from qbdesk.sync.operations import DOCUMENTS, StepKind

BATCH = "batch?requestid="  # how the path of what left in a batch begins
# The path of a step whose bytes may not leave again under the same request id (see `put_apart`).
_APART = "apart "
_AGAIN = "again "  # and of one of a batch that leaves by itself when it was looked for once more
# In the answer of a step that has none of QuickBooks yet: what left under its request id before.
_EARLIER = "earlier"


class StepState(StrEnum):
    """Where a step stands. Only what is INTENT or proven absent may be sent."""

    INTENT = "intent"  # recorded, not sent
    SENT = "sent"  # bytes may have left
    UNKNOWN = "unknown"  # no answer: has to be looked for
    CONFIRMED = "confirmed"
    REJECTED = "rejected"  # QuickBooks said no
    RETIRED = "retired"  # never carried out, or given up; the next attempt is a new generation


@dataclass(frozen=True)
class Earlier:
    """Other bytes that left under a step's request id, and the source's document of then."""

    body: bytes = field(repr=False)
    document: str | None = field(repr=False)


@dataclass(frozen=True)
class StepRecord:
    """One row; `operation` names what is written, whichever attempt or generation it takes."""

    id: int
    company_id: int
    invoice_id: int | None
    kind: str
    operation: str
    generation: int
    request_id: str
    path: str
    body: bytes
    state: StepState
    sent_at: datetime | None
    ended_at: datetime | None
    absent_at: datetime | None
    quickbooks_id: str | None
    answer: dict[str, Any] | None
    fault_code: str | None
    fault_text: str | None

    @property
    def in_batch(self) -> bool:
        """It left in a batch last."""
        return self.path.startswith(BATCH)

    @property
    def is_apart(self) -> bool:
        """It goes again under another request id than before: `put_apart`."""
        return self.path.startswith(_APART)

    @property
    def taken_over(self) -> bool:
        """It was found in QuickBooks: this ledger has not written it (see `adopt`)."""
        return not self.request_id

    @property
    def earlier(self) -> tuple[Earlier, ...]:
        """What left under its request id before the bytes that it has now, oldest first."""
        told = {} if self.state is StepState.CONFIRMED else self.answer or {}
        return tuple(Earlier(body.encode(), document) for body, document in told.get(_EARLIER, ()))

    @property
    def is_in_doubt(self) -> bool:
        """Its bytes may have left, and nobody knows whether they have arrived."""
        return self.state in (StepState.SENT, StepState.UNKNOWN)

    @property
    def was_sent(self) -> bool:
        """It left before, and was proven absent."""
        return self.state is StepState.INTENT and self.sent_at is not None


# What a pass does for every single write is built once: building costs more than SQLite's answer.
_LATEST = (
    select(step)
    .where(
        step.c.company_id == bindparam("company"),
        step.c.operation.in_(bindparam("operations", expanding=True)),
    )
    .order_by(step.c.generation)
)
_CHANGE = update(step).where(step.c.id == bindparam("of_id"))


def _record(row: Row[Any]) -> StepRecord:
    values = dict(cast("dict[str, Any]", row._mapping))
    values["state"] = StepState(values["state"])
    return StepRecord(**values)


def latest(
    connection: Connection, company_id: int, operations: Iterable[str]
) -> dict[str, StepRecord]:
    """The newest generation of each of these operations."""
    found: dict[str, StepRecord] = {}
    for some in parts(list(operations)):
        rows = connection.execute(_LATEST, {"company": company_id, "operations": some})
        found |= {each.operation: each for each in map(_record, rows)}
    return found


def adopt(connection: Connection, **values: Any) -> None:
    """A step that QuickBooks holds already: confirmed without a write of this program."""
    here = (step.c.company_id == values["company_id"]) & (step.c.operation == values["operation"])
    generations = connection.execute(select(step.c.generation).where(here)).scalars().all()
    values |= {"generation": max(generations, default=-1) + 1, "state": StepState.CONFIRMED}
    connection.execute(insert(step), {"request_id": "", "path": "", "body": b"", **values})


def cut_off(connection: Connection, company_id: int, now: datetime) -> list[StepRecord]:
    """What was under way when the program was ended is in doubt from now on: its connection died
    with it, so the attempt has ended."""
    here = (step.c.company_id == company_id, step.c.state == StepState.SENT)
    found = [_record(row) for row in connection.execute(select(step).where(*here))]
    connection.execute(update(step).where(*here).values(state=StepState.UNKNOWN, ended_at=now))
    return found


def doubt_anew(connection: Connection, company_id: int, now: datetime, moved: timedelta) -> None:
    """The clock was set: how long ago an attempt ended is not known, so it counts from now on.

    What is apart was written down before the clock was looked at last, so it moves along with it.
    A computer that is never awake for an hour in a row would have it wait for ever otherwise.
    """
    here = (
        step.c.company_id == company_id,
        step.c.state.in_((StepState.UNKNOWN, StepState.INTENT)),
        step.c.ended_at.is_not(None),
    )
    apart = step.c.path.startswith(_APART)
    for each in map(_record, connection.execute(select(step).where(*here, apart)).all()):
        assert each.ended_at is not None
        change(connection, each.id, ended_at=min(each.ended_at + moved, now))
    connection.execute(update(step).where(*here, ~apart).values(ended_at=now))


def of_quickbooks_ids(
    connection: Connection,
    company_id: int,
    quickbooks_ids: Sequence[str],
    kind: StepKind = StepKind.INVOICE,
) -> list[StepRecord]:
    """The steps that these invoices (or payments) in QuickBooks stand for."""
    rows = connection.execute(
        select(step).where(
            step.c.company_id == company_id,
            step.c.kind == kind,
            step.c.quickbooks_id.in_(quickbooks_ids),
        )
    )
    return [_record(row) for row in rows]


def retire_operations(connection: Connection, company_id: int, operations: Sequence[str]) -> None:
    """Refused steps of these operations may be tried again."""
    connection.execute(
        update(step)
        .where(
            step.c.company_id == company_id,
            step.c.operation.in_(operations),
            step.c.state == StepState.REJECTED,
        )
        .values(state=StepState.RETIRED)
    )


def forget_payments(connection: Connection, invoice_id: int) -> None:
    """The payments of an invoice are to be posted once more, as a new generation."""
    connection.execute(
        update(step)
        .where(step.c.invoice_id == invoice_id, step.c.kind == StepKind.PAYMENT)
        .values(state=StepState.RETIRED)
    )


def of_invoice(connection: Connection, invoice_id: int) -> list[StepRecord]:
    """All steps that an invoice was the first to need, oldest first."""
    rows = connection.execute(
        select(step)
        .where(step.c.invoice_id == invoice_id, step.c.state != StepState.RETIRED)
        .order_by(step.c.id)
    )
    return [_record(row) for row in rows]


def may_be_posted(connection: Connection, invoice_id: int) -> bool:
    """A document of it was sent, and QuickBooks has not said what became of it."""
    sent = of_invoice(connection, invoice_id)
    return any(each.is_in_doubt and each.kind in DOCUMENTS for each in sent)


def posted(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, list[StepRecord]]:
    """What QuickBooks holds of each of these: invoice, its repair, payments; oldest first."""
    found: dict[int, list[StepRecord]] = {}
    for some in parts(invoice_ids):
        rows = connection.execute(
            select(step)
            .where(
                step.c.invoice_id.in_(some),
                step.c.kind.in_(DOCUMENTS),
                step.c.state == StepState.CONFIRMED,
            )
            .order_by(step.c.id)
        )
        for each in map(_record, rows):
            found.setdefault(each.invoice_id or 0, []).append(each)
    return found


def ask_again(connection: Connection, invoice_ids: Sequence[int]) -> None:
    """A person wants another look: posted invoices are read once more, refusals tried again."""
    retire(connection, invoice_ids)
    read_again(connection, invoice_ids, asked=True)


def read_again(connection: Connection, invoice_ids: Sequence[int], *, asked: bool = False) -> None:
    """What is known of these posted invoices is old: they are read before anything is added.

    Args:
        asked: A person wants it, who may have changed them a moment ago.
    """
    why = {"reread": True, "asked": True} if asked else {"reread": True}
    for some in parts(invoice_ids):
        rows = connection.execute(
            select(step).where(
                step.c.invoice_id.in_(some),
                step.c.kind == StepKind.INVOICE,
                step.c.state == StepState.CONFIRMED,
            )
        ).all()
        for entry in map(_record, rows):
            change(connection, entry.id, answer={**(entry.answer or {}), **why})


def forget_posting(connection: Connection, invoice_id: int) -> None:
    """The invoice and its payments are to be posted once more, as a new generation."""
    connection.execute(
        update(step)
        .where(
            step.c.invoice_id == invoice_id,
            step.c.kind.in_((StepKind.INVOICE, StepKind.PAYMENT)),
        )
        .values(state=StepState.RETIRED)
    )


def add(connection: Connection, **values: Any) -> StepRecord:
    result = connection.execute(insert(step), values)
    assert result.inserted_primary_key is not None
    nothing = dict.fromkeys(field.name for field in fields(StepRecord))
    return StepRecord(**{**nothing, **values, "id": result.inserted_primary_key[0]})


def change(connection: Connection, step_id: int, **values: Any) -> None:
    connection.execute(_CHANGE, {"of_id": step_id, **values})


def earlier_noted(of: StepRecord, document: str | None) -> dict[str, Any]:
    """What stands in the place of an answer, when other bytes are about to leave: those of now."""
    return {_EARLIER: [*(of.answer or {}).get(_EARLIER, ()), [of.body.decode(), document]]}


def sent_through(connection: Connection, step_ids: Sequence[int], path: str) -> None:
    """These leave together, by this path."""
    connection.execute(update(step).where(step.c.id.in_(step_ids)).values(path=path))


def retire(connection: Connection, invoice_ids: Sequence[int]) -> None:
    """What QuickBooks refused may be tried again, as a new generation."""
    for some in parts(invoice_ids):
        connection.execute(
            update(step)
            .where(step.c.invoice_id.in_(some), step.c.state == StepState.REJECTED)
            .values(state=StepState.RETIRED)
        )


def put_apart(connection: Connection, of: StepRecord) -> None:
    """Its bytes will leave again under another request id, so that nothing but a long wait keeps
    the earlier ones from coming late: it is in doubt once more, for as long as that takes."""
    change(connection, of.id, state=StepState.UNKNOWN, path=f"{_APART}{of.path}")


def look_again(connection: Connection, of: StepRecord, now: datetime) -> None:
    """It was proven absent, and its batch is carried out as is known by now: it may be next."""
    path = f"{_AGAIN}{of.path}"
    change(connection, of.id, state=StepState.UNKNOWN, ended_at=now, path=path)


def is_any_apart(connection: Connection, company_id: int) -> bool:
    here = (step.c.company_id == company_id, step.c.state == StepState.UNKNOWN)
    apart = select(step.c.id).where(*here, step.c.path.startswith(_APART)).limit(1)
    return connection.execute(apart).first() is not None


def of_path(connection: Connection, company_id: int, path: str) -> list[StepRecord]:
    """What left together by this path, and by no other since; oldest first."""
    here = (step.c.company_id == company_id, step.c.path == path)
    return [
        _record(row) for row in connection.execute(select(step).where(*here).order_by(step.c.id))
    ]
