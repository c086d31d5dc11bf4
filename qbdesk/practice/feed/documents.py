"""Feed documents that add up: lines, tax per line and rate, totals.

Amounts are rounded half up to the cent, tax for each line and each rate, as QuickBooks does it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from qbdesk.practice.clock import rfc3339
from qbdesk.practice.feed.feed import Document
from qbdesk.practice.feed.rates import Rate
from qbdesk.practice.wire import ZERO, cents

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Sale:
    """What one line sells. Quantity and price are decimal strings, as the feed will show them."""

    description: str
    quantity: str
    unit_price: str
    product: Document | None = None
    discount: Decimal = ZERO


def money(amount: Decimal) -> str:
    # A negative quantity at no charge is 0.00, not -0.00.
    return f"{cents(amount) or ZERO:.2f}"


def line(number: int, sale: Sale, rates: Sequence[Rate]) -> Document:
    """One line of an invoice; `number` counts from 1."""
    gross = cents(Decimal(sale.quantity) * Decimal(sale.unit_price))
    amount = gross - sale.discount
    taxes = [
        {**_rate(rate), "amount": money(cents(amount * rate.value / HUNDRED))} for rate in rates
    ]
    return {
        "id": f"ln_{number}",
        "kind": "item",
        "description": sale.description,
        "quantity": sale.quantity,
        "unit_price": sale.unit_price,
        "discount": money(sale.discount),
        "amount": money(amount),
        "product": sale.product,
        "taxes": taxes,
        "tax_amount": money(_sum(taxes, "amount")),
    }


def totals(lines: Sequence[Document], rates: Sequence[Rate]) -> Document:
    """What the lines come to, before anything is paid; no invoice-level discount."""
    subtotal = _sum(lines, "amount")
    per_rate = []
    for position, rate in enumerate(rates):
        amount = _sum((one["taxes"][position] for one in lines), "amount")
        per_rate.append(
            {
                **_rate(rate),
                "taxable_amount": money(subtotal),
                "amount": money(amount),
                "jurisdiction": rate.jurisdiction,
            }
        )
    tax_total = _sum(per_rate, "amount")
    return {
        "subtotal": money(subtotal),
        "discount": "0.00",
        "tax": per_rate,
        "tax_total": money(tax_total),
        "total": money(subtotal + tax_total),
    }


def invoice(
    *,
    key: str,
    number: str,
    issued: date,
    due: date,
    paid_at: datetime,
    currency: str,
    customer: Document,
    lines: Sequence[Document],
    sums: Document,
    payments: Sequence[Document],
    memo: str | None = None,
) -> Document:
    """A paid invoice in the shape of the feed; revision and updated_at are given by the feed."""
    paid = _sum(payments, "amount")
    return {
        "id": key,
        "number": number,
        "status": "paid",
        "issue_date": issued.isoformat(),
        "due_date": due.isoformat(),
        "paid_at": rfc3339(paid_at),
        "currency": currency,
        "tax_behavior": "exclusive",
        "customer": customer,
        "lines": list(lines),
        **sums,
        "amount_paid": money(paid),
        "credit_applied": "0.00",
        "balance_due": money(Decimal(sums["total"]) - paid),
        "payments": list(payments),
        "memo": memo,
        "url": f"https://invoicing.example.com/i/{key}",
        "external_refs": [],
    }


def _rate(rate: Rate) -> Document:
    return {"tax_rate_id": rate.id, "name": rate.name, "rate_percent": rate.percent}


def _sum(rows: Iterable[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), ZERO)
