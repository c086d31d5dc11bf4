"""What a source hands over: immutable values, validated once where they come in.

The shapes are those of docs/paid-invoice-feed.openapi.yaml; a source that speaks another language
translates into them. Whatever validates here is sound in form; whether it adds up and may be posted
is the planner's to say.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

YEARS = range(1900, 2200)


def _written(pattern: str, what: str, read: Callable[[str], Any]) -> BeforeValidator:
    """Only the very text the contract describes; a JSON number or a lax spelling is refused."""
    form = re.compile(pattern, re.ASCII)

    def check(value: Any) -> Any:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise ValueError(f"is not {what}")
        return read(value)

    return BeforeValidator(check)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        # What programs write for "none" (year 1) or "for ever" (9999): no day to keep books by.
        raise ValueError(f"is not within the years {YEARS[0]} to {YEARS[-1]}")
    return day


def _moment(text: str) -> datetime:
    day = _day(text[:10])
    # Nine fraction digits are allowed, six can be kept.
    whole, _, fraction = text[11:].removesuffix("Z").partition(".")
    return datetime.combine(day, time.fromisoformat(f"{whole}.{fraction[:6]:0<6}"), UTC)


def _whole(text: str) -> str:
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise ValueError("is not whole: a character of it is damaged")
    return text


Money = Annotated[
    Decimal,
    _written(r"-?(0|[1-9]\d{0,14})(\.\d{1,4})?", "an amount written like 565.00", Decimal),
]
Number = Annotated[
    Decimal,
    _written(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?", "a number written like 2 or 0.5", Decimal),
]
Percent = Annotated[
    Decimal, _written(r"(0|[1-9]\d{0,2})(\.\d{1,6})?", "a percentage written like 13", Decimal)
]
Day = Annotated[date, _written(r"\d{4}-\d\d-\d\d", "a date written like 2026-04-15", _day)]
Moment = Annotated[
    datetime,
    _written(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", "a time like 2026-04-15T15:23:01Z", _moment
    ),
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
SourceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
Text64 = Annotated[str, StringConstraints(max_length=64)]
Text128 = Annotated[str, StringConstraints(max_length=128)]
Text255 = Annotated[str, StringConstraints(max_length=255)]
Text500 = Annotated[str, StringConstraints(max_length=500)]
Text4000 = Annotated[str, StringConstraints(max_length=4000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
_WHOLE = AfterValidator(_whole)  # what names an invoice or a customer in the books
LARGEST_REVISION = 2**63 - 1  # int64


class Value(BaseModel):
    """An immutable value; properties nobody has told us about yet are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class Address(Value):
    line1: Text500 | None = None
    line2: Text500 | None = None
    city: Text255 | None = None
    region: Text64 | None = None
    postal_code: Annotated[str, StringConstraints(max_length=32)] | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    freeform: Annotated[str, StringConstraints(max_length=2000)] | None = None


class Customer(Value):
    id: SourceId
    name: Annotated[Name, _WHOLE]
    email: Annotated[str, StringConstraints(max_length=320)] | None
    company: Text500 | None = None
    phone: Text64 | None = None
    tax_number: Text64 | None = None
    tax_exempt: bool = False
    billing_address: Address | None = None


class Product(Value):
    id: SourceId
    name: Name
    sku: Text255 | None = None


class LineTax(Value):
    """One rate on one line; `rate_percent` 13 means 13 %."""

    tax_rate_id: SourceId
    name: Text128
    rate_percent: Percent
    amount: Money


class TaxTotal(LineTax):
    taxable_amount: Money
    jurisdiction: str | None = None


class Line(Value):
    """One line; `amount` is after the line's own `discount`."""

    id: SourceId
    kind: str = "item"
    description: Text4000
    quantity: Number
    unit_price: Number
    discount: Money
    amount: Money
    product: Product | None = None
    service_date: Day | None = None
    taxes: tuple[LineTax, ...] = Field(strict=False)
    tax_amount: Money


class Fee(Value):
    amount: Money
    currency: Currency
    exchange_rate: Number | None = None


class Payment(Value):
    id: SourceId
    status: str
    method: str
    method_label: Text128 | None = None
    processor: str | None = None
    processor_ref: Text255 | None = None
    reference: Text255 | None = None
    currency: Currency
    amount: Money
    refunded_amount: Money
    paid_at: Moment
    paid_on: Day | None = None
    fee: Fee | None

    def day(self, time_zone: ZoneInfo) -> date:
        """The calendar day it was paid where the tenant lives, never the UTC day (rule 1)."""
        return self.paid_on or self.paid_at.astimezone(time_zone).date()


class ExternalRef(Value):
    system: str
    realm_id: Text64 | None = None
    type: str
    id: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class PaidInvoice(Value):
    """One invoice as its source shows it, identified by (source, id), with a revision."""

    id: SourceId
    number: Annotated[str, StringConstraints(min_length=1, max_length=64), _WHOLE]
    revision: Annotated[int, Field(ge=1, le=LARGEST_REVISION)]
    status: str
    issue_date: Day
    due_date: Day | None = None
    paid_at: Moment | None
    updated_at: Moment
    currency: Currency
    tax_behavior: Literal["exclusive", "inclusive"]
    customer: Customer
    lines: tuple[Line, ...] = Field(strict=False, max_length=1000)
    subtotal: Money
    discount: Money
    tax: tuple[TaxTotal, ...] = Field(strict=False)
    tax_total: Money
    total: Money
    amount_paid: Money
    credit_applied: Money
    balance_due: Money
    payments: tuple[Payment, ...] = Field(strict=False)
    memo: Text4000 | None = None
    private_note: Text4000 | None = None
    po_number: Text128 | None = None
    url: str | None = None
    external_refs: tuple[ExternalRef, ...] = Field(default=(), strict=False)

    @property
    def received(self) -> tuple[Payment, ...]:
        """The payments that brought money."""
        return tuple(payment for payment in self.payments if payment.status == "succeeded")


class Tenant(Value):
    """Who a source's token belongs to."""

    id: SourceId
    name: Name
    currency: Currency
    currencies: tuple[Currency, ...] = Field(strict=False, min_length=1)
    country: str | None = None
    timezone: str
    environment: Literal["production", "sandbox"]
