"""Connecting, switching, signing out, and QuickBooks on bad days."""

from datetime import date
from decimal import Decimal

import httpx
import pytest
from invoices import document, line
from office import FROM, NAME, PATIENCE, Office, OpenOffice

from qbdesk.practice.serve import PracticeServer
from qbdesk.practice.switches import Switches
from qbdesk.practice.world import PracticeWorld
from qbdesk.sync.errors import NeedsConsent
from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.vault import KeyringLocked
from qbdesk.sync.views import State, Status


def test_the_offer_names_company_environment_and_income_account(open_office: OpenOffice) -> None:
    office = open_office(connected=False)
    offer = office.offer()
    assert offer.company_name == office.world.company_name
    assert (offer.environment, offer.test_server, offer.currency) == ("sandbox", True, "CAD")
    assert offer.income_account is not None
    assert offer.income_account.name == "Services"
    names = {account.name for account in offer.income_accounts}
    assert "Services" in names
    assert not names & {"Uncategorized Income", "Consulting (old)", "Chequing"}


def test_nothing_is_kept_before_a_person_confirms(open_office: OpenOffice) -> None:
    office = open_office(connected=False)
    office.offer()
    assert not office.view().connected
    office.service.cancel_connect(NAME).result(10)
    grants = office.world.company.sign_in._grants
    assert [grant.ended for grant in grants] == ["revoked"]
    assert "Not connected" in (office.sync().stopped or "")


def test_an_account_that_holds_no_income_is_refused(open_office: OpenOffice) -> None:
    office = open_office(connected=False)
    office.offer()
    wrong = office.account("Uncategorized Income")
    refusal = office.service.confirm_connect(NAME, wrong, frozenset()).exception(10)
    assert "Choose an active income account" in str(refusal)


def test_a_denied_consent_keeps_nothing(open_office: OpenOffice) -> None:
    office = open_office(connected=False, deny_consent=True)
    refusal = office.service.finish_connect(NAME, office.consent()).exception(10)
    assert refusal is not None
    assert not office.view().connected


def test_a_wrong_state_is_refused_and_ends_the_attempt(open_office: OpenOffice) -> None:
    office = open_office(connected=False)
    landed = httpx.URL(office.consent())
    other = str(landed.copy_set_param("state", "x" * 32))
    assert office.service.finish_connect(NAME, other).exception(10) is not None
    again = office.service.finish_connect(NAME, str(landed)).exception(10)
    assert "No sign-in is under way" in str(again)


def test_an_address_is_used_once(open_office: OpenOffice) -> None:
    office = open_office(connected=False)
    address = office.consent()
    office.service.finish_connect(NAME, address).result(PATIENCE)
    assert "used already" in str(office.service.finish_connect(NAME, address).exception(10))


def test_an_attempt_lasts_ten_minutes(open_office: OpenOffice) -> None:
    office = open_office(connected=False)
    address = office.consent()
    office.clock.advance(minutes=11)
    refusal = office.service.finish_connect(NAME, address).exception(10)
    assert "No sign-in is under way" in str(refusal)


def test_connecting_again_is_reconnecting(office: Office) -> None:
    office.post(document("a"))
    assert office.offer().questions == ()
    office.connect()
    assert office.post(document("b")).synced == 1
    assert office.view().counts == {Status.SYNCED: 2}


@pytest.fixture
def other_world() -> PracticeWorld:
    return PracticeWorld(invoices=0, seed=8)


