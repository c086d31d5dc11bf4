"""What a paid invoice costs in requests: Intuit meters reads and batches, and limits them all."""

from typing import Any

from invoices import customer, document
from office import NAME, Office

from qbdesk.sync.views import Requests

BACKLOG = 900
MOST_REQUESTS = 0.12  # an invoice
MOST_READS_A_DAY = 8


def _client(number: int) -> dict[str, Any]:
    email = f"ap{number}@client{number}.example.com"
    return customer(id=f"cus_{number}", name=f"Client {number}", email=email)


def _by_schedule(office: Office, *documents: dict[str, Any]) -> Requests:
    """A pass as the schedule starts it: what is known of the company counts."""
    office.show(*documents)
    service = office.service
    result = service._submit(service._engine.run_pass(NAME, afresh=False)).result(60)
    assert result.synced == len(documents)
    return result.requests


def test_one_invoice_of_a_client_that_qbdesk_made_costs_one_metered_read(office: Office) -> None:
    office.post(document())
    assert _by_schedule(office, document("inv-2")) == Requests(reads=1, writes=2, batches=0)


def test_one_invoice_of_a_client_that_stood_in_quickbooks_costs_two(office: Office) -> None:
    office.enter_customer("Harbour Condo Corp", "accounts@harbour.example.com")
    office.post(document())
    assert _by_schedule(office, document("inv-2")) == Requests(reads=2, writes=2, batches=0)


def test_an_idle_hour_costs_nothing_that_is_metered(office: Office) -> None:
    office.post(document())
    for _ in range(12):
        office.clock.advance(minutes=5)
        assert _by_schedule(office) == Requests()


def test_a_day_without_invoices_costs_the_daily_look_at_the_settings_alone(office: Office) -> None:
    office.post(document())
    office.clock.advance(days=2)
    daily = _by_schedule(office)
    assert (daily.writes, daily.batches) == (0, 0)
    assert 0 < daily.reads <= MOST_READS_A_DAY
    office.clock.advance(minutes=5)
    assert _by_schedule(office) == Requests()


def test_a_backlog_shares_its_requests(office: Office) -> None:
    """Every invoice has a client of its own; one in five is new, the others are in QuickBooks."""
    clients = [_client(number) for number in range(BACKLOG)]
    for number, client in enumerate(clients):
        if number % 5:
            address = {"Address": client["email"]}
            office.books.add(
                "Customer",
                {"DisplayName": client["name"], "PrimaryEmailAddr": address, "Active": True},
            )
    result = office.post(*(document(f"inv-{n}", client=client) for n, client in enumerate(clients)))
    asked = result.requests
    assert result.synced == BACKLOG
    assert office.count("Invoice", "Payment") == (BACKLOG, BACKLOG)
    assert asked.reads + asked.writes + asked.batches <= MOST_REQUESTS * BACKLOG
