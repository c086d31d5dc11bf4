"""What the ledger keeps of QuickBooks' answers: enough to go on without reading them again."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from qbdesk.sync.filed import Filed, told_by
from qbdesk.sync.money import ZERO
from qbdesk.sync.operations import StepKind
from qbdesk.sync.quickbooks.objects import (
    CustomerObject,
    Entity,
    InvoiceObject,
    ItemObject,
    PaymentMethodObject,
    PaymentObject,
)

OBJECTS: dict[StepKind, type[Entity]] = {
    StepKind.CUSTOMER: CustomerObject,
    StepKind.ITEM: ItemObject,
    StepKind.METHOD: PaymentMethodObject,
    StepKind.INVOICE: InvoiceObject,
    StepKind.REPAIR: InvoiceObject,
    StepKind.PAYMENT: PaymentObject,
}


class PostedLine(BaseModel):
    """A sales line as QuickBooks told it; `gross` is its TaxInclusiveAmt."""

    model_config = ConfigDict(frozen=True)

    amount: Decimal | None
    gross: Decimal | None = None
    item_id: str | None = None


class PostedTax(BaseModel):
    """The tax of one rate as QuickBooks told it."""

    model_config = ConfigDict(frozen=True)

    percent: Decimal
    amount: Decimal


class PostedInvoice(BaseModel):
    """An invoice in QuickBooks as it was last seen.

    Attributes:
        dated: The day that it bears.
        filed: How it was dated, where that tax period was filed when it was posted.
        fresh: True for the answer to our own create: no payment of ours can be on it yet.
        ours: False for an invoice that somebody else made; its tax is theirs.
        larger: A person said that our payments settle a part of it: an opening balance, say.
        tax: None where QuickBooks said nothing of it.
        taxes: The tax per rate; None where QuickBooks did not tell every rate's per cent.
        lines: Its sales lines in order; None where QuickBooks said nothing of them.
        read_at: When QuickBooks said so; what was posted later is not in `balance`.
        reread: What is kept here is out of date: it is of an earlier pass, or a person asked.
        asked: A person asked to look again, who may have changed it a moment ago.
        gone: True when it was not there any more.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    customer_id: str
    total: Decimal
    tax: Decimal | None
    taxes: tuple[PostedTax, ...] | None = None
    lines: tuple[PostedLine, ...] | None = None
    balance: Decimal
    dated: date | None = None
    filed: Filed | None = None
    fresh: bool
    ours: bool = True
    larger: bool = False
    read_at: datetime
    sync_token: str = ""
    reread: bool = False
    asked: bool = False
    gone: bool = False


def kept(
    entry: Entity, read_at: datetime, *, fresh: bool, ours: bool = True, larger: bool = False
) -> dict[str, Any]:
    """The part of an answer that later decisions need, as JSON."""
    if isinstance(entry, InvoiceObject):
        told = "txn_tax_detail" in entry.model_fields_set
        return PostedInvoice(
            id=entry.id,
            customer_id=entry.customer_ref.value if entry.customer_ref else "",
            total=entry.total_amt,
            tax=entry.txn_tax_detail.total_tax if told else None,
            taxes=_taxes(entry),
            lines=_lines(entry),
            balance=entry.balance,
            dated=entry.txn_date,
            filed=told_by(entry.private_note) if ours else None,
            fresh=fresh,
            ours=ours,
            larger=larger,
            read_at=read_at,
            sync_token=entry.sync_token,
        ).model_dump(mode="json")
    if isinstance(entry, PaymentObject):
        account = entry.deposit_to_account_ref
        return {
            "total": str(entry.total_amt),
            "unapplied": str(entry.unapplied_amt),
            "account": account.value if account else None,
            "read_at": read_at.isoformat(),
        }
    if isinstance(entry, CustomerObject):
        return {"name": entry.display_name}
    return {}


def _taxes(entry: InvoiceObject) -> tuple[PostedTax, ...] | None:
    """An amount that was set by hand (not PercentBased) belongs to no per cent."""
    detail = entry.txn_tax_detail
    told = [(row.amount, row.tax_line_detail) for row in detail.tax_line]
    taxes = tuple(
        PostedTax(percent=by.tax_percent, amount=amount)
        for amount, by in told
        if by.tax_percent is not None and by.percent_based
    )
    whole = sum((tax.amount for tax in taxes), ZERO) == detail.total_tax
    return taxes if told and len(taxes) == len(told) and whole else None


def _lines(entry: InvoiceObject) -> tuple[PostedLine, ...] | None:
    lines = [row for row in entry.line if row.detail_type == "SalesItemLineDetail"]
    details = ((row.amount, row.sales_item_line_detail) for row in lines)
    return (
        tuple(
            PostedLine(
                amount=amount,
                gross=detail.tax_inclusive_amt if detail else None,
                item_id=detail.item_ref.value if detail and detail.item_ref else None,
            )
            for amount, detail in details
        )
        or None
    )


def payment_read_at(answer: dict[str, Any] | None) -> datetime | None:
    """When QuickBooks told what is kept of a payment."""
    told = (answer or {}).get("read_at")
    return None if told is None else datetime.fromisoformat(told)


def unapplied(answer: dict[str, Any] | None) -> Decimal:
    """What a payment left over as credit; 0 is the only right figure."""
    return Decimal((answer or {}).get("unapplied", ZERO))