def test_another_company_is_refused_without_a_word_and_has_a_ledger_of_its_own(
    office: Office, other_world: PracticeWorld
) -> None:
    office.post(document())
    first, first_feed = office.world, office.world.feed
    _move_to(office, other_world)
    offer = office.offer()
    assert [word for word, _ in offer.questions] == ["other_company"]
    assert offer.income_account is not None
    account = offer.income_account.id
    refusal = office.service.confirm_connect(NAME, account, frozenset()).exception(10)
    assert isinstance(refusal, NeedsConsent)
    assert refusal.question == "other_company"
    assert office.view().connected
    office.service.confirm_connect(NAME, account, frozenset({"other_company"})).result(PATIENCE)
    assert office.rows() == ()
    assert office.sync().synced == 1
    assert len(list(other_world.company.books.of("Invoice"))) == 1
    # And back: the first ledger is there, whole, and nothing is posted twice.
    _move_to(office, first)
    office.connect(NAME, "other_company")
    assert office.view().counts == {Status.SYNCED: 1}
    assert office.sync().synced == 0
    assert len(list(first.company.books.of("Invoice"))) == 1
    assert first.feed is first_feed


def test_a_ledger_that_comes_back_with_an_earlier_first_day_takes_up_what_was_too_early(
    office: Office, other_world: PracticeWorld
) -> None:
    first = office.world
    _start_from(office, date(2026, 11, 11))
    office.connect()
    office.sync()
    office.post(document())
    assert office.status() is Status.IGNORED
    _move_to(office, other_world)
    office.connect(NAME, "other_company")
    _start_from(office, date(2026, 1, 1))
    office.connect()
    _move_to(office, first)
    office.connect(NAME, "other_company")
    assert office.sync().synced == 1
    assert len(list(first.company.books.of("Invoice"))) == 1


def _start_from(office: Office, day: date) -> None:
    office.service.remove_company(NAME).result(PATIENCE)
    office.add(from_date=day)


def _move_to(office: Office, world: PracticeWorld) -> None:
    """The same address, and behind it another QuickBooks company with the same source."""
    feed, port = office.world.feed, httpx.URL(office.server.intuit_url).port
    world.feed = feed
    office.server.stop()
    office.world = world
    office.server = PracticeServer(world, port or 0)
    office.server.start()


def test_a_company_of_intuit_itself_is_not_asked_for_at_a_test_server(office: Office) -> None:
    ledger = open_ledger(office.home / "ledger.db")
    with ledger.begin() as connection:
        (company,) = companies.everyone(connection)
        companies.change(connection, company.id, test_server=False)
    ledger.close()
    office.show(document())
    result = office.sync()
    assert "Intuit itself" in (result.stopped or "")
    assert (result.requests.reads, office.count("Invoice")) == (0, (0,))
    assert (office.view().test_server, office.view().state) == (False, State.ATTENTION)
    assert not office.service.disconnect(NAME).result(PATIENCE), "its token is not sent here either"
    office.connect()
    assert office.sync().synced == 1
    assert office.view().test_server


def test_a_test_source_is_not_joined_to_a_production_company(open_office: OpenOffice) -> None:
    office = open_office(connected=False)
    _as_production(office)
    offer = office.offer()
    assert [word for word, _ in offer.questions] == ["environment_mismatch"]
    assert offer.income_account is not None
    account = offer.income_account.id
    refusal = office.service.confirm_connect(NAME, account, frozenset()).exception(10)
    assert isinstance(refusal, NeedsConsent)
    assert not office.view().connected
    office.connect(NAME, "environment_mismatch")
    assert office.view().environment == "production"


def _as_production(office: Office) -> None:
    """QuickBooks is a production company; the source stays a test."""
    office.world.company.switches = Switches(environment="production")


def test_a_second_company_on_the_same_source_is_asked_about(office: Office) -> None:
    office.add("Second")
    offer = office.offer("Second")
    assert [word for word, _ in offer.questions] == ["same_source"]


def test_it_is_asked_about_too_when_the_first_company_is_signed_out(office: Office) -> None:
    office.service.disconnect(NAME).result(PATIENCE)
    office.add("Second")
    ((word, sentence),) = office.offer("Second").questions
    assert (word, sentence.startswith(f"{NAME} was fed from the same account")) == (
        "same_source",
        True,
    )


def test_what_does_not_arrive_is_said_before_anything_is_confirmed(open_office: OpenOffice) -> None:
    told = [finding.sentence for finding in open_office(connected=False).offer().findings]
    assert any("Only paid invoices arrive" in sentence for sentence in told)
    assert any("mail reminders and add late fees" in sentence for sentence in told)


