"""The loop: one pass after another, for one company after another, on one asyncio loop."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

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
from qbdesk.sync.schedule import SHORTEST
from qbdesk.sync.turn import Turn
from qbdesk.sync.verdicts import Tally
from qbdesk.sync.views import (
    CompanyChanged,
    Event,
    InvoiceRow,
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
EVERYBODY = ""  # in the schedule: look who is there at all


class Engine:
    """Passes over companies, one at a time in this home, by hand or by the schedule."""

    def __init__(self, around: Surroundings, hears: Callable[[Event], None]) -> None:
        self._around = around
        self._ledger = around.ledger
        self._hears = hears
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._nudged: set[str] = set()  # their pass by the schedule runs, or waits for its turn
        self._turn = Turn(around.home / "engine.lock", sleep=around.sleep)
        self.schedule = around.schedule(self._by_schedule)
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
        self._pass_end = PassEnd(around, self.schedule, hears)
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
        )

    def start_schedule(self) -> None:
        """From now on every connected company is looked at by itself, at once the first time."""
        self.schedule.start()
        self.schedule.at(EVERYBODY, self._around.clock())

    async def close(self) -> None:
        """Ends what runs at a safe point. A refresh under way is waited for: it may bring a new
        token that replaces the old one for good."""
        self.schedule.stop()
        self.stop_pass(None)
        if self._running:
            await asyncio.wait(self._running.values())
        await self.keepers.finish()

    def is_running(self, name: str) -> bool:
        return name in self._running

    def stop_pass(self, name: str | None) -> None:
        """Cuts off a pass; what has no answer yet is looked for in the next one."""
        for company, task in self._running.items():
            if name in (company, None):
                task.cancel()

    async def _by_schedule(self, name: str) -> None:
        if name == EVERYBODY:
            self._look_around()
            return
        self._nudged.add(name)
        try:
            with self._ledger.begin() as connection:
                company = companies.named(connection, name)
            if company is not None and _is_served(company):
                await self.run_pass(company.name, afresh=False)
        finally:
            self._nudged.discard(name)

    def _look_around(self) -> None:
        """Gives every company without a next time one: another program on this home may have
        added, connected or resumed it, or its last pass could not say when to come again."""
        now = self._around.clock()
        try:
            with self._ledger.begin() as connection:
                everyone = companies.everyone(connection)
            for company in filter(_is_served, everyone):
                name = company.name
                under_way = name in self._nudged or self.is_running(name)
                if not under_way and self.schedule.next_time(name) is None:
                    self.schedule.at(name, now)
        finally:
            self.schedule.at(EVERYBODY, now + min(self._around.interval or SHORTEST, SHORTEST))

    async def run_pass(self, name: str, *, afresh: bool) -> PassResult:
        """One pass to its end. Errors become the result's `stopped` sentence."""
        if name in self._running:
            await asyncio.wait([self._running[name]])
        async with self._turn.taken(lambda told: self._tell(name, told)):
            with self._ledger.begin() as connection:
                company = companies.named(connection, name)
            if company is None:
                raise Refusal(f"There is no company {name!r}.")
            if company.paused:
                return self._pass_end.result(company, Tally(), Requests(), None)
            return await self._run(company, afresh=afresh)

    async def _run(self, company: Company, *, afresh: bool) -> PassResult:
        limiter = self.clients.limiter(company.realm_id or "")
        before = limiter.counts
        tally, stop, whole = Tally(), None, True
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
            self._running.pop(company.name, None)
        counts = limiter.counts.since(before)
        requests = Requests(counts.reads, counts.writes, counts.batches)
        return self._pass_end.of(company, tally, requests, stop, whole=whole)

    async def alone(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Other work on a company that must not meet a pass; ended as one when qbdesk closes."""
        if name in self._running:
            await asyncio.wait([self._running[name]])
        async with self._turn.taken(lambda told: self._tell(name, told)):
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
                self._running.pop(name, None)

    async def _work(self, company: Company, tally: Tally, *, afresh: bool) -> None:
        if not company.connected:
            raise CompanyStopped(NOT_CONNECTED, signed_out=True)
        if company.live_mismatch and not company.mismatch_agreed:
            raise Refusal(
                "A live source and a sandbox company (or the reverse) are not joined without your "
                "word. Connect the company again and confirm it, or connect another one."
            )
        around = self._around
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
        await CompanyPass(tools, tally, afresh=afresh).run()
        tally.poll_seconds = source.poll_seconds

    async def preview(self, company: Company) -> list[InvoiceRow]:
        """What a pass would do, played through on a copy of the ledger; nothing is written."""
        return await self.alone(
            company.name, lambda: preview(self._around, self.clients, company, self._hears)
        )

    def _tell(self, name: str, sentence: str) -> None:
        self._hears(Progress(name, sentence))


def _is_served(company: Company) -> bool:
    return company.connected and not company.paused
