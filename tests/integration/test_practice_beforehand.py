"""What somebody has entered in the practice company beforehand leads to the questions it is for."""

from collections.abc import Iterator

import pytest
from office import Office

from qbdesk.practice.beforehand import BEFOREHAND
from qbdesk.practice.world import PracticeWorld
from qbdesk.sync.views import InvoiceRow, Status

ASKED = {
    "Don Valley Upholstery": "Looks entered by hand: the customer has an open invoice 1041",
    "Niagara Peach Growers": "it may already be in your opening receivables",
    "Riverside Property Management": "Several customers in QuickBooks have this client's email",
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, InvoiceRow]]:
    """Client -> invoice, of the practice company that people look at, after its first pass."""
    world = PracticeWorld(invoices=0, with_trouble=True)
    office = Office(tmp_path_factory.mktemp("practice"), world, settle_seconds=0)
    try:
        office.add(from_date=world.first_day)
        office.connect()
        office.sync()
        yield {row.customer: row for row in office.rows()}
    finally:
        office.close()


@pytest.mark.parametrize("client", ASKED)
def test_it_is_asked_about_with_the_choices_that_the_rule_names(
    rows: dict[str, InvoiceRow], client: str
) -> None:
    assert rows[client].status is Status.NEEDS_ATTENTION
    assert ASKED[client] in rows[client].message
    assert len(rows[client].choices) >= 3


def test_what_quickbooks_payments_recorded_itself_is_found_there(
    rows: dict[str, InvoiceRow],
) -> None:
    row = rows["Kawartha Boat Lifts"]
    assert row.status is Status.ALREADY_IN_QUICKBOOKS
    assert row.quickbooks_payment_id
    assert len(ASKED) + 1 == len(BEFOREHAND)
