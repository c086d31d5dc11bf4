"""One pass over one company: read the source, plan, post, settle, until nothing moves any more."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta

from qbdesk.sync import comparison, intake, recollection
from qbdesk.sync.asking import stopped_or_same
from qbdesk.sync.errors import Refusal
from qbdesk.sync.keyrings import VaultError
from qbdesk.sync.ledger import attempts, companies, invoices
from qbdesk.sync.lookups import Lookups
from qbdesk.sync.posting import CompanyStopped
from qbdesk.sync.preflight import Facts, examine
from qbdesk.sync.quickbooks.client import QuickBooksError, Unreachable
from qbdesk.sync.quickbooks.oauth import SignInTrouble
from qbdesk.sync.rebuild import Rebuild
from qbdesk.sync.sources.source import SourceRefused, SourceUnreachable
from qbdesk.sync.verdicts import Tally, Verdicts
from qbdesk.sync.views import InvoicesChanged
from qbdesk.sync.waves import PassTools, Waves

WHOLE_LOOK = timedelta(days=1)
NO_SUBSCRIPTION = (
    "The QuickBooks subscription has ended or is on hold, so nothing can be posted. Renew it in "
    "QuickBooks, then press Sync now."
)

_TROUBLE_AT_QUICKBOOKS = (QuickBooksError, Unreachable, CompanyStopped, SignInTrouble, VaultError)


class CompanyPass:
    """One pass.

    Args:
        tally: Grows with what is done, so that it is known also after the pass was broken off.
        afresh: True for a pass that a person asked for: yesterday's preflight does not count, nor
            what the source said an hour ago.
    """

    def __init__(self, tools: PassTools, tally: Tally, *, afresh: bool) -> None:
        self._tools = tools
        self._ledger = tools.ledger
        self._company = tools.company
        self._afresh = afresh
        self._verdicts = Verdicts(tools.ledger, tools.company.id, tools.clock, tally)

    async def run(self) -> None:
        """Works until nothing moves; what was done before an error stays done.

        Raises:
            CompanyStopped, SourceUnreachable, SourceRefused, QuickBooksError, Unreachable,
            Refusal, and what the token source raises.
        """
        try:
            await self._look_at_source()
        except (SourceUnreachable, SourceRefused):
            with suppress(*_TROUBLE_AT_QUICKBOOKS):
                await self._finish_begun()
            raise
        facts = await self._facts()
        if facts.read_only:
            raise CompanyStopped(NO_SUBSCRIPTION)
        await self._post(facts)
        if self._tools.rehearsal is None and await self._compare():
            await self._post(facts)

    async def _finish_begun(self) -> None:
        """What is in QuickBooks already, or may be, comes to its end without the source: all that
        is needed for it is in the ledger. The rest waits, since the source may have changed it."""
        if self._tools.rehearsal is not None or not Rebuild(self._tools).is_done():
            return
        with self._ledger.begin() as connection:
            begun = invoices.begun(connection, self._company.id)
        if not begun:
            return
        facts = await self._facts()
        if not facts.read_only:
            await self._advance(facts, begun)

    async def _compare(self) -> bool:
        """The weekly comparison, after the day's work. Whether it has found more of it."""
        with self._ledger.begin() as connection:
            company = companies.get(connection, self._company.id)
        if not comparison.is_due(company, self._tools.clock()):
            return False
        with suppress(SourceUnreachable):  # what was posted is posted; it goes on in the next pass
            return await comparison.Comparison(self._tools, self._verdicts, self._start).run()
        return False

    @property
    def _start(self) -> datetime:
        return datetime.combine(self._company.from_date, time(), self._company.zone)

    async def _post(self, facts: Facts) -> None:
        taken = await self._rebuild()
        with self._ledger.begin() as connection:
            waiting = invoices.under_way(connection, self._company.id)
        await self._advance(facts, waiting, fresh=taken)

    async def _advance(
        self, facts: Facts, ids: Sequence[int], *, fresh: Collection[int] = ()
    ) -> None:
        tools = self._tools
        with self._ledger.begin() as connection:
            # The settings of now count to its end; see PassEnd for what is changed meanwhile.
            company = companies.get(connection, self._company.id)
            known = recollection.knowledge(connection, company, facts, tools.settle)
            attempts.end_cut_off(connection, self._company.id, tools.clock())
        lookups = Lookups(tools.quickbooks, known)
        await Waves(tools, self._verdicts, known, lookups).advance(ids, fresh=fresh)

    async def _rebuild(self) -> set[int]:
        try:
            return await Rebuild(self._tools).run()
        except QuickBooksError as error:
            raise stopped_or_same(error) from None

    async def _look_at_source(self) -> None:
        whole = self._afresh or not self._was_whole_look()
        if whole:
            await self._check_tenant()
        await self._read_source(whole=whole)

    async def _check_tenant(self) -> None:
        self._tools.tell(f"Asking {self._company.tenant_name} for paid invoices")
        tenant = await self._tools.source.tenant()
        if tenant.id != self._company.tenant_id:
            raise Refusal(
                "The token now belongs to another account of the invoicing system than before. "
                "Nothing is read or posted, so that no books are mixed up; put the old token back, "
                "or add that account as a company of its own."
            )
        if tenant.environment != self._company.tenant_environment:
            raise Refusal(
                "The invoicing system says that it has changed between test and live. Nothing is "
                "posted until you remove the company and add it again."
            )
        with self._ledger.begin() as connection:
            companies.change(connection, self._company.id, tenant_at=self._tools.clock())

    def _was_whole_look(self) -> bool:
        """Whether the source has said within a day, by this clock, whose invoices these are."""
        seen, now = self._company.tenant_at, self._tools.clock()
        return seen is not None and timedelta(0) <= now - seen < WHOLE_LOOK

    async def _read_source(self, *, whole: bool) -> None:
        """Takes in what is new. Where nothing is, it costs one 304.

        Args:
            whole: The page is to come even if the source says that it is the same as before.
        """
        company = self._company
        seen, began, cursor = 0, self._tools.clock(), company.cursor
        etag = None if whole else company.cursor_etag
        async for page in self._tools.source.pages(company.cursor, self._start, etag):
            with self._ledger.begin() as connection:
                company = companies.get(connection, company.id)
                if (company.cursor, company.from_date) != (cursor, self._company.from_date):
                    # Another first day was chosen meanwhile: the next pass begins there.
                    intake.take_rows(connection, company, page.rows, self._tools.clock())
                    return
                touched = intake.take_in(connection, company, page, self._tools.clock())
            cursor = page.cursor
            seen += len(touched)
            if touched:
                self._verdicts.note_unreadable(touched)
                self._tools.hears(InvoicesChanged(company.name, tuple(touched)))
                self._tools.tell(f"Read {seen} invoices", seen)
        if self._company.cursor is None:  # that was everything
            with self._ledger.begin() as connection:
                companies.change(
                    connection,
                    company.id,
                    compared_at=began,
                    comparing_since=None,
                    comparing_cursor=None,
                )

    async def _facts(self) -> Facts:
        now = self._tools.clock()
        with self._ledger.begin() as connection:
            kept = recollection.recent_facts(connection, self._company, now)
        if kept is not None and not self._afresh:
            return kept
        self._tools.tell(f"Looking at the settings of {self._company.company_name}")
        try:
            facts = await examine(self._tools.quickbooks)
        except QuickBooksError as error:
            raise stopped_or_same(error) from None
        with self._ledger.begin() as connection:
            recollection.keep_facts(connection, self._company, facts, now)
        return facts
