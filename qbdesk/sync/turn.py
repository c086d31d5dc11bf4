"""One engine at a time per home: an operating-system lock, free when its holder is killed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

POLL = 0.5  # seconds
WAITING = "Another qbdesk is at work with these books; waiting for its turn."


class Turn:
    """The turn of this home, among all programs of this machine.

    The tasks of one program share it: the first takes it, the last gives it back. Whoever wants it
    takes the lock `next` first, so that of two programs neither waits for ever: while another one
    stands there, no further task joins those that are at work.
    """

    def __init__(
        self, home: Path, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._next, self._lock = _locks(home)
        self._door = asyncio.Lock()
        self._at_work = 0
        self._given_back = asyncio.Event()
        self._sleep = sleep

    @asynccontextmanager
    async def taken(self, says: Callable[[str], None]) -> AsyncIterator[None]:
        """Waits for the turn, and says so when it takes a while."""
        async with self._door:
            if self._at_work and _is_taken(self._next):
                says(WAITING)
                await self._given_back.wait()
            if not self._at_work:
                await self._take(says)
            self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._lock.release()
                self._given_back.set()

    async def _take(self, says: Callable[[str], None]) -> None:
        told = False
        try:
            for lock in (self._next, self._lock):
                while not _acquired(lock):
                    if not told:
                        says(WAITING)
                        told = True
                    await self._sleep(POLL)
        finally:
            self._next.release()
        self._given_back.clear()


@contextmanager
def turn_of_a_command(home: Path, says: Callable[[str], None]) -> Iterator[None]:
    """The same for a program that only waits for it, without a loop."""
    following, lock = _locks(home)
    if _is_taken(following) or not _acquired(lock):
        says(WAITING)
        with following:
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _locks(home: Path) -> tuple[FileLock, FileLock]:
    return (
        FileLock(home / "engine-next.lock", thread_local=False, mode=0o600),
        FileLock(home / "engine.lock", thread_local=False, mode=0o600),
    )


def _acquired(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _is_taken(lock: FileLock) -> bool:
    if not _acquired(lock):
        return True
    lock.release()
    return False
