"""The one door: what the window and the command line may ask for, and the events they hear.

Every method may be called from any thread and returns at once with a Future; the work happens on
the engine's own thread, in its own asyncio loop. Events are heard on that thread.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, TypeVar

from qbdesk.sync import rulings, settings, shown
from qbdesk.sync.clients import Surroundings
from qbdesk.sync.companies_desk import CompaniesDesk
from qbdesk.sync.doctor.doctor import Doctor
from qbdesk.sync.engine import CLOSING, Engine
from qbdesk.sync.errors import LedgerDamaged, Refusal
from qbdesk.sync.ledger import companies, invoices, journal, listing, restoring
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.planner.items import ITEM
from qbdesk.sync.reports import ControlTotals, Preview
from qbdesk.sync.totals import csv_file, report
from qbdesk.sync.views import (
    Backup,
    Checkup,
    CompanyChanged,
    CompanyView,
    ConsentRequest,
    Event,
    InvoicePage,
    InvoiceQuery,
    InvoiceRow,
    InvoicesChanged,
    JournalEntry,
    Offer,
    PassResult,
    Probed,
    Setting,
)

T = TypeVar("T")
P = ParamSpec("P")


def _on_engine(
    work: Callable[Concatenate["Service", P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["Service", P], Future[T]]:
    """Turns a coroutine method into one that any thread may call."""

    def call(self: "Service", /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return self._submit(work(self, *args, **kwargs))

    call.__name__, call.__doc__ = work.__name__, work.__doc__
    return call


class Service:
    """One home's engine behind a thread-safe door.

    Args:
        open_surroundings: Called on the engine's thread; opens the ledger, the HTTP client and all
            else the engine touches. What it raises comes out of every Future.
        scheduled: Whether companies are also looked at by themselves.
    """

    def __init__(
        self, open_surroundings: Callable[[], Awaitable[Surroundings]], *, scheduled: bool
    ) -> None:
        self._open = open_surroundings
        self._scheduled = scheduled
        self._listeners: list[Callable[[Event], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._live, name="engine", daemon=True)
        self._ready = threading.Event()
        self._closing: asyncio.Event | None = None
        self._opened: asyncio.Future[None] | None = None
        self._is_open = False
        self._around: Surroundings
        self._engine: Engine
        self._desk: CompaniesDesk
        self._doctor: Doctor

    # ---- life ----

    def start(self) -> None:
        """Starts the engine's thread, once; returns before the ledger is open."""
        if self._thread.ident is None:
            self._thread.start()
            self._ready.wait()

    def stop(self, timeout: float = 5.0) -> None:
        """Ends a running pass at a safe point and waits for the thread, so many seconds at most."""
        if self._loop is not None and self._closing is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join(timeout)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hears every event, on the engine's thread, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _hears(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _live(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._until_closed())

    async def _until_closed(self) -> None:
        assert self._loop is not None
        self._closing = asyncio.Event()
        self._opened = self._loop.create_future()
        self._ready.set()
        await self._try_to_open(self._opened)
        await self._closing.wait()
        if self._is_open:
            await self._engine.close()
            await self._around.http.aclose()
            self._around.ledger.close()

    async def _try_to_open(self, opened: "asyncio.Future[None]") -> None:
        try:
            self._around = await self._open()
        except Exception as error:
            opened.set_exception(error)
            opened.exception()  # heard by whoever asks; nobody has to
            return
        self._is_open = True
        self._engine = Engine(self._around, self._hears)
        self._desk = CompaniesDesk(self._around, self._engine, self._hears)
        self._doctor = Doctor(self._around, self._engine, self._hears)
        if self._scheduled:
            self._engine.start_schedule()
        opened.set_result(None)

    def _submit(self, work: Coroutine[Any, Any, T], *, when_open: bool = True) -> Future[T]:
        loop = self._loop
        if loop is None or loop.is_closed() or not self._thread.is_alive():
            work.close()
            closed: Future[T] = Future()
            closed.set_exception(Refusal(CLOSING))
            return closed

        async def once_open() -> T:
            assert self._opened is not None
            try:
                await asyncio.shield(self._opened)
            except BaseException:
                work.close()
                raise
            return await work

        return asyncio.run_coroutine_threadsafe(once_open() if when_open else work, loop)

    def _company(self, name: str) -> Company:
        with self._around.ledger.begin() as connection:
            company = companies.named(connection, name)
        if company is None:
            raise Refusal(f"There is no company called “{name[:80]}”.")
        return company

    # ---- a ledger that cannot be opened ----

    def backups(self) -> Future[list[Backup]]:
        """Instead of a ledger that is damaged or gone: what can be restored, newest first."""
        return self._submit(self._backups(), when_open=False)

    async def _backups(self) -> list[Backup]:
        return await asyncio.to_thread(restoring.listed, self._damaged())

    def restore(self, backup: str | None) -> Future[None]:
        """Puts a backup in its place (None: an empty ledger), and opens that.

        Raises:
            Refusal: The ledger is in order, or the restoring did not succeed; nothing was changed.
        """
        return self._submit(self._restore(backup), when_open=False)

    async def _restore(self, backup: str | None) -> None:
        await asyncio.to_thread(restoring.restore, self._damaged(), backup)
        self._opened = asyncio.get_running_loop().create_future()
        await self._try_to_open(self._opened)

    def _damaged(self) -> Path:
        error = self._opened.exception() if self._opened and self._opened.done() else None
        if not isinstance(error, LedgerDamaged):
            raise Refusal("The ledger is in order. To go back to a backup, run “qbdesk restore”.")
        return error.file

    # ---- looking ----

    @_on_engine
    async def companies(self) -> list[CompanyView]:
        """All companies, in the order they were added."""
        return self._desk.views()

    @_on_engine
    async def company(self, name: str) -> CompanyView:
        return self._desk.view(self._company(name))

    @_on_engine
    async def invoices(
        self, query: InvoiceQuery, after: str | None = None, limit: int = 200
    ) -> InvoicePage:
        """One page of rows; the ledger filters and sorts."""
        company = self._company(query.company)
        with self._around.ledger.begin() as connection:
            records, total, key = listing.page(connection, company.id, query, after, limit)
        hosts = self._around.hosts
        return InvoicePage(
            tuple(shown.row(record, company, hosts) for record in records), total, key
        )

    @_on_engine
    async def invoice(self, company: str, source_id: str) -> InvoiceRow:
        here = self._company(company)
        with self._around.ledger.begin() as connection:
            record = invoices.find(connection, here.id, source_id)
        if record is None:
            raise Refusal(f"{company} has no such invoice.")
        return shown.row(record, here, self._around.hosts)

    @_on_engine
    async def journal(self, company: str, source_id: str | None = None) -> list[JournalEntry]:
        """What was done for an invoice, oldest first; None: with the company itself."""
        here = self._company(company)
        with self._around.ledger.begin() as connection:
            if source_id is None:
                return list(journal.of_company(connection, here.id))
            record = invoices.find(connection, here.id, source_id)
            if record is None:
                raise Refusal(f"{company} has no such invoice.")
            return list(journal.of_invoice(connection, record.id))

    @_on_engine
    async def settings(self, company: str) -> list[Setting]:
        """What may be chosen for a company, and what was; empty before it is connected."""
        here = self._company(company)
        with self._around.ledger.begin() as connection:
            return settings.offered(connection, here)

    @_on_engine
    async def totals(
        self, company: str, month: str | None = None, *, afresh: bool = True
    ) -> ControlTotals:
        """Source against QuickBooks, of a month (`2026-04`) or of all time (rule 33).

        `afresh` False: as they were added up last, which takes no time. QuickBooks is not asked.
        """
        here = self._company(company)
        if afresh:
            await self._engine.add_up(here)
        with self._around.ledger.begin() as connection:
            return report.of_company(connection, here, month)

    @_on_engine
    async def save_totals(self, company: str, month: str | None, file: Path) -> None:
        """Writes the control totals as a CSV file. Raises Refusal where that cannot be done."""
        here = self._company(company)
        await self._engine.add_up(here)
        with self._around.ledger.begin() as connection:
            found = report.of_company(connection, here, month)
        await asyncio.to_thread(csv_file.write, found, file)

    # ---- companies ----

    @_on_engine
    async def add_company(
        self, name: str, source: str, url: str, token: str, from_date: date | None, who: str = "you"
    ) -> CompanyView:
        """Asks the source who it is, then keeps company and token. For a company that is there
        `from_date` may be None, as it is; another one counts as in `begin_from`."""
        return await self._desk.add(name, source, url, token, from_date, who)

    @_on_engine
    async def remove_company(self, name: str, who: str = "you") -> None:
        """Signs out and takes the company off the list; its ledger stays (rule 32)."""
        await self._desk.remove(self._company(name), who)

    @_on_engine
    async def change_source_token(self, company: str, token: str, who: str = "you") -> None:
        """Takes a new token for the same account of the invoicing system."""
        here = self._company(company)
        await self._desk.add(here.name, here.source, here.source_url, token, None, who)

    @_on_engine
    async def pause(self, company: str, who: str = "you") -> None:
        self._desk.set_paused(self._company(company), who, paused=True)

    @_on_engine
    async def resume(self, company: str, who: str = "you") -> None:
        self._desk.set_paused(self._company(company), who, paused=False)

    @_on_engine
    async def change_setting(
        self, company: str, key: str, value: str, who: str = "you", *, offered: bool = False
    ) -> None:
        """Chooses; what needs attention is then looked at once more. `value`: a choice's word.
        It counts from the next pass on, which comes at once where one is running.

        For `item.PRODUCT` it is the name of any product or service, or its Id, which is then asked
        for in QuickBooks; that may raise QuickBooksError and Unreachable too. `offered` True: it is
        the word of a choice that was shown, and no name.
        """
        here = self._company(company)
        if key.startswith(ITEM) and value and not offered:
            value = await self._desk.item_called(here, value)
        with self._around.ledger.begin() as connection:
            settings.change(connection, here, key, value, who, self._around.clock())
        self._hears(CompanyChanged(company))
        self._engine.look_soon(company)

    @_on_engine
    async def begin_from(self, company: str, first_day: date, who: str = "you") -> CompanyView:
        """Posts what was paid from another day on; for an earlier one the company is paused, so
        that what comes with it can be looked at first (rule 34)."""
        return self._desk.begin_from(self._company(company), first_day, who)

    # ---- connecting ----

    @_on_engine
    async def app_keys_known(self) -> tuple[str, str] | None:
        """Client id and redirect address entered before; the secret stays in the keyring."""
        return self._desk.app_keys_known()

    @_on_engine
    async def begin_connect(
        self, company: str, client_id: str, client_secret: str | None, redirect_uri: str
    ) -> ConsentRequest:
        """Starts a sign-in. `client_secret` None: the one entered before."""
        here = self._company(company)
        return await self._engine.connecting.begin(here, client_id, client_secret, redirect_uri)

    @_on_engine
    async def finish_connect(self, company: str, address: str) -> Offer:
        """Takes the address that the browser landed on, once, and says whom it was for."""
        return await self._engine.connecting.finish(self._company(company), address)

    @_on_engine
    async def confirm_connect(
        self,
        company: str,
        income_account_id: str,
        agreed: frozenset[str],
        answers: Mapping[str, str] = MappingProxyType({}),
        who: str = "you",
        *,
        first_day: date | None = None,
        paused: bool | None = None,
    ) -> CompanyView:
        """Keeps the connection.

        Args:
            agreed: The words of Offer.questions a person said yes to.
            answers: The word that was chosen for each key of Offer.clearing and Offer.untaxed.
            first_day: What is paid from this day on is posted; None: as it was.
            paused: Nothing is posted until the company is resumed; None: as it was.
        """
        here = self._company(company)
        return await self._desk.confirm(
            here, income_account_id, agreed, answers, who, first_day=first_day, paused=paused
        )

    @_on_engine
    async def cancel_connect(self, company: str) -> None:
        """Ends a sign-in that is under way and leaves nothing behind."""
        await self._engine.connecting.cancel(company)

    @_on_engine
    async def disconnect(self, company: str, who: str = "you") -> bool:
        """Deletes both tokens at once; False: Intuit could not be told, which should be said."""
        return await self._desk.disconnect(self._company(company), who)

    # ---- passes and decisions ----

    @_on_engine
    async def sync(self, company: str | None = None) -> list[PassResult]:
        """One pass now, over one company or over all, side by side."""
        if company is not None:
            return [await self._engine.run_pass(self._company(company).name, afresh=True)]
        with self._around.ledger.begin() as connection:
            names = [entry.name for entry in companies.everyone(connection)]
        passes = [self._engine.run_pass(name, afresh=True) for name in names]
        return await asyncio.gather(*passes)

    @_on_engine
    async def preview(self, company: str) -> Preview:
        """What a pass would do, by month and row by row; nothing is written to QuickBooks or to
        the ledger (rule 34)."""
        return await self._engine.preview(self._company(company))

    @_on_engine
    async def stop_pass(self, company: str | None = None) -> None:
        self._engine.stop_pass(company)

    @_on_engine
    async def resync(
        self, company: str, source_ids: Sequence[str], who: str = "you"
    ) -> tuple[str, ...]:
        """Queues invoices again; the next pass posts. Returns those that are not read from the
        source yet: they were to be ignored, and are not any more."""
        here, now = self._company(company), self._around.clock()
        with self._around.ledger.begin() as connection:
            back = rulings.resync(connection, here, source_ids, who, now)
        self._changed(company, source_ids)
        return back

    @_on_engine
    async def resolve(self, company: str, source_id: str, choice: str, who: str) -> None:
        """Takes one of the choices that an invoice offers."""
        self._resolve(company, [source_id], choice, who)

    @_on_engine
    async def resolve_all(
        self, company: str, source_ids: Sequence[str], choice: str, who: str
    ) -> None:
        """Takes the same choice for invoices that all offer it; else for none."""
        self._resolve(company, source_ids, choice, who)

    def _resolve(self, company: str, source_ids: Sequence[str], choice: str, who: str) -> None:
        here, now = self._company(company), self._around.clock()
        with self._around.ledger.begin() as connection:
            rulings.resolve(connection, here, source_ids, choice, who, now)
        self._changed(company, source_ids)

    @_on_engine
    async def alike(self, company: str, source_id: str) -> dict[str, tuple[str, ...]]:
        """For each choice of a held invoice: the others held for the same reason that offer it."""
        here = self._company(company)
        with self._around.ledger.begin() as connection:
            return rulings.alike(connection, here, source_id)

    @_on_engine
    async def ignore(
        self, company: str, source_ids: Sequence[str], note: str, who: str
    ) -> tuple[str, ...]:
        """Leaves invoices alone from now on. Returns those that are not read from the source yet:
        of a paused company they are ignored as soon as it shows them.

        Raises:
            Refusal: There is no such invoice, and the company is not paused; none is ignored then.
        """
        here, now = self._company(company), self._around.clock()
        with self._around.ledger.begin() as connection:
            ahead = rulings.ignore(connection, here, source_ids, note, who, now)
        self._changed(company, source_ids)
        return ahead

    # ---- the doctor ----

    @_on_engine
    async def examine(self, company: str) -> Checkup:
        """Looks whether source, sign-in and QuickBooks' settings are in order; only reads."""
        return await self._doctor.examine(self._company(company))

    @_on_engine
    async def probe(self, company: str) -> Probed:
        """Asks a sandbox company what only Intuit can answer; what it makes is put away again.

        Raises:
            Refusal: It is no sandbox company, or not connected.
        """
        return await self._doctor.probe(self._company(company))

    def _changed(self, company: str, source_ids: Sequence[str]) -> None:
        self._hears(InvoicesChanged(company, tuple(source_ids)))
        self._hears(CompanyChanged(company))
        self._engine.look_soon(company)
