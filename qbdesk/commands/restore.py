"""restore: another ledger in the place of one that is damaged, lost or not wanted any more."""

import click

from qbdesk import app
from qbdesk.commands.running import fail, plain, print_json, print_table
from qbdesk.home import home_folder

THEN = (
    "Before anything is posted, the next sync reads from QuickBooks what qbdesk has posted, and "
    "takes it over."
)
DECIDE = (
    "Every company is paused. What was decided after the backup was made is gone: invoices that "
    "were ignored, answers, settings, a first day, a pause. For each company look at “qbdesk sync "
    "COMPANY --preview”, decide again, then run “qbdesk resume COMPANY”. What must not be posted: "
    "“qbdesk ignore COMPANY ID”, with the id from “qbdesk sync COMPANY --preview --json”."
)
EMPTY = (
    "Begun with an empty ledger. Add and connect each company again, with the same first day. What "
    "you ignored, answered and set is forgotten: pause each company before its first sync, and "
    "look at “qbdesk sync COMPANY --preview”."
)


@click.command()
@click.argument("backup", required=False)
@click.option("--empty", is_flag=True, help="Begin with an empty ledger.")
@click.option("--json", "as_json", is_flag=True, help="The list as JSON, on the last line.")
def restore(backup: str | None, empty: bool, as_json: bool) -> None:
    """Show the backups of the ledger, or put BACKUP in its place."""
    if backup is not None and empty:
        fail("Give a backup or --empty, not both.")
    if backup is None and not empty:
        _show(as_json=as_json)
        return
    aside = app.restore(home_folder(), None if empty else backup)
    click.echo(EMPTY if empty else plain(f"Restored {backup}."))
    if aside is not None:
        click.echo(plain(f"The ledger before it was put aside as {aside}."))
    if not empty:
        click.echo(DECIDE)
    click.echo(THEN)


def _show(*, as_json: bool) -> None:
    found = app.backups(home_folder())
    if as_json:
        print_json(
            [
                {
                    "name": backup.name,
                    "made_at": backup.made_at.isoformat(),
                    "companies": backup.companies,
                    "invoices": backup.invoices,
                }
                for backup in found
            ]
        )
        return
    if not found:
        click.echo("There is no backup. To begin with an empty ledger: qbdesk restore --empty.")
        return
    columns = {"Backup": "left", "Made": "left", "Companies": "right", "Invoices": "right"}
    rows = [
        [b.name, f"{b.made_at.astimezone():%Y-%m-%d %H:%M}", f"{b.companies}", f"{b.invoices:,}"]
        for b in found
    ]
    print_table(columns, rows)
    click.echo("To put one in the place of the ledger: qbdesk restore BACKUP.")
