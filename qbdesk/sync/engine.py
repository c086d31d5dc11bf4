"""The loop: passes over companies, side by side, on one asyncio loop."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from qbdesk.sync.clients import NOT_CONNECTED, Clients, Surroundings
from qbdesk.sync.company_pass import CompanyPass
from qbdesk.sync.connecting import Connecting
from qbdesk.sync.errors import Refusal, Trouble, where
from qbdesk.sync.keepers import Keepers
from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.pass_end import OWN_FAULT, PassEnd, Stop, stop_for
from qbdesk.sync.posting import CompanyLeft, CompanyStopped
from qbdesk.sync.preview import preview
from qbdesk.sync.reports import Preview
from qbdesk.sync.safekeeping import Safekeeping
from qbdesk.sync.schedule import AFTER_GAP
from qbdesk.sync.totals import keeping
from qbdesk.sync.turn import Turn
from qbdesk.sync.verdicts import Tally
from qbdesk.sync.views import (
    CompanyChanged,
    Event,
    PassResult,
    Progress,
    Requests,
    State,
)
from qbdesk.sync.waves import PassTools

T = TypeVar("T")

log = logging.getLogger(__name__)

STOPPED = "Stopped before it came to its end. Start it again when you like."
STOPPED_BY_A_PERSON = "Stopped. What was posted stays; the rest waits for the next pass."
CLOSING = "qbdesk is closing down."
AT_ONCE = 10  # passes side by side; each has a page of the source or a wave of invoices in memory


class Engine:
    """Passes over companies, by hand or by the schedule.

    One company that waits or has a backlog keeps no other waiting: passes run side by side, as
    tasks of the one program that has this home's turn. There is never more than one at a time over
    a QuickBooks company, whatever it is called here.
    """

    def __init__(self, around: Surroundings, hears: Callable[[Event], None]) -> None:
        self._around = around
        self._ledger = around.ledger
        self._hears = hears
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._previewed: set[str] = set()
        # Their pass by the schedule runs, or waits for its turn.
        self._nudged: dict[str, asyncio.Task[None]] = {}
        self._turn = Turn(around.home, sleep=around.sleep)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._books: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._closing = False
        self._safekeeping = Safekeeping(around.ledger, around.clock, around.back_up, hears)
        self.schedule = around.schedule(self._look_around, around.clock, around.monotonic)
        self.keepers = Keepers(
            around.ledger,
            around.vault,
            around.home,
            around.hosts,
            around.http,
            around.clock,
            around.sleep,
            around.aside,
        )
        self.clients = Clients(around, self.keepers, self._tell)
        self._pass_end = PassEnd(around, hears)
        self.connecting = Connecting(
            around.ledger,
            around.vault,
            around.hosts,
            around.http,
            around.clock,
            around.sleep,
            self.clients.limiter,
            self.keepers,
            around.aside,
            around.chance,
        )

    def start_schedule(self) -> None:
        """From now on every connected company is looked at by itself when it is due."""
        self.schedule.start()

    async def close(self) -> None:
        """Ends what runs at a safe point. A refresh under way is waited for: it may bring a new
        token that replaces the old one for good."""
        self._closing = True
        self.schedule.stop()
        self.stop_pass(None)
        for name, nudged in self._nudged.items():
            if name not in self._running:
                nudged.cancel()
        under_way = [*self._running.values(), *self._nudged.values()]
        if under_way:
            await asyncio.wait(under_way)
        await self.keepers.finish()

    def is_running(self, name: str) -> bool:
        return name in self._running

    def is_posting(self, name: str) -> bool:
        return name in self._running and name not in self._previewed

    def stop_pass(self, name: str | None) -> None:
        """Cuts off a pass; what has no answer yet is looked for in the next one."""
        for company, task in self._running.items():
            if name in (company, None):
                task.cancel()

    # ---- by the schedule ----

    def look_soon(self, name: str) -> None:
        """The company is due now, whatever its source wishes or its failures say."""
        now = self._around.clock()
        with self._ledger.begin() as connection:
            company = companies.named(connection, name)
            if company is not None:
                companies.change(connection, company.id, appointed_at=now, due_at=now)
        self.schedule.wake()

    def next_pass_at(self, company: Company) -> datetime | None:
        """When it will be looked at by itself, if it will."""
        under_way = company.name in self._nudged or self.is_running(company.name)
        if under_way or not self.schedule.running or not _is_served(company):
            return None
        return self._pass_end.next_time(company)

    def _look_around(self, gap: bool) -> datetime | None:
        """Begins the passes that are due; when the next one will be. What is due stands in the
        ledger: a restart forgets no back-off, and other programs on this home have their say."""
        with self._ledger.begin() as connection:
            served = [c for c in companies.everyone(connection) if _is_served(c)]
            if gap:
                served = [self._look_after_gap(connection, company) for company in served]
        interval = self._around.interval
        later = [] if interval is None else [self._around.clock() + interval]
        for company in served:
            due = self._pass_end.next_time(company)
            if company.name in self._nudged or self.is_running(company.name):
                continue
            if due > self._around.clock():
                later.append(due)
                continue
            nudged = asyncio.create_task(self._by_schedule(company.name))
            self._nudged[company.name] = nudged
        return min(later, default=None)

    def _look_after_gap(self, connection: Connection, company: Company) -> Company:
        """After sleep or a clock change every company is looked at soon, not all in one second."""
        now = self._around.clock()
        due = now + AFTER_GAP * self._around.chance()
        if self._pass_end.next_time(company) <= due:
            return company
        companies.change(connection, company.id, appointed_at=now, due_at=due)
        return companies.get(connection, company.id)

    async def _by_schedule(self, name: str) -> None:
        try:
            await self.run_pass(name, afresh=False)
        except Refusal:
            pass  # it was removed meanwhile, or qbdesk closes
        except Exception as error:
            # Its text may quote what was to be written.
            log.error("No pass: %s at %s", type(error).__name__, where(error))
        else:
            self.schedule.wake()  # not after an error, which would come again at once
        finally:
            self._nudged.pop(name, None)

    async def run_pass(self, name: str, *, afresh: bool) -> PassResult:
        """One pass to its end. Errors become the result's `stopped` sentence."""
        async with self._alone(name):
            with self._ledger.begin() as connection:
                company = companies.named(connection, name)
            if company is None:
                raise Refusal(f"There is no company {name!r}.")
            if company.paused:
                return self._pass_end.result(company, Tally(), Requests(), None)
            return await self._run(company, afresh=afresh)

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[None]:
        """Nobody else is at these books, there is a place left, and this home has the turn."""
        while True:
            books = self._books_of(name)
            async with self._books[books]:
                if books != self._books_of(name):
                    continue  # it was connected to another company meanwhile
                async with self._places, self._turn.taken(lambda told: self._tell(name, told)):
                    if self._closing:
                        raise Refusal(CLOSING)
                    if books != self._books_of(name):
                        continue
                    yield
                return

    def _books_of(self, name: str) -> str:
        with self._ledger.begin() as connection:
            company = companies.named(connection, name)
        return (company and company.realm_id) or f"no books yet: {name}"

    async def _run(self, company: Company, *, afresh: bool) -> PassResult:
        limiter = self.clients.limiter(company.realm_id or "")
        before = limiter.counts
        tally, stop, whole = Tally(), None, True
        with self._ledger.begin() as connection:
            tally.chosen = companies.chosen(connection, company.id)
        task = asyncio.ensure_future(self._work(company, tally, afresh=afresh))
        self._running[company.name] = task
        self._hears(CompanyChanged(company.name))
        try:
            await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            stop = Stop(STOPPED_BY_A_PERSON, None)
        except CompanyLeft:
            whole = False
        except Trouble as error:
            stop = stop_for(error)
        except Exception as error:
            # The last resort: nothing of an unforeseen error may reach the screen or the log.
            log.error("A pass failed by %s at %s", type(error).__name__, where(error))
            stop = Stop(OWN_FAULT, State.ATTENTION)
        finally:
            self._ended(company.name, task)
        counts = limiter.counts.since(before)
        requests = Requests(counts.reads, counts.writes, counts.batches)
        return self._pass_end.of(company, tally, requests, stop, whole=whole, go_on=self._closing)

    async def alone(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Other work on a company that must not meet a pass; ended as one when qbdesk closes."""
        async with self._alone(name):
            task: asyncio.Task[T] = asyncio.ensure_future(work())
            self._running[name] = task
            try:
                return await task
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if current is not None and current.cancelling():
                    raise
                raise Refusal(STOPPED) from None
            finally:
                self._ended(name, task)

    def _ended(self, name: str, task: "asyncio.Task[Any]") -> None:
        """Nothing runs any more, unless the company has begun with other books meanwhile."""
        if self._running.get(name) is task:
            del self._running[name]

    async def _work(self, company: Company, tally: Tally, *, afresh: bool) -> None:
        if not company.connected:
            raise CompanyStopped(NOT_CONNECTED, signed_out=True)
        if company.live_mismatch and not company.mismatch_agreed:
            raise Refusal(
                "A live source and a sandbox company (or the reverse) are not joined without your "
                "word. Connect the company again and confirm it, or connect another one."
            )
        around = self._around
        async with self._safekeeping.of_a_pass():
            source = await self.clients.source(company)
            tools = PassTools(
                around.ledger,
                company,
                source,
                self.clients.quickbooks(company),
                around.clock,
                around.settle,
                self._hears,
                around.monotonic,
            )
            trouble = None
            try:
                await CompanyPass(tools, tally, afresh=afresh).run()
                tally.poll_seconds = source.poll_seconds
            except Trouble as error:
                trouble = error
            try:
                await self.add_up(company)
            finally:
                if trouble is not None:
                    raise trouble

    async def add_up(self, company: Company) -> None:
        """Brings the control totals up to date with what the ledger holds now (rule 33)."""
        told = await keeping.refresh(
            self._ledger,
            company,
            lambda done: self._hears(Progress(company.name, "Adding up the control totals", done)),
        )
        if told:
            self._hears(CompanyChanged(company.name))  # the progress is over

    async def preview(self, company: Company) -> Preview:
        """What a pass would do, played through on a copy of the ledger; nothing is written."""

        async def previewed() -> Preview:
            self._previewed.add(company.name)
            try:
                return await preview(self._around, self.clients, company, self._hears)
            finally:
                self._previewed.discard(company.name)

        return await self.alone(company.name, previewed)

    def _tell(self, name: str, sentence: str) -> None:
        self._hears(Progress(name, sentence, writes=name not in self._previewed))


def _is_served(company: Company) -> bool:
    return company.connected and not company.paused
