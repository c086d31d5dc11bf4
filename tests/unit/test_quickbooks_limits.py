"""Intuit's limits hold over any sliding second and minute, whatever is asked for and when."""

import asyncio
import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quickbooks_support import Log, VirtualTime

from qbdesk.sync.quickbooks.limits import Counts, Limiter, RequestKind

KINDS = st.sampled_from(["read", "write", "batch"])
JITTER = 0.3  # seconds by which requests may come closer together on their way
INTUIT = [(10, 1.0, "any"), (500, 60.0, "any"), (40, 60.0, "batch")]


def limiter(time: VirtualTime, log: Log) -> Limiter:
    return Limiter(log, wall=time.wall, monotonic=time.monotonic, sleep=time.sleep)


class Sent:
    """When each request truly left."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self.requests: list[tuple[float, RequestKind]] = []

    async def by(self, limiter: Limiter, kind: RequestKind) -> None:
        await limiter.turn(kind)
        self.requests.append((self._time.now, kind))

    def assert_within_limits(self) -> None:
        for most, seconds, kind in INTUIT:
            times = [at for at, each in self.requests if kind in ("any", each)]
            for first, one_too_many in zip(times, times[most:], strict=False):
                assert one_too_many - first > seconds + JITTER / 2


Burst = tuple[float, Sequence[RequestKind]]
BURSTS: st.SearchStrategy[list[Burst]] = st.lists(
    st.tuples(st.floats(0, 40), st.lists(KINDS, max_size=80)), max_size=12
)


@given(BURSTS, st.lists(st.floats(-4000, 4000), max_size=12))
async def test_no_window_ever_holds_too_many_even_if_the_clock_is_set(
    bursts: list[Burst], clock_changes: list[float]
) -> None:
    time = VirtualTime()
    one, sent = limiter(time, Log()), Sent(time)
    changes = iter(clock_changes)
    for gap, kinds in bursts:
        await time.run(*(sent.by(one, kind) for kind in kinds))
        time.now += gap
        time.wall_offset += next(changes, 0.0)
    sent.assert_within_limits()
    assert one.counts == Counts(
        reads=sum(kind == "read" for _, kind in sent.requests),
        writes=sum(kind == "write" for _, kind in sent.requests),
        batches=sum(kind == "batch" for _, kind in sent.requests),
    )
    assert len(sent.requests) == sum(len(kinds) for _, kinds in bursts)


@given(BURSTS, st.lists(st.floats(-4000, 0), max_size=12))
async def test_the_limits_hold_across_restarts_and_a_clock_that_is_set_back(
    bursts: list[Burst], clock_changes: list[float]
) -> None:
    time, log = VirtualTime(), Log()
    sent = Sent(time)
    changes = iter(clock_changes)
    for gap, kinds in bursts:
        fresh = limiter(time, log)
        await time.run(*(sent.by(fresh, kind) for kind in kinds))
        time.now += gap
        time.wall_offset += next(changes, 0.0)
    sent.assert_within_limits()


@pytest.mark.parametrize("set_by", [-3600.0, 0.0])
async def test_a_clock_that_is_set_back_costs_a_minute_at_most(set_by: float) -> None:
    time, log = VirtualTime(), Log()
    one, sent = limiter(time, log), Sent(time)
    await time.run(*(sent.by(one, "batch") for _ in range(39)))
    time.wall_offset += set_by
    assert 50 < limiter(time, log).wait("batch") <= 61


async def test_a_free_limiter_makes_nobody_wait() -> None:
    time = VirtualTime()
    one, sent = limiter(time, Log()), Sent(time)
    await time.run(*(sent.by(one, "read") for _ in range(9)))
    assert time.now == 1000.0


@pytest.mark.parametrize(
    ("kind", "number", "seconds"), [("write", 490, 65.0), ("write", 980, 140.0), ("batch", 78, 61)]
)
async def test_the_limits_are_used_to_the_full(
    kind: RequestKind, number: int, seconds: float
) -> None:
    time = VirtualTime()
    one, sent = limiter(time, Log()), Sent(time)
    await time.run(*(sent.by(one, kind) for _ in range(number)))
    sent.assert_within_limits()
    assert time.now - 1000.0 <= seconds + 10


async def test_a_waiting_batch_holds_up_no_other_request() -> None:
    time = VirtualTime()
    one, sent = limiter(time, Log()), Sent(time)
    await time.run(*(sent.by(one, "batch") for _ in range(39)))
    before = time.now
    await time.run(sent.by(one, "batch"), sent.by(one, "read"))
    assert [kind for _, kind in sent.requests[-2:]] == ["read", "batch"]
    assert sent.requests[-2][0] - before < 2


async def test_a_pause_holds_everybody_and_the_longer_one_counts() -> None:
    time = VirtualTime()
    one, sent = limiter(time, Log()), Sent(time)
    one.pause(60)
    one.pause(5)
    assert one.pause_left == 60
    assert one.wait("read") == 60
    await time.run(sent.by(one, "read"), sent.by(one, "batch"))
    assert [at for at, _ in sent.requests] == [1060.0, 1060.0]
    assert one.pause_left == 0


async def test_what_another_program_sends_meanwhile_is_counted_once_it_is_recalled() -> None:
    time, log = VirtualTime(), Log()
    one, other = limiter(time, log), limiter(time, log)
    mine, others = Sent(time), Sent(time)
    await time.run(*(mine.by(one, "batch") for _ in range(20)))
    await time.run(*(others.by(other, "batch") for _ in range(10)))
    one.pause(30)
    one.recall()
    assert one.counts == Counts(batches=20)
    assert one.pause_left == 30
    await time.run(*(mine.by(one, "batch") for _ in range(9)))
    assert one.wait("batch") > 10  # 39 have left in this minute
    assert one.counts.since(Counts(batches=20)) == Counts(batches=9)


async def test_a_cancelled_wait_uses_up_no_turn() -> None:
    time, log = VirtualTime(), Log()
    one = limiter(time, log)
    one.pause(60)
    waiting = asyncio.ensure_future(one.turn("write"))
    await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert log.rows == []
    assert one.counts == Counts()


async def test_what_is_remembered_carries_wall_clock_time() -> None:
    time, log = VirtualTime(), Log()
    one, sent = limiter(time, log), Sent(time)
    await time.run(sent.by(one, "write"))
    assert log.rows == [(time.wall(), "write")]
