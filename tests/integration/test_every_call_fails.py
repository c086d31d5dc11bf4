"""Every call below the program fails, one world for each: once, or from then on until a new start.

The first call of a kind fails in the first world, the second in the next, until in one world there
were not so many calls. Afterwards each paid invoice and its payments are in QuickBooks once.
Usually some of the calls are taken, others each time; `make exhaustive` takes them all. The seed in
every failure says which: QBDESK_TEST_SEED.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from failing_calls import ANSWER, COMMIT, CONNECTION, DATABASE, HALF, KEYRING, REQUEST, Failure
from small_world import SmallWorld

figures = logging.getLogger("figures")
ALL_CALLS = "QBDESK_TEST_ALL_CALLS" in os.environ
SEED = os.environ.get("QBDESK_TEST_SEED") or str(Random().randrange(1_000_000))
# One of so many calls is taken.
STRIDES = {DATABASE: 110, COMMIT: 24, CONNECTION: 9, REQUEST: 8, ANSWER: 5, KEYRING: 8, HALF: 8}
pytestmark = pytest.mark.timeout(36_000 if ALL_CALLS else 600)
IN_MEMORY = Path("/dev/shm")  # where there is one; a disk would make this ten times as long


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else tmp_path) as made:
        yield Path(made)


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("kind", STRIDES)
def test_whichever_call_fails_each_invoice_is_posted_once(
    kind: str, lasts: bool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for talkative in ("qbdesk", "sqlalchemy"):  # a few lines for each world
        caplog.set_level(logging.CRITICAL, talkative)
    stride = 1 if ALL_CALLS else STRIDES[kind]
    first = at = 1 + Random(f"{SEED}:{kind}:{lasts}").randrange(stride)
    how = f"{kind}, {'from then on' if lasts else 'once'}"
    while True:
        failure = Failure(kind, at, lasts)
        small = SmallWorld(folder / str(at), failure)
        told = f"{how}, at {at}; seed {SEED}"
        try:
            small.run()
        except AssertionError as error:
            pytest.fail(f"{told}: {error}")
        assert small.audit() == [], told
        if not failure.came:
            break
        at += stride
    worlds = len(range(first, failure.calls + 1, stride))
    figures.warning(f"{how}: {worlds} of {failure.calls} calls failed, a world each")
    assert worlds > 0, told
