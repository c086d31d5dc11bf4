"""Adding, showing, pausing and removing companies."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from qbdesk.sync import products, rulings, settings, shown
from qbdesk.sync.clients import Surroundings, source_secret
from qbdesk.sync.engine import Engine
from qbdesk.sync.errors import Refusal
from qbdesk.sync.keepers import secret_name
from qbdesk.sync.ledger import companies, invoices
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.sources.feed import FeedSource, checked_url
from qbdesk.sync.views import CompanyChanged, CompanyRemoved, CompanyView, Event

SOURCES = ("feed",)
LONGEST_NAME = 80


class CompaniesDesk:
    """What a person does with whole companies."""

    def __init__(
        self, around: Surroundings, engine: Engine, hears: Callable[[Event], None]
    ) -> None:
        self._around = around
        self._engine = engine
        self._hears = hears

    def views(self) -> list[CompanyView]:
        with self._around.ledger.begin() as connection:
            everyone = companies.everyone(connection)
        return [self.view(company) for company in everyone]

    def view(self, company: Company) -> CompanyView:
        with self._around.ledger.begin() as connection:
            counts = invoices.counts(connection, company.id)
        here = self._around.hosts.test_server
        return shown.company_view(
            company,
            counts,
            running=self._engine.is_running(company.name),
            next_pass_at=self._engine.schedule.next_time(company.name),
            test_server=company.test_server if company.connected else here,
            now=self._around.clock(),
        )

    async def add(
        self, name: str, source: str, url: str, token: str, from_date: date
    ) -> CompanyView:
        """Adds a company; for one that is there with the same source, takes the new token.

        Raises:
            Refusal: An impossible name, address or source, or another source than before.
            SourceUnreachable, SourceRefused: The source could not be asked who it is.
        """
        name = _checked_name(name)
        if source not in SOURCES:
            raise Refusal(f"qbdesk reads {', '.join(SOURCES)} for now, not “{source[:40]}”.")
        if not token.strip():
            raise Refusal("Enter the token of the invoicing system; it is made in its settings.")
        url, around = checked_url(url), self._around
        tenant = await FeedSource(around.http, url, token.strip(), sleep=around.sleep).tenant()
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
            if before is None:
                companies.add(
                    connection,
                    name=name,
                    source=source,
                    tenant_id=tenant.id,
                    from_date=from_date,
                    created_at=around.clock(),
                    **about,
                )
            else:
                companies.change(connection, before.id, **about)
                rulings.start_from(connection, before, from_date, around.clock())
            added = companies.named(connection, name)
        assert added is not None
        self._hears(CompanyChanged(name))
        return self.view(added)

    async def item_called(self, company: Company, wanted: str) -> str:
        """The Id of a product or service: one that was chosen before, or of this name.

        Raises:
            Refusal, QuickBooksError, Unreachable, and what the token source raises.
        """
        around = self._around
        with around.ledger.begin() as connection:
            chosen = products.choices(connection, company.id)
        if any(choice.word == wanted for choice in chosen):
            return wanted
        if not company.connected:
            raise Refusal(settings.NOT_CONNECTED)
        quickbooks = self._engine.clients.quickbooks(company)
        # Asked for each time: the name may have gone over to another one in QuickBooks.
        item = await products.find(quickbooks, wanted)
        with around.ledger.begin() as connection:
            products.remember(connection, company.id, item)
        return item.word

    async def remove(self, company: Company) -> None:
        """Signs out and takes it off the list; the ledger is kept."""
        if company.connected:
            await self.disconnect(company)
        vault, keys, aside = self._around.vault, company.client_id, self._around.aside
        await aside(lambda: vault.forget_secret(source_secret(company.name)))
        self._engine.schedule.never(company.name)
        with self._around.ledger.begin() as connection:
            companies.change(connection, company.id, active=False)
            shared = [other.client_id for other in companies.everyone(connection)]
        if keys is not None and keys not in shared:
            await aside(lambda: vault.forget_secret(secret_name(keys)))
        self._hears(CompanyRemoved(company.name))

    def set_paused(self, company: Company, *, paused: bool) -> None:
        with self._around.ledger.begin() as connection:
            companies.change(connection, company.id, paused=paused)
        if paused:
            self._engine.stop_pass(company.name)
        else:
            self._engine.schedule.at(company.name, self._around.clock())
        self._hears(CompanyChanged(company.name))

    def app_keys_known(self) -> tuple[str, str] | None:
        with self._around.ledger.begin() as connection:
            everyone = companies.everyone(connection)
        known = [(c.client_id, c.redirect_uri) for c in everyone if c.client_id and c.redirect_uri]
        return known[-1] if known else None

    async def confirm(
        self, company: Company, income_account_id: str, agreed: frozenset[str]
    ) -> CompanyView:
        """Keeps a new connection and lets the first pass begin."""
        kept = await self._engine.connecting.confirm(company, income_account_id, agreed)
        with self._around.ledger.begin() as connection:
            held = invoices.held(connection, kept.id)
            rulings.requeue(connection, held, self._around.clock())
        self._engine.schedule.at(kept.name, self._around.clock())
        self._hears(CompanyChanged(kept.name))
        return self.view(kept)

    async def disconnect(self, company: Company) -> bool:
        self._engine.stop_pass(company.name)
        told = await self._engine.connecting.disconnect(company)
        self._engine.schedule.never(company.name)
        self._hears(CompanyChanged(company.name))
        return told


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refusal(f"A company's name has 1 to {LONGEST_NAME} characters.")
    return name
