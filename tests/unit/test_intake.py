"""Taking in what the source shows: nothing disappears, and only news counts."""

import dataclasses
import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoices import customer, document, paid, payment

from qbdesk.sync import intake, reading
from qbdesk.sync.ledger import companies, invoices, journal
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger, open_ledger
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.planner.money_received import shown_fees
from qbdesk.sync.sources.source import Page
from qbdesk.sync.views import Status

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
def test_any_row_at_all_is_kept_with_an_identity_and_a_reason(raw: Any) -> None:
    row = reading.read(raw)
    assert 0 < len(row.source_id) <= 140
    assert row.invoice is None
    assert row.problem
    # And it reads the same again from the ledger.
    assert reading.read_document(row.document) == row


@given(st.sampled_from(sorted(document())), JSON)
def test_an_invoice_with_any_property_spoilt_is_still_a_row_of_its_own(name: str, raw: Any) -> None:
    row = reading.read({**document(), name: raw})
    assert (row.invoice is None) is bool(row.problem)
    if name != "id":
        assert row.source_id == "inv-1"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"total": 113}, "“total” is not an amount written like 565.00"),
        ({"total": "1e3"}, "“total” is not an amount"),
        ({"total": "0113.00"}, "“total” is not an amount"),
        ({"issue_date": "2026-13-01"}, "“issue date”"),
        ({"paid_at": "2026-11-10T10:00:00+02:00"}, "“paid at” is not a time"),
        ({"paid_at": "9999-12-31T23:59:59Z"}, "“paid at” is not within the years 1900 to 2199"),
        ({"due_date": "0001-01-01"}, "“due date” is not within the years"),
        ({"number": "N\ufffd1"}, "“number” is not whole: a character of it is damaged"),
        ({"customer": customer(name="Caf\ufffd")}, "“customer name” is not whole"),
        ({"customer": {"id": "c", "email": "a@b.co"}}, "“customer name” is missing"),
        ({"lines": [{}]}, "“lines 1 "),
        ({"number": ""}, "“number” is empty"),
        ({"tax_behavior": "none"}, "“tax behavior”"),
        ({"revision": True}, "“revision”"),
        ({"revision": "2"}, "“revision”"),
    ],
)
def test_the_reason_names_the_place(changes: dict[str, Any], told: str) -> None:
    row = reading.read(document() | changes)
    assert told in row.problem
    assert "nothing is posted from it" in row.problem


def test_every_day_that_books_are_kept_for_is_taken() -> None:
    shown = document(issue_date="1900-01-01", due_date="2199-12-31", memo="Thank you \ufffd")
    assert reading.read(shown).invoice is not None


def test_the_reason_shows_nothing_of_what_stands_there() -> None:
    row = reading.read(document(total="SECRET"))
    assert "SECRET" not in row.problem


def test_unknown_words_and_properties_are_put_up_with() -> None:
    shown = document(status="teleported", loyalty={"tier": 1})
    assert reading.read(shown).invoice is not None


# ---- the ledger ----


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def company(ledger: Ledger) -> Company:
    with ledger.begin() as connection:
        return companies.add(
            connection,
            name="Maple",
            source="feed",
            source_url="https://x.example.com",
            from_date=date(2026, 1, 1),
            tenant_id="t1",
            tenant_name="Maple",
            tenant_environment="sandbox",
            time_zone="America/Toronto",
            created_at=NOW,
        )


class Books:
    def __init__(self, ledger: Ledger, company: Company) -> None:
        self.ledger = ledger
        self.company = company

    def take_in(self, *rows: Any, cursor: str = "c1") -> list[str]:
        with self.ledger.begin() as connection:
            return intake.take_in(connection, self.company, Page(rows, cursor), NOW)

    def record(self, key: str = "inv-1") -> InvoiceRecord:
        with self.ledger.begin() as connection:
            found = invoices.find(connection, self.company.id, key)
        assert found is not None
        return found

    def posted(self, key: str = "inv-1") -> None:
        record = self.record(key)
        with self.ledger.begin() as connection:
            invoices.change(
                connection, record.id, status=Status.SYNCED, posted_document=record.document
            )

    def told(self, key: str = "inv-1") -> list[str]:
        record = self.record(key)
        with self.ledger.begin() as connection:
            return [entry.text for entry in journal.of_invoice(connection, record.id)]


@pytest.fixture
def books(ledger: Ledger, company: Company) -> Books:
    return Books(ledger, company)


class _ZoneWithoutADay(ZoneInfo):
    """A zone that cannot tell what day the first of November is."""

    def fromutc(self, moment: datetime) -> datetime:
        if moment.date() == date(2026, 11, 1):
            raise OverflowError
        return super().fromutc(moment)


class _CompanyWithoutADay(Company):
    @property
    def zone(self) -> ZoneInfo:
        return _ZoneWithoutADay(self.time_zone)


