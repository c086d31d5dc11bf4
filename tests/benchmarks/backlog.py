"""Paid invoices to measure with, and the customers that QuickBooks has of them already."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from qbdesk.practice.clock import rfc3339
from qbdesk.practice.feed import documents, payments
from qbdesk.practice.feed.documents import Sale
from qbdesk.practice.feed.rates import BY_REGION

Document = dict[str, Any]

NEW_EVERY = 5  # every fifth customer is new to QuickBooks: 20 %
PROVINCE = "ON"
ADDRESS = {"line1": "1 Main St", "city": "Toronto", "region": PROVINCE, "country": "CA"}


def is_new(number: int) -> bool:
    return number % NEW_EVERY == 0


def customer(number: int) -> Document:
    """Each invoice has a customer of its own, which is the dearest case."""
    return {
        "id": f"cus_{number}",
        "name": f"Customer {number}",
        "email": f"accounts{number}@customer{number}.example.com",
        "billing_address": ADDRESS,
    }


def invoice(
    number: int, now: datetime, *, client: int | None = None, clients: int | None = None
) -> Document:
    """Two lines with tax, paid by one e-transfer, some days ago.

    Args:
        client: The number of its customer; its own by default.
        clients: Or so many customers take turns, none of them new.
    """
    if clients is not None:
        client = number % clients * NEW_EVERY + 1
    rates = BY_REGION[PROVINCE]
    price = f"{50 + number % 900}.{number % 100:02d}"
    sales = [Sale("Cleaning", "2", price), Sale("Supplies", "1", "19.99")]
    lines = [documents.line(at, sale, rates) for at, sale in enumerate(sales, start=1)]
    sums = documents.totals(lines, rates)
    paid_at = now - timedelta(days=2)
    paid = {
        "id": "pay_1",
        "status": "succeeded",
        **payments.means("e_transfer", "Interac e-Transfer", reference=f"CA{number:08d}"),
        "currency": "CAD",
        "amount": sums["total"],
        "refunded_amount": "0.00",
        "paid_at": rfc3339(paid_at),
    }
    return documents.invoice(
        key=f"inv-{number}",
        number=f"B-{number:07d}",
        issued=(paid_at - timedelta(days=10)).date(),
        due=paid_at.date(),
        paid_at=paid_at,
        currency="CAD",
        customer=customer(number if client is None else client),
        lines=lines,
        sums=sums,
        payments=[paid],
    )


def invoices(first: int, count: int, now: datetime) -> Iterator[Document]:
    return (invoice(number, now) for number in range(first, first + count))
