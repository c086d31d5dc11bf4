"""What all commands share: a running service, sentences for errors, questions only to people."""

import getpass
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from concurrent import futures
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from qbdesk.app import open_service
from qbdesk.home import home_folder

if TYPE_CHECKING:  # importing the engine takes a while, which --help need not wait for
    from qbdesk.sync.service import Service
    from qbdesk.sync.views import Event

T = TypeVar("T")

NOT_DONE = 2
NEEDS_ATTENTION = 1
MANY_ROWS = 1000  # so many in a table are not folded any more
PAPER = 132  # characters a line where no terminal says how many it has


def fail(sentence: str) -> NoReturn:
    """Ends the command: not done."""
    say(sentence)
    raise SystemExit(NOT_DONE)


def say(sentence: str) -> None:
    """A sentence on stderr; what it quotes cannot move the cursor."""
    click.echo(plain(sentence), err=True)


@contextmanager
def service() -> Iterator["Service"]:
    """A service over the user's home, without a schedule, until the command ends."""
    opened = open_service(home_folder())
    opened.subscribe(_warn)
    # The end of a session or a time limit stops a pass as gently as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    opened.start()
    try:
        yield opened
    finally:
        # After Ctrl-C as well: a pass under way ends at a safe point.
        opened.stop()


def _warn(event: "Event") -> None:
    """What concerns no company, but the program's ledger: else nobody at a terminal hears of it."""
    from qbdesk.sync.views import Warned

    if isinstance(event, Warned) and not event.company:
        say(event.sentence)


@contextmanager
def turn(opened: "Service", company: str) -> Iterator[None]:
    """Waits until no other program posts to these books, and says so: what is decided in the middle
    of a pass would be overtaken by it. A company that is not there is refused at once."""
    from qbdesk.sync.turn import turn_of_a_command

    wait(opened.company(company))
    with turn_of_a_command(home_folder(), say):
        yield


def wait(future: Future[T]) -> T:
    """The answer of the service; Ctrl-C ends the waiting, not the work."""
    while not future.done():
        # Windows delivers no Ctrl-C during a wait without end.
        futures.wait([future], timeout=0.5)
    return future.result()


def who() -> str:
    """Whose decision it is, for the journal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "a person"


def is_person() -> bool:
    """Nothing is asked when stdin is not a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def secret(variable: str, prompt: str) -> str:
    """A secret from the environment, or asked without echo; never an argument."""
    told = os.environ.get(variable)
    if told:
        return told
    if not is_person():
        fail(f"Set {variable}; secrets do not travel as arguments.")
    return str(click.prompt(prompt, hide_input=True))


def print_json(value: Any) -> None:
    """The answer of a --json command: one line, the last of stdout.

    In ASCII: the same bytes in every encoding, and no U+2028 of a customer's name ends the line.
    """
    click.echo(json.dumps(value))


def print_table(columns: Mapping[str, str], rows: list[list[str]]) -> None:
    """A table for people; `columns`: heading -> how rich justifies it. Text is never markup."""
    if len(rows) > MANY_ROWS:
        _print_long_table(columns, rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in columns.items():
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PAPER)
    console.print(table)


def _print_long_table(columns: Mapping[str, str], rows: list[list[str]]) -> None:
    """The same without folding long text into lines: rich takes a minute for 100,000 rows."""
    from rich.cells import cell_len

    cells = [list(columns), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = []
        for text, width, justify in zip(row, widths, columns.values(), strict=True):
            gap = " " * (width - cell_len(text))
            padded.append(gap + text if justify == "right" else text + gap)
        click.echo("  ".join(padded).rstrip())


def plain(text: str) -> str:
    """Text from outside for a terminal: what could move the cursor or turn the line is shown."""
    return "".join(
        sign if sign.isprintable() or sign == " " else f"\\u{ord(sign):04x}" for sign in text
    )
