"""A bookkeeper's first day, on a real screen: connect, watch, mend, resync, disconnect.

The program is the real one, with a real tray, real notifications, the real embedded sign-in page
and a real keyring. Its pictures are the README's: QBDESK_PICTURES=docs puts them there.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import QBDESK, Practice, in_keyring, secrets_of
from screen import Screen, eventually, picture

NO_EMAIL = "Could not find customer email"


@pytest.fixture
def practice() -> Iterator[Practice]:
    """Twelve paid invoices, and one whose client has no email yet."""
    with Practice("--invoices", "12") as practice:
        held = practice.documents()[0]
        client = {**held["customer"], "id": "walk-in", "email": None}
        practice.show({**held, "id": "held-1", "number": "INV-HELD-1", "customer": client})
        yield practice


@pytest.fixture
def program(practice: Practice, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """qbdesk as a person starts it the first time."""
    environment = {
        **os.environ,
        "QBDESK_HOME": str(tmp_path / "home"),
        "QBDESK_INTUIT_URL": practice.told["intuit_url"],
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
    }
    process = subprocess.Popen([QBDESK], env=environment)
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    screen.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    wanted = os.environ.get("QBDESK_PICTURES")
    return Path(wanted) if wanted else tmp_path


@pytest.mark.usefixtures("program")
def test_a_first_day_with_qbdesk(screen: Screen, practice: Practice, pictures: Path) -> None:
    before = in_keyring()
    _add_the_source(screen, practice)
    _sign_in(screen, practice, pictures)
    _invoices_arrive(screen)
    _the_notification_leads_to_the_held_one(screen)
    picture(pictures / "window.png")
    _mended_at_the_source_it_goes_through(screen, practice)
    _disconnecting_deletes_the_tokens(screen, practice, before)


def _add_the_source(screen: Screen, practice: Practice) -> None:
    screen.press("Add your invoicing source")
    screen.enter("Name in qbdesk", "Maple Street")
    screen.enter("Address of the source", practice.told["source_url"])
    screen.enter("Its access token", practice.told["source_token"])
    # The day: a year back.
    screen.type_into("Its access token", "text", "Tab", "End", "Down")
    screen.press("Add company")


def _sign_in(screen: Screen, practice: Practice, pictures: Path) -> None:
    screen.press("Connect QuickBooks")
    screen.enter("Client ID", practice.told["client_id"])
    screen.enter("Client secret", practice.told["client_secret"])
    screen.enter("Redirect URI", practice.told["redirect_uri"])
    screen.press("Sign in at Intuit")
    screen.find("Connect to QuickBooks?", "heading")
    picture(pictures / "consent.png")
    screen.click("Connect")
    screen.find("Is this the right company?")
    screen.find("TEST SERVER · SANDBOX")
    picture(pictures / "confirm.png")
    screen.press("Use it, and preview first")
    screen.press("Start posting")
    screen.find("QuickBooks connected")


def _invoices_arrive(screen: Screen) -> None:
    screen.find("Show Synced: 12", "radio button")
    screen.find("Show Needs attention: 1", "radio button")


def _the_notification_leads_to_the_held_one(screen: Screen) -> None:
    screen.find("Maple Street: 1 invoice needs attention", "label")
    screen.press("Open")
    screen.find("Invoice INV-HELD-1", "label")
    screen.find(NO_EMAIL, "label")


def _mended_at_the_source_it_goes_through(screen: Screen, practice: Practice) -> None:
    (held,) = [row for row in practice.documents() if row["id"] == "held-1"]
    client = {**held["customer"], "email": "walk.in@example.com"}
    practice.show({**held, "customer": client})
    screen.press("Resync selected")
    screen.find("Show Synced: 13", "radio button")
    books = practice.look("books")
    assert books["open_invoices"] == []
    assert (books["counts"]["Invoice"], len(practice.documents())) == (13, 13)


def _disconnecting_deletes_the_tokens(
    screen: Screen, practice: Practice, before: list[tuple[str, str]]
) -> None:
    assert _tokens_kept(practice, before)
    screen.press("Disconnect")
    screen.find("Disconnect Maple Street", "label")
    screen.press("Disconnect", within="dialog")
    screen.find("Not connected")
    eventually(lambda: not _tokens_kept(practice, before), "keyring without tokens")


def _tokens_kept(practice: Practice, before: list[tuple[str, str]]) -> list[str]:
    """The access and refresh tokens that stand in any item that the session's keyring got since."""
    tokens = [secret for secret in secrets_of(practice) if secret.startswith(("AB1", "eyJ"))]
    values = [value for label, value in in_keyring() if (label, value) not in before]
    return [token for token in tokens if any(token in value for value in values)]
