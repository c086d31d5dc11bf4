"""What a planner's test knows of a company, and one invoice's past."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.planner.knowledge import Case, Knowledge, KnownCustomer
from qbdesk.sync.preflight import AccountFact, Facts, TaxCodeFact
from qbdesk.sync.quickbooks.objects import CustomerObject

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CODES = {
    "GST": ("5",),
    "HST ON": ("13",),
    "HST NS": ("14",),
    "HST NB": ("15",),
    "HST NL": ("15",),
    "HST PE": ("15",),
    "GST/PST BC": ("5", "7"),
    "GST/PST MB": ("5", "7"),
    "GST/PST SK": ("5", "6"),
    "GST/QST QC": ("5", "9.975"),
    "Zero-rated": ("0",),
    "Exempt": (),
    "Out of Scope": (),
}


def tax_code(name: str, percents: tuple[str, ...], code_id: str | None = None) -> TaxCodeFact:
    rates = tuple((f"{name}-{n}", Decimal(percent)) for n, percent in enumerate(percents))
    return TaxCodeFact(id=code_id or f"code {name}", name=name, description="", rates=rates)


FACTS = Facts(
    company_name="Maple",
    country="CA",
    plan="Plus",
    subscription="SUBSCRIBED",
    home_currency="CAD",
    multicurrency=False,
    using_sales_tax=True,
    automated_tax=False,
    allow_discount=True,
    custom_numbers=True,
    applies_credit=False,
    close_date=None,
    uncategorized_income=None,
    accounts=(
        AccountFact(id="1", name="Services", type="Income", sub_type="x", currency=None),
        AccountFact(
            id="4",
            name="Undeposited Funds",
            type="Other Current Asset",
            sub_type="UndepositedFunds",
            currency=None,
        ),
    ),
    tax_codes=tuple(tax_code(name, percents) for name, percents in CODES.items()),
)


def knowledge(*, settings: Mapping[str, str] | None = None, **facts: Any) -> Knowledge:
    """Enough to post: a customer, an item, the payment methods, no such number yet."""
    known = Knowledge(
        realm_id="9130",
        source_key="feed:t1",
        opening_day=date(2026, 1, 1),
        from_date=date(2026, 1, 1),
        zone=ZoneInfo("America/Toronto"),
        income_account_id="1",
        facts=FACTS.model_copy(update=facts),
        settings=settings or {},
    )
    known.customers["cus_1", "CAD"] = KnownCustomer("58", "Harbour Condo Corp", remembered=True)
    known.items["1"] = "19"
    known.methods = {"e-transfer": "7", "cheque": "2", "cash": "1", "credit card": "3"}
    known.methods_looked = True
    known.numbers["n-inv-1"] = ()
    return known


def case(**changes: Any) -> Case:
    return replace(Case(now=NOW, seen_at=NOW), **changes)


def step(operation: str, state: StepState, **changes: Any) -> StepRecord:
    values: dict[str, Any] = {
        "id": 1,
        "company_id": 1,
        "invoice_id": 1,
        "kind": operation.split(":")[0],
        "operation": operation,
        "generation": 0,
        "request_id": "qd1",
        "path": "invoice",
        "body": b"{}",
        "state": state,
        "sent_at": NOW,
        "ended_at": NOW,
        "absent_at": None,
        "quickbooks_id": None,
        "answer": None,
        "fault_code": None,
        "fault_text": None,
    }
    return StepRecord(**{**values, **changes})


def customer_object(customer_id: str, name: str, email: str = "", **more: Any) -> CustomerObject:
    address = {"PrimaryEmailAddr": {"Address": email}} if email else {}
    return CustomerObject.model_validate(
        {
            "Id": customer_id,
            "SyncToken": "0",
            "DisplayName": name,
            "FullyQualifiedName": name,
            "Active": True,
            **address,
            **more,
        }
    )
