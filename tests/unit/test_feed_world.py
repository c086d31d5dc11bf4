"""A practice world is put together from a seed, or from a file of invoice lines."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from feed_contract import sums_that_fail

from qbdesk.practice.beforehand import BEFOREHAND
from qbdesk.practice.feed.errors import PracticeError
from qbdesk.practice.feed.troubles import TROUBLES
from qbdesk.practice.switches import Switches
from qbdesk.practice.world import PracticeWorld

NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
LINES = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
700101,22001,TIN BOX,3,2011-02-01 09:15:00,4.95,15001.0,United Kingdom
700102,22002,TIN BOX,3,2011-02-02 09:15:00,4.95,15001.0,United Kingdom
"""


def _world(**settings: Any) -> PracticeWorld:
    return PracticeWorld(clock=lambda: NOON, **settings)


def test_as_many_clean_invoices_wait_in_the_feed_as_were_asked_for() -> None:
    invoices = _world(invoices=100).feed.invoices()
    assert len(invoices) == 100
    assert all(sums_that_fail(one) == set() and one["tax"] for one in invoices)


def test_with_trouble_every_kind_of_it_is_there_from_the_start() -> None:
    world = _world(invoices=12, with_trouble=True)
    assert len(world.feed.invoices()) == 12 + len(TROUBLES) + len(BEFOREHAND)


def test_with_trouble_the_books_are_closed_before_the_earliest_clean_invoice() -> None:
    world = _world(invoices=50, with_trouble=True)
    closed = world.switches.book_close_date
    assert closed is not None
    assert closed < world.first_day
    dates = [date.fromisoformat(one["issue_date"]) for one in world.feed.invoices()]
    # One with that trouble, and one that may stand in the opening receivables.
    assert sorted(day for day in dates if day <= closed) == [closed - timedelta(days=19), closed]


def test_with_trouble_the_tax_is_filed_before_the_earliest_clean_invoice() -> None:
    world = _world(invoices=50, with_trouble=True)
    assert world.switches.last_file_date == world.switches.book_close_date
    named = Switches(last_file_date=date(2026, 1, 31))
    assert _world(with_trouble=True, switches=named).switches.last_file_date == date(2026, 1, 31)
    assert _world().switches.last_file_date is None


def test_nothing_was_issued_or_paid_before_the_day_to_start_from() -> None:
    world = _world(invoices=100)
    for invoice in world.feed.invoices():
        assert date.fromisoformat(invoice["issue_date"]) >= world.first_day
        assert all(
            date.fromisoformat(payment["paid_on"]) >= world.first_day
            for payment in invoice["payments"]
        )


def test_the_same_seed_gives_the_same_world_and_another_another_company() -> None:
    first, again, other = _world(seed=3), _world(seed=3), _world(seed=4)
    assert again.feed.invoices() == first.feed.invoices()
    assert (again.realm_id, again.feed.tenant) == (first.realm_id, first.feed.tenant)
    assert other.realm_id != first.realm_id
    assert other.feed.tenant.id != first.feed.tenant.id


def test_invoices_that_turn_paid_later_are_new_ones_paid_now() -> None:
    world = _world(invoices=5)
    before = {one["id"] for one in world.feed.invoices()}
    for _ in range(20):
        invoice = world.turn_one_paid()
        assert invoice["id"] not in before
        assert invoice["paid_at"] == "2026-03-10T16:00:00.000Z"
        before.add(invoice["id"])
    assert len(world.feed.invoices()) == 25


def test_a_file_of_lines_makes_a_british_company_without_sales_tax(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text(LINES)
    switches = Switches()
    world = _world(lines=path, switches=switches)
    assert [one["number"] for one in world.feed.invoices()] == ["700101", "700102"]
    assert (switches.country, switches.home_currency, switches.sales_tax) == ("GB", "GBP", "none")
    assert world.feed.tenant.timezone == "Europe/London"
    assert world.first_day == date(2011, 2, 1)
    assert not list(world.company.books.of("TaxCode"))


def test_of_a_file_of_lines_the_first_invoices_can_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text(LINES)
    assert len(_world(lines=path, invoices=1).feed.invoices()) == 1


@pytest.mark.parametrize("source", ["stripe", "invoice-ninja"])
def test_a_source_that_is_not_offered_is_refused_in_a_sentence(source: str) -> None:
    with pytest.raises(PracticeError, match=f"kind '{source}' yet"):
        _world(source=source)


def test_so_many_invoices_are_paid_by_as_many_payments() -> None:
    world = PracticeWorld(invoices=60, seed=3)
    assert [len(document["payments"]) for document in world.feed.invoices()] == [1] * 60
