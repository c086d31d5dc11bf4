"""A disk that fills up, a ledger that is read-only, cut off, overwritten or gone, with real
processes: a sentence, nothing posted meanwhile, nothing doubled afterwards."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from command_line import QBDESK, Desk, Done, ended, side_by_side, started
from once_each import at_rest, forgets, wrong_in_quickbooks

__all__ = ["started"]
pytestmark = [pytest.mark.desktop, pytest.mark.timeout(600)]

SMALL = 4_000_000  # bytes of the disk
# Root may write everywhere, unless these are taken from it.
LIKE_ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") * (os.geteuid() == 0)
MAY_HAVE_LEFT = "('sent', 'unknown', 'confirmed')"


# ---- a full disk ----


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=700", "tmpfs", str(folder)]
    tried = subprocess.run(mount, capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.fail(f"This test needs a small disk, which only root may mount: {tried.stderr}")
    try:
        yield folder
    finally:
        # Lazily: the log of the program's part in this process is still open.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def no_room_on(disk: Path) -> Iterator[None]:
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    ballast.write_bytes(bytes(free.f_bavail * free.f_frsize))
    yield
    ballast.unlink()


def may_have_left(desk: Desk, folder: Path) -> tuple[set[str], int]:
    """The numbers of invoices and the number of payments that the ledger has as sent."""
    folder.mkdir()
    for file in desk.home.glob("ledger.db*"):
        shutil.copy(file, folder)
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
        numbers = ledger.execute(
            "SELECT number FROM step JOIN paid_invoice ON paid_invoice.id = step.invoice_id "
            f"WHERE kind = 'invoice' AND state IN {MAY_HAVE_LEFT}"
        )
        payments = ledger.execute(
            f"SELECT count(*) FROM step WHERE kind = 'payment' AND state IN {MAY_HAVE_LEFT}"
        )
        return {number for (number,) in numbers}, payments.fetchone()[0]


@side_by_side(invoices=24, connected=False)
def test_a_disk_that_fills_up_in_the_middle_of_a_pass_is_said_and_costs_no_invoice(
    elsewhere: Desk,
) -> None:
    folder, practice = elsewhere.home.parent, forgets(elsewhere.practice)
    with small_disk(folder / "disk") as disk:
        desk = Desk(disk / "home", practice).connected()
        # Each is in QuickBooks before its answer finds no room.
        for at, write in enumerate(["POST batch"] * 3):
            with ended(desk.held_up(write, 3, "sync", "--json")) as process, no_room_on(disk):
                said_to_be_full(desk.end(process))
                numbers, payments = may_have_left(desk, folder / f"copy-{at}")
            assert set(practice.numbers()) <= numbers
            assert practice.counts()[1] <= payments
        assert practice.counts() > (0, 0)
        with no_room_on(disk):
            said_to_be_full(desk.run("sync", "--json"))
        done = at_rest(desk)
        assert (done.status, done.json()["needs_attention"]) == (0, 0)
        assert wrong_in_quickbooks(practice) == []
        assert {row.status for row in desk.rows()} == {"synced"}


def said_to_be_full(done: Done) -> None:
    assert done.status == 2
    assert " is full" in done.sentence()
    assert "make room on the disk" in done.err


# ---- a ledger that cannot be used ----


def half_posted(desk: Desk) -> Path:
    """Two invoices are posted, and the invoicing system shows two more by now. The ledger."""
    forgets(desk.practice)
    assert desk.run("sync", "--json").json()["synced"] == 2
    like = desk.practice.documents()[0]
    desk.practice.show(*({**like, "id": f"more-{n}", "number": f"M-{n}"} for n in range(2)))
    return desk.home / "ledger.db"


def refused(desk: Desk, ledger: Path, command: tuple[str, ...] = (QBDESK,)) -> Done:
    """A pass over a ledger that is no good posts nothing and takes nothing from it."""
    before = ledger.read_bytes() if ledger.exists() else b""
    posted = desk.practice.look("books")["counts"]
    done = desk.end(
        subprocess.Popen(
            [*command, "sync", "--json"],
            env=desk.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    assert done.status == 2
    assert str(ledger) in done.sentence()
    assert desk.practice.look("books")["counts"] == posted
    assert before in (b"", ledger.read_bytes())
    return done


def begun_anew(desk: Desk) -> None:
    """As after a reinstall: what QuickBooks has is found there, the rest is posted."""
    assert desk.run("restore", "--empty").status == 0
    posted = desk.practice.counts()
    done = at_rest(desk.connected())
    assert (done.status, done.json()["needs_attention"]) == (0, 0)
    assert wrong_in_quickbooks(desk.practice) == []
    assert {row.status for row in desk.rows()} <= {"synced", "already_in_quickbooks"}
    assert (posted, desk.practice.counts()) == ((2, 2), (4, 4))


@side_by_side(invoices=2)
def test_a_read_only_ledger_is_said_and_goes_on_when_it_can_be_written(desk: Desk) -> None:
    ledger = half_posted(desk)
    for place, mode in ((ledger, 0o400), (desk.home, 0o500)):
        before = place.stat().st_mode
        place.chmod(mode)
        done = refused(desk, ledger, (*LIKE_ANYBODY, QBDESK))
        assert "writable" in done.sentence()
        place.chmod(before)
    assert at_rest(desk).status == 0
    assert wrong_in_quickbooks(desk.practice) == []


def not_used(desk: Desk, damage: Callable[[Path], object]) -> None:
    """Neither at once nor later, until a person decides."""
    ledger = half_posted(desk)
    damage(ledger)
    for _ in range(2):
        assert "qbdesk restore" in refused(desk, ledger).sentence()
    begun_anew(desk)


@side_by_side(invoices=2)
def test_a_ledger_that_was_cut_off_is_not_used(desk: Desk) -> None:
    not_used(desk, lambda ledger: os.truncate(ledger, ledger.stat().st_size // 2))


@side_by_side(invoices=2)
def test_a_ledger_that_was_overwritten_is_not_used(desk: Desk) -> None:
    not_used(desk, lambda ledger: ledger.write_bytes(os.urandom(ledger.stat().st_size)))


@side_by_side(invoices=2)
def test_an_emptied_ledger_is_not_taken_for_a_new_one(desk: Desk) -> None:
    not_used(desk, lambda ledger: ledger.write_bytes(b""))


@side_by_side(invoices=2)
def test_a_ledger_that_is_gone_is_not_taken_for_a_new_one(desk: Desk) -> None:
    not_used(desk, Path.unlink)
