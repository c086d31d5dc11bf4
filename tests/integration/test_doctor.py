"""`qbdesk doctor`: one line for each thing that is in order, or is not."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from invoices import document
from office import NAME, Office, OpenOffice

from qbdesk.commands.doctor import doctor
from qbdesk.home import HOME
from qbdesk.practice.world import SOURCE_TOKEN
from qbdesk.sync.doctor.computer import LEDGER, examine_computer
from qbdesk.sync.errors import LedgerDamaged
from qbdesk.sync.keyrings import KeyringLocked
from qbdesk.sync.ledger import marks
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.place import read_mount_command, read_mountinfo
from qbdesk.sync.vault import MemoryVault
from qbdesk.sync.views import Checkup, Finding

QBDESK = str(Path(sys.executable).with_name("qbdesk"))


# ---- companies ----


def examined(office: Office) -> Checkup:
    return office.service.examine(NAME).result(60)


def stops(office: Office) -> list[str]:
    return [found.sentence for found in examined(office).findings if found.level == "stop"]


def told(office: Office, level: str) -> str:
    return " ".join(f.sentence for f in examined(office).findings if f.level == level)


def test_a_company_in_order_has_no_line_that_stops_posting(office: Office) -> None:
    writes = office.world.company.requests.writes
    fine = told(office, "fine")
    for expected in (
        "answers as “Maple Street Services (practice)”, with test invoices.",
        "Signed in to QuickBooks",
        "The subscription is active",
        "Income goes to “Services”",
    ):
        assert expected in fine
    assert stops(office) == []
    assert (office.world.company.requests.writes, office.count("Customer")) == (writes, (0,))
    assert office.rows() == ()


def test_the_requests_of_this_month_are_counted_by_kind(office: Office) -> None:
    office.post(*(document(f"inv-{n}") for n in range(12)))
    seen, told_of = office.world.company.requests, examined(office)
    counts = told_of.requests
    assert (counts.writes, counts.batches) == (seen.writes, seen.batches)
    assert counts.batches >= 2
    last = told_of.findings[-1].sentence
    assert f"as far as this ledger knows: {counts.reads} reads and {counts.batches} batches" in last
    assert counts.reads >= 10


def test_a_source_that_is_down_or_refuses_the_token_stops(office: Office) -> None:
    office.world.switches.feed_mode = "down"
    assert any("cannot be reached" in sentence for sentence in stops(office))
    office.world.switches.feed_mode = "unauthorised"
    assert any("is not accepted" in sentence for sentence in stops(office))


def test_a_token_of_another_tenant_stops(office: Office) -> None:
    office.world.feed.tenant = office.world.feed.tenant.__class__(
        "another", "Other", "CA", "America/Toronto"
    )
    assert any("another account" in sentence for sentence in stops(office))


def test_a_company_that_was_disconnected_in_quickbooks_stops(office: Office) -> None:
    office.world.company.sign_in.disconnect()
    assert any("does not let this program into the company" in told for told in stops(office))


def test_a_company_that_is_not_connected_stops_and_is_asked_nothing(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False)
    assert stops(office) == ["The company is not connected to QuickBooks."]
    assert office.world.company.requests.reads == 0


def test_a_sign_in_that_ends_soon_is_to_be_minded(open_office: OpenOffice) -> None:
    office = open_office(refresh_lifetime=3 * 86_400)
    assert "the sign-in ends in 2 days" in told(office, "mind")


def test_a_sign_in_that_has_ended_stops(office: Office) -> None:
    office.clock.advance(days=400)
    office.world.company.sign_in.disconnect()
    assert any("sign in" in sentence.casefold() for sentence in stops(office))


def test_what_preflight_finds_is_told(open_office: OpenOffice) -> None:
    office = open_office(subscription_status="EXPIRED", custom_numbers=False)
    assert any("subscription has ended" in sentence for sentence in stops(office))
    assert "Custom transaction numbers are off" in told(office, "mind")


def test_a_paused_company_is_to_be_minded(office: Office) -> None:
    office.service.pause(NAME).result(10)
    assert "paused" in told(office, "mind")


def test_no_secret_and_no_client_is_told(office: Office) -> None:
    office.post(document())
    shown = str(examined(office))
    assert SOURCE_TOKEN not in shown
    assert "Harbour" not in shown


# ---- this computer ----


def ours(home: Path) -> Path:
    """A home with a ledger in it."""
    open_ledger(home / LEDGER).close()
    return home


async def of_computer(home: Path, *mounts: tuple[str, str]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {"fine": [], "mind": [], "stop": []}
    for finding in await examine_computer(home, MemoryVault(), lambda: [("/", "ext4"), *mounts]):
        found[finding.level].append(finding)
    return found


async def test_a_computer_in_order_is_fine_throughout(tmp_path: Path) -> None:
    found = await of_computer(ours(tmp_path / "home"))
    assert (found["mind"], found["stop"]) == ([], [])
    assert "The ledger is intact." in [finding.sentence for finding in found["fine"]]


async def test_a_home_without_a_ledger_is_fine_and_none_is_made(tmp_path: Path) -> None:
    found = await of_computer(tmp_path / "home")
    assert found["stop"] == []
    assert any("no ledger" in finding.sentence for finding in found["fine"])
    assert not (tmp_path / "home").exists()


class LockedVault(MemoryVault):
    def secret(self, name: str) -> str | None:
        raise KeyringLocked


async def test_a_keyring_that_is_locked_stops(tmp_path: Path) -> None:
    found = await examine_computer(tmp_path, LockedVault(), list)
    assert (found[0].level, "is locked" in found[0].sentence) == ("stop", True)


@pytest.mark.parametrize("part", ["head", "middle"])
async def test_a_damaged_ledger_stops_and_is_left_alone(tmp_path: Path, part: str) -> None:
    home = ours(tmp_path)
    damaged = bytearray((home / LEDGER).read_bytes())
    start = 0 if part == "head" else len(damaged) // 2
    damaged[start : start + 4096] = b"x" * 4096
    (home / LEDGER).write_bytes(damaged)
    (stop,) = (await of_computer(home))["stop"]
    assert "damaged" in stop.sentence
    assert (home / LEDGER).read_bytes() == damaged


def lose(home: Path, how: str) -> Path:
    """A home whose ledger was posted from and is gone; a command may have been tried since."""
    file = ours(home) / LEDGER
    marks.write(file, marks.Mark(1, 1))
    file.unlink() if how == "gone" else file.write_bytes(b"")
    if how == "tried":
        with pytest.raises(LedgerDamaged):
            open_ledger(file)
    return file


@pytest.mark.parametrize("how", ["gone", "emptied", "tried"])
async def test_a_ledger_that_was_posted_from_and_is_gone_stops(tmp_path: Path, how: str) -> None:
    lose(tmp_path, how)
    (stop,) = (await of_computer(tmp_path))["stop"]
    assert "is not there any more" in stop.sentence
    assert "qbdesk restore" in stop.advice


@pytest.mark.parametrize("how", ["gone", "tried"])
def test_the_command_says_so_opens_nothing_and_has_looked(tmp_path: Path, how: str) -> None:
    file = lose(tmp_path, how)
    before = file.read_bytes() if file.exists() else None
    done = CliRunner().invoke(doctor, ["--json"], env={HOME: str(tmp_path)})
    assert (done.exit_code, done.exception) == (0, None)
    told = [finding["sentence"] for finding in json.loads(done.stdout)["findings"]]
    assert any("is not there any more" in sentence for sentence in told)
    assert (file.read_bytes() if file.exists() else None) == before


async def test_an_empty_file_that_was_never_posted_from_is_no_ledger_yet(tmp_path: Path) -> None:
    (tmp_path / LEDGER).touch(0o600)
    found = await of_computer(tmp_path)
    assert any("There is no ledger" in finding.sentence for finding in found["fine"])


def test_a_ledger_of_a_newer_qbdesk_is_said_and_not_opened(tmp_path: Path) -> None:
    with closing(sqlite3.connect(ours(tmp_path) / LEDGER)) as ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
        ledger.commit()
    done = CliRunner().invoke(doctor, env={HOME: str(tmp_path)})
    assert (done.exit_code, done.exception) == (0, None)
    assert "was written by a newer qbdesk" in done.stdout


async def test_rows_that_point_nowhere_are_damage_too(tmp_path: Path) -> None:
    home = ours(tmp_path)
    ledger = sqlite3.connect(home / LEDGER)
    ledger.execute("INSERT INTO setting (company_id, key, value) VALUES (99, 'a', 'b')")
    ledger.commit()
    ledger.close()
    assert (await of_computer(home))["stop"] != []


@pytest.mark.parametrize("place", [LEDGER, "."])
async def test_a_ledger_that_others_can_read_is_to_be_minded(tmp_path: Path, place: str) -> None:
    home = ours(tmp_path / "home")
    (home / place).chmod(0o755)
    found = await of_computer(home)
    if os.name == "posix":
        assert [f"chmod go= {(home / place)}" in mind.advice for mind in found["mind"]] == [True]
    else:
        assert found["mind"] == []


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "smbfs"])
async def test_a_home_on_a_network_drive_is_to_be_minded(tmp_path: Path, kind: str) -> None:
    found = await of_computer(tmp_path, (str(tmp_path.resolve()), kind))
    (mind,) = found["mind"]
    assert "network drive" in mind.sentence
    assert "sign in once more at QuickBooks (Reconnect, with the client secret)" in mind.advice
    assert "the source's token again" in mind.advice


def test_a_home_that_was_moved_goes_on_with_new_sign_in_and_token(
    office: Office, tmp_path: Path
) -> None:
    """The keyring has nothing for another folder: what `place.ADVICE` says is all that it takes."""
    office.post(document("inv-1"))
    office.service.stop()
    office.home = office.home.rename(tmp_path / "moved")
    office.open(vault=False)
    assert "is not in the keyring" in (office.sync().stopped or "")
    office.connect()
    office.service.change_source_token(NAME, SOURCE_TOKEN).result(60)
    result = office.post(document("inv-2"))
    assert (result.stopped, result.synced, office.count("Invoice", "Payment")) == (None, 1, (2, 2))


async def test_the_innermost_and_latest_mount_counts(tmp_path: Path) -> None:
    place = tmp_path.resolve()
    inner = await of_computer(tmp_path, (str(place.parent), "nfs"), (str(place), "ext4"))
    later = await of_computer(tmp_path, (str(place), "nfs"), (str(place), "ext4"))
    assert (inner["mind"], later["mind"]) == ([], [])


@pytest.mark.parametrize("folder", ["Dropbox", "OneDrive - Maple Ltd", "Nextcloud"])
async def test_a_home_in_a_synced_folder_is_to_be_minded(tmp_path: Path, folder: str) -> None:
    found = await of_computer(tmp_path / folder / "qbdesk")
    assert any("synced" in finding.sentence for finding in found["mind"])


async def test_a_folder_that_a_sync_program_has_marked_is_to_be_minded(tmp_path: Path) -> None:
    (tmp_path / ".stfolder").mkdir()
    assert (await of_computer(tmp_path / "qbdesk"))["mind"] != []


@pytest.mark.parametrize(("free", "level"), [(5e9, "fine"), (5e8, "mind"), (5e6, "stop")])
async def test_a_disk_that_is_nearly_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, level: str
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=int(free))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    found = await of_computer(tmp_path)
    assert any("free on the disk" in finding.sentence for finding in found[level])


def test_the_systems_own_lists_of_mounts_are_read() -> None:
    linux = (
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "40 22 0:51 / /mnt/our\\040books rw,relatime shared:1 - nfs4 office:/books rw\n"
    )
    assert read_mountinfo(linux) == [("/", "ext4"), ("/mnt/our books", "nfs4")]
    mac = "/dev/disk1s1 on / (apfs, local)\n//me@office/b on /Volumes/b c (smbfs, nodev)\n"
    assert read_mount_command(mac) == [("/", "apfs"), ("/Volumes/b c", "smbfs")]


# ---- the command ----


def run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environ = {**os.environ, HOME: str(home), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    return subprocess.run(
        [QBDESK, "doctor", *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_looks_at_an_empty_home_and_makes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path / "home", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert answer["requests"] == {}
    assert any("no ledger" in finding["sentence"] for finding in answer["findings"])
    assert not (tmp_path / "home").exists()


def test_the_command_tells_a_damaged_ledger_in_a_line(tmp_path: Path) -> None:
    (tmp_path / LEDGER).write_bytes(b"not a database" * 1000)
    done = run(tmp_path)
    assert done.returncode == 0
    assert any(
        line.startswith("this computer: stop: The ledger") for line in done.stdout.split("\n")
    )
    assert "Traceback" not in done.stdout + done.stderr


def test_probing_a_company_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--probe", "Maple", "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no company called “Maple”" in done.stderr
