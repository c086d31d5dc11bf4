"""Seeded worlds: after each, every paid invoice is in the books once, or visibly held."""

import os
from collections.abc import Iterator

import pytest
import worlds
from broken import BROKEN, Broken
from kept_seeds import KEPT, Kept
from simulate import Total, play_all

WORLDS = 2000
MOST_SEEDS = 200  # within which every broken engine has to be found


@pytest.fixture(scope="module", autouse=True)
def _no_files_stay() -> Iterator[None]:
    yield
    worlds.clear()


@pytest.mark.parametrize("kept", KEPT, ids=lambda each: each.why)
def test_a_world_that_once_failed_stays_whole(kept: Kept) -> None:
    assert worlds.play(kept.seed, lean=kept.lean).verdict.good


def test_a_seed_is_always_the_same_world() -> None:
    for seed in range(1000, 1020):
        assert worlds.play(seed).trace == worlds.play(seed).trace


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.break_it.__name__)
def test_an_engine_without_one_safety_is_found(
    broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = broken.break_it(monkeypatch)
    played = (worlds.play(seed, make, broken.lean).verdict for seed in range(MOST_SEEDS))
    assert any(broken.shows in verdict.told for verdict in played)


@pytest.mark.timeout(1200)
def test_nothing_is_lost_or_doubled_in_two_thousand_worlds() -> None:
    total = Total()
    for _, some in play_all(range(WORLDS), os.cpu_count() or 1):
        total.add(some)
    assert total.failed == {}
    assert total.worlds == WORLDS
    assert total.crashes > WORLDS / 10
    assert total.faults > WORLDS
