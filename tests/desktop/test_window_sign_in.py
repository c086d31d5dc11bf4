"""Signing in that does not come to its end: nothing is kept, and a sentence says why."""

import subprocess
from collections.abc import Iterator

import pytest
from command_line import Desk, Practice
from screen import Screen
from window_support import running


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A home whose company has its source, but no QuickBooks yet."""
    with Practice("--invoices", "1") as practice:
        desk = Desk(tmp_path_factory.mktemp("home"), practice)
        assert desk.add("maple").status == 0
        yield desk


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    screen.close()


@pytest.fixture(scope="module")
def program(desk: Desk, screen: Screen) -> Iterator["subprocess.Popen[bytes]"]:
    """The program at the page where the app's keys are entered."""
    told = desk.practice.told
    with running(desk.environ) as process:
        screen.press("Connect QuickBooks…")
        screen.enter("Client ID", told["client_id"])
        screen.enter("Client secret", told["client_secret"])
        screen.enter("Redirect URI", told["redirect_uri"])
        yield process


@pytest.mark.usefixtures("program")
def test_denied_at_intuit_nothing_is_kept(desk: Desk, screen: Screen) -> None:
    screen.press("Sign in at Intuit")
    screen.find("Connect to QuickBooks?", "heading")
    screen.click("Cancel", within="web document")
    screen.find("The sign-in was cancelled at QuickBooks. Nothing was changed.", "label")
    assert desk.tokens() == []
    assert desk.practice.counts() == (0, 0)


@pytest.mark.usefixtures("program")
def test_an_address_of_another_sign_in_is_not_taken(desk: Desk, screen: Screen) -> None:
    screen.press("Open in my browser")
    address = f"{desk.practice.told['redirect_uri']}?code=abc&state=another&realmId=1"
    screen.enter("Address the browser landed on", address)
    screen.press("Continue")
    screen.find("This address belongs to another sign-in", "label")
    assert desk.tokens() == []
