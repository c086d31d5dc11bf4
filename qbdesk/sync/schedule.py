"""When to look again: APScheduler behind a small adapter. What is due stands in the ledger."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

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
LATE = 1.0  # seconds after which a nudge counts as lost
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
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._late: asyncio.TimerHandle | None = None
        self._woken = False
        self._wait, self._wall, self._steady = 0.0, clock(), monotonic()

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)

    def start(self) -> None:
        """To be called on the running loop of the engine."""
        self._wall, self._steady = self._clock(), self._monotonic()
        self._scheduler.start()
        self._nudge_in(0.0)

    def stop(self) -> None:
        if self.running:
            self._scheduler.shutdown(wait=False)
        if self._late is not None:
            self._late.cancel()

    def wake(self) -> None:
        """Something may be due by now."""
        self._woken = True
        if self.running:
            self._nudge_in(0.0)

    def _nudge_in(self, seconds: float) -> None:
        self._scheduler.add_job(
            self._nudge,
            "date",
            run_date=datetime.now(UTC) + timedelta(seconds=seconds),
            id="look",
            replace_existing=True,
            misfire_grace_time=None,  # late is better than never
            max_instances=2,  # the one that has this one made counts still
        )
        if self._late is not None:
            self._late.cancel()
        # APScheduler waits for a time of day, which is far away when the clock is set back.
        loop = asyncio.get_running_loop()
        self._late = loop.call_later(seconds + LATE, self._nudge_late)

    def _nudge_late(self) -> None:
        if self.running:
            self._nudge_in(0.0)

    async def _nudge(self) -> None:
        passed = self._monotonic() - self._steady
        by_the_clock = (self._clock() - self._wall).total_seconds()
        gap = abs(by_the_clock - passed) > GAP or passed - self._wait > GAP
        self._wall, self._steady, self._woken = self._clock(), self._monotonic(), False
        self._wait = self._look_around(gap=gap)
        if self.running:
            self._nudge_in(0.0 if self._woken else self._wait)

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
