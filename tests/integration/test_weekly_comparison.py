"""The weekly comparison: what a cursor missed is found, and what the source lost is said."""

from datetime import timedelta

import httpx
import pytest
from edge import POISON, Edge, not_understood, passes_of
from invoices import TEXAS, customer, document, line
from office import FROM, NAME, PATIENCE, Office, OpenOffice

from qbdesk.practice.world import SOURCE_TOKEN
from qbdesk.sync import rulings
from qbdesk.sync.comparison import FOUND
from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.sources import feed
from qbdesk.sync.views import Progress, Status


def stored(office: Office) -> Company:
    ledger = open_ledger(office.home / "ledger.db")
    with ledger.begin() as connection:
        company = companies.named(connection, NAME)
    ledger.close()
    assert company is not None
    return company


def cursor_runs_past(office: Office, *missed: str) -> None:
    """The source's cursor is past rows that nobody has been shown."""
    office.show(*(document(key) for key in missed))
    page = httpx.get(
        f"{office.server.source_url}/v1/invoices",
        params={"status": "paid", "cursor": stored(office).cursor or ""},
        headers={"authorization": f"Bearer {SOURCE_TOKEN}"},
    ).json()
    assert len(page["data"]) == len(missed)
    put_cursor(office, page["next_cursor"])


def put_cursor(office: Office, cursor: str | None) -> None:
    company = stored(office)
    ledger = open_ledger(office.home / "ledger.db")
    with ledger.begin() as connection:
        companies.change(connection, company.id, cursor=cursor)
    ledger.close()


@pytest.fixture
def a_week_later(office: Office) -> Office:
    """A week after two invoices were posted."""
    office.post(document("inv-1"), document("inv-2"))
    office.clock.advance(days=7)
    return office


def test_what_the_cursor_missed_is_found_within_a_week_and_posted(office: Office) -> None:
    office.post(document("inv-1"))
    cursor_runs_past(office, "inv-2", "inv-3")
    office.clock.advance(days=6)
    assert office.by_schedule().synced == 0
    office.clock.advance(days=1)
    assert office.by_schedule().synced == 2
    assert FOUND in [entry.text for entry in office.journal("inv-2")]
    assert FOUND not in [entry.text for entry in office.journal("inv-1")]
    assert office.count("Invoice", "Payment") == (3, 3)


def test_a_comparison_is_made_once_a_week_and_costs_nothing_of_quickbooks(
    a_week_later: Office,
) -> None:
    office = a_week_later
    office.clock.advance(hours=-2)
    office.by_schedule()  # today's settings are read, a token renewed
    office.clock.advance(minutes=50)
    office.by_schedule()
    answers = office.answers()
    assert "source invoices 200" not in answers
    office.clock.advance(minutes=70)
    office.by_schedule()
    assert [told for told in answers if told.startswith("QuickBooks")] == []
    assert answers == ["source invoices 304", "source invoices 200"]
    office.clock.advance(minutes=5)
    office.by_schedule()
    assert answers.count("source invoices 200") == 1


def test_what_turns_paid_during_a_comparison_is_not_called_missed(a_week_later: Office) -> None:
    office = a_week_later
    office.show(document("inv-3"))
    office.sync()
    assert FOUND not in [entry.text for entry in office.journal("inv-3")]


def test_a_comparison_says_how_far_it_is(a_week_later: Office) -> None:
    a_week_later.by_schedule()
    told = [event.sentence for event in a_week_later.events if isinstance(event, Progress)]
    assert any(sentence.startswith("Comparing with") for sentence in told)


def test_a_posted_invoice_that_the_source_no_longer_knows_is_said_once(
    a_week_later: Office,
) -> None:
    office = a_week_later
    office.world.feed.lose("inv-2")
    assert office.by_schedule().needs_attention == 1
    row = office.row("inv-2")
    assert "no longer knows it" in row.message
    assert "QuickBooks, which was not touched" in row.message
    assert office.count("Invoice") == (2,)
    assert office.status("inv-1") is Status.SYNCED
    assert office.resolve("keep", "inv-2").needs_attention == 0
    office.clock.advance(days=7)
    assert office.by_schedule().needs_attention == 0


def test_one_that_was_in_quickbooks_already_is_not_posted_by_leaving_it_as_it_is(
    office: Office,
) -> None:
    there = office.enter_customer("Harbour Condo Corp", "accounts@harbour.example.com")
    by_hand = office.enter_invoice(there, "N-inv-1")
    office.enter_payment(there, 113, by_hand["Id"])
    office.post(document())
    assert office.status() is Status.ALREADY_IN_QUICKBOOKS
    office.clock.advance(days=7)
    office.world.feed.lose("inv-1")
    office.by_schedule()
    assert office.choices()[0] == "keep"
    office.take_numbers_away()
    office.resolve("keep")
    assert office.status() is Status.ALREADY_IN_QUICKBOOKS
    assert "no longer knows it" in office.row().message
    assert office.count("Invoice", "Payment") == (1, 1)


