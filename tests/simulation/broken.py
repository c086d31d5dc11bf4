"""Engines that are broken on purpose, one safety each: a harness that sees must find them all."""

import asyncio
import hashlib
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from network import Weather
from plans import Lean, Plan, as_it_comes
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
        self: Any,
        connection: Connection,
        step: StepRecord,
        why: str,
        tid: str | None,
        *told: str,
    ) -> None:
        sound(self, connection, step, why, tid, *told)
        steps.change(connection, step.id, state=StepState.INTENT)

    def end_cut_off(connection: Connection, company_id: int, now: datetime) -> None:
        here = (step_table.c.company_id == company_id, step_table.c.state == StepState.SENT)
        connection.execute(update(step_table).where(*here).values(state=StepState.INTENT))

    patch.setattr(recording.Recorder, "_doubt", doubt)
    patch.setattr(company_pass.attempts, "end_cut_off", end_cut_off)
    return usual_engine


def no_settle_time(_: pytest.MonkeyPatch) -> Make:
    """Absent at the first two looks is taken for absent."""
    return lambda around: usual_engine(replace(around, settle=timedelta(0)))


class _CursorFirst(CompanyPass):
    async def _read_source(self, *, whole: bool) -> None:
        company, began = self._company, self._tools.clock()
        etag = None if whole else company.cursor_etag
        async for page in self._tools.source.pages(company.cursor, self._start, etag):
            place = {"cursor": page.cursor, "cursor_etag": page.etag, "compared_at": began}
            with self._ledger.begin() as connection:
                companies.change(connection, company.id, **place)
            with self._ledger.begin() as connection:
                intake.take_rows(connection, company, page.rows, began)


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


# Each is found by worlds of every kind as well, only later (in 400 seeds at the most).


def _lean_to_pauses(plan: Plan) -> Plan:
    plan = replace(plan, at_first=6, things=12, pauses=4, steps=(40.0, 310.0))
    return replace(plan, weather=Weather(0.02, 60.0, 40.0), schedule=None)


def _lean_to_late_answers(plan: Plan) -> Plan:
    """Half of the writes are carried out after qbdesk has given up; looks and passes go well."""
    memory = {"request_ids": "ignored", "refuse_duplicate_numbers": False}
    calm = {"limits": False, "most_in_flight": None, "query_lag": 0.0}
    plan = replace(plan, switches=plan.switches | memory | calm, mode="one", kills=0)
    plan = replace(plan, namesakes=False, corrections=False, clock_jumps=False, schedule=None)
    weather = Weather(0.5, 200.0, 1.0, only_late=True)
    return replace(plan, weather=weather, at_first=6, things=25, steps=(5.0, 40.0))


def lean_to_the_clock(plan: Plan) -> Plan:
    return replace(_lean_to_late_answers(plan), clock_jumps=True)


def _lean_to_two_desks(plan: Plan) -> Plan:
    memory = {"request_ids": "honoured", "request_id_ttl": None}
    switches = plan.switches | memory | {"refuse_duplicate_numbers": False}
    return replace(plan, switches=switches, mode="two desks", at_first=3, namesakes=False)


def _lean_to_kills_among_pages(plan: Plan) -> Plan:
    plan = replace(plan, mode="one", kills=30, at_first=20, things=3, page=1, steps=(310.0,))
    return replace(plan, weather=Weather(0.0, 60.0, 1.0), schedule=None, clock_jumps=False)


@dataclass(frozen=True)
class Broken:
    """One broken engine, worlds in which it soon shows, and how it shows."""

    break_it: Break
    lean: Lean
    shows: str


BROKEN = (
    Broken(fresh_request_id, _lean_to_two_desks, "doubled"),
    Broken(no_look_up, _lean_to_late_answers, "doubled"),
    Broken(no_settle_time, _lean_to_late_answers, "doubled"),
    Broken(cursor_before_its_page, _lean_to_kills_among_pages, "in no ledger"),
    Broken(token_used_before_it_is_stored, as_it_comes, "used before it was stored"),
    Broken(no_check_before_the_wire, _lean_to_pauses, "posted while paused"),
    Broken(clock_believed, lean_to_the_clock, "does not come to rest"),
)
