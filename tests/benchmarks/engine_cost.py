"""What an invoice costs the engine itself: processor time and memory, with the limits off.

The practice company runs in a process of its own, so that only qbdesk's own time counts: the source
read, planning, the ledger, HTTP. The limiter is in place, but nobody waits.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from company import Company
from desk import Desk, over_http
from processes import in_another_process, peak_memory
from skipping import CELLS, SkippingClock
from tables import Table

SIZES = (1_000, 10_000)
QUICK_SIZES = (300,)
CLIENTS = 500  # the same at every size: a company has more invoices with the years, not clients


def tables(*, quick: bool) -> Iterator[Table]:
    told = os.environ.get("SIZES")
    sizes = QUICK_SIZES if quick else tuple(map(int, told.split())) if told else SIZES
    head = ("invoices", "processor time", "invoices a second of one core", "memory grew by")
    yield Table("engine", head, [row(size) for size in sizes])


def row(size: int) -> tuple[str, ...]:
    seconds, grown = in_own_process(size)
    return (f"{size:,}", f"{seconds:.1f} s", f"{size / seconds:,.0f}", f"{grown / 1e6:,.0f} MB")


def in_own_process(size: int) -> tuple[float, float]:
    """Seconds of processor time, and bytes that the process grew by."""
    with in_another_process() as pool, Company(limits=False) as company:
        company.add_customers(1, CLIENTS * 5)
        company.show(1, size, CLIENTS)
        return pool.submit(measure, company.place, size).result()


def measure(place: dict[str, str], size: int) -> tuple[float, float]:
    clock = SkippingClock([0.0] * CELLS)
    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "home", place, clock, watched=False)
        desk.connect(over_http)
        memory, began = peak_memory(), time.process_time()
        result = desk.sync()
        seconds, grown = time.process_time() - began, peak_memory() - memory
        desk.close()
    assert result.synced == size, result
    return seconds, grown
