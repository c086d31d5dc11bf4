"""Sending steps to QuickBooks: the intent is committed before the first byte leaves."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from qbdesk.sync.errors import Trouble
from qbdesk.sync.ledger import companies, invoices, marks, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.operations import StepKind, request_id
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.quickbooks import payloads
from qbdesk.sync.quickbooks.client import (
    Outcome,
    QuickBooks,
    Write,
)
from qbdesk.sync.quickbooks.connection import NeverLeft
from qbdesk.sync.quickbooks.faults import Fault, FaultKind
from qbdesk.sync.quickbooks.outcomes import unknown
from qbdesk.sync.recording import Recorder, Wanted
from qbdesk.sync.views import Status

MANY = 10  # so many writes of one kind travel in batches; fewer go one by one, which is unmetered
BATCH = 30  # Intuit: items in a batch
AT_ONCE = 4  # single writes under way together
STOPPED_ON_THE_WIRE = "Stopped before QuickBooks had answered."


class CompanyStopped(Trouble):
    """QuickBooks does not serve this company now: none of its invoices can go on.

    Attributes:
        signed_out: True when only signing in again helps.
    """

    def __init__(self, sentence: str, *, signed_out: bool = False) -> None:
        super().__init__(sentence)
        self.signed_out = signed_out


class CompanyLeft(Trouble):
    """A person has paused or disconnected the company while a pass was running: no trouble, but
    nothing more is posted."""


class Poster:
    """Sends the writes of one pass."""

    def __init__(
        self,
        ledger: Ledger,
        quickbooks: QuickBooks,
        company: Company,
        known: Knowledge,
        recorder: Recorder,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._quickbooks = quickbooks
        self._company = company
        self._known = known
        self._recorder = recorder
        self._clock = clock

    async def send(self, wanted: Sequence[Wanted]) -> None:
        """Sends every write once; shared ones for the first invoice that wants them.

        Raises:
            CompanyStopped: QuickBooks serves nothing of this company now.
        """
        chosen = each_once(wanted)
        for kind in StepKind:
            group = [entry for entry in chosen if entry.post.kind is kind]
            if not group:
                continue
            batches, group = self._together_before(group)
            if len(group) >= MANY:
                batches += [group[at : at + BATCH] for at in range(0, len(group), BATCH)]
                group = []
            for batch in batches:
                await self._send_batch(batch)
            await self._send_singly(group)

    def _together_before(self, group: Sequence[Wanted]) -> tuple[list[list[Wanted]], list[Wanted]]:
        """What went out in one batch and is proven absent goes again in the very same batch: its
        request id is the batch's, and it is the last safety against a write that comes late."""
        operations = [entry.post.operation for entry in group]
        with self._ledger.begin() as connection:
            before = steps.latest(connection, self._company.id, operations)
        together: dict[str, list[Wanted]] = {}
        for entry in group:
            step = before.get(entry.post.operation)
            if step is not None and step.state is StepState.INTENT and step.sent_at is not None:
                together.setdefault(step.path, []).append(entry)
        batches = [
            entries
            for path, entries in together.items()
            if path == _batch_path([before[e.post.operation].request_id for e in entries])
        ]
        again = {entry.post.operation for batch in batches for entry in batch}
        return batches, [entry for entry in group if entry.post.operation not in again]

    async def _send_singly(self, group: Sequence[Wanted]) -> None:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(entry: Wanted) -> None:
            async with turns:
                await self._wire([entry], self._write_one)

        # Not a TaskGroup: when one finds the company stopped, the others still hear their answers.
        results = await asyncio.gather(*map(one, group), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _write_one(self, writes: Sequence[Write]) -> list[Outcome]:
        return [await self._quickbooks.write(writes[0])]

    async def _send_batch(self, group: Sequence[Wanted]) -> None:
        await self._wire(group, self._write_batch)

    async def _write_batch(self, writes: Sequence[Write]) -> list[Outcome]:
        return await self._quickbooks.batch(
            writes, request_id=_batch_id([write.request_id for write in writes])
        )

    async def _wire(
        self,
        group: Sequence[Wanted],
        write: Callable[[Sequence[Write]], Awaitable[list[Outcome]]],
    ) -> None:
        """Intent, wire, answer. A crash in between leaves the step SENT: it is looked for."""
        with self._ledger.begin() as connection:
            self._check_still_wanted(connection)
            prepared = [(entry, self._intend(connection, entry)) for entry in group]
            ready = [(entry, step) for entry, step in prepared if step is not None]
            writes = [_write(step) for _, step in ready]
            if len(group) > 1:
                path = _batch_path([write.request_id for write in writes])
                steps.sent_through(connection, [step.id for _, step in ready], path)
            mark = marks.of(connection)
        marks.write(self._ledger.file, mark)
        if not ready:
            return
        try:
            outcomes = await write(writes)
        except (Trouble, NeverLeft):
            # No token, or stopped while it waited: certainly nothing of this has left.
            with self._ledger.begin() as connection:
                for _, step in ready:
                    self._recorder.take_back(connection, step)
            raise
        except asyncio.CancelledError:
            self._record(ready, [unknown(STOPPED_ON_THE_WIRE, None)] * len(ready))
            raise
        stopped = self._record(ready, outcomes)
        if stopped is not None:
            raise CompanyStopped(
                f"{stopped.sentence} {stopped.press}",
                signed_out=stopped.kind is FaultKind.SIGN_IN,
            )
        await asyncio.sleep(0)  # a stop that came while the answer was on its way counts from here

    def _record(
        self, ready: Sequence[tuple[Wanted, StepRecord]], outcomes: Sequence[Outcome]
    ) -> Fault | None:
        """Writes down what became of writes; a fault that concerns the whole company."""
        stopped = None
        with self._ledger.begin() as connection:
            for (entry, step), outcome in zip(ready, outcomes, strict=True):
                told = self._recorder.record(
                    connection, entry, step, outcome, batched=len(ready) > 1
                )
                stopped = told or stopped
        return stopped

    def _check_still_wanted(self, connection: Connection) -> None:
        """Another program on this machine may have disconnected or paused the company meanwhile."""
        company = companies.get(connection, self._company.id)
        if not company.connected or company.paused or not company.active:
            raise CompanyLeft

    def _intend(self, connection: Connection, entry: Wanted) -> StepRecord | None:
        """The durable record of a write, committed before its first byte leaves; None: it is not
        to be sent, because it is under way, done, or a person ignores the invoice by now."""
        now = self._clock()
        post = entry.post
        if invoices.is_ignored(connection, entry.record.id):
            return None
        latest = steps.latest(connection, self._company.id, [post.operation]).get(post.operation)
        if latest is not None and latest.state in (StepState.SENT, StepState.UNKNOWN):
            return None
        again = post.shared or post.kind is StepKind.REPAIR
        if latest is not None and latest.state is StepState.CONFIRMED and not again:
            return None
        wanted = payloads.body(post.payload)
        if latest is not None and _sent_otherwise(latest, wanted):
            # Proven absent, and the invoice has changed: other bytes need another request id.
            steps.change(connection, latest.id, state=StepState.RETIRED)
            latest = replace(latest, state=StepState.RETIRED)
        if latest is not None and latest.state is StepState.INTENT:
            changes: dict[str, Any] = {"body": wanted}
            step_id = latest.id
        else:
            step_id, changes = self._new_step(connection, entry, latest), {}
        changes |= {"state": StepState.SENT, "sent_at": now, "ended_at": None, "absent_at": None}
        changes |= {"path": post.kind.path}
        steps.change(connection, step_id, **changes)
        invoices.change(connection, entry.record.id, status=Status.POSTING)
        if post.kind is StepKind.INVOICE:
            invoices.change(connection, entry.record.id, posted_document=entry.record.document)
            self._recorder.remember_customer(connection, entry)
        return steps.latest(connection, self._company.id, [post.operation])[post.operation]

    def _new_step(self, connection: Connection, entry: Wanted, latest: StepRecord | None) -> int:
        post = entry.post
        generation = 0 if latest is None else latest.generation + 1
        step = steps.add(
            connection,
            company_id=self._company.id,
            invoice_id=entry.record.id,
            kind=post.kind,
            operation=post.operation,
            generation=generation,
            request_id=request_id(
                self._known.realm_id,
                self._known.source_key,
                post.kind,
                post.operation,
                generation,
            ),
            path=post.kind.path,
            body=payloads.body(post.payload),
            state=StepState.INTENT,
        )
        return step.id


def each_once(wanted: Sequence[Wanted]) -> list[Wanted]:
    """The same operation once; of those that must not meet, the first."""
    chosen: dict[str, Wanted] = {}
    alone: set[str] = set()
    for entry in wanted:
        post = entry.post
        if post.operation in chosen or (post.alone_with and post.alone_with in alone):
            continue
        chosen[post.operation] = entry
        alone.add(post.alone_with)
    return list(chosen.values())


def _sent_otherwise(step: StepRecord, wanted: bytes) -> bool:
    was_sent = step.state is StepState.INTENT and step.sent_at is not None
    return was_sent and step.body != wanted


def _write(step: StepRecord) -> Write:
    # In a batch an update has to call itself one; alone, Id and SyncToken say it.
    params = {"operation": "update"} if step.kind == StepKind.REPAIR else {}
    return Write(StepKind(step.kind).path, step.body, step.request_id, params)


def _batch_id(request_ids: Sequence[str]) -> str:
    """The same for the same writes in the same order."""
    return f"qdb{hashlib.sha256(''.join(request_ids).encode()).hexdigest()[:32]}"


def _batch_path(request_ids: Sequence[str]) -> str:
    return f"batch?requestid={_batch_id(request_ids)}"
