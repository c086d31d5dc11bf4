"""What `sync --preview` prints: what would be posted, month by month."""

from dataclasses import replace

import click

from qbdesk.commands.running import plain, print_table
from qbdesk.sync.money import rounded, shown
from qbdesk.sync.reports import MonthPlan, PlanKind, PlanLine, Preview
from qbdesk.sync.views import Status

WORDS = {
    PlanKind.POST: "Would be posted",
    PlanKind.PAYMENT: "Payment only: the invoice is there",
    PlanKind.CORRECTION: "Would be corrected",
    PlanKind.NET: "Net",
    PlanKind.TAX: "Tax",
    PlanKind.INCOME: "Income",
    PlanKind.DEPOSIT: "Deposited to",
    PlanKind.ALREADY: "Already in QuickBooks",
    PlanKind.HELD: "Held",
    PlanKind.WAITING: "Waits",
    PlanKind.IGNORED: "Ignored",
}
HOW_TO_POST = (
    "{name} is paused, so nothing of this is posted. Then post it: qbdesk resume {name}, and "
    "qbdesk sync {name} unless the tray program runs."
)
_UNDER_WAY = (Status.WAITING, Status.POSTING)


def as_json_value(found: Preview) -> dict[str, object]:
    """The figures of a pass, which has synced nothing, and those of the preview."""
    statuses = [row.status for row in found.rows]
    return {
        "company": found.company,
        "synced": 0,
        "waiting": sum(status in _UNDER_WAY for status in statuses),
        "needs_attention": statuses.count(Status.NEEDS_ATTENTION),
        "requests": {
            "reads": found.requests.reads,
            "writes": found.requests.writes,
            "batches": found.requests.batches,
        },
        "customers": {
            "new": found.new_customers,
            "matched": found.matched_customers,
            "doubtful": found.doubtful_customers,
        },
        "closed_up_to": found.closed_up_to.isoformat() if found.closed_up_to else None,
        "lines": [_line(line) for line in found.whole.lines],
        "months": [
            {
                "month": month.month or None,
                "closed": month.closed or None,
                "lines": [_line(line) for line in month.lines],
            }
            for month in found.months
        ],
    }


def _line(line: PlanLine) -> dict[str, object]:
    return {
        "kind": str(line.kind),
        "label": line.label,
        "currency": line.currency,
        "count": line.count,
        "amount": f"{rounded(line.amount, line.currency):f}",
        "base": None if line.base is None else f"{rounded(line.base, line.currency):f}",
    }


def print_summary(found: Preview) -> None:
    click.echo(
        f"{plain(found.company)}: customers: {found.new_customers} new, "
        f"{found.matched_customers} matched, {found.doubtful_customers} doubtful."
    )
    if found.closed_up_to is not None:
        click.echo(f"The books are closed up to {found.closed_up_to}.")
    rows = [cells for month in found.months for cells in _month(month)]
    columns = {"Month": "left", "What": "left", "": "left", "Number": "right", "Amount": "right"}
    if len(found.months) > 1:
        rows += _month(replace(found.whole, month="all months"))
    print_table(columns, rows)
    click.echo(
        "Invoices stand in the month of their date, deposits in that of the day they were paid."
    )
    click.echo(f"The preview took {found.requests.reads} reads and wrote nothing.")


def _month(month: MonthPlan) -> list[list[str]]:
    name = month.month or "no date"
    if month.closed:
        name += " (closed)" if month.closed == "closed" else " (partly closed)"
    return [
        [
            name if place == 0 else "",
            WORDS[line.kind],
            line.label,
            str(line.count),
            shown(line.amount, line.currency) if line.currency else "",
        ]
        for place, line in enumerate(month.lines)
    ]
