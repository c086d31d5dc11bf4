"""`make simulate SEEDS=n`: plays worlds on all cores, prints what became of them, and remembers it.

Worlds of the same engine sum up over several runs. SEED=n plays from that seed on, and shows
the trace of what fails.
"""

import argparse
import gc
import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from multiprocessing import util
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

import worlds  # noqa: E402 - the path comes first
from plans import Lean, as_it_comes, beyond_reach  # noqa: E402

BESIDE = ("simulate.py", "test_simulation.py", "broken.py", "kept_seeds.py")  # decide no world
# Nor do these, which no world loads: a worker that finds one loaded breaks off.
UNTOUCHED = (
    "qbdesk/practice/serve.py",
    "qbdesk/sync/companies_desk.py",
    "qbdesk/sync/doctor",
    "qbdesk/sync/ledger/listing.py",
    "qbdesk/sync/ledger/restoring.py",
    "qbdesk/sync/linux_keyring.py",
    "qbdesk/sync/service.py",
    "qbdesk/sync/totals/csv_file.py",
    "qbdesk/sync/totals/report.py",
)
CHUNK = 20  # seeds that a worker plays before it reports
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- simulation: begin -->", "<!-- simulation: end -->"
ENOUGH = 2_000  # worlds from which on the table in the document is written
BEYOND = 500  # worlds of which the document tells what happens beyond the promise


@dataclass
class Total:
    """What became of some worlds; they add up."""

    worlds: int = 0
    invoices: int = 0
    requests: int = 0
    faults: int = 0
    crashes: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    held: int = 0
    days: float = 0.0
    seconds: float = 0.0  # of one core
    reasons: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  # seed -> what is wrong

    def add(self, other: "Total") -> None:
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if each.name == "reasons":
                self.reasons = dict(Counter(mine) + Counter(theirs))
            elif each.name == "failed":
                self.failed = mine | theirs
            else:
                setattr(self, each.name, mine + theirs)


def play_some(seeds: list[int], lean: Lean) -> Total:
    """In a worker."""
    total = Total(worlds=len(seeds))
    began = time.process_time()
    for seed in seeds:
        try:
            result = worlds.play(seed, lean=lean)
        except Exception as error:
            total.wrong += 1
            total.failed[str(seed)] = f"the world itself broke: {error!r}"
            continue
        verdict = result.verdict
        total.invoices += verdict.shown
        total.requests += result.requests
        total.faults += result.faults
        total.crashes += result.crashes
        total.days += result.days
        total.held += len(verdict.held)
        for held in verdict.held:
            reason = held.partition(": ")[2]
            total.reasons[reason] = total.reasons.get(reason, 0) + 1
        total.lost += bool(verdict.lost)
        total.doubled += bool(verdict.doubled)
        total.wrong += bool(verdict.wrong)
        if not verdict.good:
            total.failed[str(seed)] = verdict.told
    total.seconds = time.process_time() - began
    for module in UNTOUCHED:
        assert module.removesuffix(".py").replace("/", ".") not in sys.modules, module
    return total


def _worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends them
    # Worlds leave little that lives on; looking through everything again and again costs a tenth.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # A worker leaves by a way of its own, on which atexit is not asked.
    util.Finalize(None, worlds.clear, exitpriority=10)


def play_all(
    seeds: Iterable[int], cores: int, lean: Lean = as_it_comes
) -> Iterator[tuple[list[int], Total]]:
    """Plays seeds on so many cores; yields what has been played as it comes in."""
    parts = _parts(list(seeds))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, mp_context=context, initializer=_worker) as pool:
        futures = {pool.submit(play_some, part, lean): part for part in parts}
        try:
            for future in as_completed(futures):
                yield futures.pop(future), future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _parts(seeds: list[int]) -> list[list[int]]:
    return [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]


# ---- what is remembered ----


def engine_hash() -> str:
    """Of all that decides what a seed's world is and what becomes of it."""
    digest = hashlib.sha256()
    rooms = ("qbdesk/sync", "qbdesk/practice", "tests/simulation")
    files = [file for room in rooms for file in sorted((ROOT / room).rglob("*.py"))]
    for file in [*files, ROOT / "tests" / "unit" / "invoices.py"]:
        name = file.relative_to(ROOT).as_posix()
        if file.name not in BESIDE and not name.startswith(UNTOUCHED):
            digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


class Memory:
    """The seeds that this engine has been through, in a file below build/."""

    def __init__(self) -> None:
        self._file = ROOT / "build" / f"simulation-{engine_hash()}.json"
        self.done: set[int] = set()
        self.total = Total()
        if self._file.exists():
            kept: dict[str, Any] = json.loads(self._file.read_text())
            self.done = {seed for first, end in kept["done"] for seed in range(first, end)}
            self.total = Total(**kept["total"])

    def add(self, seeds: list[int], total: Total) -> None:
        self.done |= set(seeds)
        self.total.add(total)

    def save(self) -> None:
        self._file.parent.mkdir(exist_ok=True)
        kept = {"done": _ranges(self.done), "total": asdict(self.total)}
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(kept))
        fresh.replace(self._file)


