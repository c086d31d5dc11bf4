"""The practice company keeps books: whatever is posted, they add up."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from qbdesk.practice.books.books import Books
from qbdesk.practice.books.chart import open_books
from qbdesk.practice.books.ledger import Ledger
from qbdesk.practice.intuit import entities
from qbdesk.practice.intuit.refusals import RefusedError
from qbdesk.practice.switches import Switches

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NOTHING = frozenset[str]()


def books_of(**switches: Any) -> Books:
    books = Books("1", "Practice Ltd", Switches(**switches), lambda: NOW)
    open_books(books)
    return books


def write(books: Books, kind: str, body: dict[str, Any], operation: str = "") -> dict[str, Any]:
    return entities.write(books, kind, body, operation, NOTHING)


def customer_of(books: Books, **fields: Any) -> str:
    body = {"DisplayName": f"Customer {len(books.entities['Customer'])}", **fields}
    return write(books, "Customer", body)["Id"]


def sale(amount: str, code: str | None = None, **detail: Any) -> dict[str, Any]:
    tax = {} if code is None else {"TaxCodeRef": {"value": code}}
    return {
        "Amount": Decimal(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, **tax, **detail},
    }


def tax_code(books: Books, name: str) -> str:
    return books.named("TaxCode", name)["Id"]


def invoice_of(books: Books, customer: str, lines: list[dict[str, Any]], **fields: Any) -> Any:
    body = {"CustomerRef": {"value": customer}, "TxnDate": "2026-10-30", "Line": lines, **fields}
    if books.switches.sales_tax == "canada":
        body.setdefault("GlobalTaxCalculation", "TaxExcluded")
    return write(books, "Invoice", body)


def payment_of(books: Books, invoice: dict[str, Any], amount: str, **fields: Any) -> Any:
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    body = {
        "CustomerRef": invoice["CustomerRef"],
        "TotalAmt": Decimal(amount),
        "Line": [{"Amount": Decimal(amount), "LinkedTxn": [link]}],
        **fields,
    }
    return write(books, "Payment", body)


def refusal(books: Books, kind: str, body: dict[str, Any], operation: str = "") -> str:
    with pytest.raises(RefusedError) as refused:
        write(books, kind, body, operation)
    return refused.value.code


def test_the_ledger_takes_nothing_that_does_not_balance():
    ledger = Ledger()
    with pytest.raises(AssertionError, match="does not balance"):
        ledger.post("1", {"cash": Decimal("1.00"), "income": Decimal("-0.99")})
    assert ledger.balances() == {}


# Tax


def test_outside_the_us_tax_is_rounded_line_by_line():
    books = books_of()
    code = tax_code(books, "HST ON")
    lines = [sale("0.10", code) for _ in range(3)]
    invoice = invoice_of(books, customer_of(books), lines)
    assert invoice["TxnTaxDetail"]["TotalTax"] == Decimal("0.03")  # of the sum it were 0.04
    assert invoice["TotalAmt"] == Decimal("0.33")


def test_a_code_of_two_rates_owes_each_agency_its_own():
    books = books_of()
    code = tax_code(books, "GST/QST QC")
    invoice_of(books, customer_of(books), [sale("200.00", code)])
    assert books.account_balance("GST/HST Payable") == Decimal("-10.00")
    assert books.account_balance("QST Payable") == Decimal("-19.95")


def test_inclusive_prices_hold_their_tax():
    books = books_of()
    lines = [sale("113.00", tax_code(books, "HST ON"))]
    invoice = invoice_of(books, customer_of(books), lines, GlobalTaxCalculation="TaxInclusive")
    assert invoice["TotalAmt"] == Decimal("113.00")
    assert invoice["Line"][0]["Amount"] == Decimal("100.00")
    assert books.account_balance("Services") == Decimal("-100.00")


def test_a_tax_inclusive_amount_may_be_ignored():
    for heeded, total in ((True, "113.00"), (False, "100.00")):
        books = books_of(tax_inclusive_amounts=heeded)
        line = sale("100.00", tax_code(books, "HST ON"), TaxInclusiveAmt=Decimal("113.00"))
        inclusive = {"GlobalTaxCalculation": "TaxInclusive"}
        invoice = invoice_of(books, customer_of(books), [line], **inclusive)
        assert invoice["TotalAmt"] == Decimal(total)


def test_given_tax_amounts_are_taken_unless_the_company_works_it_out_alone():
    for taken, total in ((True, "13.01"), (False, "13.00")):
        books = books_of(tax_override=taken)
        code = books.named("TaxCode", "HST ON")
        rate = code["SalesTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"]
        tax_line = {"Amount": Decimal("13.01"), "DetailType": "TaxLineDetail"}
        detail = {"TaxLine": [{**tax_line, "TaxLineDetail": {"TaxRateRef": rate}}]}
        lines = [sale("100.00", code["Id"])]
        invoice = invoice_of(books, customer_of(books), lines, TxnTaxDetail=detail)
        assert invoice["TxnTaxDetail"]["TotalTax"] == Decimal(total)


def test_us_automated_tax_follows_the_address_and_ignores_what_was_sent():
    books = books_of(country="US", home_currency="USD", sales_tax="us_automated")
    customer = customer_of(books)
    lines = [sale("100.00", "TAX")]
    sent = {"TotalTax": Decimal("8.25")}
    nowhere = invoice_of(books, customer, lines, TxnTaxDetail=sent)
    assert nowhere["TotalAmt"] == Decimal("100.00")
    texas = {"CountrySubDivisionCode": "TX"}
    there = invoice_of(books, customer, lines, TxnTaxDetail=sent, ShipAddr=texas)
    assert there["TotalAmt"] == Decimal("106.25")


@pytest.mark.parametrize(
    ("address", "tax"),
    [
        ({"ShipAddr": {"CountrySubDivisionCode": "TX"}}, "6.25"),
        ({"ShipAddr": {"CountrySubDivisionCode": "TX", "Country": "USA"}}, "6.25"),
        ({"ShipAddr": {"CountrySubDivisionCode": "TX", "Country": "MEX"}}, "0"),
        ({"ShipAddr": {"City": "Austin"}}, "0"),
        (
            {
                "ShipAddr": {"CountrySubDivisionCode": "OR"},
                "BillAddr": {"CountrySubDivisionCode": "TX"},
            },
            "0",
        ),
        ({}, "0"),
    ],
)
def test_us_automated_tax_is_that_of_the_state_shipped_to_if_any(address, tax):
    books = books_of(country="US", home_currency="USD", sales_tax="us_automated")
    invoice = invoice_of(books, customer_of(books), [sale("100.00", "TAX")], **address)
    assert invoice["TxnTaxDetail"]["TotalTax"] == Decimal(tax)
    assert invoice["ShipFromAddr"]["CountrySubDivisionCode"] == "TX"


def test_us_automated_tax_may_not_look_at_the_billing_address():
    books = books_of(country="US", home_currency="USD", sales_tax="us_automated")
    texas = {"BillAddr": {"CountrySubDivisionCode": "TX"}}
    customer = customer_of(books, **texas)
    first = invoice_of(books, customer, [sale("100.00", "TAX")])
    assert first["TotalAmt"] == Decimal("106.25")
    books.switches.automated_tax_ship_to_only = True
    second = invoice_of(books, customer, [sale("100.00", "TAX")])
    assert second["TotalAmt"] == Decimal("100.00")


def test_us_manual_tax_is_the_groups():
    books = books_of(country="US", home_currency="USD", sales_tax="us_manual")
    group = tax_code(books, "New York City")
    lines = [sale("100.00", "TAX"), sale("50.00", "NON")]
    detail = {"TxnTaxCodeRef": {"value": group}}
    invoice = invoice_of(books, customer_of(books), lines, TxnTaxDetail=detail)
    assert invoice["TotalAmt"] == Decimal("158.88")


def test_new_lines_are_taxed_anew_and_a_new_memo_leaves_a_given_tax_alone():
    books = books_of(country="US", home_currency="USD", sales_tax="us_manual")
    detail = {"TxnTaxCodeRef": {"value": tax_code(books, "Texas")}, "TotalTax": Decimal("6.26")}
    lines = [sale("100.00", "TAX")]
    invoice = invoice_of(books, customer_of(books), lines, TxnTaxDetail=detail)
    change = {"Id": invoice["Id"], "SyncToken": "0", "sparse": True}
    noted = write(books, "Invoice", {**change, "PrivateNote": "x"})
    assert noted["TotalAmt"] == Decimal("106.26")
    change = {**change, "SyncToken": "1", "Line": [sale("200.00", "TAX")]}
    assert write(books, "Invoice", change)["TotalAmt"] == Decimal("212.50")


@pytest.mark.parametrize(
    ("lines", "fields", "code"),
    [
        ([sale("1.00")], {}, "6000"),
        ([sale("1.00", "TAX")], {}, "2500"),
        ([sale("1.00", "1")], {"GlobalTaxCalculation": None}, "2020"),
        ([sale("58.00", "1", Qty=3, UnitPrice=19)], {}, "6070"),
        ([sale("-1.00", "1")], {}, "2290"),
        ([], {}, "2020"),
        ([{"DetailType": "DescriptionOnly", "Description": "only words"}], {}, "6000"),
        ([sale("1.00", "1", ItemRef={"value": "2"})], {}, "610"),
        ([sale("1.00", "1", ItemRef={"value": "3"})], {}, "2500"),
        ([sale("1.00", "1")], {"CurrencyRef": {"value": "CAD"}}, "6000"),
        ([sale("1.00", "1")], {"BillEmail": {"Address": "nobody"}}, "2210"),
    ],
    ids=[
        *("no tax code", "us tax code", "no tax calculation", "amount is no product", "negative"),
        *("no lines", "no sales line", "inactive item", "category", "currency", "email"),
    ],
)
def test_a_canadian_company_refuses_what_an_accountant_would(lines, fields, code):
    books = books_of()
    body = {"CustomerRef": {"value": customer_of(books)}, "Line": lines}
    assert refusal(books, "Invoice", {**body, "GlobalTaxCalculation": "TaxExcluded", **fields}) == (
        code
    )
    assert books.trial_balance() == {}


# Lines and discounts


DISCOUNT = {
    "Amount": Decimal("1.00"),
    "DetailType": "DiscountLineDetail",
    "DiscountLineDetail": {"PercentBased": False},
}


@pytest.mark.parametrize(
    ("switch", "lines", "code"),
    [
        ("allow_discount", [sale("5.00", "1"), DISCOUNT], "6000"),
        ("allow_shipping", [sale("5.00", "1", ItemRef={"value": "SHIPPING_ITEM_ID"})], "2500"),
        ("default_item", [sale("5.00", "1", ItemRef=None)], "2020"),
    ],
)
def test_what_a_company_has_switched_off_it_refuses(switch, lines, code):
    books = books_of()
    customer = customer_of(books)
    assert invoice_of(books, customer, lines)["TotalAmt"] > 0
    setattr(books.switches, switch, False)
    fields = {"CustomerRef": {"value": customer}, "GlobalTaxCalculation": "TaxExcluded"}
    assert refusal(books, "Invoice", {**fields, "Line": lines}) == code


def test_shipping_has_an_income_account_of_its_own():
    books = books_of()
    lines = [sale("5.00", tax_code(books, "Exempt"), ItemRef={"value": "SHIPPING_ITEM_ID"})]
    invoice_of(books, customer_of(books), lines)
    assert books.account_balance("Shipping Income") == Decimal("-5.00")


@pytest.mark.parametrize("lines", [[DISCOUNT, DISCOUNT], [sale("1.00", "1")] * 750])
def test_there_is_one_discount_and_a_limit_of_taxed_lines(lines):
    books = books_of()
    fields = {
        "CustomerRef": {"value": customer_of(books)},
        "GlobalTaxCalculation": "TaxExcluded",
    }
    too_many = [sale("5.00", "1"), *lines]
    assert refusal(books, "Invoice", {**fields, "Line": too_many}) == "6000"
    write(books, "Invoice", {**fields, "Line": too_many[:-1]})


@pytest.mark.parametrize(("detail", "code"), [({}, "6000"), ({"TotalTax": 1}, "6170")])
def test_no_invoice_of_a_company_with_sales_tax_goes_without(detail, code):
    books = books_of()
    body = {"CustomerRef": {"value": customer_of(books)}, "Line": [sale("1.00", "1")]}
    body |= {"GlobalTaxCalculation": "NotApplicable", "TxnTaxDetail": detail}
    assert refusal(books, "Invoice", body) == code


def test_outside_the_us_an_item_may_need_an_expense_account():
    item = {"Name": "Imported", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
    books = books_of(items_need_expense_account=True)
    assert refusal(books, "Item", item) == "2020"
    expense = books.named("Account", "Office supplies")["Id"]
    assert write(books, "Item", {**item, "ExpenseAccountRef": {"value": expense}})["Id"]
    in_the_us = books_of(country="US", sales_tax="none", items_need_expense_account=True)
    assert write(in_the_us, "Item", item)["Id"]


def test_a_discount_line_lowers_the_tax_and_has_an_account_of_its_own():
    books = books_of()
    discount = {
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
    }
    lines = [sale("100.00", tax_code(books, "HST ON")), discount]
    invoice = invoice_of(books, customer_of(books), lines)
    assert invoice["TotalAmt"] == Decimal("101.70")
    assert books.account_balance("Discounts given") == Decimal("10.00")


def test_a_line_without_an_item_gets_the_default_one():
    books = books_of()
    line = sale("10.00", tax_code(books, "Exempt"))
    del line["SalesItemLineDetail"]["ItemRef"]
    invoice = invoice_of(books, customer_of(books), [line])
    assert invoice["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Services"


def test_what_customers_have_paid_too_much_is_used_by_itself_where_switched_on():
    books = books_of(auto_apply_credit=True)
    customer, code = customer_of(books), tax_code(books, "Exempt")
    first = invoice_of(books, customer, [sale("10.00", code)])
    payment_of(books, first, "25.00")
    second = invoice_of(books, customer, [sale("40.00", code)])
    assert books.entities["Invoice"][second["Id"]]["Balance"] == Decimal("25.00")


# Payments


def test_an_invoice_of_somebody_else_cannot_be_paid():
    books = books_of()
    invoice = invoice_of(books, customer_of(books), [sale("10.00", tax_code(books, "Exempt"))])
    other = {**invoice, "CustomerRef": {"value": customer_of(books)}}
    with pytest.raises(RefusedError) as refused:
        payment_of(books, other, "10.00")
    assert refused.value.code == "620"


def test_a_parent_pays_for_its_job():
    books = books_of()
    parent = customer_of(books)
    job = customer_of(books, Job=True, ParentRef={"value": parent})
    invoice = invoice_of(books, job, [sale("10.00", tax_code(books, "Exempt"))])
    payment_of(books, {**invoice, "CustomerRef": {"value": parent}}, "10.00")
    assert books.entities["Invoice"][invoice["Id"]]["Balance"] == 0


def test_a_deposited_payment_is_held_fast():
    books = books_of()
    invoice = invoice_of(books, customer_of(books), [sale("10.00", tax_code(books, "Exempt"))])
    payment = payment_of(books, invoice, "10.00")
    books.deposited.add(payment["Id"])
    key = {"Id": payment["Id"], "SyncToken": payment["SyncToken"]}
    assert refusal(books, "Payment", key, "delete") == "6540"


def test_money_cannot_be_deposited_into_income():
    books = books_of()
    body = {"CustomerRef": {"value": customer_of(books)}, "TotalAmt": 1}
    body["DepositToAccountRef"] = {"value": books.account("ServiceFeeIncome")}
    assert refusal(books, "Payment", body) == "6000"


def test_what_the_exchange_rate_did_between_invoice_and_payment_is_booked():
    books = books_of(multicurrency=True)
    customer = customer_of(books, CurrencyRef={"value": "EUR"})
    lines = [sale("100.00", tax_code(books, "Exempt"))]
    rate = {"CurrencyRef": {"value": "EUR"}, "ExchangeRate": Decimal("1.50")}
    invoice = invoice_of(books, customer, lines, **rate)
    assert invoice["HomeTotalAmt"] == Decimal("150.00")
    payment_of(books, invoice, "100.00", **{**rate, "ExchangeRate": Decimal("1.45")})
    assert books.receivable == 0
    assert books.account_balance("Undeposited Funds") == Decimal("145.00")
    assert books.account_balance("Exchange Gain or Loss") == Decimal("5.00")


def test_a_customer_has_one_currency_for_good():
    books = books_of(multicurrency=True)
    customer = customer_of(books, CurrencyRef={"value": "EUR"})
    change = {"Id": customer, "SyncToken": "0", "sparse": True, "CurrencyRef": {"value": "USD"}}
    assert refusal(books, "Customer", change) == "6000"
    lines = [sale("1.00", tax_code(books, "Exempt"))]
    body = {"CustomerRef": {"value": customer}, "Line": lines, "CurrencyRef": {"value": "USD"}}
    assert refusal(books, "Invoice", {**body, "GlobalTaxCalculation": "TaxExcluded"}) == "6000"


# The company's lists


@pytest.mark.parametrize("subtype", ["UndepositedFunds", "AccountsReceivable", "CashOnHand"])
@pytest.mark.parametrize("sales_tax", ["none", "us_automated", "us_manual", "canada"])
def test_every_company_has_the_accounts_a_posting_needs(sales_tax, subtype):
    country = "CA" if sales_tax in ("none", "canada") else "US"
    books = books_of(country=country, sales_tax=sales_tax)
    assert books.entities["Account"][books.account(subtype)]["Active"]


def test_a_french_company_calls_its_undeposited_funds_by_their_own_name():
    books = books_of(language="fr")
    account = books.entities["Account"][books.account("UndepositedFunds")]
    assert account["Name"] == "Fonds non déposés"
