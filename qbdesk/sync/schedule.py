"""When to look again. Due-ness is kept in the ledger; what runs here only looks at the clock."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from qbdesk.sync.errors import where

log = logging.getLogger(__name__)

USUAL = timedelta(minutes=5)
SHORTEST = timedelta(minutes=1)  # however often a source wishes to be asked
LONGEST = timedelta(days=1)  # the most that the feed's contract lets a source wish for
BACK_OFF = (1, 2, 4, 8, 15, 30)  # minutes after a first, second ... pass that could not be served
SPREAD = 0.1  # up to so much longer, so that many desks do not ask in the same second
SPREAD_AFTER_FAILURE = 0.5
TICK = 30.0  # seconds; timers stand still while the computer sleeps, so the time is looked at
GAP = 15.0  # seconds by which the clocks may disagree before it counts as sleep or a clock change
AFTER_GAP = timedelta(seconds=30)  # companies are looked at within it, not all at once


class Schedule:
    """Looks around at the latest every TICK seconds, when something is due, and when woken.

    Args:
        look: Begins what is due and says when the next thing will be. True: the computer has slept,
            or its clock was changed.
    """

    def __init__(
        self,
        look: Callable[[bool], datetime | None],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._look = look
        self._clock = clock
        self._monotonic = monotonic
        self._woken = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._life is not None

    def start(self) -> None:
        """To be called on the running loop of the engine."""
        self._life = asyncio.create_task(self._live())

    def stop(self) -> None:
        if self._life is not None:
            self._life.cancel()
        self._life = None

    def wake(self) -> None:
        """Something may be due by now."""
        self._woken.set()

    async def _live(self) -> None:
        wait, wall, steady = 0.0, self._clock(), self._monotonic()
        while True:
            passed = self._monotonic() - steady
            by_the_clock = (self._clock() - wall).total_seconds()
            gap = abs(by_the_clock - passed) > GAP or passed - wait > GAP
            wall, steady = self._clock(), self._monotonic()
            wait = self._look_around(gap=gap)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            self._woken.clear()

    def _look_around(self, *, gap: bool) -> float:
        """Seconds until the next look."""
        try:
            due = self._look(gap)
        except Exception as error:
            # The ledger may be busy or its disk full; its text may say what was to be written.
            log.error("Looking around failed by %s at %s", type(error).__name__, where(error))
            due = None
        if due is None:
            return TICK
        return min(max((due - self._clock()).total_seconds(), 0.0), TICK)


def next_time(appointed_at: datetime | None, due_at: datetime | None, now: datetime) -> datetime:
    """When a company is due, by what the ledger says; `now` where that cannot be right any more:
    a clock that was set back must not silence a company."""
    if appointed_at is None or due_at is None:
        return now
    is_credible = appointed_at <= now and due_at - appointed_at <= LONGEST * (1 + SPREAD)
    return max(due_at, now) if is_credible else now


def pause_after(
    interval: timedelta | None, poll_seconds: int | None, failures: int, chance: float
) -> timedelta:
    """Until the next pass by the schedule: as the source wishes, longer after failures.

    Args:
        interval: Chosen for this program; None: as the source wishes.
        poll_seconds: What the source wishes; None: it has not said.
        failures: Passes in a row that could not be served.
        chance: From 0 to 1, drawn afresh each time.
    """
    wished = USUAL if poll_seconds is None else timedelta(seconds=poll_seconds)
    wait = interval or min(max(wished, SHORTEST), LONGEST)
    if not failures:
        return wait * (1 + SPREAD * chance)
    return max(wait, back_off(failures) * (1 + SPREAD_AFTER_FAILURE * chance))


def back_off(failures: int) -> timedelta:
    """How long to wait at least after so many passes in a row that could not be served."""
    return timedelta(minutes=BACK_OFF[min(failures, len(BACK_OFF)) - 1])
