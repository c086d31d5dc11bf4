"""Questions that QuickBooks answers with an error each time: they keep their own invoice only."""

from collections.abc import Callable
from typing import Any

import pytest
from edge import POISON, Edge, documents, malformed, passes_of
from invoices import customer, document
from office import OpenOffice

from qbdesk.sync.views import Status


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
