"""Who a company is spoken to about: its source and its QuickBooks, each through its client."""

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from qbdesk.sync.errors import Refusal
from qbdesk.sync.keepers import Keepers
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.requests import RequestLedger
from qbdesk.sync.quickbooks.client import QuickBooks
from qbdesk.sync.quickbooks.hosts import Hosts
from qbdesk.sync.quickbooks.limits import Limiter
from qbdesk.sync.quickbooks.tokens import Aside
from qbdesk.sync.safekeeping import BackUp, in_a_thread
from qbdesk.sync.schedule import Schedule
from qbdesk.sync.sources.feed import FeedSource
from qbdesk.sync.vault import Vault, in_time

NOT_CONNECTED = "Not connected to QuickBooks, so nothing was posted. Connect the company first."
# By whether the company's sign-in was with a test server.
OTHER_SERVER = {
    True: "This company was connected to a test server, and qbdesk now speaks to Intuit itself, so "
    "nothing is read or posted. Open the practice again, or disconnect and reconnect.",
    False: "This company was connected to Intuit itself, and qbdesk now speaks to a test server, "
    "so nothing is read or posted. Start qbdesk without QBDESK_INTUIT_URL.",
}


@dataclass(frozen=True)
class Surroundings:
    """Everything the engine touches is handed to it."""

    ledger: Ledger
    vault: Vault
    home: Path
    hosts: Hosts
    http: httpx.AsyncClient
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    settle: timedelta
    interval: timedelta | None = None  # None: as the source wishes
    monotonic: Callable[[], float] = time.monotonic
    aside: Aside = in_time  # how the keyring is asked, which may wait for a person
    schedule: type[Schedule] = Schedule
    chance: Callable[[], float] = random.random  # from 0 to 1; no secret hangs on it
    back_up: BackUp = in_a_thread


class Clients:
    """Makes the clients of a company; what they wait for is told by the company's name."""

    def __init__(
        self, around: Surroundings, keepers: Keepers, tell: Callable[[str, str], None]
    ) -> None:
        self._around = around
        self._keepers = keepers
        self._tell = tell
        self._limiters: dict[str, Limiter] = {}

    def limiter(self, realm_id: str) -> Limiter:
        """The one that counts the requests to a QuickBooks company, whatever they are for."""
        around = self._around
        if realm_id in self._limiters:
            self._limiters[realm_id].recall()
        else:
            self._limiters[realm_id] = Limiter(
                RequestLedger(around.ledger, realm_id),
                wall=lambda: around.clock().timestamp(),
                monotonic=around.monotonic,
                sleep=around.sleep,
            )
        return self._limiters[realm_id]

    async def source(self, company: Company) -> FeedSource:
        """Raises Refusal, VaultError."""
        around = self._around
        token = await around.aside(lambda: around.vault.secret(source_secret(company.name)))
        if token is None:
            raise Refusal(
                "The token of the invoicing system is not in the keyring. Enter it again: “New "
                "source token…” in the window, or qbdesk add without --from."
            )
        return FeedSource(
            around.http,
            company.source_url,
            token,
            sleep=around.sleep,
            waiting=self._waiting(company),
            chance=around.chance,
        )

    def quickbooks(self, company: Company) -> QuickBooks:
        """Raises Refusal: not connected, or as check_server does."""
        if not company.connected or company.realm_id is None or company.environment is None:
            raise Refusal(NOT_CONNECTED)
        self.check_server(company)
        return QuickBooks(
            self._around.http,
            self._around.hosts,
            company.environment,
            company.realm_id,
            self._keepers.of(company),
            self.limiter(company.realm_id),
            sleep=self._around.sleep,
            on_wait=self._waiting(company),
            chance=self._around.chance,
        )

    def check_server(self, company: Company) -> None:
        """Tokens go only where they came from.

        Raises:
            Refusal: The sign-in was with a test server and this is Intuit itself, or the reverse.
        """
        if company.test_server != self._around.hosts.test_server:
            raise Refusal(OTHER_SERVER[company.test_server])

    def _waiting(self, company: Company) -> Callable[[float, str], None]:
        return lambda _seconds, why: self._tell(company.name, why)


def source_secret(company_name: str) -> str:
    return f"source token {company_name}"
