"""How far a ledger has come, also noted beside it: an old copy that was put back is noticed.

What is noted in the ledger is committed first, the file beside it is written next. So the file is
never ahead of the ledger that wrote it, not even after a kill between the two.
"""

import os
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import simplejson
from sqlalchemy import Connection, func, select

from qbdesk.sync.ledger.tables import attempt, step


@dataclass(frozen=True)
class Mark:
    """The newest step and attempt. Neither table ever loses a row, so both only grow."""

    steps: int
    attempts: int

    def is_behind(self, other: "Mark") -> bool:
        return any(here < there for here, there in zip(astuple(self), astuple(other), strict=True))


NOTHING = Mark(0, 0)
_NEWEST = select(
    select(func.max(step.c.id)).scalar_subquery(), select(func.max(attempt.c.id)).scalar_subquery()
)


def of(connection: Connection) -> Mark:
    steps, attempts = connection.execute(_NEWEST).one()
    return Mark(steps or 0, attempts or 0)


def beside(ledger: Path) -> Path:
    return ledger.with_suffix(".mark")


def read(ledger: Path) -> Mark | None:
    """What stands beside the ledger file; None: nothing that can be read."""
    try:
        told = simplejson.loads(beside(ledger).read_bytes())
        return Mark(int(told["steps"]), int(told["attempts"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(ledger: Path, mark: Mark) -> None:
    """Where it cannot be written, an old ledger is noticed less well; posting goes on."""
    file = beside(ledger)
    new = file.with_suffix(".mark-new")
    with suppress(OSError):
        descriptor = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(simplejson.dumps(asdict(mark)))
        new.replace(file)
