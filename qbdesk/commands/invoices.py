"""sync, invoices, resync, resolve, ignore, journal."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qbdesk.commands import preview
from qbdesk.commands.progress import shown_progress
from qbdesk.commands.running import (
    NEEDS_ATTENTION,
    NOT_DONE,
    plain,
    print_json,
    print_table,
    say,
    service,
    turn,
    wait,
    who,
)
from qbdesk.sync.errors import LedgerDamaged, Refusal
from qbdesk.sync.money import shown
from qbdesk.sync.views import InvoiceQuery, InvoiceRow, PassResult, SortBy, Status

if TYPE_CHECKING:
    from qbdesk.sync.service import Service

THERE = Status.ALREADY_IN_QUICKBOOKS
AT_REST = (Status.SYNCED, Status.IGNORED)
IGNORE = "ignore"
OF_EVERY_ONE = ("try_again", IGNORE)  # what every held invoice offers
HOW_TO_DECIDE = (
    "To decide: qbdesk resolve COMPANY ID CHOICE; try_again is always one. To leave an invoice "
    "alone: qbdesk ignore COMPANY ID."
)
STOPPED = "Stopped. What was posted stays; the rest waits for the next pass."


@click.command()
@click.argument("company", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON line per company at the end.")
@click.option(
    "--preview", "preview_only", is_flag=True, help="Read and plan only; nothing is written."
)
def sync(company: str | None, as_json: bool, preview_only: bool) -> None:
    """One pass to the end, over COMPANY or over all."""
    with service() as opened:
        names = _names(opened, company)
        if preview_only:
            for name in names:
                print_preview(opened, name, as_json=as_json)
            return
        results = _passes(opened, names)
        for result in results:
            _tell(result, as_json=as_json)
    if any(result.stopped for result in results):
        sys.exit(NOT_DONE)
    if any(result.needs_attention for result in results):
        sys.exit(NEEDS_ATTENTION)


def _names(opened: "Service", company: str | None) -> list[str]:
    views = wait(opened.companies()) if company is None else [wait(opened.company(company))]
    if not views:
        say("There is no company yet; add one first: qbdesk add --help.")
    return [view.name for view in views]


def _passes(opened: "Service", names: Sequence[str]) -> list[PassResult]:
    """One pass over each of them, side by side; Ctrl-C stops all."""
    paused = {name for name in names if wait(opened.company(name)).paused}
    for name in paused:
        say(
            f"{name} is paused: nothing is looked for or posted until qbdesk resume {name}. What "
            f"would be posted: qbdesk sync {name} --preview."
        )
    try:
        with shown_progress(opened, names):
            under_way = [opened.sync(name) for name in names]
            results = [result for each in under_way for result in wait(each)]
    except KeyboardInterrupt:
        raise Refusal(STOPPED) from None
    for name in set(names) - paused:
        if wait(opened.company(name)).paused:
            say(f"{name} was paused meanwhile: the rest waits until qbdesk resume {name}.")
    return results


def _tell(result: PassResult, *, as_json: bool) -> None:
    if result.stopped:
        say(f"{result.company}: {result.stopped}")
    if as_json:
        print_json(
            {
                "company": result.company,
                "synced": result.synced,
                "waiting": result.waiting,
                "needs_attention": result.needs_attention,
                "requests": {
                    "reads": result.requests.reads,
                    "writes": result.requests.writes,
                    "batches": result.requests.batches,
                },
            }
        )
    else:
        click.echo(
            f"{plain(result.company)}: {result.synced} synced, {result.waiting} waiting, "
            f"{result.needs_attention} need attention."
        )


def print_preview(opened: "Service", company: str, *, as_json: bool) -> None:
    """What the next pass would do, for people or as JSON."""
    with shown_progress(opened, [company]):
        found = wait(opened.preview(company))
    if as_json:
        rows = [_row(row) for row in found.rows]
        print_json(preview.as_json_value(found) | {"invoices": rows})
        return
    # Of those that QuickBooks has already the sums count what was not known before, too.
    there = {row.source_id for row in _all_rows(opened, company, THERE)}
    new = [row for row in found.rows if row.status is not THERE or row.source_id not in there]
    told = [row for row in new if row.status not in AT_REST]
    if not told:
        click.echo(f"{plain(company)}: nothing to post.")
        return
    preview.print_summary(found)
    click.echo()
    print_rows(told)
    if wait(opened.company(company)).paused:
        click.echo(plain(preview.HOW_TO_POST.format(name=company)))


@click.command()
@click.argument("company", required=False)
@click.option("--status", type=click.Choice([str(s) for s in Status]), help="Only these.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON, on the last line.")
def invoices(company: str | None, status: str | None, as_json: bool) -> None:
    """Every invoice ever seen, and what became of it."""
    with service() as opened:
        names = _names(opened, company)
        rows = [row for name in names for row in _all_rows(opened, name, status)]
    if as_json:
        print_json([_row(row) for row in rows])
    else:
        print_rows(rows, choices=True)


def _all_rows(opened: "Service", company: str, status: str | None) -> list[InvoiceRow]:
    wanted = Status(status) if status else None
    query = InvoiceQuery(company, wanted, sort_by=SortBy.PAID_ON, descending=False)
    page = wait(opened.invoices(query, None, 1000))
    rows = list(page.rows)
    while page.after is not None:
        page = wait(opened.invoices(query, page.after, 1000))
        rows += page.rows
    return rows


def print_all(opened: "Service", company: str) -> None:
    """The table of a company's invoices."""
    print_rows(_all_rows(opened, company, None))


