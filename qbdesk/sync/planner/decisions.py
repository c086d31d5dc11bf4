"""What the planner can answer: one decision, about one paid invoice, as things stand."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from qbdesk.sync.operations import StepKind
from qbdesk.sync.views import Choice, Status


@dataclass(frozen=True)
class Hold:
    """Nothing (more) is posted until a person or the source changes something.

    Attributes:
        reason: Stable word; answers to it are kept under it.
        message: What is wrong and what it means, for a bookkeeper.
        choices: What may be decided, besides trying again and ignoring it.
    """

    reason: str
    message: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Ignore:
    """Not posted, and said why."""

    message: str


class Subject(StrEnum):
    """What has to be looked up in QuickBooks before the next decision."""

    NUMBER = "number"  # invoices with this DocNumber
    EMAIL = "email"  # customers with this e-mail address
    NAME = "name"  # customers with this display name
    ITEM = "item"  # a product or service of this name
    MAPPED_ITEM = "mapped_item"  # what a product was mapped to (QuickBooks Id)
    METHODS = "methods"  # the payment methods
    EXCHANGE_RATE = "exchange_rate"  # "USD 2026-04-15"
    PAYMENTS = "payments"  # payments of this customer (QuickBooks Id)
    OPEN_INVOICES = "open_invoices"  # what this customer owes (QuickBooks Id)
    INVOICE = "invoice"  # a posted invoice, once more (QuickBooks Id)
    UNPAID_INVOICE = "unpaid_invoice"  # the same before our first payment: a query may do
    PAID_INVOICE = "paid_invoice"  # the same, and it should be paid now: a query may do
    PAYMENT = "payment"  # a posted payment, once more (QuickBooks Id)


@dataclass(frozen=True)
class Look:
    """Something to look up first."""

    subject: Subject
    key: str = ""


@dataclass(frozen=True)
class Post:
    """One write to QuickBooks.

    Attributes:
        operation: Names what is written, for ever: the same paid invoice and step, the same name.
        payload: The body as a JSON object.
        shared: True for what other invoices use too (customer, item, payment method).
        alone_with: Only one write with this word may be under way at a time.
    """

    kind: StepKind
    operation: str
    payload: dict[str, Any]
    shared: bool = False
    alone_with: str = ""


@dataclass(frozen=True)
class Adopt:
    """QuickBooks holds it already, made by ourselves: taken over as our own step."""

    kind: StepKind
    operation: str
    quickbooks_id: str
    answer: dict[str, Any]
    why: str


@dataclass(frozen=True)
class Settle:
    """A write without an answer: look whether QuickBooks has it."""

    operation: str


@dataclass(frozen=True)
class Wait:
    """In doubt; looked for again in a later pass."""

    message: str


@dataclass(frozen=True)
class Finish:
    """At rest. Without an invoice Id the ids stay as the ledger has them."""

    status: Status
    message: str
    customer_id: str | None = None
    invoice_id: str | None = None
    payment_ids: tuple[str, ...] = ()


Decision = Hold | Ignore | Wait | Finish | tuple[Look | Post | Adopt | Settle, ...]
