"""Adding, showing, pausing and removing companies."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from qbdesk.sync import products, rulings, safekeeping, settings, shown
from qbdesk.sync.clients import Surroundings, source_secret
from qbdesk.sync.engine import Engine
from qbdesk.sync.errors import Refusal
from qbdesk.sync.keepers import secret_name
from qbdesk.sync.ledger import companies, invoices, journal, restoring
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.model import Tenant
from qbdesk.sync.place import examine_place
from qbdesk.sync.sources import feed
from qbdesk.sync.sources.source import SourceUnreachable
from qbdesk.sync.views import CompanyChanged, CompanyRemoved, CompanyView, Event

SOURCES = ("feed",)
LONGEST_NAME = 80
PAUSED, RESUMED = "Paused.", "Resumed."  # as the journal has it
_TOKEN_AGAIN = "Token of the invoicing system entered again"
_NOTHING_ADDED = {
    feed.DOWN: "The invoicing system cannot be reached at {url}, so nothing was added or changed. "
    "Check the address.",
    feed.RUBBISH: "What answers at {url} is nothing that qbdesk can read, so nothing was added or "
    "changed. Check the address.",
    feed.BUSY: "The invoicing system at {url} asks for a pause, so nothing was added or changed. "
    "Try again in a few minutes.",
}


class CompaniesDesk:
    """What a person does with whole companies."""

    def __init__(
        self, around: Surroundings, engine: Engine, hears: Callable[[Event], None]
    ) -> None:
        self._around = around
        self._engine = engine
        self._hears = hears
        self._place = examine_place(around.home)

    def views(self) -> list[CompanyView]:
        with self._around.ledger.begin() as connection:
            everyone = companies.everyone(connection)
        return [self.view(company) for company in everyone]

    def view(self, company: Company) -> CompanyView:
        with self._around.ledger.begin() as connection:
            counts = invoices.counts(connection, company.id)
            told = journal.last_of(connection, company.id, (PAUSED, RESUMED, restoring.PAUSED))
        minded = [
            self._place,
            safekeeping.backup_finding(self._around.ledger, self._around.clock()),
        ]
        here = self._around.hosts.test_server
        return shown.company_view(
            company,
            counts,
            running=self._engine.is_posting(company.name),
            next_pass_at=self._engine.next_pass_at(company),
            test_server=company.test_server if company.connected else here,
            now=self._around.clock(),
            # What troubled it before a restore is as old as the backup.
            why_paused=restoring.PAUSED if told == restoring.PAUSED else "",
            of_the_ledger=tuple(found for found in minded if found and found.level != "fine"),
        )

    async def add(
        self, name: str, source: str, url: str, token: str, from_date: date | None, who: str
    ) -> CompanyView:
        """Adds a company; for one that is there with the same source, takes the new token.

        Args:
            from_date: None, for one that is there: as it is. Another one counts as in `begin_from`.

        Raises:
            Refusal: An impossible name, address or source, another source than before, or no first
                day for a new company.
            SourceUnreachable, SourceRefused: The source could not be asked who it is.
        """
        name = _checked_name(name)
        if from_date is not None:
            rulings.check_first_day(from_date, self._around.clock())
        if source not in SOURCES:
            raise Refusal(f"qbdesk reads {', '.join(SOURCES)} for now, not “{source[:40]}”.")
        if not token.strip():
            raise Refusal("Enter the token of the invoicing system; it is made in its settings.")
        url, around = feed.checked_url(url), self._around
        with around.ledger.begin() as connection:
            _first_day(companies.named(connection, name), name, from_date)
        tenant = await self._tenant(url, token.strip())
        with around.ledger.begin() as connection:
            before = companies.named(connection, name)
        if before is not None and (before.tenant_id, before.source) != (tenant.id, source):
            raise Refusal(
                f"{name} reads another account of an invoicing system. Add this one as a company "
                "with a name of its own."
            )
        await around.aside(lambda: around.vault.store_secret(source_secret(name), token.strip()))
        about = {
            "source_url": url,
            "tenant_name": tenant.name,
            "tenant_environment": tenant.environment,
            "time_zone": ZoneInfo(tenant.timezone).key,
        }
        with around.ledger.begin() as connection:
            # Read once more: asking the source and the keyring took its time.
            before = companies.named(connection, name)
            first_day = _first_day(before, name, from_date)
            if before is None:
                companies.add(
                    connection,
                    name=name,
                    source=source,
                    tenant_id=tenant.id,
                    from_date=first_day,
                    created_at=around.clock(),
                    **about,
                )
            else:
                companies.change(connection, before.id, cursor_etag=None, **about)
                _begin_from(connection, before, first_day, who, around.clock())
            added = companies.named(connection, name)
            assert added is not None
            told = _about_adding(before, added)
            if told:
                journal.add(connection, added.id, None, around.clock(), told, who=who)
        if before is not None and before.from_date != first_day:
            self._engine.look_soon(name)
        self._hears(CompanyChanged(name))
        return self.view(added)

    async def _tenant(self, url: str, token: str) -> Tenant:
        """Whose token it is. Raises as `add` does: here no pass goes on later."""
        around = self._around
        source = feed.FeedSource(around.http, url, token, sleep=around.sleep, chance=around.chance)
        try:
            return await source.tenant()
        except SourceUnreachable as error:
            told = _NOTHING_ADDED.get(str(error))
            if told is None:
                raise
            raise SourceUnreachable(told.format(url=url)) from None

    async def item_called(self, company: Company, wanted: str) -> str:
        """The Id of the product or service of this name, or with this Id.

        Raises:
            Refusal, QuickBooksError, Unreachable, and what the token source raises.
        """
        if not company.connected:
            raise Refusal(settings.NOT_CONNECTED)
        quickbooks = self._engine.clients.quickbooks(company)
        # Asked for each time: the name may have gone over to another one in QuickBooks.
        item = await products.find(quickbooks, wanted)
        with self._around.ledger.begin() as connection:
            products.remember(connection, company.id, item)
        return item.word

    async def remove(self, company: Company, who: str) -> None:
        """Signs out and takes it off the list; the ledger is kept."""
        if company.connected:
            await self.disconnect(company, who)
        vault, keys, aside = self._around.vault, company.client_id, self._around.aside
        await aside(lambda: vault.forget_secret(source_secret(company.name)))
        with self._around.ledger.begin() as connection:
            companies.change(connection, company.id, active=False)
            now = self._around.clock()
            journal.add(connection, company.id, None, now, "Taken off the list.", who=who)
            shared = [other.client_id for other in companies.everyone(connection)]
        if keys is not None and keys not in shared:
            await aside(lambda: vault.forget_secret(secret_name(keys)))
        self._hears(CompanyRemoved(company.name))

    def set_paused(self, company: Company, who: str, *, paused: bool) -> None:
        told, now = PAUSED if paused else RESUMED, self._around.clock()
        with self._around.ledger.begin() as connection:
            companies.change(connection, company.id, paused=paused)
            journal.add(connection, company.id, None, now, told, who=who)
        if paused:
            self._engine.stop_pass(company.name)
        else:
            self._engine.look_soon(company.name)
        self._hears(CompanyChanged(company.name))

    def begin_from(self, company: Company, first_day: date, who: str) -> CompanyView:
        """Another first day of payment; a pass under way ends before its next write."""
        with self._around.ledger.begin() as connection:
            _begin_from(connection, company, first_day, who, self._around.clock())
            changed = companies.get(connection, company.id)
        self._engine.look_soon(company.name)
        self._hears(CompanyChanged(company.name))
        return self.view(changed)

    def app_keys_known(self) -> tuple[str, str] | None:
        with self._around.ledger.begin() as connection:
            everyone = companies.everyone(connection)
        known = [(c.client_id, c.redirect_uri) for c in everyone if c.client_id and c.redirect_uri]
        return known[-1] if known else None

    async def confirm(
        self,
        company: Company,
        income_account_id: str,
        agreed: frozenset[str],
        answers: Mapping[str, str],
        who: str,
        *,
        first_day: date | None,
        paused: bool | None,
    ) -> CompanyView:
        """Keeps a new connection and lets the first pass begin, unless it is to wait."""
        if first_day is not None:
            rulings.check_first_day(first_day, self._around.clock())
        kept = await self._engine.connecting.confirm(
            company, income_account_id, agreed, answers, who, first_day=first_day, paused=paused
        )
        told = f"Connected to {kept.company_name} ({kept.environment}, company {kept.realm_id})."
        told += f" Income goes to {kept.income_account_name}."
        told += f" Agreed to: {', '.join(sorted(agreed))}." if agreed else ""
        if company.realm_id is not None:
            told += f" Before: {company.company_name} ({company.environment}, {company.realm_id})."
        with self._around.ledger.begin() as connection:
            journal.add(connection, kept.id, None, self._around.clock(), told, who=who)
            held = invoices.held(connection, kept.id)
            rulings.requeue(connection, held, self._around.clock())
        self._engine.look_soon(kept.name)
        self._hears(CompanyChanged(kept.name))
        return self.view(kept)

    async def disconnect(self, company: Company, who: str) -> bool:
        self._engine.stop_pass(company.name)
        if company.connected:
            said = f"Disconnected from {company.company_name}; both tokens are deleted."
            with self._around.ledger.begin() as connection:
                journal.add(connection, company.id, None, self._around.clock(), said, who=who)
        told = await self._engine.connecting.disconnect(company)
        self._hears(CompanyChanged(company.name))
        return told


def _first_day(company: Company | None, name: str, wanted: date | None) -> date:
    """Raises Refusal where there is none: history is only posted because somebody named a day."""
    if wanted is not None:
        return wanted
    if company is not None:
        return company.from_date
    raise Refusal(
        f"There is no company {name} yet. To add it, name the first day too: --from YYYY-MM-DD. "
        "What was paid before that day is not posted."
    )


def _about_adding(before: Company | None, after: Company) -> str:
    """What the journal tells; nothing where another first day was told already."""
    if before is None:
        return (
            f"Posts what was paid from {after.from_date} on at {after.tenant_name}, "
            f"{after.source_url}."
        )
    if before.source_url != after.source_url:
        return f"{_TOKEN_AGAIN}, for {after.source_url}. Before: {before.source_url}."
    if before.from_date != after.from_date:
        return ""
    return f"{_TOKEN_AGAIN}; address and first day as before."


def _begin_from(
    connection: Connection, company: Company, first_day: date, who: str, now: datetime
) -> None:
    """Books that were fed before are paused for an earlier day, so that what comes with it can be
    looked at before it is posted (rule 34)."""
    pausing = company.realm_id is not None
    rulings.begin_from(connection, company, first_day, who, now, pausing=pausing)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refusal(f"A company's name has 1 to {LONGEST_NAME} characters.")
    return name
