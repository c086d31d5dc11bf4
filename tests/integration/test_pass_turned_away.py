"""Writes that are never taken, with an answer or without one."""

import pytest
import simplejson
from edge import (
    POISON,
    Answer,
    Edge,
    documents,
    firewall,
    had_before,
    malformed,
    own_error,
    passes_of,
    reset,
    too_large,
)
from invoices import document
from office import OpenOffice

from qbdesk.sync.views import Status


@pytest.mark.parametrize("answer", [firewall, too_large, malformed, had_before, own_error])
def test_an_invoice_that_is_never_taken_is_held_and_goes_on_when_asked(
    open_office: OpenOffice, answer: Answer
) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, answer)
    office.post({**document(), "memo": POISON})
    passes_of(office, 9)
    assert office.status() is Status.WAITING  # an hour without QuickBooks is no fault of it
    office.clock.advance(hours=3)
    passes_of(office, 2)
    assert office.status() is Status.NEEDS_ATTENTION
    assert "nothing of this invoice is in QuickBooks" in office.row().message
    assert "Try again" in office.row().message
    tries = edge.turned_away
    passes_of(office, 3)
    assert edge.turned_away == tries
    office.resync()
    assert (office.status(), edge.turned_away) == (Status.WAITING, tries + 1)  # counted anew
    edge.open = True
    passes_of(office, 1)
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_a_revision_of_what_was_never_taken_is_posted(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    Edge(office, firewall)
    shown = document()
    office.post({**shown, "memo": POISON})
    passes_of(office, 6, seconds=3000)
    assert office.status() is Status.NEEDS_ATTENTION
    office.post({**shown, "revision": 2, "memo": "x", "updated_at": "2026-11-20T15:00:00Z"})
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_what_is_never_taken_and_carried_out_after_all_is_taken_over_when_asked(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300, request_ids="ignored")
    edge = Edge(office, malformed)
    office.post({**document(), "memo": POISON})
    passes_of(office, 6, seconds=3000)
    assert office.status() is Status.NEEDS_ATTENTION
    with office.service._around.ledger.begin() as connection:
        text = "SELECT body FROM step WHERE kind = 'invoice'"
        body = connection.exec_driver_sql(text).scalar()
    office.enter("invoice", simplejson.loads(body, use_decimal=False))
    edge.open = True
    office.resync()
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


@pytest.mark.parametrize(
    ("answer", "passes"),
    [(firewall, 1), (too_large, 1), (malformed, 11), (own_error, 11), (reset, 13)],
)
def test_one_entry_that_is_never_taken_costs_its_batch_nothing_but_time(
    open_office: OpenOffice, answer: Answer, passes: int
) -> None:
    office = open_office(settle_seconds=300)
    Edge(office, answer)
    shown = documents(12)
    shown[3]["memo"] = POISON
    office.post(*shown)
    assert office.view().counts == {Status.WAITING: 12}
    passes_of(office, passes)
    assert office.view().counts == {Status.SYNCED: 11, Status.WAITING: 1}
    passes_of(office, 6, seconds=3000)
    assert office.view().counts == {Status.SYNCED: 11, Status.NEEDS_ATTENTION: 1}
    told = office.row("inv-3").message
    assert "instead of taking the invoice" in told or "the invoice was sent" in told
    assert office.count("Invoice", "Payment") == (11, 11)


def test_an_invoice_whose_connection_is_cut_each_time_is_held_when_others_get_through(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, reset)
    office.post({**document("cut"), "memo": POISON})
    passes_of(office, 7, seconds=3000)
    assert office.status("cut") is Status.WAITING  # maybe nothing gets through
    office.post(document("other", number="N-other"))
    passes_of(office, 1)
    assert (office.status("cut"), office.status("other")) == (
        Status.NEEDS_ATTENTION,
        Status.SYNCED,
    )
    assert "None of 8 times that the invoice was sent" in office.row("cut").message
    edge.open = True
    office.resync("cut")
    passes_of(office, 1)
    assert office.status("cut") is Status.SYNCED
    assert office.count("Invoice", "Payment") == (2, 2)
