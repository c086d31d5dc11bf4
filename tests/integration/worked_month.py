"""A month as its bookkeeper sees it: what the source shows, and what is asked."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from invoices import Document, Rate, cents, customer, document, line, payment
from office import Office

ZERO = Decimal(0)
CENT = Decimal("0.01")
UNDEPOSITED = "Undeposited Funds"
# Where each method's money is kept, and what QuickBooks calls the method.
ACCOUNTS = {
    "card": "Card Clearing",
    "paypal": "PayPal Clearing",
    "bank_debit": "Bank Debit Clearing",
}
PLAIN_METHODS = (*ACCOUNTS, "bank_transfer", "e_transfer", "cheque", "cash", "other")


@dataclass(frozen=True)
class Question:
    """What an invoice waits with, and what its bookkeeper does.

    Attributes:
        words: Words of the message.
        answer: How the choice begins that is taken; "": another invoice's answer counts for this
            one too, or it stays as it is.
        mended: What is put right in QuickBooks before the answer.
    """

    words: str
    answer: str = ""
    mended: Callable[[Office], object] | None = None


@dataclass(frozen=True)
class Shown:
    """One invoice of the source, and what is expected of it.

    Attributes:
        rules: The bookkeeping rules that it meets beside the plain case.
        questions: What it waits with, in order; none: it goes from paid to synced by itself.
        invoice, paid: Whether qbdesk puts its invoice, and its payments, into QuickBooks.
        codes: The tax code of each line in QuickBooks.
        customer: The name of its customer in QuickBooks; "": the client's own.
        issued, received: The days in QuickBooks where they are not the source's.
        discount_line: Whether its discount stands as a discount, not as negative lines.
        said: Words that stand with it though it is posted.
        number: Of the invoice in QuickBooks that it pays, where that is another.
        late: Shown after everything else is at rest.
        revised: What the source shows of it then.
        made: What QuickBooks makes of it, where that is another thing, and so it is held.
    """

    document: Document
    rules: tuple[int, ...] = ()
    questions: tuple[Question, ...] = ()
    invoice: bool = True
    paid: bool = True
    codes: tuple[str, ...] = ()
    customer: str = ""
    issued: str = ""
    received: tuple[str, ...] = ()
    discount_line: bool = False
    said: str = ""
    number: str = ""
    late: bool = False
    revised: Document | None = None
    made: Document | None = None

    @property
    def booked(self) -> Document:
        return self.made or self.document

    @property
    def key(self) -> str:
        return str(self.document["id"])

    @property
    def is_plain(self) -> bool:
        return not self.rules


@dataclass(frozen=True)
class Entered:
    """An invoice that somebody entered in QuickBooks, and what came in there, in home currency and
    into Undeposited Funds. Without a number: only the money."""

    number: str
    customer: str
    net: Decimal = ZERO
    tax: Decimal = ZERO
    paid: Decimal = ZERO
    unapplied: Decimal = ZERO


@dataclass(frozen=True)
class Month:
    """One company's month.

    Attributes:
        switches: What kind of company it is.
        arranged: What its people do in QuickBooks before qbdesk comes.
        taxes: The source's name of a rate -> QuickBooks' name of it, and the account it is owed on.
        home_tax: The source's name of the tax on what was entered by hand.
        rates: What a foreign unit costs in home currency: (currency, day) -> rate.
        left_open: What is open at the end because it is held: number -> amount.
    """

    name: str
    switches: dict[str, Any]
    shown: Sequence[Shown]
    entered: Sequence[Entered]
    arranged: Callable[[Office], object]
    taxes: dict[str, tuple[str, str]]
    home_tax: str
    rates: dict[tuple[str, str], Decimal]
    home: str
    left_open: dict[str, Decimal]


# ---- documents ----


def client(key: str, name: str, place: Document | None, **changes: Any) -> Document:
    email = f"{key}@example.com"
    return customer(id=f"c-{key}", name=name, email=email, billing_address=place, **changes)


def place(region: str | None, country: str = "CA") -> Document:
    return {"line1": "1 Main St", "city": "Town", "region": region, "country": country}


def received(amount: Decimal | str, method: str, day: int = 20, **changes: Any) -> Document:
    """A payment of the month's day, late in its evening in Toronto: the next day in UTC."""
    details: dict[str, Document] = {
        "card": {"processor": "stripe", "processor_ref": f"pi_3QabcdefghijklmnopQR{day:02}"},
        "paypal": {"processor": "paypal", "processor_ref": f"8AB{day:02}"},
        "bank_debit": {"processor": "stripe", "processor_ref": f"py_1Qzyxwvutsrqponmlk{day:02}"},
        "cheque": {"reference": f"{day:06}"},
        "e_transfer": {"reference": f"CA{day:02}xYz"},
    }
    at = f"2026-10-{day + 1:02}T03:30:00Z"
    return payment(amount, method=method, paid_at=at, **details.get(method, {}), **changes)


def sale(
    key: str,
    who: Document,
    lines: Sequence[Document],
    payments: Sequence[Document] | str = "e_transfer",
    **changes: Any,
) -> Document:
    """An invoice of the month; `payments` may be the one method by which all was paid."""
    whole = document(key, client=who, lines=lines, payments=[], **changes)
    if isinstance(payments, str):
        total = Decimal(whole["total"])
        payments = [received(total, payments, currency=whole["currency"])] if total else []
    paid = sum((Decimal(row["amount"]) for row in payments), ZERO)
    left = Decimal(whole["total"]) - paid - Decimal(whole["credit_applied"])
    defaults = {
        "issue_date": "2026-10-05",
        "due_date": "2026-11-04",
        "paid_at": max((row["paid_at"] for row in payments), default="2026-10-21T03:30:00Z"),
        "payments": list(payments),
        "amount_paid": cents(paid),
        "balance_due": cents(left),
    }
    return {**whole, **defaults, **changes}


def total_of(rows: Iterable[Document]) -> Decimal:
    """With the tax on top."""
    return sum((Decimal(row["amount"]) + Decimal(row["tax_amount"]) for row in rows), ZERO)


def discounted(lines: Sequence[Document], discount: str) -> tuple[Document, ...]:
    """The same lines, taxed on what the invoice's discount leaves of each."""
    subtotal = sum((Decimal(row["amount"]) for row in lines), ZERO)
    return tuple(_taxed_less(row, Decimal(discount) / subtotal) for row in lines)


def _taxed_less(row: Document, part: Decimal) -> Document:
    net = rounded(Decimal(row["amount"]) * (1 - part))
    taxes = [{**t, "amount": cents(net * Decimal(t["rate_percent"]) / 100)} for t in row["taxes"]]
    return {**row, "taxes": taxes, "tax_amount": cents(_sum(taxes))}


def inclusive(amount: str, rates: Sequence[Rate]) -> Document:
    """A line whose amount contains its tax."""
    row = line("1", amount, rates=rates)
    whole = 100 + sum((Decimal(rate[2]) for rate in rates), ZERO)
    net = Decimal(amount) * 100 / whole
    taxes = [{**t, "amount": cents(net * Decimal(t["rate_percent"]) / 100)} for t in row["taxes"]]
    return {**row, "taxes": taxes, "tax_amount": cents(_sum(taxes))}


def _sum(rows: Iterable[Document], name: str = "amount") -> Decimal:
    return sum((Decimal(row[name]) for row in rows), ZERO)


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
