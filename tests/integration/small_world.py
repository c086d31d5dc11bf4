"""A bookkeeper's computer and both servers in one process, on one clock, quick to set up anew."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from failing_calls import FailingKeyring, FailingNetwork, Failure, failing_database
from invoices import customer, document, line, payment
from sqlalchemy.exc import SQLAlchemyError

from qbdesk.app import no_cookies
from qbdesk.practice.switches import Switches
from qbdesk.practice.world import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    SOURCE_PATH,
    SOURCE_TOKEN,
    PracticeWorld,
)
from qbdesk.sync.engine import Surroundings
from qbdesk.sync.errors import Trouble
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.service import Service
from qbdesk.sync.vault import KeyringVault
from qbdesk.sync.views import CompanyView, InvoiceQuery, PassResult, State, Status

Document = dict[str, Any]

NAME = "Maple"
FROM = date(2026, 1, 1)
ROOT = "http://127.0.0.1:9"  # nobody listens there: no request leaves this process
SETTLE = timedelta(seconds=300)
PATIENCE = 60.0  # seconds for one answer of the service
MOST_PASSES = 12  # until everything is at rest, once nothing fails any more


class HandClock:
    """Goes on only when somebody moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 12, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds=seconds)
        await asyncio.sleep(0)


def _client(at: int) -> Document:
    return customer(id=f"cus_{at}", name=f"Client {at}", email=f"client{at}@example.com")


def backlog() -> list[Document]:
    """So many that customers, invoices and payments travel in batches; QuickBooks knows client 0.
    Client 1 paid in two parts."""
    shown = [document(f"inv-{at}", client=_client(at)) for at in range(11)]
    parts = [payment("13.00", id="a"), payment("100.00", id="b", method="cash")]
    shown[1] = document("inv-1", client=_client(1), payments=parts)
    return shown


def trickle() -> list[Document]:
    """A client known from the backlog, a new one, and an invoice that is in QuickBooks unpaid."""
    return [document(f"inv-{at}", client=_client(at % 12)) for at in (14, 11)] + [
        document("inv-by-hand", number="H-1", client=_client(0), lines=[line("2")])
    ]


