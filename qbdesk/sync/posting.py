"""Sending steps to QuickBooks: the intent is committed before the first byte leaves."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from qbdesk.sync.errors import Trouble
from qbdesk.sync.ledger import attempts, companies, invoices, marks, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.lost_batches import Fate, batch_id, batch_path, fate
from qbdesk.sync.operations import StepKind, request_id
from qbdesk.sync.planner.decisions import Post
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.planner.plan import LATE
from qbdesk.sync.quickbooks import payloads
from qbdesk.sync.quickbooks.batches import MOST_ITEMS
from qbdesk.sync.quickbooks.client import (
    Outcome,
    QuickBooks,
    Refused,
    Write,
)
from qbdesk.sync.quickbooks.connection import NeverLeft
from qbdesk.sync.quickbooks.faults import Fault, FaultKind
from qbdesk.sync.quickbooks.outcomes import unknown
from qbdesk.sync.recording import Recorder, Wanted
from qbdesk.sync.views import Status

MANY = 10  # so many writes travel in a batch; fewer go one by one, which is unmetered
TOO_MANY = "1040"  # Intuit's code for a batch of too many entries
AT_ONCE = 6  # requests under way together; older texts of Intuit allow 10
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
    """A person has paused or disconnected the company while a pass was running, or chosen another
    first day: no trouble, but nothing more is posted."""


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
        self._door = asyncio.Lock()
        self._one_by_one = False  # QuickBooks takes no batch of our size

    async def send(self, wanted: Sequence[Wanted], *, more_to_come: bool = False) -> set[str]:
        """Sends every write once; shared ones for the first invoice that wants them. None of them
        may need another one. Returns the operations that wait for the rest of their batch.

        Args:
            more_to_come: What would leave a batch half empty may stay behind for the next time.

        Raises:
            CompanyStopped: QuickBooks serves nothing of this company now.
        """
        if not wanted:
            return set()
        again, new, behind = self._sent_before(each_once(wanted))
        fresh = [[entry] for entry in new] if self._one_by_one else None
        loads = deque([*again, *(fresh or _loads(new, more_to_come=more_to_come))])

        async def carry() -> None:
            while loads:
                try:
                    await self._wire(loads.popleft())
                except BaseException:
                    loads.clear()
                    raise

        # Not a TaskGroup: when one finds the company stopped, the others still hear their answers.
        carriers = (carry() for _ in range(min(AT_ONCE, len(loads))))
        results = await asyncio.gather(*carriers, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return behind

    def _sent_before(
        self, group: Sequence[Wanted]
    ) -> tuple[list[list[Wanted]], list[Wanted], set[str]]:
        """What was proven absent and goes again, what is new, and which operations wait for others.

        What went out by itself goes again by itself, and what went in one batch in the very same
        batch, if it can: its request id is the last safety against a write that comes late.
        """
        operations = [entry.post.operation for entry in group]
        loads: list[list[Wanted]] = []
        together: dict[str, list[tuple[Wanted, StepRecord]]] = {}
        new, behind = [], set[str]()
        with self._ledger.begin() as connection:
            before = steps.latest(connection, self._company.id, operations)
            for entry in group:
                step = before.get(entry.post.operation)
                if step is None or not step.was_sent:
                    new.append(entry)
                elif step.in_batch:
                    together.setdefault(step.path, []).append((entry, step))
                else:
                    loads.append([entry])
            for path, found in together.items():
                match self._fate(connection, path, found):
                    case Fate.TOGETHER:
                        loads.append([entry for entry, _ in found])
                    case Fate.LATER:
                        behind |= {step.operation for _, step in found}
                    case Fate.SINGLY:
                        loads += [[entry] for entry, _ in found]
                    case told:
                        self._doubt_anew(connection, told, [step for _, step in found])
        return loads, new, behind

    def _doubt_anew(self, connection: Connection, told: Fate, found: Sequence[StepRecord]) -> None:
        for step in found:
            if told is Fate.APART:
                steps.put_apart(connection, step)
            else:
                steps.look_again(connection, step, self._clock())

    def _fate(
        self, connection: Connection, path: str, found: Sequence[tuple[Wanted, StepRecord]]
    ) -> Fate:
        members = steps.of_path(connection, self._company.id, path)
        to_come = self._to_come(connection, members) if len(members) > len(found) else set()
        has_run = attempts.have_run(connection, members)
        tries = attempts.tries(connection, [step for _, step in found])
        posts = [(entry.post, step) for entry, step in found]
        told = fate(path, posts, members, to_come, tries, has_run=has_run)
        too_large = self._one_by_one and told in (Fate.TOGETHER, Fate.LATER)
        return Fate.APART if too_large else told

    def _to_come(self, connection: Connection, members: Sequence[StepRecord]) -> set[int]:
        """Those that will be wanted again, in this pass or a later one: in doubt or proven absent,
        and of an invoice that is not at rest. None where nothing has moved for an hour, or the
        clock was set back: nothing waits for ever."""
        now = self._clock()
        looked = (each.absent_at or each.sent_at or now for each in members)
        last = max(*looked, *(each.ended_at for each in members if each.ended_at))
        if not last <= now < last + self._known.settle * LATE:
            return set()
        newest = steps.latest(connection, self._company.id, [each.operation for each in members])
        under_way = set(invoices.under_way(connection, self._company.id))
        return {
            each.id
            for each in members
            if (each.was_sent or each.state in (StepState.SENT, StepState.UNKNOWN))
            and newest[each.operation].id == each.id
            and each.invoice_id in under_way
        }

    async def _write(self, writes: Sequence[Write]) -> list[Outcome]:
        if len(writes) == 1:
            return [await self._quickbooks.write(writes[0])]
        request_id = batch_id([write.request_id for write in writes])
        return await self._quickbooks.batch(writes, request_id=request_id)

    async def _wire(self, load: Sequence[Wanted]) -> None:
        """Intent, wire, answer. A crash in between leaves the step SENT: it is looked for."""
        async with self._door:
            # What waits for its turn has no intent yet, so that stopping leaves nothing in doubt.
            await self._quickbooks.room("write" if len(load) == 1 else "batch")
            with self._ledger.begin() as connection:
                self._check_still_wanted(connection)
                ready = self._intend(connection, load)
                if len(ready) > 1:
                    path = batch_path([step.request_id for _, step in ready])
                    steps.sent_through(connection, [step.id for _, step in ready], path)
                mark = marks.of(connection)
            marks.write(self._ledger.file, mark)
        if not ready:
            return
        try:
            outcomes = await self._write([_write(step) for _, step in ready])
        except (Trouble, NeverLeft):
            # No token, or stopped while it waited: certainly nothing of this has left.
            with self._ledger.begin() as connection:
                for _, step in ready:
                    self._recorder.take_back(connection, step)
            raise
        except asyncio.CancelledError:
            self._record(ready, [unknown(STOPPED_ON_THE_WIRE, None)] * len(ready))
            raise
        if all(_is_too_many(outcome) for outcome in outcomes) and len(ready) > 1:
            # Nothing of it was entered: the next round sends it again, each by itself.
            self._one_by_one = True
            self._note_too_many(ready, outcomes)
            return
        stopped = self._record(ready, outcomes)
        if stopped is not None:
            raise CompanyStopped(
                f"{stopped.sentence} {stopped.press}",
                signed_out=stopped.kind is FaultKind.SIGN_IN,
            )
        await asyncio.sleep(0)  # a stop that came while the answer was on its way counts from here

    def _note_too_many(
        self, ready: Sequence[tuple[Wanted, StepRecord]], outcomes: Sequence[Outcome]
    ) -> None:
        with self._ledger.begin() as connection:
            for (_, step), outcome in zip(ready, outcomes, strict=True):
                assert isinstance(outcome, Refused)
                told, now = outcome.fault, self._clock()
                attempts.add(connection, step, now, "refused", told.tid, told.sentence)
                self._recorder.take_back(connection, step)

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
        if company.from_date != self._company.from_date:
            raise CompanyLeft  # the next pass goes by the new first day
        mark = marks.read(self._ledger.file)
        if mark is not None and marks.of(connection).is_behind(mark):
            # Somebody has put back an old ledger under this very pass: the next one rebuilds it.
            raise CompanyLeft

    def _intend(
        self, connection: Connection, load: Sequence[Wanted]
    ) -> list[tuple[Wanted, StepRecord]]:
        """The durable records of writes, committed before their first byte leaves; without those
        that are under way, done, or of an invoice that a person ignores by now. In the order of
        their ids: so that the ledger knows in which order they were in their batch."""
        left_alone = invoices.ignored(connection, [entry.record.id for entry in load])
        names = [entry.post.operation for entry in load]
        before = steps.latest(connection, self._company.id, names)
        going = [
            entry
            for entry in load
            if entry.record.id not in left_alone
            and not _is_settled(before.get(entry.post.operation), entry.post)
        ]
        ready = []
        for entry in going:
            latest = before.get(entry.post.operation)
            if latest is not None and latest.was_sent and len(going) < len(load):
                continue  # a moment ago its batch was whole still: the next round decides
            ready.append((entry, self._sent(connection, entry, latest)))
            values: dict[str, Any] = {"status": Status.POSTING}
            if entry.post.kind is StepKind.INVOICE:
                values["posted_document"] = entry.record.document
                self._recorder.remember_customer(connection, entry)
            invoices.change(connection, entry.record.id, **values)
        return sorted(ready, key=lambda each: each[1].id)

    def _sent(self, connection: Connection, entry: Wanted, latest: StepRecord | None) -> StepRecord:
        """The step as it stands from now on: its bytes may have left."""
        wanted = payloads.body(entry.post.payload)
        sending: dict[str, Any] = {
            "state": StepState.SENT,
            "sent_at": self._clock(),
            "ended_at": None,
            "absent_at": None,
            "path": entry.post.kind.path,
        }
        if latest is not None and latest.state is StepState.INTENT:
            if not attempts.is_used_up(connection, latest):
                if latest.was_sent and latest.body != wanted:
                    # Proven absent, and the invoice has changed. Under the same request id what is
                    # carried out late, or was posted by another desk meanwhile, is not doubled.
                    documents = invoices.posted_documents(connection, [entry.record.id])
                    sending["answer"] = steps.earlier_noted(latest, documents[entry.record.id])
                steps.change(connection, latest.id, body=wanted, **sending)
                return replace(latest, body=wanted, **sending)
            steps.change(connection, latest.id, state=StepState.RETIRED)
        post = entry.post
        generation = 0 if latest is None else latest.generation + 1
        return steps.add(
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
            body=wanted,
            **sending,
        )


def _is_too_many(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.fault.code == TOO_MANY


def _is_settled(latest: StepRecord | None, post: Post) -> bool:
    """It is not to be sent: it is under way, or done."""
    if latest is None:
        return False
    again = post.shared or post.kind is StepKind.REPAIR
    done = latest.state is StepState.CONFIRMED and not again
    return done or latest.state in (StepState.SENT, StepState.UNKNOWN)


def _loads(wanted: list[Wanted], *, more_to_come: bool) -> Iterator[list[Wanted]]:
    """What travels together: full batches, and the rest as costs least."""
    full = len(wanted) - len(wanted) % MOST_ITEMS
    rest = [] if full and more_to_come else wanted[full:]
    if len(rest) < MANY:
        yield from ([entry] for entry in rest)
    yield from (wanted[start : start + MOST_ITEMS] for start in range(0, full, MOST_ITEMS))
    if len(rest) >= MANY:
        yield rest


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


def _write(step: StepRecord) -> Write:
    # In a batch an update has to call itself one; alone, Id and SyncToken say it.
    params = {"operation": "update"} if step.kind == StepKind.REPAIR else {}
    return Write(StepKind(step.kind).path, step.body, step.request_id, params)
