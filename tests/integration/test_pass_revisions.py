"""What becomes of an invoice that changes at the source, before and after it was posted."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from edge import Answer, Edge, firewall, own_error, passes_of
from invoices import customer, document, line, payment
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.views import Status

MATERIAL: dict[str, tuple[dict[str, Any], str]] = {
    "refunded": ({"status": "refunded"}, "was refunded in full"),
    "part refunded": (
        {
            "status": "partially_refunded",
            "payments": [payment("113.00", refunded_amount="13.00")],
            "amount_paid": "100.00",
            "balance_due": "13.00",
        },
        "payments: ",
    ),
    "voided": ({"status": "void"}, "was voided"),
    "reopened": ({"status": "open"}, "is open again"),
    "deleted": ({"status": "deleted"}, "was deleted"),
    "number": ({"number": "N-other"}, "the number was N-inv-1, now N-other"),
    "issue date": ({"issue_date": "2026-11-02"}, "was 2026-11-01, now 2026-11-02"),
    "email": ({"client": customer(email="other@example.com")}, "the client's email"),
    "line amounts": (
        {"lines": [line("1", "60.00"), line("1", "40.00")]},
        "amounts of the lines: ",
    ),
    "total": ({"lines": [line("1", "200.00")]}, "the total was 113.00 CAD, now 226.00 CAD"),
    "payments": (
        {"payments": [payment("13.00", id="a"), payment("100.00", id="b")]},
        "payments: ",
    ),
    "currency": (
        {"currency": "USD", "payments": [payment("113.00", currency="USD")]},
        "the currency was CAD, now USD",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), MATERIAL.values(), ids=MATERIAL.keys())
def test_a_change_of_what_the_books_hold_needs_attention_and_touches_nothing(
    office: Office, changes: dict[str, Any], sentence: str
) -> None:
    office.post(document())
    before = [dict(entry) for kind in ("Invoice", "Payment") for entry in office.entities(kind)]
    result = office.post(document(**changes))
    assert (result.needs_attention, result.requests.writes) == (1, 0)
    assert office.row().message.startswith("Changed after posting: ")
    assert sentence in office.row().message
    assert "keep" in office.choices()
    assert [
        dict(entry) for kind in ("Invoice", "Payment") for entry in office.entities(kind)
    ] == before
    assert office.resolve("keep").needs_attention == 0
    assert office.status() is Status.SYNCED
    assert office.sync().needs_attention == 0


IMMATERIAL = {
    "name": {"client": customer(name="Harbour Condominium Corporation")},
    "memo": {"memo": "Thank you again"},
    "due date": {"due_date": "2026-12-31"},
    "link": {"url": "https://elsewhere.example.com/1"},
    "fee": {"payments": [payment("113.00", fee={"amount": "3.00", "currency": "CAD"})]},
    "line text": {"lines": [line(description="Cleaning of windows")]},
}


@pytest.mark.parametrize("changes", IMMATERIAL.values(), ids=IMMATERIAL.keys())
def test_any_other_change_goes_to_the_journal(office: Office, changes: dict[str, Any]) -> None:
    office.post(document())
    result = office.post(document(**changes))
    assert (result.needs_attention, result.synced, result.requests.writes) == (0, 0, 0)
    assert office.status() is Status.SYNCED
    assert any("revision 2" in entry.text for entry in office.journal())


def test_an_older_or_repeated_revision_is_ignored(office: Office) -> None:
    office.post(document())
    office.post(document(memo="newer"))
    told = len(office.journal())
    office.world.feed.raw(document(revision=1, number="N-older"))
    office.world.feed.raw(document(revision=2, number="N-repeated"))
    assert office.sync().needs_attention == 0
    assert office.row().number == "N-inv-1"
    assert len(office.journal()) == told


def test_a_change_that_is_taken_back_needs_nobody_any_more(office: Office) -> None:
    office.post(document())
    office.post(document(number="N-other"))
    assert office.status() is Status.NEEDS_ATTENTION
    office.post(document())
    assert office.status() is Status.SYNCED


def test_what_quickbooks_refused_was_never_posted_and_may_be_mended_at_the_source(
    office: Office,
) -> None:
    office.post(document("first"))
    item = next(entry for entry in office.entities("Item") if entry["Name"] == "Paid invoices")
    kept = {name: item[name] for name in ("Id", "Name", "Type", "IncomeAccountRef")}
    office.enter("item", {**kept, "SyncToken": "0", "Active": False})
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION
    assert office.count("Invoice") == (1,)
    office.enter("item", {**kept, "SyncToken": "1", "Active": True})
    office.post(document(number="N-other"))
    assert "Changed after posting" not in office.row().message
    assert office.status() is Status.SYNCED
    assert {entry["DocNumber"] for entry in office.entities("Invoice")} == {"N-first", "N-other"}


def test_what_never_left_was_never_posted_and_takes_the_newer_revision(office: Office) -> None:
    office.fault("unauthorised", "POST invoice", times=None)
    office.post(document())
    assert office.count("Invoice") == (0,)
    office.world.company.faults.clear()
    office.connect()
    office.post(document(lines=[line("1", "200.00")]))
    assert office.status() is Status.SYNCED
    assert office.entities("Invoice")[0]["TotalAmt"] == 226


def test_a_revision_while_the_answer_is_in_doubt_is_posted_once_a_look_finds_nothing(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST invoice")
    office.post(document())
    office.post(document(number="N-other"))
    assert office.count("Invoice") == (0,)
    office.clock.advance(seconds=301)
    office.sync()
    assert [invoice["DocNumber"] for invoice in office.entities("Invoice")] == ["N-other"]
    assert office.status() is Status.SYNCED


def _revised_after_a_lost_request(open_office: OpenOffice, **switches: Any) -> Office:
    """QuickBooks carries the request out half an hour later, when nobody expects it any more."""
    office = open_office(settle_seconds=300, refuse_duplicate_numbers=False, **switches)
    office.world.company.books.clock = office.world.company.clock = office.clock
    office.fault("commit_late", "POST invoice", seconds=1800)
    office.post(document())
    return office


def test_what_is_revised_after_a_lost_request_keeps_its_request_id_and_is_not_doubled(
    open_office: OpenOffice,
) -> None:
    office = _revised_after_a_lost_request(open_office)
    office.fault("request_lost", "POST invoice")
    office.post(document(memo="Another memo"))
    passes_of(office, 1)
    office.clock.advance(seconds=1800)
    office.world.company.catch_up()
    passes_of(office, 3)
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_where_the_older_revision_was_carried_out_after_all_the_change_needs_attention(
    open_office: OpenOffice,
) -> None:
    office = _revised_after_a_lost_request(open_office)
    office.fault("request_lost", "POST invoice")
    office.post(document(number="N-other"))
    passes_of(office, 1)
    _carried_out_after_all(office, 3)


def _carried_out_after_all(office: Office, passes: int) -> None:
    office.clock.advance(seconds=1800)
    office.world.company.catch_up()
    passes_of(office, passes)
    assert [each["DocNumber"] for each in office.entities("Invoice")] == ["N-inv-1"]
    assert "the number was N-inv-1, now N-other" in office.row().message
    assert office.status() is Status.NEEDS_ATTENTION


def test_where_quickbooks_refuses_the_request_id_the_older_revision_is_looked_for_as_well(
    open_office: OpenOffice,
) -> None:
    office = _revised_after_a_lost_request(open_office, request_id_other_content="refused")
    office.fault("request_lost", "POST invoice")
    office.post(document(number="N-other"))
    passes_of(office, 1)
    _carried_out_after_all(office, 5)


@pytest.mark.parametrize("answer", [firewall, own_error])
def test_an_error_that_turns_a_revision_away_does_not_use_its_request_id_up(
    open_office: OpenOffice, answer: Answer
) -> None:
    office = _revised_after_a_lost_request(open_office)
    edge = Edge(office, answer, word='"N-other"')
    office.post(document(number="N-other"))
    passes_of(office, 1)
    assert edge.turned_away == 1
    edge.open = True
    passes_of(office, 1)
    assert office.status() is Status.SYNCED
    office.clock.advance(seconds=1800)
    office.world.company.catch_up()
    assert office.count("Invoice", "Payment") == (1, 1)


def test_of_three_revisions_the_one_that_was_carried_out_counts_as_posted(
    open_office: OpenOffice,
) -> None:
    office = _revised_after_a_lost_request(open_office)
    office.fault("request_lost", "POST invoice", times=2)
    office.post(document(number="N-other"))
    passes_of(office, 1)
    office.show(document(number="N-other", memo="Another memo"))
    passes_of(office, 1)
    _carried_out_after_all(office, 4)


def test_an_older_revision_that_is_found_by_its_number_counts_as_posted(
    open_office: OpenOffice,
) -> None:
    office = _revised_after_a_lost_request(open_office)
    edge = Edge(office, _down, word="/invoice?")
    passes_of(office, 1)  # proven absent, and the connection fails before it leaves again
    edge.open = True
    office.clock.advance(seconds=1800)
    office.world.company.catch_up()
    office.post(document(issue_date="2026-11-02"))
    assert "was 2026-11-01, now 2026-11-02" in office.row().message
    assert office.status() is Status.NEEDS_ATTENTION
    assert office.count("Invoice", "Payment") == (1, 0)


def test_of_two_revisions_that_left_the_one_that_is_found_by_its_number_counts_as_posted(
    open_office: OpenOffice,
) -> None:
    office = _revised_after_a_lost_request(open_office)
    office.fault("request_lost", "POST invoice")
    office.post(document(issue_date="2026-11-02"))
    passes_of(office, 1)  # the second one has left, and is lost as well
    edge = Edge(office, _down, word="/invoice?")
    passes_of(office, 1)
    edge.open = True
    office.clock.advance(seconds=1800)
    office.world.company.catch_up()
    passes_of(office, 1)
    assert "was 2026-11-01, now 2026-11-02" in office.row().message
    assert office.count("Invoice", "Payment") == (1, 0)


def _down() -> httpx.Response:
    raise httpx.ConnectError("down")


@pytest.mark.parametrize("again", ["replayed", "refused"])
def test_the_refusal_of_an_older_revision_that_was_lost_does_not_hold_the_newer_one(
    open_office: OpenOffice, again: str
) -> None:
    office = open_office(settle_seconds=300)
    office.post(document("inv-1"))
    item = next(each for each in office.entities("Item") if each["Name"] == "Paid invoices")
    kept = {name: item[name] for name in ("Id", "Name", "Type", "IncomeAccountRef")}
    office.enter("item", {**kept, "SyncToken": "0", "Active": False})
    office.world.company.switches.remember_refusals = True
    office.world.company.switches.request_id_other_content = again
    office.fault("reply_lost", "POST invoice")
    office.post(document("inv-2"))
    office.enter("item", {**kept, "SyncToken": "1", "Active": True})
    office.post(document("inv-2", number="N-other"))
    passes_of(office, 4)
    assert office.status("inv-2") is Status.SYNCED
    assert office.count("Invoice", "Payment") == (2, 2)


def test_a_broken_revision_of_a_posted_invoice_is_kept_and_held(office: Office) -> None:
    office.post(document())
    office.world.feed.raw({"id": "inv-1", "revision": 2, "number": 7})
    assert office.sync().needs_attention == 1
    office.world.feed.raw(document(revision=3))
    office.sync()
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


@pytest.mark.parametrize("between", ["nothing", "a setting", "try again"])
def test_a_broken_row_may_be_mended_without_another_revision(office: Office, between: str) -> None:
    broken = document(revision=1)
    office.world.feed.raw({**broken, "number": 7})
    assert office.sync().needs_attention == 1
    if between == "a setting":
        office.set("deposit.card", "Card Clearing")
    elif between == "try again":
        office.service.resync(NAME, ["inv-1"], "Ann").result(PATIENCE)
    office.world.feed.raw(broken)
    assert office.sync().synced == 1


def test_a_broken_row_without_a_revision_does_not_disappear(office: Office) -> None:
    office.post(document())
    office.world.feed.raw({"id": "inv-1", "number": "N-inv-1"})
    assert office.sync().needs_attention == 1
    office.world.feed.raw(document(revision=2, memo="mended"))
    office.sync()
    assert office.status() is Status.SYNCED


def test_a_refund_of_an_invoice_that_was_held_is_said(office: Office) -> None:
    office.post(document(client=customer(email=None)))
    office.post(document(client=customer(email=None), status="refunded"))
    assert office.status() is Status.IGNORED
    assert "refunded in full" in office.row().message


def test_the_journal_tells_who_decided_what_and_when(office: Office) -> None:
    office.post(document())
    office.post(document(number="N-other"))
    office.resolve("keep")
    told = [(entry.who, entry.text) for entry in office.journal()]
    assert ("Ann", "Decided: Leave QuickBooks as it is") in told
    assert [entry.at for entry in office.journal()] == sorted(e.at for e in office.journal())


def test_what_is_ignored_after_a_lost_request_stays_ignored_when_it_is_revised(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST invoice", times=2)
    office.post(document())
    passes_of(office, 1)
    office.service.ignore(NAME, ["inv-1"], "entered by hand", "Ann").result(PATIENCE)
    assert "look there whether it arrived" in office.row().message
    office.post(document(lines=[line("1", "200.00")]))
    passes_of(office, 3)
    assert office.status() is Status.IGNORED
    assert office.count("Invoice", "Payment") == (0, 0)
    assert all("Changed after posting" not in entry.text for entry in office.journal())


def _posted_unpaid_and_ignored(office: Office) -> None:
    office.fault("refused", "POST payment", times=1)
    office.post(document())
    assert office.count("Invoice", "Payment") == (1, 0)
    office.service.ignore(NAME, ["inv-1"], "paid in another book", "Ann").result(PATIENCE)


def _is_still_ignored(office: Office) -> None:
    office.sync()
    assert office.status() is Status.IGNORED
    assert "paid in another book" in office.row().message
    assert office.count("Invoice", "Payment") == (1, 0)


def _other_email(office: Office) -> None:
    office.post(document(client=customer(email="other@example.com")))
    assert office.row().message.startswith("Changed after posting: ")


def _unreadable(office: Office) -> None:
    row = office.world.feed.invoice("inv-1")
    office.world.feed.raw({**row, "revision": row["revision"] + 1, "total": "a lot"})
    office.sync()
    assert office.status() is Status.NEEDS_ATTENTION


@pytest.mark.parametrize("changes", [_other_email, _unreadable])
def test_what_is_ignored_before_its_payment_is_posted_stays_so_when_the_change_is_taken_back(
    office: Office, changes: Callable[[Office], None]
) -> None:
    _posted_unpaid_and_ignored(office)
    changes(office)
    office.post(document())
    _is_still_ignored(office)


def test_what_is_ignored_before_its_payment_is_posted_stays_so_when_quickbooks_is_kept(
    office: Office,
) -> None:
    _posted_unpaid_and_ignored(office)
    _unreadable(office)
    _other_email(office)
    office.resolve("keep")
    _is_still_ignored(office)
    assert office.resync().synced == 1, "asked for, it is posted after all"


def test_what_a_person_asks_for_after_ignoring_it_is_not_ignored_again(office: Office) -> None:
    _posted_unpaid_and_ignored(office)
    _other_email(office)
    office.resync()
    office.post(document())
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_what_cannot_be_read_any_more_after_a_lost_request_may_be_in_quickbooks(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST invoice", times=2)
    office.post(document())
    office.world.feed.raw({**office.world.feed.invoice("inv-1"), "revision": 2, "total": "a lot"})
    office.sync()
    assert office.status() is Status.NEEDS_ATTENTION
    office.resync()
    assert "look there whether it arrived" in office.row().message
    office.post(document())
    passes_of(office, 3)
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)