def test_a_row_that_nobody_foresaw_is_held_and_keeps_no_other_from_being_read(
    books: Books,
) -> None:
    values = {each.name: getattr(books.company, each.name) for each in dataclasses.fields(Company)}
    books.company = _CompanyWithoutADay(**values)
    odd = [payment("113.00", paid_at="2026-11-01T12:00:00Z")]
    books.take_in(document("a"), document("odd", payments=odd), document("b"), cursor="c1")
    assert [books.record(key).status for key in ("a", "b")] == [Status.WAITING] * 2
    books.posted("a")
    books.take_in(document("a", revision=2, payments=odd), document("c"), cursor="c2")
    assert books.record("c").status is Status.WAITING
    for key in ("odd", "a"):
        held = books.record(key)
        assert (held.status, held.reason) == (Status.NEEDS_ATTENTION, intake.UNREADABLE)
        assert "nothing is posted from it" in held.message
        assert held.number == f"N-{key}"


def test_rows_and_cursor_are_stored_together(books: Books) -> None:
    assert books.take_in(document(), {"number": 1}, cursor="c9") == ["inv-1", books_id(books)]
    with books.ledger.begin() as connection:
        company = companies.get(connection, books.company.id)
    assert company.cursor == "c9"


def books_id(books: Books) -> str:
    with books.ledger.begin() as connection:
        everything = invoices.everything(connection, books.company.id)
    return next(entry.source_id for entry in everything if entry.source_id != "inv-1")


def test_what_the_table_shows_comes_from_the_row(books: Books) -> None:
    books.take_in(document(client=customer(name="Ärger GmbH")))
    record = books.record()
    assert (record.number, record.number_key) == ("N-inv-1", "n-inv-1")
    assert (record.customer, record.customer_key) == ("Ärger GmbH", "arger gmbh")
    assert (record.amount, record.currency) == (Decimal("113.00"), "CAD")
    assert (record.paid_on, record.method) == (date(2026, 11, 10), "e-Transfer")
    assert record.status is Status.WAITING


def test_of_one_page_the_newest_revision_counts(books: Books) -> None:
    rows = [document(revision=n, number=f"N-{n}") for n in (2, 3, 1, 3)]
    books.take_in(*rows)
    assert (books.record().number, books.record().revision) == ("N-3", 3)


def test_whatever_the_order_the_newest_revision_stays(books: Books) -> None:
    for position, order in enumerate(itertools.permutations((1, 2, 3, 4))):
        key = f"inv-{position}"
        for revision in order:
            books.take_in(document(key, revision=revision, number=f"N-{revision}"))
        assert books.record(key).number == "N-4"


def test_a_posted_invoice_that_changes_in_a_small_way_stays_posted(books: Books) -> None:
    books.take_in(document())
    books.posted()
    books.take_in(document(revision=2, memo="Thanks", due_date="2026-12-24"))
    assert books.record().status is Status.SYNCED
    assert any("due_date, memo" in told or "memo" in told for told in books.told())


def test_a_posted_invoice_that_changes_in_substance_is_looked_at(books: Books) -> None:
    books.take_in(document())
    books.posted()
    books.take_in(document(revision=2, number="N-2"))
    assert books.record().status is Status.WAITING
    assert "the number was N-inv-1, now N-2" in books.record().message


def test_a_broken_row_of_a_known_invoice_keeps_the_higher_revision(books: Books) -> None:
    books.take_in(document(revision=7))
    books.take_in({"id": "inv-1"})
    record = books.record()
    assert (record.status, record.revision) == (Status.NEEDS_ATTENTION, 7)
    assert books.take_in({"id": "inv-1"}) == []
    assert books.take_in(document(revision=6)) == []
    books.take_in(document(revision=7))
    assert books.record().status is Status.WAITING


def test_two_rows_without_an_id_are_two_and_the_same_one_is_one(books: Books) -> None:
    books.take_in({"number": "1"}, {"number": "2"}, {"number": "1"})
    with books.ledger.begin() as connection:
        assert len(invoices.everything(connection, books.company.id)) == 2


def test_a_revision_in_milliseconds_fits(books: Books) -> None:
    newest = 1_795_000_000_000
    books.take_in(document(revision=newest), document(revision=newest - 1, number="old"))
    assert books.record().revision == newest


def test_seeing_takes_place_at_the_time_it_is_given(books: Books) -> None:
    books.take_in(document())
    assert books.record().seen_at == NOW
    assert NOW - books.record().changed_at == timedelta()


def test_fees_are_kept_and_shown_per_currency() -> None:
    fee = {"amount": "3.20", "currency": "CAD", "exchange_rate": None}
    payments = [payment("50.00", id="a", fee=fee), payment("63.00", id="b", fee=fee)]
    assert shown_fees(paid(payments=payments)) == "6.40 CAD"
    assert shown_fees(paid()) == ""
