"""Attempts: what came of every try to write a step to QuickBooks, and of every look for it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from qbdesk.sync.ledger import steps
from qbdesk.sync.ledger.parts import parts
from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.ledger.tables import attempt, step
from qbdesk.sync.operations import StepKind

CUT_OFF = "The program was ended before QuickBooks had answered; it is looked for."
MOST_SILENT = 6  # writes by itself without an answer: below that it is a network's bad luck
# What outcomes are known by. One that leaves it open is "unknown" where no answer came, else
# "answered 500"; "answered 400?" where QuickBooks' own code says that a first copy may be under
# way, "answered 400!" where that is the code 600, "Duplicate Request ID"; each with "batch" behind
# it where it was that of a whole batch.
_NO_ANSWER, _ANSWERED, _BATCH = "unknown", "answered", "batch"
_LATE, _KNOWN_ID, _DUPLICATE = "?", "!", "600"
_ABSENT, _ASKED, _CONFIRMED = "absent", "asked", "confirmed"


@dataclass(frozen=True)
class Tries:
    """The attempts of a step whose outcome was open.

    Attributes:
        no_late_commit: All of them, ever, got an answer 4xx: it was turned away, so it will not be
            carried out later. (408 may come from something in between that has passed it on.)
        batches_answered, batches_lost: How many it was in, with an answer and without one.
        answers: When it was answered by itself, oldest first, since a person asked last.
        silences: When it got no answer by itself, likewise; empty as long as they are few, or
            QuickBooks has taken nothing else of the company since.
    """

    no_late_commit: bool
    batches_answered: int
    batches_lost: int
    answers: tuple[datetime, ...]
    silences: tuple[datetime, ...]


class _Told(NamedTuple):
    """An attempt, with the words of its outcome."""

    id: int
    words: list[str]
    at: datetime


def add(
    connection: Connection, of: StepRecord, at: datetime, outcome: str, tid: str | None, text: str
) -> None:
    row = {"step_id": of.id, "at": at, "outcome": outcome, "intuit_tid": tid, "text": text}
    connection.execute(insert(attempt), row | {"request_hash": _hash(of.body)})


def unsettled(status: int | None, *, batched: bool, code: str = "") -> str:
    """The outcome of an attempt that an answer with this HTTP status, or none, has left open.

    Args:
        code: Of QuickBooks' own.
    """
    mark = {"": "", _DUPLICATE: _KNOWN_ID}.get(code, _LATE)
    told = _NO_ANSWER if status is None else f"{_ANSWERED} {status}{mark}"
    return f"{told} {_BATCH}" if batched else told


def end_cut_off(connection: Connection, company_id: int, now: datetime) -> None:
    """Notes what was under way when the program was ended."""
    for each in steps.cut_off(connection, company_id, now):
        add(connection, each, now, unsettled(None, batched=each.in_batch), None, CUT_OFF)


def count_anew(
    connection: Connection, company_id: int, operations: Sequence[str], now: datetime
) -> None:
    """A person wants these tried again: what came of them before counts no more."""
    for each in steps.latest(connection, company_id, operations).values():
        if each.was_sent:
            add(connection, each, now, _ASKED, None, "To be tried again.")


# ---- what they tell ----


def tries(connection: Connection, of: Iterable[StepRecord]) -> dict[int, Tries]:
    """How these steps fared until now."""
    found: dict[int, list[_Told]] = {each.id: [] for each in of}
    for some in parts(list(found)):
        rows = connection.execute(
            select(attempt.c.step_id, attempt.c.id, attempt.c.outcome, attempt.c.at)
            .where(attempt.c.step_id.in_(some))
            .order_by(attempt.c.id)
        )
        for row in rows:
            found[row.step_id].append(_Told(row.id, row.outcome.split(), row.at))
    return {step_id: _tries(connection, step_id, told) for step_id, told in found.items()}


def _tries(connection: Connection, step_id: int, told: Sequence[_Told]) -> Tries:
    opened = [each.words for each in told if each.words[0] in (_NO_ANSWER, _ANSWERED)]
    batches = [words[0] for words in opened if words[-1] == _BATCH]
    asked = max((place for place, each in enumerate(told, 1) if each.words == [_ASKED]), default=0)
    singly = [each for each in told[asked:] if each.words[-1] != _BATCH]
    silent = [each for each in singly if each.words[0] == _NO_ANSWER]
    count = len(silent) >= MOST_SILENT and _others_were_taken(connection, step_id, silent[0].id)
    return Tries(
        no_late_commit=bool(opened)
        and all(_is_4xx(words) and words[1].isdigit() for words in opened),
        batches_answered=batches.count(_ANSWERED),
        batches_lost=batches.count(_NO_ANSWER),
        answers=tuple(each.at for each in singly if each.words[0] == _ANSWERED),
        silences=tuple(each.at for each in silent) if count else (),
    )


def _others_were_taken(connection: Connection, step_id: int, since: int) -> bool:
    """After that attempt of this step, writes of the same kind for the same company."""
    this = step.alias()
    taken = (
        select(attempt.c.id)
        .join(step, step.c.id == attempt.c.step_id)
        .join(this, (this.c.company_id == step.c.company_id) & (this.c.kind == step.c.kind))
        .where(attempt.c.id > since, attempt.c.outcome == _CONFIRMED, this.c.id == step_id)
    )
    return connection.execute(taken.limit(1)).first() is not None


def _is_4xx(words: Sequence[str]) -> bool:
    return words[0] == _ANSWERED and words[1][0] == "4" and words[1] != "408"


def was_in_doubt(connection: Connection, step_id: int) -> bool:
    """Bytes of this step may have reached QuickBooks in some attempt."""
    outcomes = select(attempt.c.id).where(
        attempt.c.step_id == step_id,
        attempt.c.outcome.startswith(_NO_ANSWER)
        | attempt.c.outcome.startswith(_ANSWERED)
        | (attempt.c.outcome == _ABSENT),
    )
    return connection.execute(outcomes.limit(1)).first() is not None


def is_used_up(connection: Connection, of: StepRecord) -> bool:
    """Its request id is: QuickBooks knows it by what left before these bytes (code 600), and none
    of that was found."""
    if not (of.was_sent and of.earlier):
        return False
    rows = connection.execute(
        select(attempt.c.outcome, attempt.c.request_hash)
        .where(attempt.c.step_id == of.id)
        .order_by(attempt.c.id.desc())
    )
    these = takewhile(lambda row: row.request_hash == _hash(of.body), rows)
    return any(row.outcome.endswith(_KNOWN_ID) for row in these)


def have_run(connection: Connection, members: Sequence[StepRecord]) -> bool:
    """The batch of these has been carried out, in part at least: QuickBooks has answered for one,
    or an invoice or a payment bears our mark. A name or a raised version proves nothing: anybody
    may have made the customer, or changed the invoice, meanwhile."""
    if any(map(_bears_witness, members)):
        return True
    confirmed = [each.id for each in members if each.state is StepState.CONFIRMED]
    answered = select(attempt.c.id).where(
        attempt.c.step_id.in_(confirmed), attempt.c.outcome == _CONFIRMED
    )
    return connection.execute(answered.limit(1)).first() is not None


def _bears_witness(of: StepRecord) -> bool:
    marked = of.kind in (StepKind.INVOICE, StepKind.PAYMENT)
    return of.state is StepState.REJECTED or (marked and of.state is StepState.CONFIRMED)


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


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
