"""Connecting a company to QuickBooks: consent, who it is, confirmation; and leaving it again."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import Connection

from qbdesk.sync import proposals, recollection, rulings, settings
from qbdesk.sync.errors import NeedsConsent, Refusal
from qbdesk.sync.keepers import Keepers, secret_name
from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.preflight import AT_CONNECT, Facts, examine, findings
from qbdesk.sync.quickbooks import oauth
from qbdesk.sync.quickbooks.client import QuickBooks, QuickBooksError
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.quickbooks.hosts import Environment, Hosts
from qbdesk.sync.quickbooks.limits import Limiter
from qbdesk.sync.quickbooks.oauth import AppKeys, TokenSet
from qbdesk.sync.quickbooks.tokens import Aside
from qbdesk.sync.vault import Vault
from qbdesk.sync.views import ConsentRequest, IncomeAccount, Offer

ATTEMPT_LASTS = timedelta(minutes=10)
NO_ATTEMPT = "No sign-in is under way for this company. Press Connect QuickBooks to start one."
OTHER_COMPANY = "other_company"
MISMATCH = "environment_mismatch"
SAME_SOURCE = "same_source"
SOURCE_COLUMNS = (
    "source source_url from_date tenant_id tenant_name tenant_environment time_zone".split()
)


@dataclass
class Attempt:
    """One consent on its way. Secrets stay out of its repr; used once, for ten minutes."""

    company_id: int
    keys: AppKeys
    redirect_uri: str
    state: str = field(repr=False)
    started_at: datetime
    landed: bool = False
    tokens: TokenSet | None = None
    realm_id: str = ""
    environment: Environment = "production"
    facts: Facts | None = None


@dataclass(frozen=True)
class _OneToken:
    """The access token of a consent that nobody has confirmed yet."""

    token: str = field(repr=False)

    async def access_token(self) -> str:
        return self.token

    async def refused(self, token: str) -> None:
        """There is no other: the host that refuses it does not know the company."""


class Connecting:
    """Attempts to connect, and their ends."""

    def __init__(
        self,
        ledger: Ledger,
        vault: Vault,
        hosts: Hosts,
        http: httpx.AsyncClient,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        limiter: Callable[[str], Limiter],
        keepers: Keepers,
        aside: Aside,
        chance: Callable[[], float],
    ) -> None:
        """`limiter`: makes the one that counts the requests to a QuickBooks company."""
        self._ledger = ledger
        self._vault = vault
        self._hosts = hosts
        self._http = http
        self._clock = clock
        self._sleep = sleep
        self._limiter = limiter
        self._keepers = keepers
        self._aside = aside
        self._chance = chance
        self._attempts: dict[str, Attempt] = {}

    # ---- the consent ----

    async def begin(
        self, company: Company, client_id: str, client_secret: str | None, redirect_uri: str
    ) -> ConsentRequest:
        """Starts an attempt; an earlier one of this company ends.

        Raises:
            Refusal: No usable keys. VaultError: the keyring is not there or locked.
        """
        await self.cancel(company.name)
        name = secret_name(client_id)
        stored = await self._aside(lambda: self._vault.secret(name))
        secret = client_secret or stored
        if not client_id.strip() or not secret:
            raise Refusal(
                "Enter the client ID and the client secret of your Intuit app. They stand on "
                "Intuit's developer pages, under Keys & credentials."
            )
        if not redirect_uri.startswith(("https://", "http://")):
            raise Refusal("The redirect address is the whole address, starting with https://.")
        attempt = Attempt(
            company.id,
            AppKeys(client_id.strip(), secret),
            redirect_uri.strip(),
            oauth.new_state(),
            self._clock(),
        )
        self._attempts[company.name] = attempt
        url = oauth.authorize_url(self._hosts, attempt.keys, redirect_uri, attempt.state)
        return ConsentRequest(url, attempt.redirect_uri, self._hosts.test_server_root)

    async def finish(self, company: Company, address: str) -> Offer:
        """Exchanges the code and reads back whom it is for. Nothing is kept yet.

        Raises:
            Refusal (ConsentRefused, no attempt), SignInTrouble, QuickBooksError, Unreachable.
        """
        attempt = self._attempt(company.name)
        if attempt.landed:
            raise Refusal("This sign-in was used already. Press Connect QuickBooks to start anew.")
        try:
            landing = oauth.read_landing(address, attempt.redirect_uri, attempt.state)
            attempt.landed = True
            attempt.realm_id = landing.realm_id
            now = self._clock()
            attempt.tokens = await oauth.exchange_code(
                self._http, self._hosts, attempt.keys, attempt.redirect_uri, landing.code, now
            )
            attempt.environment, quickbooks = await self._find_environment(attempt)
            attempt.facts = await examine(quickbooks)
        except BaseException:
            await self.cancel(company.name)
            raise
        return self._offer(company, attempt, attempt.facts)

    def _attempt(self, name: str) -> Attempt:
        attempt = self._attempts.get(name)
        if attempt is None or self._clock() - attempt.started_at > ATTEMPT_LASTS:
            raise Refusal(NO_ATTEMPT)
        return attempt

    async def _find_environment(self, attempt: Attempt) -> tuple[Environment, QuickBooks]:
        """Only the host of the company's own kind knows it: both are asked, never the user."""
        assert attempt.tokens is not None
        refused: QuickBooksError | None = None
        environments: tuple[Environment, ...] = ("production", "sandbox")
        for environment in environments:
            quickbooks = QuickBooks(
                self._http,
                self._hosts,
                environment,
                attempt.realm_id,
                _OneToken(attempt.tokens.access_token),
                self._limiter(attempt.realm_id),
                sleep=self._sleep,
                chance=self._chance,
            )
            try:
                await quickbooks.company_info()
            except QuickBooksError as error:
                # A host that is out of order says nothing of the company: that is the one to tell.
                if refused is None or refused.fault.kind is not FaultKind.TRY_AGAIN:
                    refused = error
                continue
            return environment, quickbooks
        assert refused is not None
        raise refused

    def _offer(self, company: Company, attempt: Attempt, facts: Facts) -> Offer:
        accounts = tuple(IncomeAccount(a.id, a.name) for a in facts.income_accounts)
        kept = [account for account in accounts if account.id == company.income_account_id]
        services = [account for account in accounts if account.name.casefold() == "services"]
        chosen = (*kept, *services, *accounts)
        new_books = company.realm_id != attempt.realm_id
        before = self._chosen_before(company, attempt)
        first_day, told = company.from_date, ""
        if new_books:
            first_day, told = proposals.first_day(facts, company.from_date)
        return Offer(
            company_name=facts.company_name,
            environment=attempt.environment,
            test_server=self._hosts.test_server,
            country=facts.country,
            currency=facts.home_currency,
            income_accounts=accounts,
            income_account=chosen[0] if chosen else None,
            questions=tuple(self._questions(company, attempt, facts)),
            findings=(*findings(facts, chosen[0].id if chosen else None), *AT_CONNECT),
            new_books=new_books,
            tax=proposals.tax_treatment(facts),
            first_day=first_day,
            first_day_told=told,
            clearing=proposals.clearing(facts, before, propose=new_books),
            untaxed=proposals.untaxed(facts, before, propose=new_books),
        )

    def _chosen_before(self, company: Company, attempt: Attempt) -> dict[str, str]:
        if company.realm_id != attempt.realm_id:
            return {}
        with self._ledger.begin() as connection:
            return companies.settings(connection, company.id)

    def _questions(self, company: Company, attempt: Attempt, facts: Facts) -> list[tuple[str, str]]:
        """What is refused until a person has agreed to it (rule 31)."""
        asked = []
        here = (attempt.realm_id, attempt.environment)
        if company.realm_id is not None and here != (company.realm_id, company.environment):
            asked.append(
                (
                    OTHER_COMPANY,
                    f"Until now {company.name} was {company.company_name} "
                    f"({company.environment}). This is {facts.company_name} "
                    f"({attempt.environment}): it gets a ledger of its own, and every invoice paid "
                    "from the first day on is posted to it.",
                )
            )
        if attempt.environment != company.tenant_environment:
            source = "live" if company.tenant_environment == "production" else "a test"
            source_told = "The invoices are live" if source == "live" else "The invoices are tests"
            asked.append(
                (
                    MISMATCH,
                    f"{source_told}, and {facts.company_name} is a {attempt.environment} company. "
                    "Joining the two puts invoices where they do not belong.",
                )
            )
        other = self._same_source(company)
        if other is not None:
            told = (
                "reads the same account of the invoicing system already: every invoice would be "
                "posted to both companies."
                if other.connected
                else "was fed from the same account of the invoicing system: what is in its books "
                "would be posted to these as well."
            )
            asked.append((SAME_SOURCE, f"{other.name} {told}"))
        return asked

    def _same_source(self, company: Company) -> Company | None:
        """Rule 31: one source tenant feeds one QuickBooks company, also one that is signed out."""
        with self._ledger.begin() as connection:
            everyone = companies.everyone(connection)
        return next(
            (
                other
                for other in everyone
                if other.id != company.id
                and other.realm_id is not None
                and other.tenant_id == company.tenant_id
                and other.source == company.source
            ),
            None,
        )

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
    ) -> Company:
        """Keeps the connection, once a person has agreed to all that was asked.

        Args:
            answers: The word chosen for each key of the offer's proposals; others stay as they are.
            first_day: What is paid from this day on is posted; None: as it was.
            paused: Nothing is posted until the company is resumed; None: as it was, also where it
                becomes another QuickBooks company.

        Raises:
            NeedsConsent: Something was not agreed to. Refusal: no such account, no attempt.
            VaultError, SignInUnreachable: The tokens could not be kept. What was before stays, and
                the same attempt may be confirmed again.
        """
        attempt = self._attempt(company.name)
        if attempt.tokens is None or attempt.facts is None:
            raise Refusal(NO_ATTEMPT)
        facts = attempt.facts
        for word, sentence in self._questions(company, attempt, facts):
            if word not in agreed:
                raise NeedsConsent(sentence, word)
        account = next((a for a in facts.income_accounts if a.id == income_account_id), None)
        if account is None:
            raise Refusal("Choose an active income account of this QuickBooks company.")
        wanted = proposals.checked(facts, answers)
        name, secret = secret_name(attempt.keys.client_id), attempt.keys.client_secret
        await self._aside(lambda: self._vault.store_secret(name, secret))
        with self._ledger.begin() as connection:
            place = self._place(connection, company, attempt)
        # Before the ledger says anything of the new sign-in: without its tokens the old one stays.
        await self._keepers.of(place).adopt(attempt.tokens)
        del self._attempts[company.name]
        with self._ledger.begin() as connection:
            self._move(connection, company, place, facts)
            companies.change(
                connection,
                place.id,
                realm_id=attempt.realm_id,
                environment=attempt.environment,
                client_id=attempt.keys.client_id,
                redirect_uri=attempt.redirect_uri,
                income_account_id=account.id,
                income_account_name=account.name,
                test_server=self._hosts.test_server,
                mismatch_agreed=MISMATCH in agreed,
                connected=True,
                trouble=None,
                trouble_kind=None,
                paused=company.paused if paused is None else paused,
            )
            kept = companies.get(connection, place.id)
            recollection.keep_facts(connection, kept, facts, self._clock())
            before = companies.settings(connection, kept.id)
            for key, word in wanted.items():
                if before.get(key, "") != word:
                    settings.change(connection, kept, key, word, who, self._clock())
            if first_day is not None:
                fed_before = company.realm_id == attempt.realm_id
                now = self._clock()
                rulings.begin_from(connection, kept, first_day, who, now, pausing=fed_before)
            return companies.get(connection, kept.id)

    def _place(self, connection: Connection, company: Company, attempt: Attempt) -> Company:
        """Where the connection will be kept: another QuickBooks company has another ledger. Until
        it is, nothing is different, but that an empty ledger may have been put away."""
        here = (attempt.realm_id, attempt.environment)
        if (company.realm_id, company.environment) == here:
            return company
        earlier = companies.put_away(connection, company.name, *here)
        if earlier is not None:
            was_used = earlier.client_id is not None
            if was_used and earlier.tenant_id != company.tenant_id:
                raise Refusal(
                    f"{company.name} was connected to this QuickBooks company before, from another "
                    "account of an invoicing system. Add it under another name."
                )
            return earlier
        if company.realm_id is None:
            return company
        return companies.add(
            connection,
            name=company.name,
            active=False,
            realm_id=attempt.realm_id,
            environment=attempt.environment,
            created_at=self._clock(),
            **_fed_by(company),
        )

    def _move(self, connection: Connection, company: Company, place: Company, facts: Facts) -> None:
        """Makes the place the company; the one before is put away, whole."""
        if place.id != company.id:
            companies.change(connection, company.id, active=False, connected=False)
            rulings.start_from(connection, place, company.from_date, self._clock())
            companies.change(connection, place.id, active=True, **_fed_by(company))
        companies.change(
            connection,
            place.id,
            company_name=facts.company_name,
            country=facts.country,
            home_currency=facts.home_currency,
        )

    async def cancel(self, name: str) -> None:
        """Ends an attempt and leaves nothing behind; a grant that was given is handed back."""
        attempt = self._attempts.pop(name, None)
        if attempt is not None and attempt.tokens is not None:
            token = attempt.tokens.refresh_token
            await oauth.revoke(self._http, self._hosts, attempt.keys, token)

    async def disconnect(self, company: Company) -> bool:
        """Deletes both tokens at once, then asks Intuit to end the sign-in; whether it did."""
        await self.cancel(company.name)
        with self._ledger.begin() as connection:
            companies.change(
                connection, company.id, connected=False, trouble=None, trouble_kind=None
            )
        tell = company.test_server == self._hosts.test_server
        return await self._keepers.of(company).disconnect(tell=tell)


def _fed_by(company: Company) -> dict[str, Any]:
    return {column: getattr(company, column) for column in SOURCE_COLUMNS}
