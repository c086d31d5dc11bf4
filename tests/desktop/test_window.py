"""The window of a connected company, in a real session with a real tray."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import QBDESK, Desk, Practice
from jeepney.io.blocking import open_dbus_connection
from screen import Screen, eventually
from window_support import TrayEntry, cpu_ticks, keys_go_to, press_keys, running, shows

IDLE_SECONDS = 10


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A home with one connected company, twelve invoices to come."""
    with Practice("--invoices", "12") as practice:
        home: Path = tmp_path_factory.mktemp("home")
        desk = Desk(home, practice).connected()
        yield desk
        # The session's keyring outlives this module, and others look for tokens in it.
        assert desk.run("disconnect", "books").status == 0


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    screen.close()


@pytest.fixture(scope="module")
def program(desk: Desk, screen: Screen) -> Iterator["subprocess.Popen[bytes]"]:
    """The program, once its first pass is over."""
    with running(desk.environ) as process:
        screen.find("Show Synced: 12", "radio button")
        yield process


@pytest.fixture
def tray(program: "subprocess.Popen[bytes]") -> Iterator[TrayEntry]:
    with open_dbus_connection("SESSION") as bus:
        yield TrayEntry(bus)


def test_an_idle_program_takes_no_time(program: "subprocess.Popen[bytes]") -> None:
    pause = threading.Event()

    def rests() -> bool:
        before = cpu_ticks(program)
        pause.wait(1)
        return cpu_ticks(program) == before

    eventually(rests, "rest after the first pass")
    before = cpu_ticks(program)
    pause.wait(IDLE_SECONDS)
    assert cpu_ticks(program) - before <= 2


def test_the_tray_says_the_state_and_offers_what_is_needed(tray: TrayEntry) -> None:
    assert "Every paid invoice is in QuickBooks." in tray.tooltip()
    assert {"Sync now", "Pause", "Open qbdesk", "Quit"} <= tray.entries().keys()


def test_a_closed_window_comes_back_from_the_tray(tray: TrayEntry) -> None:
    eventually(shows, "window")
    press_keys("alt+F4")
    eventually(lambda: not shows(), "closed window")
    tray.choose("Open qbdesk")
    eventually(shows, "window")


def test_a_second_start_raises_the_first(desk: Desk, program: "subprocess.Popen[bytes]") -> None:
    eventually(shows, "window")
    press_keys("alt+F4")
    eventually(lambda: not shows(), "closed window")
    second = subprocess.run([QBDESK], env=desk.environ, check=False, timeout=30)
    assert second.returncode == 0
    eventually(shows, "window")
    assert program.poll() is None


@pytest.mark.usefixtures("program")
def test_settings_are_chosen_in_the_window_and_known_to_the_command_line(
    desk: Desk, screen: Screen
) -> None:
    assert "Undeposited Funds" in of_cards(desk)
    eventually(shows, "window")
    press_keys("ctrl+comma")
    screen.find("Credit card: money goes to", "label")
    eventually(lambda: keys_go_to() == "Settings – qbdesk", "dialog to type into")
    press_keys("Tab", "Down")  # from the income account to the first account for cards
    screen.press("Save")
    screen.find("The settings are saved.", "label")
    assert "Undeposited Funds" not in of_cards(desk)


def of_cards(desk: Desk) -> str:
    (line,) = [line for line in desk.run("settings", "books").out.splitlines() if ".card" in line]
    return line


@pytest.mark.usefixtures("program")
def test_what_the_command_line_does_is_seen_when_the_window_is_looked_at(
    desk: Desk, screen: Screen
) -> None:
    eventually(shows, "window")
    press_keys("alt+F4")
    assert desk.run("pause", "books").status == 0
    subprocess.run([QBDESK], env=desk.environ, check=True, timeout=30)
    screen.find("Resume", "push button")
