"""The source on bad days: repeated and shuffled pages, old cursors, no answers, wrong answers."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from invoices import customer, document
from meddling import MeddledWorld
from office import NAME, Office, OpenOffice

from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.views import State, Status


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
    tmp_path: Path, damaged: bytes
) -> None:
    world = MeddledWorld(invoices=0, seed=7)
    office = Office(tmp_path, world, 0)
    try:
        office.add()
        office.connect()
        world.meddler.change = lambda _, answer: replace(
            answer, body=answer.body.replace(b"Bad name", b"Bad " + damaged)
        )
        client = customer(id="bad", name="Bad name", email="bad@example.com")
        result = office.post(document("a"), document("bad", client=client), document("b"))
        assert (result.stopped, result.synced, result.needs_attention) == (None, 2, 1)
        assert "“customer name” is not whole" in office.row("bad").message
        world.meddler.change = None
        assert office.post(document("bad", client=client)).synced == 1
    finally:
        office.close()


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
