"""Pause, Stop, Quit, the end of the session: what is on the wire ends or is parked, in no time."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from invoices import customer, document
from office import NAME, PATIENCE, Office

from qbdesk.sync import posting
from qbdesk.sync.views import PassResult, Progress

LONG = 30.0  # seconds
AT_ONCE = 2.0  # seconds; longer than that nobody waits for a program to quit


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline


def stopped_once(office: Office, happened: Callable[[], bool]) -> PassResult:
    """A pass that a person stops as soon as something has happened."""
    under_way = office.service.sync(NAME)
    until(happened)
    began = time.monotonic()
    office.service.stop_pass(NAME).result(PATIENCE)
    (result,) = under_way.result(PATIENCE)
    assert time.monotonic() - began < AT_ONCE
    return result


def said(office: Office) -> list[str]:
    return [entry.text for entry in office.journal()]


def test_an_answer_that_comes_soon_after_a_stop_is_still_written_down(office: Office) -> None:
    office.fault("slow", "POST invoice", seconds=0.3)
    office.show(document("inv-1"))
    stopped_once(office, lambda: office.count("Invoice") == (1,))
    assert "Invoice written to QuickBooks as Id" in " ".join(said(office))
    assert office.count("Payment") == (0,)
    assert office.sync().synced == 1
    assert office.count("Invoice", "Payment") == (1, 1)
    assert not [told for told in said(office) if "found" in told or "Not in" in told]


def test_a_batch_whose_answer_comes_soon_is_written_down_and_the_next_one_never_leaves(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "AT_ONCE", 1)
    office.fault("slow", "POST batch", times=None, seconds=0.3)
    office.show(*(document(f"inv-{n}", client=somebody(n)) for n in range(70)))
    stopped = stopped_once(office, lambda: office.count("Customer") != (0,))
    assert stopped.requests.batches == 1
    assert office.count("Customer") < (30,)  # what all invoices share was in it as well
    office.world.company.faults.clear()
    assert office.sync().synced == 70
    assert office.count("Customer", "Invoice", "Payment") == (70, 70, 70)


def test_batches_that_are_under_way_together_are_all_written_down(office: Office) -> None:
    office.fault("slow", "POST batch", times=None, seconds=0.3)
    office.show(*(document(f"inv-{n}", client=somebody(n)) for n in range(58)))
    stopped = stopped_once(office, lambda: office.count("Customer") == (58,))
    assert stopped.requests.batches == 2
    office.world.company.faults.clear()
    assert office.sync().synced == 58
    assert office.count("Customer", "Invoice", "Payment") == (58, 58, 58)
    assert not [told for told in said(office) if "found" in told or "Not in" in told]


def somebody(number: int) -> dict[str, Any]:
    return customer(id=f"cus_{number}", name=f"Client {number}", email=f"{number}@example.com")


def test_quitting_parks_a_write_without_an_answer_within_two_seconds(office: Office) -> None:
    office.fault("slow", "POST invoice", seconds=3600)
    office.show(document("inv-1"))
    office.service.sync(NAME)
    until(lambda: office.count("Invoice") == (1,))
    began = time.monotonic()
    office.service.stop(PATIENCE)
    assert time.monotonic() - began < AT_ONCE
    office.open()
    assert said(office)[-1].startswith("Stopped before QuickBooks had answered.")
    assert office.sync().synced == 1
    assert office.count("Invoice", "Payment") == (1, 1)


def test_what_waits_for_its_turn_when_a_pass_is_stopped_has_never_left(office: Office) -> None:
    usual = office._sleep

    async def never_past_a_minute(seconds: float) -> None:
        await (asyncio.Event().wait() if seconds > LONG else usual(seconds))

    office._sleep = never_past_a_minute  # type: ignore[method-assign]
    office.open()
    office.fault("throttled", "POST invoice")
    office.show(document("inv-1"))
    stopped_once(office, lambda: _asked_to_pause(office))
    office._sleep = usual  # type: ignore[method-assign]
    office.open()
    assert office.sync().synced == 1
    assert not [told for told in said(office) if "found" in told or "Stopped" in told]


def _asked_to_pause(office: Office) -> bool:
    told = [event.sentence for event in office.events if isinstance(event, Progress)]
    return any(sentence.startswith("QuickBooks asked for a pause") for sentence in told)
