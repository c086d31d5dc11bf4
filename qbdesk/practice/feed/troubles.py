"""Invoices that cannot go through as they are, and what each of them runs into."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from qbdesk.practice.feed.documents import money
from qbdesk.practice.feed.feed import Document
from qbdesk.practice.wire import cents


@dataclass(frozen=True)
class Trouble:
    """One way in which an invoice needs a person.

    Attributes:
        why: What a bookkeeper would say about it.
        customers: Which list of customers.json it is written for.
        spoil: Turns a clean document into one with this trouble; told the last closed day.
    """

    why: str
    customers: str = "canadian"
    spoil: Callable[[Document, date], None] = lambda document, closed: None


def _foreign_currency(document: Document, _: date) -> None:
    currency = "EUR" if document["currency"] == "USD" else "USD"
    document["currency"] = currency
    for payment in document["payments"]:
        payment["currency"] = currency


def _closed_period(document: Document, closed: date) -> None:
    document["issue_date"] = closed.isoformat()
    document["due_date"] = (closed + timedelta(days=30)).isoformat()


def _long_number(document: Document, _: date) -> None:
    prefix, year, number = document["number"].split("-")
    document["number"] = f"{prefix}-{year}-MAINTENANCE-PLAN-{number}"


def _totals_differ(document: Document, _: date) -> None:
    """Ten cents too much, and paid; the lines and the tax say otherwise."""
    for row, name in (
        (document, "total"),
        (document, "amount_paid"),
        (document["payments"][-1], "amount"),
    ):
        row[name] = money(Decimal(row[name]) + Decimal("0.10"))


def _no_lines(document: Document, _: date) -> None:
    document.update(lines=[], tax=[], payments=[])
    for name in ("subtotal", "tax_total", "total", "amount_paid"):
        document[name] = "0.00"


def _credit_applied(document: Document, _: date) -> None:
    payment = document["payments"][-1]
    credit = cents(Decimal(payment["amount"]) / 4)
    payment["amount"] = money(Decimal(payment["amount"]) - credit)
    document["amount_paid"] = money(Decimal(document["amount_paid"]) - credit)
    document["credit_applied"] = money(credit)


TROUBLES = MappingProxyType(
    {
        "no_email": Trouble("the customer has no email address", "without_email"),
        "malformed_email": Trouble("the email address is not one", "malformed_email"),
        "foreign_currency": Trouble(
            "the company keeps its books in one currency, and this is another",
            "american",
            _foreign_currency,
        ),
        "closed_period": Trouble("issued in a period that is closed", spoil=_closed_period),
        "long_number": Trouble("the number has more than 21 characters", spoil=_long_number),
        "totals_differ": Trouble("lines and tax do not add up to the total", spoil=_totals_differ),
        "no_lines": Trouble("there is nothing on the invoice", spoil=_no_lines),
        "credit_applied": Trouble("partly settled from a credit", spoil=_credit_applied),
        "untaxed_abroad": Trouble(
            "a customer abroad, untaxed: which tax code is asked once", "american"
        ),
    }
)
