"""What a pass would do, played through on a copy of the ledger; nothing is written."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from qbdesk.sync import shown
from qbdesk.sync.clients import Clients, Surroundings
from qbdesk.sync.company_pass import CompanyPass
from qbdesk.sync.ledger import invoices
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.verdicts import Tally
from qbdesk.sync.views import InvoiceRow, InvoicesChanged, Progress
from qbdesk.sync.waves import PassTools

PREVIEW = "preview-"
PREVIEW_LASTS = 3600.0  # seconds


async def preview(
    around: Surroundings,
    clients: Clients,
    company: Company,
    hears: Callable[[InvoicesChanged | Progress], None],
) -> list[InvoiceRow]:
    """Every invoice as it would stand after a pass. Raises Trouble as a pass does."""
    quickbooks = clients.quickbooks(company)
    source = await clients.source(company)
    _sweep(around.home)
    with TemporaryDirectory(prefix=PREVIEW, dir=around.home) as folder:
        copy = around.ledger.copy_to(Path(folder) / "preview.db")
        try:
            tools = PassTools(
                copy,
                company,
                source,
                quickbooks,
                around.clock,
                around.settle,
                hears,
                around.monotonic,
                preview=True,
            )
            await CompanyPass(tools, Tally(), afresh=True).run()
            with copy.begin() as connection:
                records = invoices.everything(connection, company.id)
        finally:
            copy.close()
    return [shown.row(record, company, around.hosts) for record in records]


def _sweep(home: Path) -> None:
    """Copies of the ledger that a killed preview has left behind do not stay."""
    for folder in home.glob(f"{PREVIEW}*"):
        if time.time() - folder.stat().st_mtime > PREVIEW_LASTS:
            shutil.rmtree(folder, ignore_errors=True)