def test_what_may_be_in_quickbooks_when_the_source_loses_it_is_not_called_not_posted(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    edge = Edge(office, not_understood, "GET")
    edge.open = True
    office.fault("commit_late", "POST invoice", seconds=600)
    office.post(document(number=POISON))
    edge.open = False
    passes_of(office, 1)
    assert office.status() is Status.NEEDS_ATTENTION, "QuickBooks does not say whether it is there"
    office.clock.advance(days=7)
    office.world.feed.lose("inv-1")
    office.by_schedule()
    assert "it may stand there, so do not enter it by hand" in office.row().message
    edge.open = True
    assert office.resync().needs_attention == 0
    passes_of(office, 2)
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_a_held_invoice_that_the_source_shows_again_goes_on_by_itself(
    a_week_later: Office,
) -> None:
    office = a_week_later
    lost = office.world.feed.invoice("inv-2")
    office.world.feed.lose("inv-2")
    office.by_schedule()
    assert office.status("inv-2") is Status.NEEDS_ATTENTION
    office.world.feed.raw(lost)
    office.clock.advance(days=7)
    office.by_schedule()
    assert office.status("inv-2") is Status.SYNCED
    assert office.count("Invoice", "Payment") == (2, 2)


def test_a_row_that_only_the_list_lacks_is_not_gone(a_week_later: Office) -> None:
    office = a_week_later
    # Paid earlier now, so that the list from the first day on no longer has it.
    moved = {**office.world.feed.invoice("inv-2"), "paid_at": "2020-01-01T00:00:00.000Z"}
    office.world.feed.put(moved)
    office.by_schedule()
    assert "no longer knows" not in office.row("inv-2").message


def test_a_comparison_that_was_broken_off_goes_on_where_it_stopped(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE_SIZE", 20)
    office.post(*(document(f"inv-{n}", client=customer(email=None)) for n in range(45)))
    office.clock.advance(days=7)
    breaks = iter([True])

    async def down_after_the_first_page(_response: httpx.Response) -> None:
        if stored(office).comparing_cursor is not None and next(breaks, False):
            office.world.switches.feed_mode = "down"

    office.service._around.http.event_hooks["response"].append(down_after_the_first_page)
    assert office.by_schedule().stopped is None, "posting does not hang on it"
    company = stored(office)
    assert company.comparing_since is not None
    assert company.comparing_cursor is not None
    office.world.switches.feed_mode = "fine"
    asked = office.answers()
    office.by_schedule()
    assert asked == ["source invoices 304", "source invoices 200"], "of three pages one was left"
    company = stored(office)
    assert company.comparing_since is None
    assert company.compared_at is not None
    assert office.clock() - company.compared_at < timedelta(hours=1)


def test_after_a_month_without_a_look_everything_is_compared(office: Office) -> None:
    office.post(document("inv-1"))
    cursor_runs_past(office, "inv-2")
    office.clock.advance(days=26)
    assert office.service.sync(NAME).result(PATIENCE)[0].synced == 1


def test_what_the_source_lost_is_posted_by_no_answer_to_another_question(office: Office) -> None:
    client = customer(billing_address=TEXAS)
    office.post(document(), document("inv-2", client=client, lines=[line(rates=())]))
    assert office.choices("inv-2")[0].startswith("tax_code:")
    office.clock.advance(days=7)
    office.world.feed.lose("inv-2")
    office.by_schedule()
    assert "Try again" in office.row("inv-2").message
    office.set("tax.untaxed.abroad", office.tax_code("Zero-rated"))
    office.sync()
    assert office.status("inv-2") is Status.NEEDS_ATTENTION
    assert office.count("Invoice") == (1,)


def test_an_earlier_first_day_that_is_chosen_during_a_reading_is_not_overtaken_by_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.post(document())
    office.show(document("inv-2"))
    read = feed.FeedSource._page

    async def and_meanwhile(*asked: object) -> object:
        page = await read(*asked)  # type: ignore[arg-type]
        ledger = open_ledger(office.home / "ledger.db")
        with ledger.begin() as connection:
            company = companies.named(connection, NAME)
            assert company is not None
            if company.from_date == FROM:
                earlier = FROM - timedelta(days=60)
                rulings.start_from(connection, company, earlier, office.clock())
        ledger.close()
        return page

    monkeypatch.setattr(feed.FeedSource, "_page", and_meanwhile)
    office.sync()
    assert stored(office).cursor is None
    assert office.status("inv-2") is Status.WAITING, "the next pass goes by the new first day"
    office.sync()
    assert office.status("inv-2") is Status.SYNCED
    assert stored(office).cursor is not None
