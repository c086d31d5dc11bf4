"""Many invoices advance together, each at its own stage: looked up, decided and posted."""

import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import simplejson

from qbdesk.sync import intake, reading
from qbdesk.sync.asking import Asking
from qbdesk.sync.clock_watch import watch_the_clock
from qbdesk.sync.errors import where
from qbdesk.sync.ledger import attempts, invoices, journal, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.ledger.steps import Earlier, StepRecord
from qbdesk.sync.lookups import Lookups
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner import changes, customers
from qbdesk.sync.planner.decisions import Adopt, Decision, Hold, Look, Post, Settle, Wait
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.planner.plan import plan
from qbdesk.sync.planner.steps import operations
from qbdesk.sync.posting import Poster, each_once
from qbdesk.sync.quickbooks.client import BACK_OFF, QuickBooks, Unreachable
from qbdesk.sync.recording import Recorder, Wanted
from qbdesk.sync.rehearsal import Rehearsal, RehearsedPoster
from qbdesk.sync.settling import Settler
from qbdesk.sync.sources.source import Source
from qbdesk.sync.verdicts import Verdicts
from qbdesk.sync.views import InvoicesChanged, Progress

log = logging.getLogger(__name__)

PAGE = 300  # invoices that join at a time, so that their looks share as few reads as can be
AT_ONCE = 900  # invoices on their way: while some wait for their payments, others are looked up
MOST_ROUNDS = 40
OWN_FAULT = (
    "Something went wrong in qbdesk itself with this invoice, and nothing of it was posted now. "
    "Press Try again; if it stays, look into the log."
)
FOR_ITS_BATCH = (
    "QuickBooks has not said whether it took this. What was sent goes again together with the "
    "other entries that left with it, when all of them were looked for; nothing is posted twice."
)
STUCK = "It did not come to an end in this pass; the next pass goes on."


@dataclass(frozen=True)
class PassTools:
    """Everything a pass touches is handed to it.

    `monotonic`: seconds since the computer was started.
    `rehearsal`: everything up to an invoice's first write, which is noted instead of done.
    """

    ledger: Ledger
    company: Company
    source: Source
    quickbooks: QuickBooks
    clock: Callable[[], datetime]
    settle: timedelta
    hears: Callable[[InvoicesChanged | Progress], None]
    monotonic: Callable[[], float]
    rehearsal: Rehearsal | None = None

    def tell(self, sentence: str, done: int = 0, total: int = 0) -> None:
        writes = self.rehearsal is None
        self.hears(Progress(self.company.name, sentence, done, total, writes))


@dataclass(frozen=True)
class Work:
    """One invoice while it is worked on; `last_round` is the one in which it has to be at rest."""

    record: InvoiceRecord
    invoice: PaidInvoice
    last_round: int


