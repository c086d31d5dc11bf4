"""The consent window of `connect`: the same child process as the tray program's."""

import os
import subprocess

import click

from qbdesk.commands.display import has_display
from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import ConsentRequest


def ask(request: ConsentRequest) -> str | None:
    """The address that the consent window landed on; None: the browser way is wanted.

    Raises:
        Refusal: The window was closed, or nobody finished in time.
    """
    from qbdesk.ui.consent import child, messages

    if not has_display():
        click.echo("There is no display here; use a browser on another computer.", err=True)
        return None
    asked = messages.ConsentRequest(
        authorize_url=request.authorize_url,
        redirect_uri=request.redirect_uri,
        intuit_root=request.test_server_root,
    )
    done = subprocess.run(
        child.consent_command(),
        input=asked.line(),
        stdout=subprocess.PIPE,
        env=child.clean_environment(os.environ),
        cwd=child.working_folder(),
        check=False,
    )
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
