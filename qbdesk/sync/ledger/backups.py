"""Backups of the ledger: made by SQLite itself, read back before they count, old ones removed."""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

FOLDER = "backups"
EVERY = timedelta(days=1)
DAYS = 7  # the newest of each of so many days
WEEKS = 4
ROOM = 50_000_000  # bytes that a backup leaves free on the disk
_PAGES = 4096  # copied at a time (16 MB); in between it may be stopped
_BUSY_MS = 10_000
_NAME = re.compile(r"ledger-([0-9]{8}T[0-9]{6}Z)(?:-before-([0-9]{4}))?\.db")
_TIME = "%Y%m%dT%H%M%SZ"
_COUNTED = ("company", "paid_invoice", "step", "attempt", "journal", "setting")


class NoBackup(Exception):
    """No backup was made; what was there is as it was."""


@dataclass(frozen=True)
class BackupFile:
    """One backup; `before` is the version of the ledger that came after it, else None."""

    file: Path
    made_at: datetime
    before: str | None


@dataclass(frozen=True)
class Contents:
    """What a verified ledger file holds: its version and how many rows in each table."""

    version: str
    rows: tuple[tuple[str, int], ...]

    def count(self, table: str) -> int:
        return dict(self.rows)[table]

    def lacks(self, earlier: "Contents") -> bool:
        """None of the tables that are counted ever loses a row."""
        fewer = any(self.count(table) < count for table, count in earlier.rows)
        return fewer or self.version != earlier.version


def folder_of(ledger: Path) -> Path:
    return ledger.parent / FOLDER


def there(ledger: Path, now: datetime) -> list[BackupFile]:
    """The backups of a ledger, newest first; only what bears a backup's name is one.

    One from the future was made while the clock was wrong: it counts as older than all others.
    """
    found = []
    for file in folder_of(ledger).glob("ledger-*.db"):
        named = _NAME.fullmatch(file.name)
        if named is not None:
            with suppress(ValueError):
                made_at = datetime.strptime(named[1], _TIME).replace(tzinfo=UTC)
                found.append(BackupFile(file, made_at, named[2]))
    return sorted(found, key=lambda b: (b.made_at <= now, b.made_at, b.file.name), reverse=True)


def newest(ledger: Path, now: datetime) -> BackupFile | None:
    """The newest that is not from the future."""
    return next((backup for backup in there(ledger, now) if backup.made_at <= now), None)


def is_due(ledger: Path, now: datetime) -> bool:
    last = newest(ledger, now)
    return last is None or now - last.made_at >= EVERY


def make(
    ledger: Path,
    now: datetime,
    *,
    before: str | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Path:
    """Makes a verified backup and removes those that are not kept any longer.

    Args:
        before: The version that the ledger is about to be brought to.
        stopped: Asked again and again: is it to be given up?

    Raises:
        NoBackup: The disk is too full or refused, the copy is not as it should be, or `stopped`.
    """
    kind = f"-before-{before}" if before else ""
    file = folder_of(ledger) / f"ledger-{now.astimezone(UTC).strftime(_TIME)}{kind}.db"
    new = file.with_suffix(".db-new")
    try:
        _prepare(ledger, new)
        expected = _copy(ledger, new, stopped)
        held = verified(new)
        if held is None or held.lacks(expected):
            raise NoBackup
        new.replace(file)
        _settle(file.parent)
    except (OSError, sqlite3.Error):
        raise NoBackup from None
    finally:
        _remove([new, new.with_name(f"{new.name}-journal")])
    prune(ledger, now)
    return file


def verified(file: Path) -> Contents | None:
    """What a ledger file holds, read from beginning to end; None: it is not whole."""
    try:
        with closing(_opened(file, read_only=True)) as ledger:
            if ledger.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
                return None
            return _contents(ledger)
    except sqlite3.Error:
        return None


def prune(ledger: Path, now: datetime) -> None:
    """Keeps the newest of each of 7 days and 4 weeks, and the last before each migration."""
    everything = there(ledger, now)
    usual = [backup for backup in everything if backup.before is None]
    kept = [
        *_newest_of_each(usual, lambda b: b.made_at.strftime("%Y-%m-%d"))[:DAYS],
        *_newest_of_each(usual, lambda b: b.made_at.strftime("%G-%V"))[:WEEKS],
        *_newest_of_each([b for b in everything if b.before], lambda b: b.before or ""),
    ]
    _remove(backup.file for backup in everything if backup not in kept)


def _newest_of_each(
    newest_first: Sequence[BackupFile], of: Callable[[BackupFile], str]
) -> list[BackupFile]:
    found: dict[str, BackupFile] = {}
    for backup in newest_first:
        found.setdefault(of(backup), backup)
    return list(found.values())


def _prepare(ledger: Path, new: Path) -> None:
    """An empty file that nobody else may read, on a disk with room enough."""
    new.parent.mkdir(mode=0o700, exist_ok=True)
    new.unlink(missing_ok=True)
    if shutil.disk_usage(new.parent).free < ledger.stat().st_size + ROOM:
        raise NoBackup
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _copy(ledger: Path, new: Path, stopped: Callable[[], bool]) -> Contents:
    def go_on(_status: int, _remaining: int, _total: int) -> None:
        if stopped():
            raise NoBackup

    with closing(_opened(ledger)) as source, closing(_opened(new)) as target:
        expected = _contents(source)
        # Between two parts the ledger is free for others; what they write is in the copy, too.
        source.backup(target, pages=_PAGES, progress=go_on)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, whatever the ledger uses
    return expected


def _opened(file: Path, *, read_only: bool = False) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"
    opened = sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True)
    opened.isolation_level = None
    opened.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    opened.execute("PRAGMA synchronous = EXTRA")
    opened.execute("PRAGMA fullfsync = ON")
    return opened


def _contents(ledger: sqlite3.Connection) -> Contents:
    version = ledger.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    counted = [(t, ledger.execute(f"SELECT count(*) FROM {t}").fetchone()[0]) for t in _COUNTED]
    return Contents(str(version), tuple(counted))


def _settle(folder: Path) -> None:
    """The new name is on the disk before old backups go. Windows opens no folders."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        with suppress(OSError):
            file.unlink(missing_ok=True)