def test_disconnecting_deletes_the_tokens_and_tells_intuit(office: Office) -> None:
    vault = office._vault
    assert vault.refresh_tokens(NAME)
    assert office.service.disconnect(NAME).result(PATIENCE) is True
    assert vault.refresh_tokens(NAME) == []
    assert {grant.ended for grant in office.world.company.sign_in._grants} == {"revoked"}
    result = office.post(document())
    assert "Not connected" in (result.stopped or "")
    assert office.view().state is State.SIGNED_OUT


def test_removing_a_company_keeps_its_ledger_and_adding_it_again_brings_it_back(
    office: Office,
) -> None:
    office.post(document())
    office.service.remove_company(NAME).result(PATIENCE)
    assert office.service.companies().result(10) == []
    assert office._vault.refresh_tokens(NAME) == []
    office.add(from_date=FROM)
    office.connect()
    assert office.view().counts == {Status.SYNCED: 1}
    assert office.sync().synced == 0
    assert office.count("Invoice") == (1,)


@pytest.mark.parametrize("state", ["EXPIRED", "SUSPENDED"])
def test_an_ended_subscription_stops_the_company_without_holding_its_invoices(
    office: Office, state: str
) -> None:
    office.world.switches.subscription_status = state
    result = office.post(document("a"), document("b"))
    assert "subscription has ended" in (result.stopped or "")
    assert (result.waiting, result.needs_attention, result.synced) == (2, 0, 0)
    assert office.view().state is State.ATTENTION
    office.world.switches.subscription_status = "SUBSCRIBED"
    assert office.sync().synced == 2


def test_an_app_that_was_disconnected_in_quickbooks_stops_the_company(office: Office) -> None:
    office.world.company.sign_in.disconnect()
    result = office.post(document())
    assert (result.waiting, result.needs_attention) == (1, 0)
    assert "press Reconnect and sign in" in (result.stopped or "")
    assert office.view().state in (State.ATTENTION, State.SIGNED_OUT)
    office.connect()
    assert office.sync().synced == 1


def test_a_sign_in_that_ended_while_access_ran_out_is_signed_out(office: Office) -> None:
    tokens = office._vault.refresh_tokens(NAME)
    office.world.company.sign_in.revoke(tokens[0])
    office.clock.advance(hours=2)
    result = office.post(document())
    assert (office.view().state, result.waiting) == (State.SIGNED_OUT, 1)


def test_an_access_token_that_ran_out_is_refreshed_in_the_pass(office: Office) -> None:
    office.clock.advance(hours=2)
    office.world.company.sign_in._clock = office.clock
    office.world.company.clock = office.clock
    assert office.post(document()).synced == 1
    assert office.world.company.requests.refreshes == 1


def test_too_many_requests_are_waited_out_in_the_pass(office: Office) -> None:
    office.fault("throttled", "GET preferences")
    office.fault("throttled", "POST invoice")
    office.waits.clear()
    assert office.post(document()).synced == 1
    assert sum(office.waits) >= 120


def test_quickbooks_out_of_order_is_offline_and_nothing_is_held(office: Office) -> None:
    office.fault("unavailable", "", times=None)
    result = office.post(document())
    assert result.stopped
    assert (result.waiting, result.needs_attention) == (1, 0)
    assert office.view().state is State.OFFLINE
    office.world.company.faults.clear()
    assert office.sync().synced == 1


def test_a_transient_fault_of_a_read_is_tried_again_within_the_pass(office: Office) -> None:
    for words in ("GET preferences", "read query", "GET companyinfo"):
        office.fault("unavailable", words)
        office.fault("reply_lost", words)
    assert office.post(document()).synced == 1


# ---- settings ----


