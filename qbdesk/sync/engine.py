"""The loop: one pass after another, for one company after another, on one asyncio loop."""

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx
from sqlalchemy.exc import SQLAlchemyError

from qbdesk.sync import shown
from qbdesk.sync.company_pass import CompanyPass
from qbdesk.sync.connecting import Connecting
from qbdesk.sync.errors import Refusal, Trouble, where
from qbdesk.sync.keepers import Keepers
from qbdesk.sync.ledger import companies, invoices
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.requests import RequestLedger
from qbdesk.sync.posting import CompanyLeft, CompanyStopped
from qbdesk.sync.quickbooks.client import QuickBooks, QuickBooksError, Unreachable
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.quickbooks.hosts import Hosts
from qbdesk.sync.quickbooks.limits import Limiter
from qbdesk.sync.quickbooks.oauth import KeysRefused, SignInEnded, SignInUnreachable
from qbdesk.sync.quickbooks.tokens import Aside
from qbdesk.sync.schedule import SHORTEST, USUAL, Schedule, back_off
from qbdesk.sync.sources.feed import FeedSource
from qbdesk.sync.sources.source import SourceUnreachable
from qbdesk.sync.turn import Turn
from qbdesk.sync.vault import KeyringLocked, Vault, in_time
from qbdesk.sync.verdicts import Tally
from qbdesk.sync.views import (
    CompanyChanged,
    Event,
    InvoiceRow,
    PassResult,
    Progress,
    Requests,
    State,
    Status,
    Warned,
)
from qbdesk.sync.waves import PassTools

T = TypeVar("T")

log = logging.getLogger(__name__)

NOT_CONNECTED = "Not connected to QuickBooks, so nothing was posted. Connect the company first."
STOPPED = "Stopped before it came to its end. Start it again when you like."
STOPPED_BY_A_PERSON = "Stopped. What was posted stays; the rest waits for the next pass."
# By whether the company's sign-in was with a test server.
OTHER_SERVER = {
    True: "This company was connected to a test server, and qbdesk now speaks to Intuit itself, so "
    "nothing is read or posted. Open the practice again, or disconnect and reconnect.",
    False: "This company was connected to Intuit itself, and qbdesk now speaks to a test server, "
    "so nothing is read or posted. Start qbdesk without QBDESK_INTUIT_URL.",
}
OWN_FAULT = (
    "Something went wrong in qbdesk itself. Nothing was lost: press Sync now, and if it happens "
    "again, look into the log."
)
EVERYBODY = ""  # in the schedule: look who is there at all
PREVIEW = "preview-"
PREVIEW_LASTS = 3600.0  # seconds
_OFFLINE = (SourceUnreachable, Unreachable, SignInUnreachable, KeyringLocked)
_SIGNED_OUT = (SignInEnded, KeysRefused)


@dataclass(frozen=True)
class Surroundings:
    """Everything the engine touches is handed to it."""

    ledger: Ledger
    vault: Vault
    home: Path
    hosts: Hosts
    http: httpx.AsyncClient
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    settle: timedelta
    interval: timedelta | None = None  # None: as the source wishes
    monotonic: Callable[[], float] = time.monotonic
    aside: Aside = in_time  # how the keyring is asked, which may wait for a person
    schedule: Callable[[Callable[[str], Awaitable[None]]], Schedule] = Schedule


