"""Many companies in one program: none waits for another one's source, backlog or limits."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from invoices import document
from office import FROM, PATIENCE, Office

from qbdesk.practice.serve import PracticeServer
from qbdesk.practice.world import SOURCE_TOKEN, PracticeWorld
from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.database import open_ledger

SLOW = "Slow"


@pytest.fixture
def slow_source() -> Iterator[PracticeServer]:
    """Another invoicing system, which lets everybody wait."""
    server = PracticeServer(PracticeWorld(invoices=0))
    server.start()
    yield server
    server.stop()


def add_with_books_of_its_own(office: Office, source: PracticeServer, realm_id: str) -> None:
    """A second company, connected to a QuickBooks company of another number."""
    office.service.add_company(SLOW, "feed", source.source_url, SOURCE_TOKEN, FROM).result(PATIENCE)
    ledger = open_ledger(office.home / "ledger.db")
    with ledger.begin() as connection:
        added = companies.named(connection, SLOW)
        assert added is not None
        companies.change(
            connection,
            added.id,
            connected=True,
            test_server=True,
            realm_id=realm_id,
            environment=office.world.switches.environment,
            preflight_at=datetime.now(UTC),
        )
    ledger.close()


def test_a_company_whose_source_is_slow_keeps_no_other_waiting(
    office: Office, slow_source: PracticeServer
) -> None:
    add_with_books_of_its_own(office, slow_source, "9130350000000008")
    slow_source.world.switches.change({"feed_mode": "slow", "feed_seconds": 3600.0})
    office.show(document("inv-1"))
    slow = office.service.sync(SLOW)
    assert office.sync().synced == 1
    assert not slow.done()
    office.service.stop_pass(SLOW).result(PATIENCE)
    (stopped,) = slow.result(PATIENCE)
    assert stopped.stopped is not None


def test_two_companies_with_the_same_books_are_never_at_work_together(
    office: Office, slow_source: PracticeServer
) -> None:
    add_with_books_of_its_own(office, slow_source, office.world.realm_id)
    for world in (slow_source.world, office.world):
        world.switches.change({"feed_mode": "slow", "feed_seconds": 3600.0})
    office.show(document("inv-1"))
    slow = office.service.sync(SLOW)
    other = office.service.sync("Maple")
    until_running(office, SLOW)
    assert office.view().state != "syncing"
    office.world.switches.change({"feed_mode": "fine"})
    office.service.stop_pass(SLOW).result(PATIENCE)
    slow.result(PATIENCE)
    assert other.result(PATIENCE)[0].synced == 1


def until_running(office: Office, name: str) -> None:
    while office.view(name).state != "syncing":
        pass