def test_settings_are_shown_and_changed_by_name_or_id(office: Office) -> None:
    office.set("deposit.card", "card clearing")
    office.set("income_account", "Sales of Product Income")
    told = office.settings()
    assert told["deposit.card"] == office.account("Card Clearing")
    assert told["income_account"] == office.account("Sales of Product Income")
    assert office.post(document()).synced == 1
    assert office.trial_balance()["Sales of Product Income"] == Decimal(-100)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("income_account", "Uncategorized Income"),
        ("income_account", "Chequing"),
        ("deposit.card", "Services"),
        ("deposit.shells", "Chequing"),
        ("tax.13.ON", "no such code"),
        ("tax.13.ON", "GST"),
        ("tax.untaxed.home", "HST ON"),
        ("colour", "red"),
    ],
)
def test_an_impossible_setting_is_refused(office: Office, key: str, value: str) -> None:
    assert office.service.change_setting(NAME, key, value).exception(10) is not None


# ---- tax ----


def _tax(key: str, percent: str, region: str | None, **more: object) -> dict[str, object]:
    place = {"region": region, "country": "CA"} if region else None
    client = {
        "id": f"c{key}",
        "name": f"Client {key}",
        "email": f"{key}@example.com",
        "billing_address": place,
    }
    rates = [(f"r{p}", p, p) for p in percent.split("+")]
    return document(key, client=client, lines=[line(rates=rates)], **more)


def test_twelve_and_fifteen_per_cent_without_a_province_are_asked_once(office: Office) -> None:
    office.post(_tax("a", "15", None), _tax("b", "15", None), _tax("c", "5+7", None))
    assert {office.status(key) for key in "abc"} == {Status.NEEDS_ATTENTION}
    labels = [choice.label for choice in office.row("a").choices]
    assert [label for label in labels if "HST" in label] == [
        "Use “HST NB”",
        "Use “HST NL”",
        "Use “HST PE”",
    ]
    chosen = office.tax_code("HST NL")
    assert office.resolve(f"tax_code:{chosen}", "a").synced == 2
    assert office.settings()["tax.15.anywhere"] == chosen
    assert office.status("c") is Status.NEEDS_ATTENTION


def test_a_rate_that_no_code_has_is_held(office: Office) -> None:
    office.post(_tax("a", "12.5", "ON"))
    assert "no active tax code for tax of 12.5 %" in office.row("a").message
    assert office.count("Customer") == (0,)


def test_a_rate_of_another_province_is_asked_about(office: Office) -> None:
    office.post(_tax("a", "13", "AB"))
    assert office.status("a") is Status.NEEDS_ATTENTION
    assert "13 % for a client in AB" in office.row("a").message


def test_tax_that_quickbooks_would_work_out_otherwise_is_found_before_the_invoice(
    office: Office,
) -> None:
    # The source rounds over the whole invoice, QuickBooks for each line: a cent apart.
    lines = [line("1", "0.50"), line("1", "0.50"), line("1", "0.50")]
    assert [row["tax_amount"] for row in lines] == ["0.07", "0.07", "0.07"]
    tax = [{**lines[0]["taxes"][0], "amount": "0.20", "taxable_amount": "1.50"}]
    office.post(
        document(
            lines=lines,
            tax=tax,
            tax_total="0.20",
            total="1.70",
            amount_paid="1.70",
            balance_due="0.00",
            payments=[{**document()["payments"][0], "amount": "1.70"}],
        )
    )
    assert "QuickBooks would work out 0.21 CAD of tax" in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)
    assert office.resolve("send_source_tax").synced == 1
    assert office.entities("Invoice")[0]["TotalAmt"] == Decimal("1.70")


def test_a_total_that_came_out_otherwise_holds_the_payment(open_office: OpenOffice) -> None:
    office = open_office(
        country="US", home_currency="USD", sales_tax="us_automated", automated_tax_rate="8"
    )
    texan = {"country": "US", "region": "TX", "line1": "1 Main"}
    client = {"id": "t", "name": "Tex", "email": "tex@example.com", "billing_address": texan}
    taxed = line(rates=[("tx", "Texas", "6.25")])
    changes = {"currency": "USD", "client": client, "lines": [taxed]}
    payment = {**document()["payments"][0], "currency": "USD", "amount": "106.25"}
    office.post(document(**changes, payments=[payment]))
    assert office.row().message.startswith("Spot-check: QuickBooks made 108.00 USD")
    assert office.count("Invoice", "Payment") == (1, 0)


