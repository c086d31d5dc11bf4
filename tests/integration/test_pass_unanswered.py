"""Questions that QuickBooks answers with an error each time: they keep their own invoice only."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from edge import POISON, Edge, documents, malformed, not_understood, passes_of
from invoices import customer, document
from office import OpenOffice

from qbdesk.sync import waves
from qbdesk.sync.asking import FAILING
from qbdesk.sync.ledger import memory
from qbdesk.sync.views import Status


def of_unknown_shape() -> httpx.Response:
    return httpx.Response(200, json={})


def _numbered(count: int, *, poisoned: int = 0) -> list[dict[str, Any]]:
    """Of the clients of `documents`, the first ones with a number that nothing answers."""
    return [
        {**shown, "number": f"{POISON}-{n}" if n < poisoned else f"M-{n:02}"}
        for n, shown in enumerate(documents(count, "more"))
    ]


def _known_clients_and_a_new_one() -> list[dict[str, Any]]:
    new = customer(id="new", name="New", email=f"{POISON}@x.com")
    return [*documents(5, "later"), document("inv-new", client=new)]


def _one_number_of_five() -> list[dict[str, Any]]:
    shown = documents(5, "later")
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
    office.post(*documents(5))
    edge = Edge(office, malformed, "GET")
    result = office.post(*shown())
    others = len(shown()) - 1
    assert (result.synced, result.stopped) == (others, None)
    assert office.status("inv-new") is Status.WAITING
    assert "answers with an error when it is asked for" in office.row("inv-new").message
    passes_of(office, 6, seconds=3000)
    assert office.status("inv-new") is Status.NEEDS_ATTENTION
    assert "For hours QuickBooks has answered with an error" in office.row("inv-new").message
    edge.open = True
    office.resync("inv-new")
    assert office.count("Invoice", "Payment") == (6 + others, 6 + others)


def test_what_is_not_answered_for_a_while_only_is_asked_again_by_itself(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, malformed, "GET")
    office.post({**document(), "number": POISON})
    passes_of(office, 3)
    assert office.status() is Status.WAITING
    edge.open = True
    passes_of(office, 1)
    assert office.status() is Status.SYNCED


def test_a_fate_that_quickbooks_cannot_be_asked_about_keeps_only_its_own_invoice(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, malformed, "GET")
    edge.open = True
    office.fault("request_lost", "POST invoice")
    office.post({**document(), "number": POISON})
    office.clock.advance(seconds=301)
    edge.open = False
    assert office.post(*documents(2, "later")).synced == 2
    assert "asked for what was sent and not answered" in office.row().message
    edge.open = True
    passes_of(office, 1)
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (3, 3)


def test_a_hiccup_in_the_middle_of_questions_holds_nothing(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(1, "before"))
    office.show(*documents(2))
    office.fault("unavailable", "query", times=8)
    passes_of(office, 1)  # which reads no settings first
    assert office.view().counts == {Status.SYNCED: 2, Status.WAITING: 1}
    passes_of(office, 1)
    assert office.view().counts == {Status.SYNCED: 3}


def test_questions_that_all_fail_end_the_pass_and_hold_nothing(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, malformed, "GET", "DocNumber")
    assert office.post(*documents(9)).stopped is not None
    assert office.view().counts == {Status.WAITING: 9}
    edge.open = True
    assert office.sync().synced == 9


def test_a_part_of_quickbooks_out_of_order_costs_the_same_for_many_as_for_few(
    open_office: OpenOffice,
) -> None:
    asked = []
    for count in (12, 24):
        office = open_office(settle_seconds=300)
        office.post(*documents(count))
        office.fault("request_lost", "POST batch")
        office.post(*_numbered(count))
        office.clock.advance(seconds=301)
        edge = Edge(office, malformed, "GET", "/query")
        assert office.by_schedule().stopped is not None
        assert office.view().counts == {Status.SYNCED: count, Status.WAITING: count}
        asked.append(edge.turned_away)
        edge.open = True
        passes_of(office, 2)
        assert office.view().counts == {Status.SYNCED: 2 * count}
        office.close()
    assert asked == [16, 16]


def test_many_refused_questions_hold_nobody_for_another_ones_reason(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(12))
    Edge(office, not_understood, "GET")
    office.show(*_numbered(12, poisoned=4))
    passes_of(office, 3)
    held = {row.source_id for row in office.rows() if row.status is Status.NEEDS_ATTENTION}
    assert held == {"more-0", "more-1", "more-2", "more-3"}
    assert office.view().counts == {Status.SYNCED: 20, Status.NEEDS_ATTENTION: 4}


@pytest.mark.parametrize("word", ["/v3/company", "/query"])
def test_answers_of_an_unknown_shape_hold_nothing_that_passes(
    open_office: OpenOffice, word: str
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(1))
    office.show(*_numbered(12))
    edge = Edge(office, of_unknown_shape, "GET", word)
    assert office.by_schedule().stopped is not None
    assert office.view().counts == {Status.SYNCED: 1, Status.WAITING: 12}
    edge.open = True
    passes_of(office, 1)
    assert office.view().counts == {Status.SYNCED: 13}


def test_one_answer_of_an_unknown_shape_holds_its_invoice_only_when_it_stays_for_hours(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(1))
    Edge(office, of_unknown_shape, "GET")
    office.show(*_numbered(3, poisoned=1))
    passes_of(office, 3)
    assert office.view().counts == {Status.SYNCED: 3, Status.WAITING: 1}
    passes_of(office, 3, seconds=2 * 3600)
    assert office.view().counts == {Status.SYNCED: 3, Status.NEEDS_ATTENTION: 1}


def test_two_hiccups_a_night_apart_hold_nothing(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(1))
    Edge(office, malformed, "GET")
    office.show({**document("inv-new"), "number": POISON})
    passes_of(office, 2, seconds=14 * 3600)
    assert office.status("inv-new") is Status.WAITING
    passes_of(office, 1)
    assert office.status("inv-new") is Status.NEEDS_ATTENTION


def test_hiccups_days_apart_have_nothing_to_do_with_each_other(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(1))
    Edge(office, malformed, "GET")
    office.show({**document("inv-new"), "number": POISON})
    passes_of(office, 4, seconds=60 * 3600)
    assert office.status("inv-new") is Status.WAITING


def test_what_an_earlier_version_remembered_of_a_failure_counts_anew(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(1))
    Edge(office, malformed, "GET")
    office.show({**document("inv-new"), "number": POISON})
    long_ago = office.clock.true().isoformat()
    with office.service._engine._around.ledger.begin() as connection:
        memory.remember(connection, 1, FAILING, f"number {POISON}", long_ago)
    passes_of(office, 2, seconds=5 * 3600)
    assert office.status("inv-new") is Status.WAITING


def test_one_question_that_many_pages_want_fails_once(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "PAGE", 2)
    monkeypatch.setattr(waves, "AT_ONCE", 4)
    office = open_office(settle_seconds=300)
    office.post(*documents(1))
    edge = Edge(office, malformed, "GET")
    client = customer(id="p", name="P", email=f"{POISON}@x.com")
    office.show(*[document(f"p-{n}", number=f"P-{n}", client=client) for n in range(12)])
    assert office.by_schedule().stopped is None
    assert edge.turned_away == 4  # tries of one question
    passes_of(office, 1, seconds=5 * 3600)
    assert office.view().counts == {Status.SYNCED: 1, Status.WAITING: 12}


def test_those_that_fail_in_every_pass_keep_no_new_client_from_being_entered(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = open_office(settle_seconds=300)
    office.post(*documents(5))
    Edge(office, malformed, "GET")
    office.show(*_numbered(5, poisoned=5))
    passes_of(office, 3)
    monkeypatch.setattr(waves, "PAGE", 2)
    monkeypatch.setattr(waves, "AT_ONCE", 4)
    new = [customer(id=f"n{n}", name=f"New {n}", email=f"new{n}@x.com") for n in range(6)]
    office.show(*_numbered(5, poisoned=5))
    office.show(*[document(f"new-{n}", client=client) for n, client in enumerate(new)])
    assert office.by_schedule().synced == 6
    assert office.view().counts == {Status.SYNCED: 11, Status.WAITING: 5}
