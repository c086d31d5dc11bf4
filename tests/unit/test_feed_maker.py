"""The practice invoices are such as a bookkeeper would recognise, and add up to the cent."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from feed_contract import INVOICE, faults, sums_that_fail
from hypothesis import given
from hypothesis import strategies as st

from qbdesk.practice.books.books import Books
from qbdesk.practice.books.chart import CANADIAN_CODES, open_books
from qbdesk.practice.feed.maker import OLDEST_DAYS, InvoiceMaker
from qbdesk.practice.feed.rates import BY_REGION
from qbdesk.practice.feed.resource import practice_data
from qbdesk.practice.feed.troubles import TROUBLES
from qbdesk.practice.intuit import taxes
from qbdesk.practice.switches import Switches

TORONTO = ZoneInfo("America/Toronto")
NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
SEEDS = st.integers(min_value=0, max_value=10**6)
NUMBERS = st.integers(min_value=1, max_value=5000)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))

Invoice = dict[str, Any]


def _maker(seed: int = 1, now: datetime = NOON, switches: Switches | None = None) -> InvoiceMaker:
    return InvoiceMaker(seed, switches or Switches(), lambda: now, TORONTO)


def _shown(invoice: Invoice) -> Invoice:
    """As the feed would show it."""
    return {**invoice, "revision": 1, "updated_at": "2026-03-10T16:00:00.000Z"}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@given(seed=SEEDS, number=NUMBERS)
def test_every_clean_invoice_keeps_the_contract_and_adds_up(seed: int, number: int) -> None:
    invoice = _maker(seed).clean(number)
    assert faults(INVOICE, _shown(invoice)) == []
    assert sums_that_fail(invoice) == set()


@given(seed=SEEDS, number=NUMBERS, now=MOMENTS)
def test_an_invoice_is_issued_within_90_days_and_then_paid_and_never_in_the_future(
    seed: int, number: int, now: datetime
) -> None:
    invoice = _maker(seed, now).clean(number)
    today = now.astimezone(TORONTO).date()
    issued, paid_at = date.fromisoformat(invoice["issue_date"]), _moment(invoice["paid_at"])
    assert today - timedelta(days=OLDEST_DAYS) < issued <= paid_at.astimezone(TORONTO).date()
    assert issued <= date.fromisoformat(invoice["due_date"])
    assert paid_at <= now


@given(seed=SEEDS, number=NUMBERS, now=MOMENTS)
def test_the_last_payment_settles_the_invoice_and_each_is_dated_in_the_tenants_time_zone(
    seed: int, number: int, now: datetime
) -> None:
    invoice = _maker(seed, now).clean(number)
    moments = [_moment(payment["paid_at"]) for payment in invoice["payments"]]
    assert moments == sorted(moments)
    assert invoice["payments"][-1]["paid_at"] == invoice["paid_at"]
    for payment, moment in zip(invoice["payments"], moments, strict=True):
        assert payment["paid_on"] == moment.astimezone(TORONTO).date().isoformat()
        assert Decimal(payment["amount"]) > 0


def test_a_deposit_comes_before_the_rest_even_on_the_day_of_issue() -> None:
    deposits = 0
    for number in range(1, 101):
        issued = date.fromisoformat(_maker().clean(number)["issue_date"])
        midnight = datetime.combine(issued, time(0, 10), TORONTO)
        payments = _maker().clean(number, paid_at=midnight)["payments"]
        assert payments[0]["paid_at"] <= payments[-1]["paid_at"]
        deposits += len(payments) == 2
    assert deposits > 5


@given(seed=SEEDS, number=NUMBERS)
def test_every_line_of_a_clean_invoice_bears_the_rates_of_its_customers_province(
    seed: int, number: int
) -> None:
    invoice = _maker(seed).clean(number)
    region = invoice["customer"]["billing_address"]["region"]
    wanted = [(rate.id, rate.percent) for rate in BY_REGION[region]]
    for line in invoice["lines"]:
        assert [(tax["tax_rate_id"], tax["rate_percent"]) for tax in line["taxes"]] == wanted


def test_each_province_has_exactly_one_active_tax_code_in_quickbooks_with_its_rates() -> None:
    for region, rates in BY_REGION.items():
        percents = [rate.percent for rate in rates]
        fitting = [
            name
            for name, _, components, active in CANADIAN_CODES
            if active and [percent for _, percent, _ in components] == percents
        ]
        named = [name for name in fitting if region in name] or fitting
        assert len(named) == 1, (region, fitting)


@given(seed=SEEDS, number=NUMBERS)
def test_quickbooks_works_out_the_same_tax_to_the_cent(seed: int, number: int) -> None:
    invoice = _maker(seed).clean(number)
    tax = taxes.work_out(_BOOKS, _for_quickbooks(invoice), Decimal(0))
    assert tax.total == Decimal(invoice["tax_total"])
    assert [line["Amount"] for line in tax.lines] == [
        Decimal(total["amount"]) for total in invoice["tax"]
    ]


def _canadian_books() -> Books:
    books = Books("1", "Practice", Switches(), lambda: NOON)
    open_books(books)
    return books


_BOOKS = _canadian_books()


def _for_quickbooks(invoice: Invoice) -> Invoice:
    region = invoice["customer"]["billing_address"]["region"]
    percents = [rate.percent for rate in BY_REGION[region]]
    name = next(
        name
        for name, _, parts, active in CANADIAN_CODES
        if active and [percent for _, percent, _ in parts] == percents
    )
    code = _BOOKS.named("TaxCode", name)
    assert code is not None
    detail = {"TaxCodeRef": {"value": code["Id"]}}
    return {
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": Decimal(line["amount"]),
                "SalesItemLineDetail": detail,
            }
            for line in invoice["lines"]
        ]
    }


def test_the_same_seed_makes_the_same_invoices_and_another_seed_others() -> None:
    numbers = range(1, 30)
    first = [_maker(7).clean(number) for number in numbers]
    assert [_maker(7).clean(number) for number in numbers] == first
    assert [_maker(8).clean(number) for number in numbers] != first


def test_ids_and_numbers_are_used_once_and_numbers_fit_quickbooks() -> None:
    invoices = [_maker().clean(number) for number in range(1, 1001)]
    assert len({invoice["id"] for invoice in invoices}) == 1000
    assert len({invoice["number"] for invoice in invoices}) == 1000
    assert max(len(invoice["number"]) for invoice in invoices) <= 21


def test_a_thousand_invoices_show_all_there_is_to_practise() -> None:
    invoices = [_maker().clean(number) for number in range(1, 1001)]
    regions = Counter(invoice["customer"]["billing_address"]["region"] for invoice in invoices)
    payments = [payment for invoice in invoices for payment in invoice["payments"]]
    assert {"ON", "QC", "BC", "AB", "NS", "NB", "NL", "PE", "MB", "SK"} <= regions.keys()
    assert {payment["method"] for payment in payments} == {
        *("e_transfer", "card", "cheque", "bank_debit", "cash", "paypal", "bank_transfer")
    }
    assert any(len(invoice["payments"]) == 2 for invoice in invoices)
    lines = [line for invoice in invoices for line in invoice["lines"]]
    assert any(Decimal(line["discount"]) > 0 for line in lines)
    assert any("." in line["quantity"] for line in lines)
    assert all(
        payment["processor_ref"].startswith("ch_")
        for payment in payments
        if payment["method"] == "card"
    )


def test_some_invoices_are_paid_on_an_evening_that_is_the_next_day_in_utc() -> None:
    invoices = [_maker().clean(number) for number in range(1, 101)]
    traps = [
        invoice
        for invoice in invoices
        if invoice["payments"][-1]["paid_on"] < invoice["paid_at"][:10]
    ]
    assert any(_moment(i["paid_at"]).astimezone(TORONTO).hour == 23 for i in traps)
    assert 10 < len(traps) < 90


def test_no_two_practice_customers_share_an_id_a_name_or_an_address_to_write_to() -> None:
    customers = [one for group in practice_data("customers.json").values() for one in group]
    for field in ("id", "name", "email"):
        values = [customer[field].casefold() for customer in customers if customer[field]]
        assert len(set(values)) == len(values)


def test_changing_an_invoice_does_not_change_the_practice_data() -> None:
    _maker().clean(1)["customer"]["email"] = "changed@example.com"
    assert _maker().clean(1)["customer"]["email"] != "changed@example.com"


def test_a_company_without_sales_tax_gets_invoices_without_tax_in_its_own_currency() -> None:
    switches = Switches(country="GB", home_currency="GBP", sales_tax="none")
    invoice = _maker(switches=switches).clean(1)
    assert (invoice["tax"], invoice["currency"]) == ([], "GBP")
    assert sums_that_fail(invoice) == set()


@pytest.mark.parametrize("seed", range(5))
def test_with_trouble_one_invoice_in_eight_cannot_go_through(seed: int) -> None:
    maker = _maker(seed)
    invoices = [maker.invoice(number, with_trouble=True) for number in range(1, 81)]
    clean = [maker.invoice(number) for number in range(1, 81)]
    assert sum(one != other for one, other in zip(invoices, clean, strict=True)) == 10


def test_every_trouble_turns_up_in_turn() -> None:
    maker = _maker()
    for place, kind in enumerate(TROUBLES):
        number = 8 * (len(TROUBLES) + place)
        assert maker.invoice(number, with_trouble=True) == maker.troubled(kind, number)


@given(seed=SEEDS, kind=st.sampled_from(sorted(TROUBLES)))
def test_a_troubled_invoice_has_that_one_trouble_and_no_other(seed: int, kind: str) -> None:
    closed = date(2025, 11, 30)  # before the earliest invoice
    switches = Switches(book_close_date=closed)
    invoice = _maker(seed, switches=switches).troubled(kind, 5)
    customer = invoice["customer"]
    found = {
        "no_email": customer["email"] is None,
        "malformed_email": faults(INVOICE, _shown(invoice)) != [],
        "foreign_currency": invoice["currency"] != "CAD",
        "closed_period": date.fromisoformat(invoice["issue_date"]) <= closed,
        "long_number": len(invoice["number"]) > 21,
        "totals_differ": sums_that_fail(invoice) == {"total"},
        "no_lines": invoice["lines"] == [],
        "credit_applied": Decimal(invoice["credit_applied"]) > 0,
        "untaxed_abroad": customer["billing_address"]["country"] == "US"
        and invoice["currency"] == "CAD",
    }
    assert {name for name, there in found.items() if there} == {kind}
    assert sums_that_fail(invoice) == ({"total"} if kind == "totals_differ" else set())


def test_an_invoice_that_turns_paid_later_is_paid_at_that_moment() -> None:
    invoice = _maker().clean(3, paid_at=NOON)
    assert invoice["paid_at"] == "2026-03-10T16:00:00.000Z"
    assert invoice["payments"][-1]["paid_at"] == invoice["paid_at"]