def _ranges(seeds: set[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for seed in sorted(seeds):
        if found and found[-1][1] == seed:
            found[-1][1] = seed + 1
        else:
            found.append([seed, seed + 1])
    return found


# ---- what is shown ----


def table(total: Total) -> str:
    """The figures as a table, in Markdown."""
    reasons = ", ".join(f"{name} {n:,}" for name, n in sorted(total.reasons.items()))
    rows = {
        "worlds": f"{total.worlds:,}",
        "paid invoices shown": f"{total.invoices:,}",
        "requests": f"{total.requests:,}",
        "faults": f"{total.faults:,}",
        "crashes": f"{total.crashes:,}",
        "**lost**": f"**{total.lost:,}**",
        "**doubled**": f"**{total.doubled:,}**",
        "wrong in another way": f"{total.wrong:,}",
        "held, for a true reason": f"{total.held:,}" + (f" ({reasons})" if reasons else ""),
        "virtual days": f"{total.days:,.0f}",
        "worlds per second of one core": f"{total.worlds / max(total.seconds, 1e-9):.1f}",
    }
    return "\n".join(["| | |", "|---|---:|", *(f"| {name} | {n} |" for name, n in rows.items())])


def _beyond_row(cores: int) -> str:
    """What happens where nothing is promised: it is counted, and no failure."""
    total = Total()
    for _, some in play_all(range(BEYOND), cores, beyond_reach):
        total.add(some)
    return (
        f"| {total.worlds:,} worlds beyond the promise (see *Out of reach*): with something lost, "
        f"doubled, held without need | {total.lost:,}, {total.doubled:,}, {total.wrong:,} |"
    )


def write_down(total: Total, seeds: str, cores: int) -> None:
    """Puts the table between the markers of docs/reliability.md."""
    told = (
        f"{datetime.now(UTC):%Y-%m-%d}, seeds {seeds}, engine {_commit()} (`{engine_hash()}`), "
        f"Python {sys.version.split()[0]}\n\n{table(total)}\n{_beyond_row(cores)}"
    )
    text = DOCUMENT.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}", "utf-8")


def _commit() -> str:
    asked = ["git", "-C", str(ROOT), "log", "-1", "--format=%h", "--", "qbdesk", "tests/simulation"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _show_progress(done: int, total: int, failed: int, began: float) -> None:
    rate = done / max(time.monotonic() - began, 1e-9)
    left = (total - done) / max(rate, 1e-9)
    if sys.stderr.isatty() or done == total:
        end = "\n" if done == total else "\r"
        sys.stderr.write(
            f"{done:,} of {total:,} worlds, {failed} failed, {rate:.1f} a second, "
            f"{left / 60:.0f} min to go   {end}"
        )
        sys.stderr.flush()


def show_failed(seeds: Iterable[str], *, most: int = 3) -> None:
    """The traces of some worlds that failed, and how to see them again."""
    for seed in list(seeds)[:most]:
        result = worlds.play(int(seed))
        sys.stdout.write("\n".join([*result.trace, ""]))
        sys.stdout.write(f"\nPlay it again: make simulate SEED={seed} SEEDS=1\n\n")


def run_one(first: int, number: int, cores: int) -> bool:
    """Plays some seeds and shows what fails; nothing is remembered."""
    total = Total()
    for _, some in play_all(range(first, first + number), cores):
        total.add(some)
        _say_failed(some)
    sys.stdout.write(f"{table(total)}\n")
    show_failed(total.failed)
    return not total.failed


def _say_failed(total: Total) -> None:
    for seed, told in sorted(total.failed.items(), key=lambda each: int(each[0])):
        sys.stdout.write(f"seed {seed}: {told}\n  make simulate SEED={seed} SEEDS=1\n")
    sys.stdout.flush()


def run_up_to(number: int, cores: int) -> bool:
    """Plays the seeds below `number` that this engine has not been through."""
    memory = Memory()
    todo = [seed for seed in range(number) if seed not in memory.done]
    began, played = time.monotonic(), 0
    try:
        for seeds, total in play_all(todo, cores):
            memory.add(seeds, total)
            _say_failed(total)
            played += len(seeds)
            _show_progress(played, len(todo), len(memory.total.failed), began)
            if played % 200 < CHUNK:
                memory.save()
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped; the same command goes on from here.\n")
    memory.save()
    sys.stdout.write(f"{table(memory.total)}\n")
    _say_failed(memory.total)
    whole = not memory.total.failed
    if whole and len(memory.done) >= ENOUGH:
        seeds_told = ", ".join(f"{first}-{end - 1}" for first, end in _ranges(memory.done))
        write_down(memory.total, seeds_told, cores)
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    told = parser.parse_args()
    if told.seed is not None:
        whole = run_one(told.seed, told.seeds, told.cores)
    else:
        whole = run_up_to(told.seeds, told.cores)
    worlds.clear()
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
