"""The keyring of Linux, asked over one connection for as long as the program runs.

The library opens and closes a connection for each question. With that, gnome-keyring (42 to 50) now
and then ends itself, under every program of the desktop: it looks for a caller that it has not
noted yet, finds none, and aborts (Debian bug 1147303; gnome-keyring issues 144, 190 and 195).
"""

import os
import sys
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from qbdesk.sync.keyrings import safe_keyring

if TYPE_CHECKING:  # keyring costs start-up time; it is loaded when a secret is first needed
    from keyring.backend import KeyringBackend
    from keyring.backends import SecretService
    from secretstorage import Collection

T = TypeVar("T")

__all__ = ["LinuxKeyring", "system_keyring"]


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
        self._opened: KeyringBackend | None = None
        self._hang_up: Callable[[], None] = _nothing

    def get_password(self, service: str, username: str) -> str | None:
        """The secret under these two names, or None."""
        return self._ask(lambda keyring: keyring.get_password(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keeps the secret, in place of one under the same names."""
        self._ask(lambda keyring: keyring.set_password(service, username, password))

    def delete_password(self, service: str, username: str) -> None:
        """Deletes one entry under these two names."""
        self._ask(lambda keyring: keyring.delete_password(service, username))

    def close(self) -> None:
        """Closes the connection; the next question opens another."""
        self._hang_up()
        self._opened, self._hang_up = None, _nothing

    def _ask(self, question: "Callable[[KeyringBackend], T]") -> T:
        from jeepney import DBusErrorResponse
        from secretstorage import SecretServiceNotAvailableException

        # The second one: a process started since does not know what was agreed with the one before.
        gone = (SecretServiceNotAvailableException, DBusErrorResponse, OSError)
        try:
            return question(self._keyring())
        except gone:
            self.close()
        return question(self._keyring())

    def _keyring(self) -> "KeyringBackend":
        if self._opened is None:
            from keyring.backends import SecretService

            keyring = safe_keyring(os.environ)
            if isinstance(keyring, SecretService.Keyring):
                self._hang_up = weakref.finalize(self, _stay_connected(keyring))
            self._opened = keyring
        return self._opened


def _nothing() -> None:
    """There is no connection to close."""


def _stay_connected(keyring: "SecretService.Keyring") -> Callable[[], None]:
    """Opens the one connection that the backend asks over; what is returned closes it."""
    import secretstorage
    from secretstorage.util import open_session

    bus = secretstorage.dbus_init()
    hang_up: Callable[[], None] = bus.close
    # The backend closes what it asked over behind each question, and offers no other way.
    bus.close = lambda: None
    try:
        collection = secretstorage.get_default_collection(bus)
        collection.session = open_session(bus)
    except BaseException:
        hang_up()
        raise
    keyring.get_preferred_collection = lambda: _unlocked(collection)  # type: ignore[method-assign]
    return hang_up


def _unlocked(collection: "Collection") -> "Collection":
    from keyring.errors import KeyringLocked

    if collection.is_locked():
        collection.unlock()
        if collection.is_locked():
            raise KeyringLocked("The prompt was dismissed.")
    return collection
