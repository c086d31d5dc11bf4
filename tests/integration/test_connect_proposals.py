"""What is proposed when a company is connected, and what is confirmed (rules 17 and 25)."""

from concurrent.futures import Future
from datetime import date

import pytest
from invoices import TEXAS, customer, document, line
from office import FROM, NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.views import CompanyView


def confirm(
    office: Office, answers: dict[str, str], *, first_day: date | None = None
) -> Future[CompanyView]:
    """Ann confirms what was offered last, with these answers to its proposals."""
    income = office.account("Services")
    return office.service.confirm_connect(
        NAME, income, frozenset(), answers, "Ann", first_day=first_day
    )


def test_clearing_accounts_are_offered_and_kept_with_who_chose_them(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False)
    assert [(each.key, each.proposed_name, each.chosen) for each in office.offer().clearing] == [
        ("deposit.card", "Card Clearing", ""),
        ("deposit.paypal", "", ""),
        ("deposit.bank_debit", "", ""),
    ]
    chosen = {"deposit.card": office.account("Card Clearing"), "deposit.paypal": ""}
    confirm(office, chosen).result(PATIENCE)
    kept = {key: value for key, value in office.settings().items() if key.startswith("deposit.")}
    assert {value for key, value in kept.items() if key != "deposit.card"} == {""}
    assert kept["deposit.card"] == chosen["deposit.card"]
    # Connecting again shows what was chosen, and changes nothing that was not asked.
    assert office.offer().clearing[0].chosen_name == "Card Clearing"
    office.connect()
    assert office.settings()["deposit.card"] == chosen["deposit.card"]


@pytest.mark.parametrize(
    ("key", "kind", "name", "told"),
    [
        ("deposit.card", "Account", "Services", "There are: Later: Undeposited Funds"),
        ("tax.untaxed.abroad", "TaxCode", "HST ON", "There are: Ask at the first such invoice; "),
    ],
)
def test_what_was_not_offered_is_refused_before_anything_is_kept(
    open_office: OpenOffice, key: str, kind: str, name: str, told: str
) -> None:
    office = open_office(connected=False)
    office.offer()
    wrong = {key: str(office.books.named(kind, name)["Id"])}
    assert told in str(confirm(office, wrong).exception(PATIENCE))
    assert not office.view().connected


def test_the_tax_codes_of_untaxed_lines_are_proposed_and_home_is_asked_about(
    open_office: OpenOffice,
) -> None:
    offer = open_office(connected=False).offer()
    assert [(each.key, each.proposed_name) for each in offer.untaxed] == [
        ("tax.untaxed.home", ""),
        ("tax.untaxed.abroad", "Zero-rated"),
        ("tax.untaxed.exempt", "Exempt"),
    ]
    assert "HST ON" in offer.tax


@pytest.mark.parametrize(
    ("sales_tax", "told"),
    [
        ("none", "Sales tax is off in QuickBooks"),
        ("us_automated", "QuickBooks works out sales tax by itself"),
        ("us_manual", "Sales tax is set up by hand"),
    ],
)
def test_a_company_that_needs_no_code_on_a_line_is_told_how_it_is_taxed(
    open_office: OpenOffice, sales_tax: str, told: str
) -> None:
    country = "US" if sales_tax.startswith("us") else "CA"
    offer = open_office(connected=False, sales_tax=sales_tax, country=country).offer()
    assert offer.tax.startswith(told)
    assert offer.untaxed == ()


def test_what_was_confirmed_for_untaxed_lines_is_used_without_asking(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False)
    answers = {each.key: each.proposed for each in office.offer().untaxed}
    confirm(office, answers).result(PATIENCE)
    texan = customer(billing_address=TEXAS)
    result = office.post(document(client=texan, lines=[line(rates=())]))
    assert (result.synced, result.needs_attention) == (1, 0)


def test_the_first_open_day_is_proposed_where_the_books_are_closed(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False, book_close_date="2026-04-30")
    offer = office.offer()
    assert offer.first_day == date(2026, 5, 1)
    assert "closed up to 2026-04-30" in offer.first_day_told
    confirm(office, {}, first_day=offer.first_day).result(PATIENCE)
    assert office.view().from_date == date(2026, 5, 1)
    told = [entry for entry in office.journal(None) if entry.who == "Ann"]
    assert any("Posts what was paid from 2026-05-01 on. Before: from" in e.text for e in told)


def test_a_first_day_that_cannot_be_meant_is_refused_before_anything_is_kept(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False)
    office.offer()
    refused = confirm(office, {}, first_day=date(2099, 1, 1)).exception(PATIENCE)
    assert "more than a year ahead" in str(refused)
    assert not office.view().connected
    # The sign-in is still at hand.
    assert confirm(office, {}, first_day=FROM).result(PATIENCE).connected


def test_who_paused_a_company_finds_it_paused_after_another_connection(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False)
    office.service.pause(NAME).result(PATIENCE)
    office.connect()
    assert office.view().paused
    # Unless the one who connects says otherwise.
    office.offer()
    income = office.account("Services")
    office.service.confirm_connect(NAME, income, frozenset(), paused=False).result(PATIENCE)
    assert not office.view().paused
