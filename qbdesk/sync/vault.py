"""Tokens and secrets in the operating system's keyring, kept so that no kill can lose one."""

import asyncio
import hashlib
import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import quote

from qbdesk.sync.keyrings import (
    KeyringDenied,
    KeyringLocked,
    NoSafeKeyring,
    SecretTooLong,
    VaultError,
    in_plain_words,
    safe_keyring,
)

if TYPE_CHECKING:  # keyring costs start-up time; it is loaded when a secret is first needed
    from keyring.backend import KeyringBackend

__all__ = [
    "KeyringDenied",
    "KeyringLocked",
    "KeyringVault",
    "MemoryVault",
    "NoSafeKeyring",
    "SecretTooLong",
    "Vault",
    "VaultError",
    "in_time",
    "safe_keyring",
]

T = TypeVar("T")

PATIENCE = 30.0  # seconds that a keyring may take to answer, a person's unlocking included
_WINDOWS_LONGEST = 1280  # UTF-16 characters: CRED_MAX_CREDENTIAL_BLOB_SIZE is 5 * 512 bytes
_SLOTS = ("A", "B")
_USER = "qbdesk"
_ENTRY = re.compile(r"qbdesk1 ([0-9]{1,18})\.([0-9]{1,18}) [0-9a-f]{8} (.+)", re.DOTALL)


class Vault(Protocol):
    """Where secrets live. Every method may block (a keyring may ask a person) and raises VaultError
    when the secret could not be read or kept; call them off the event loop, see `in_time`.
    """

    def begin(self, company_key: str, token: str) -> None:
        """Keeps the first refresh token of a new sign-in; whatever was there before is gone."""

    def store_refresh_token(self, company_key: str, token: str) -> None:
        """Keeps a rotated refresh token; the one before it stays as the second newest."""

    def refresh_tokens(self, company_key: str) -> list[str]:
        """The refresh tokens of the company's present sign-in, newest first, at most two."""

    def forget(self, company_key: str) -> None:
        """Deletes every refresh token of the company, verified by reading."""

    def store_secret(self, name: str, value: str) -> None:
        """Keeps a secret, in place of the one before."""

    def secret(self, name: str) -> str | None:
        """The secret, or None."""

    def forget_secret(self, name: str) -> None:
        """Deletes the secret, verified by reading."""


