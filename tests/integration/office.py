"""The real service over the practice server, by real HTTP on this machine."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from qbdesk.app import open_service
from qbdesk.practice.serve import PracticeServer
from qbdesk.practice.world import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    SOURCE_TOKEN,
    PracticeWorld,
)
from qbdesk.sync.clients import Surroundings
from qbdesk.sync.service import Service
from qbdesk.sync.views import (
    CompanyView,
    Event,
    InvoiceQuery,
    InvoiceRow,
    JournalEntry,
    Offer,
    PassResult,
    Status,
)

NAME = "Maple"
PATIENCE = 60.0  # seconds that a test waits for an answer at most
FROM = date(2026, 1, 1)


class MovableClock:
    """The time of day. Time may pass, or somebody may set the computer's clock."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._wrong = timedelta()
        self.started_at = datetime(1970, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.true() + self._wrong

    def true(self) -> datetime:
        """What clocks show that nobody has set."""
        return datetime.now(UTC) + self.ahead

    def uptime(self) -> float:
        """Seconds since the computer was started."""
        return (self.true() - self.started_at).total_seconds()

    def advance(self, **time: float) -> None:
        self.ahead += timedelta(**time)

    def set_forward(self, **time: float) -> None:
        """Or back, by a negative time."""
        self._wrong += timedelta(**time)


class Office:
    """A practice world behind a port, and a service of a bookkeeper's that posts to it."""

    def __init__(self, home: Path, world: PracticeWorld, settle_seconds: float) -> None:
        self.world = world
        self.clock = MovableClock()
        self.server = PracticeServer(world)
        self.server.start()
        self.home = home
        self.events: list[Event] = []
        self.waits: list[float] = []
        self._settle_seconds = settle_seconds
        self._services: list[Service] = []
        self._vault: Any = None
        self.service = self.open()

    # ---- life ----

    def open(
        self, home: Path | None = None, *, vault: bool = True, scheduled: bool = False
    ) -> Service:
        """Another service: on the same home, or as on a new computer."""
        environ = {
            "QBDESK_INTUIT_URL": self.server.intuit_url,
            "QBDESK_SETTLE_SECONDS": str(self._settle_seconds),
        }
        usual = open_service(home or self.home, environ=environ, in_memory=True)
        opened = usual._open

        async def with_our_clock() -> Surroundings:
            around = await opened()
            if self._vault is None or not vault:
                self._vault = around.vault
            return replace(
                around,
                clock=self.clock,
                monotonic=self.clock.uptime,
                sleep=self._sleep,
                vault=self._vault,
                chance=lambda: 0.0,
            )

        service = Service(with_our_clock, scheduled=scheduled)
        service.subscribe(self.events.append)
        service.start()
        self._services.append(service)
        self.service = service
        return service

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds=seconds)

    def restart_the_computer(self, **off: float) -> None:
        """After it was off for so long."""
        self.service.stop()
        self.clock.advance(**off)
        self.clock.started_at = self.clock.true()
        self.open()
        self.view()  # it has opened

    def close(self) -> None:
        for service in self._services:
            service.stop()
        self.server.stop()

    # ---- companies ----

    def add(self, name: str = NAME, *, from_date: date | None = FROM) -> CompanyView:
        return self.service.add_company(
            name, "feed", self.server.source_url, SOURCE_TOKEN, from_date
        ).result(PATIENCE)

    def consent(self, name: str = NAME) -> str:
        """A person signs in; the address that the browser lands on."""
        request = self.service.begin_connect(name, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI)
        return str(httpx.get(request.result(PATIENCE).authorize_url).headers["location"])

    def offer(self, name: str = NAME) -> Offer:
        return self.service.finish_connect(name, self.consent(name)).result(PATIENCE)

    def connect(self, name: str = NAME, *agreed: str) -> CompanyView:
        offer = self.offer(name)
        assert offer.income_account is not None
        return self.service.confirm_connect(
            name, offer.income_account.id, frozenset(agreed)
        ).result(PATIENCE)

    def view(self, name: str = NAME) -> CompanyView:
        return self.service.company(name).result(PATIENCE)

    def set(self, key: str, value: str) -> None:
        self.service.change_setting(NAME, key, value).result(PATIENCE)

    def settings(self) -> dict[str, str]:
        """Every setting that has been chosen: key -> value."""
        shown = self.service.settings(NAME).result(PATIENCE)
        return {setting.key: setting.value for setting in shown}

    # ---- passes ----

    def show(self, *documents: dict[str, Any]) -> None:
        for document in documents:
            self.world.feed.put(document)

    def sync(self, name: str = NAME) -> PassResult:
        (result,) = self.service.sync(name).result(PATIENCE)
        return result

    def by_schedule(self, name: str = NAME) -> PassResult:
        """A pass that nobody asked for: nothing is looked at afresh."""
        return self.begun_by_schedule(name).result(PATIENCE)

    def begun_by_schedule(self, name: str = NAME) -> "Future[PassResult]":
        loop = self.service._loop
        assert loop is not None
        running = self.service._engine.run_pass(name, afresh=False)
        return asyncio.run_coroutine_threadsafe(running, loop)

    def answers(self) -> list[str]:
        """From now on every answer on the wire: method, first part of the path, status."""
        seen: list[str] = []

        async def note(response: httpx.Response) -> None:
            path = response.request.url.path.split("/")
            what = "source" if path[1] == "source" else "QuickBooks"
            seen.append(f"{what} {path[-1]} {response.status_code}")

        self.service._around.http.event_hooks["response"].append(note)
        return seen

    def post(self, *documents: dict[str, Any]) -> PassResult:
        """Shows invoices and runs one pass."""
        self.show(*documents)
        return self.sync()

    def row(self, key: str = "inv-1") -> InvoiceRow:
        return self.service.invoice(NAME, key).result(PATIENCE)

    def rows(self) -> tuple[InvoiceRow, ...]:
        return self.service.invoices(InvoiceQuery(NAME), None, 10_000).result(PATIENCE).rows

    def ids(self) -> dict[str, tuple[str | None, str | None]]:
        """What the ledger knows of QuickBooks: source id -> invoice and payment there."""
        return {
            row.source_id: (row.quickbooks_invoice_id, row.quickbooks_payment_id)
            for row in self.rows()
        }

    def status(self, key: str = "inv-1") -> Status:
        return self.row(key).status

    def choices(self, key: str = "inv-1") -> list[str]:
        return [choice.word for choice in self.row(key).choices]

    def journal(self, key: str | None = "inv-1") -> list[JournalEntry]:
        return self.service.journal(NAME, key).result(PATIENCE)

    def resolve(self, choice: str, key: str = "inv-1") -> PassResult:
        self.service.resolve(NAME, key, choice, "Ann").result(PATIENCE)
        return self.sync()

    def resync(self, key: str = "inv-1") -> PassResult:
        self.service.resync(NAME, [key], "Ann").result(PATIENCE)
        return self.sync()

    # ---- QuickBooks' side ----

    @property
    def books(self) -> Any:
        return self.world.company.books

    def fault(self, kind: Any, matching: str = "", **more: Any) -> None:
        self.world.company.faults.add(kind, matching, **more)

    def entities(self, kind: str) -> list[dict[str, Any]]:
        return list(self.books.of(kind))

    def count(self, *kinds: str) -> tuple[int, ...]:
        return tuple(len(self.entities(kind)) for kind in kinds)

    def account(self, name: str) -> str:
        return str(self.books.named("Account", name)["Id"])

    def tax_code(self, name: str) -> str:
        return str(self.books.named("TaxCode", name)["Id"])

    def enter(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Somebody enters something by hand in QuickBooks."""
        sign_in = self.world.company.sign_in
        token = sign_in.exchange(sign_in.consent(), REDIRECT_URI).access_token
        host = "sandbox-quickbooks"
        if self.world.switches.environment == "production":
            host = "quickbooks"
        answer = httpx.post(
            f"{self.server.intuit_url}/{host}/v3/company/{self.world.realm_id}/{path}",
            json=body,
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.is_success, answer.text
        entity = next(value for key, value in answer.json().items() if key != "time")
        assert isinstance(entity, dict)
        return entity

    def enter_customer(self, name: str, email: str | None = None, **more: Any) -> str:
        address = {"PrimaryEmailAddr": {"Address": email}} if email else {}
        return str(self.enter("customer", {"DisplayName": name, **address, **more})["Id"])

    def enter_invoice(self, customer: str, number: str, amount: int = 100) -> dict[str, Any]:
        """An invoice of so much and 13 % tax."""
        detail = {
            "ItemRef": {"value": self.books.default_item},
            "TaxCodeRef": {"value": self.tax_code("HST ON")},
        }
        line = {
            "Amount": amount,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }
        return self.enter(
            "invoice",
            {
                "CustomerRef": {"value": customer},
                "DocNumber": number,
                "TxnDate": "2026-11-01",
                "GlobalTaxCalculation": "TaxExcluded",
                "Line": [line],
            },
        )

    def take_numbers_away(self) -> None:
        """Somebody empties the number of every invoice: no look by number finds one any more."""
        for entry in self.entities("Invoice"):
            same = {"Id": entry["Id"], "SyncToken": entry["SyncToken"], "sparse": True}
            self.enter("invoice", {**same, "DocNumber": ""})

    def enter_payment(
        self, customer: str, amount: float, invoice: str | None = None
    ) -> dict[str, Any]:
        link = [{"TxnId": invoice, "TxnType": "Invoice"}]
        lines = [{"Amount": amount, "LinkedTxn": link}] if invoice else []
        return self.enter(
            "payment",
            {"CustomerRef": {"value": customer}, "TotalAmt": amount, "Line": lines},
        )

    def trial_balance(self) -> dict[str, Decimal]:
        return dict(self.books.trial_balance())


OpenOffice = Callable[..., Office]
