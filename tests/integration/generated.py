"""Invoices made up from a seed: every quantity, price, discount and tax that a source may show.

Each adds up as the contract asks, whatever QuickBooks will make of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from invoices import CENT, Document, Rate, cents, customer, total_of

ZERO = Decimal(0)
HUNDRED = Decimal(100)
GST: Rate = ("gst", "GST", "5")
CANADA: dict[str, tuple[Rate, ...]] = {
    "AB": (GST,),
    "BC": (GST, ("pst_bc", "PST BC", "7")),
    "MB": (GST, ("rst", "RST MB", "7")),
    "NB": (("nb", "HST NB", "15"),),
    "NL": (("nl", "HST NL", "15"),),
    "NS": (("ns", "HST NS", "14"),),
    "NT": (GST,),
    "NU": (GST,),
    "ON": (("on", "HST ON", "13"),),
    "PE": (("pe", "HST PE", "15"),),
    "QC": (GST, ("qst", "QST", "9.975")),
    "SK": (GST, ("sk", "PST SK", "6")),
    "YT": (GST,),
}
# What the practice company's automated tax charges, and a state that charges nothing.
US_STATES: dict[str, tuple[Rate, ...]] = {
    "CA": (("ca", "California", "7.25"),),
    "FL": (("fl", "Florida", "6"),),
    "NY": (("ny", "New York", "4"),),
    "TX": (("tx", "Texas", "6.25"),),
    "WA": (("wa", "Washington", "6.5"),),
    "OR": (),
}
# What the practice company has groups for.
US_GROUPS: dict[str, tuple[Rate, ...]] = {
    "CA": (("ca", "California State", "7.25"),),
    "NY": (
        ("ny", "New York State", "4"),
        ("nyc", "New York City", "4.5"),
        ("mta", "MTA", "0.375"),
    ),
    "TX": (("tx", "Texas State", "6.25"),),
    "OR": (),
}


@dataclass(frozen=True)
class Kind:
    """A kind of company: its switches, what is charged where, and how its clients count tax."""

    name: str
    country: str
    currency: str
    sales_tax: str
    rates: dict[str, tuple[Rate, ...]]
    inclusive: bool = False

    @property
    def switches(self) -> dict[str, Any]:
        return {
            "country": self.country,
            "home_currency": self.currency,
            "sales_tax": self.sales_tax,
        }


KINDS = (
    Kind("Canada", "CA", "CAD", "canada", CANADA, inclusive=True),
    Kind("US automated", "US", "USD", "us_automated", US_STATES),
    Kind("US manual", "US", "USD", "us_manual", US_GROUPS),
    Kind("no tax", "CA", "CAD", "none", dict.fromkeys(CANADA, ())),
)


def invoice(random: Random, kind: Kind, at: int) -> Document:
    """The invoice in that place of a batch."""
    region = random.choice(list(kind.rates))
    rates = kind.rates[region]
    inclusive = kind.inclusive and random.random() < 0.2
    drawn = [_drawn(random, rates) for _ in range(random.choice((1, 1, 2, 3, 5, 8)))]
    subtotal = sum((line["net"] for line in drawn), ZERO)
    discount = ZERO
    if subtotal > 1 and random.random() < 0.2:
        discount = _share(random, subtotal)
    off = discount if random.random() < 0.7 else ZERO  # what the source takes off before tax
    lines = [
        _line(number, line, off * line["net"] / subtotal if off else ZERO, inclusive=inclusive)
        for number, line in enumerate(drawn, start=1)
    ]
    # Some sources round once over the whole invoice, where QuickBooks rounds line by line.
    by_line = random.random() < 0.8
    tax = _totals(lines, off, subtotal, inclusive=inclusive, by_line=by_line)
    taxes = total_of(tax)
    total = subtotal - discount + (ZERO if inclusive else taxes)
    key = f"inv-{at}"
    return {
        "id": key,
        "number": f"G-{at}",
        "revision": 1,
        "status": "paid",
        "issue_date": f"2026-{random.randint(7, 10):02}-{random.randint(1, 28):02}",
        "due_date": random.choice((None, "2026-11-30")),
        "paid_at": "2026-11-10T15:00:00Z",
        "updated_at": "2026-11-10T15:00:00Z",
        "currency": kind.currency,
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "customer": _client(region, kind),
        "lines": lines,
        "subtotal": cents(subtotal),
        "discount": cents(discount),
        "tax": tax,
        "tax_total": cents(taxes),
        "total": cents(total),
        "amount_paid": cents(total),
        "credit_applied": "0.00",
        "balance_due": "0.00",
        "payments": _payments(random, total, kind.currency),
        "memo": None,
        "url": f"https://invoicing.example.com/i/{at}",
        "external_refs": [],
    }


def _client(region: str, kind: Kind) -> Document:
    place = {"line1": "1 Main St", "city": "Town", "region": region, "country": kind.country}
    return customer(
        id=f"cus_{region}",
        name=f"Client in {region}",
        email=f"{region.lower()}@example.com",
        billing_address=place,
    )


def _digits(random: Random, whole: int, decimals: int) -> str:
    """A positive number of so many decimals, as a source would write it."""
    number = random.randint(1, 10 ** (whole + decimals))
    return f"{Decimal(number).scaleb(-decimals):f}"


def _drawn(random: Random, rates: Sequence[Rate]) -> dict[str, Any]:
    quantity = random.choice(("1", "1", "2", "3", "12", "0.5", "0", "1.25"))
    if random.random() < 0.3:
        quantity = _digits(random, random.randint(0, 2), random.randint(1, 10))
    price = _digits(random, random.randint(0, 4), random.choice((2, 2, 2, 3, 4, 7)))
    if random.random() < 0.05:
        price = f"-{_digits(random, 1, 2)}"
    gross = (Decimal(quantity) * Decimal(price)).quantize(CENT, ROUND_HALF_UP)
    discount = _share(random, gross) if gross > 1 and random.random() < 0.2 else ZERO
    untaxed = random.random() < 0.1
    return {
        "quantity": quantity,
        "price": price,
        "discount": discount,
        "net": gross - discount,
        "rates": () if untaxed else rates,
    }


def _share(random: Random, amount: Decimal) -> Decimal:
    """Something off: up to the half, to the cent."""
    return (amount * random.randint(1, 50) / HUNDRED).quantize(CENT, ROUND_HALF_UP)


def _line(number: int, drawn: dict[str, Any], off: Decimal, *, inclusive: bool) -> Document:
    base = drawn["net"] - off
    taxes = [
        {
            "tax_rate_id": key,
            "name": name,
            "rate_percent": percent,
            "amount": cents(_tax(base, percent, drawn["rates"], inclusive=inclusive)),
        }
        for key, name, percent in drawn["rates"]
    ]
    return {
        "id": f"ln_{number}",
        "kind": "item",
        "description": "Cleaning",
        "quantity": drawn["quantity"],
        "unit_price": drawn["price"],
        "discount": cents(drawn["discount"]),
        "amount": cents(drawn["net"]),
        "product": None,
        "taxes": taxes,
        "tax_amount": cents(total_of(taxes)),
    }


def _tax(base: Decimal, percent: str, rates: Sequence[Rate], *, inclusive: bool) -> Decimal:
    whole = HUNDRED
    if inclusive:
        whole += sum((Decimal(rate[2]) for rate in rates), ZERO)
    return base * Decimal(percent) / whole


def _totals(
    lines: Sequence[Document], off: Decimal, subtotal: Decimal, *, inclusive: bool, by_line: bool
) -> list[Document]:
    found: dict[str, Document] = {}
    for line in lines:
        rates = [(t["tax_rate_id"], t["name"], t["rate_percent"]) for t in line["taxes"]]
        net = Decimal(line["amount"])
        net -= off * net / subtotal if off else ZERO
        for tax in line["taxes"]:
            exact = _tax(net, tax["rate_percent"], rates, inclusive=inclusive)
            total = found.setdefault(
                tax["tax_rate_id"], {**tax, "amount": ZERO, "taxable_amount": ZERO}
            )
            total["amount"] += Decimal(tax["amount"]) if by_line else exact
            total["taxable_amount"] += net
    return [
        {
            **total,
            "amount": cents(total["amount"]),
            "taxable_amount": cents(total["taxable_amount"]),
        }
        for total in found.values()
    ]


def _payments(random: Random, total: Decimal, currency: str) -> list[Document]:
    parts = [total]
    if total > 1 and random.random() < 0.15:
        first = _share(random, total)
        parts = [first, total - first]
    return [
        {
            "id": f"pay_{number}",
            "status": "succeeded",
            "method": random.choice(("e_transfer", "cheque", "card", "cash")),
            "method_label": None,
            "processor": None,
            "processor_ref": None,
            "reference": None,
            "currency": currency,
            "amount": cents(part),
            "refunded_amount": "0.00",
            "paid_at": "2026-11-10T15:00:00Z",
            "fee": None,
        }
        for number, part in enumerate(parts, start=1)
        if part > 0
    ]
