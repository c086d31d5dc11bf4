"""What is proposed when a company is connected, and a first day chosen later (rules 17, 25, 34)."""

from datetime import date

import pytest
from invoices import TEXAS, customer, document, line, payment
from office import FROM, NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.views import Status

EARLIER = date(2025, 12, 1)


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
    offer = office.offer()
    assert offer.income_account is not None
    answers = {each.key: each.proposed for each in offer.untaxed}
    office.service.confirm_connect(
        NAME, offer.income_account.id, frozenset(), answers, "Ann"
    ).result(PATIENCE)
    texan = customer(billing_address=TEXAS)
    result = office.post(document(client=texan, lines=[line(rates=())]))
    assert (result.synced, result.needs_attention) == (1, 0)


def test_a_code_that_was_not_offered_is_refused_before_anything_is_kept(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False)
    offer = office.offer()
    assert offer.income_account is not None
    taxed = {"tax.untaxed.abroad": office.tax_code("HST ON")}
    refusal = office.service.confirm_connect(
        NAME, offer.income_account.id, frozenset(), taxed
    ).exception(PATIENCE)
    assert "There are: Ask again with the next invoice, " in str(refusal)
    assert not office.view().connected


def test_the_first_open_day_is_proposed_where_the_books_are_closed(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False, book_close_date="2026-04-30")
    offer = office.offer()
    assert offer.first_day == date(2026, 5, 1)
    assert "closed up to 2026-04-30" in offer.first_day_told
    assert offer.income_account is not None
    office.service.confirm_connect(
        NAME, offer.income_account.id, frozenset(), {}, "Ann", first_day=offer.first_day
    ).result(PATIENCE)
    assert office.view().from_date == date(2026, 5, 1)
    told = [entry for entry in office.journal(None) if entry.who == "Ann"]
    assert any("Posts what was paid from 2026-05-01 on. Before: from" in e.text for e in told)


def test_an_earlier_first_day_posts_nothing_before_it_was_looked_at(office: Office) -> None:
    paid = "2025-12-10T15:00:00Z"
    days = {"paid_at": paid, "issue_date": "2025-12-02", "due_date": "2025-12-20"}
    early = document(payments=[payment("113.00", paid_at=paid)], **days)
    assert office.post(early).synced == 0
    changed = office.service.begin_from(NAME, EARLIER, "Ann").result(PATIENCE)
    assert EARLIER < FROM
    assert (changed.from_date, changed.paused) == (EARLIER, True)
    assert office.sync().synced == 0
    preview = office.service.preview(NAME).result(PATIENCE)
    assert [row.source_id for row in preview.rows] == ["inv-1"]
    assert office.count("Invoice") == (0,)
    office.service.resume(NAME, "Ann").result(PATIENCE)
    assert office.sync().synced == 1
    assert office.status() == Status.SYNCED


def test_a_later_first_day_pauses_nothing(office: Office) -> None:
    later = FROM.replace(month=6)
    changed = office.service.begin_from(NAME, later, "Ann").result(PATIENCE)
    assert (changed.from_date, changed.paused) == (later, False)