async def in_time(call: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What `call` returns or raises, run off the event loop. After `seconds`: KeyringLocked, since
    the one thing that takes a keyring so long is a person who has not unlocked it yet.

    The thread is a daemon, unlike those of asyncio.to_thread: a prompt that nobody answers must
    not keep the program from quitting.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if answer.done():  # nobody waits any longer
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, trouble = None, None
        try:
            result = call()
        except Exception as error:
            trouble = error
        with suppress(RuntimeError):  # the loop is closed: the program has quit
            loop.call_soon_threadsafe(settle, result, trouble)

    threading.Thread(target=run, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        pass
    raise KeyringLocked


@dataclass(frozen=True, order=True)
class _Entry:
    """What one slot holds. Sign-ins are counted too, so that no entry that an earlier sign-in or
    installation left can pass for the newest, or for the one before it."""

    sign_in: int
    generation: int
    slot: str
    value: str = field(repr=False, compare=False)

    def text(self) -> str:
        # The digest tells a value that was cut off from a whole one.
        digest = hashlib.sha256(self.value.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return f"qbdesk1 {self.sign_in}.{self.generation} {digest} {self.value}"

    @classmethod
    def read(cls, slot: str, text: str) -> "_Entry | None":
        """None for what is no entry of ours, or not a whole one."""
        parsed = _ENTRY.fullmatch(text)
        if parsed is None:
            return None
        entry = cls(int(parsed[1]), int(parsed[2]), slot, parsed[3])
        return entry if entry.text() == text else None


class KeyringVault:
    """The vault in the operating system's keyring.

    No keyring writes atomically (macOS deletes, then adds), so a value has two slots, each an entry
    of its own, with its generation inside the value. Only the idle slot is ever written, and it
    counts once it was read back; until then the other one is the newest.
    """

    def __init__(self, home: Path, backend: "KeyringBackend | None" = None) -> None:
        """`home` is the program's folder: two of them on one machine share no entry."""
        place = os.path.normcase(home.resolve())
        self._home = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        self._backend = backend
        self._turn = threading.Lock()

    def begin(self, company_key: str, token: str) -> None:
        self._in_turn(lambda: self._replace(f"refresh/{quote(company_key, safe='')}", token))

    def store_refresh_token(self, company_key: str, token: str) -> None:
        self._in_turn(lambda: self._follow(f"refresh/{quote(company_key, safe='')}", token))

    def refresh_tokens(self, company_key: str) -> list[str]:
        return self._in_turn(lambda: self._values(f"refresh/{quote(company_key, safe='')}"))

    def forget(self, company_key: str) -> None:
        self._in_turn(lambda: self._erase(f"refresh/{quote(company_key, safe='')}"))

    def store_secret(self, name: str, value: str) -> None:
        self._in_turn(lambda: self._replace(f"secret/{quote(name, safe='')}", value))

    def secret(self, name: str) -> str | None:
        values = self._in_turn(lambda: self._values(f"secret/{quote(name, safe='')}"))
        return values[0] if values else None

    def forget_secret(self, name: str) -> None:
        self._in_turn(lambda: self._erase(f"secret/{quote(name, safe='')}"))

    def _in_turn(self, work: Callable[[], T]) -> T:
        # A caller that gave up leaves its thread at the prompt; others must not pile up behind it.
        if not self._turn.acquire(timeout=PATIENCE / 2):
            raise KeyringLocked
        try:
            return work()
        finally:
            self._turn.release()

    def _values(self, name: str) -> list[str]:
        entries = self._entries(name)
        return [entry.value for entry in entries if entry.sign_in == entries[0].sign_in]

    def _follow(self, name: str, value: str) -> None:
        entries = self._entries(name)
        if not entries:
            self._write(name, _Entry(1, 1, "A", value))
        elif entries[0].value != value:
            newest = entries[0]
            idle = "A" if newest.slot == "B" else "B"
            self._write(name, _Entry(newest.sign_in, newest.generation + 1, idle, value))

    def _replace(self, name: str, value: str) -> None:
        entries = self._entries(name)
        busy = entries[0].slot if entries else "B"
        idle = "A" if busy == "B" else "B"
        self._write(name, _Entry(entries[0].sign_in + 1 if entries else 1, 1, idle, value))
        self._wipe(self._service(name, busy))

    def _erase(self, name: str) -> None:
        trouble: VaultError | None = None
        for slot in _SLOTS:
            try:
                self._wipe(self._service(name, slot))
            except VaultError as error:
                trouble = error
        if trouble is not None:
            raise trouble

    def _entries(self, name: str) -> list[_Entry]:
        """Newest first; a slot with anything else in it counts as empty."""
        found = [_Entry.read(slot, self._get(self._service(name, slot)) or "") for slot in _SLOTS]
        return sorted((entry for entry in found if entry is not None), reverse=True)

    def _write(self, name: str, entry: _Entry) -> None:
        service, text = self._service(name, entry.slot), entry.text()
        self._check_length(text)
        # Windows' backend copies an entry that is overwritten to a second name, and keeps it there.
        self._wipe(service)
        _asked(lambda: self._keyring().set_password(service, _USER, text))
        if self._get(service) != text:
            raise KeyringDenied("did not keep what it was given")

    def _check_length(self, text: str) -> None:
        from keyring.backends.Windows import WinVaultKeyring

        length = len(text.encode("utf-16-le", "surrogatepass")) // 2
        if isinstance(self._keyring(), WinVaultKeyring) and length > _WINDOWS_LONGEST:
            raise SecretTooLong(length, _WINDOWS_LONGEST)

    def _wipe(self, service: str) -> None:
        # A Secret Service may hold several items under one name, and deletes one at a time.
        for _ in range(4):
            if self._get(service) is None:
                return
            _asked(lambda: self._keyring().delete_password(service, _USER))
        if self._get(service) is not None:
            raise KeyringDenied("did not delete an entry")

    def _get(self, service: str) -> str | None:
        return _asked(lambda: self._keyring().get_password(service, _USER))

    def _service(self, name: str, slot: str) -> str:
        # One service for each value and slot: Windows' backend shuffles users of one service about.
        return f"qbdesk/{self._home}/{name}/{slot}"

    def _keyring(self) -> "KeyringBackend":
        if self._backend is None:
            self._backend = safe_keyring(os.environ)
        return self._backend


class MemoryVault:
    """The vault of a practice company: nothing outlives the process."""

    def __init__(self) -> None:
        self._tokens: dict[str, list[str]] = {}
        self._secrets: dict[str, str] = {}

    def begin(self, company_key: str, token: str) -> None:
        self._tokens[company_key] = [token]

    def store_refresh_token(self, company_key: str, token: str) -> None:
        before = self._tokens.get(company_key, [])
        if before[:1] != [token]:
            self._tokens[company_key] = [token, *before][:2]

    def refresh_tokens(self, company_key: str) -> list[str]:
        return list(self._tokens.get(company_key, []))

    def forget(self, company_key: str) -> None:
        self._tokens.pop(company_key, None)

    def store_secret(self, name: str, value: str) -> None:
        self._secrets[name] = value

    def secret(self, name: str) -> str | None:
        return self._secrets.get(name)

    def forget_secret(self, name: str) -> None:
        self._secrets.pop(name, None)


def _asked(ask: Callable[[], T]) -> T:
    """One call of the keyring; its own exceptions may quote the secret and are not passed on, not
    even as the context of ours."""
    try:
        return ask()
    except VaultError as error:
        trouble = error
    except Exception as error:
        trouble = in_plain_words(error)
    raise trouble
