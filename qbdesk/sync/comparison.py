"""Once a week all that the source shows is compared with the ledger: a cursor alone hides gaps."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from qbdesk.sync import intake, reading
from qbdesk.sync.ledger import companies, invoices, journal, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.planner.decisions import Hold
from qbdesk.sync.planner.plan import KEEP
from qbdesk.sync.sources.source import Page
from qbdesk.sync.verdicts import Verdicts
from qbdesk.sync.views import InvoicesChanged, Status
from qbdesk.sync.waves import PassTools

EVERY = timedelta(days=7)
GONE_AT_SOURCE = invoices.GONE_AT_SOURCE
FOUND = "Found by the weekly comparison with the source; reading on from the last place missed it."
GONE = (
    "The invoicing system does not show this invoice any more and no longer knows it, although it "
    "never said that it was deleted. "
)
GONE_POSTED = f"{GONE}It is in QuickBooks, which was not touched."
GONE_WAITING = f"{GONE}It was not posted; Try again posts it all the same."
GONE_IN_DOUBT = (
    f"{GONE}It was sent to QuickBooks, which has not said whether it took it: it may stand there, "
    "so do not enter it by hand. Try again looks for it first."
)


def is_due(company: Company, now: datetime) -> bool:
    """A week after the last one began; and one that was broken off goes on."""
    if company.comparing_since is not None or company.compared_at is None:
        return True
    return not timedelta(0) <= now - company.compared_at < EVERY


class Comparison:
    """One comparison. Each page is stored with the place to go on from, and what was shown is
    marked in the ledger: so it may be stopped anywhere, and no list of ids is held in memory."""

    def __init__(self, tools: PassTools, verdicts: Verdicts, start: datetime) -> None:
        self._tools = tools
        self._ledger = tools.ledger
        self._verdicts = verdicts
        self._start = start

    async def run(self) -> bool:
        """Whether something is to be done for what was found.

        Raises SourceUnreachable, SourceRefused: it goes on in the next pass.
        """
        company = self._begun()
        found = await self._read(company)
        await self._look_for_the_rest(company)
        with self._ledger.begin() as connection:
            companies.change(
                connection,
                company.id,
                compared_at=company.comparing_since,
                comparing_since=None,
                comparing_cursor=None,
            )
        return found

    def _begun(self) -> Company:
        with self._ledger.begin() as connection:
            company = companies.get(connection, self._tools.company.id)
            if company.comparing_since is not None:
                return company
            companies.change(connection, company.id, comparing_since=self._tools.clock())
            return companies.get(connection, company.id)

    async def _read(self, company: Company) -> bool:
        seen, found = 0, False
        async for page in self._tools.source.pages(company.comparing_cursor, self._start):
            now = self._tools.clock()
            with self._ledger.begin() as connection:
                touched = intake.take_rows(connection, company, page.rows, now)
                back = intake.mark_shown(connection, company, page.rows, now)
                for record in invoices.find_many(connection, company.id, touched).values():
                    if _was_missed(record, company):
                        journal.add(connection, company.id, record.id, now, FOUND)
                companies.change(connection, company.id, comparing_cursor=page.cursor)
            seen, found = seen + len(page.rows), found or back or bool(touched)
            self._tell(touched)
            self._tools.tell(f"Comparing with {company.tenant_name}: {seen} invoices", seen)
        return found

    def _tell(self, touched: list[str]) -> None:
        if touched:
            self._verdicts.note_unreadable(touched)
            self._tools.hears(InvoicesChanged(self._tools.company.name, tuple(touched)))

    async def _look_for_the_rest(self, company: Company) -> None:
        """What the source's list lacks is asked for by its id, before anything is said of it."""
        for record in self._not_shown(company):
            if not self._should_be_shown(record):
                continue
            self._tools.tell(f"Asking {company.tenant_name} for {record.number}")
            row = await self._tools.source.invoice(record.source_id)
            if row is None:
                self._gone(record)
                continue
            now, page = self._tools.clock(), Page((row,), "")
            with self._ledger.begin() as connection:
                touched = intake.take_rows(connection, company, page.rows, now)
                intake.mark_shown(connection, company, page.rows, now)
            self._tell(touched)

    def _not_shown(self, company: Company) -> Iterator[InvoiceRecord]:
        assert company.comparing_since is not None
        last = 0
        while True:
            with self._ledger.begin() as connection:
                records = invoices.not_shown_since(
                    connection, company.id, company.comparing_since, last
                )
            if not records:
                return
            yield from records
            last = records[-1].id

    def _should_be_shown(self, record: InvoiceRecord) -> bool:
        """Only what was paid since the first day is in the source's list for sure; and what is on
        its way to QuickBooks comes to rest first."""
        if record.status in invoices.UNDER_WAY and record.posted_document is not None:
            return False
        invoice = reading.read_document(record.document).invoice
        return invoice is not None and (invoice.paid_at is None or invoice.paid_at >= self._start)

    def _gone(self, record: InvoiceRecord) -> None:
        """Said, once; QuickBooks is not touched, and what a person ignores or decides stays so."""
        now = self._tools.clock()
        with self._ledger.begin() as connection:
            invoices.change(connection, record.id, gone_at=now)
        if record.status in (Status.SYNCED, Status.ALREADY_IN_QUICKBOOKS):
            self._verdicts.write([(record, Hold(GONE_AT_SOURCE, GONE_POSTED, (KEEP,)))])
        elif record.status in invoices.UNDER_WAY or self._is_held_unposted(record):
            told = GONE_IN_DOUBT if self._may_be_posted(record) else GONE_WAITING
            self._verdicts.write([(record, Hold(GONE_AT_SOURCE, told))])
        else:
            with self._ledger.begin() as connection:
                journal.add(connection, record.company_id, record.id, now, GONE.strip())
        self._tools.hears(InvoicesChanged(self._tools.company.name, (record.source_id,)))

    def _is_held_unposted(self, record: InvoiceRecord) -> bool:
        """An answer to what it is held for would post it."""
        with self._ledger.begin() as connection:
            posted = intake.is_in_books(connection, record)
        return record.status is Status.NEEDS_ATTENTION and not posted

    def _may_be_posted(self, record: InvoiceRecord) -> bool:
        with self._ledger.begin() as connection:
            return steps.may_be_posted(connection, record.id)


def _was_missed(record: InvoiceRecord, company: Company) -> bool:
    """Not where the source has changed it only since the comparison began."""
    invoice = reading.read_document(record.document).invoice
    began = company.comparing_since
    return invoice is None or began is None or invoice.updated_at < began
