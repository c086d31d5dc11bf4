"""All commands under one name."""

import sys

import click

import qbdesk
from qbdesk.commands import companies, doctor, invoices, practice, restore, totals


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
    totals.totals,
    doctor.doctor,
    restore.restore,
    practice.practice,
    practice.practice_server,
):
    command_line.add_command(command)
