"""qbdesk, a plain loop and what Intuit's limits allow, side by side.

The practice company runs in a process of its own with the limits on, and is asked over real HTTP.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import backlog
from company import Arrived, Company
from desk import Desk, over_http
from integrator import Loop
from tables import Table

SIZES = (1, 100, 3000)
QUICK_SIZES = (1, 100)
BATCH, BATCHES_A_MINUTE, REQUESTS_A_SECOND = 30, 40, 10  # Intuit: "API call limits and throttling"
REAL = bool(os.environ.get("REAL"))
IDLE_PASSES = 60


@dataclass(frozen=True)
class Run:
    """What a number of invoices came to."""

    who: str
    invoices: int
    arrived: Arrived
    seconds: float

    def row(self) -> tuple[str, ...]:
        each = self.invoices
        done = self.arrived
        return (
            self.who,
            f"{each:,}",
            f"{done.reads:,}",
            f"{done.writes:,}",
            f"{done.batches:,}",
            f"{done.requests / each:.3f}",
            f"{done.metered / each:.3f}",
            _time(self.seconds),
            f"{each / self.seconds * 60:,.0f}" if each > 1 and self.seconds else "",
        )


def _time(seconds: float) -> str:
    return (
        f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {seconds % 60:02.0f} s"
    )


def tables(*, quick: bool) -> Iterator[Table]:
    runs: list[Run] = []
    for size in QUICK_SIZES if quick else SIZES:
        runs += [qbdesk(size), loop(size), ceiling(size)]
    head = (
        *("", "invoices", "reads", "writes", "batches"),
        *("requests an invoice", "metered an invoice", "time", "invoices a minute"),
    )
    yield Table("limits", head, [run.row() for run in runs])
    if not REAL:
        yield Table(
            "trickle",
            ("", "metered reads", "unmetered writes", "batches"),
            [(who, str(a.reads), str(a.writes), str(a.batches)) for who, a in trickle()],
        )


def qbdesk(size: int) -> Run:
    """A first `sync`: nothing is known but what connecting has asked for."""
    with TemporaryDirectory() as folder, Company(real=REAL) as company:
        desk = Desk(Path(folder) / "home", company.place, company.clock)
        desk.connect(over_http)
        company.add_customers(1, size)
        company.show(1, size)
        before, began = company.arrived(), company.clock.monotonic()
        result = desk.sync()
        seconds = company.clock.monotonic() - began
        arrived = company.arrived().since(before)
        desk.close()
    assert result.synced == size, result
    _assert_whole(arrived, size)
    return Run("qbdesk", size, arrived, seconds)


def loop(size: int) -> Run:
    with Company(real=REAL) as company:
        company.add_customers(1, size)
        plain = Loop(company.place, company.clock)
        before, began = company.arrived(), company.clock.monotonic()
        plain.post(backlog.invoices(1, size, company.clock()))
        seconds = company.clock.monotonic() - began
        arrived = company.arrived().since(before)
    _assert_whole(arrived, size)
    return Run("python-quickbooks, a plain loop", size, arrived, seconds)


def _assert_whole(arrived: Arrived, size: int) -> None:
    assert (arrived.invoices, arrived.payments) == (size, size), arrived
    assert arrived.throttled == 0, f"{arrived.throttled} requests came too fast."


def ceiling(size: int) -> Run:
    """Nothing but the writes, in full batches, as early as the limits let them leave."""
    writes = 2 * size + sum(map(backlog.is_new, range(1, size + 1)))
    if writes < BATCH:
        arrived = Arrived(0, writes, 0, 0, size, size)
        return Run("the ceiling", size, arrived, (writes - 1) / REQUESTS_A_SECOND)
    batches = math.ceil(writes / BATCH)
    minutes, rest = divmod(batches - 1, BATCHES_A_MINUTE)
    arrived = Arrived(0, 0, batches, 0, size, size)
    return Run("the ceiling", size, arrived, 60 * minutes + rest / REQUESTS_A_SECOND)


def trickle() -> Iterator[tuple[str, Arrived]]:
    """What single invoices cost by the schedule, once the company's settings have been read."""
    with TemporaryDirectory() as folder, Company() as company:
        desk = Desk(Path(folder) / "home", company.place, company.clock)
        desk.connect(over_http)
        company.add_customers(1, 20)
        company.show(10, 10)
        desk.sync()

        def cost(first: int, client: int) -> Arrived:
            before = company.arrived()
            company.show_for(first, client)
            result = desk.pass_by_schedule()
            assert result.synced == 1, result
            return company.arrived().since(before)

        yield "one new invoice of a customer that qbdesk made", cost(101, 10)
        yield "one of a customer that stood in QuickBooks before", cost(102, 11)
        yield "one of a customer never seen, in QuickBooks already", cost(103, 1)
        yield "one of a new customer", cost(104, 105)
        before = company.arrived()
        for _ in range(IDLE_PASSES):
            company.clock.wait(3600 / IDLE_PASSES)
            desk.pass_by_schedule()
        yield f"an idle hour of {IDLE_PASSES} passes", company.arrived().since(before)
        desk.close()
