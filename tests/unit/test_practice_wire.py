"""Money on the wire of the practice world stays exact."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbdesk.practice import wire


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2))
def test_money_is_written_and_read_digit_for_digit(amount):
    text = wire.dumps({"Amount": amount})
    read = wire.loads(text)["Amount"]
    assert Decimal(read) == amount
    assert "e" not in text.casefold().replace("amount", "")


def test_every_kind_of_value_is_written_as_json():
    value = {"a": [], "b": {}, "c": [1, True, None, "é\n"], "d": date(2026, 1, 2), "e": 1.5}
    assert wire.dumps(value) == (
        '{"a":[],"b":{},"c":[1,true,null,"\\u00e9\\n"],"d":"2026-01-02","e":1.5}'
    )


def test_what_has_no_place_in_json_is_not_written():
    with pytest.raises(TypeError, match="object has no place"):
        wire.dumps(object())


@pytest.mark.parametrize("text", ["NaN", '{"a":Infinity}', "{", "[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(wire.NotJsonError):
        wire.loads(text)


@pytest.mark.parametrize(
    ("value", "number"),
    [("1.50", "1.50"), (Decimal("2.5"), "2.5"), (3, "3"), (" 4 ", "4"), ("1e2", "100")],
)
def test_numbers_and_numeric_text_are_decimals(value, number):
    assert wire.decimal(value) == Decimal(number)


@pytest.mark.parametrize("value", [None, True, "", "x", "NaN", "Infinity", []])
def test_what_is_no_number_is_none(value):
    assert wire.decimal(value) is None


def test_half_a_cent_goes_up():
    assert wire.cents(Decimal("0.125")) == Decimal("0.13")
    assert wire.cents(Decimal("-0.125")) == Decimal("-0.13")
