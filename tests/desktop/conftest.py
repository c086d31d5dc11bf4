"""The tests in here need a real desktop session; session.sh brings one up."""

import os
from collections.abc import Iterator

import pytest
from consent_support import Attempt, CallbackServer, PageServer
from pytestqt.qtbot import QtBot

# Chromium does not start as root with its sandbox, and containers run tests as root. Only tests
# set this: the program never does.
os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _desktop_session() -> None:
    """Fail outside a session of our own: these tests click, and write into the keyring."""
    needed = ("SESSION_HOME", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
    if not all(os.environ.get(name) for name in needed):
        pytest.fail(
            "These tests need a desktop session of their own. Run them as:"
            " tests/desktop/session.sh .venv/bin/pytest -q tests/desktop",
            pytrace=False,
        )


@pytest.fixture
def attempt(qtbot: QtBot) -> Iterator[Attempt]:
    """One consent window of the program; none is left open after the test."""
    attempt = Attempt(qtbot)
    yield attempt
    attempt.end()


@pytest.fixture
def intuit() -> Iterator[PageServer]:
    """A server that stands in for Intuit's sign-in; each test gives it its pages."""
    with PageServer() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[CallbackServer]:
    """A server on another origin that nothing may ever connect to."""
    with CallbackServer() as server:
        yield server


@pytest.fixture
def callback() -> Iterator[CallbackServer]:
    """The server at the redirect address, which must never hear anything."""
    with CallbackServer() as server:
        yield server
