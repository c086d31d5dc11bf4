"""Long lists in parts: a database takes only so many values in one statement."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

MOST_VALUES = 500  # SQLite before 3.32 took 999


def parts(values: Sequence[T], size: int = MOST_VALUES) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))