class Engine:
    """Passes over companies, one at a time in this home, by hand or by the schedule."""

    def __init__(self, around: Surroundings, hears: Callable[[Event], None]) -> None:
        self._around = around
        self._ledger = around.ledger
        self._hears = hears
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._failures: dict[str, int] = {}
        self._limiters: dict[str, Limiter] = {}
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
        self.connecting = Connecting(
            around.ledger,
            around.vault,
            around.hosts,
            around.http,
            around.clock,
            around.sleep,
            self._limiter,
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
        async with self._turn.taken(lambda told: self._hears(Progress(name, told))):
            with self._ledger.begin() as connection:
                company = companies.named(connection, name)
            if company is None:
                raise Refusal(f"There is no company {name!r}.")
            if company.paused:
                return self._result(company, Tally(), Requests(), None)
            return await self._run(company, afresh=afresh)

    async def _run(self, company: Company, *, afresh: bool) -> PassResult:
        limiter = self.limiter(company)
        before = limiter.counts
        tally, stopped, kind, whole = Tally(), None, None, True
        task = asyncio.ensure_future(self._work(company, limiter, tally, afresh=afresh))
        self._running[company.name] = task
        self._hears(CompanyChanged(company.name))
        try:
            await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            stopped = STOPPED_BY_A_PERSON
        except CompanyLeft:
            whole = False
        except Trouble as error:
            stopped, kind = str(error), _kind_of(error)
        except Exception as error:
            # The last resort: nothing of an unforeseen error may reach the screen or the log.
            log.error("A pass failed by %s at %s", type(error).__name__, where(error))
            stopped, kind = OWN_FAULT, State.ATTENTION
        finally:
            self._running.pop(company.name, None)
        counts = limiter.counts.since(before)
        requests = Requests(counts.reads, counts.writes, counts.batches)
        return self._ended(company, tally, requests, stopped, kind, whole=whole)

    async def alone(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Other work on a company that must not meet a pass; ended as one when qbdesk closes."""
        if name in self._running:
            await asyncio.wait([self._running[name]])
        async with self._turn.taken(lambda told: self._hears(Progress(name, told))):
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

    def limiter(self, company: Company) -> Limiter:
        """The one that counts the requests to a connected company, whatever they are for."""
        return self._limiter(company.realm_id or "")

    def _limiter(self, realm_id: str) -> Limiter:
        around = self._around
        if realm_id in self._limiters:
            self._limiters[realm_id].recall()
        else:
            self._limiters[realm_id] = Limiter(
                RequestLedger(around.ledger, realm_id),
                wall=lambda: around.clock().timestamp(),
                monotonic=around.monotonic,
                sleep=around.sleep,
            )
        return self._limiters[realm_id]

    async def _work(
        self, company: Company, limiter: Limiter, tally: Tally, *, afresh: bool
    ) -> Tally:
        if not company.connected or company.realm_id is None or company.environment is None:
            raise CompanyStopped(NOT_CONNECTED, signed_out=True)
        if company.live_mismatch and not company.mismatch_agreed:
            raise Refusal(
                "A live source and a sandbox company (or the reverse) are not joined without your "
                "word. Connect the company again and confirm it, or connect another one."
            )
        around = self._around
        source = await self.source(company)
        tools = PassTools(
            around.ledger,
            company,
            source,
            self.quickbooks(company, limiter),
            around.clock,
            around.settle,
            self._hears,
        )
        await CompanyPass(tools, tally, afresh=afresh).run()
        tally.poll_seconds = source.poll_seconds
        return tally

    def _waiting(self, company: Company) -> Callable[[float, str], None]:
        return lambda _seconds, why: self._hears(Progress(company.name, why))

    async def source(self, company: Company) -> FeedSource:
        """Raises Refusal, VaultError."""
        around = self._around
        token = await around.aside(lambda: around.vault.secret(source_secret(company.name)))
        if token is None:
            raise Refusal(
                "The token of the invoicing system is not in the keyring. Enter it again by adding "
                "the company once more."
            )
        return FeedSource(
            around.http,
            company.source_url,
            token,
            sleep=around.sleep,
            waiting=self._waiting(company),
        )

    def quickbooks(self, company: Company, limiter: Limiter) -> QuickBooks:
        """The client of a company that has been connected. Raises Refusal as check_server does."""
        self.check_server(company)
        assert company.environment is not None
        assert company.realm_id is not None
        return QuickBooks(
            self._around.http,
            self._around.hosts,
            company.environment,
            company.realm_id,
            self.keepers.of(company),
            limiter,
            sleep=self._around.sleep,
            on_wait=self._waiting(company),
        )

    def check_server(self, company: Company) -> None:
        """Tokens go only where they came from.

        Raises:
            Refusal: The sign-in was with a test server and this is Intuit itself, or the reverse.
        """
        if company.test_server != self._around.hosts.test_server:
            raise Refusal(OTHER_SERVER[company.test_server])

    async def preview(self, company: Company) -> list[InvoiceRow]:
        """What a pass would do, played through on a copy of the ledger; nothing is written."""
        if not company.connected or company.realm_id is None:
            raise Refusal(NOT_CONNECTED)
        return await self.alone(company.name, lambda: self._preview(company))

    async def _preview(self, company: Company) -> list[InvoiceRow]:
        around = self._around
        source = await self.source(company)
        quickbooks = self.quickbooks(company, self.limiter(company))
        _sweep(around.home)
        with TemporaryDirectory(prefix=PREVIEW, dir=around.home) as folder:
            copy = around.ledger.copy_to(Path(folder) / "preview.db")
            try:
                tools = PassTools(
                    copy,
                    company,
                    source,
                    quickbooks,
                    around.clock,
                    around.settle,
                    self._hears,
                    preview=True,
                )
                await CompanyPass(tools, Tally(), afresh=True).run()
                with copy.begin() as connection:
                    records = invoices.everything(connection, company.id)
            finally:
                copy.close()
        hosts = around.hosts
        return [shown.row(record, company, hosts) for record in records]

    def _ended(
        self,
        company: Company,
        tally: Tally,
        requests: Requests,
        stopped: str | None,
        kind: State | None,
        *,
        whole: bool,
    ) -> PassResult:
        try:
            self._write_down(company, stopped, kind, whole=whole)
        except SQLAlchemyError as error:
            # A full disk, for example. The next pass finds in the ledger what was done in this one.
            log.error("No end written: %s at %s", type(error).__name__, where(error))
            stopped, kind = stopped or OWN_FAULT, kind or State.ATTENTION
        finally:
            failures = self._failures.get(company.name, 0) + 1 if kind else 0
            self._failures[company.name] = failures
            wait = self._pause_after(tally, failures)
            self.schedule.at(company.name, self._around.clock() + wait)
        self._warn(company, tally, stopped if kind and failures == 1 else None, kind)
        self._hears(CompanyChanged(company.name))
        return self._result(company, tally, requests, stopped)

    def _write_down(
        self, company: Company, stopped: str | None, kind: State | None, *, whole: bool
    ) -> None:
        values: dict[str, Any] = {"trouble": stopped if kind else None, "trouble_kind": kind}
        if stopped is None and whole:
            values["last_pass_at"] = self._around.clock()
        with self._ledger.begin() as connection:
            invoices.rest(connection, company.id)
            companies.change(connection, company.id, **values)

    def _pause_after(self, tally: Tally, failures: int) -> timedelta:
        """Until the next pass by the schedule: as the source wishes, longer after failures."""
        wished = USUAL if tally.poll_seconds is None else timedelta(seconds=tally.poll_seconds)
        wait = self._around.interval or max(wished, SHORTEST)
        return max(wait, back_off(failures)) if failures else wait

    def _warn(
        self, company: Company, tally: Tally, stopped: str | None, kind: State | None
    ) -> None:
        """One notification per pass: what is newly held, or that the connection is lost."""
        if stopped is not None:
            lost = kind in (State.OFFLINE, State.SIGNED_OUT)
            title = "Connection lost" if lost else "Posting has stopped"
            self._hears(Warned(company.name, f"{company.name}: {title}", stopped))
        elif tally.newly_held:
            number = len(tally.newly_held)
            what = "invoice needs" if number == 1 else "invoices need"
            first = next(iter(tally.newly_held.values()))
            sentence = first if number == 1 else f"{first} And {number - 1} more."
            ids = tuple(tally.newly_held)
            title = f"{company.name}: {number} {what} attention"
            self._hears(Warned(company.name, title, sentence, ids))

    def _result(
        self, company: Company, tally: Tally, requests: Requests, stopped: str | None
    ) -> PassResult:
        counts: dict[Status, int] = {}
        try:
            with self._ledger.begin() as connection:
                counts = invoices.counts(connection, company.id)
        except SQLAlchemyError as error:
            log.error("Nothing counted: %s at %s", type(error).__name__, where(error))
            stopped = stopped or OWN_FAULT
        waiting = counts.get(Status.WAITING, 0) + counts.get(Status.POSTING, 0)
        held = counts.get(Status.NEEDS_ATTENTION, 0)
        return PassResult(company.name, tally.synced, waiting, held, requests, stopped)


def source_secret(company_name: str) -> str:
    return f"source token {company_name}"


def _is_served(company: Company) -> bool:
    return company.connected and not company.paused


def _sweep(home: Path) -> None:
    """Copies of the ledger that a killed preview has left behind do not stay."""
    for folder in home.glob(f"{PREVIEW}*"):
        if time.time() - folder.stat().st_mtime > PREVIEW_LASTS:
            shutil.rmtree(folder, ignore_errors=True)


def _kind_of(error: Trouble) -> State:
    if isinstance(error, _OFFLINE):
        return State.OFFLINE
    if isinstance(error, _SIGNED_OUT) or (isinstance(error, CompanyStopped) and error.signed_out):
        return State.SIGNED_OUT
    if isinstance(error, QuickBooksError) and error.fault.kind is FaultKind.TRY_AGAIN:
        return State.OFFLINE
    return State.ATTENTION
