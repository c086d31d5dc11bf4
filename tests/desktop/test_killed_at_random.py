"""Real processes, killed at any moment and started side by side: each invoice is posted once.

QuickBooks heeds no request id here, so that nothing rests on its memory. `make kill` does the
same for longer: QBDESK_TEST_KILLS, QBDESK_TEST_INVOICES, QBDESK_TEST_SEED.
"""

import logging
import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from command_line import (
    PATIENCE,
    Desk,
    Practice,
    Running,
    at_once,
    ended,
    side_by_side,
    started,
    until,
)
from once_each import SETTLED_SOON, at_rest, forgets, wrong_in_quickbooks

__all__ = ["started"]
figures = logging.getLogger("figures")
KILLS = int(os.environ.get("QBDESK_TEST_KILLS", "12"))
INVOICES = int(os.environ.get("QBDESK_TEST_INVOICES", "60"))
# A pass may take long on a busy machine, and each is killed only after a while.
pytestmark = [pytest.mark.desktop, pytest.mark.timeout(600 + 60 * KILLS)]
SEED = os.environ.get("QBDESK_TEST_SEED") or str(Random().randrange(1_000_000))
ROUNDS = 4
MOST_SECONDS = 60.0  # that a pass lives before it is killed
AT_THE_START = 0.2  # of the kills


@dataclass
class Killer:
    """Ends passes at random moments: some while the program starts, most after it has first asked
    something of QuickBooks. How long after that at most is such that the backlog lasts for all."""

    desk: Desk
    random: Random
    longest: float = 1.0  # seconds
    killed: int = 0

    def kill_one(self) -> bool:
        """Whether it was still alive."""
        with ended(self.desk.start("sync", "--json", **SETTLED_SOON)) as process:
            if self.random.random() < AT_THE_START:
                moment = self.random.uniform(0, 1)
            else:
                self._wait_for_a_request(process)
                moment = self.random.uniform(0, self.longest)
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            alive = process.poll() is None
            process.kill()
        self.killed += alive
        ahead = sum(self.desk.practice.counts()) / (2 * INVOICES) > self.killed / KILLS
        self.longest = min(max(0.1, self.longest * (0.9 if ahead else 1.1)), MOST_SECONDS)
        return alive

    def _wait_for_a_request(self, process: Running) -> None:
        def asked() -> Any:
            return self.desk.practice.look("books")["requests"]

        before = asked()
        until(lambda: process.poll() is not None or asked() != before)


@side_by_side(invoices=INVOICES)
def test_killed_at_any_moment_each_invoice_is_posted_once(desk: Desk) -> None:
    practice = forgets(desk.practice)
    killer = Killer(desk, Random(SEED))
    began = time.monotonic()
    while killer.killed < KILLS:
        if killer.kill_one() and killer.killed % 20 == 0:
            figures.warning("%d killed, posted %s", killer.killed, practice.counts())
    before = practice.counts()
    done = at_rest(desk, PATIENCE + INVOICES)
    figures.warning(
        "seed %s: %d kills over %d invoices in %.0f s; posted before the last pass %s, after it %s",
        *(SEED, killer.killed, INVOICES, time.monotonic() - began, before, practice.counts()),
    )
    assert (done.status, done.json()["needs_attention"]) == (0, 0), f"seed {SEED}"
    assert wrong_in_quickbooks(practice) == [], f"seed {SEED}"
    assert {row.status for row in desk.rows()} == {"synced"}


def more(practice: Practice, number: int) -> list[dict[str, Any]]:
    """So many further invoices of a client that is there."""
    at = len(practice.documents())
    like = practice.documents()[0]
    return [{**like, "id": f"more-{n}", "number": f"M-{n}"} for n in range(at, at + number)]


@side_by_side(invoices=12)
def test_two_passes_started_together_again_and_again_take_turns(desk: Desk) -> None:
    practice = forgets(desk.practice)
    for number in (12, 3, 11):
        if number != 12:
            practice.show(*more(practice, number))
        one, other = at_once(*[lambda: desk.run("sync", "--json")] * 2)
        assert (one.status, other.status) == (0, 0)
        assert sorted((one.json()["synced"], other.json()["synced"])) == [0, number]
        assert wrong_in_quickbooks(practice) == []


@side_by_side(invoices=12)
def test_of_two_passes_started_together_the_other_goes_on_when_one_is_killed(desk: Desk) -> None:
    practice, random = forgets(desk.practice), Random(SEED)
    for _ in range(ROUNDS):
        practice.show(*more(practice, random.choice((2, 11))))
        with (
            ended(desk.start("sync", "--json", **SETTLED_SOON)) as one,
            ended(desk.start("sync", "--json", **SETTLED_SOON)) as other,
        ):
            with suppress(subprocess.TimeoutExpired):
                one.wait(random.uniform(0.5, 2.0))
            one.kill()
            assert desk.end(other).status == 0, f"seed {SEED}"
    assert at_rest(desk).status == 0, f"seed {SEED}"
    assert wrong_in_quickbooks(practice) == [], f"seed {SEED}"
