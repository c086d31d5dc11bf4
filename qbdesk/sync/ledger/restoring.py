"""Another ledger in the place of a damaged, lost or unwanted one; the old one is put aside."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection

from qbdesk.sync.errors import Refusal
from qbdesk.sync.ledger import backups, companies, journal, marks, memory
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.views import Backup

ASIDE = "put-aside"
PAUSED = (
    "Paused, because a backup was restored: what was decided after it was made is forgotten. Look "
    "at the preview and decide it again before you resume."
)
_BESIDE = ("", "-journal", "-wal", "-shm")


def listed(ledger: Path) -> list[Backup]:
    """The backups that can be restored, newest first."""
    made = backups.there(ledger, datetime.now(UTC))
    found = ((backup, backups.verified(backup.file)) for backup in made)
    return [
        Backup(b.file.name, b.made_at, holds.count("company"), holds.count("paid_invoice"))
        for b, holds in found
        if holds is not None
    ]


def restore(ledger: Path, chosen: str | None) -> Path | None:
    """Puts a backup, or an empty ledger, in the place of the ledger. Before anything is posted
    from it, each company's books are asked what was posted meanwhile. A backup's companies are
    paused: an invoice that was ignored or a pause since then is not in it, and must not be undone
    before a person has looked.

    Args:
        chosen: A backup's name, or the path of any ledger file; None: an empty ledger.

    Returns:
        Where the ledger before it was put; None: there was none.

    Raises:
        Refusal: It is no whole ledger, a newer qbdesk wrote it, another qbdesk is at work, or a
            file could not be written or moved. The ledger is then as it was.
    """
    lock = FileLock(ledger.parent / "engine.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Refusal(
            "Another qbdesk is at work with these books, so nothing was restored. Wait until it "
            "has ended its pass, or quit it, then try again."
        ) from None
    try:
        return _restore(ledger, chosen)
    except (OSError, sqlite3.Error):
        raise Refusal(
            "The ledger could not be restored: a file could not be written or moved. Nothing is "
            "posted. Make room on the disk, quit every qbdesk, then try again."
        ) from None
    finally:
        lock.release()


def _restore(ledger: Path, chosen: str | None) -> Path | None:
    new = ledger.with_name("restored.db")
    _clear(new)
    try:
        if chosen is not None:
            _take(_found(ledger, chosen), new)
        # An empty ledger is made, an older one is brought up to date, before it counts.
        opened = open_ledger(new)
        with opened.begin() as connection:
            memory.forget_kind(connection, memory.REBUILT)
            _pause(connection, datetime.now(UTC))
            mark = marks.of(connection)
        opened.close()
        aside = _put_aside(ledger)
        new.replace(ledger)
        marks.write(ledger, mark)
    finally:
        _clear(new)
    return aside


def _pause(connection: Connection, now: datetime) -> None:
    for company in companies.not_paused(connection):
        companies.change(connection, company.id, paused=True)
        journal.add(connection, company.id, None, now, PAUSED)


def _found(ledger: Path, chosen: str) -> Path:
    backup = backups.folder_of(ledger) / chosen
    file = backup if Path(chosen).name == chosen and backup.is_file() else Path(chosen)
    if not file.is_file():
        raise Refusal(f"There is no backup {chosen[:200]}. “qbdesk restore” shows which there are.")
    return file


def _take(file: Path, new: Path) -> None:
    """A copy by SQLite, which also takes what still stands in the file's journal."""
    if backups.verified(file) is None:
        raise Refusal(
            f"{file} is no whole ledger of qbdesk, so nothing was restored. Choose another backup."
        )
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(new)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def _put_aside(ledger: Path) -> Path | None:
    """Moves the ledger with its journals to a folder of their own. Nothing is ever deleted.

    Also what a lost ledger left: SQLite would roll a journal that stays back into the new one.
    """
    files = [ledger.with_name(ledger.name + ending) for ending in _BESIDE]
    files = [file for file in files if file.exists()]
    if not files:
        return None
    told = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    folder = ledger.parent / ASIDE / told
    count = 1
    while folder.exists():
        count += 1
        folder = ledger.parent / ASIDE / f"{told}-{count}"
    folder.mkdir(mode=0o700, parents=True)
    # The ledger goes first: without its journal it would be taken for a whole one after a kill.
    for file in files:
        shutil.move(file, folder / file.name)
    return folder / ledger.name if ledger in files else None


def _clear(new: Path) -> None:
    for ending in _BESIDE:
        with suppress(OSError):
            new.with_name(new.name + ending).unlink(missing_ok=True)
