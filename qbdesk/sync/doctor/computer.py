"""Whether this computer is a good place for the program: keyring, ledger file, folder, disk."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from qbdesk.sync.ledger import marks
from qbdesk.sync.ledger.database import NEWER, NEWEST
from qbdesk.sync.place import Mounts, examine_place
from qbdesk.sync.vault import Vault, VaultError, in_time
from qbdesk.sync.views import Finding

LEDGER = "ledger.db"
ENOUGH = 1_000_000_000  # bytes free on the disk
TOO_LITTLE = 100_000_000
_GIGABYTE = 1_000_000_000


async def examine_computer(home: Path, vault: Vault, mounts: Mounts | None = None) -> list[Finding]:
    """One line for each thing looked at; only reads.

    Args:
        mounts: What is mounted here, as (folder, kind of file system).
    """
    return [
        await _keyring(vault),
        *_ledger(home / LEDGER),
        examine_place(home, mounts),
        _disk(home),
    ]


async def _keyring(vault: Vault) -> Finding:
    try:
        await in_time(lambda: vault.secret("doctor"))
    except VaultError as error:
        return Finding("stop", str(error))
    return Finding("fine", "The keyring of this computer is safe and open.")


# ---- the ledger ----


def _ledger(file: Path) -> Iterator[Finding]:
    """As opening it would find it, but nothing is opened for writing."""
    if has_no_tables(file):
        yield _missing(file)
        return
    if not _is_intact(file):
        yield Finding(
            "stop",
            f"The ledger {file} is damaged or cannot be read, so nothing can be posted.",
            "Put a backup back: qbdesk restore.",
        )
    elif (_version(file) or "") > NEWEST:
        yield Finding("stop", NEWER.format(file=file))
    else:
        yield Finding("fine", "The ledger is intact.")
    if os.name == "posix":
        yield _privacy(file)


def _missing(file: Path) -> Finding:
    if marks.read(file) in (None, marks.NOTHING):
        told = f"There is no ledger in {file.parent} yet; adding a company makes it."
        return Finding("fine", told)
    return Finding(
        "stop",
        f"The ledger {file} is not there any more, or empty, although qbdesk has posted from it, "
        "so nothing can be posted.",
        "Put a backup back: qbdesk restore.",
    )


def has_no_tables(file: Path) -> bool:
    """Whether it is not there, or only the empty file that trying to open it has left behind."""
    try:
        return not file.exists() or _version(file) is None
    except sqlite3.Error:
        return False  # there is something, even if it cannot be read


def _version(file: Path) -> str | None:
    with _read_only(file) as ledger:
        tables = ledger.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
        if tables.fetchone() is None:
            return None
        found = ledger.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if found is None else str(found[0])


def _is_intact(file: Path) -> bool:
    """SQLite's own full check."""
    try:
        with _read_only(file) as ledger:
            checks = ledger.execute("PRAGMA integrity_check(1)").fetchall()
            strays = ledger.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error:
        return False
    return checks == [("ok",)] and not strays


def _read_only(file: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=10))


def _privacy(file: Path) -> Finding:
    open_to_others = [
        place for place in (file, file.parent) if stat.S_IMODE(place.stat().st_mode) & 0o077
    ]
    if not open_to_others:
        return Finding("fine", "Nobody else on this computer can read the ledger.")
    places = " ".join(str(place) for place in open_to_others)
    return Finding(
        "mind",
        "Others on this computer may be able to read the ledger, which holds your clients' names.",
        f"Take the rights of group and others away: chmod go= {places}",
    )


# ---- the disk ----


def _disk(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    told = f"{free / _GIGABYTE:.1f} GB are free on the disk of the program's folder"
    if free >= ENOUGH:
        return Finding("fine", f"{told}.")
    level = "mind" if free >= TOO_LITTLE else "stop"
    return Finding(level, f"{told}, which is little.", "Make room on the disk.")
