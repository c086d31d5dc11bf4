"""Batches of unknown fate: again as they were, or, where that cannot be, much later."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import simplejson
from edge import Edge, documents, had_before, malformed, passes_of
from invoices import customer, document
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.practice.intuit import batch
from qbdesk.sync import waves
from qbdesk.sync.views import Progress, Status


class Lost(Edge):
    """Loses the first batch of both invoices and payments."""

    def __init__(self, office: Office) -> None:
        super().__init__(office, malformed, "POST", "/batch?")
        self.lost = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = request.content.decode()
        if self.lost == 0 and '"create","Invoice"' in said and '"create","Payment"' in said:
            self.lost = said.count('"bId"')
            raise httpx.ReadError("lost", request=request)
        return await self._behind.handle_async_request(request)


class Down(Edge):
    """No connection, from the first request on that bears the word."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.open and (self.turned_away or self._word in str(request.url)):
            self.turned_away += 1
            raise httpx.ConnectError("down", request=request)
        return await self._behind.handle_async_request(request)


class Meanwhile(Edge):
    """Something happens right before QuickBooks is asked first about what bears the word."""

    def __init__(self, office: Office, word: str, happens: Callable[[], None]) -> None:
        super().__init__(office, malformed, "GET", word)
        self._happens = happens

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.open and self._word in str(request.url):
            self.open = True
            self._happens()
        return await self._behind.handle_async_request(request)


@pytest.mark.parametrize("how", ["ignored", "revised"])
def test_members_of_a_batch_that_is_not_whole_any_more_wait_for_what_may_come_late(
    open_office: OpenOffice, how: str
) -> None:
    office = open_office(settle_seconds=300, refuse_duplicate_numbers=False)
    office.world.company.books.clock = office.world.company.clock = office.clock
    office.post(*documents(12))
    office.fault("commit_late", "POST batch", seconds=3000)
    more = [{**each, "number": f"M-{n}"} for n, each in enumerate(documents(12, "more"))]
    office.post(*more)
    office.clock.advance(seconds=301)
    if how == "ignored":
        office.service.ignore(NAME, ["more-3"], "", "Ann").result(PATIENCE)
        office.sync()
    else:
        office.post(
            {**more[3], "revision": 2, "memo": "other", "updated_at": "2026-11-20T15:00:00Z"}
        )
    assert "about an hour" in office.row("more-5").message
    passes_of(office, 12, seconds=301)
    assert office.count("Invoice") == (24,)
    assert office.view().counts[Status.SYNCED] >= 23


def test_members_of_a_batch_that_is_not_whole_any_more_leave_after_the_hour(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(12))
    office.fault("request_lost", "POST batch")
    more = [{**each, "number": f"M-{n}"} for n, each in enumerate(documents(12, "more"))]
    office.post(*more)
    office.clock.advance(seconds=301)
    office.service.ignore(NAME, ["more-3"], "", "Ann").result(PATIENCE)
    office.sync()
    assert office.view().counts[Status.WAITING] == 11
    office.clock.advance(seconds=3600)
    office.sync()
    assert office.view().counts == {Status.SYNCED: 23, Status.IGNORED: 1}
    assert office.count("Invoice", "Payment") == (23, 23)


def test_a_batch_of_too_many_entries_goes_one_by_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_ITEMS", 10)
    assert office.post(*documents(12)).synced == 12
    assert office.count("Customer", "Invoice", "Payment") == (12, 12, 12)


