"""Whatever is done to the practice company's books, an accountant finds them in order."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.books.chart import open_books
from qbdesk.practice.intuit import entities
from qbdesk.practice.intuit.refusals import RefusedError
from qbdesk.practice.switches import Switches
from qbdesk.practice.wire import ZERO, cents

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
US = {"country": "US", "home_currency": "USD"}
COMPANIES: dict[str, dict[str, Any]] = {
    "Canadian": {},
    "US, automated tax": {**US, "sales_tax": "us_automated"},
    "US, manual tax": {**US, "sales_tax": "us_manual"},
    "several currencies": {
        "multicurrency": True,
        "daily_rates": True,
        "missing_rate_is_one": False,
    },
}
CUSTOMERS = ("1", "2", "3")
CURRENCIES = ("CAD", "USD", "EUR")
STATES = ("TX", "NY", "OR")


def books_of(company: str, *, auto_apply_credit: bool) -> Books:
    switches = Switches(
        **COMPANIES[company],
        auto_apply_credit=auto_apply_credit,
        refuse_duplicate_numbers=False,
    )
    books = Books("1", "Practice Ltd", switches, lambda: NOW)
    open_books(books)
    for key, currency, state in zip(CUSTOMERS, CURRENCIES, STATES, strict=True):
        body: dict[str, Any] = {"DisplayName": f"Customer {key}"}
        body["BillAddr"] = {"CountrySubDivisionCode": state}
        if switches.multicurrency:
            body["CurrencyRef"] = {"value": currency}
        write(books, "Customer", body)
    return books


def write(
    books: Books, kind: str, body: Entity, operation: str = "", include: str = ""
) -> Entity | None:
    """None where it was refused; then nothing at all may have changed."""
    before = books.trial_balance(), [books.customer_balance(key) for key in CUSTOMERS]
    try:
        return entities.write(books, kind, body, operation, frozenset((include,)))
    except RefusedError:
        after = books.trial_balance(), [books.customer_balance(key) for key in CUSTOMERS]
        assert after == before
        return None


# What can be done. `pick` chooses among what there is, `amounts` are what it is about.


@st.composite
def deeds(draw: st.DrawFn) -> tuple[str, int, list[Decimal]]:
    amount = st.decimals(min_value=-20, max_value=900, places=2)
    return (
        draw(st.sampled_from(sorted(DEEDS))),
        draw(st.integers(min_value=0, max_value=99)),
        draw(st.lists(amount, min_size=1, max_size=3)),
    )


def lines_of(books: Books, pick: int, amounts: list[Decimal]) -> list[Entity]:
    lines: list[Entity] = []
    for position, amount in enumerate(amounts):
        name = ("HST ON", "GST/QST QC", "GST/PST BC", "Exempt")[(pick + position) % 4]
        code = "TAX" if (pick + position) % 3 else "NON"
        if books.switches.country != "US":
            code = books.named("TaxCode", name)["Id"]
        detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": code}}
        kind = "SalesItemLineDetail"
        lines.append({"Amount": amount, "DetailType": kind, kind: detail})
    if pick % 3 == 0:
        kind = "DiscountLineDetail"
        detail = {"PercentBased": True, "DiscountPercent": Decimal("7.5")}
        lines.append({"DetailType": kind, kind: detail})
    return lines


def invoice_body(books: Books, pick: int, amounts: list[Decimal]) -> Entity:
    body: Entity = {
        "CustomerRef": {"value": CUSTOMERS[pick % 3]},
        "DocNumber": str(pick),
        "TxnDate": f"2026-10-{pick % 28 + 1:02}",
        "Line": lines_of(books, pick, amounts),
    }
    if books.switches.sales_tax == "canada":
        body["GlobalTaxCalculation"] = "TaxInclusive" if pick % 4 == 0 else "TaxExcluded"
    if books.switches.sales_tax == "us_manual":
        group = ("California", "New York City", "Texas")[pick % 3]
        code = books.named("TaxCode", group)["Id"]
        body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code}}
    return body


def one_of(books: Books, kind: str, pick: int) -> Entity | None:
    held = list(books.of(kind))
    return held[pick % len(held)] if held else None


def key_of(entity: Entity) -> Entity:
    return {"Id": entity["Id"], "SyncToken": entity["SyncToken"]}


def create(books: Books, pick: int, amounts: list[Decimal]) -> None:
    write(books, "Invoice", invoice_body(books, pick, amounts))


def change(books: Books, pick: int, amounts: list[Decimal]) -> None:
    old = one_of(books, "Invoice", pick)
    if old is not None:
        body = {**invoice_body(books, pick, amounts), "CustomerRef": old["CustomerRef"]}
        write(books, "Invoice", {**body, **key_of(old)})


def change_lines(books: Books, pick: int, amounts: list[Decimal]) -> None:
    old = one_of(books, "Invoice", pick)
    if old is not None:
        body = {**key_of(old), "sparse": True, "Line": lines_of(books, pick, amounts)}
        write(books, "Invoice", body)


def end(operation: str) -> Callable[[Books, int, list[Decimal]], None]:
    def ended(books: Books, pick: int, amounts: list[Decimal]) -> None:
        old = one_of(books, "Invoice", pick)
        if old is not None:
            write(books, "Invoice", key_of(old), operation)

    return ended


def payment_body(books: Books, pick: int, amounts: list[Decimal]) -> Entity | None:
    """For up to three invoices of one customer: too little, just enough or too much."""
    first = one_of(books, "Invoice", pick)
    if first is None:
        return None
    owner = first["CustomerRef"]
    theirs = [each for each in books.of("Invoice") if each["CustomerRef"] == owner]
    lines = []
    for invoice, amount in zip(theirs, amounts, strict=False):
        wanted = invoice["Balance"] if pick % 2 else amount
        link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
        lines.append({"Amount": wanted, "LinkedTxn": [link]})
    total = sum((line["Amount"] for line in lines), ZERO)
    if pick % 5 == 0:
        total += amounts[0]
    date = f"2026-11-{pick % 2 + 1:02}"
    return {"CustomerRef": owner, "TotalAmt": total, "TxnDate": date, "Line": lines}


def pay(books: Books, pick: int, amounts: list[Decimal]) -> None:
    body = payment_body(books, pick, amounts)
    if body is not None:
        write(books, "Payment", body)


def change_payment(books: Books, pick: int, amounts: list[Decimal]) -> None:
    old, body = one_of(books, "Payment", pick), payment_body(books, pick, amounts)
    if old is not None and body is not None and body["CustomerRef"] == old["CustomerRef"]:
        write(books, "Payment", {**body, **key_of(old)})


def unlink_payment(books: Books, pick: int, amounts: list[Decimal]) -> None:
    """The money stays as credit, as before it is refunded."""
    old = one_of(books, "Payment", pick)
    if old is not None:
        write(books, "Payment", {**old, "Line": []})


def void_payment(books: Books, pick: int, amounts: list[Decimal]) -> None:
    old = one_of(books, "Payment", pick)
    if old is not None:
        write(books, "Payment", {**key_of(old), "sparse": True}, "update", "void")


def delete_payment(books: Books, pick: int, amounts: list[Decimal]) -> None:
    old = one_of(books, "Payment", pick)
    if old is not None:
        write(books, "Payment", key_of(old), "delete")


DEEDS: dict[str, Callable[[Books, int, list[Decimal]], None]] = {
    "create": create,
    "create another": create,
    "change": change,
    "change lines": change_lines,
    "void": end("void"),
    "delete": end("delete"),
    "pay": pay,
    "pay again": pay,
    "change payment": change_payment,
    "unlink payment": unlink_payment,
    "void payment": void_payment,
    "delete payment": delete_payment,
}


def check(books: Books) -> None:
    """What an accountant would look at."""
    assert sum(books.trial_balance().values(), ZERO) == ZERO
    assert books.receivable == home(books, "Invoice", "Balance") - home(
        books, "Payment", "UnappliedAmt"
    )
    received = home(books, "Payment", "TotalAmt")
    assert books.account_balance("Undeposited Funds") == received
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for invoice in books.of("Invoice"):
        owed[invoice["CustomerRef"]["value"]] += invoice["Balance"]
        check_links(books, invoice)
    for payment in books.of("Payment"):
        owed[payment["CustomerRef"]["value"]] -= payment["UnappliedAmt"]
        assert payment["UnappliedAmt"] >= ZERO
    for key in CUSTOMERS:
        assert (
            books.customer_balance(key) == owed[key] == books.entities["Customer"][key]["Balance"]
        )


def home(books: Books, kind: str, field: str) -> Decimal:
    """The sum of a field in home currency, each at its own rate."""
    return sum((cents(each[field] * each.get("ExchangeRate", 1)) for each in books.of(kind)), ZERO)


def check_links(books: Books, invoice: Entity) -> None:
    """Both sides tell of the same payments, and of no more money than the invoice is worth."""
    applied = {
        payment["Id"]: line["Amount"]
        for payment in books.of("Payment")
        for line in payment["Line"]
        if line["LinkedTxn"][0]["TxnId"] == invoice["Id"]
    }
    assert invoice["Balance"] == invoice["TotalAmt"] - sum(applied.values(), ZERO) >= ZERO
    assert {link["TxnId"] for link in invoice["LinkedTxn"]} == applied.keys()


@pytest.mark.parametrize("company", COMPANIES)
@settings(max_examples=60, deadline=None)
@given(st.lists(deeds(), max_size=20), st.booleans())
def test_the_trial_balance_balances_and_receivables_are_the_open_balances(
    company, done, auto_apply_credit
):
    books = books_of(company, auto_apply_credit=auto_apply_credit)
    for deed, pick, amounts in done:
        DEEDS[deed](books, pick, amounts)
        check(books)


@pytest.mark.parametrize("parts", [("10.00", "90.00"), ("33.33", "33.33", "33.34")])
def test_an_invoice_paid_in_parts_leaves_no_cent_in_home_currency(parts):
    books = books_of("several currencies", auto_apply_credit=False)
    books.rates["EUR"] = Decimal("1.495")
    body = {**invoice_body(books, 2, [Decimal("100.00")]), "GlobalTaxCalculation": "TaxExcluded"}
    exempt = books.named("TaxCode", "Exempt")["Id"]
    body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] = {"value": exempt}
    invoice = entities.write(books, "Invoice", body, "", frozenset())
    for part in parts:
        link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
        line = {"Amount": Decimal(part), "LinkedTxn": [link]}
        paid = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": Decimal(part), "Line": [line]}
        entities.write(books, "Payment", paid, "", frozenset())
        check(books)
    assert books.receivable == ZERO
