"""Steps: every write to QuickBooks, its intent before the wire and its answer after it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from qbdesk.sync.ledger.parts import parts
from qbdesk.sync.ledger.tables import attempt, step
from qbdesk.sync.operations import StepKind

CUT_OFF = "The program was ended before QuickBooks had answered; it is looked for."


# What attempts are known by. An answer that leaves it open is noted with its HTTP status, as
# "answered 500" or "answered 500 batch"; "unknown" is an attempt that got none.
_NO_ANSWER, _ANSWERED, _BATCH, _ABSENT, _ASKED = "unknown", "answered", "batch", "absent", "asked"
# The path of a step whose bytes may not leave again under the same request id (see `put_apart`).
_APART = "apart "


class StepState(StrEnum):
    """Where a step stands. Only what is INTENT or proven absent may be sent."""

    INTENT = "intent"  # recorded, not sent
    SENT = "sent"  # bytes may have left
    UNKNOWN = "unknown"  # no answer: has to be looked for
    CONFIRMED = "confirmed"
    REJECTED = "rejected"  # QuickBooks said no
    RETIRED = "retired"  # never carried out, or given up; the next attempt is a new generation


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
    def is_apart(self) -> bool:
        """It goes again under another request id than before: `put_apart`."""
        return self.path.startswith(_APART)

    @property
    def taken_over(self) -> bool:
        """It was found in QuickBooks: this ledger has not written it (see `adopt`)."""
        return not self.request_id

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


def end_cut_off(connection: Connection, company_id: int, now: datetime) -> None:
    """What was under way when the program was ended is in doubt from now on: its connection died
    with it, so the attempt has ended."""
    here = (step.c.company_id == company_id, step.c.state == StepState.SENT)
    for entry in map(_record, connection.execute(select(step).where(*here)).all()):
        add_attempt(connection, entry, now, "unknown", None, CUT_OFF)
    connection.execute(update(step).where(*here).values(state=StepState.UNKNOWN, ended_at=now))


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


def posted(connection: Connection, invoice_ids: Sequence[int]) -> dict[int, list[StepRecord]]:
    """What QuickBooks holds of each of these: invoice, its repair, payments; oldest first."""
    found: dict[int, list[StepRecord]] = {}
    for some in parts(invoice_ids):
        rows = connection.execute(
            select(step)
            .where(
                step.c.invoice_id.in_(some),
                step.c.kind.in_((StepKind.INVOICE, StepKind.REPAIR, StepKind.PAYMENT)),
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


def looked_for_since(connection: Connection, company_id: int, path: str) -> set[int]:
    """Those that left by this path and were absent after QuickBooks had told of others of it."""
    members = of_path(connection, company_id, path)
    told = [each.id for each in members if each.state in (StepState.CONFIRMED, StepState.REJECTED)]
    last = select(func.max(attempt.c.id)).where(attempt.c.step_id.in_(told))
    rows = connection.execute(
        select(attempt.c.step_id).where(
            attempt.c.step_id.in_([each.id for each in members]),
            attempt.c.outcome == _ABSENT,
            attempt.c.id > (connection.execute(last).scalar() or 0),
        )
    )
    return set(rows.scalars())


def look_again(connection: Connection, of: StepRecord) -> None:
    """It was proven absent, and may have been carried out since."""
    change(connection, of.id, state=StepState.UNKNOWN)


def of_path(connection: Connection, company_id: int, path: str) -> list[StepRecord]:
    """What left together by this path, and by no other since; oldest first."""
    here = (step.c.company_id == company_id, step.c.path == path)
    return [
        _record(row) for row in connection.execute(select(step).where(*here).order_by(step.c.id))
    ]


def answered(status: int | None, *, batched: bool) -> str:
    """The outcome of an attempt that an answer with this status, or none, has left open."""
    if status is None:
        return _NO_ANSWER
    return f"{_ANSWERED} {status} {_BATCH}" if batched else f"{_ANSWERED} {status}"


@dataclass(frozen=True)
class Tries:
    """The attempts of a step whose outcome was open, oldest first, since a person asked last.

    Attributes:
        no_late_commit: All of them, ever, got an answer 4xx: it was turned away, so it will not be
            carried out later. (408 may come from something in between that has passed it on.)
        batches: How many answers it got as a part of a batch.
        answers: When it was answered by itself.
    """

    no_late_commit: bool
    batches: int
    answers: tuple[datetime, ...]


def tries(connection: Connection, step_ids: Iterable[int]) -> dict[int, Tries]:
    """How these steps fared until now."""
    found: dict[int, list[tuple[str, datetime]]] = {each: [] for each in step_ids}
    for some in parts(list(found)):
        rows = connection.execute(
            select(attempt.c.step_id, attempt.c.outcome, attempt.c.at)
            .where(attempt.c.step_id.in_(some))
            .order_by(attempt.c.id)
        )
        for row in rows:
            found[row.step_id].append((row.outcome, row.at))
    return {step_id: _tries(rows) for step_id, rows in found.items()}


def _tries(rows: Sequence[tuple[str, datetime]]) -> Tries:
    told = [(outcome.split(), at) for outcome, at in rows]
    opened = [words for words, _ in told if words[0] in (_NO_ANSWER, _ANSWERED)]
    asked = max((place for place, (words, _) in enumerate(told, 1) if words == [_ASKED]), default=0)
    return Tries(
        no_late_commit=bool(opened)
        and all(
            words[0] == _ANSWERED and words[1][0] == "4" and words[1] != "408" for words in opened
        ),
        batches=sum(words[-1] == _BATCH for words in opened),
        answers=tuple(
            at for words, at in told[asked:] if words[0] == _ANSWERED and len(words) == 2
        ),
    )


def count_anew(
    connection: Connection, company_id: int, operations: Sequence[str], now: datetime
) -> None:
    """A person wants these tried again: what was answered before counts no more."""
    for each in latest(connection, company_id, operations).values():
        if each.was_sent:
            add_attempt(connection, each, now, _ASKED, None, "To be tried again.")


def was_in_doubt(connection: Connection, step_id: int) -> bool:
    """Bytes of this step may have reached QuickBooks in some attempt."""
    outcomes = select(attempt.c.id).where(
        attempt.c.step_id == step_id,
        attempt.c.outcome.in_((_NO_ANSWER, _ABSENT)) | attempt.c.outcome.startswith(_ANSWERED),
    )
    return connection.execute(outcomes.limit(1)).first() is not None


def add_attempt(
    connection: Connection, of: StepRecord, at: datetime, outcome: str, tid: str | None, text: str
) -> None:
    row = {"step_id": of.id, "at": at, "outcome": outcome, "intuit_tid": tid, "text": text}
    request_hash = hashlib.sha256(of.body).hexdigest()
    connection.execute(insert(attempt), row | {"request_hash": request_hash})


def not_sent(
    connection: Connection, company_id: int, operations: Sequence[str], since: datetime
) -> str | None:
    """Why writes of these operations did not leave the computer since then; None: they did."""
    for some in parts(operations):
        why = connection.execute(
            select(attempt.c.text)
            .join(step, step.c.id == attempt.c.step_id)
            .where(
                step.c.company_id == company_id,
                step.c.operation.in_(some),
                attempt.c.outcome == "not sent",
                attempt.c.at >= since,
            )
            .limit(1)
        ).scalar()
        if why is not None:
            return str(why)
    return None
