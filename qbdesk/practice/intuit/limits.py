"""Intuit's limits, by default 10 requests a second, 500 and 40 batches a minute."""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal

from qbdesk.practice.clock import Clock
from qbdesk.practice.switches import Switches

Nature = Literal["read", "write", "batch"]
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Limits:
    """Counts over sliding windows of the practice clock; refused requests do not count.

    Metered are reads and batches (Intuit App Partner Program), by calendar month.
    """

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self._clock = clock
        self._requests: deque[datetime] = deque()
        self._batches: deque[datetime] = deque()
        self._metered: Counter[tuple[int, int]] = Counter()
        self._in_flight = 0

    def exceeded(self, nature: Nature) -> bool:
        """Whether one more request is too many; if not, it is counted."""
        now = self._clock()
        month = now.year, now.month
        most = self._switches.monthly_reads
        metered = nature != "write"
        if metered and most is not None and self._metered[month] >= most:
            return True
        if self._switches.limits and self._too_fast(now, batch=nature == "batch"):
            return True
        self._metered[month] += metered
        return False

    @contextmanager
    def in_flight(self) -> Iterator[bool]:
        """Whether there is room for one more request at this time, which is kept meanwhile."""
        most = self._switches.most_in_flight
        self._in_flight += 1
        try:
            yield most is None or self._in_flight <= most
        finally:
            self._in_flight -= 1

    def _too_fast(self, now: datetime, *, batch: bool) -> bool:
        for window in (self._requests, self._batches):
            while window and now - window[0] >= MINUTE:
                window.popleft()
        if (
            _within(self._requests, now - SECOND) >= self._switches.requests_per_second
            or len(self._requests) >= self._switches.requests_per_minute
            or (batch and len(self._batches) >= self._switches.batches_per_minute)
        ):
            return True
        self._requests.append(now)
        if batch:
            self._batches.append(now)
        return False


def _within(window: deque[datetime], since: datetime) -> int:
    count = 0
    for moment in reversed(window):
        if moment <= since:
            break
        count += 1
    return count
