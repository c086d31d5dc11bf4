"""Killed, interrupted, two at once, no keyring, a damaged ledger: nothing is doubled or lost."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest
from command_line import QBDESK, Desk, Done, at_once, ended, line_of, side_by_side, started, until

__all__ = ["started"]
pytestmark = pytest.mark.desktop


HELD_UP = 10  # seconds; other programs have started by then, also on a busy machine
STOPPED = "Stopped. What was posted stays; the rest waits for the next pass."


def synced_in_the_end(desk: Desk) -> Done:
    """The pass that leaves nothing waiting; a settle time is never sat out in one."""

    def at_rest() -> Done | None:
        done = desk.run("sync", "--json", QBDESK_SETTLE_SECONDS="1")
        return done if done.json()["waiting"] == 0 else None

    return until(at_rest)


def assert_every_invoice_is_there_once(desk: Desk) -> None:
    practice = desk.practice
    assert practice.numbers() == sorted(row["number"] for row in practice.documents())
    assert practice.look("books")["open_invoices"] == []
    assert {row.status for row in desk.rows()} == {"synced"}


def ends_well_after(kind: signal.Signals, write: str, desk: Desk) -> Done:
    """A pass gets a signal in the middle of a write; the passes after it go on. What it said."""
    with ended(desk.held_up(write, 30, "sync", "--json")) as process:
        process.send_signal(kind)
        stopped = desk.end(process)
    assert {row.status for row in desk.rows()} <= {"waiting", "posting", "synced"}
    done = synced_in_the_end(desk)
    assert (done.status, done.json()["needs_attention"]) == (0, 0)
    assert_every_invoice_is_there_once(desk)
    return stopped


@side_by_side(invoices=4)
def test_a_pass_that_was_killed_at_a_customer_is_gone_on_with(desk: Desk) -> None:
    ends_well_after(signal.SIGKILL, "POST customer", desk)


@side_by_side(invoices=4)
def test_a_pass_that_was_killed_at_an_invoice_is_gone_on_with(desk: Desk) -> None:
    ends_well_after(signal.SIGKILL, "POST invoice", desk)


@side_by_side(invoices=4)
def test_a_pass_that_was_killed_at_a_payment_is_gone_on_with(desk: Desk) -> None:
    ends_well_after(signal.SIGKILL, "POST payment", desk)


@side_by_side(invoices=40)
def test_a_pass_that_was_killed_at_a_batch_is_gone_on_with(desk: Desk) -> None:
    ends_well_after(signal.SIGKILL, "POST batch", desk)


@side_by_side(invoices=4)
def test_ctrl_c_stops_a_pass_at_a_safe_point_and_the_next_one_finishes(desk: Desk) -> None:
    stopped = ends_well_after(signal.SIGINT, "POST invoice", desk)
    assert stopped.status == 2
    assert stopped.sentence() == STOPPED


@side_by_side(invoices=4)
def test_sigterm_stops_a_pass_as_gently(desk: Desk) -> None:
    stopped = ends_well_after(signal.SIGTERM, "POST payment", desk)
    assert stopped.status == 2
    assert stopped.sentence() == STOPPED


@side_by_side(invoices=4)
def test_of_two_passes_at_once_the_second_waits_says_so_and_doubles_nothing(desk: Desk) -> None:
    with (
        ended(desk.held_up("POST invoice", HELD_UP, "sync", "--json")) as first,
        ended(desk.start("sync", "--json")) as second,
    ):
        said = line_of(second.stderr, "Another qbdesk is at work")
        assert said.endswith("waiting for its turn.")
        assert first.poll() is None
        one = desk.end(first)
        two = desk.end(second)
    assert (one.status, two.status) == (0, 0)
    assert (one.json()["synced"], two.json()["synced"]) == (4, 0)
    assert two.json()["requests"]["writes"] == 0
    assert_every_invoice_is_there_once(desk)


@side_by_side(invoices=4)
def test_what_is_decided_during_a_pass_waits_for_its_end(desk: Desk) -> None:
    practice = desk.practice
    first, last = (document["id"] for document in practice.documents()[::3])
    with ended(desk.held_up("POST invoice", HELD_UP, "sync", "--json")) as running:
        ignored, refused = at_once(
            lambda: desk.run("ignore", "books", first, "--note", "by hand"),
            lambda: desk.run("resync", "nobody", last),
        )
        assert desk.end(running).status == 0
    assert (ignored.status, refused.status) == (0, 2)
    assert ignored.sentence().startswith("Another qbdesk is at work")
    assert "nobody" in refused.sentence()
    assert [row.source_id for row in desk.rows("ignored")] == [first]


@side_by_side(invoices=4)
def test_a_pause_stops_a_pass_of_another_program(desk: Desk) -> None:
    practice = desk.practice
    with ended(desk.held_up("POST customer", HELD_UP, "sync", "--json")) as running:
        assert desk.run("pause", "books").status == 0
        stopped = desk.end(running)
    assert "paused meanwhile" in stopped.sentence()
    assert stopped.json()["waiting"] == 4
    assert practice.counts() == (0, 0)


@side_by_side(invoices=4)
def test_ctrl_c_ends_a_pass_that_waits_for_its_turn(desk: Desk) -> None:
    with ended(desk.held_up("POST invoice", HELD_UP, "sync")) as first:
        with ended(desk.start("sync")) as second:
            line_of(second.stderr, "Another qbdesk is at work")
            second.send_signal(signal.SIGINT)
            done = desk.end(second)
            assert first.poll() is None
        assert done.status == 2
        assert done.sentence().startswith("Stopped.")
        assert desk.end(first).status == 0
    assert_every_invoice_is_there_once(desk)


@side_by_side(invoices=4)
def test_a_preview_that_is_stopped_leaves_no_copy_of_the_ledger(desk: Desk) -> None:
    practice = desk.practice
    before = set(desk.files())
    practice.change("switches", {"feed_mode": "slow", "feed_seconds": 20})
    with ended(desk.start("sync", "--preview")) as process:
        until(lambda: any(file.name == "preview.db" for file in desk.files()))
        process.send_signal(signal.SIGTERM)
        assert desk.end(process).status == 2
    # A preview takes its turn among the programs of this home, by the lock that a pass takes.
    locks = {"engine.lock", "engine-next.lock"}
    assert {file.name for file in set(desk.files()) - before} <= locks


@side_by_side(connected=False)
def test_ctrl_c_at_the_sign_in_keeps_nothing(desk: Desk) -> None:
    practice = desk.practice
    desk.add()
    before = desk.in_keyring()
    told = practice.told
    keys = ("--client-id", told["client_id"], "--redirect-uri", told["redirect_uri"])
    with ended(desk.start("connect", "books", *keys, "--paste")) as process:
        line_of(process.stdout, "http")
        process.send_signal(signal.SIGINT)
        done = desk.end(process)
    assert done.status == 2
    assert done.sentence().startswith("Stopped.")
    assert desk.in_keyring() == before


@side_by_side(invoices=4)
def test_without_a_keyring_that_encrypts_nothing_is_kept_or_posted(desk: Desk) -> None:
    practice = desk.practice
    told = practice.told
    keys = ("--client-id", told["client_id"], "--redirect-uri", told["redirect_uri"])
    options = ("--url", told["source_url"], "--from", told["from"])
    nowhere = {
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
    }
    sync, connect, add, empty = at_once(
        lambda: desk.run("sync", "--json", **nowhere),
        lambda: desk.run("connect", "books", *keys, "--paste", **nowhere),
        lambda: desk.run("add", "more", *options, **nowhere),
        lambda: Desk(desk.home.parent / "other", practice).run("sync", **nowhere),
    )
    preview = desk.run("sync", "--preview", **nowhere)
    for done in (sync, connect, add, preview):
        assert done.status == 2
        assert "install" in done.sentence()
    assert empty.status == 0
    assert sync.json()["synced"] == 0
    assert practice.counts() == (0, 0)
    assert [row["company"] for row in desk.run("status", "--json").json()] == ["books"]
    # The one backend that the environment names alone changes nothing.
    backend = nowhere["PYTHON_KEYRING_BACKEND"]
    assert desk.run("sync", PYTHON_KEYRING_BACKEND=backend).status == 0


@side_by_side(connected=False)
def test_a_ledger_that_cannot_be_read_is_said_and_left_as_it_is(damaged: Desk) -> None:
    assert damaged.add().status == 0
    ledger = damaged.home / "ledger.db"
    whole = ledger.read_bytes()
    rubbish = whole[:5000] + b"\xa5" * (len(whole) - 5000)
    ledger.write_bytes(rubbish)
    folder = Desk(damaged.home.parent / "folder", damaged.practice)
    (folder.home / "ledger.db").mkdir(parents=True)
    *of_the_damaged, of_the_folder = at_once(
        lambda: damaged.run("sync", "--json"),
        lambda: damaged.run("status", "--json"),
        lambda: damaged.run("invoices"),
        lambda: folder.run("status"),
    )
    for done in (*of_the_damaged, of_the_folder):
        assert (done.status, done.out) == (2, "")
    assert all("qbdesk restore" in done.sentence() for done in of_the_damaged)
    assert "cannot be opened" in of_the_folder.sentence()
    assert ledger.read_bytes() == rubbish


@side_by_side(invoices=4)
def test_a_damaged_ledger_is_restored_by_a_command_and_nothing_is_posted_twice(desk: Desk) -> None:
    assert desk.run("restore", "--json").json() == []
    assert desk.run("sync", "--json").json()["synced"] == 4
    ledger = desk.home / "ledger.db"
    (backup,) = desk.run("restore", "--json").json()
    assert (backup["companies"], backup["invoices"]) == (1, 0)  # made before the pass
    ledger.write_bytes(ledger.read_bytes()[:9000])
    assert desk.run("sync").status == 2
    both, unknown = at_once(
        lambda: desk.run("restore", backup["name"], "--empty"),
        lambda: desk.run("restore", "ledger-x.db"),
    )
    assert (both.status, unknown.status) == (2, 2)
    restored = desk.run("restore", backup["name"])
    assert restored.status == 0
    assert "was put aside as" in restored.out
    assert "Every company is paused." in restored.out
    assert desk.run("sync", "--json").json()["synced"] == 0
    assert desk.run("resume", "books").status == 0
    again = desk.run("sync", "--json").json()
    assert (again["synced"], again["requests"]["writes"]) == (4, 0)
    assert_every_invoice_is_there_once(desk)
    assert desk.run("status", "--json").json()[0]["warnings"] == []
    for place in desk.home.rglob("*"):
        assert stat.S_IMODE(place.stat().st_mode) == (0o700 if place.is_dir() else 0o600), place


@side_by_side(connected=False)
def test_a_home_that_cannot_be_written_is_said(desk: Desk) -> None:
    file = desk.home.parent / "file"
    file.write_text("not a folder")
    beneath, system = (Desk(home, desk.practice) for home in (file / "home", Path("/proc/qbdesk")))
    for done in at_once(
        lambda: beneath.run("status", "--json"),
        lambda: beneath.add(),
        lambda: system.run("sync", "--json"),
    ):
        assert (done.status, done.out) == (2, "")
        assert "cannot write into its folder" in done.sentence()
        assert "QBDESK_HOME" in done.err


@side_by_side(invoices=4)
def test_a_reader_that_goes_away_is_not_taken_for_held_invoices(desk: Desk) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        done = subprocess.run(
            [QBDESK, "invoices", "--json"],
            env=desk.environ,
            stdin=subprocess.DEVNULL,
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, b"")
