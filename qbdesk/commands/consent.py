"""The consent window of `connect`: the same child process as the tray program's."""

import os
import subprocess
import sys

import click

from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import ConsentRequest


def ask(request: ConsentRequest) -> str | None:
    """The address that the consent window landed on; None: the browser way is wanted.

    Raises:
        Refusal: The window was closed, or nobody finished in time.
    """
    from qbdesk.ui.consent import messages

    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and _is_unix():
        click.echo("There is no display here; use a browser on another computer.", err=True)
        return None
    asked = messages.ConsentRequest(
        authorize_url=request.authorize_url,
        redirect_uri=request.redirect_uri,
        intuit_root=request.test_server_root,
    )
    command = [sys.executable, "-m", "qbdesk.ui.consent"]
    done = subprocess.run(command, input=asked.line(), stdout=subprocess.PIPE, check=False)
    try:
        outcome = messages.read_outcome(done.stdout)
    except ValueError:
        click.echo("The sign-in window stopped unexpectedly; use the browser.", err=True)
        return None
    if isinstance(outcome, messages.Landed):
        return outcome.address
    if isinstance(outcome, messages.Closed):
        raise Refusal("The sign-in window was closed. Nothing was changed.")
    if isinstance(outcome, messages.TimedOut):
        raise Refusal("Nobody finished the sign-in in time. Nothing was changed.")
    if isinstance(outcome, messages.Unavailable):
        click.echo(outcome.why, err=True)
    return None


def _is_unix() -> bool:
    return os.name == "posix" and sys.platform != "darwin"
