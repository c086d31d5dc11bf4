"""The bodies of our writes: exact bytes, lines that sum to the source's total, text that fits."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoices import CENT, GST, HST_ON, customer, document, line, paid, payment

from qbdesk.sync.model import Address, Customer, Payment
from qbdesk.sync.quickbooks import payloads, text
from qbdesk.sync.quickbooks.payloads import Taxes

ZERO = Decimal(0)


def _invoice(taxes: Taxes | None = None, *, discount_line: bool = False, **changes: Any) -> Any:
    invoice = paid(**changes)
    return payloads.invoice(
        invoice,
        customer_id="58",
        line_items=["19"] * len(invoice.lines),
        discount_item="19",
        taxes=taxes or Taxes(),
        issue_date=date(2026, 11, 1),
        note="note",
        use_discount_line=discount_line,
        exchange_rate=None,
        currency=None,
    )


def test_the_body_of_an_invoice_is_written_to_the_byte() -> None:
    lines = [line("2", "50.10", rates=())]
    assert payloads.body(_invoice(lines=lines)) == (
        b'{"AllowOnlineACHPayment": false, "AllowOnlineCreditCardPayment": false, '
        b'"BillAddr": {"City": "Toronto", "Country": "CA", "CountrySubDivisionCode": "ON", '
        b'"Line1": "1 Main St"}, "BillEmail": {"Address": "accounts@harbour.example.com"}, '
        b'"CustomerRef": {"value": "58"}, "DocNumber": "N-inv-1", "DueDate": "2026-11-30", '
        b'"EmailStatus": "NotSet", "Line": [{"Amount": 100.20, "Description": "Cleaning", '
        b'"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "19"}, '
        b'"Qty": 2, "UnitPrice": 50.10}}], "PrivateNote": "note", "TxnDate": "2026-11-01"}'
    )


def test_the_same_payload_gives_the_same_bytes_whatever_the_order_of_its_keys() -> None:
    one = payloads.body({"b": Decimal("1.10"), "a": "é"})
    assert one == payloads.body({"a": "é", "b": Decimal("1.10")})
    assert one == '{"a": "é", "b": 1.10}'.encode()


PRICES = st.decimals("0.01", 10_000, places=2)
LINES = st.lists(
    st.tuples(st.integers(1, 99), PRICES, st.sampled_from(["A", "B", "C"])), min_size=1, max_size=8
)


@given(LINES, st.decimals(0, 1, places=4), st.booleans())
def test_lines_and_discount_always_sum_to_the_sources_net(
    rows: list[tuple[int, Decimal, str]], share: Decimal, one_line: bool
) -> None:
    lines = [line(str(quantity), f"{price}", rates=()) for quantity, price, _ in rows]
    subtotal = sum((Decimal(row["amount"]) for row in lines), ZERO)
    discount = (subtotal * share).quantize(CENT)
    codes = Taxes(tuple(code for *_, code in rows))
    payload = _invoice(codes, discount_line=one_line, lines=lines, discount=f"{discount}")
    signs = [-1 if row["DetailType"] == "DiscountLineDetail" else 1 for row in payload["Line"]]
    amounts = [sign * row["Amount"] for sign, row in zip(signs, payload["Line"], strict=True)]
    assert sum(amounts, ZERO) == subtotal - discount
    assert [row["Amount"] for row in payload["Line"][: len(lines)]] == [
        Decimal(row["amount"]) for row in lines
    ]


@given(LINES, st.decimals(0, 1, places=4))
def test_a_discount_is_spread_over_the_codes_to_within_a_cent_each(
    rows: list[tuple[int, Decimal, str]], share: Decimal
) -> None:
    lines = [line(str(quantity), f"{price}", rates=()) for quantity, price, _ in rows]
    subtotal = sum((Decimal(row["amount"]) for row in lines), ZERO)
    discount = (subtotal * share).quantize(CENT)
    codes = [code for *_, code in rows]
    payload = _invoice(Taxes(tuple(codes)), lines=lines, discount=f"{discount}")
    spread = payload["Line"][len(lines) :]
    for row in spread:
        code = row["SalesItemLineDetail"]["TaxCodeRef"]["value"]
        of_code = sum(
            (Decimal(x["amount"]) for x, c in zip(lines, codes, strict=True) if c == code), ZERO
        )
        assert abs(-row["Amount"] - discount * of_code / subtotal) <= CENT * len(set(codes))


@pytest.mark.parametrize(
    ("quantity", "price", "discount"),
    [("3", "0.335", "0.00"), ("0.123456789", "100", "0.00"), ("2", "50.00", "10.00")],
)
def test_where_quantity_times_price_is_not_the_amount_the_text_names_both(
    quantity: str, price: str, discount: str
) -> None:
    row = line(quantity, price, discount=discount, rates=())
    (made,) = _invoice(lines=[row])["Line"]
    assert made["Amount"] == Decimal(row["amount"])
    exact = "Qty" in made["SalesItemLineDetail"]
    told = f"{quantity} × {price}" in made["Description"]
    assert exact is not told


def test_the_text_names_quantity_and_price_however_long_it_is() -> None:
    row = line("2", "50.00", discount="10.00", rates=(), description="x" * 4000)
    (made,) = _invoice(lines=[row])["Line"]
    assert len(made["Description"]) <= text.DESCRIPTION
    assert made["Description"].endswith("(2 × 50.00, less 10.00)")


def test_a_product_is_named_unless_the_text_does_so() -> None:
    product = {"id": "p", "name": "Windows"}
    rows = [
        line(product=product, description="Ground floor"),
        line(product=product, description="Windows, upstairs"),
        line(product=product, description=""),
    ]
    made = [row["Description"] for row in _invoice(lines=rows)["Line"]]
    assert made == ["Windows: Ground floor", "Windows, upstairs", "Windows"]


def test_each_line_carries_its_code_and_the_invoice_how_it_is_taxed() -> None:
    payload = _invoice(Taxes(("5", "6"), "TaxExcluded"), lines=[line(), line(rates=(GST,))])
    codes = [row["SalesItemLineDetail"]["TaxCodeRef"]["value"] for row in payload["Line"]]
    assert (codes, payload["GlobalTaxCalculation"]) == (["5", "6"], "TaxExcluded")


def test_quickbooks_never_mails_or_collects_for_us() -> None:
    payload = _invoice()
    assert payload["EmailStatus"] == "NotSet"
    assert payload["AllowOnlineCreditCardPayment"] is False
    assert payload["AllowOnlineACHPayment"] is False


# ---- customers ----


def test_a_customer_takes_what_fits() -> None:
    client = Customer.model_validate(
        customer(phone=" +1 416\n555 ", company="C:" + "x" * 200, email=" a@b.com ")
    )
    payload = payloads.customer(client, "Name", None)
    assert payload["PrimaryEmailAddr"] == {"Address": "a@b.com"}
    assert payload["PrimaryPhone"] == {"FreeFormNumber": "+1 416 555"}
    assert len(payload["CompanyName"]) <= text.COMPANY_NAME
    assert payload["PreferredDeliveryMethod"] == "None"
    assert "CurrencyRef" not in payload


def test_an_address_somebody_typed_becomes_lines() -> None:
    place = Address.model_validate({"freeform": "12 Main\nSuite 4\nToronto", "country": "CA"})
    assert payloads.address(place) == {
        "Line1": "12 Main",
        "Line2": "Suite 4",
        "Line3": "Toronto",
        "Country": "CA",
    }


# ---- payments ----


def _payment(**changes: Any) -> Payment:
    return Payment.model_validate(payment("113.00", **changes))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"reference": "CHQ 71", "processor_ref": "ch_1"}, "CHQ 71"),
        ({"reference": "r" * 30}, "r" * 21),
        ({"processor_ref": "ch_" + "1" * 30}, "1" * 21),
        ({"reference": "  ", "processor_ref": None}, ""),
    ],
)
def test_the_reference_is_the_payers_else_the_end_of_the_processors(
    changes: dict[str, Any], wanted: str
) -> None:
    assert payloads.reference_number(_payment(**changes)) == wanted


def test_a_payment_covers_exactly_one_invoice() -> None:
    payload = payloads.payment(
        _payment(),
        customer_id="58",
        invoice_id="130",
        paid_on=date(2026, 11, 10),
        method_id="7",
        deposit_account_id="4",
        note="n",
        exchange_rate=Decimal("1.37"),
        currency="USD",
    )
    assert payload["TotalAmt"] == Decimal("113.00")
    assert payload["Line"] == [
        {"Amount": Decimal("113.00"), "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]}
    ]
    assert payload["DepositToAccountRef"] == {"value": "4"}
    assert (payload["CurrencyRef"], payload["ExchangeRate"]) == ({"value": "USD"}, Decimal("1.37"))


@given(st.lists(st.text(max_size=3000), max_size=4))
def test_a_note_always_ends_with_the_whole_mark(parts: list[str]) -> None:
    mark = "[qbdesk:v1:abcdefghij0123456789]"
    note = payloads.note(parts, mark)
    assert note.endswith(mark)
    assert len(note) <= text.PRIVATE_NOTE


# ---- text ----


@given(st.text(max_size=700))
def test_a_name_is_one_that_quickbooks_takes(wanted: str) -> None:
    name = text.name(wanted, text.DISPLAY_NAME)
    assert 0 < len(name) <= text.DISPLAY_NAME
    assert ":" not in name
    assert name == name.strip()
    assert not any(sign in name for sign in "\t\n\r\x00\x7f")


@given(st.text(max_size=50))
def test_a_body_is_always_utf8_json_that_says_the_same(told: str) -> None:
    clean = text.paragraphs(told, 50)
    assert json.loads(payloads.body({"a": clean}))["a"] == clean


def test_rates_of_the_shared_invoices_are_what_they_say() -> None:
    assert document(lines=[line(rates=(HST_ON,))])["tax_total"] == "13.00"
