"""Engines that are broken on purpose, one safety each: a harness that sees must find them all."""

import asyncio
import hashlib
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from network import Weather
from plans import Plan
from sqlalchemy import Connection, update
from worlds import Make, usual_engine

from qbdesk.sync import company_pass, engine, intake, keepers, posting, recording, waves
from qbdesk.sync.company_pass import CompanyPass
from qbdesk.sync.ledger import companies, steps
from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.ledger.tables import step as step_table
from qbdesk.sync.quickbooks.outcomes import Write
from qbdesk.sync.quickbooks.tokens import TokenKeeper

Break = Callable[[pytest.MonkeyPatch], Make]


def fresh_request_id(patch: pytest.MonkeyPatch) -> Make:
    """Every try has a request id of its own."""
    tries = itertools.count()
    sound = posting._write

    def write(step: StepRecord) -> Write:
        digest = hashlib.sha256(f"{step.request_id}{next(tries)}".encode()).hexdigest()
        return replace(sound(step), request_id=digest[:36])

    patch.setattr(posting, "_write", write)
    return usual_engine


def no_look_up(patch: pytest.MonkeyPatch) -> Make:
    """What got no answer is sent again, without a look."""
    sound = recording.Recorder._doubt

    def doubt(
        self: Any, connection: Connection, step: StepRecord, why: str, tid: str | None
    ) -> None:
        sound(self, connection, step, why, tid)
        steps.change(connection, step.id, state=StepState.INTENT)

    def end_cut_off(connection: Connection, company_id: int, now: datetime) -> None:
        here = (step_table.c.company_id == company_id, step_table.c.state == StepState.SENT)
        connection.execute(update(step_table).where(*here).values(state=StepState.INTENT))

    patch.setattr(recording.Recorder, "_doubt", doubt)
    patch.setattr(company_pass.steps, "end_cut_off", end_cut_off)
    return usual_engine


def no_settle_time(_: pytest.MonkeyPatch) -> Make:
    """Absent at the first two looks is taken for absent."""
    return lambda around: usual_engine(replace(around, settle=timedelta(0)))


class _CursorFirst(CompanyPass):
    async def _read_source(self) -> None:
        company = self._company
        start = datetime.combine(company.from_date, time(), company.zone)
        async for page in self._tools.source.pages(company.cursor, start):
            with self._ledger.begin() as connection:
                companies.change(connection, company.id, cursor=page.cursor)
            with self._ledger.begin() as connection:
                intake.take_in(connection, company, page, self._tools.clock())


def cursor_before_its_page(patch: pytest.MonkeyPatch) -> Make:
    patch.setattr(engine, "CompanyPass", _CursorFirst)
    return usual_engine


class _UsedFirst(TokenKeeper):
    async def _save(self, new: Any) -> None:
        self._use(new)
        self._later = asyncio.create_task(self._save_later(new))

    async def _save_later(self, new: Any) -> None:
        await self._sleep(2.0)
        with suppress(Exception):
            await super()._save(new)


def token_used_before_it_is_stored(patch: pytest.MonkeyPatch) -> Make:
    patch.setattr(keepers, "TokenKeeper", _UsedFirst)
    return usual_engine


def no_check_before_the_wire(patch: pytest.MonkeyPatch) -> Make:
    """Nobody looks whether the company was paused or left while the pass was running."""
    patch.setattr(posting.Poster, "_check_still_wanted", lambda _self, _connection: None)
    return usual_engine


def clock_believed(patch: pytest.MonkeyPatch) -> Make:
    """A settle time is over when the clock says so, whoever has set it."""
    patch.setattr(waves, "watch_the_clock", lambda *_: None)
    return usual_engine


def lean_to_the_clock(plan: Plan) -> Plan:
    """Much that comes late, and somebody who sets the clock."""
    switches = plan.switches | {"request_ids": "ignored", "refuse_duplicate_numbers": False}
    weather = Weather(0.5, 200.0, 1.0)
    return replace(plan, switches=switches, weather=weather, mode="one", clock_jumps=True)


BROKEN: tuple[Break, ...] = (
    fresh_request_id,
    no_look_up,
    no_settle_time,
    cursor_before_its_page,
    token_used_before_it_is_stored,
    no_check_before_the_wire,
    clock_believed,
)
LEAN = {clock_believed: lean_to_the_clock}
