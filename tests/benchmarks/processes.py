"""A process of its own for a measurement, so that its memory is its own."""

import multiprocessing
import os
import resource
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime


def in_another_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def peak_memory() -> int:
    """The most that this process has ever had, in bytes (on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def circumstances() -> str:
    """When and on what it was measured; other work on the machine shows in its load."""
    day = datetime.now(UTC).date()
    return f"Measured on {day}: {os.cpu_count()} processors, load {os.getloadavg()[1]:.1f}."
