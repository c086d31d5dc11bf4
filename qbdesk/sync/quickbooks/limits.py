"""Intuit's limits per company: 10 requests a second, 500 a minute, 40 batches a minute.

They are kept over any sliding second and minute (Intuit: "API call limits and throttling").
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

RequestKind = Literal["read", "write", "batch"]


@dataclass(frozen=True)
class Window:
    """At most `most` requests in any `seconds`."""

    most: int
    seconds: float


# Just under Intuit's own figures: one request may be on its way for half a second longer than
# another, and what leaves far enough apart then arrives closer together.
PER_SECOND = Window(10, 1.5)
PER_MINUTE = Window(490, 60.5)
BATCHES_PER_MINUTE = Window(39, 60.5)
LONGEST_WINDOW = max(window.seconds for window in (PER_SECOND, PER_MINUTE, BATCHES_PER_MINUTE))

PAUSE_AFTER_THROTTLE = 60.0  # seconds; Intuit's advice after a 429 without Retry-After


class RequestLog(Protocol):
    """Where requests are remembered across restarts. Times are wall-clock seconds (Unix time)."""

    def recent(self, since: float) -> Sequence[tuple[float, RequestKind]]:
        """Requests that left at `since` or later, in any order."""
        ...

    def add(self, at: float, kind: RequestKind) -> None: ...


@dataclass(frozen=True)
class Counts:
    """Requests that left since this process started, repetitions included."""

    reads: int = 0
    writes: int = 0
    batches: int = 0

    def since(self, before: "Counts") -> "Counts":
        return Counts(
            self.reads - before.reads,
            self.writes - before.writes,
            self.batches - before.batches,
        )


class Limiter:
    """Gives out the turns of one company. For one asyncio loop; not safe across threads.

    Turns are measured on a clock that never jumps. What stands in the log alone is known by
    wall-clock time only; such a request counts as just sent when its time lies in the future.
    """

    def __init__(
        self,
        log: RequestLog,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._log = log
        self._wall = wall
        self._monotonic = monotonic
        self._sleep = sleep
        self._paused_until = float("-inf")
        self._requests: deque[float] = deque(maxlen=PER_MINUTE.most)
        self._batches: deque[float] = deque(maxlen=BATCHES_PER_MINUTE.most)
        self.counts = Counts()
        self.recall()

    def recall(self) -> None:
        """Reads the log afresh: other programs may have sent requests to the company meanwhile."""
        self._requests.clear()
        self._batches.clear()
        now, wall_now = self._monotonic(), self._wall()
        recent = self._log.recent(wall_now - LONGEST_WINDOW)
        ages = ((max(wall_now - at, 0.0), kind) for at, kind in recent)
        for age, kind in sorted(ages, reverse=True):
            self._note(now - age, kind)

    def _note(self, at: float, kind: RequestKind) -> None:
        self._requests.append(at)
        if kind == "batch":
            self._batches.append(at)

    def pause(self, seconds: float) -> None:
        """Nobody gets a turn for so long; a longer pause that is on already stays."""
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    @property
    def pause_left(self) -> float:
        """Seconds that QuickBooks asked to be left alone for from now on; 0 when it has not."""
        return max(self._paused_until - self._monotonic(), 0.0)

    def wait(self, kind: RequestKind) -> float:
        """Seconds until a request of this kind could leave, were it the next; 0: at once."""
        now = self._monotonic()
        free_at = max(
            self._paused_until,
            _free_at(self._requests, PER_SECOND),
            _free_at(self._requests, PER_MINUTE),
            _free_at(self._batches, BATCHES_PER_MINUTE) if kind == "batch" else now,
        )
        return max(free_at - now, 0.0)

    async def room(self, kind: RequestKind) -> None:
        """Waits until a request of this kind could leave; it may still have to wait for others."""
        while (wait := self.wait(kind)) > 0:
            await self._sleep(wait)

    async def turn(self, kind: RequestKind) -> None:
        """Waits until one request may leave and counts it. Cancelled: nothing is counted."""
        await self.room(kind)
        # From the last look at the clock to here nothing awaits, so no one else took the turn.
        # The log first: until it is on the disk, the request does not leave.
        self._log.add(self._wall(), kind)
        self._note(self._monotonic(), kind)
        self.counts = _one_more(self.counts, kind)


def _free_at(times: deque[float], window: Window) -> float:
    """When the window has room again: once its oldest but `most` request has left it."""
    if len(times) < window.most:
        return float("-inf")
    return times[-window.most] + window.seconds


def _one_more(counts: Counts, kind: RequestKind) -> Counts:
    if kind == "read":
        return replace(counts, reads=counts.reads + 1)
    if kind == "write":
        return replace(counts, writes=counts.writes + 1)
    return replace(counts, batches=counts.batches + 1)
