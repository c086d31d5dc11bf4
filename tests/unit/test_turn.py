"""The turn of a home: shared by the passes of one program, never by two programs."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from qbdesk.sync.turn import WAITING, Turn, turn_of_a_command


class Desk:
    """A program on the home: takes the turn for a named pass, and keeps it until it is let go."""

    def __init__(self, home: Path, at_work: list[str]) -> None:
        self._turn = Turn(home, sleep=_soon)
        self._at_work = at_work
        self._ends: dict[str, asyncio.Event] = {}
        self._passes: dict[str, asyncio.Task[None]] = {}
        self.said: list[str] = []

    def begin(self, name: str) -> None:
        self._ends[name] = asyncio.Event()
        self._passes[name] = asyncio.create_task(self._pass(name))

    async def _pass(self, name: str) -> None:
        async with self._turn.taken(self.said.append):
            self._at_work.append(name)
            await self._ends[name].wait()
            self._at_work.remove(name)

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._passes[name]

    async def stop(self, name: str) -> None:
        self._passes[name].cancel()
        await asyncio.wait([self._passes[name]])


async def _soon(_seconds: float) -> None:
    await asyncio.sleep(0.001)


async def _until(at_work: list[str], *names: str) -> None:
    async with asyncio.timeout(10):
        while at_work != list(names):
            await asyncio.sleep(0)


async def _settled() -> None:
    """So many rounds of the loop that whoever may begin has begun."""
    for _ in range(100):
        await asyncio.sleep(0.0001)


async def test_passes_of_one_program_share_its_turn(tmp_path: Path) -> None:
    at_work: list[str] = []
    desk = Desk(tmp_path, at_work)
    desk.begin("slow")
    desk.begin("quick")
    await _until(at_work, "slow", "quick")
    await desk.end("quick")
    assert at_work == ["slow"]
    assert _is_held(tmp_path)
    await desk.end("slow")
    assert not _is_held(tmp_path)


async def test_two_programs_are_never_at_work_together(tmp_path: Path) -> None:
    at_work: list[str] = []
    one, two = Desk(tmp_path, at_work), Desk(tmp_path, at_work)
    one.begin("a")
    await _until(at_work, "a")
    two.begin("b")
    await _settled()
    assert at_work == ["a"]
    assert two.said == [WAITING]
    await one.end("a")
    await _until(at_work, "b")
    await two.end("b")


async def test_no_further_pass_joins_in_while_another_program_waits(tmp_path: Path) -> None:
    at_work: list[str] = []
    one, two = Desk(tmp_path, at_work), Desk(tmp_path, at_work)
    one.begin("a")
    await _until(at_work, "a")
    two.begin("b")
    await _settled()
    one.begin("c")
    await _settled()
    assert at_work == ["a"]
    await one.end("a")
    await _until(at_work, "b")
    await two.end("b")
    await _until(at_work, "c")
    await one.end("c")


async def test_whoever_stops_waiting_stands_in_nobodys_way(tmp_path: Path) -> None:
    at_work: list[str] = []
    one, two = Desk(tmp_path, at_work), Desk(tmp_path, at_work)
    one.begin("a")
    await _until(at_work, "a")
    two.begin("b")
    await _settled()
    await two.stop("b")
    one.begin("c")
    await _until(at_work, "a", "c")
    await one.end("a")
    await one.end("c")
    assert not _is_held(tmp_path)


def test_a_command_takes_the_same_turn(tmp_path: Path) -> None:
    said: list[str] = []
    with turn_of_a_command(tmp_path, said.append):
        assert _is_held(tmp_path)
    assert not _is_held(tmp_path)
    assert said == []


def _is_held(home: Path) -> bool:
    with _another_program(home) as taken:
        return not taken


@contextmanager
def _another_program(home: Path) -> Iterator[bool]:
    lock = FileLock(home / "engine.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    yield True
    lock.release()
