"""What a pass would do, played through on a copy of the ledger; nothing is written."""

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from qbdesk.sync import reading, recollection, shown
from qbdesk.sync.clients import Clients, Surroundings
from qbdesk.sync.company_pass import CompanyPass
from qbdesk.sync.ledger import invoices
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.outlook import Outlook
from qbdesk.sync.rehearsal import WOULD_POST, Rehearsal
from qbdesk.sync.reports import Preview
from qbdesk.sync.verdicts import Tally
from qbdesk.sync.views import InvoiceRow, InvoicesChanged, Progress, Requests, Status
from qbdesk.sync.waves import PassTools

PREVIEW = "preview-"
PREVIEW_LASTS = 3600.0  # seconds
AT_ONCE = 200  # rows read together
_SAID_BEFORE = (Status.IGNORED, Status.ALREADY_IN_QUICKBOOKS)


async def preview(
    around: Surroundings,
    clients: Clients,
    company: Company,
    hears: Callable[[InvoicesChanged | Progress], None],
) -> Preview:
    """Every invoice as it would stand after a pass, and what it would post, added up (rule 34).

    Raises Trouble as a pass does.
    """
    quickbooks = clients.quickbooks(company)
    source = await clients.source(company)
    limiter = clients.limiter(company.realm_id or "")
    before = limiter.counts
    rehearsal = Rehearsal()
    _sweep(around.home)
    with TemporaryDirectory(prefix=PREVIEW, dir=around.home) as folder:
        copy = around.ledger.copy_to(Path(folder) / "preview.db")
        try:
            with copy.begin() as connection:
                stood = invoices.statuses(connection, company.id)
            tools = PassTools(
                copy,
                company,
                source,
                quickbooks,
                around.clock,
                around.settle,
                hears,
                around.monotonic,
                rehearsal=rehearsal,
            )
            await CompanyPass(tools, Tally(), afresh=True).run()
            rows = await _rows(copy, company, around, rehearsal.outlook, stood)
            with copy.begin() as connection:
                facts = recollection.last_facts(connection, company)
        finally:
            copy.close()
    counts = limiter.counts.since(before)
    outlook, closed = rehearsal.outlook, facts.close_date if facts else None
    return Preview(
        company=company.name,
        rows=tuple(rows),
        whole=outlook.whole(),
        months=outlook.months(closed),
        new_customers=outlook.customers("new"),
        matched_customers=outlook.customers("matched"),
        doubtful_customers=outlook.customers("doubtful"),
        closed_up_to=closed,
        requests=Requests(counts.reads, counts.writes, counts.batches),
    )


async def _rows(
    copy: Ledger,
    company: Company,
    around: Surroundings,
    outlook: Outlook,
    stood: dict[int, Status],
) -> list[InvoiceRow]:
    """All rows; what would not be posted goes into the outlook as well."""
    rows: list[InvoiceRow] = []
    last = 0
    while True:
        with copy.begin() as connection:
            records = invoices.page(connection, company.id, last, AT_ONCE)
        for record in records:
            rows.append(shown.row(record, company, around.hosts))
            if _is_told(record, stood.get(record.id)):
                invoice = reading.read_document(record.document).invoice
                outlook.rest(record, invoice.issue_date if invoice else None)
        if len(records) < AT_ONCE:
            return rows
        last = records[-1].id
        await asyncio.sleep(0)  # whoever asks for something else meanwhile is answered


def _is_told(record: InvoiceRecord, stood: Status | None) -> bool:
    """What is at rest already, or would be posted and is added up from its own decision, is not."""
    if record.status is Status.SYNCED or record.message == WOULD_POST:
        return False
    return not (record.status in _SAID_BEFORE and record.status is stood)


def _sweep(home: Path) -> None:
    """Copies of the ledger that a killed preview has left behind do not stay."""
    for folder in home.glob(f"{PREVIEW}*"):
        if time.time() - folder.stat().st_mtime > PREVIEW_LASTS:
            shutil.rmtree(folder, ignore_errors=True)
