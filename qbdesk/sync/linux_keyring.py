"""The keyring of Linux, asked over one connection for as long as the program runs.

The library opens and closes a connection for each question. With that, gnome-keyring (42 to 50) now
and then ends itself, under every program of the desktop: it looks for a caller that it has not
noted yet, finds none, and aborts (Debian bug 1147303; gnome-keyring issues 144, 190 and 195).
"""

import os
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar, cast

from qbdesk.sync.keyrings import safe_keyring

if TYPE_CHECKING:  # keyring costs start-up time; it is loaded when a secret is first needed
    from jeepney.io.blocking import DBusConnection
    from keyring.backend import KeyringBackend
    from keyring.backends import SecretService
    from secretstorage import Collection

__all__ = ["LinuxKeyring", "system_keyring"]

T = TypeVar("T")

PROMPT_SECONDS = 600.0  # that a person has at a prompt, before the next question opens another


def system_keyring(platform: str = sys.platform) -> "KeyringBackend | None":
    """The keyring for the vault; None where the vault picks it itself, as on the other systems."""
    return cast("KeyringBackend", LinuxKeyring()) if platform == "linux" else None


class LinuxKeyring:
    """As much of keyring's backend as the vault asks of one. One question at a time.

    A question that the keyring's process, or the bus, did not live to answer is asked once more:
    the bus starts the next process for whoever asks.
    """

    def __init__(self) -> None:
        """Nothing is opened before the first question."""
        self._picked: KeyringBackend | None = None
        self._hang_up: weakref.finalize[[], LinuxKeyring] | None = None

    def get_password(self, service: str, username: str) -> str | None:
        """The secret under these two names, or None."""
        return self._ask(lambda keyring: keyring.get_password(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keeps the secret, in place of one under the same names."""
        self._ask(lambda keyring: keyring.set_password(service, username, password))

    def delete_password(self, service: str, username: str) -> None:
        """Deletes one entry under these two names, if there is one."""
        from keyring.errors import PasswordDeleteError

        # None is there either when it was deleted and only the answer was lost.
        with suppress(PasswordDeleteError):
            self._ask(lambda keyring: keyring.delete_password(service, username))

    def close(self) -> None:
        """Closes the connection; the next question opens another."""
        if self._hang_up is not None:
            self._hang_up()
            self._hang_up = None

    def _ask(self, question: "Callable[[KeyringBackend], T]") -> T:
        from keyring.errors import KeyringLocked

        try:
            return self._ask_again_if_gone(question)
        except TimeoutError:
            pass
        raise KeyringLocked("Nobody answered the prompt.")

    def _ask_again_if_gone(self, question: "Callable[[KeyringBackend], T]") -> T:
        from jeepney import DBusErrorResponse
        from secretstorage import (
            ItemNotFoundException,
            PromptDismissedException,
            SecretServiceNotAvailableException,
        )

        # The process is gone; or one started since, which knows no session of ours (the error), and
        # for a moment not even its collections (not found).
        gone = (
            SecretServiceNotAvailableException,
            DBusErrorResponse,
            ItemNotFoundException,
            OSError,
        )
        try:
            return question(self._keyring())
        except (PromptDismissedException, TimeoutError):
            raise
        except gone:
            self.close()
        return question(self._keyring())

    def _keyring(self) -> "KeyringBackend":
        """The same one for as long as the program runs: another would not know the sign-in."""
        from keyring.backends import SecretService

        if self._picked is None:
            self._picked = safe_keyring(os.environ)
        if self._hang_up is None and isinstance(self._picked, SecretService.Keyring):
            self._hang_up = weakref.finalize(self, _stay_connected(self._picked))
        return self._picked


def _stay_connected(keyring: "SecretService.Keyring") -> Callable[[], None]:
    """Opens the one connection that the backend asks over; what is returned closes it."""
    import secretstorage
    from secretstorage.util import open_session

    bus = secretstorage.dbus_init()
    hang_up: Callable[[], None] = bus.close
    # The backend closes what it asked over behind each question, and offers no other way.
    bus.close = lambda: None
    # Nor a prompt that ends: a keyring that ends while it asks takes it along and says nothing.
    wait = bus.recv_until_filtered
    bus.recv_until_filtered = lambda queue, **_: wait(queue, timeout=PROMPT_SECONDS)
    try:
        collection = _default_collection(bus)
        collection.session = open_session(bus)
    except BaseException:
        hang_up()
        raise
    keyring.get_preferred_collection = lambda: _unlocked(collection)  # type: ignore[method-assign]
    return hang_up


def _default_collection(bus: "DBusConnection") -> "Collection":
    """Made where there is none, which asks the person for a password to be."""
    from secretstorage import Collection, ItemNotFoundException, get_default_collection

    # gnome-keyring takes its name on the bus a moment before it shows what it keeps.
    pause = threading.Event()
    for _ in range(10):
        try:
            return Collection(bus)
        except ItemNotFoundException:
            pause.wait(0.1)
    return get_default_collection(bus)


def _unlocked(collection: "Collection") -> "Collection":
    from keyring.errors import KeyringLocked

    if collection.is_locked():
        collection.unlock()
        if collection.is_locked():
            raise KeyringLocked("The prompt was dismissed.")
    return collection
