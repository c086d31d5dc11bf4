"""The command line: `qbdesk` alone is the tray program, everything else a command."""

import sys

import click

import qbdesk
from qbdesk.commands import companies, endings, invoices, practice


@click.group(invoke_without_command=True)
@click.option("--background", is_flag=True, help="Tray only, as at login.")
@click.version_option(qbdesk.__version__)
@click.pass_context
def command_line(context: click.Context, background: bool) -> None:
    """Puts every paid invoice into QuickBooks Online, from the tray."""
    if context.invoked_subcommand is None:
        from qbdesk.commands.tray import run_tray

        sys.exit(run_tray(background=background))


for command in (
    companies.add,
    companies.connect,
    companies.disconnect,
    companies.pause,
    companies.resume,
    companies.remove,
    companies.settings,
    companies.status,
    invoices.sync,
    invoices.invoices,
    invoices.resync,
    invoices.resolve,
    invoices.ignore,
    invoices.journal,
    practice.practice,
    practice.practice_server,
):
    command_line.add_command(command)


def main() -> None:
    """Entry point of the program and, in a bundle, of its consent window."""
    if sys.argv[1:2] == ["--consent-window"]:
        from qbdesk.ui.consent.__main__ import main as consent_window

        sys.exit(consent_window())
    sys.exit(endings.run(command_line, sys.argv[1:]))


if __name__ == "__main__":
    main()
