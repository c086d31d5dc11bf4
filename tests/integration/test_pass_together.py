"""Many invoices on their way together: shared questions, full batches, and a stop in between."""

import asyncio
from typing import Any

import httpx
import pytest
from invoices import customer, document
from office import NAME, Office
from sqlalchemy import text

from qbdesk.sync import waves
from qbdesk.sync.views import Requests, Status


def _client(number: int) -> dict[str, Any]:
    email = f"ap{number}@client{number}.example.com"
    return customer(id=f"cus_{number}", name=f"Client {number}", email=email)


def _documents(count: int) -> list[dict[str, Any]]:
    return [document(f"inv-{n}", client=_client(n)) for n in range(count)]


def test_a_question_about_many_customers_tells_whose_invoice_is_whose(office: Office) -> None:
    for n in range(3):
        office.enter_customer(f"Client {n}", _client(n)["email"])
    theirs = office.books.named("Customer", "Client 1")["Id"]
    office.enter_invoice(theirs, "BY-HAND")
    office.post(*_documents(3))
    told = [office.status(f"inv-{n}") for n in range(3)]
    assert told == [Status.SYNCED, Status.NEEDS_ATTENTION, Status.SYNCED]


def test_invoices_at_different_stages_fill_the_same_batches(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "PAGE", 40)
    monkeypatch.setattr(waves, "AT_ONCE", 120)
    office.post(document("first"))  # item and payment method are there from now on
    result = office.post(*_documents(200))
    assert result.synced == 200
    assert office.count("Invoice", "Payment") == (201, 201)
    writes = 3 * 200  # each has a new customer
    assert result.requests.batches <= writes / 30 + 2
    assert result.requests.writes <= 9


class Standstill:
    """From the first look at a number on, the limits let nothing leave any more."""

    def __init__(self, office: Office) -> None:
        self._limiter = next(iter(office.service._engine.clients._limiters.values()))
        self._sleep = self._limiter._sleep
        self._hooks = office.service._around.http.event_hooks
        self._hooks = {"request": [self._look], "response": []}
        office.service._around.http.event_hooks = self._hooks
        self._http = office.service._around.http
        self.reached = asyncio.Event()

    async def _look(self, request: httpx.Request) -> None:
        if "DocNumber" in request.url.params.get("query", ""):
            self._limiter.pause(60)
            self._limiter._sleep = self._for_ever

    async def _for_ever(self, _seconds: float) -> None:
        self.reached.set()
        await asyncio.Event().wait()

    def end(self) -> None:
        self._http.event_hooks = {"request": [], "response": []}
        self._limiter._sleep = self._sleep


def test_what_is_stopped_while_it_waits_for_the_limits_is_in_no_doubt(office: Office) -> None:
    office.post(document())
    standstill = Standstill(office)
    office.show(document("inv-2"))
    service = office.service
    under_way = service._submit(service._engine.run_pass(NAME, afresh=False))
    service._submit(standstill.reached.wait()).result(30)
    service.stop_pass(NAME).result(30)
    assert under_way.result(30).requests == Requests(reads=1)
    with service._around.ledger.begin() as connection:
        doubtful = "SELECT count(*) FROM step WHERE state <> 'confirmed'"
        assert connection.execute(text(doubtful)).scalar() == 0
    standstill.end()
    assert office.sync().synced == 1
