"""Whether a folder lies on a disk of this computer: a ledger is not safe anywhere else."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from qbdesk.sync.views import Finding

_NETWORK = frozenset(
    "nfs nfs4 cifs smb smb2 smb3 smbfs afpfs webdav davfs davfs2 fuse.davfs2 fuse.sshfs sshfs "
    "osxfuse macfuse fuse.rclone fuse.s3fs fuse.gcsfuse ceph fuse.ceph glusterfs fuse.glusterfs "
    "lustre afs 9p vboxsf prl_fs ncpfs ftpfs fuse.curlftpfs fuse.vmhgfs-fuse remote".split()
)
_SYNCED_FOLDERS = (
    *("onedrive", "dropbox", "google drive", "googledrive", "my drive", "icloud drive"),
    *("icloudclouddocs", "mobile documents", "cloudstorage", "nextcloud", "owncloud"),
    *("pclouddrive", "box sync", "syncthing"),
)
_SYNC_MARKS = (".stfolder", ".dropbox", ".owncloudsync.log", ".nextcloudsync.log")
# The keyring's entries go by the folder's path (vault.py), so none is found from the new place.
ADVICE = (
    "Quit qbdesk, move the folder to a disk of this computer, and set QBDESK_HOME to it. Then sign "
    "in once more at QuickBooks (Reconnect, with the client secret) and enter the source's token "
    "again, for each company; nothing that was posted is lost."
)

Mounts = Callable[[], list[tuple[str, str]]]


def examine_place(home: Path, mounts: Mounts | None = None) -> Finding:
    """Whether the program's folder may lie where it lies.

    Args:
        mounts: What is mounted here, as (folder, kind of file system).
    """
    place = home.resolve()
    network = is_on_network(place, mounts)
    if network or _is_synced(place):
        what = "a network drive" if network else "a folder that is synced with other computers"
        told = f"The program's folder {home} lies on {what}, which can damage the ledger."
        return Finding("mind", told, ADVICE)
    return Finding("fine", f"The program's folder {home} lies on a disk of this computer.")


def is_on_network(place: Path, mounts: Mounts | None = None) -> bool:
    """Locks and shared memory cannot be relied on there (https://sqlite.org/wal.html, 1)."""
    if str(place).startswith("\\\\"):
        return True
    over = [(f, kind) for f, kind in (mounts or mounted_here)() if place.is_relative_to(f)]
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
