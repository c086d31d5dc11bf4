"""The token keepers of the connected companies: one for each company and process."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import httpx

from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.quickbooks.hosts import Hosts
from qbdesk.sync.quickbooks.oauth import AppKeys
from qbdesk.sync.quickbooks.tokens import TokenKeeper
from qbdesk.sync.vault import Vault
from qbdesk.sync.views import TokenHealth


def secret_name(client_id: str) -> str:
    """Where the vault keeps the client secret of an Intuit app."""
    return f"client secret {client_id}"


class Keepers:
    """Makes keepers and holds them; health goes to the ledger, secrets stay in the vault."""

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        home: Path,
        hosts: Hosts,
        http: httpx.AsyncClient,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._home = home
        self._hosts = hosts
        self._http = http
        self._clock = clock
        self._sleep = sleep
        # By the name as well: in a ledger that was restored another company may bear the Id.
        self._keepers: dict[tuple[int, str], TokenKeeper] = {}

    def of(self, company: Company) -> TokenKeeper:
        key = company.id, company.name
        if key not in self._keepers:
            self._keepers[key] = self._new(company.id, company.name)
        return self._keepers[key]

    async def finish(self) -> None:
        """Waits for refreshes under way: one may bring a token that replaces the old for good."""
        for keeper in self._keepers.values():
            await keeper.finish()

    def _new(self, company_id: int, name: str) -> TokenKeeper:
        return TokenKeeper(
            self._http,
            self._hosts,
            lambda: self._keys(company_id),
            self._vault,
            name,
            clock=self._clock,
            lock=self._home / f"sign-in-{company_id}.lock",
            record=lambda health: self._record(company_id, health),
            load=lambda: self._load(company_id),
            sleep=self._sleep,
        )

    def _keys(self, company_id: int) -> AppKeys | None:
        with self._ledger.begin() as connection:
            client_id = companies.get(connection, company_id).client_id
        secret = self._vault.secret(secret_name(client_id)) if client_id else None
        return AppKeys(client_id, secret) if client_id and secret else None

    def _record(self, company_id: int, health: TokenHealth) -> None:
        with self._ledger.begin() as connection:
            companies.change(
                connection,
                company_id,
                access_expires_at=health.access_expires_at,
                refresh_expires_at=health.refresh_expires_at,
                last_refresh_at=health.last_refresh_at,
            )

    def _load(self, company_id: int) -> TokenHealth:
        with self._ledger.begin() as connection:
            return companies.get(connection, company_id).token_health
