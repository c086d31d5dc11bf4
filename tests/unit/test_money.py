"""Money: exact, rounded half up to the currency's own minor unit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbdesk.sync.ledger.columns import Amount
from qbdesk.sync.money import minor_digits, minor_unit, rounded, shown, times

AMOUNTS = st.decimals(-(10**12), 10**12, places=4)
NUMBERS = st.decimals(-(10**15), 10**15, places=12)


@pytest.mark.parametrize(
    ("amount", "currency", "wanted"),
    [
        ("0.005", "CAD", "0.01"),
        ("0.004999", "CAD", "0.00"),
        ("-0.005", "CAD", "-0.01"),
        ("2.5", "JPY", "3"),
        ("1.0005", "KWD", "1.001"),
        ("100", "CAD", "100.00"),
    ],
)
def test_half_a_cent_goes_up(amount: str, currency: str, wanted: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == wanted


@given(AMOUNTS)
def test_rounding_moves_by_half_a_cent_at_most_and_only_once(amount: Decimal) -> None:
    cents = rounded(amount, "CAD")
    assert abs(cents - amount) <= Decimal("0.005")
    assert rounded(cents, "CAD") == cents


@given(NUMBERS, NUMBERS)
def test_a_product_is_exact_however_long(quantity: Decimal, price: Decimal) -> None:
    product = times(quantity, price)
    assert Fraction(product) == Fraction(quantity) * Fraction(price)
    assert abs(Fraction(rounded(product, "CAD")) - Fraction(product)) <= Fraction(5, 1000)


@pytest.mark.parametrize(("currency", "digits"), [("CAD", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0)])
def test_a_currency_has_its_own_decimals(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits
    assert minor_unit(currency) == Decimal(10) ** -digits


def test_sentences_show_thousands_and_the_currency() -> None:
    assert shown(Decimal("1234.5"), "CAD") == "1,234.50 CAD"
    assert shown(Decimal("-1234567"), "JPY") == "-1,234,567 JPY"


@given(st.decimals(-(10**15), 10**15, places=3))
def test_the_ledger_keeps_an_amount_to_the_last_thousandth(amount: Decimal) -> None:
    column = Amount()
    kept = column.process_bind_param(amount, None)  # type: ignore[arg-type]
    assert column.process_result_value(kept, None) == amount  # type: ignore[arg-type]
