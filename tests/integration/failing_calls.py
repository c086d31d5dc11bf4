"""What lies below the program, with calls that can be counted and made to fail.

The database is SQLite itself, the network ends at the practice servers, the keyring is a
dictionary; only the calls that are to fail do not get through.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError, PasswordSetError
from sqlalchemy import Engine, event

DATABASE = "database call"  # a connection, a statement, a commit or a rollback that is not done
COMMIT = "commit that was done and is said to have failed"
CONNECTION = "connection that does not come about"
REQUEST = "request that is lost on its way"
ANSWER = "answer that is lost on its way"
KEYRING = "keyring call"
HALF = "keyring call that is done by half"
KINDS = (DATABASE, COMMIT, CONNECTION, REQUEST, ANSWER, KEYRING, HALF)


@dataclass
class Failure:
    """The call that goes wrong: the one `at` this place among those of its kind, counted from 1;
    where it `lasts`, all after it as well, until it is `over`."""

    kind: str
    at: int
    lasts: bool
    calls: int = 0
    over: bool = False

    def strikes(self, kind: str) -> bool:
        if kind != self.kind or self.over:
            return False
        self.calls += 1
        return self.calls == self.at or (self.lasts and self.calls > self.at)

    @property
    def came(self) -> bool:
        return self.calls >= self.at


# ---- the database ----


class _Cursor(sqlite3.Cursor):
    connection: "_Connection"

    def execute(self, *arguments: Any) -> "_Cursor":
        self.connection.may_fail()
        super().execute(*arguments)
        return self

    def executemany(self, *arguments: Any) -> "_Cursor":
        self.connection.may_fail()
        super().executemany(*arguments)
        return self


class _Connection(sqlite3.Connection):
    failure: Failure

    def may_fail(self) -> None:
        if self.failure.strikes(DATABASE):
            raise _full_or_broken(self.failure)

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def commit(self) -> None:
        self.may_fail()
        super().commit()
        if self.failure.strikes(COMMIT):
            raise _full_or_broken(self.failure)

    def rollback(self) -> None:
        self.may_fail()
        super().rollback()


def _full_or_broken(failure: Failure) -> sqlite3.OperationalError:
    words = ("database or disk is full", "disk I/O error")
    return sqlite3.OperationalError(words[failure.at % 2])


@contextmanager
def failing_database(failure: Failure) -> Iterator[None]:
    """All connections that SQLAlchemy opens meanwhile."""

    def connect(_dialect: Any, _record: Any, arguments: Any, named: dict[str, Any]) -> _Connection:
        if failure.strikes(DATABASE):
            raise sqlite3.OperationalError("unable to open database file")
        opened = sqlite3.connect(*arguments, **named, factory=_Connection)
        opened.failure = failure
        return opened

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)


# ---- the network ----


class FailingNetwork(httpx.AsyncBaseTransport):
    """The way to servers in this process."""

    def __init__(self, app: Any, failure: Failure) -> None:
        self._servers = httpx.ASGITransport(app=app)
        self._failure = failure

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._failure.strikes(CONNECTION):
            raise httpx.ConnectError("Network is unreachable")
        if self._failure.strikes(REQUEST):
            raise httpx.WriteError("Broken pipe")
        answer = await self._servers.handle_async_request(request)
        if self._failure.strikes(ANSWER):
            raise httpx.ReadError("Connection reset by peer")
        return answer


# ---- the keyring ----


class FailingKeyring(KeyringBackend):
    """A keyring in memory. As on macOS, storing is deleting and then adding."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], str] = {}
        self.failure: Failure

    def get_password(self, service: str, username: str) -> str | None:
        if self.failure.strikes(KEYRING):
            raise KeyringLocked("Failed to unlock the collection!")
        if self.failure.strikes(HALF):
            raise InitError("Failed to create the collection")
        return self._entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.failure.strikes(KEYRING):
            raise PasswordSetError("Can't store password on keychain")
        self._entries.pop((service, username), None)
        if self.failure.strikes(HALF):
            raise PasswordSetError("Can't store password on keychain")
        self._entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.failure.strikes(KEYRING):
            raise PasswordDeleteError("Can't delete password in keychain")
        if self._entries.pop((service, username), None) is None:
            raise PasswordDeleteError("Password not found")
        if self.failure.strikes(HALF):
            raise PasswordDeleteError("Can't delete password in keychain")
