"""Intuit's limits, by default 10 requests a second, 500 and 40 batches a minute."""

from collections import deque
from datetime import datetime, timedelta

from qbdesk.practice.clock import Clock
from qbdesk.practice.switches import Switches

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Limits:
    """Counts over sliding windows of the practice clock; refused requests do not count."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self._clock = clock
        self._requests: deque[datetime] = deque()
        self._batches: deque[datetime] = deque()

    def exceeded(self, *, batch: bool) -> bool:
        """Whether one more request is too many; if not, it is counted."""
        if not self._switches.limits:
            return False
        now = self._clock()
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
