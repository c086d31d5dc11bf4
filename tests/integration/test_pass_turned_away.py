"""Writes that are answered and never taken, and batches that cannot go again as they were."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import simplejson
from invoices import customer, document
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.practice.intuit import batch
from qbdesk.sync.views import Status

Answer = Callable[[], httpx.Response]
POISON = "poison"


def _firewall() -> httpx.Response:
    html = {"content-type": "text/html"}
    return httpx.Response(403, headers=html, text="<html>Access denied</html>")


def _too_large() -> httpx.Response:
    return httpx.Response(413, headers={"content-type": "text/html"}, text="<html>")


def _malformed() -> httpx.Response:
    error = {"code": "10000", "Message": "An application error", "Detail": "malformed payload"}
    return httpx.Response(500, json={"Fault": {"Error": [error], "type": "SystemFault"}})


class Edge(httpx.AsyncBaseTransport):
    """Answers whatever bears the word in the place of QuickBooks."""

    def __init__(
        self, office: Office, answer: Answer, method: str = "POST", word: str = POISON
    ) -> None:
        self._method, self._word = method, word
        office.view()
        http = office.service._around.http
        self._behind, self._answer = http._transport, answer
        self._aside = [each for each in http._mounts.values() if each is not None]
        self.turned_away = 0
        self.open = False
        http._transport, http._mounts = self, {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = request.content.decode() + str(request.url)
        if not self.open and request.method == self._method and self._word in said:
            self.turned_away += 1
            return self._answer()
        return await self._behind.handle_async_request(request)

    async def aclose(self) -> None:
        for transport in (self._behind, *self._aside):
            await transport.aclose()


def _documents(count: int, first: str = "inv") -> list[dict[str, Any]]:
    return [
        document(
            f"{first}-{n}", client=customer(id=f"c{n}", name=f"Client {n}", email=f"{n}@x.com")
        )
        for n in range(count)
    ]


def _passes(office: Office, count: int, seconds: float = 400) -> None:
    for _ in range(count):
        office.clock.advance(seconds=seconds)
        office.by_schedule()


@pytest.mark.parametrize("answer", [_firewall, _too_large, _malformed])
def test_an_invoice_that_is_never_taken_is_held_and_goes_on_when_asked(
    open_office: OpenOffice, answer: Answer
) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, answer)
    office.post({**document(), "memo": POISON})
    _passes(office, 9)
    assert office.status() is Status.WAITING  # an hour without QuickBooks is no fault of it
    office.clock.advance(hours=3)
    _passes(office, 2)
    assert office.status() is Status.NEEDS_ATTENTION
    assert "nothing of this invoice is in QuickBooks" in office.row().message
    assert "Try again" in office.row().message
    tries = edge.turned_away
    _passes(office, 3)
    assert edge.turned_away == tries
    office.resync()
    assert (office.status(), edge.turned_away) == (Status.WAITING, tries + 1)  # counted anew
    edge.open = True
    _passes(office, 1)
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_a_revision_of_what_was_never_taken_is_posted(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    Edge(office, _firewall)
    shown = document()
    office.post({**shown, "memo": POISON})
    _passes(office, 6, seconds=3000)
    assert office.status() is Status.NEEDS_ATTENTION
    office.post({**shown, "revision": 2, "memo": "x", "updated_at": "2026-11-20T15:00:00Z"})
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_what_is_never_taken_and_carried_out_after_all_is_taken_over_when_asked(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300, request_ids="ignored")
    edge = Edge(office, _malformed)
    office.post({**document(), "memo": POISON})
    _passes(office, 6, seconds=3000)
    assert office.status() is Status.NEEDS_ATTENTION
    with office.service._around.ledger.begin() as connection:
        text = "SELECT body FROM step WHERE kind = 'invoice'"
        body = connection.exec_driver_sql(text).scalar()
    office.enter("invoice", simplejson.loads(body, use_decimal=False))
    edge.open = True
    office.resync()
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


@pytest.mark.parametrize(("answer", "passes"), [(_firewall, 1), (_too_large, 1), (_malformed, 11)])
def test_one_entry_that_is_never_taken_costs_its_batch_nothing_but_time(
    open_office: OpenOffice, answer: Answer, passes: int
) -> None:
    office = open_office(settle_seconds=300)
    Edge(office, answer)
    shown = _documents(12)
    shown[3]["memo"] = POISON
    office.post(*shown)
    assert office.view().counts == {Status.WAITING: 12}
    _passes(office, passes)
    assert office.view().counts == {Status.SYNCED: 11, Status.WAITING: 1}
    _passes(office, 6, seconds=3000)
    assert office.view().counts == {Status.SYNCED: 11, Status.NEEDS_ATTENTION: 1}
    assert "instead of taking the invoice" in office.row("inv-3").message
    assert office.count("Invoice", "Payment") == (11, 11)


@pytest.mark.parametrize("how", ["ignored", "revised"])
def test_members_of_a_batch_that_is_not_whole_any_more_wait_for_what_may_come_late(
    open_office: OpenOffice, how: str
) -> None:
    office = open_office(settle_seconds=300, refuse_duplicate_numbers=False)
    office.world.company.books.clock = office.world.company.clock = office.clock
    office.post(*_documents(12))
    office.fault("commit_late", "POST batch", seconds=3000)
    more = [{**each, "number": f"M-{n}"} for n, each in enumerate(_documents(12, "more"))]
    office.post(*more)
    office.clock.advance(seconds=301)
    if how == "ignored":
        office.service.ignore(NAME, ["more-3"], "", "Ann").result(PATIENCE)
        office.sync()
    else:
        office.post(
            {**more[3], "revision": 2, "memo": "other", "updated_at": "2026-11-20T15:00:00Z"}
        )
    assert "within the hour" in office.row("more-5").message
    _passes(office, 12, seconds=301)
    assert office.count("Invoice") == (24,)
    assert office.view().counts[Status.SYNCED] >= 23


def test_members_of_a_batch_that_is_not_whole_any_more_leave_after_the_hour(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*_documents(12))
    office.fault("request_lost", "POST batch")
    more = [{**each, "number": f"M-{n}"} for n, each in enumerate(_documents(12, "more"))]
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
    assert office.post(*_documents(12)).synced == 12
    assert office.count("Customer", "Invoice", "Payment") == (12, 12, 12)


def _known_clients_and_a_new_one() -> list[dict[str, Any]]:
    new = customer(id="new", name="New", email=f"{POISON}@x.com")
    return [*_documents(5, "later"), document("inv-new", client=new)]


def _one_number_of_five() -> list[dict[str, Any]]:
    shown = _documents(5, "later")
    shown[3] |= {"id": "inv-new", "number": POISON}
    return shown


def _one_number_alone() -> list[dict[str, Any]]:
    return [document("inv-new", number=POISON)]


@pytest.mark.parametrize(
    "shown", [_known_clients_and_a_new_one, _one_number_of_five, _one_number_alone]
)
def test_one_question_that_quickbooks_never_answers_keeps_only_its_own_invoice(
    open_office: OpenOffice, shown: Callable[[], list[dict[str, Any]]]
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*_documents(5))
    edge = Edge(office, _malformed, "GET")
    result = office.post(*shown())
    others = len(shown()) - 1
    assert (result.synced, result.stopped) == (others, None)
    assert office.status("inv-new") is Status.WAITING
    assert "answers with an error when it is asked for" in office.row("inv-new").message
    _passes(office, 6, seconds=3000)
    assert office.status("inv-new") is Status.NEEDS_ATTENTION
    assert "For hours QuickBooks has answered with an error" in office.row("inv-new").message
    edge.open = True
    office.resync("inv-new")
    assert office.count("Invoice", "Payment") == (6 + others, 6 + others)


def test_what_is_not_answered_for_a_while_only_is_asked_again_by_itself(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, _malformed, "GET")
    office.post({**document(), "number": POISON})
    _passes(office, 3)
    assert office.status() is Status.WAITING
    edge.open = True
    _passes(office, 1)
    assert office.status() is Status.SYNCED


def test_a_fate_that_quickbooks_cannot_be_asked_about_keeps_only_its_own_invoice(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, _malformed, "GET")
    edge.open = True
    office.fault("request_lost", "POST invoice")
    office.post({**document(), "number": POISON})
    office.clock.advance(seconds=301)
    edge.open = False
    assert office.post(*_documents(2, "later")).synced == 2
    assert "asked for what was sent and not answered" in office.row().message
    edge.open = True
    _passes(office, 1)
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (3, 3)


def test_a_hiccup_in_the_middle_of_questions_holds_nothing(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    office.post(*_documents(1, "before"))
    office.show(*_documents(2))
    office.fault("unavailable", "query", times=8)
    _passes(office, 1)  # which reads no settings first
    assert office.view().counts == {Status.SYNCED: 2, Status.WAITING: 1}
    _passes(office, 1)
    assert office.view().counts == {Status.SYNCED: 3}


def test_questions_that_all_fail_end_the_pass_and_hold_nothing(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, _malformed, "GET", "DocNumber")
    assert office.post(*_documents(9)).stopped is not None
    assert office.view().counts == {Status.WAITING: 9}
    edge.open = True
    assert office.sync().synced == 9