def test_what_a_batch_of_too_many_entries_was_told_is_noted_for_each(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_ITEMS", 10)
    office.post(*documents(12))
    with office.service._around.ledger.begin() as connection:
        text = "SELECT count(*) FROM attempt WHERE outcome = 'refused' AND text LIKE '%too many%'"
        # The first batch: twelve customers, the item and the payment method.
        assert connection.exec_driver_sql(text).scalar() == 14


def test_a_batch_of_which_a_first_copy_may_be_under_way_goes_again_as_it_was(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(12))
    edge = Edge(office, had_before, "POST", "/batch?")
    office.post(*_known(12))
    assert edge.turned_away == 1
    edge.open = True
    office.clock.advance(seconds=301)
    requests = office.by_schedule().requests
    assert office.view().counts == {Status.SYNCED: 24}
    assert (requests.batches, requests.writes) == (2, 0)


def _known(count: int) -> list[dict[str, Any]]:
    """More invoices of clients that `documents` has brought: nothing else is to be made."""
    return [{**each, "number": f"M-{n:02}"} for n, each in enumerate(documents(count, "more"))]


def _with_a_lost_batch(open_office: OpenOffice) -> Office:
    """Twelve invoices left in one batch that never arrived, and the settle time is over."""
    office = open_office(settle_seconds=300)
    office.post(*documents(12))
    office.fault("request_lost", "POST batch")
    office.post(*_known(12))
    office.clock.advance(seconds=301)
    return office


def _cut_off(office: Office, at: str) -> None:
    """The second look ends in the middle: the connection fails."""
    edge = Down(office, malformed, "GET", at)
    assert office.by_schedule().stopped is not None
    edge.open = True


def test_a_lost_batch_of_invoices_and_payments_goes_again_as_one_after_the_settle_time(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(12))
    edge = Lost(office)
    new = [
        {**each, "customer": customer(id=f"n{n}", name=f"New {n}", email=f"n{n}@x.com")}
        for n, each in enumerate(documents(12, "new"))
    ]
    office.post(*_known(12), *new)
    assert edge.lost == 24
    office.clock.advance(seconds=301)
    requests = office.by_schedule().requests
    assert office.view().counts == {Status.SYNCED: 36}
    assert (requests.batches, requests.writes) == (2, 0)  # the lost one, and the last payments
    assert office.count("Invoice", "Payment") == (36, 36)


def test_a_lost_batch_goes_again_as_one_although_the_second_look_was_cut_off(
    open_office: OpenOffice,
) -> None:
    office = _with_a_lost_batch(open_office)
    _cut_off(office, "M-05")
    office.clock.advance(seconds=60)
    requests = office.by_schedule().requests
    assert office.view().counts == {Status.SYNCED: 24}
    assert (requests.batches, requests.writes) == (2, 0)


def test_what_waits_for_the_rest_of_its_batch_says_so_and_ends_the_pass(
    open_office: OpenOffice,
) -> None:
    office = _with_a_lost_batch(open_office)
    _cut_off(office, "M-05")
    office.clock.set_forward(hours=3)  # the others are in doubt anew
    office.events.clear()
    result = office.by_schedule()
    assert (result.stopped, office.view().counts[Status.WAITING]) == (None, 12)
    rounds = [each for each in office.events if isinstance(each, Progress) and each.total]
    assert len(rounds) < 10
    assert "together with the other entries" in office.row("more-2").message
    assert "in a few minutes" in office.row("more-8").message
    office.clock.advance(seconds=301)
    assert office.by_schedule().requests.batches == 2
    assert office.view().counts == {Status.SYNCED: 24}


def test_what_waits_for_a_batch_of_which_one_is_ignored_leaves_after_the_hour(
    open_office: OpenOffice,
) -> None:
    office = _with_a_lost_batch(open_office)
    _cut_off(office, "M-05")
    office.service.ignore(NAME, ["more-11"], "", "Ann").result(PATIENCE)
    office.by_schedule()
    assert "about an hour" in office.row("more-2").message
    passes_of(office, 1, seconds=3600)
    assert office.view().counts == {Status.SYNCED: 23, Status.IGNORED: 1}
    assert office.count("Invoice", "Payment") == (23, 23)


def test_a_batch_that_is_carried_out_between_the_looks_for_its_members_doubles_nothing(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = open_office(settle_seconds=300, refuse_duplicate_numbers=False)
    office.world.company.books.clock = office.world.company.clock = office.clock
    office.post(*documents(12))
    office.fault("commit_late", "POST batch", seconds=600)
    office.post(*_known(12))
    monkeypatch.setattr(waves, "PAGE", 6)  # six join, and are looked at, before the other six
    office.clock.advance(seconds=301)
    _cut_off(office, "M-06")
    Meanwhile(office, "M-06", lambda: office.clock.advance(seconds=400))
    passes_of(office, 3)
    assert office.count("Invoice", "Payment") == (24, 24)
    assert office.view().counts == {Status.SYNCED: 24}


class InParts(Edge):
    """Loses the first batch. QuickBooks carries it out entry by entry, much later: the first of
    them right before it is asked for the number, the others when the test says so."""

    def __init__(self, office: Office, number: str) -> None:
        super().__init__(office, malformed, "POST", "/batch?")
        self._office, self._number = office, number
        self._lost: httpx.Request | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._lost is None and "/batch?" in str(request.url):
            self._lost = request
            raise httpx.ReadError("lost", request=request)
        if not self.open and self._number in str(request.url):
            self.open = True
            await self._carry_out(1)
        return await self._behind.handle_async_request(request)

    async def _carry_out(self, entries: int) -> None:
        assert self._lost is not None
        body = simplejson.loads(self._lost.content, use_decimal=True)
        body["BatchItemRequest"] = body["BatchItemRequest"][:entries]
        content = simplejson.dumps(body).encode()
        headers = self._lost.headers.copy()
        del headers["Content-Length"]
        again = httpx.Request("POST", self._lost.url, headers=headers, content=content)
        assert (await self._behind.handle_async_request(again)).status_code == 200

    def carry_out(self) -> None:
        loop = self._office.service._loop
        asyncio.run_coroutine_threadsafe(self._carry_out(30), loop).result(PATIENCE)


def test_a_batch_that_is_carried_out_entry_by_entry_while_it_is_looked_for_doubles_nothing(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300, refuse_duplicate_numbers=False)
    office.post(*documents(12))
    batch = InParts(office, "M-00")
    office.post(*_known(12))
    office.clock.advance(seconds=301)
    office.by_schedule()
    assert batch.open
    batch.carry_out()
    passes_of(office, 2)
    assert office.count("Invoice", "Payment") == (24, 24)
    assert office.view().counts == {Status.SYNCED: 24}


def test_a_customer_that_somebody_else_has_made_does_not_pass_for_a_batch_carried_out(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300, refuse_duplicate_numbers=False)
    office.world.company.books.clock = office.world.company.clock = office.clock
    office.post(*documents(12))
    office.fault("commit_late", "POST batch", seconds=1500)
    client = customer(id="new", name="New Client", email="new@x.com")
    office.post(*_known(12), document("new", number="N-1", client=client))
    office.enter_customer("New Client", "new@x.com")
    passes_of(office, 8)
    office.world.company.catch_up()
    passes_of(office, 8)
    assert office.count("Invoice", "Payment") == (25, 25)
    assert office.view().counts == {Status.SYNCED: 25}


def test_customers_of_a_lost_batch_go_one_by_one_where_the_batch_cannot_be_whole_again(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST batch")
    office.post(*documents(12))
    office.service.ignore(NAME, ["inv-11"], "", "Ann").result(PATIENCE)
    office.clock.advance(seconds=301)
    office.by_schedule()
    assert office.view().counts == {Status.SYNCED: 11, Status.IGNORED: 1}
    assert office.count("Customer", "Invoice", "Payment") == (11, 11, 11)


def test_the_long_wait_counts_on_over_a_computers_sleep(open_office: OpenOffice) -> None:
    office = _with_a_lost_batch(open_office)
    office.service.ignore(NAME, ["more-3"], "", "Ann").result(PATIENCE)
    office.sync()
    for _ in range(3):
        office.clock.set_forward(hours=9)  # as a sleep looks, in which the other clock stood still
        office.by_schedule()
        assert office.view().counts[Status.WAITING] == 11
        office.clock.advance(seconds=1200)
    office.by_schedule()
    assert office.view().counts == {Status.SYNCED: 23, Status.IGNORED: 1}


def test_the_long_wait_counts_on_when_the_computer_is_started_anew(open_office: OpenOffice) -> None:
    office = _with_a_lost_batch(open_office)
    office.service.ignore(NAME, ["more-3"], "", "Ann").result(PATIENCE)
    office.sync()
    for minutes in (40, 10):
        office.restart_the_computer(hours=20)
        passes_of(office, minutes // 10, seconds=600)
        assert office.view().counts[Status.WAITING] == 11
    passes_of(office, 1, seconds=600)
    assert office.view().counts == {Status.SYNCED: 23, Status.IGNORED: 1}


def test_what_was_waited_before_the_computer_was_off_is_not_more_than_it_was(
    open_office: OpenOffice,
) -> None:
    office = _with_a_lost_batch(open_office)
    office.service.ignore(NAME, ["more-3"], "", "Ann").result(PATIENCE)
    office.sync()
    for _ in range(5):
        office.restart_the_computer(hours=20)
        office.clock.advance(seconds=600)
        office.by_schedule()
        assert office.view().counts[Status.WAITING] == 11
