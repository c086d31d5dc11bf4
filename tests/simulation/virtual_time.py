"""An asyncio loop on which nobody waits: when nothing is ready it jumps to the next timer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class NothingWillHappen(Exception):
    """Somebody waits for what nothing will ever bring about: a deadlock."""


class VirtualLoop(asyncio.BaseEventLoop):
    """No sockets, no threads; `time()` counts seconds from 0 and moves only between callbacks."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise NothingWillHappen
        self._now += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread."""


class Time:
    """What the world's clocks show: the true time, and a computer's idea of it.

    A computer that sleeps has the true time go on while its loop stands still; somebody who sets
    its clock moves only what it shows.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._slept = timedelta()
        self._off = timedelta()

    def true(self) -> datetime:
        return START + timedelta(seconds=self._loop.time()) + self._slept

    def shown(self) -> datetime:
        return self.true() + self._off

    def sleep_through(self, seconds: float) -> None:
        self._slept += timedelta(seconds=seconds)

    def set_clock(self, seconds: float) -> None:
        """Moves what the computer shows, forward or back."""
        self._off += timedelta(seconds=seconds)

    def set_right(self) -> None:
        self._off = timedelta()
