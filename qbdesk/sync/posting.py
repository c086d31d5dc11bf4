"""Sending steps to QuickBooks: the intent is committed first, the answer right after."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from qbdesk.sync.errors import Trouble
from qbdesk.sync.ledger import companies, invoices, journal, memory, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.operations import StepKind, request_id
from qbdesk.sync.planner import customers
from qbdesk.sync.planner.decisions import Post
from qbdesk.sync.planner.knowledge import Knowledge, KnownCustomer
from qbdesk.sync.quickbooks import answers, payloads
from qbdesk.sync.quickbooks.client import (
    Confirmed,
    NotSent,
    Outcome,
    QuickBooks,
    Refused,
    Unknown,
    Write,
)
from qbdesk.sync.quickbooks.faults import Fault, FaultKind
from qbdesk.sync.quickbooks.objects import CustomerObject, Entity
from qbdesk.sync.views import Status

MANY = 10  # so many writes of one kind travel in batches; fewer go one by one, which is unmetered
BATCH = 30  # Intuit: items in a batch
AT_ONCE = 4  # single writes under way together
WHOLE_COMPANY = (FaultKind.COMPANY, FaultKind.SIGN_IN, FaultKind.THROTTLED)
LEFT = "The company was disconnected or paused meanwhile; nothing more is posted."
WHAT = {
    StepKind.CUSTOMER: "Customer",
    StepKind.ITEM: "Product or service",
    StepKind.METHOD: "Payment method",
    StepKind.INVOICE: "Invoice",
    StepKind.REPAIR: "Correction of the invoice",
    StepKind.PAYMENT: "Payment",
}


class CompanyStopped(Trouble):
    """QuickBooks does not serve this company now: none of its invoices can go on.

    Attributes:
        signed_out: True when only signing in again helps.
    """

    def __init__(self, sentence: str, *, signed_out: bool = False) -> None:
        super().__init__(sentence)
        self.signed_out = signed_out


@dataclass(frozen=True)
class Wanted:
    """One write, and the invoice that wants it."""

    record: InvoiceRecord
    invoice: PaidInvoice
    post: Post


class Poster:
    """Sends the writes of one pass."""

    def __init__(
        self,
        ledger: Ledger,
        quickbooks: QuickBooks,
        company: Company,
        known: Knowledge,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._quickbooks = quickbooks
        self._company = company
        self._known = known
        self._clock = clock

    async def send(self, wanted: Sequence[Wanted]) -> None:
        """Sends every write once; shared ones for the first invoice that wants them.

        Raises:
            CompanyStopped: QuickBooks serves nothing of this company now.
        """
        chosen = _each_once(wanted)
        for kind in StepKind:
            group = [entry for entry in chosen if entry.post.kind is kind]
            if len(group) >= MANY:
                for start in range(0, len(group), BATCH):
                    await self._send_batch(group[start : start + BATCH])
            elif group:
                await self._send_singly(group)

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
        told = hashlib.sha256("".join(write.request_id for write in writes).encode()).hexdigest()
        return await self._quickbooks.batch(writes, request_id=f"qdb{told[:32]}")

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
        if not ready:
            return
        writes = [_write(step) for _, step in ready]
        try:
            outcomes = await write(writes)
        except Trouble:
            # The token source had none to give: certainly nothing of this has left.
            with self._ledger.begin() as connection:
                for _, step in ready:
                    self._take_back(connection, step)
            raise
        stopped = None
        with self._ledger.begin() as connection:
            for (entry, step), outcome in zip(ready, outcomes, strict=True):
                told = self._record(connection, entry, step, outcome, batched=len(ready) > 1)
                stopped = told or stopped
        if stopped is not None:
            raise CompanyStopped(
                f"{stopped.sentence} {stopped.press}",
                signed_out=stopped.kind is FaultKind.SIGN_IN,
            )

    def _check_still_wanted(self, connection: Connection) -> None:
        """Another program on this machine may have disconnected or paused the company meanwhile."""
        company = companies.get(connection, self._company.id)
        if not company.connected or company.paused or not company.active:
            raise CompanyStopped(LEFT, signed_out=not company.connected)

    def _intend(self, connection: Connection, entry: Wanted) -> StepRecord | None:
        """The durable record of a write, committed before its first byte leaves."""
        now = self._clock()
        post = entry.post
        latest = steps.latest(connection, self._company.id, [post.operation]).get(post.operation)
        if latest is not None and latest.state in (StepState.SENT, StepState.UNKNOWN):
            return None
        again = post.shared or post.kind is StepKind.REPAIR
        if latest is not None and latest.state is StepState.CONFIRMED and not again:
            return None
        if latest is not None and latest.state is StepState.INTENT:
            changes: dict[str, Any] = {}
            if latest.sent_at is None:
                changes["body"] = payloads.body(post.payload)
            step_id = latest.id
        else:
            step_id, changes = self._new_step(connection, entry, latest), {}
        changes |= {"state": StepState.SENT, "sent_at": now, "ended_at": None, "absent_at": None}
        steps.change(connection, step_id, **changes)
        invoices.change(connection, entry.record.id, status=Status.POSTING)
        if post.kind is StepKind.INVOICE:
            invoices.change(connection, entry.record.id, posted_document=entry.record.document)
            self._remember_customer(connection, entry)
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

    def _remember_customer(self, connection: Connection, entry: Wanted) -> None:
        """Whom we posted for, by the source's own id (bookkeeping rule 5)."""
        client = entry.invoice.customer
        key = (client.id, entry.invoice.currency)
        customer_id = entry.post.payload["CustomerRef"]["value"]
        before = self._known.customers.get(key)
        if before is not None and before.id == customer_id and before.remembered:
            return
        name = before.name if before is not None else client.name
        made = before is not None and before.made
        self._keep_customer(connection, entry, customer_id, name, made=made)

    def _keep_customer(
        self, connection: Connection, entry: Wanted, customer_id: str, name: str, *, made: bool
    ) -> None:
        client = entry.invoice.customer
        email = customers.key_of(entry.invoice)
        value: dict[str, Any] = {
            "id": customer_id,
            "name": name,
            "email": email,
            "source_name": client.name,
            "made": made,
        }
        key = f"{client.id} {entry.invoice.currency}"
        memory.remember(connection, self._company.id, "customer", key, value)
        known = KnownCustomer(customer_id, name, remembered=True, made=made)
        self._known.customers[client.id, entry.invoice.currency] = known
        self._known.email_owners.setdefault(email, {})[client.id] = client.name

    # ---- answers ----

    def _record(
        self,
        connection: Connection,
        entry: Wanted,
        step: StepRecord,
        outcome: Outcome,
        *,
        batched: bool,
    ) -> Fault | None:
        """Writes down what became of a step; returns the fault that stops the company, if any."""
        if isinstance(outcome, Confirmed):
            self._confirm(connection, entry, step, outcome)
        elif isinstance(outcome, NotSent):
            self._take_back(connection, step)
            self._note(connection, step, "not sent", None, outcome.why)
        elif isinstance(outcome, Unknown):
            self._doubt(connection, step, outcome.why, outcome.tid)
        else:
            return self._refuse(connection, step, outcome, batched=batched)
        return None

    def _confirm(
        self, connection: Connection, entry: Wanted, step: StepRecord, outcome: Confirmed
    ) -> None:
        kind = StepKind(step.kind)
        try:
            found = answers.OBJECTS[kind].model_validate(outcome.entity)
        except ValidationError:
            self._doubt(connection, step, "QuickBooks' answer cannot be read.", outcome.tid)
            return
        self.confirm(connection, step, found, fresh=True)
        self.learn(connection, entry, kind, found)
        told = f"{WHAT[kind]} written to QuickBooks as Id {found.id}."
        self._note(connection, step, "confirmed", outcome.tid, told)

    def confirm(
        self, connection: Connection, step: StepRecord, found: Entity, *, fresh: bool
    ) -> None:
        steps.change(
            connection,
            step.id,
            state=StepState.CONFIRMED,
            ended_at=self._clock(),
            quickbooks_id=found.id,
            answer=answers.kept(found, fresh=fresh),
        )

    def learn(self, connection: Connection, entry: Wanted, kind: StepKind, found: Entity) -> None:
        """Reads are metered: what an answer tells is remembered."""
        operation = entry.post.operation
        if kind is StepKind.CUSTOMER and isinstance(found, CustomerObject):
            self._keep_customer(connection, entry, found.id, found.display_name, made=True)
            email = customers.key_of(entry.invoice)
            self._known.by_email[email] = (*self._known.by_email.get(email, ()), found)
        elif kind is StepKind.ITEM:
            account = operation.removeprefix("item:")
            self._known.items[account] = found.id
            memory.remember(connection, self._company.id, "item", account, found.id)
        elif kind is StepKind.METHOD:
            name = operation.removeprefix("method:")
            self._known.methods[name] = found.id
            memory.remember(connection, self._company.id, "method", name, found.id)
        elif kind is StepKind.REPAIR:
            for step in steps.of_quickbooks_id(connection, self._company.id, found.id):
                steps.change(connection, step.id, answer=answers.kept(found, fresh=False))

    def _doubt(self, connection: Connection, step: StepRecord, why: str, tid: str | None) -> None:
        steps.change(connection, step.id, state=StepState.UNKNOWN, ended_at=self._clock())
        self._note(connection, step, "unknown", tid, why)

    def _refuse(
        self, connection: Connection, step: StepRecord, outcome: Refused, *, batched: bool
    ) -> Fault | None:
        fault = outcome.fault
        self._note(connection, step, "refused", fault.tid, fault.sentence)
        if fault.kind in WHOLE_COMPANY:
            self._take_back(connection, step)
            # One item of a batch that came too fast goes again by itself, after the pause.
            return None if fault.kind is FaultKind.THROTTLED and batched else fault
        steps.change(
            connection,
            step.id,
            state=StepState.REJECTED,
            ended_at=self._clock(),
            fault_code=fault.code,
            fault_text=f"{fault.sentence} {fault.press}",
        )
        self._was_not_posted(connection, step)
        if step.invoice_id is not None:
            journal.add(
                connection,
                self._company.id,
                step.invoice_id,
                self._clock(),
                f"QuickBooks refused: {fault.sentence}",
                details=f"code {fault.code} {fault.element} {fault.private_detail}".strip(),
            )
        return None

    def _take_back(self, connection: Connection, step: StepRecord) -> None:
        """Certainly not carried out. If no earlier attempt is in doubt either, what is sent may
        still change with the invoice; else it is the very same bytes for ever."""
        steps.change(connection, step.id, state=StepState.INTENT)
        if not steps.was_in_doubt(connection, step.id):
            steps.change(connection, step.id, sent_at=None)
            self._was_not_posted(connection, step)

    def _was_not_posted(self, connection: Connection, step: StepRecord) -> None:
        if step.kind == StepKind.INVOICE and step.invoice_id is not None:
            invoices.change(connection, step.invoice_id, posted_document=None)

    def _note(
        self, connection: Connection, step: StepRecord, outcome: str, tid: str | None, text: str
    ) -> None:
        steps.add_attempt(connection, step.id, self._clock(), outcome, tid, text)


def _each_once(wanted: Sequence[Wanted]) -> list[Wanted]:
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
    return Write(step.path, step.body, step.request_id, params)