def _row(row: InvoiceRow) -> dict[str, object]:
    return {
        "source_id": row.source_id,
        "number": row.number,
        "status": row.status,
        "message": row.message,
        "choices": [choice.word for choice in row.choices],
        "quickbooks_invoice_id": row.quickbooks_invoice_id,
        "quickbooks_payment_id": row.quickbooks_payment_id,
    }


def print_rows(rows: Sequence[InvoiceRow], *, choices: bool = False) -> None:
    """A table, and below it why each held invoice is held; with its id and `choices`, if wanted."""
    columns = {"Number": "left", "Customer": "left", "Amount": "right", "Paid": "left"}
    columns |= {"Method": "left", "Status": "left"}
    print_table(columns, [_cells(row) for row in rows])
    held = [row for row in rows if row.status is Status.NEEDS_ATTENTION]
    for row in held:
        click.echo(f"{plain(row.number or row.source_id)}: {plain(row.message)}")
        if choices:
            _print_choices(row)
    if choices and held:
        click.echo(HOW_TO_DECIDE)


def _print_choices(row: InvoiceRow) -> None:
    click.echo(f"  ID {plain(row.source_id)}")
    for choice in row.choices:
        if choice.word not in OF_EVERY_ONE:
            click.echo(f"  {plain(choice.word)}: {plain(choice.label)}")


def _cells(row: InvoiceRow) -> list[str]:
    amount = "" if row.amount is None else shown(row.amount, row.currency)
    paid = row.paid_on.isoformat() if row.paid_on else ""
    status = row.status.replace("_", " ").replace("quickbooks", "QuickBooks")
    return [row.number, row.customer, amount, paid, row.method, status]


@contextmanager
def _naming_the_list(company: str) -> Iterator[None]:
    """Whoever names an id or a choice that is not there hears where they stand."""
    try:
        yield
    except LedgerDamaged:
        raise
    except Refusal as error:
        raise Refusal(f"{error} Ids and choices are shown by qbdesk invoices {company}.") from None


@click.command()
@click.argument("company")
@click.argument("ids", nargs=-1, required=True)
def resync(company: str, ids: tuple[str, ...]) -> None:
    """Queue invoices again; the next pass posts them."""
    with service() as opened:
        with turn(opened, company), _naming_the_list(company):
            back = wait(opened.resync(company, ids, who()))
        print_queued(ids, back)


def print_queued(ids: Sequence[str], back: Sequence[str]) -> None:
    """How many are queued; by their ids those whose ignoring was taken `back` before it began."""
    known = set(ids) - set(back)
    if known:
        click.echo(f"{len(known)} queued; the next pass posts.")
    for source_id in back:
        click.echo(
            f"{plain(source_id)}: not read from the source yet; it is not to be ignored any more."
        )


@click.command()
@click.argument("company")
@click.argument("ids", nargs=-1, required=True)
@click.argument("choice")
def resolve(company: str, ids: tuple[str, ...], choice: str) -> None:
    """Take a choice that these invoices offer; `qbdesk invoices COMPANY` lists them."""
    if choice == IGNORE:
        raise Refusal(f"To leave invoices alone: qbdesk ignore {company} {' '.join(ids)}.")
    with service() as opened:
        with turn(opened, company), _naming_the_list(company):
            wait(opened.resolve_all(company, ids, choice, who()))
        click.echo("Decided; the next pass goes on with it.")


@click.command()
@click.argument("company")
@click.argument("ids", nargs=-1, required=True)
@click.option("--note", default="", help="Why; it stands in the journal.")
def ignore(company: str, ids: tuple[str, ...], note: str) -> None:
    """Leave invoices alone from now on."""
    with service() as opened:
        with turn(opened, company), _naming_the_list(company):
            ahead = wait(opened.ignore(company, ids, note, who()))
        print_ignored(ids, ahead)


def print_ignored(ids: Sequence[str], ahead: Sequence[str]) -> None:
    """How many are ignored; by their ids those `ahead`, which the source has yet to show."""
    known = set(ids) - set(ahead)
    if known:
        click.echo(f"{len(known)} ignored.")
    for source_id in ahead:
        click.echo(
            f"{plain(source_id)}: not read from the source yet; it is ignored as soon as the "
            "source shows it. Check the id."
        )


@click.command()
@click.argument("company")
@click.argument("invoice_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON, on the last line.")
def journal(company: str, invoice_id: str | None, as_json: bool) -> None:
    """What was done for an invoice, and why; without one, with the company itself."""
    with service() as opened:
        entries = wait(opened.journal(company, invoice_id))
    if as_json:
        print_json(
            [
                {"at": e.at.isoformat(), "who": e.who, "text": e.text, "details": e.details}
                for e in entries
            ]
        )
        return
    rows = [[e.at.isoformat(timespec="seconds"), e.who, e.text, e.details] for e in entries]
    print_table({"When": "left", "Who": "left", "What": "left", "Details": "left"}, rows)
