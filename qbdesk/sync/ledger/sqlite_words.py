"""What SQLite's errors mean, in words for people."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from qbdesk.sync.errors import LedgerDamaged, LedgerTrouble, Trouble

_KEPT = "Nothing is lost and nothing is posted twice"
DAMAGED = (
    "The ledger {file} cannot be read; it may be damaged. Nothing is posted until you decide, and "
    "what was posted stays in QuickBooks. Restore the newest backup, or begin with an empty "
    "ledger, which finds in QuickBooks what was posted: in the window, or with “qbdesk restore”."
)
_SENTENCES = {
    "SQLITE_FULL": "The disk of the ledger {file} is full, so posting has stopped. "
    f"{_KEPT}: make room on the disk, then press Sync now.",
    "SQLITE_READONLY": "The ledger {file} cannot be written, so posting has stopped. "
    f"{_KEPT}: make the file and its folder writable for you, then press Sync now.",
    "SQLITE_CANTOPEN": "The ledger {file} cannot be opened, so nothing is posted. "
    f"{_KEPT}: see to it that the file and its folder are there and writable for you, then press "
    "Sync now.",
    "SQLITE_IOERR": "The disk of the ledger {file} did not read or write as it should, so posting "
    f"has stopped. {_KEPT}: look after the disk (a cable, a network drive), then press Sync now.",
    "SQLITE_BUSY": "Another program holds the ledger {file}, so posting has stopped. "
    f"{_KEPT}: close what has the file open, then press Sync now.",
}
_ALIKE = {
    "SQLITE_PERM": "SQLITE_READONLY",
    "SQLITE_AUTH": "SQLITE_READONLY",
    "SQLITE_LOCKED": "SQLITE_BUSY",
    "SQLITE_PROTOCOL": "SQLITE_BUSY",
}


def in_words(error: BaseException | None, file: Path) -> Trouble | None:
    """None for an error that is not about the file, but one of our own making."""
    if not isinstance(error, sqlite3.Error):
        return None
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])  # without SUBCODE
    if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return LedgerDamaged(DAMAGED.format(file=file), file)
    sentence = _SENTENCES.get(_ALIKE.get(name, name))
    return None if sentence is None else LedgerTrouble(sentence.format(file=file))


@contextmanager
def told_in_words(file: Path) -> Iterator[None]:
    """Raises LedgerTrouble or LedgerDamaged for what went wrong with the file, all else as it is.

    Nothing of the error itself goes on: it may quote values.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        trouble = in_words(cause, file)
        if trouble is None:
            raise
    else:
        return
    raise trouble
