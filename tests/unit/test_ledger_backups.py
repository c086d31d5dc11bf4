"""Backups of the ledger: whole, private, read back, kept for weeks; and what restores one."""

import os
import shutil
import signal
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import text

from qbdesk.sync.errors import LedgerDamaged, LedgerTrouble, Refusal
from qbdesk.sync.ledger import backups, companies, marks, memory, restoring
from qbdesk.sync.ledger.database import Ledger, open_ledger

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def names(ledger: Ledger) -> list[str]:
    with ledger.begin() as connection:
        return [company.name for company in companies.everyone(connection)]


def add(ledger: Ledger, name: str) -> None:
    with ledger.begin() as connection:
        companies.add(
            connection,
            name=name,
            source="feed",
            source_url="https://x.example.com",
            from_date=date(2026, 1, 1),
            tenant_id="t1",
            tenant_name="Maple",
            tenant_environment="sandbox",
            time_zone="America/Toronto",
            created_at=NOW,
        )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ledger.db"


@pytest.fixture
def ledger(file: Path) -> Iterator[Ledger]:
    opened = open_ledger(file)
    add(opened, "Maple")
    yield opened
    opened.close()


def test_a_backup_holds_what_the_ledger_held_and_nobody_else_reads_it(
    ledger: Ledger, file: Path
) -> None:
    made = backups.make(file, NOW)
    add(ledger, "Birch")
    assert [each.name for each in backups.folder_of(file).iterdir()] == [made.name]
    held = backups.verified(made)
    assert held is not None
    assert held.count("company") == 1
    if os.name == "posix":
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
        assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700


def test_a_backup_can_be_made_while_the_ledger_is_written_to(ledger: Ledger, file: Path) -> None:
    with ledger.begin() as connection:
        connection.execute(text("UPDATE company SET name = 'not yet'"))
        made = backups.make(file, NOW)
    held = open_ledger(made)
    assert names(held) == ["Maple"]
    held.close()


def named(file: Path, when: datetime, before: str = "") -> str:
    name = f"ledger-{when:%Y%m%dT%H%M%SZ}{before}.db"
    (backups.folder_of(file) / name).write_bytes(b"")
    return name


def test_seven_days_four_weeks_and_the_last_before_each_migration_are_kept(file: Path) -> None:
    backups.folder_of(file).mkdir(parents=True)
    for hours in range(0, 24 * 60, 12):
        named(file, NOW - timedelta(hours=hours))
    kept = [named(file, NOW - timedelta(days=300 + n), f"-before-000{n}") for n in (2, 3)]
    named(file, NOW - timedelta(days=400), "-before-0002")
    others = [backups.folder_of(file) / name for name in ("mine.db", "ledger-old.db")]
    for other in others:
        other.write_bytes(b"")
    backups.prune(file, NOW)
    left = backups.there(file, NOW)
    days = [backup.made_at.date() for backup in left if backup.before is None]
    assert days[:7] == [NOW.date() - timedelta(days=n) for n in range(7)]
    # 20 November 2026 is a Friday: the weeks before end on these Sundays.
    assert days[7:] == [date(2026, 11, 8), date(2026, 11, 1)]
    assert date(2026, 11, 15) in days
    assert [backup.file.name for backup in left if backup.before] == kept
    assert all(other.exists() for other in others)


def test_a_backup_is_due_after_a_day_and_when_the_clock_has_jumped(
    ledger: Ledger, file: Path
) -> None:
    assert backups.is_due(file, NOW)
    backups.make(file, NOW)
    assert not backups.is_due(file, NOW + timedelta(hours=23))
    assert backups.is_due(file, NOW + timedelta(days=1))
    assert backups.is_due(file, NOW - timedelta(days=30))


def test_backups_from_the_future_count_as_the_oldest(ledger: Ledger, file: Path) -> None:
    backups.folder_of(file).mkdir(parents=True, exist_ok=True)
    wrong = {named(file, NOW + timedelta(days=3000 + n)) for n in range(8)}
    assert backups.newest(file, NOW) is None
    assert backups.is_due(file, NOW)
    real = [backups.make(file, NOW + timedelta(days=n)).name for n in range(7)]
    now = NOW + timedelta(days=6)
    left = [backup.file.name for backup in backups.there(file, now)]
    assert left[:7] == real[::-1]
    assert len(set(left[7:]) & wrong) <= 2  # those of weeks, until there are four of the past
    assert not backups.is_due(file, now + timedelta(hours=23))
    assert backups.is_due(file, now + timedelta(days=1))


