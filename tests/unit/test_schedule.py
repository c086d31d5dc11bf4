"""When companies are looked at: by what the ledger says, whatever the clocks do meanwhile."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from qbdesk.sync import schedule
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.schedule import LONGEST, Schedule, next_time, pause_after

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Clocks:
    """The time of day, and the one that never jumps but stands still while the computer sleeps."""

    def __init__(self) -> None:
        self.wall = NOON
        self.steady = 0.0


class Watch:
    """A schedule that notes every look, and whether it was told of a gap."""

    def __init__(self, clocks: Clocks, looks: Iterator[datetime | Exception | None]) -> None:
        self.gaps: asyncio.Queue[bool] = asyncio.Queue()
        self._looks = looks
        self.schedule = Schedule(self._look, lambda: clocks.wall, lambda: clocks.steady)

    def _look(self, gap: bool) -> datetime | None:
        self.gaps.put_nowait(gap)
        due = next(self._looks, None)
        if isinstance(due, Exception):
            raise due
        return due

    async def next_look(self) -> bool:
        async with asyncio.timeout(20):
            return await self.gaps.get()


@asynccontextmanager
async def watching(clocks: Clocks, *looks: datetime | Exception | None) -> AsyncIterator[Watch]:
    watch = Watch(clocks, iter(looks))
    watch.schedule.start()
    yield watch
    watch.schedule.stop()


async def test_what_is_due_soon_is_looked_at_then() -> None:
    clocks = Clocks()
    async with watching(clocks, NOON + timedelta(seconds=0.01)) as watch:
        assert [await watch.next_look(), await watch.next_look()] == [False, False]


async def test_whoever_wakes_it_has_it_look_at_once() -> None:
    async with watching(Clocks(), None) as watch:
        await watch.next_look()
        watch.schedule.wake()
        assert await watch.next_look() is False


async def test_a_nudge_that_apscheduler_would_give_far_too_late_comes_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It waits for a time of day: a clock that is set back puts that far away."""
    monkeypatch.setattr(schedule, "LATE", 0.05)
    async with watching(Clocks(), NOON + timedelta(seconds=0.05)) as watch:
        await watch.next_look()
        watch.schedule._scheduler.modify_job("look", next_run_time=datetime.now(UTC) + LONGEST)
        assert await watch.next_look() is False


@pytest.mark.parametrize("jump", [timedelta(hours=8), timedelta(hours=-8)])
async def test_sleep_and_a_clock_that_was_changed_are_noticed(jump: timedelta) -> None:
    clocks = Clocks()
    async with watching(clocks, None) as watch:
        await watch.next_look()
        clocks.wall += jump
        clocks.steady += 1
        watch.schedule.wake()
        assert await watch.next_look() is True
        watch.schedule.wake()
        assert await watch.next_look() is False


async def test_sleep_is_noticed_where_the_steady_clock_goes_on_in_it() -> None:
    clocks = Clocks()
    async with watching(clocks, None) as watch:
        await watch.next_look()
        clocks.wall += timedelta(hours=8)
        clocks.steady += 8 * 3600
        watch.schedule.wake()
        assert await watch.next_look() is True


async def test_a_look_that_fails_is_logged_without_values_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "TICK", 0.01)
    with caplog.at_level(logging.DEBUG):
        trouble = ValueError("Harbour Condo Corp owes 113.00")
        async with watching(Clocks(), trouble, None) as watch:
            await watch.next_look()
            await watch.next_look()
    assert "ValueError" in caplog.text
    assert "Harbour" not in caplog.text


def test_a_company_is_due_when_it_was_said_also_after_a_restart() -> None:
    assert next_time(NOON, NOON + 5 * MINUTE, NOON + MINUTE) == NOON + 5 * MINUTE
    assert next_time(NOON, NOON + 5 * MINUTE, NOON + 9 * MINUTE) == NOON + 9 * MINUTE


def test_a_company_that_was_never_looked_at_is_due() -> None:
    assert next_time(None, None, NOON) == NOON


def test_a_clock_that_was_set_back_silences_no_company() -> None:
    yesterday = NOON - timedelta(days=1)
    assert next_time(NOON, NOON + 5 * MINUTE, yesterday) == yesterday


def test_a_next_time_further_off_than_any_source_may_wish_for_does_not_count() -> None:
    assert next_time(NOON, NOON + 2 * LONGEST, NOON + MINUTE) == NOON + MINUTE


def test_companies_are_looked_at_as_often_as_the_source_wishes_and_never_earlier() -> None:
    assert pause_after(None, 600, 0, chance=0.0) == 10 * MINUTE
    assert pause_after(None, 600, 0, chance=1.0) == 11 * MINUTE
    assert pause_after(None, None, 0, chance=0.0) == 5 * MINUTE
    assert pause_after(None, 5, 0, chance=0.0) == MINUTE
    assert pause_after(None, 99_999, 0, chance=0.0) == LONGEST


def test_after_failures_it_waits_longer_and_longer_not_all_desks_alike() -> None:
    waits = [pause_after(MINUTE, None, failures, chance=0.0) for failures in (1, 2, 3, 9)]
    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE, 30 * MINUTE]
    assert pause_after(MINUTE, None, 9, chance=1.0) == 45 * MINUTE


def test_an_error_of_the_ledger_does_not_quote_what_was_to_be_written(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    with ledger.begin() as connection, pytest.raises(OperationalError) as caught:
        connection.execute(text("SELECT :a FROM nowhere"), {"a": "Harbour"})
    ledger.close()
    assert "nowhere" in str(caught.value)
    assert "Harbour" not in str(caught.value)
