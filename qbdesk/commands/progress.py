"""A progress bar on a terminal, and nothing where there is none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qbdesk.commands.running import plain
from qbdesk.sync.turn import WAITING
from qbdesk.sync.views import Event, Progress

if TYPE_CHECKING:
    from qbdesk.sync.service import Service


@contextmanager
def shown_progress(service: "Service", company: str) -> Iterator[None]:
    """Shows how far a pass has come. Ctrl-C stops the pass at a safe point."""
    if not sys.stderr.isatty():
        with _heard(service, _say_waiting):
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
    task = bar.add_task(plain(company), total=None)

    def show(event: Event) -> None:
        if isinstance(event, Progress):
            total = event.total or None
            bar.update(task, description=plain(event.sentence), completed=event.done, total=total)

    with bar, _heard(service, show):
        yield


def _say_waiting(event: Event) -> None:
    if isinstance(event, Progress) and event.sentence == WAITING:
        click.echo(event.sentence, err=True)


@contextmanager
def _heard(service: "Service", listener: Callable[[Event], None]) -> Iterator[None]:
    unsubscribe = service.subscribe(listener)
    try:
        yield
    finally:
        unsubscribe()
