"""An asyncio loop on which nobody waits: when nothing is ready it jumps to the next timer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from qbdesk.sync.schedule import Schedule

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


class VirtualSchedule(Schedule):
    """Nudged by the loop's own timers: APScheduler looks at the real clock."""

    _on = False

    @property
    def running(self) -> bool:
        return self._on

    def start(self) -> None:
        self._on = True
        self._wall, self._steady = self._clock(), self._monotonic()
        self._nudge_in(0.0)

    def stop(self) -> None:
        self._on = False
        if self._late is not None:
            self._late.cancel()

    def _nudge_in(self, seconds: float) -> None:
        if self._late is not None:
            self._late.cancel()
        loop = asyncio.get_running_loop()
        self._late = loop.call_later(seconds, lambda: loop.create_task(self._nudge()))
