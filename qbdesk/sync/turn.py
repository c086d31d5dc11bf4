"""One engine at a time per home: an operating-system lock, free when its holder is killed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout

POLL = 0.2  # seconds
WAITING = "Another qbdesk is at work with these books; waiting for its turn."


class Turn:
    """The turn of this home, among all programs of this machine and all tasks of this one."""

    def __init__(
        self, lock: Path, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._lock = FileLock(lock, thread_local=False, mode=0o600)
        self._here = asyncio.Lock()
        self._sleep = sleep

    @asynccontextmanager
    async def taken(self, says: Callable[[str], None]) -> AsyncIterator[None]:
        """Waits for the turn, and says so when it takes a while."""
        async with self._here:
            told = False
            while not self._acquired():
                if not told:
                    says(WAITING)
                    told = True
                await self._sleep(POLL)
            try:
                yield
            finally:
                self._lock.release()

    def _acquired(self) -> bool:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True
