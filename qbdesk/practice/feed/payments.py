"""How made-up customers pay: by e-transfer mostly, and in every other way the contract knows."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from qbdesk.practice.clock import rfc3339
from qbdesk.practice.feed.documents import money
from qbdesk.practice.feed.feed import Document
from qbdesk.practice.wire import cents

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"


def payment(
    number: int, means: Document, amount: Decimal, currency: str, paid_at: datetime, zone: ZoneInfo
) -> Document:
    """One payment that succeeded; `means` says how, `number` counts from 1."""
    return {
        "id": f"pay_{number}",
        "status": "succeeded",
        **means,
        "currency": currency,
        "amount": money(amount),
        "refunded_amount": "0.00",
        "paid_at": rfc3339(paid_at),
        "paid_on": paid_at.astimezone(zone).date().isoformat(),
    }


def means(
    method: str,
    label: str,
    *,
    processor: str | None = None,
    processor_ref: str | None = None,
    reference: str | None = None,
    fee: Document | None = None,
) -> Document:
    """The part of a payment that says how it was made."""
    return {
        "method": method,
        "method_label": label,
        "processor": processor,
        "processor_ref": processor_ref,
        "reference": reference,
        "fee": fee,
    }


def any_means(random: Random, amount: Decimal, currency: str) -> Document:
    """One of the ways to pay; in Canada small firms are mostly paid by Interac e-Transfer."""
    ways = (e_transfer, card, cheque, bank_debit, cash, paypal, bank_transfer)
    way: Callable[[Random, Decimal, str], Document]
    (way,) = random.choices(ways, weights=(8, 5, 3, 2, 1, 1, 1))
    return way(random, amount, currency)


def e_transfer(random: Random, _: Decimal, __: str) -> Document:
    return means("e_transfer", "Interac e-Transfer", reference=f"CA{_code(random, 6)}")


def card(random: Random, amount: Decimal, currency: str) -> Document:
    brand, last = random.choice(("Visa", "MasterCard", "Amex")), random.randint(1000, 9999)
    # A fee that is not known yet is null and comes with a later revision.
    known = random.random() < 0.8
    return means(
        "card",
        f"{brand} ending in {last}",
        processor="stripe",
        processor_ref=f"ch_3{_code(random, 23)}",
        fee=_fee(amount, "2.9", "0.30", currency) if known else None,
    )


def bank_debit(random: Random, amount: Decimal, currency: str) -> Document:
    return means(
        "bank_debit",
        "Pre-authorized debit",
        processor="stripe",
        processor_ref=f"py_3{_code(random, 23)}",
        fee=_fee(amount, "1", "0.40", currency),
    )


def paypal(random: Random, amount: Decimal, currency: str) -> Document:
    return means(
        "paypal",
        "PayPal",
        processor="paypal",
        processor_ref=_code(random, 17).upper(),
        fee=_fee(amount, "2.9", "0.30", currency),
    )


def cheque(random: Random, _: Decimal, __: str) -> Document:
    return means("cheque", "Cheque", reference=str(random.randint(100, 4999)))


def cash(_: Random, __: Decimal, ___: str) -> Document:
    return means("cash", "Cash")


def bank_transfer(random: Random, _: Decimal, __: str) -> Document:
    return means("bank_transfer", "EFT", reference=f"EFT {random.randint(100000, 999999)}")


def _fee(amount: Decimal, percent: str, fixed: str, currency: str) -> Document:
    fee = cents(amount * Decimal(percent) / 100) + Decimal(fixed)
    return {"amount": money(fee), "currency": currency, "exchange_rate": None}


def _code(random: Random, length: int) -> str:
    return "".join(random.choices(_LETTERS, k=length))
