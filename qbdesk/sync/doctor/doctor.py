"""`qbdesk doctor`: whether a company is in order, and what only Intuit's sandbox can tell."""

from collections.abc import Callable

from qbdesk.sync.clients import NOT_CONNECTED, Surroundings
from qbdesk.sync.doctor import asking
from qbdesk.sync.doctor.bench import Bench
from qbdesk.sync.doctor.probes import Probe
from qbdesk.sync.engine import Engine
from qbdesk.sync.errors import Refusal, Trouble
from qbdesk.sync.ledger import requests
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.preflight import examine, findings
from qbdesk.sync.quickbooks.client import QuickBooksError
from qbdesk.sync.shown import SOON
from qbdesk.sync.vault import in_time
from qbdesk.sync.views import Checkup, Finding, Probed, Progress, Requests, Seen

CONNECT = "Connect the company first."
AGAIN = "Nothing needs to be done; run qbdesk doctor again in a while."


class Doctor:
    """Looks into companies. Reads only, but for the probes."""

    def __init__(
        self, around: Surroundings, engine: Engine, hears: Callable[[Progress], None]
    ) -> None:
        self._around = around
        self._engine = engine
        self._hears = hears

    async def examine(self, company: Company) -> Checkup:
        """One line for each thing looked at; what goes wrong is a finding and no error."""
        found = [await self._source(company), await self._sign_in(company)]
        if found[-1].level != "stop":
            found += await self._settings(company)
        if company.paused:
            found.append(Finding("mind", "The company is paused: nothing is posted."))
        counts = self._requests(company)
        found.append(
            Finding(
                "fine",
                "Requests to QuickBooks this month, as far as this ledger knows: "
                f"{counts.reads} reads and {counts.batches} batches, which Intuit meters, and "
                f"{counts.writes} single writes, which it does not.",
            )
        )
        return Checkup(company.name, tuple(found), counts)

    async def _source(self, company: Company) -> Finding:
        try:
            tenant = await (await self._engine.clients.source(company)).tenant()
        except Trouble as error:
            return Finding("stop", str(error))
        if tenant.id != company.tenant_id:
            return Finding(
                "stop",
                "The token now belongs to another account of the invoicing system than before.",
                "Put the old token back, or add that account as a company of its own.",
            )
        kind = "live invoices" if tenant.environment == "production" else "test invoices"
        return Finding("fine", f"The invoicing system answers as “{tenant.name}”, with {kind}.")

    async def _sign_in(self, company: Company) -> Finding:
        if not company.connected:
            return Finding("stop", "The company is not connected to QuickBooks.", CONNECT)
        keeper = self._engine.keepers.of(company)
        try:
            self._engine.clients.check_server(company)
            await keeper.access_token()
        except Trouble as error:
            return Finding("stop", str(error))
        days = keeper.health().refresh_days(self._around.clock())
        told = f"Signed in to QuickBooks; without use the sign-in ends in {days} days."
        if days < SOON:
            return Finding("mind", told, "Press Reconnect before it does.")
        return Finding("fine", told)

    async def _settings(self, company: Company) -> list[Finding]:
        try:
            facts = await examine(self._engine.clients.quickbooks(company))
        except QuickBooksError as error:
            return [Finding("stop", error.fault.sentence, error.fault.press)]
        except Trouble as error:
            return [Finding("stop", str(error), AGAIN)]
        return findings(facts, company.income_account_id)

    def _requests(self, company: Company) -> Requests:
        with self._around.ledger.begin() as connection:
            realm, now = company.realm_id or "", self._around.clock()
            counts = requests.of_month(connection, realm, now)
        return Requests(counts.get("read", 0), counts.get("write", 0), counts.get("batch", 0))

    # ---- probes ----

    async def probe(self, company: Company) -> Probed:
        """Runs every probe, then puts away what they made.

        Raises:
            Refusal: It is no sandbox company, or not connected. QuickBooksError, Unreachable, and
            what the token source raises: the company could not be looked at.
        """
        if not company.connected or company.realm_id is None:
            raise Refusal(NOT_CONNECTED)
        if company.environment != "sandbox":
            raise Refusal(
                f"{company.name} is a real company. Probes make customers and invoices, so they "
                "are for Intuit's sandbox companies only; nothing was done."
            )
        return await self._engine.alone(company.name, lambda: self._probe(company))

    async def _probe(self, company: Company) -> Probed:
        around = self._around
        quickbooks = self._engine.clients.quickbooks(company)
        facts = await examine(quickbooks)

        async def tokens() -> tuple[str, str]:
            access = await self._engine.keepers.of(company).access_token()
            kept = await in_time(lambda: around.vault.refresh_tokens(company.name))
            return access, kept[0] if kept else ""

        bench = Bench(
            quickbooks,
            facts,
            company.income_account_id or "",
            tokens,
            around.clock(),
            around.monotonic,
            around.sleep,
        )
        seen = []
        try:
            for done, probe in enumerate(Probe):
                self._hears(Progress(company.name, probe.question, done, len(Probe)))
                seen.append(Seen(probe, probe.question, await asking.run(probe, bench)))
        finally:
            self._hears(Progress(company.name, "Putting away what the probes made"))
            left = await bench.put_away()
        return Probed(tuple(seen), tuple(left))
