"""A setting that is changed while a pass runs counts for all of the next one, and at once."""

import time

import pytest
from invoices import TEXAS, customer, document, line
from office import PATIENCE, Office


@pytest.fixture
def question(office: Office) -> str:
    """The setting that an untaxed invoice abroad is held for, while another one is looked up."""
    office.sync()
    office.show(document("inv-1", client=customer(billing_address=TEXAS), lines=[line(rates=())]))
    office.show(document("inv-2", client=customer(id="cus_2", email="ap@two.example.com")))
    office.fault("slow", "query", seconds=0.5)
    return "tax.untaxed.abroad"


def changed_during_a_pass(office: Office, key: str, value: str) -> None:
    running = office.begun_by_schedule()
    deadline = time.monotonic() + PATIENCE
    while office.world.company.faults.waiting:
        assert time.monotonic() < deadline
    began = time.monotonic()
    office.set(key, value)
    assert time.monotonic() - began < 0.4, "whoever chooses waits for no pass"
    assert not running.done()
    result = running.result(PATIENCE)
    assert (result.synced, result.waiting, result.needs_attention) == (1, 1, 0)


def test_what_was_held_by_the_settings_of_before_is_looked_at_once_more(
    office: Office, question: str
) -> None:
    changed_during_a_pass(office, question, office.tax_code("Zero-rated"))
    assert office.sync().synced == 1


def test_the_schedule_goes_on_with_the_new_settings_at_once(office: Office, question: str) -> None:
    changed_during_a_pass(office, question, office.tax_code("Zero-rated"))
    office.open(scheduled=True)
    deadline = time.monotonic() + PATIENCE
    while office.status() != "synced":
        assert time.monotonic() < deadline
