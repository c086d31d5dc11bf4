"""What goes into the log is looked through once more, whoever wrote it."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from qbdesk.app import log_to
from qbdesk.redaction import HIDDEN, redacted

SECRETS = [
    "Authorization: Bearer eyJhbGciOi.canary.sig",
    "Basic Y2FuYXJ5OmNhbmFyeQ==",
    "https://example.com/callback?code=canary&state=canary&realmId=canary",
    "{'refresh_token': 'canary', \"client_secret\": \"canary\"}",
    "token=canary",
    "RT1-123-H0-canary0123456789canary0123456789canary",
    "accounts+canary@harbour.example.com",
    "CAD 1,234.56",
    "$113.00",
    "owes 113.00",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_addresses_and_amounts_are_hidden(text: str) -> None:
    told = redacted(f"before {text} after")
    assert HIDDEN in told
    for part in ("canary", "Y2Fu", "eyJ", "harbour", "1,234", "113"):
        assert part not in told
    assert told.startswith("before ")
    assert told.endswith(" after")


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-25 22:10:11,123 ERROR qbdesk.sync.engine A pass failed by ValueError at a.py:12",
        "invoice: HTTP 200, intuit_tid 1-cb65e533-7332d81054e7bc86a004d0e7",
        "companyinfo/9130350000000007: HTTP 503, intuit_tid None",
    ],
)
def test_what_the_log_is_for_stays(line: str) -> None:
    assert redacted(line) == line


def test_the_log_hides_what_an_exception_says(tmp_path: Path) -> None:
    log_to(tmp_path)
    log = logging.getLogger("qbdesk.somewhere")
    try:
        raise ValueError("refresh_token=canary of canary@example.com, CAD 113.00")
    except ValueError:
        log.exception("Bearer %s", "canary")
    for handler in logging.getLogger("qbdesk").handlers:
        handler.flush()
    told = (tmp_path / "qbdesk.log").read_text("utf-8")
    assert "ValueError" in told
    assert "canary" not in told
    assert "113" not in told


@pytest.mark.parametrize("crash", ["fail()", "threading.Thread(target=fail).start()"])
def test_a_crash_that_nobody_foresaw_says_where_and_not_what(crash: str) -> None:
    program = f"""
import threading
from qbdesk.redaction import keep_crashes_private
def fail():
    raise ValueError("Harbour Condo Corp owes 113.00")
keep_crashes_private()
{crash}
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert "Unforeseen: ValueError at <string>:5 (fail)" in done.stderr
    assert "Harbour" not in done.stderr + done.stdout
