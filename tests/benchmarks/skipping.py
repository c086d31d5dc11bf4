"""Time that passes by work alone: when everybody waits, the clock moves on instead.

It counts the processor time of both processes and the seconds that were waited, so what else the
machine does makes no difference. Both processes read the same clock, so Intuit's limits hold as if
the time had been sat out.
"""

import asyncio
import time
from collections.abc import MutableSequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import httpx

_LOOK = 0.001  # seconds between two looks whether an answer has come
CELLS = 4  # when it began, seconds skipped, seconds that each of the two processes has worked
_BEGAN, _SKIPPED, _WORKED = 0, 1, 2
Side = Literal[0, 1]  # whoever waits, and the company


class SkippingClock:
    """`shared`: cells that both processes see. `real`: time is the machine's, waits are sat out.

    Attributes:
        under_way: Requests without an answer. As long as there are any, time passes by itself:
            they would otherwise arrive later than they were sent.
    """

    def __init__(
        self, shared: MutableSequence[float], side: Side = 0, *, real: bool = False
    ) -> None:
        self._shared = shared
        self._side = side
        self._real = real
        self._from = time.process_time()
        if side == 0:
            shared[_BEGAN] = time.time()
        self.under_way = 0

    def __call__(self) -> datetime:
        if self._real:
            return datetime.now(UTC)
        began = datetime.fromtimestamp(self._shared[_BEGAN], UTC)
        return began + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        if self._real:
            return time.monotonic()
        self._shared[_WORKED + self._side] = time.process_time() - self._from
        return sum(self._shared[_SKIPPED:CELLS])

    async def sleep(self, seconds: float) -> None:
        if self._real:
            await asyncio.sleep(seconds)
            return
        until = self.monotonic() + seconds
        await asyncio.sleep(0)
        while self.under_way and self.monotonic() < until:
            await asyncio.sleep(_LOOK)
        self._skip(until - self.monotonic())

    def wait(self, seconds: float) -> None:
        """For a program that does one thing at a time."""
        if self._real:
            time.sleep(max(seconds, 0))
        else:
            self._skip(seconds)

    def _skip(self, seconds: float) -> None:
        self._shared[_SKIPPED] += max(seconds, 0)


class WatchedTransport(httpx.AsyncHTTPTransport):
    """Real HTTP, of which the clock knows how much is under way."""

    def __init__(self, clock: SkippingClock) -> None:
        super().__init__()
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.under_way += 1
        try:
            return await super().handle_async_request(request)
        finally:
            self._clock.under_way -= 1