def test_the_backup_that_is_offered_first_is_not_from_the_future(
    ledger: Ledger, file: Path
) -> None:
    made = [backups.make(file, datetime.now(UTC) + timedelta(days=n)).name for n in (3000, -1, -2)]
    wrong, newest, older = made
    assert [backup.name for backup in restoring.listed(file)] == [newest, older, wrong]


def test_a_disk_without_room_keeps_the_backups_that_are_there(
    ledger: Ledger, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backups.make(file, NOW)
    usage = shutil.disk_usage(file.parent)._replace(free=backups.ROOM)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(backups.NoBackup):
        backups.make(file, NOW + timedelta(days=1))
    assert [backup.file for backup in backups.there(file, NOW)] == [made]


def test_a_backup_that_is_given_up_leaves_nothing(ledger: Ledger, file: Path) -> None:
    with pytest.raises(backups.NoBackup):
        backups.make(file, NOW, stopped=lambda: True)
    assert list(backups.folder_of(file).iterdir()) == []


def spoil(file: Path) -> bytes:
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = b"x" * 4096
    file.write_bytes(content)
    return bytes(content)


def test_a_damaged_ledger_makes_no_backup(ledger: Ledger, file: Path) -> None:
    ledger.close()
    spoil(file)
    with pytest.raises(backups.NoBackup):
        backups.make(file, NOW)
    assert backups.there(file, NOW) == []


# ---- restoring ----


def test_a_backup_takes_the_place_of_a_damaged_ledger_which_is_put_aside(
    ledger: Ledger, file: Path
) -> None:
    made = backups.make(file, NOW)
    ledger.close()
    damaged = spoil(file)
    with pytest.raises(LedgerDamaged):
        open_ledger(file)
    (file.parent / "ledger.db-journal").write_bytes(b"its journal")
    (offered,) = restoring.listed(file)
    assert (offered.name, offered.companies, offered.invoices) == (made.name, 1, 0)
    aside = restoring.restore(file, offered.name)
    assert aside is not None
    assert aside.read_bytes() == damaged
    assert aside.with_name("ledger.db-journal").read_bytes() == b"its journal"
    opened = open_ledger(file)
    assert names(opened) == ["Maple"]
    opened.close()
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(aside.parent.stat().st_mode) == 0o700


def test_a_restored_ledger_knows_that_it_has_gaps(ledger: Ledger, file: Path) -> None:
    with ledger.begin() as connection:
        memory.remember(connection, 1, memory.REBUILT, "since", "2026-01-01")
    made = backups.make(file, NOW)
    marks.write(file, marks.Mark(7, 9))
    restoring.restore(file, str(made))
    with ledger.begin() as connection:
        assert memory.recall(connection, 1, memory.REBUILT) == {}
    assert marks.read(file) == marks.NOTHING


def test_a_ledger_that_is_open_goes_on_with_the_restored_file(ledger: Ledger, file: Path) -> None:
    made = backups.make(file, NOW)
    add(ledger, "Birch")
    restoring.restore(file, made.name)
    assert names(ledger) == ["Maple"]
    add(ledger, "Oak")
    ledger.close()
    again = open_ledger(file)
    assert names(again) == ["Maple", "Oak"]
    again.close()


def test_an_empty_ledger_may_be_begun_with(ledger: Ledger, file: Path) -> None:
    ledger.close()
    aside = restoring.restore(file, None)
    opened = open_ledger(file)
    assert names(opened) == []
    opened.close()
    assert aside is not None
    assert restoring.restore(file, str(aside)) is not None
    assert names(ledger) == ["Maple"]


@pytest.mark.parametrize("lost", ["gone", "emptied"])
def test_a_ledger_that_was_posted_from_and_is_gone_is_not_just_made_anew(
    ledger: Ledger, file: Path, lost: str
) -> None:
    made = backups.make(file, NOW)
    marks.write(file, marks.Mark(7, 9))
    ledger.close()
    file.unlink() if lost == "gone" else file.write_bytes(b"")
    with pytest.raises(LedgerDamaged, match="not there any more, or empty"):
        open_ledger(file)
    restoring.restore(file, made.name)
    open_ledger(file).close()


def test_what_is_no_whole_ledger_is_not_restored(ledger: Ledger, file: Path) -> None:
    made = backups.make(file, NOW)
    spoil(made)
    assert restoring.listed(file) == []
    for chosen, why in ((made.name, "no whole ledger"), ("ledger-x.db", "no backup ledger-x.db")):
        with pytest.raises(Refusal, match=why):
            restoring.restore(file, chosen)
    assert names(ledger) == ["Maple"]
    assert not (file.parent / restoring.ASIDE).exists()


def test_nothing_is_restored_under_a_pass_of_another_program(ledger: Ledger, file: Path) -> None:
    made = backups.make(file, NOW)
    add(ledger, "Birch")
    with (
        FileLock(file.parent / "engine.lock"),
        pytest.raises(Refusal, match="Another qbdesk is at work"),
    ):
        restoring.restore(file, made.name)
    assert names(ledger) == ["Maple", "Birch"]


def killed_at(event: str, count: int, work: Callable[[], object]) -> bool:
    """Runs work in a process that is killed at the n-th such event; False: it came to its end."""
    child = os.fork()
    if child == 0:
        seen = 0

        def hook(name: str, _arguments: object) -> None:
            nonlocal seen
            seen += name == event
            if name == event and seen == count:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def cut_off(file: Path) -> bytes:
    """The journal of a write that was cut off: SQLite rolls it back wherever it finds it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")  # so that the journal is on the disk at once
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE large AS SELECT zeroblob(100000) AS content")
        connection.execute("UPDATE company SET name = 'not yet'")
        connection.execute("INSERT INTO large SELECT content FROM large")
        return file.with_name(f"{file.name}-journal").read_bytes()


@pytest.mark.parametrize("ledger_is", ["lost", "emptied"])
def test_the_journal_that_a_lost_ledger_left_is_put_aside_and_changes_nothing_restored(
    ledger: Ledger, file: Path, ledger_is: str
) -> None:
    content = cut_off(file)
    add(ledger, "Birch")
    made = backups.make(file, NOW)
    ledger.close()
    file.unlink() if ledger_is == "lost" else file.write_bytes(b"")
    journal = file.with_name("ledger.db-journal")
    journal.write_bytes(content)
    aside = restoring.restore(file, made.name)
    assert (aside is None) == (ledger_is == "lost")
    opened = open_ledger(file)
    assert names(opened) == ["Maple", "Birch"]
    opened.close()
    (kept,) = (file.parent / restoring.ASIDE).glob(f"*/{journal.name}")
    assert kept.read_bytes() == content


def test_whenever_restoring_is_killed_the_old_ledger_is_there_or_put_aside(
    ledger: Ledger, file: Path
) -> None:
    content = cut_off(file)
    add(ledger, "Birch")
    made = backups.make(file, NOW)
    add(ledger, "Oak")
    ledger.close()
    old = file.read_bytes()
    journal = file.with_name("ledger.db-journal")
    aside = file.parent / restoring.ASIDE

    def before() -> None:
        shutil.rmtree(aside, ignore_errors=True)
        file.write_bytes(old)
        journal.write_bytes(content)
        marks.write(file, marks.Mark(7, 9))

    count, seen = 1, []
    before()
    while killed_at("os.rename", count, lambda: restoring.restore(file, made.name)):
        count += 1
        try:
            opened = open_ledger(file)
        except LedgerDamaged:
            assert len(list(aside.glob("*/ledger.db"))) == 1
            restoring.restore(file, made.name)
            opened = open_ledger(file)
        seen.append(names(opened))
        opened.close()
        before()
    # The old ledger, its journal, the new ledger and its mark are moved. Only before the first
    # of it the old ledger is there, with the write taken back that its journal stands for.
    assert seen == [["Maple"], *[["Maple", "Birch"]] * 3]


def test_a_ledger_that_is_taken_away_while_it_is_open_is_said(ledger: Ledger, file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))
    with pytest.raises(LedgerTrouble, match="not there any more"):
        names(ledger)


def test_a_backup_of_a_copy_in_wal_mode_is_one_file(file: Path) -> None:
    file.parent.mkdir(parents=True)
    open_ledger(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    made = backups.make(file, NOW)
    connection.close()
    assert [each.name for each in made.parent.iterdir()] == [made.name]
    assert backups.verified(made) is not None
