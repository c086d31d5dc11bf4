"""One seed, one world: a practice company, one or two programs that post to it, and bad luck."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from audit import Verdict, judge
from desk import NAME, SETTLE, Desk, Home, own_tasks
from feed_rows import Source
from network import Network, Traced, in_words
from places import Place
from plans import DAY, Lean, as_it_comes, plan_of
from virtual_time import START, Time, VirtualLoop

from qbdesk.practice.switches import Switches
from qbdesk.practice.world import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    SOURCE_TOKEN,
    PracticeWorld,
)
from qbdesk.sync.clients import Surroundings, source_secret
from qbdesk.sync.engine import Engine
from qbdesk.sync.keepers import secret_name
from qbdesk.sync.ledger import companies, invoices
from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.ledger.tables import step
from qbdesk.sync.quickbooks.oauth import TokenSet
from qbdesk.sync.vault import KeyringVault
from qbdesk.sync.views import PassResult

# Passes that a healed world may take until nothing moves any more. What leaves under another
# request id than before waits for twelve settle times first.
MOST_ROUNDS = 14 + 12
Make = Callable[[Surroundings], Engine]


def usual_engine(around: Surroundings) -> Engine:
    return Engine(around, lambda _event: None)


@dataclass
class Result:
    """What became of a world."""

    seed: int
    verdict: Verdict
    requests: int
    faults: int
    crashes: int
    days: float
    traced: list[Traced] = field(repr=False)

    @property
    def trace(self) -> list[str]:
        """Everything that happened, line by line."""
        return [in_words(entry) for entry in self.traced]


class World:
    """Plays one seed. For one use."""

    def __init__(self, seed: int, place: Place, loop: VirtualLoop, make: Make, lean: Lean) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.plan = lean(plan_of(self.random))
        self.time = Time(loop)
        self.loop = loop
        self.place = place
        self.make = make
        self.trace: list[Traced] = [f"{self.plan}"]
        switches = Switches()
        switches.change(self.plan.switches)
        self.practice = PracticeWorld(
            invoices=0, seed=1, clock=self.time.true, switches=switches, sleep=asyncio.sleep
        )
        self.company = self.practice.company
        self.net = Network(
            self.practice.app(),
            self.company,
            self.random,
            self.trace,
            replace(self.plan.weather, trouble=0.0),
        )
        self.net.page = self.plan.page
        self.net.watch = self._watch
        self.source = Source(self.practice.feed, self.random, namesakes=self.plan.namesakes)
        self.homes: dict[str, Home] = {}
        self.desks: dict[str, Desk] = {}
        self.backups: dict[str, bytes] = {}
        self.kills_left = self.plan.kills
        self.crashes = 0
        self.paused_at: Any = None

    # ---- programs ----

    def _set_up(self) -> None:
        names = ["A", "B"] if self.plan.mode == "two desks" else ["A"]
        for name in names:
            self.homes[name] = self.place.home(name)
            self._sign_in(self.homes[name])
        self._open("A", "A")
        if self.plan.mode == "two desks":
            self._open("B", "B")
        elif self.plan.mode == "two programs":
            self._open("B", "A")

    def _sign_in(self, home: Home) -> None:
        vault = KeyringVault(home.folder, home.keyring)
        sign_in = self.company.sign_in
        tokens = sign_in.exchange(sign_in.consent(), REDIRECT_URI)
        vault.begin(NAME, tokens.refresh_token)
        vault.store_secret(secret_name(CLIENT_ID), CLIENT_SECRET)
        vault.store_secret(source_secret(NAME), SOURCE_TOKEN)

    def _open(self, name: str, home: str) -> Desk:
        fuse = None
        if self.kills_left and self.random.random() < 0.7:
            self.kills_left -= 1
            fuse = int(self.random.expovariate(1 / 60)) + 1
        desk = Desk(
            name,
            self.homes[home],
            self.time,
            self.net,
            fuse=fuse,
            interval=self.plan.schedule,
            make=self.make,
            chance=self.random.random,
        )
        self.desks[name] = desk
        self._note(f"{name} starts on home {home}" + (f", fuse {fuse}" if fuse else ""))
        if self.plan.schedule is not None:
            desk.do(desk.engine.start_schedule)
        return desk

    def _home_of(self, desk: Desk) -> str:
        return next(name for name, home in self.homes.items() if home is desk.home)

    async def _replace_the_dead(self) -> None:
        for name, desk in list(self.desks.items()):
            if not desk.alive:
                await self._bury(desk)
                self._open(name, self._home_of(desk))

    async def _bury(self, desk: Desk) -> None:
        if desk.killed_at:
            self.crashes += 1
            self._note(f"{desk.name} was killed at {desk.killed_at}")
            desk.killed_at = ""
        await desk.gone()

    async def _kill(self, desk: Desk) -> None:
        if desk.alive:
            desk.die("a moment of its own")
        await self._bury(desk)

    def _note(self, what: str) -> None:
        self.trace.append(f"{self.time.true():%d %H:%M:%S} {what}")

    # ---- things that happen ----

    async def run(self) -> Result:
        self._set_up()
        for _ in range(self.plan.at_first):
            self.source.turn_paid()
        self.net.weather.trouble = self.plan.weather.trouble
        for _ in range(self.plan.things):
            await self._happens()
            await asyncio.sleep(self.random.choice(self.plan.steps))
            if self.random.random() < 0.8:
                await self._replace_the_dead()
        began = self.loop.time()
        verdict = await self._heal_and_judge()
        self._note(f"healed within {self.loop.time() - began:.0f} s: {verdict}")
        for desk in self.desks.values():
            desk.alive = False
            await desk.gone()
        days = (self.time.true() - START).total_seconds() / DAY
        counts = self.net.counts
        return Result(
            self.seed, verdict, counts.requests, counts.faults, self.crashes, days, self.trace
        )

    async def _happens(self) -> None:
        happenings: list[tuple[Callable[[], Any], int]] = [
            (self._passes, 8),
            (self.source.turn_paid, 3),
            (self.source.remark, 1),
            (self.source.repeat, 1),
            (self.source.break_one, 1),
            (self._lock_keyring, 1),
            (self._change_weather, 1),
            (self._suspend, 1),
            (self._pause, self.plan.pauses),
            (self._limit_storm, 1),
            (self._expire_cursors, 1),
        ]
        if self.random.random() < 0.1:
            happenings.append((self.source.take_a_number_twice, 3))
        if self.plan.corrections:
            happenings.append((self.source.correct, 2))
        if self.plan.clock_jumps:
            happenings.append((self._set_clock, 3))
        if self.plan.kills:
            happenings.append((self._cut_power, 1))
        if self.plan.mode == "backup":
            happenings += [(self._back_up, 3), (self._restore, 3)]
        if self.plan.mode == "reinstall":
            happenings.append((self._reinstall, 2))
        what = self.random.choices([h for h, _ in happenings], [w for _, w in happenings])[0]
        self._note(what.__name__.strip("_").replace("_", " "))
        done = what()
        if asyncio.iscoroutine(done):
            await done

    def _passes(self) -> None:
        for desk in self.desks.values():
            if desk.alive and (len(self.desks) == 1 or self.random.random() < 0.7):
                afresh = self.random.random() < 0.1
                desk.start(self._one_pass(desk, afresh=afresh))

    async def _one_pass(self, desk: Desk, *, afresh: bool) -> PassResult:
        result = await desk.engine.run_pass(NAME, afresh=afresh)
        self._note(f"{desk.name} ended a pass: {result.synced} synced, {result.stopped}")
        return result

    def _lock_keyring(self) -> None:
        home = self.random.choice(list(self.homes.values()))
        home.locked = not home.locked

    def _change_weather(self) -> None:
        calm = self.net.weather.trouble == 0
        self.net.weather.trouble = self.plan.weather.trouble if calm else 0.0

    def _limit_storm(self) -> None:
        """Others use up what Intuit allows, or have ended."""
        storm = self.company.switches.requests_per_minute < 500
        self.company.switches.limits = self.plan.switches["limits"] if storm else True
        self.company.switches.requests_per_minute = 500 if storm else 6

    def _expire_cursors(self) -> None:
        switches = self.company.switches
        switches.feed_mode = "fine" if switches.feed_mode == "expired" else "expired"

    def _suspend(self) -> None:
        self.time.sleep_through(self.random.choice((30.0, 600.0, 4 * 3600.0, 2 * DAY)))

    def _set_clock(self) -> None:
        self.time.set_clock(self.random.choice((-DAY, -3600.0, -120.0, 120.0, 3600.0, DAY)))

    async def _cut_power(self) -> None:
        await self._kill(self.random.choice(list(self.desks.values())))

    def _pause(self) -> None:
        """A person pauses the company or goes on, in another program."""
        pausing = self.paused_at is None
        self.paused_at = self.time.shown() if pausing else None
        for home in self.homes.values():
            with home.ledger.begin() as connection:
                company = companies.named(connection, NAME)
                assert company is not None
                companies.change(connection, company.id, paused=pausing)

    def _back_up(self) -> None:
        self.backups["A"] = self.place.copy("A")

    async def _restore(self) -> None:
        """A person puts an old ledger back, which takes longer than the settle time."""
        if "A" in self.backups:
            await self._another_ledger(self.backups["A"])

    async def _reinstall(self) -> None:
        await self._another_ledger(None)

    async def _another_ledger(self, content: bytes | None) -> None:
        for desk in self.desks.values():
            await self._kill(desk)
        await asyncio.sleep(SETTLE.total_seconds() + self.random.random() * 3600)
        self.place.put("A", content)
        self.paused_at = None
        with self.homes["A"].ledger.begin() as connection:
            company = companies.named(connection, NAME)
            assert company is not None
            companies.change(connection, company.id, paused=False)
        await self._replace_the_dead()

    def _watch(self, desk: Desk, request: Any, kind: str) -> None:
        """What leaves a paused company was committed before the pause."""
        if self.paused_at is None or kind != "write":
            return
        told = request.url.params.get("requestid")
        with desk.home.ledger.begin() as connection:
            for record in connection.execute(
                step.select().where(step.c.request_id == told, step.c.sent_at > self.paused_at)
            ):
                self.net.violations.append(f"posted while paused: {record.operation}")

    # ---- the end ----

    async def _heal_and_judge(self) -> Verdict:
        self._note("heals")
        self.net.weather.trouble = 0.0
        self.net.weather.latency = 1.0
        self.company.switches.requests_per_minute = 500
        self.company.switches.limits = False
        self.kills_left = 0
        self.time.set_right()
        if self.paused_at is not None:
            self._pause()
        for home in self.homes.values():
            home.locked = False
        for desk in self.desks.values():
            desk.fuse = None
        await self._replace_the_dead()
        # What runs may wait for its own time-outs and pauses.
        await asyncio.sleep(SETTLE.total_seconds() + self.plan.weather.latest)
        stopped: str | None = None
        for _ in range(MOST_ROUNDS):
            stopped = None
            for desk in self.desks.values():
                task = desk.start(self._one_pass(desk, afresh=False))
                result = await task
                if result.stopped and "Sign in again" in result.stopped:
                    await self._sign_in_again(desk)
                stopped = stopped or result.stopped
            await asyncio.sleep(SETTLE.total_seconds() + 5)
            if stopped is None and self._at_rest():
                break
        self.company.catch_up()
        return judge(self, stopped)

    async def _sign_in_again(self, desk: Desk) -> None:
        """A person does. That it is needed is true when Intuit knows no token of this home."""
        sign_in = self.company.sign_in
        for entry in desk.home.keyring.entries.values():
            grant = sign_in._by_refresh_token.get(entry.rpartition(" ")[2])
            if grant is not None and grant.refresh_token in entry and not grant.ended:
                self.net.violations.append("asked to sign in again with a good token at hand")
        tokens = sign_in.exchange(sign_in.consent(), REDIRECT_URI)
        now = self.time.shown()
        with desk.home.ledger.begin() as connection:
            company = companies.named(connection, NAME)
        assert company is not None
        fresh = TokenSet(
            tokens.access_token,
            now + timedelta(seconds=tokens.expires_in),
            tokens.refresh_token,
            now + timedelta(seconds=tokens.refresh_expires_in),
            None,
        )
        await desk.start(desk.engine.keepers.of(company).adopt(fresh))

    def _at_rest(self) -> bool:
        for home in self.homes.values():
            with home.ledger.begin() as connection:
                company = companies.named(connection, NAME)
                assert company is not None
                if invoices.under_way(connection, company.id):
                    return False
                open_states = (StepState.SENT, StepState.UNKNOWN)
                if connection.execute(
                    step.select().where(step.c.state.in_(open_states)).limit(1)
                ).first():
                    return False
        return True


_place: Place | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """qbdesk's own log says nothing that the trace does not."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def play(seed: int, make: Make = usual_engine, lean: Lean = as_it_comes) -> Result:
    """Plays one world to its end and judges it. `lean`: what makes some trouble more likely."""
    global _place  # one for each process: its ledgers' statements stay compiled
    if _place is None or not _place.folder.exists():
        _place = Place()
    loop = VirtualLoop()
    loop.set_task_factory(own_tasks)  # type: ignore[arg-type]
    with quiet():
        try:
            world = World(seed, _place, loop, make, lean)
            return loop.run_until_complete(world.run())
        finally:
            loop.close()


def clear() -> None:
    global _place
    if _place is not None:
        _place.clear()
        _place = None
