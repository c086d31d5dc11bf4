"""When to look again: APScheduler behind a small adapter. It only nudges the engine."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from qbdesk.sync.errors import where

log = logging.getLogger(__name__)

USUAL = timedelta(minutes=5)
SHORTEST = timedelta(minutes=1)  # however often a source wishes to be asked
BACK_OFF = (1, 2, 4, 8, 15, 30)  # minutes after a first, second ... pass that could not be served


class Schedule:
    """Calls back at a time, once per key; a later word for a key replaces the earlier one."""

    def __init__(self, nudge: Callable[[str], Awaitable[None]]) -> None:
        self._nudge = nudge
        # After sleep or a clock change a missed nudge comes at once, and only once (the default
        # drops what is over a second late).
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._times: dict[str, datetime] = {}

    def start(self) -> None:
        """To be called on the running loop of the engine."""
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def at(self, key: str, when: datetime) -> None:
        self._times[key] = when
        if self._scheduler.running:
            self._scheduler.add_job(
                self._fire, "date", run_date=when, args=[key], id=key, replace_existing=True
            )

    def never(self, key: str) -> None:
        self._times.pop(key, None)
        if self._scheduler.get_job(key) is not None:
            self._scheduler.remove_job(key)

    def next_time(self, key: str) -> datetime | None:
        return self._times.get(key) if self._scheduler.running else None

    async def _fire(self, key: str) -> None:
        self._times.pop(key, None)
        try:
            await self._nudge(key)
        except Exception as error:
            # APScheduler would log it whole, with what the error is about.
            log.error("A nudge failed by %s at %s", type(error).__name__, where(error))


def back_off(failures: int) -> timedelta:
    """How long to wait after so many passes in a row that could not be served."""
    return timedelta(minutes=BACK_OFF[min(failures, len(BACK_OFF)) - 1])
