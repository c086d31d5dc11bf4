"""Watching the source: an idle look costs next to nothing, and none is forgotten or doubled."""

import time
from datetime import timedelta

from invoices import document
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.service import Service


def wake(service: Service) -> None:
    """As if the time for the next look had come."""
    assert service._loop is not None
    service._loop.call_soon_threadsafe(service._engine.schedule.wake)


def test_an_idle_look_costs_one_304_and_nothing_of_quickbooks(office: Office) -> None:
    office.post(document("inv-1"))
    office.by_schedule()
    answers = office.answers()
    for _ in range(3):
        office.clock.advance(minutes=5)
        assert office.by_schedule().stopped is None
    assert answers == ["source invoices 304"] * 3


def test_what_is_new_is_seen_after_any_number_of_304s(office: Office) -> None:
    for _ in range(3):
        office.by_schedule()
    office.show(document("inv-1"))
    assert office.by_schedule().synced == 1
    office.show(document("inv-2"))
    assert office.by_schedule().synced == 1


def test_a_person_who_presses_sync_now_is_not_answered_with_a_304(office: Office) -> None:
    office.by_schedule()
    office.by_schedule()
    answers = office.answers()
    office.sync()
    assert "source invoices 200" in answers
    assert "source tenant 200" in answers


def test_a_validator_that_is_wrongly_repeated_hides_rows_for_a_day_at_most(
    open_office: OpenOffice,
) -> None:
    office = open_office(feed_repeats_etag=True)
    office.by_schedule()
    office.by_schedule()
    office.show(document("inv-1"))
    answers = office.answers()
    assert office.by_schedule().synced == 0
    assert answers == ["source invoices 304"]
    office.clock.advance(days=1)
    assert office.by_schedule().synced == 1


def test_a_restart_forgets_no_back_off_and_asks_nobody_before_it_is_over(office: Office) -> None:
    office.world.switches.feed_mode = "down"
    office.by_schedule()
    office.by_schedule()
    office.world.switches.feed_mode = "fine"
    office.show(document("inv-1"))
    tray = office.open(scheduled=True)
    due = office.view().next_pass_at
    assert due is not None
    assert due - office.clock() > timedelta(minutes=1), "two failures in a row"
    answers = office.answers()
    wake(tray)
    assert office.view().next_pass_at == due
    assert answers == []
    office.clock.advance(minutes=3)
    wake(tray)
    until_synced(office)


def test_a_clock_that_was_set_back_does_not_silence_a_company(office: Office) -> None:
    office.by_schedule()
    office.show(document("inv-1"))
    office.clock.advance(days=-30)
    office.open(scheduled=True)
    until_synced(office)


def test_after_sleep_companies_are_looked_at_though_their_time_has_not_come(
    office: Office,
) -> None:
    for _ in range(6):
        office.world.switches.feed_mode = "down"
        office.by_schedule()
    office.world.switches.feed_mode = "fine"
    tray = office.open(scheduled=True)
    before = office.view().next_pass_at
    assert before is not None
    assert before - office.clock() > timedelta(minutes=29)
    office.show(document("inv-1"))
    office.clock.advance(minutes=2)
    wake(tray)
    until_synced(office)


def until_synced(office: Office) -> None:
    deadline = time.monotonic() + PATIENCE
    while office.rows()[:1] == () or office.status() != "synced":
        assert time.monotonic() < deadline, office.view(NAME).sentence
