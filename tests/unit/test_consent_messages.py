"""The two lines between the program and its consent window."""

import pytest
from pydantic import ValidationError

from qbdesk.ui.consent.messages import (
    LINE_LIMIT,
    BrowserWanted,
    Closed,
    ConsentRequest,
    Landed,
    Outcome,
    TimedOut,
    Unavailable,
    read_outcome,
)

AUTHORIZE = "https://appcenter.intuit.com/connect/oauth2?state=canary"
REDIRECT = "https://books.example.com/callback"


def test_a_request_survives_its_way_over_the_pipe_on_one_line() -> None:
    request = ConsentRequest(authorize_url=AUTHORIZE, redirect_uri=REDIRECT, timeout_seconds=30)
    line = request.line()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert ConsentRequest.model_validate_json(line) == request


def test_a_request_that_names_no_time_has_ten_minutes_and_no_test_server() -> None:
    request = ConsentRequest(authorize_url=AUTHORIZE, redirect_uri=REDIRECT)
    assert request.timeout_seconds == 600
    assert request.intuit_root is None


@pytest.mark.parametrize(
    "root", ["http://127.0.0.1:8123", "http://[::1]:8123/", "https://localhost"]
)
def test_a_test_server_is_the_root_of_an_address_on_this_machine(root: str) -> None:
    request = ConsentRequest(authorize_url=AUTHORIZE, redirect_uri=REDIRECT, intuit_root=root)
    assert request.intuit_root == root


@pytest.mark.parametrize(
    "change",
    [
        {"intuit_root": "http://192.168.1.5:8123"},
        {"intuit_root": "https://appcenter.intuit.com"},
        {"intuit_root": "http://127.0.0.1.example.com"},
        {"intuit_root": "http://127.0.0.1:8123/appcenter"},
        {"intuit_root": "http://127.0.0.1:8123/?x"},
        {"authorize_url": "http://appcenter.intuit.com/connect/oauth2"},
        {"authorize_url": "javascript:alert(1)"},
        {"redirect_uri": "http://books.example.com/callback"},
        {"redirect_uri": "https://books.example.com/callback#part"},
        {"redirect_uri": "https://someone@books.example.com/callback"},
        {"redirect_uri": "https://books.example.com:port/callback"},
        {"redirect_uri": "https:///callback"},
        {"redirect_uri": "https://books.example.com/" + "a" * 9000},
        {"timeout_seconds": -7777},
        {"timeout_seconds": 77777},
        {"client_secret": "swordfish"},
    ],
)
def test_a_request_that_makes_no_sense_is_refused_without_quoting_it(
    change: dict[str, object],
) -> None:
    fields = {"authorize_url": AUTHORIZE, "redirect_uri": REDIRECT, **change}
    with pytest.raises(ValidationError) as refused:
        ConsentRequest.model_validate(fields)
    assert "canary" not in str(refused.value)
    assert str(*change.values()) not in str(refused.value)


@pytest.mark.parametrize(
    "outcome",
    [
        Landed(address=REDIRECT + "?code=canary"),
        Closed(),
        BrowserWanted(),
        TimedOut(),
        Unavailable(why="No."),
    ],
)
def test_every_answer_survives_its_way_over_the_pipe(outcome: Outcome) -> None:
    line = outcome.line()
    assert len(line) < LINE_LIMIT
    assert read_outcome(line) == outcome
    assert "canary" not in repr(outcome)


@pytest.mark.parametrize(
    ("line", "as_given"),
    [
        (Landed(address="https://x.example/?code=c").line(), b'"outcome":"landed","address":'),
        (Closed().line(), b'{"outcome":"closed"}'),
        (BrowserWanted().line(), b'{"outcome":"browser"}'),
        (TimedOut().line(), b'{"outcome":"timeout"}'),
        (Unavailable(why="No.").line(), b'{"outcome":"unavailable","why":"No."}'),
    ],
)
def test_answers_have_the_shape_that_other_programs_read(line: bytes, as_given: bytes) -> None:
    assert as_given in line


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"rubbish canary",
        b"{}",
        b'{"outcome":"canary"}',
        b'{"outcome":"landed"}',
        b'{"outcome":"closed","address":"canary"}',
        b'{"outcome":"closed"}\n{"outcome":"closed"}',
        b'{"outcome":"unavailable","why":""}',
        b"\xff\xfe",
    ],
)
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        read_outcome(line)
