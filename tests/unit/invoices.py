"""Paid invoices as a source shows them, with sums that add up, for tests to bend as they need."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qbdesk.sync.model import PaidInvoice

Document = dict[str, Any]
Rate = tuple[str, str, str]  # id, name, per cent

HST_ON: Rate = ("tr_hst_on", "HST ON", "13")
GST: Rate = ("tr_gst", "GST", "5")
PST_BC: Rate = ("tr_pst_bc", "PST BC", "7")
QST: Rate = ("tr_qst", "QST", "9.975")
ONTARIO = {"line1": "1 Main St", "city": "Toronto", "region": "ON", "country": "CA"}
MANITOBA = {"line1": "1 Main St", "city": "Winnipeg", "region": "MB", "country": "CA"}
TEXAS = {"line1": "1 Main St", "city": "Austin", "region": "TX", "country": "US"}
CENT = Decimal("0.01")


def cents(amount: Decimal) -> str:
    return f"{amount.quantize(CENT, ROUND_HALF_UP):f}"


def total_of(rows: Iterable[Document], name: str = "amount") -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


def customer(**changes: Any) -> Document:
    return {
        "id": "cus_1",
        "name": "Harbour Condo Corp",
        "email": "accounts@harbour.example.com",
        "billing_address": ONTARIO,
        **changes,
    }


def line(
    quantity: str = "1",
    price: str = "100.00",
    *,
    rates: Sequence[Rate] = (HST_ON,),
    discount: str = "0.00",
    **changes: Any,
) -> Document:
    """One line, taxed at these rates on top of its amount."""
    gross = Decimal(cents(Decimal(quantity) * Decimal(price)))
    amount = gross - Decimal(discount)
    taxes = [
        {
            "tax_rate_id": key,
            "name": name,
            "rate_percent": percent,
            "amount": cents(amount * Decimal(percent) / 100),
        }
        for key, name, percent in rates
    ]
    return {
        "id": "ln_1",
        "kind": "item",
        "description": "Cleaning",
        "quantity": quantity,
        "unit_price": price,
        "discount": cents(Decimal(discount)),
        "amount": cents(amount),
        "product": None,
        "taxes": taxes,
        "tax_amount": cents(total_of(taxes)),
        **changes,
    }


def payment(amount: str | Decimal, **changes: Any) -> Document:
    return {
        "id": "pay_1",
        "status": "succeeded",
        "method": "e_transfer",
        "method_label": None,
        "processor": None,
        "processor_ref": None,
        "reference": None,
        "currency": "CAD",
        "amount": cents(Decimal(amount)),
        "refunded_amount": "0.00",
        "paid_at": "2026-11-10T15:00:00Z",
        "fee": None,
        **changes,
    }


def document(
    key: str = "inv-1",
    *,
    lines: Sequence[Document] | None = None,
    payments: Sequence[Document] | None = None,
    discount: str = "0.00",
    client: Document | None = None,
    **changes: Any,
) -> Document:
    """A paid invoice whose sums follow from its lines; `changes` are put over the whole."""
    lines = [line()] if lines is None else list(lines)
    subtotal, taxes = total_of(lines), _per_rate(lines)
    total = subtotal - Decimal(discount) + total_of(taxes)
    if payments is None:
        payments = [payment(total)] if total else []
    received = total_of(p for p in payments if p["status"] == "succeeded")
    return {
        "id": key,
        "number": f"N-{key}"[:21],
        "revision": 1,
        "status": "paid",
        "issue_date": "2026-11-01",
        "due_date": "2026-11-30",
        "paid_at": "2026-11-10T15:00:00Z",
        "updated_at": "2026-11-10T15:00:00Z",
        "currency": "CAD",
        "tax_behavior": "exclusive",
        "customer": customer() if client is None else client,
        "lines": lines,
        "subtotal": cents(subtotal),
        "discount": cents(Decimal(discount)),
        "tax": taxes,
        "tax_total": cents(total_of(taxes)),
        "total": cents(total),
        "amount_paid": cents(received),
        "credit_applied": "0.00",
        "balance_due": cents(total - received),
        "payments": list(payments),
        "memo": None,
        "url": f"https://invoicing.example.com/i/{key}",
        "external_refs": [],
        **changes,
    }


def _per_rate(lines: Sequence[Document]) -> list[Document]:
    found: dict[str, Document] = {}
    for row in lines:
        for tax in row["taxes"]:
            total = found.setdefault(
                tax["tax_rate_id"], {**tax, "amount": "0.00", "taxable_amount": "0.00"}
            )
            total["amount"] = cents(Decimal(total["amount"]) + Decimal(tax["amount"]))
            total["taxable_amount"] = cents(
                Decimal(total["taxable_amount"]) + Decimal(row["amount"])
            )
    return list(found.values())


def paid(key: str = "inv-1", **changes: Any) -> PaidInvoice:
    """The same as a value."""
    return PaidInvoice.model_validate(document(key, **changes))
