"""practice and practice-server: a company to try everything on; nothing leaves the machine."""

import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qbdesk.commands.display import has_display
from qbdesk.commands.running import fail, plain

if TYPE_CHECKING:
    from qbdesk.practice.serve import PracticeServer
    from qbdesk.sync.service import Service


@click.command("practice-server")
@click.option(
    "--source", default="feed", show_default=True, help="What the invoices come from: feed."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any that is free.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other names.")
@click.option("--invoices", type=click.IntRange(0), default=None, help="How many paid invoices.")
@click.option("--lines", type=click.Path(path_type=Path), default=None, help="A CSV of lines.")
@click.option("--with-trouble", is_flag=True, help="And one invoice with each trouble.")
def practice_server(
    source: str,
    port: int,
    seed: int,
    invoices: int | None,
    lines: Path | None,
    *,
    with_trouble: bool,
) -> None:
    """The practice servers alone; the first line of stdout says where they are."""
    if lines is not None and not lines.is_file():
        fail(f"There is no file {plain(str(lines))}.")
    if lines is not None and with_trouble:
        fail("--with-trouble spoils practice invoices; leave out --lines.")
    from qbdesk.practice.feed.errors import PracticeError
    from qbdesk.practice.serve import PracticeServer, run_forever
    from qbdesk.practice.world import PracticeWorld

    try:
        world = PracticeWorld(
            source=source, seed=seed, invoices=invoices, lines=lines, with_trouble=with_trouble
        )
        run_forever(PracticeServer(world, port), sys.stdout)
    except PracticeError as error:
        fail(str(error))


@click.command()
@click.option("--headless", is_flag=True, help="In the terminal, ending by itself.")
def practice(headless: bool) -> None:
    """The tray program with a practice company; nothing to set up."""
    from qbdesk.practice.serve import PracticeServer
    from qbdesk.practice.switches import Switches
    from qbdesk.practice.world import PracticeWorld

    if not headless and not has_display():
        click.echo("There is no display here, so the practice company is shown in the terminal.")
        headless = True
    switches = Switches(trickle_seconds=TRICKLE)
    world = PracticeWorld(invoices=12, with_trouble=True, switches=switches)
    with (
        tempfile.TemporaryDirectory(prefix="qbdesk-practice-") as folder,
        PracticeServer(world) as server,
    ):
        sys.exit(_journey(server, Path(folder), headless=headless))


TRICKLE = 20.0  # seconds between two invoices that turn paid while one watches
PRACTICE_INTERVAL = timedelta(seconds=10)
COMPANY = "Practice company"


def _journey(server: "PracticeServer", home: Path, *, headless: bool) -> int:
    from qbdesk.app import TEST_SERVER, open_service
    from qbdesk.commands.practice_terminal import set_up, show

    def opened() -> "Service":
        service = open_service(
            home,
            environ={TEST_SERVER: server.intuit_url},
            in_memory=True,
            scheduled=not headless,
            interval=PRACTICE_INTERVAL,
        )
        service.start()
        return service

    def ready() -> "Service":
        service = opened()
        set_up(service, server, COMPANY)
        return service

    if headless:
        service = opened()
        try:
            return show(service, server, COMPANY)
        finally:
            service.stop()
    from qbdesk.ui.desktop import run_desktop

    return run_desktop(ready, start_hidden=False, home=home, practice=True)
