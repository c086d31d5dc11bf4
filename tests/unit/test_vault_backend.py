"""Only the operating system's own keyring is trusted, whatever the environment says."""

import subprocess
import sys
from pathlib import Path

import pytest

from qbdesk.sync.keyrings import what_to_install
from qbdesk.sync.linux_keyring import LinuxKeyring, system_keyring
from qbdesk.sync.vault import NoSafeKeyring, safe_keyring

_PLAINTEXT = """
from keyring.backend import KeyringBackend
from pathlib import Path

class PlaintextKeyring(KeyringBackend):
    priority = 100
    def get_password(self, service, username): return None
    def set_password(self, service, username, password): Path("leak").write_text(password)
    def delete_password(self, service, username): pass
"""
_STORE = """
import os, pathlib, keyring.backend
from qbdesk.sync.vault import KeyringVault, NoSafeKeyring
print(type(keyring.backend.get_all_keyring()).__name__)
try:
    KeyringVault(pathlib.Path(".")).begin("acme", "canary-77")
except NoSafeKeyring as error:
    print(error)
"""


@pytest.mark.parametrize("chosen_by", ["environment", "keyringrc", "nobody"])
def test_a_plain_text_keyring_is_never_written_to(tmp_path: Path, chosen_by: str) -> None:
    """As with keyrings.alt installed: importable, of high priority, and even chosen by name."""
    package = tmp_path / "keyrings_alt_alike"
    package.mkdir()
    (package / "__init__.py").write_text(_PLAINTEXT)
    info = tmp_path / "keyrings_alt_alike-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: keyrings_alt_alike\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[keyring.backends]\nalt = keyrings_alt_alike\n")
    environ = {
        "PATH": "/usr/bin",
        "PYTHONPATH": f"{tmp_path}",
        "XDG_CONFIG_HOME": f"{tmp_path}",
        "HOME": f"{tmp_path}",
    }
    if chosen_by == "environment":
        environ["PYTHON_KEYRING_BACKEND"] = "keyrings_alt_alike.PlaintextKeyring"
    if chosen_by == "keyringrc":
        (tmp_path / "python_keyring").mkdir()
        (tmp_path / "python_keyring" / "keyringrc.cfg").write_text(
            "[backend]\ndefault-keyring=keyrings_alt_alike.PlaintextKeyring\n"
        )
    run = subprocess.run(
        [sys.executable, "-c", _STORE], capture_output=True, text=True, cwd=tmp_path, env=environ
    )
    assert run.returncode == 0, run.stderr
    assert "no safe place" in run.stdout
    assert not (tmp_path / "leak").exists()


@pytest.fixture
def _no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)


@pytest.mark.usefixtures("_no_session")
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32", "freebsd14"])
def test_without_a_safe_keyring_the_error_says_what_to_do(platform: str) -> None:
    with pytest.raises(NoSafeKeyring) as caught:
        safe_keyring({}, platform)  # none of the other systems' keyrings works here
    assert "Nothing is posted until there is one" in str(caught.value)
    assert what_to_install(platform, _family(), {}) in str(caught.value)


@pytest.mark.usefixtures("_no_session")
def test_one_connection_to_no_keyring_says_what_to_do_too() -> None:
    with pytest.raises(NoSafeKeyring):
        LinuxKeyring().get_password("qbdesk", "qbdesk")


@pytest.mark.parametrize(("platform", "has_its_own"), [("linux", True), ("win32", False)])
def test_only_linux_needs_a_connection_that_stays(platform: str, has_its_own: bool) -> None:
    assert isinstance(system_keyring(platform), LinuxKeyring) == has_its_own


def _family() -> str:
    text = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    return next((name for name in ("debian", "fedora", "suse", "arch") if name in text), "")


@pytest.mark.parametrize(
    ("platform", "family", "environ", "words"),
    [
        (
            "linux",
            "debian",
            {},
            ["apt install gnome-keyring dbus", "dbus-run-session"],
        ),
        ("linux", "debian", {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, ["log out and in again"]),
        ("linux", "fedora", {}, ["dnf install gnome-keyring"]),
        ("linux", "suse", {}, ["zypper install gnome-keyring"]),
        ("linux", "arch", {}, ["pacman -S gnome-keyring"]),
        ("linux", "", {}, ["gnome-keyring, KeePassXC or KWallet"]),
        ("darwin", "", {}, ["Keychain Access"]),
        ("win32", "", {}, ["Credential Manager"]),
    ],
)
def test_the_advice_fits_the_system(
    platform: str, family: str, environ: dict[str, str], words: list[str]
) -> None:
    advice = what_to_install(platform, family, environ)
    assert all(word in advice for word in words)


def test_a_bus_that_leads_nowhere_is_no_safe_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    with pytest.raises(NoSafeKeyring):
        safe_keyring({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus"}, "linux")
