"""The schedule: nudges come, whatever became of the one before, and errors stay private."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.schedule import Schedule


class Nudged:
    """Hears nudges; fails at the first."""

    def __init__(self) -> None:
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.schedule = Schedule(self._nudge)

    async def _nudge(self, key: str) -> None:
        self.keys.put_nowait(key)
        if key == "first":
            raise ValueError("Harbour Condo Corp owes 113.00")


@pytest.fixture
async def nudged() -> AsyncIterator[Nudged]:
    made = Nudged()
    made.schedule.start()
    yield made
    made.schedule.stop()


async def test_a_nudge_that_fails_is_logged_without_values_and_the_next_one_comes(
    nudged: Nudged, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for key in ("first", "second"):
            nudged.schedule.at(key, datetime.now(UTC))
            assert await asyncio.wait_for(nudged.keys.get(), 30) == key
    assert "ValueError" in caplog.text
    assert "Harbour" not in caplog.text


async def test_a_key_has_a_next_time_until_it_is_nudged(nudged: Nudged) -> None:
    when = datetime.now(UTC)
    nudged.schedule.at("second", when)
    assert nudged.schedule.next_time("second") == when
    await asyncio.wait_for(nudged.keys.get(), 30)
    assert nudged.schedule.next_time("second") is None


def test_an_error_of_the_ledger_does_not_quote_what_was_to_be_written(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    with ledger.begin() as connection, pytest.raises(OperationalError) as caught:
        connection.execute(text("SELECT :a FROM nowhere"), {"a": "Harbour"})
    ledger.close()
    assert "nowhere" in str(caught.value)
    assert "Harbour" not in str(caught.value)
