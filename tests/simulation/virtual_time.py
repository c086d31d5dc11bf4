"""An asyncio loop on which nobody waits: when nothing is ready it jumps to the next timer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
Nudge = Callable[[str], Awaitable[None]]


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


class VirtualSchedule:
    """What `Schedule` does, by the loop's own timers: APScheduler looks at the real clock."""

    def __init__(self, nudge: Nudge, shown: Callable[[], datetime]) -> None:
        self._nudge = nudge
        self._shown = shown
        self._times: dict[str, datetime] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._started = False

    def start(self) -> None:
        self._started = True

    def stop(self) -> None:
        self._started = False
        for timer in self._timers.values():
            timer.cancel()

    def at(self, key: str, when: datetime) -> None:
        if not self._started:
            return
        self._times[key] = when
        if key in self._timers:
            self._timers[key].cancel()
        wait = max((when - self._shown()).total_seconds(), 0.0)
        self._timers[key] = asyncio.get_running_loop().call_later(wait, self._due, key)

    def never(self, key: str) -> None:
        self._times.pop(key, None)
        if key in self._timers:
            self._timers.pop(key).cancel()

    def next_time(self, key: str) -> datetime | None:
        return self._times.get(key) if self._started else None

    def _due(self, key: str) -> None:
        if self._shown() < self._times[key]:  # the clock was set back meanwhile
            self.at(key, self._times[key])
            return
        del self._times[key]
        task = asyncio.get_running_loop().create_task(self._nudge(key))
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()
