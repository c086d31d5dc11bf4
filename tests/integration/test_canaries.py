"""Canaries: whatever goes wrong, no secret is in any file, and no customer outside the ledger."""

import logging
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from invoices import customer, document, line
from office import NAME, PATIENCE, Office

from qbdesk.practice.world import CLIENT_SECRET, SOURCE_TOKEN
from qbdesk.sync.errors import Trouble

CUSTOMER = "Zeldawick Canaries"
EMAIL = "nightjar@zeldawick.example.com"
AMOUNT = "7391.37"
IN_THE_LEDGER_ONLY = (CUSTOMER, "zeldawick", AMOUNT)
TROUBLES = ("unavailable", "server_error", "throttled", "unauthorised", "garbage", "empty")
TROUBLES += ("cut_off", "reply_lost", "request_lost")


def canary(number: int, **changes: Any) -> dict[str, Any]:
    client = customer(id=f"z{number}", name=f"{CUSTOMER} {number}", email=f"{number}.{EMAIL}")
    return document(f"inv-{number}", client=client, lines=[line("1", AMOUNT)], **changes)


@pytest.fixture
def everything_said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that any library would say at its most talkative."""
    caplog.set_level(logging.INFO)
    return caplog


def test_no_secret_is_in_any_file_and_no_customer_outside_the_ledger(
    office: Office, capfd: pytest.CaptureFixture[str], everything_said: pytest.LogCaptureFixture
) -> None:
    for number, trouble in enumerate(TROUBLES):
        office.show(canary(number))
        office.fault(trouble, "POST invoice")
        office.fault(trouble, "query")
        office.sync()
        office.world.company.faults.clear()
    office.sync()
    for mode in ("down", "unauthorised", "rubbish"):
        office.world.switches.change({"feed_mode": mode})
        office.sync()
    office.world.switches.change({"feed_mode": "fine"})
    office.show(canary(97, total="1.00"), {**canary(98), "customer": CUSTOMER})
    office.world.feed.raw({"id": CUSTOMER, "total": AMOUNT})
    office.fault("refused", "POST payment", code="6000")
    office.show(canary(99))
    office.sync()
    said = [_text_of(office.service.examine(NAME)), _text_of(office.service.preview("nobody"))]
    tokens = [*office._vault.refresh_tokens(NAME), *_access_tokens(office)]
    office.service.stop()
    secrets = [SOURCE_TOKEN, CLIENT_SECRET, *tokens]
    assert len(tokens) > 1
    assert office.count("Payment") > (len(TROUBLES) // 2,), "there was something to leak"
    streams = "".join(capfd.readouterr())
    assert (office.home / "log" / "qbdesk.log").stat().st_size > 0
    for file in _files(office.home):
        written = file.read_bytes()
        assert _found(written, secrets) == [], file.name
        if not file.name.startswith("ledger.db"):
            assert _found(written, IN_THE_LEDGER_ONLY) == [], file.name
    for text in (streams, everything_said.text, *said):
        assert _found(text.encode(), [*secrets, *IN_THE_LEDGER_ONLY]) == []


def test_the_canaries_are_where_they_belong(office: Office) -> None:
    """Else the test above would look for what never was there."""
    office.post(canary(1))
    office.service.stop()
    ledger = b"".join(f.read_bytes() for f in _files(office.home) if "ledger.db" in f.name)
    assert _found(ledger, IN_THE_LEDGER_ONLY) == [*IN_THE_LEDGER_ONLY]
    assert office._vault.secret(f"source token {NAME}") == SOURCE_TOKEN


def _text_of(asked: "Future[Any]") -> str:
    """What a person would read: the answer, or the error's sentence."""
    try:
        return str(asked.result(PATIENCE))
    except Trouble as error:
        return str(error)


def _access_tokens(office: Office) -> list[str]:
    return list(office.world.company.sign_in._by_access_token)


def _files(home: Path) -> list[Path]:
    return [file for file in home.rglob("*") if file.is_file()]


def _found(text: bytes, canaries: Any) -> list[str]:
    lower = text.lower()
    return [each for each in canaries if each.lower().encode() in lower]
