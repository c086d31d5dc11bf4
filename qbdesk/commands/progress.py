"""A progress bar on a terminal, and nothing where there is none."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qbdesk.commands.running import plain
from qbdesk.sync.turn import WAITING
from qbdesk.sync.views import Event, Progress

if TYPE_CHECKING:
    from qbdesk.sync.service import Service


@contextmanager
def shown_progress(service: "Service", companies: Sequence[str]) -> Iterator[None]:
    """Shows how far the passes have come. Ctrl-C stops them at a safe point."""
    if not sys.stderr.isatty():
        with _heard(service, _waiting_told_once()):
            yield
        return
    from rich import progress
    from rich.console import Console

    bar = progress.Progress(
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks = {company: bar.add_task(plain(company), total=None) for company in companies}

    def show(event: Event) -> None:
        if isinstance(event, Progress) and event.company in tasks:
            told = event.sentence if len(tasks) == 1 else f"{event.company}: {event.sentence}"
            bar.update(
                tasks[event.company],
                description=plain(told),
                completed=event.done,
                total=event.total or None,
            )

    with bar, _heard(service, show):
        yield


def _waiting_told_once() -> Callable[[Event], None]:
    told = set()

    def say_waiting(event: Event) -> None:
        if isinstance(event, Progress) and event.sentence == WAITING and not told:
            told.add(WAITING)
            click.echo(event.sentence, err=True)

    return say_waiting


@contextmanager
def _heard(service: "Service", listener: Callable[[Event], None]) -> Iterator[None]:
    unsubscribe = service.subscribe(listener)
    try:
        yield
    finally:
        unsubscribe()
