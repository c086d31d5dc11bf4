"""Values of the feed are read exactly, or not at all."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoices import document, paid, payment
from pydantic import ValidationError

from qbdesk.sync.model import PaidInvoice, Payment

TORONTO = ZoneInfo("America/Toronto")


@given(st.decimals(-(10**12), 10**12, places=2))
def test_money_is_the_very_decimal_that_was_written(amount: Decimal) -> None:
    assert str(paid(subtotal=f"{amount:f}").subtotal) == f"{amount:f}"


@pytest.mark.parametrize(
    "written",
    [113, 113.0, "113,00", "1e2", "+1.00", " 1.00", "1.00 ", "01.00", ".5", "1.", "NaN", "١٢", ""],
)
def test_money_written_in_another_way_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        PaidInvoice.model_validate(document(total=written))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-10T15:00:00Z", datetime(2026, 11, 10, 15, tzinfo=UTC)),
        ("2026-11-10T15:00:00.5Z", datetime(2026, 11, 10, 15, 0, 0, 500000, tzinfo=UTC)),
        ("2026-11-10T15:00:00.123456789Z", datetime(2026, 11, 10, 15, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_to_the_microsecond(written: str, read: datetime) -> None:
    assert paid(paid_at=written).paid_at == read


@pytest.mark.parametrize(
    "written", ["2026-11-10 15:00:00Z", "2026-11-10T15:00:00", "2026-11-10T25:00:00Z", "today", 0]
)
def test_a_moment_written_in_another_way_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        PaidInvoice.model_validate(document(paid_at=written))


@pytest.mark.parametrize(
    ("paid_at", "day"),
    [
        ("2026-11-10T04:59:59Z", date(2026, 11, 9)),
        ("2026-11-10T05:00:00Z", date(2026, 11, 10)),
        ("2026-07-10T03:59:59Z", date(2026, 7, 9)),  # summer time
        ("2027-01-01T02:00:00Z", date(2026, 12, 31)),
    ],
)
def test_a_payment_has_the_day_of_the_tenant(paid_at: str, day: date) -> None:
    received = Payment.model_validate(payment("1.00", paid_at=paid_at))
    assert received.day(TORONTO) == day


def test_the_day_that_the_source_names_goes_before() -> None:
    received = Payment.model_validate(payment("1.00", paid_on="2026-11-11"))
    assert received.day(TORONTO) == date(2026, 11, 11)


def test_only_payments_that_succeeded_brought_money() -> None:
    parts = [payment("113.00"), payment("5.00", id="x", status="failed")]
    assert [entry.id for entry in paid(payments=parts).received] == ["pay_1"]


def test_a_value_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        paid().number = "N-2"  # type: ignore[misc]


def test_an_error_quotes_nothing_of_the_invoice() -> None:
    with pytest.raises(ValidationError) as caught:
        PaidInvoice.model_validate(document(total="SECRET", number=["SECRET"]))
    assert "SECRET" not in str(caught.value)