class Waves:
    """Takes invoices as far as they go now; all that is written in one round goes out together.

    Args:
        lookups: The pass' one, which remembers what it has read.
    """

    def __init__(
        self, tools: PassTools, verdicts: Verdicts, known: Knowledge, lookups: Lookups
    ) -> None:
        self._tools = tools
        self._ledger = tools.ledger
        self._company = tools.company
        self._verdicts = verdicts
        self._known = known
        self._round = 0
        self._queue: deque[int] = deque()
        self._working: dict[int, Work] = {}
        self._cases: dict[int, Case] = {}
        self._pauses = iter(BACK_OFF)
        self._behind: set[str] = set()  # operations that wait for the rest of their batch
        self._idle = False  # nothing but these is left to do
        recorder = Recorder(tools.company, known, tools.clock)
        self._poster = (
            Poster(tools.ledger, tools.quickbooks, tools.company, known, recorder, tools.clock)
            if tools.rehearsal is None
            else RehearsedPoster(tools.rehearsal, tools.ledger, recorder)
        )
        self._asking = Asking(
            tools.ledger,
            tools.quickbooks,
            tools.company,
            tools.clock,
            lookups,
            known,
            Settler(tools.ledger, tools.quickbooks, known, recorder, tools.clock),
        )

    async def advance(self, ids: Sequence[int], *, fresh: Collection[int] = ()) -> None:
        """Plans and acts, round by round, until every invoice is at rest or has to wait.

        Args:
            fresh: Those of which QuickBooks has told just now how they stand there.
        """
        self._queue.extend(ids)
        while self._queue or self._working:
            self._round += 1
            if len(self._working) + PAGE <= AT_ONCE:
                self._idle = self._idle and not self._queue
                self._join(
                    [self._queue.popleft() for _ in range(min(PAGE, len(self._queue)))], fresh
                )
            self._look_back()
            decisions = {key: self._decide(key) for key in self._working}
            self._apply(decisions)
            done = len(ids) - len(self._queue) - len(self._working)
            doing = "Posting to" if self._tools.rehearsal is None else "Planning for"
            self._tools.tell(f"{doing} {self._company.company_name}", done, len(ids))
            await self._act(decisions)
        if self._asking.trouble is not None:
            raise self._asking.trouble

    def _decide(self, key: int) -> Decision:
        if self._idle or self._round > self._working[key].last_round:
            waits = self._behind & self._cases[key].steps.keys()
            return Wait(FOR_ITS_BATCH if waits else STUCK)
        try:
            invoice = self._working[key].invoice
            decision = plan(invoice, self._known, self._cases[key])
            rehearsal = self._tools.rehearsal
            end = rehearsal and rehearsal.end(invoice, decision, self._known)
        except Exception as error:
            # One invoice that nobody foresaw must not keep the others from being posted.
            log.error("The planner failed by %s at %s", type(error).__name__, where(error))
            return Hold("own_fault", OWN_FAULT)
        return end or decision

    def _join(self, ids: Sequence[int], fresh: Collection[int]) -> None:
        with self._ledger.begin() as connection:
            # Since an earlier pass somebody may have paid or changed them in QuickBooks.
            steps.read_again(connection, [key for key in ids if key not in fresh])
            records = invoices.get(connection, ids)
        for record in records:
            row = reading.read_document(record.document)
            if row.invoice is None:
                with self._ledger.begin() as connection:
                    told = intake.told_unreadable(connection, record.id, row.problem)
                self._verdicts.write([(record, Hold(intake.UNREADABLE, told))])
                continue
            work = Work(record, row.invoice, self._round + MOST_ROUNDS)
            self._working[record.id] = work
            self._introduce_client(work.invoice)

    def _introduce_client(self, invoice: PaidInvoice) -> None:
        """Clients that share an e-mail are seen to share it before either is posted (rule 6)."""
        owners = self._known.email_owners.setdefault(customers.key_of(invoice), {})
        owners.setdefault(invoice.customer.id, invoice.customer.name)

    def _look_back(self) -> None:
        """Every invoice's past, read afresh from the ledger.

        What a person ignores meanwhile is left alone at once: a write that others need as well
        would wait for it in vain.
        """
        now = self._tools.clock()
        with self._ledger.begin() as connection:
            watch_the_clock(connection, self._company.id, now, self._tools.monotonic())
            for key in invoices.ignored(connection, list(self._working)):
                del self._working[key]
            names = {key: self._operations(w.invoice) for key, w in self._working.items()}
            everything = {name for each in names.values() for name in each}
            posted = invoices.posted_documents(connection, list(self._working))
            found = steps.latest(connection, self._company.id, everything)
            again = {name: step for name, step in found.items() if step.was_sent}
            fared = attempts.tries(connection, again.values())
            same = invoices.earlier_with_number(
                connection, self._company.id, [work.record for work in self._working.values()]
            )
        tries = {name: fared[step.id] for name, step in again.items()}
        self._cases = {
            key: Case(
                now=now,
                seen_at=self._working[key].record.seen_at,
                answers=self._working[key].record.answers,
                steps={name: found[name] for name in each if name in found},
                tries={name: tries[name] for name in each if name in tries},
                same_number=same.get(key),
                changed=_changed(self._working[key], posted[key], self._known),
            )
            for key, each in names.items()
        }

    def _operations(self, invoice: PaidInvoice) -> list[str]:
        item = f"item:{self._known.income_account_id}"
        return [*operations(invoice), *customers.of_same_email(invoice, self._known), item]

    def _apply(self, decisions: dict[int, Decision]) -> None:
        """Writes down every decision that ends the work on an invoice, if it goes on still."""
        ended = [
            (self._working.pop(key), decision)
            for key, decision in decisions.items()
            if not isinstance(decision, tuple) and key in self._working
        ]
        if not ended:
            return
        self._verdicts.write((work.record, decision) for work, decision in ended)
        for work, _ in ended:
            # Only what may be needed again stays in memory, however long the backlog is.
            self._known.numbers.pop(work.invoice.number.casefold(), None)
        ids = tuple(work.record.source_id for work, _ in ended)
        self._tools.hears(InvoicesChanged(self._company.name, ids))

    # ---- one round of action ----

    async def _act(self, decisions: dict[int, Decision]) -> None:
        actions = [
            (work, action)
            for key, work in self._working.items()
            if isinstance(decision := decisions[key], tuple)
            for action in decision
        ]
        self._adopt([(work, each) for work, each in actions if isinstance(each, Adopt)])
        await self._settle([(work, each) for work, each in actions if isinstance(each, Settle)])
        await self._look([(work, each) for work, each in actions if isinstance(each, Look)])
        posts = [
            Wanted(work.record, work.invoice, each)
            for work, each in actions
            if isinstance(each, Post) and work.record.id in self._working
        ]
        began = self._tools.clock()
        self._behind = await self._poster.send(posts, more_to_come=bool(self._queue))
        goes_on = len(posts) < len(actions) or any(
            not isinstance(each, tuple) for each in decisions.values()
        )
        self._idle = (
            not goes_on and {entry.post.operation for entry in each_once(posts)} <= self._behind
        )
        await self._after(posts, began)

    async def _after(self, posts: Sequence[Wanted], began: datetime) -> None:
        """What did not even leave this computer goes again after a pause, three times."""
        why = None
        if operations := [entry.post.operation for entry in posts]:
            with self._ledger.begin() as connection:
                why = attempts.not_sent(connection, self._company.id, operations, began)
        if why is None:
            self._pauses = iter(BACK_OFF)
            return
        pause = next(self._pauses, None)
        if pause is None:
            raise Unreachable(why, sent=False)
        await self._tools.quickbooks.back_off(pause, why)

    def _adopt(self, adopts: Sequence[tuple[Work, Adopt]]) -> None:
        if not adopts:
            return
        now = self._tools.clock()
        with self._ledger.begin() as connection:
            for work, adopt in adopts:
                record = work.record
                steps.adopt(
                    connection,
                    company_id=record.company_id,
                    invoice_id=record.id,
                    kind=adopt.kind,
                    operation=adopt.operation,
                    quickbooks_id=adopt.quickbooks_id,
                    answer=adopt.answer,
                    ended_at=now,
                )
                step = self._cases[record.id].steps.get(adopt.operation)
                before = invoices.posted_documents(connection, [record.id])[record.id]
                earlier = None if step is None else _of_earlier(work, adopt, step, before)
                posted = record.document if earlier is None else earlier
                invoices.change(connection, record.id, posted_document=posted, changed_at=now)
                journal.add(connection, record.company_id, record.id, now, adopt.why)

    async def _settle(self, settles: Sequence[tuple[Work, Settle]]) -> None:
        doubtful: dict[str, list[Work]] = {}
        for work, settle in settles:
            doubtful.setdefault(settle.operation, []).append(work)
        for operation, works in doubtful.items():
            step = self._cases[works[0].record.id].steps[operation]
            again = Post(StepKind(step.kind), operation, {})
            wanted = Wanted(works[0].record, works[0].invoice, again)
            left = await self._asking.settle(step, wanted)
            if left is not None:
                self._apply({work.record.id: left for work in works})

    async def _look(self, looks: Sequence[tuple[Work, Look]]) -> None:
        unanswered = await self._asking.look({look for _, look in looks})
        self._apply({w.record.id: unanswered[look] for w, look in looks if look in unanswered})


def _of_earlier(work: Work, adopt: Adopt, step: StepRecord, document: str | None) -> str | None:
    """The source's document of what was sent before it changed the invoice's date or client, if it
    is that which was carried out, after it had been proven absent."""
    if adopt.kind is not StepKind.INVOICE:
        return None
    there = (adopt.answer["dated"], adopt.answer["customer_id"])
    found = None
    for left in (*step.earlier, Earlier(step.body, document)):
        then = reading.read_document(left.document or "null").invoice
        if then is None or not left.body or there != _date_and_customer(left.body):
            continue
        if (then.issue_date, then.customer) == (work.invoice.issue_date, work.invoice.customer):
            return None
        found = left.document
    return found


def _date_and_customer(body: bytes) -> tuple[str, str]:
    sent = simplejson.loads(body)
    return sent["TxnDate"], sent["CustomerRef"]["value"]


def _changed(work: Work, posted: str | None, known: Knowledge) -> str | None:
    if posted is None or posted == work.record.document:
        return None
    before = reading.read_document(posted).invoice
    return None if before is None else changes.material(before, work.invoice, known.zone)