def test_prices_with_the_tax_in_them_come_out_to_the_cent(office: Office) -> None:
    inclusive = line("1", "113.00", rates=())
    tax = {"tax_rate_id": "on", "name": "HST ON", "rate_percent": "13", "amount": "13.00"}
    inclusive |= {"taxes": [tax], "tax_amount": "13.00"}
    shown = document(
        lines=[inclusive],
        tax_behavior="inclusive",
        total="113.00",
        amount_paid="113.00",
        balance_due="0.00",
        payments=[{**document()["payments"][0], "amount": "113.00"}],
    )
    assert office.post(shown).synced == 1
    assert office.trial_balance()["Services"] == Decimal(-100)


def test_prices_with_the_tax_in_them_are_held_in_the_us(open_office: OpenOffice) -> None:
    office = open_office(country="US", home_currency="USD", sales_tax="us_automated")
    inclusive = line("1", "113.00", rates=())
    tax = {"tax_rate_id": "tx", "name": "TX", "rate_percent": "13", "amount": "13.00"}
    inclusive |= {"taxes": [tax], "tax_amount": "13.00"}
    paid = {**document()["payments"][0], "amount": "113.00", "currency": "USD"}
    office.post(
        document(
            lines=[inclusive],
            tax_behavior="inclusive",
            currency="USD",
            total="113.00",
            amount_paid="113.00",
            balance_due="0.00",
            payments=[paid],
        )
    )
    assert "The prices contain the tax" in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)


def test_us_sales_tax_set_by_hand_takes_the_group_of_that_rate(open_office: OpenOffice) -> None:
    office = open_office(country="US", home_currency="USD", sales_tax="us_manual")
    taxed = line(rates=[("tx", "Texas State", "6.25")])
    paid = {**document()["payments"][0], "currency": "USD", "amount": "106.25"}
    office.post(document(currency="USD", lines=[taxed], payments=[paid]))
    assert office.status() is Status.SYNCED
    (invoice,) = office.entities("Invoice")
    assert invoice["TxnTaxDetail"]["TxnTaxCodeRef"]["value"] == office.tax_code("Texas")


@pytest.fixture
def locked_keyring(office: Office, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A keyring that takes no tokens of a new sign-in until the returned is undone."""

    def refuse(_company: str, _token: str) -> None:
        raise KeyringLocked

    monkeypatch.setattr(office._vault, "begin", refuse)
    return monkeypatch


@pytest.mark.parametrize("elsewhere", [False, True])
def test_tokens_that_cannot_be_kept_leave_the_connection_before_as_it_was(
    office: Office,
    other_world: PracticeWorld,
    locked_keyring: pytest.MonkeyPatch,
    elsewhere: bool,
) -> None:
    office.post(document("a"))
    before, first = office.view(), office.world
    if elsewhere:
        _move_to(office, other_world)
    used = _kept(office).income_account_id
    account = next(a for a in office.offer().income_accounts if a.id != used)
    agreed = frozenset({"other_company"})
    refusal = office.service.confirm_connect(NAME, account.id, agreed).exception(10)
    assert isinstance(refusal, KeyringLocked)
    assert office.view() == before
    assert _kept(office).realm_id == first.realm_id
    locked_keyring.undo()
    office.service.confirm_connect(NAME, account.id, agreed).result(PATIENCE)
    assert office.view().income_account == account.name
    assert office.post(document("b")).stopped is None
    assert _kept(office).realm_id == office.world.realm_id


def _kept(office: Office) -> Company:
    """The company as it stands in the ledger."""
    ledger = open_ledger(office.home / "ledger.db")
    with ledger.begin() as connection:
        company = companies.named(connection, NAME)
    ledger.close()
    assert company is not None
    return company
