"""What we know of the company, the source and one invoice's past when a decision is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from qbdesk.sync.ledger.attempts import Tries
from qbdesk.sync.ledger.steps import StepRecord
from qbdesk.sync.preflight import Facts
from qbdesk.sync.quickbooks.objects import (
    CustomerObject,
    InvoiceObject,
    ItemObject,
    PaymentObject,
)


@dataclass(frozen=True)
class KnownCustomer:
    """A customer in QuickBooks that a source customer stands for.

    Attributes:
        remembered: The ledger says so, not only a look of this pass.
        made: qbdesk created it.
    """

    id: str
    name: str
    remembered: bool = False
    made: bool = False


@dataclass
class Knowledge:
    """Facts of one company. The planner only reads it; lookups and answers make it grow.

    Attributes:
        opening_day: What was issued before it may be in the opening receivables (rule 3).
        customers: (source customer id, currency) -> the customer it was posted for before.
        by_email: lower-case e-mail -> customers found with it, inactive ones too.
        email_owners: lower-case e-mail -> the source customers (id -> name) posted with it.
        by_name: display name without case -> the customer that bears it; None: no customer does.
        numbers: DocNumber without case -> invoices that bear it.
        items: income account Id -> item Id; a missing key has to be looked up.
        mapped_items: item Id that products were mapped to -> as it is now; None: it is gone.
        methods: payment method's name without case -> Id.
        methods_looked: True when `methods` is all of them.
        rates: "USD 2026-04-15" -> home units for one foreign unit; None: QuickBooks has none.
        payments: customer Id -> payments.
        open_invoices: customer Id -> invoices with a balance.
    """

    realm_id: str
    source_key: str
    from_date: date
    opening_day: date
    zone: ZoneInfo
    income_account_id: str
    facts: Facts
    settings: Mapping[str, str] = field(default_factory=dict)
    settle: timedelta = timedelta(seconds=300)
    customers: dict[tuple[str, str], KnownCustomer] = field(default_factory=dict)
    by_email: dict[str, tuple[CustomerObject, ...]] = field(default_factory=dict)
    email_owners: dict[str, dict[str, str]] = field(default_factory=dict)
    by_name: dict[str, CustomerObject | None] = field(default_factory=dict)
    numbers: dict[str, tuple[InvoiceObject, ...]] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    item_names_looked: set[str] = field(default_factory=set)
    item_names_taken: set[str] = field(default_factory=set)
    mapped_items: dict[str, ItemObject | None] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    methods_looked: bool = False
    rates: dict[str, Decimal | None] = field(default_factory=dict)
    payments: dict[str, tuple[PaymentObject, ...]] = field(default_factory=dict)
    open_invoices: dict[str, tuple[InvoiceObject, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One invoice's own past.

    Attributes:
        seen_at: When the source showed it first.
        answers: What a person decided: reason -> choice.
        steps: operation -> newest step, its own and the shared ones it may need.
        tries: operation -> how its newest step fared, if it is proven not to have been taken.
        same_number: The source id of an earlier invoice with the same number.
        changed: What has changed at the source since it was posted, as a sentence.
    """

    now: datetime
    seen_at: datetime
    answers: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, StepRecord] = field(default_factory=dict)
    tries: Mapping[str, Tries] = field(default_factory=dict)
    same_number: str | None = None
    changed: str | None = None
