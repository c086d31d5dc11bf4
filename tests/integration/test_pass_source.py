"""The source on bad days: repeated and shuffled pages, old cursors, no answers, wrong answers."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from invoices import customer, document
from meddling import MeddledWorld, Meddler
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.ledger import companies, memory
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.views import State, Status


@pytest.fixture
def meddled(tmp_path: Path) -> Iterator[tuple[Office, Meddler]]:
    """A connected company with a settle time, and what changes the answers it gets."""
    world = MeddledWorld(invoices=0, seed=7)
    office = Office(tmp_path, world, 300)
    office.add()
    office.connect()
    yield office, world.meddler
    office.close()


def test_repeated_and_shuffled_rows_are_posted_once(open_office: OpenOffice) -> None:
    office = open_office(feed_duplicates=True, feed_shuffled=True)
    for number in range(5):
        office.post(document(f"inv-{number}"))
    assert office.view().counts == {Status.SYNCED: 5}
    assert office.count("Invoice", "Payment") == (5, 5)


def test_more_than_a_page_is_read_to_the_end(open_office: OpenOffice) -> None:
    office = open_office()
    office.show(*(document(f"inv-{n}", client=customer(email=None)) for n in range(450)))
    assert office.sync().needs_attention == 450


def test_an_old_cursor_starts_the_reading_anew_and_posts_nothing_twice(office: Office) -> None:
    office.post(document("a"))
    office.world.switches.feed_mode = "expired"
    result = office.post(document("b"))
    assert (result.stopped, result.synced) == (None, 1)
    assert office.count("Invoice") == (2,)


def test_a_cursor_that_the_source_does_not_know_starts_the_reading_anew(office: Office) -> None:
    office.post(document("a"))
    ledger = open_ledger(office.home / "ledger.db")
    with ledger.begin() as connection:
        company = companies.named(connection, NAME)
        assert company is not None
        companies.change(connection, company.id, cursor="damaged")
    ledger.close()
    result = office.post(document("b"))
    assert (result.stopped, result.synced) == (None, 1)
    assert office.count("Invoice") == (2,)


def test_a_row_that_cannot_be_read_takes_no_number_away(office: Office) -> None:
    whole = document("a", revision=1)
    office.world.feed.raw({**whole, "id": None})
    office.sync()
    assert office.post(whole).synced == 1, office.row("a").message


@pytest.mark.parametrize("damaged", [b"\xe9", b"\xed\xa0\xbd"], ids=["latin", "half"])
def test_bytes_that_are_no_text_hold_their_invoice_and_stop_no_other(
    meddled: tuple[Office, Meddler], damaged: bytes
) -> None:
    office, meddler = meddled
    meddler.change = lambda _, answer: replace(
        answer, body=answer.body.replace(b"Bad name", b"Bad " + damaged)
    )
    client = customer(id="bad", name="Bad name", email="bad@example.com")
    result = office.post(document("a"), document("bad", client=client), document("b"))
    assert (result.stopped, result.synced, result.needs_attention) == (None, 2, 1)
    assert "“customer name” is not whole" in office.row("bad").message
    meddler.change = None
    assert office.post(document("bad", client=client)).synced == 1


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [("down", "cannot be reached"), ("rubbish", "cannot read")],
)
def test_a_source_out_of_order_is_tried_again_and_then_said(
    office: Office, mode: str, sentence: str
) -> None:
    office.world.switches.feed_mode = mode  # type: ignore[assignment]
    result = office.post(document())
    assert sentence in (result.stopped or "")
    assert (office.view().state, office.view().sentence) == (State.OFFLINE, result.stopped)
    assert len(office.waits) >= 3
    office.world.switches.feed_mode = "fine"
    assert office.sync().synced == 1
    assert office.view().state is State.IDLE


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [("unauthorised", "is not accepted"), ("forbidden", "lacks the right")],
)
def test_a_token_that_the_source_refuses_is_said_at_once(
    office: Office, mode: str, sentence: str
) -> None:
    office.waits.clear()
    office.world.switches.feed_mode = mode  # type: ignore[assignment]
    assert sentence in (office.post(document()).stopped or "")
    assert office.waits == []
    assert office.view().state is State.ATTENTION
    office.world.switches.feed_mode = "fine"
    office.add()
    assert office.sync().synced == 1


@pytest.mark.parametrize(
    ("mode", "sentence", "asked"),
    [
        ("down", "cannot be reached", True),
        ("rubbish", "cannot read", False),
        ("forbidden", "lacks the right", False),
    ],
)
def test_what_is_on_its_way_is_settled_and_paid_while_the_source_does_not_answer(
    open_office: OpenOffice, mode: str, sentence: str, asked: bool
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST payment")
    assert office.post(document()).waiting == 1
    office.world.switches.feed_mode = mode  # type: ignore[assignment]
    office.clock.advance(seconds=301)
    result = office.sync() if asked else office.by_schedule()
    assert (result.synced, result.waiting) == (1, 0)
    assert office.entities("Invoice")[0]["Balance"] == 0
    assert office.count("Payment") == (1,)
    assert sentence in (result.stopped or "")
    assert office.view().sentence == result.stopped


def test_an_invoice_without_an_answer_is_settled_while_the_source_does_not_answer(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST invoice")
    assert office.post(document()).waiting == 1
    office.world.switches.feed_mode = "down"
    office.clock.advance(seconds=301)
    assert office.sync().synced == 1
    assert office.count("Invoice", "Payment") == (1, 1)


def test_nothing_is_begun_while_the_source_does_not_answer(open_office: OpenOffice) -> None:
    """What waits may have been changed there since, also where its customer was begun."""
    office = open_office(settle_seconds=300)
    office.post(document("done", client=customer(id="b", email="b@example.com")))
    office.fault("request_lost", "POST customer")
    assert office.post(document("half")).waiting == 1
    before = office.count("Customer", "Invoice", "Payment")
    office.world.switches.feed_mode = "down"
    office.clock.advance(days=2)
    result = office.sync()
    assert (result.waiting, result.requests.reads, result.requests.writes) == (1, 0, 0)
    assert office.count("Customer", "Invoice", "Payment") == before
    office.world.switches.feed_mode = "fine"
    assert office.sync().synced == 1


def test_what_the_source_has_changed_meanwhile_is_not_paid_behind_its_back(
    meddled: tuple[Office, Meddler],
) -> None:
    """The ledger knows it: the page that tells was read, and the source fell silent after it."""
    office, meddler = meddled
    office.fault("request_lost", "POST payment")
    office.post(document())
    office.show(document(status="void"))
    office.show(*(document(f"inv-{n}", client=customer(email=None)) for n in range(2, 300)))
    pages = itertools.count(1)
    meddler.change = lambda path, answer: (
        replace(answer, status=503) if path.endswith("/invoices") and next(pages) > 1 else answer
    )
    office.clock.advance(seconds=301)
    result = office.sync()
    assert "cannot be reached" in (result.stopped or "")
    assert (office.status(), "keep" in office.choices()) == (Status.NEEDS_ATTENTION, True)
    assert "was voided" in office.row().message
    assert office.status("inv-2") is Status.WAITING  # not begun
    assert office.count("Payment") == (0,)


def test_with_an_old_ledger_nothing_is_finished_before_the_source_was_read(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST payment")
    office.post(document())
    ledger = open_ledger(office.home / "ledger.db")
    with ledger.begin() as connection:
        company = companies.named(connection, NAME)
        assert company is not None
        memory.forget_kind(connection, memory.REBUILT)
    ledger.close()
    office.world.switches.feed_mode = "down"
    office.clock.advance(seconds=301)
    assert office.sync().waiting == 1
    assert office.count("Payment") == (0,)


def test_a_preview_finishes_nothing(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST payment")
    office.post(document())
    office.world.switches.feed_mode = "down"
    office.clock.advance(seconds=301)
    assert "cannot be reached" in str(office.service.preview(NAME).exception(60))
    assert office.count("Payment") == (0,)


@pytest.mark.parametrize("fault", ["unavailable", "unauthorised"])
def test_where_quickbooks_does_not_answer_either_it_is_the_source_that_is_said(
    open_office: OpenOffice, fault: str
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST payment")
    office.post(document())
    office.world.switches.feed_mode = "down"
    office.fault(fault, times=None)
    office.clock.advance(seconds=301)
    result = office.sync()
    assert "The invoicing system cannot be reached" in (result.stopped or "")
    assert result.waiting == 1
    office.world.company.faults.clear()
    assert office.sync().synced == 1


def test_the_pause_that_a_source_asks_for_is_waited_out_in_the_pass(office: Office) -> None:
    office.world.feed.clock = office.clock
    office.world.switches.feed_seconds = 7
    office.world.switches.feed_mode = "rate_limited"
    office.waits.clear()
    assert office.post(document()).synced == 1
    assert 7 in office.waits


def test_a_token_of_another_account_mixes_no_books(office: Office) -> None:
    other = office.world.feed.tenant
    office.world.feed.tenant = type(other)(id="another", name="Another")
    result = office.post(document())
    assert "another account of the invoicing system" in (result.stopped or "")
    assert office.rows() == ()


def test_a_source_that_turns_from_test_to_live_posts_nothing(office: Office) -> None:
    office.world.switches.environment = "production"
    assert "between test and live" in (office.post(document()).stopped or "")
    assert office.count("Invoice") == (0,)


def test_properties_nobody_knows_are_put_up_with(open_office: OpenOffice) -> None:
    office = open_office(drift=True)
    assert office.post(document()).synced == 1


def test_a_first_day_further_back_brings_what_was_too_early_before(office: Office) -> None:
    office.sync()
    office.post(document(paid_at="2025-12-01T12:00:00Z", issue_date="2025-11-20"))
    assert office.status() is Status.IGNORED
    office.add(from_date=date(2025, 11, 1))
    office.service.resume(NAME).result(PATIENCE)
    assert office.sync().synced == 1


@pytest.mark.parametrize(
    "url", ["http://example.com", "ftp://127.0.0.1", "https://u:p@x.com", "https://x.com/?a=1", ""]
)
def test_an_unsafe_address_of_a_source_is_refused(office: Office, url: str) -> None:
    refusal = office.service.add_company("Other", "feed", url, "t", date(2026, 1, 1)).exception(10)
    assert "has to start with https://" in str(refusal)


def test_a_company_cannot_change_to_another_account_under_its_name(office: Office) -> None:
    other = office.world.feed.tenant
    office.world.feed.tenant = type(other)(id="another", name="Another")
    refusal = office.service.add_company(
        NAME, "feed", office.server.source_url, "practice-source-token", date(2026, 1, 1)
    ).exception(10)
    assert "reads another account" in str(refusal)
