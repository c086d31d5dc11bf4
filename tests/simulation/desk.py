"""One running qbdesk: the real engine behind doors that can be shut at any moment, as by `kill`."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from sqlalchemy import Connection
from virtual_time import Time, VirtualSchedule

from qbdesk.sync.clients import Surroundings
from qbdesk.sync.engine import Engine
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.vault import KeyringVault

T = TypeVar("T")

NAME = "Maple"
ADDRESS = "http://127.0.0.1:80"
SETTLE = timedelta(seconds=300)
_at_work: contextvars.ContextVar["Desk | None"] = contextvars.ContextVar("desk", default=None)


class Killed(BaseException):
    """The process is gone: nothing that it still does has any effect."""


class Keyring(KeyringBackend):
    """The keyring of one computer. Storing is deleting and then adding, as on macOS.

    Attributes:
        ever: Every token that was in it at any time.
    """

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.ever: set[str] = set()

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password
        self.ever.add(password.rpartition(" ")[2])

    def delete_password(self, service: str, username: str) -> None:
        self.entries.pop((service, username), None)


@dataclass
class Home:
    """The folder of a program, with what outlives every process.

    Attributes:
        ledger: The database file's own engine; it has no open transaction between two callbacks.
    """

    folder: Path
    ledger: Ledger
    keyring: Keyring = field(default_factory=Keyring)
    locked: bool = False


class Wire(Protocol):
    """The way to the practice company."""

    async def carry(self, desk: "Desk", request: httpx.Request) -> httpx.Response: ...


class Desk:
    """A process.

    Args:
        fuse: At the so manyth door it is killed; None: it lives.
        told: Hears every door it passes (for the trace).
    """

    def __init__(
        self,
        name: str,
        home: Home,
        time: Time,
        wire: Wire,
        *,
        fuse: int | None,
        interval: timedelta | None,
        make: Callable[[Surroundings], Engine],
        chance: Callable[[], float],
        settle: timedelta = SETTLE,
    ) -> None:
        self.name = name
        self.home = home
        self.alive = True
        self.fuse = fuse
        self.killed_at = ""
        self.tasks: set[asyncio.Task[Any]] = set()
        self._wire = wire
        self._time = time
        http = httpx.AsyncClient(transport=_Transport(self), trust_env=False)
        loop = asyncio.get_running_loop()
        self.engine = make(
            Surroundings(
                ledger=_Doors(self, home.ledger),
                vault=KeyringVault(home.folder, _KeyringDoors(self)),
                home=home.folder,
                hosts=intuit_hosts(ADDRESS),
                http=http,
                clock=time.shown,
                sleep=self._sleep,
                settle=settle,
                interval=interval,
                monotonic=loop.time,
                aside=_at_once,
                chance=chance,
                schedule=VirtualSchedule,
                back_up=_no_backup,
            )
        )

    # ---- life and death ----

    def door(self, what: str) -> None:
        """Everything that goes out or comes in passes here. Raises Killed."""
        if not self.alive:
            raise Killed
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.die(what)
                raise Killed

    def die(self, what: str) -> None:
        self.alive = False
        self.killed_at = what
        asyncio.get_running_loop().call_soon(self._bury)

    def _bury(self) -> None:
        for task in list(self.tasks):
            task.cancel()

    async def gone(self) -> None:
        """Until nothing of it is left."""
        self._bury()
        self.engine.schedule.stop()
        while self.tasks:
            await asyncio.wait(self.tasks)
            await asyncio.sleep(0)

    def start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Something that this process does."""
        return self.do(lambda: asyncio.get_running_loop().create_task(work))

    def do(self, call: Callable[[], T]) -> T:
        context = contextvars.copy_context()
        context.run(_at_work.set, self)
        return context.run(call)

    # ---- doors ----

    async def _sleep(self, seconds: float) -> None:
        self.door("sleep")
        await asyncio.sleep(seconds)
        self.door("slept")

    async def send(self, request: httpx.Request) -> httpx.Response:
        self.door("request")
        answer = await self._wire.carry(self, request)
        self.door("answer")
        return answer


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._desk.send(request)


class _Doors(Ledger):
    """The home's ledger as one process has it: it may be killed before and after every commit."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        super().__init__(ledger._engine, ledger.file)
        self._desk = desk

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        if not self._desk.alive:
            raise Killed
        with super().begin() as connection:
            yield connection
            self._desk.door("commit")
        self._desk.door("committed")


class _KeyringDoors(KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def _open(self, what: str) -> Keyring:
        self._desk.door(what)
        if self._desk.home.locked:
            raise KeyringLocked
        return self._desk.home.keyring

    def get_password(self, service: str, username: str) -> str | None:
        return self._open("keyring read").get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open("keyring clear").delete_password(service, username)
        self._open("keyring write").set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._open("keyring delete").delete_password(service, username)


async def _at_once(call: Callable[[], T]) -> T:
    """A keyring in memory makes nobody wait."""
    await asyncio.sleep(0)
    return call()


async def _no_backup(_file: Path, _now: datetime) -> bool:
    return True


def own_tasks(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> "asyncio.Task[Any]":
    """The loop's task factory: every task belongs to the process that started it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **more)
    desk = _at_work.get()
    if desk is not None:
        desk.tasks.add(task)
        task.add_done_callback(_heard(desk))
    return task


def _heard(desk: Desk) -> Callable[["asyncio.Task[Any]"], None]:
    def done(task: "asyncio.Task[Any]") -> None:
        desk.tasks.discard(task)
        if not task.cancelled():
            task.exception()

    return done