class SmallWorld:
    """Everything from nothing: a company is added and connected, a backlog and then a trickle of
    invoices are posted, while one call goes wrong, or all from one on."""

    def __init__(self, home: Path, failure: Failure) -> None:
        self.clock = HandClock()
        # Nothing may rest on Intuit's memory, and every refresh ends the token before it.
        switches = Switches(request_ids="ignored", rotation=0.0)
        self.world = PracticeWorld(
            invoices=0, seed=7, switches=switches, clock=self.clock, sleep=self.clock.sleep
        )
        self.failure = failure
        self.sign_ins = 0
        self._home = home
        self._app = self.world.app()
        self._keyring = FailingKeyring()
        self._keyring.failure = failure
        self._shown: list[Document] = []
        self._service: Service
        self._enter_by_hand()

    # ---- the two lives ----

    def run(self) -> None:
        """A life in which calls fail, then one in which none does; until all is at rest."""
        with failing_database(self.failure):
            self._start()
            try:
                for step in (self._add, self._connect, self._backlog, self._trickle):
                    self._attempt(step)
                self.failure.over = True
                if self.failure.lasts or not self._alive():
                    self._service.stop()
                    self._start()
                self._come_to_rest()
            finally:
                self._service.stop()

    def _attempt(self, step: Callable[[], object]) -> None:
        """What a person tries; a trouble is a sentence to them."""
        with suppress(Trouble, SQLAlchemyError):
            step()

    def _alive(self) -> bool:
        try:
            self._companies()
        except Exception:
            return False
        return True

    def _come_to_rest(self) -> None:
        for _ in range(MOST_PASSES):
            if not self._companies():
                self._add()
            view = self._view()
            if not view.connected or view.state is State.SIGNED_OUT:
                self._connect()
            self._show(*backlog(), *trickle())
            result = self._sync()
            if result.stopped is None and result.waiting == 0:
                return
            if result.stopped:
                self._add()  # enters the source's token again
            self.clock.advance(seconds=SETTLE.total_seconds() + 1)
        raise AssertionError(f"It never came to rest: {result}")

    def _backlog(self) -> None:
        self._show(*backlog())
        self._sync()

    def _trickle(self) -> None:
        self.clock.advance(hours=2)
        self._show(*trickle())
        self._sync()

    def _show(self, *documents: Document) -> None:
        for each in documents:
            if each not in self._shown:
                self._shown.append(each)
                self.world.feed.put(each)

    # ---- the service ----

    def _start(self) -> None:
        self._service = Service(self._surroundings, scheduled=False)
        self._service.start()

    async def _surroundings(self) -> Surroundings:
        return Surroundings(
            ledger=open_ledger(self._home / "ledger.db"),
            vault=KeyringVault(self._home, self._keyring),
            home=self._home,
            hosts=intuit_hosts(ROOT),
            http=httpx.AsyncClient(
                transport=FailingNetwork(self._app, self.failure), cookies=no_cookies()
            ),
            clock=self.clock,
            sleep=self.clock.sleep,
            settle=SETTLE,
            monotonic=lambda: self.clock().timestamp(),
        )

    def _companies(self) -> list[CompanyView]:
        return self._service.companies().result(PATIENCE)

    def _view(self) -> CompanyView:
        return self._service.company(NAME).result(PATIENCE)

    def _add(self) -> None:
        source = f"{ROOT}{SOURCE_PATH}"
        self._service.add_company(NAME, "feed", source, SOURCE_TOKEN, FROM).result(PATIENCE)

    def _connect(self) -> None:
        self.sign_ins += 1
        request = self._service.begin_connect(NAME, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI)
        landing = self._asked("GET", request.result(PATIENCE).authorize_url).headers["location"]
        offer = self._service.finish_connect(NAME, landing).result(PATIENCE)
        assert offer.income_account is not None
        agreed = frozenset(word for word, _ in offer.questions)
        self._service.confirm_connect(NAME, offer.income_account.id, agreed).result(PATIENCE)

    def _sync(self) -> PassResult:
        (result,) = self._service.sync(NAME).result(PATIENCE)
        return result

    # ---- QuickBooks' side ----

    def _asked(self, method: str, url: str, **more: Any) -> httpx.Response:
        """A request that is nobody's but the test's."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app)) as http:
                return await http.request(method, url, **more)

        return asyncio.run(ask())

    def _enter(self, path: str, body: Document) -> str:
        sign_in = self.world.company.sign_in
        token = sign_in.exchange(sign_in.consent(), REDIRECT_URI).access_token
        answer = self._asked(
            "POST",
            f"{ROOT}/sandbox-quickbooks/v3/company/{self.world.realm_id}/{path}",
            json=body,
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.is_success, answer.text
        return str(answer.json()[path.title()]["Id"])

    def _enter_by_hand(self) -> None:
        """Somebody has entered client 0 and an invoice of theirs that is not paid yet."""
        books = self.world.company.books
        email = {"Address": "client0@example.com"}
        known = self._enter("customer", {"DisplayName": "Client 0", "PrimaryEmailAddr": email})
        detail = {
            "ItemRef": {"value": books.default_item},
            "TaxCodeRef": {"value": str(books.named("TaxCode", "HST ON")["Id"])},
        }
        sold = {
            "Amount": 200,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }
        self._enter(
            "invoice",
            {
                "CustomerRef": {"value": known},
                "DocNumber": "H-1",
                "TxnDate": "2026-11-01",
                "GlobalTaxCalculation": "TaxExcluded",
                "Line": [sold],
            },
        )

    def audit(self) -> list[str]:
        """What is not as it has to be; nothing, when each paid invoice and its payments are in
        QuickBooks once."""
        return [*self._audit_invoices(), *self._audit_lists(), *self._audit_rows()]

    def _audit_invoices(self) -> Iterator[str]:
        books = self.world.company.books
        shown = {entry["number"]: entry for entry in self._shown}
        invoices = list(books.of("Invoice"))
        if sorted(entry["DocNumber"] for entry in invoices) != sorted(shown):
            yield f"invoices {sorted(entry['DocNumber'] for entry in invoices)}"
        for entry in invoices:
            source = shown[entry["DocNumber"]]
            if entry["TotalAmt"] != Decimal(source["total"]):
                yield f"{entry['DocNumber']} over {entry['TotalAmt']}"
            paid = sorted(_paid_to(books, entry["Id"]))
            if paid != sorted(Decimal(part["amount"]) for part in source["payments"]):
                yield f"{entry['DocNumber']} paid by {paid}"
        payments = sum(len(entry["payments"]) for entry in self._shown)
        if len(list(books.of("Payment"))) != payments:
            yield f"{len(list(books.of('Payment')))} payments instead of {payments}"

    def _audit_lists(self) -> Iterator[str]:
        """Customers, products and payment methods are made once, too."""
        books = self.world.company.books
        emails = [entry["PrimaryEmailAddr"]["Address"] for entry in books.of("Customer")]
        if sorted(emails) != sorted({entry["customer"]["email"] for entry in self._shown}):
            yield f"customers {sorted(emails)}"
        for kind in ("Item", "PaymentMethod"):
            doubled = [n for n, c in Counter(e["Name"] for e in books.of(kind)).items() if c > 1]
            if doubled:
                yield f"{kind} {doubled} twice"

    def _audit_rows(self) -> Iterator[str]:
        with self._reopened() as service:
            query = InvoiceQuery(NAME)
            rows = {
                row.source_id: row for row in service.invoices(query, None, 100).result(60).rows
            }
        if rows.keys() != {entry["id"] for entry in self._shown}:
            yield f"rows {sorted(rows)}"
        for row in rows.values():
            if row.status is not Status.SYNCED:
                yield f"{row.source_id} is {row.status}: {row.message}"

    @contextmanager
    def _reopened(self) -> Iterator[Service]:
        self._start()
        try:
            yield self._service
        finally:
            self._service.stop()


def _paid_to(books: Any, invoice_id: str) -> list[Decimal]:
    return [
        part["Amount"]
        for entry in books.of("Payment")
        for part in entry["Line"]
        if any(link["TxnId"] == invoice_id for link in part["LinkedTxn"])
    ]
