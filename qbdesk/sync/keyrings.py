"""Which keyring qbdesk trusts with secrets, and what a keyring's troubles mean in plain words."""

import importlib
import os
import platform as machine
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from qbdesk.sync.errors import Trouble

if TYPE_CHECKING:  # keyring costs start-up time; it is loaded when a secret is first needed
    from keyring.backend import KeyringBackend

# In this order, whatever the environment says: a choice that changes between a desktop and a
# terminal would look like a lost sign-in. Only these store encrypted, in the user's own session.
_LINUX = (
    ("keyring.backends.SecretService", "Keyring"),
    ("keyring.backends.libsecret", "Keyring"),
    ("keyring.backends.kwallet", "DBusKeyring"),
)
_TRUSTED = {
    "win32": (("keyring.backends.Windows", "WinVaultKeyring"),),
    "darwin": (("keyring.backends.macOS", "Keyring"),),
}
_TO_INSTALL = {
    "debian": "install gnome-keyring (sudo apt install gnome-keyring dbus-user-session)",
    "fedora": "install gnome-keyring (sudo dnf install gnome-keyring)",
    "suse": "install gnome-keyring (sudo zypper install gnome-keyring)",
    "arch": "install gnome-keyring (sudo pacman -S gnome-keyring)",
    "": "install gnome-keyring, KeePassXC or KWallet with its Secret Service",
}


class VaultError(Trouble):
    """A secret could not be read or kept. The text is a sentence for people, without any secret."""


class KeyringLocked(VaultError):
    """The keyring waits to be unlocked. Passing: the sign-in is as good as before."""

    def __init__(self) -> None:
        super().__init__(
            "The keyring of this computer is locked, and qbdesk waits for it. Nothing is posted "
            "until then and nothing is lost. Unlock it (it usually asks for the password you log "
            "in with), then try again."
        )


class KeyringDenied(VaultError):
    """The keyring is there and refused, or did not do what it was asked."""

    def __init__(self, what: str = "did not let qbdesk at its entries") -> None:
        super().__init__(
            f"The keyring of this computer {what}. Nothing is posted until it does; what it "
            "already keeps stays valid. Allow qbdesk to use the keyring, then try again. If "
            "it goes on, log out of this computer and in again."
        )


class SecretTooLong(VaultError):
    """The value is longer than this system's keyring takes; nothing was changed."""

    def __init__(self, length: int, longest: int) -> None:
        super().__init__(
            f"A secret of {length:,} characters does not fit into the keyring of this computer, "
            f"which takes {longest:,}. Nothing was changed: what was kept before is still kept. "
            "Please report this to the makers of qbdesk."
        )


class NoSafeKeyring(VaultError):
    """There is no keyring that encrypts; the text says what to install on this system."""

    def __init__(self, advice: str) -> None:
        super().__init__(
            "This computer has no safe place for your QuickBooks sign-in, and qbdesk does not "
            "write it into a readable file. Nothing is posted until there is one. "
            f"What to do: {advice}. Then try again."
        )


def safe_keyring(environ: Mapping[str, str], platform: str = sys.platform) -> "KeyringBackend":
    """The operating system's own keyring, picked by class.

    Neither PYTHON_KEYRING_BACKEND nor keyringrc.cfg nor KEYRING_PROPERTY_* have a say (they load
    code or lead secrets elsewhere), and no plug-in is asked, so that `keyrings.alt`'s plain text,
    `null`, `fail` and a chain of them can never be it.

    Raises NoSafeKeyring, which says what to install.
    """
    for module, name in _TRUSTED.get(platform, _LINUX):
        backend = _usable(module, name)
        if backend is not None:
            return backend
    raise NoSafeKeyring(what_to_install(platform, _linux_family(), environ))


def what_to_install(platform: str, family: str, environ: Mapping[str, str]) -> str:
    """Advice for a system without a safe keyring; `family` is a Linux distribution's family."""
    if platform == "win32":
        return "start the service “Credential Manager” of Windows"
    if platform == "darwin":
        return "open the program “Keychain Access” once and let it make a login keychain"
    advice = _TO_INSTALL[family]
    if "DBUS_SESSION_BUS_ADDRESS" in environ:
        return f"{advice}, then log out and in again"
    return (
        f"{advice}, and start qbdesk inside a desktop session; on a machine without a screen, put "
        "“dbus-run-session --” before the command and unlock the keyring in that session first"
    )


def in_plain_words(error: Exception) -> VaultError:
    """What the keyring library or the system below it raised, told apart by what helps."""
    # By the names of the classes: each system's own classes can be imported on that system alone.
    names = {type(cause).__name__ for cause in _causes(error)}
    if names & {"KeychainDenied", "SecAuthFailure"}:
        return KeyringDenied()  # macOS: keyring calls a refusal "locked"
    if names & {"KeyringLocked", "LockedException", "PromptDismissedException"}:
        return KeyringLocked()
    if names & {"NoKeyringError", "SecretServiceNotAvailableException"}:
        return NoSafeKeyring(what_to_install(sys.platform, _linux_family(), os.environ))
    return KeyringDenied()


def _usable(module: str, name: str) -> "KeyringBackend | None":
    try:
        found: type[KeyringBackend] = getattr(importlib.import_module(module), name)
        # Reading the priority is how a backend says whether it works here. Whatever it raises
        # (a missing library, no bus, a bus that turns us away) means that it does not.
        _ = found.priority
    except Exception:
        return None
    # KeyringBackend.__init__ sets any attribute that KEYRING_PROPERTY_* names, methods included.
    deaf = type(name, (found,), {"set_properties_from_env": lambda self: None})
    backend: KeyringBackend = deaf()
    if module == "keyring.backends.Windows":
        # The default, ENTERPRISE, lets the secret roam to other machines.
        backend.persist = "local machine"  # type: ignore[attr-defined]
    return backend


def _linux_family() -> str:
    try:
        release = machine.freedesktop_os_release()
    except OSError:
        return ""
    ids = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((known for known in _TO_INSTALL if known and known in ids), "")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
