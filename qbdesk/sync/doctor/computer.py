"""Whether this computer is a good place for the program: keyring, ledger file, folder, disk."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

from qbdesk.sync.vault import Vault, VaultError, in_time
from qbdesk.sync.views import Finding

LEDGER = "ledger.db"
ENOUGH = 1_000_000_000  # bytes free on the disk
TOO_LITTLE = 100_000_000
_GIGABYTE = 1_000_000_000
_NETWORK = frozenset(
    "nfs nfs4 cifs smb smb3 smbfs afpfs webdav davfs davfs2 fuse.davfs2 fuse.sshfs fuse.rclone "
    "fuse.s3fs ceph fuse.ceph glusterfs fuse.glusterfs lustre afs 9p vboxsf prl_fs ncpfs ftpfs "
    "fuse.vmhgfs-fuse remote".split()
)
_SYNCED_FOLDERS = (
    *("onedrive", "dropbox", "google drive", "googledrive", "my drive", "icloud drive"),
    *("icloudclouddocs", "mobile documents", "cloudstorage", "nextcloud", "owncloud"),
    *("pclouddrive", "box sync", "syncthing"),
)
_SYNC_MARKS = (".stfolder", ".dropbox", ".owncloudsync.log", ".nextcloudsync.log")

Mounts = Callable[[], list[tuple[str, str]]]


async def examine_computer(home: Path, vault: Vault, mounts: Mounts | None = None) -> list[Finding]:
    """One line for each thing looked at; only reads.

    Args:
        mounts: What is mounted here, as (folder, kind of file system).
    """
    return [
        await _keyring(vault),
        *_ledger(home / LEDGER),
        _place(home, mounts or mounted_here),
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
    if not file.exists():
        yield Finding(
            "fine", f"There is no ledger in {file.parent} yet; adding a company makes it."
        )
        return
    if _is_intact(file):
        yield Finding("fine", "The ledger is intact.")
    else:
        yield Finding(
            "stop",
            f"The ledger {file} is damaged or cannot be read, so nothing can be posted.",
            "Put back a copy of it, made while qbdesk was not running.",
        )
    if os.name == "posix":
        yield _privacy(file)


def _is_intact(file: Path) -> bool:
    """SQLite's own full check, by a connection that can only read."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=10)) as ledger:
            checks = ledger.execute("PRAGMA integrity_check(1)").fetchall()
            strays = ledger.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error:
        return False
    return checks == [("ok",)] and not strays


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


# ---- where it lies ----


def _place(home: Path, mounts: Mounts) -> Finding:
    place = home.resolve()
    network = _is_on_network(place, mounts)
    if network or _is_synced(place):
        what = "a network drive" if network else "a folder that is synced with other computers"
        return Finding(
            "mind",
            f"The program's folder {home} lies on {what}, which can damage the ledger.",
            "Quit qbdesk, move the folder to a disk of this computer, and set QBDESK_HOME to it.",
        )
    return Finding("fine", f"The program's folder {home} lies on a disk of this computer.")


def _is_on_network(place: Path, mounts: Mounts) -> bool:
    if str(place).startswith("\\\\"):
        return True
    over = [(folder, kind) for folder, kind in mounts() if place.is_relative_to(folder)]
    # What was mounted last over the same folder counts.
    kind = max(enumerate(over), key=lambda m: (len(m[1][0]), m[0]))[1][1] if over else ""
    return kind.casefold() in _NETWORK


def _is_synced(place: Path) -> bool:
    for folder in (place, *place.parents):
        name = folder.name.casefold()
        if any(name == known or name.startswith(f"{known} -") for known in _SYNCED_FOLDERS):
            return True
        if any((folder / mark).exists() for mark in _SYNC_MARKS):
            return True
    return False


def mounted_here() -> list[tuple[str, str]]:
    """(folder, kind of file system), in the order they were mounted; as far as the system says."""
    if sys.platform == "win32":
        import ctypes

        drives = [f"{letter}:\\" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        remote = 4  # DRIVE_REMOTE of GetDriveTypeW
        of_drive = ctypes.windll.kernel32.GetDriveTypeW
        return [(drive, "remote") for drive in drives if of_drive(drive) == remote]
    if sys.platform == "darwin":
        told = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False).stdout
        return read_mount_command(told)
    try:
        return read_mountinfo(Path("/proc/self/mountinfo").read_text("utf-8", "replace"))
    except OSError:
        return []


def read_mountinfo(text: str) -> list[tuple[str, str]]:
    """Linux, proc(5): `id parent dev root FOLDER options ... - KIND device ...`."""
    found = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) > 4:
            folder = fields[4]
            for code, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
                folder = folder.replace(code, sign)
            found.append((str(PurePosixPath(folder)), kinds[0]))
    return found


def read_mount_command(text: str) -> list[tuple[str, str]]:
    """macOS, mount(8): `//me@office/books on /Volumes/books (smbfs, nodev)`."""
    found = []
    for line in text.splitlines():
        front, _, options = line.rpartition(" (")
        _, _, folder = front.partition(" on ")
        if folder:
            found.append((folder, options.rstrip(")").split(",")[0].strip()))
    return found


def _disk(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    told = f"{free / _GIGABYTE:.1f} GB are free on the disk of the program's folder"
    if free >= ENOUGH:
        return Finding("fine", f"{told}.")
    level = "mind" if free >= TOO_LITTLE else "stop"
    return Finding(level, f"{told}, which is little.", "Make room on the disk.")
