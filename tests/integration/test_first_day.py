"""Another first day of payment, chosen later: nothing is posted by it unseen (rule 34)."""

import time
from datetime import date

import pytest
from invoices import customer, document, payment
from office import FROM, NAME, PATIENCE, SOURCE_TOKEN, Office, OpenOffice

from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import Status

EARLIER = date(2025, 12, 1)
TOKEN_AGAIN = "Token of the invoicing system entered again; address and first day as before."
PAID_EARLY = "2025-12-10T15:00:00Z"


@pytest.fixture
def fed(office: Office) -> Office:
    """A company that was fed, and whose source shows an invoice that was paid too early for it."""
    days = {"paid_at": PAID_EARLY, "issue_date": "2025-12-02", "due_date": "2025-12-20"}
    office.post(document(payments=[payment("113.00", paid_at=PAID_EARLY)], **days))
    assert office.rows() == ()
    return office


def begins(office: Office, day: date) -> None:
    office.service.begin_from(NAME, day, "Ann").result(PATIENCE)


def texts(office: Office) -> list[str]:
    return [entry.text for entry in office.journal(None)]


def test_an_earlier_one_posts_nothing_before_it_was_looked_at(fed: Office) -> None:
    begins(fed, EARLIER)
    assert (fed.view().from_date, fed.view().paused) == (EARLIER, True)
    assert fed.sync().synced == 0
    preview = fed.service.preview(NAME).result(PATIENCE)
    assert [row.source_id for row in preview.rows] == ["inv-1"]
    assert fed.count("Invoice") == (0,)
    fed.service.resume(NAME, "Ann").result(PATIENCE)
    assert fed.sync().synced == 1
    assert fed.status() is Status.SYNCED


def test_nor_when_it_came_with_adding_the_company_again(fed: Office) -> None:
    before = texts(fed)
    view = fed.add(from_date=EARLIER)
    assert (view.from_date, view.paused) == (EARLIER, True)
    assert fed.sync().synced == 0
    assert fed.count("Invoice") == (0,)
    told = f"Posts what was paid from {EARLIER} on. Before: from {FROM} on."
    assert texts(fed)[len(before) :] == [f"{told} Paused until that has been looked at."]
    fed.service.resume(NAME, "Ann").result(PATIENCE)
    assert fed.sync().synced == 1


def test_a_later_one_that_came_with_adding_the_company_again_is_told(fed: Office) -> None:
    later = date(2026, 6, 1)
    assert not fed.add(from_date=later).paused
    assert f"Posts what was paid from {later} on. Before: from {FROM} on." in texts(fed)


@pytest.mark.parametrize("again", [None, EARLIER])
def test_adding_again_without_one_or_with_the_same_changes_nothing_of_it(
    fed: Office, again: date | None
) -> None:
    begins(fed, EARLIER)
    fed.service.resume(NAME, "Ann").result(PATIENCE)
    before = texts(fed)
    view = fed.add(from_date=again)
    assert (view.from_date, view.paused) == (EARLIER, False)
    (told,) = texts(fed)[len(before) :]
    assert told == TOKEN_AGAIN
    assert fed.sync().synced == 1


def test_a_new_company_is_not_added_without_one(office: Office) -> None:
    with pytest.raises(Refusal, match="There is no company Other yet"):
        office.add("Other", from_date=None)
    assert [view.name for view in office.service.companies().result(PATIENCE)] == [NAME]


def test_nor_when_it_was_chosen_while_the_company_was_signed_out(fed: Office) -> None:
    fed.service.disconnect(NAME).result(PATIENCE)
    begins(fed, EARLIER)
    fed.connect()
    assert fed.view().paused
    assert fed.sync().synced == 0


def test_nor_when_it_is_chosen_while_signing_in_again(fed: Office) -> None:
    fed.offer()
    income = fed.account("Services")
    fed.service.confirm_connect(NAME, income, frozenset(), first_day=EARLIER).result(PATIENCE)
    assert fed.view().paused
    assert fed.sync().synced == 0


@pytest.mark.parametrize("chosen_by_adding", [True, False])
def test_before_there_are_books_an_earlier_one_pauses_nothing(
    open_office: OpenOffice, *, chosen_by_adding: bool
) -> None:
    office = open_office(connected=False)
    if chosen_by_adding:
        office.add(from_date=EARLIER)
    else:
        begins(office, EARLIER)
    office.connect()
    assert (office.view().from_date, office.view().paused) == (EARLIER, False)


def test_a_later_one_pauses_nothing_and_counts_for_a_pass_under_way(office: Office) -> None:
    office.sync()
    office.show(document("inv-1"))
    two = customer(id="cus_2", email="ap@two.example.com")
    paid = "2026-12-10T15:00:00Z"
    office.show(document("inv-2", client=two, payments=[payment("113.00", paid_at=paid)]))
    office.fault("slow", "query", seconds=0.5)
    running = office.begun_by_schedule()
    deadline = time.monotonic() + PATIENCE
    while office.world.company.faults.waiting:
        assert time.monotonic() < deadline
    begins(office, date(2026, 12, 1))
    assert running.result(PATIENCE).synced == 0
    assert office.count("Invoice") == (0,)
    assert not office.view().paused
    office.sync()
    assert office.status("inv-1") is Status.IGNORED


def test_what_was_held_is_looked_at_once_more(open_office: OpenOffice) -> None:
    office = open_office(book_close_date="2026-11-30")
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION
    begins(office, date(2026, 12, 1))
    office.sync()
    assert office.status() is Status.IGNORED
    assert (
        office.view().sentence == "Every paid invoice is in QuickBooks, but for 1 that is ignored."
    )


def test_what_may_be_in_the_opening_receivables_is_asked_about_by_the_later_day(
    office: Office,
) -> None:
    """Rule 3: going further back changes no opening balance."""
    begins(office, date(2026, 11, 5))
    owing = office.enter_customer("Harbour Condo Corp", "accounts@harbour.example.com")
    office.enter_invoice(owing, "OPENING", amount=500)
    office.post(document())
    assert "issued before 2026-11-05" in office.row().message
    begins(office, FROM)
    office.service.resume(NAME).result(PATIENCE)
    office.resync()
    assert "issued before 2026-11-05" in office.row().message
    assert office.count("Payment") == (0,)


def test_a_new_token_of_the_source_changes_no_first_day(office: Office) -> None:
    begins(office, date(2026, 6, 1))
    office.service.change_source_token(NAME, SOURCE_TOKEN, "Ann").result(PATIENCE)
    assert office.view().from_date == date(2026, 6, 1)
    assert texts(office)[-1] == TOKEN_AGAIN


def test_the_same_day_again_is_no_change(office: Office) -> None:
    before = office.journal(None)
    begins(office, FROM)
    assert office.journal(None) == before
    assert not office.view().paused


def test_one_that_cannot_be_meant_is_refused(office: Office) -> None:
    with pytest.raises(Refusal, match="The first day is 2000-01-01 or later"):
        begins(office, date(1, 1, 1))
    with pytest.raises(Refusal, match="The first day is 2000-01-01 or later"):
        office.add("Other", from_date=date(1999, 12, 31))
    with pytest.raises(Refusal, match="more than a year ahead"):
        begins(office, date(2031, 1, 1))
    assert office.view().from_date == FROM
