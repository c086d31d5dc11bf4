"""What control totals and preview show: immutable, and added up already."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from qbdesk.sync.money import ZERO
from qbdesk.sync.views import InvoiceRow, Requests, Status


class Kind(StrEnum):
    """What a line of the control totals counts."""

    COUNT = "count"
    NET = "net"
    TAX = "tax"
    GROSS = "gross"
    PAID = "paid"
    FILED = "filed"  # tax of invoices whose period was, or may have been, filed before (rule 4)


@dataclass(frozen=True)
class TotalLine:
    """Source against QuickBooks, in one currency.

    Attributes:
        label: Tax code with its rate, deposit account, or how many were dated how; else empty.
        quickbooks: None where QuickBooks has not told this figure.
    """

    kind: Kind
    label: str
    currency: str
    source: Decimal
    quickbooks: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """QuickBooks less source; None where QuickBooks has not told."""
        return None if self.quickbooks is None else self.quickbooks - self.source


@dataclass(frozen=True)
class SeenAmount:
    """Some invoices of one currency; those that cannot be read have none, and no total."""

    currency: str
    count: int
    total: Decimal


@dataclass(frozen=True)
class SeenLine:
    """How many of all that the source showed stand so, and what they come to.

    Attributes:
        posted: They are in QuickBooks by qbdesk, so that the control totals compare them.
    """

    status: Status
    posted: bool
    amounts: tuple[SeenAmount, ...]

    @property
    def count(self) -> int:
        return sum(each.count for each in self.amounts)


@dataclass(frozen=True)
class MarkedInvoice:
    """An invoice in QuickBooks by qbdesk that is still open there, or stands otherwise there."""

    source_id: str
    number: str
    customer: str
    currency: str
    total: Decimal
    open: Decimal
    why: str


@dataclass(frozen=True)
class ControlTotals:
    """Source against QuickBooks after a pass (bookkeeping rule 33).

    Attributes:
        month: `2026-04`; None: all time. Invoices count in the month of their date, payments in
            that of the day they were paid.
        months: Those there is anything of, newest first.
        still_open, differing: The first of them; the counts say how many there are.
        current: False while something has changed since these were added up.
        note: What has to be known of all these figures; else empty.
    """

    company: str
    month: str | None
    months: tuple[str, ...]
    last_pass_at: datetime | None
    current: bool
    lines: tuple[TotalLine, ...]
    seen: tuple[SeenLine, ...]
    still_open: tuple[MarkedInvoice, ...]
    still_open_count: int
    differing: tuple[MarkedInvoice, ...]
    differing_count: int
    note: str = ""

    @property
    def agree(self) -> bool:
        """Source and QuickBooks are equal in every figure that QuickBooks has told."""
        return all(line.difference in (None, ZERO) for line in self.lines)


class PlanKind(StrEnum):
    """What a line of the preview speaks of, in the order in which they are shown."""

    POST = "post"  # new invoices, with their payments
    PAYMENT = "payment"  # payments for invoices that are in QuickBooks already
    CORRECTION = "correction"
    NET = "net"
    TAX = "tax"
    INCOME = "income"
    DEPOSIT = "deposit"
    ALREADY = "already"
    HELD = "held"
    WAITING = "waiting"
    IGNORED = "ignored"


@dataclass(frozen=True)
class PlanLine:
    """Invoices or payments of one kind, counted and added up.

    Attributes:
        label: Account, tax code, or why it is held, waiting or ignored; else empty.
        currency: Empty for rows that cannot be read.
        base: What the tax is charged on.
    """

    kind: PlanKind
    label: str
    currency: str
    count: int
    amount: Decimal
    base: Decimal | None = None


@dataclass(frozen=True)
class MonthPlan:
    """One month of a preview; `month` None: all together, empty: rows without a date.

    Attributes:
        closed: "closed", "partly" or empty, by the closing date of the books.
    """

    month: str | None
    closed: str
    lines: tuple[PlanLine, ...]

    def of(self, kind: PlanKind) -> tuple[PlanLine, ...]:
        return tuple(line for line in self.lines if line.kind is kind)


@dataclass(frozen=True)
class Preview:
    """What the next pass would do (bookkeeping rule 34); nothing of it was written.

    Attributes:
        rows: Every invoice as it would stand afterwards.
        months: Oldest first.
        new_customers, matched_customers, doubtful_customers: How many.
        requests: What the preview itself cost.
    """

    company: str
    rows: tuple[InvoiceRow, ...]
    whole: MonthPlan
    months: tuple[MonthPlan, ...]
    new_customers: int
    matched_customers: int
    doubtful_customers: int
    closed_up_to: date | None
    requests: Requests
