"""What the planner has decided in a preview, counted and added up by month; no I/O."""

import calendar
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner import money_received
from qbdesk.sync.planner.decisions import Post
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.reports import MonthPlan, PlanKind, PlanLine
from qbdesk.sync.totals.figures import month_of
from qbdesk.sync.views import Status

DOUBTFUL = ("customer", "by_hand", "opening_receivable")  # reasons that ask whose invoice it is
UNDEPOSITED = "Undeposited Funds"
BY_QUICKBOOKS = "Worked out by QuickBooks from the address"
NOT_TAXED = "Not taxed"
DISCOUNTS = "Discounts given"
_PSEUDO = {"TAX": BY_QUICKBOOKS, "NON": NOT_TAXED}  # Intuit's codes in the US
_OF_STATUS = {
    Status.NEEDS_ATTENTION: PlanKind.HELD,
    Status.ALREADY_IN_QUICKBOOKS: PlanKind.ALREADY,
    Status.IGNORED: PlanKind.IGNORED,
}


@dataclass(frozen=True)
class _Place:
    month: str
    kind: PlanKind
    key: str
    currency: str


class Outlook:
    """Grows with every decision of the pass that is played through."""

    def __init__(self) -> None:
        self._lines: dict[_Place, PlanLine] = {}
        self._customers: dict[str, set[str]] = {"new": set(), "matched": set(), "doubtful": set()}

    def plan(
        self, invoice: PaidInvoice, posts: Sequence[Post], made: Collection[str], known: Knowledge
    ) -> None:
        """Takes in the first writes of an invoice itself; `made`: customers not there before."""
        month = month_of(invoice.issue_date)
        kinds = {post.kind for post in posts}
        if StepKind.INVOICE in kinds:
            self._invoice(month, invoice, posts[0].payload, made, known)
        kind = (
            PlanKind.POST
            if StepKind.INVOICE in kinds
            else PlanKind.CORRECTION
            if StepKind.REPAIR in kinds
            else PlanKind.PAYMENT
        )
        self._add(month, kind, "", "", invoice.currency, invoice.total)
        if kind is not PlanKind.CORRECTION:
            self._payments(invoice, known)

    def rest(self, record: InvoiceRecord, issued: date | None) -> None:
        """Takes in an invoice that would not be posted."""
        kind = _OF_STATUS.get(record.status, PlanKind.WAITING)
        month = month_of(issued) if issued else ""
        key = (record.reason or record.message) if kind is PlanKind.HELD else record.message
        label = "" if kind is PlanKind.ALREADY else record.message
        self._add(month, kind, key if label else "", label, record.currency, record.amount or ZERO)
        if record.reason in DOUBTFUL:
            self._customers["doubtful"].add(record.customer_key)

    # ---- what would be posted ----

    def _invoice(
        self,
        month: str,
        invoice: PaidInvoice,
        payload: Mapping[str, Any],
        made: Collection[str],
        known: Knowledge,
    ) -> None:
        customer = payload["CustomerRef"]["value"]
        self._customers["new" if customer in made else "matched"].add(customer)
        currency = invoice.currency
        net = invoice.total - invoice.tax_total
        self._add(month, PlanKind.NET, "", "", currency, net)
        incomes: dict[str, Decimal] = {}
        for line in payload["Line"]:
            label, amount = _income(line, known)
            incomes[label] = incomes.get(label, ZERO) + amount
        for label, amount in incomes.items():
            self._add(month, PlanKind.INCOME, label, label, currency, amount)
        for label, (tax, base) in _taxes(invoice, payload, known).items():
            self._add(month, PlanKind.TAX, label, label, currency, tax, base)

    def _payments(self, invoice: PaidInvoice, known: Knowledge) -> None:
        for payment in invoice.received:
            account = money_received.deposit_account(payment, known)
            label = _account(account, known) if account else UNDEPOSITED
            month = month_of(payment.day(known.zone))
            self._add(month, PlanKind.DEPOSIT, label, label, payment.currency, payment.amount)

    def _add(
        self,
        month: str,
        kind: PlanKind,
        key: str,
        label: str,
        currency: str,
        amount: Decimal,
        base: Decimal | None = None,
    ) -> None:
        place = _Place(month, kind, key, currency)
        line = self._lines.get(place) or PlanLine(kind, label, currency, 0, ZERO)
        self._lines[place] = _plus(line, 1, amount, base)

    # ---- read ----

    def customers(self, kind: str) -> int:
        """How many of them are "new", "matched" or "doubtful"."""
        return len(self._customers[kind])

    def months(self, closed_up_to: date | None) -> tuple[MonthPlan, ...]:
        """Month by month, oldest first; what has no date comes before all."""
        return tuple(
            MonthPlan(
                month,
                _closed(month, closed_up_to),
                _sorted(line for place, line in self._lines.items() if place.month == month),
            )
            for month in sorted({place.month for place in self._lines})
        )

    def whole(self) -> MonthPlan:
        together: dict[_Place, PlanLine] = {}
        for place, line in self._lines.items():
            anywhere = replace(place, month="")
            before = together.get(anywhere)
            together[anywhere] = (
                line if before is None else _plus(before, line.count, line.amount, line.base)
            )
        return MonthPlan(None, "", _sorted(together.values()))


def _plus(line: PlanLine, count: int, amount: Decimal, base: Decimal | None) -> PlanLine:
    whole = line.base if base is None else (line.base or ZERO) + base
    return replace(line, count=line.count + count, amount=line.amount + amount, base=whole)


def _sorted(lines: Iterable[PlanLine]) -> tuple[PlanLine, ...]:
    order = list(PlanKind)
    return tuple(sorted(lines, key=lambda e: (order.index(e.kind), e.currency, -e.count, e.label)))


def _closed(month: str, closed_up_to: date | None) -> str:
    if not month or closed_up_to is None:
        return ""
    year, number = (int(part) for part in month.split("-"))
    last = date(year, number, calendar.monthrange(year, number)[1])
    if last <= closed_up_to:
        return "closed"
    return "partly" if last.replace(day=1) <= closed_up_to else ""


def _income(line: Mapping[str, Any], known: Knowledge) -> tuple[str, Decimal]:
    """The account that a line of an invoice's body is booked to, and how much."""
    amount: Decimal = line["Amount"]
    detail = line.get("SalesItemLineDetail")
    if detail is None:
        return DISCOUNTS, -amount
    item_id = detail["ItemRef"]["value"]
    mapped = known.mapped_items.get(item_id)
    usual = item_id == known.items.get(known.income_account_id)
    if usual or mapped is None or mapped.income_account_ref is None:
        return _account(known.income_account_id, known), amount
    own = mapped.income_account_ref
    return _account(own.value, known, own.name), amount


def _account(account_id: str, known: Knowledge, name: str | None = None) -> str:
    there = (account.name for account in known.facts.accounts if account.id == account_id)
    return next(there, name or f"Account {account_id}")


def _taxes(
    invoice: PaidInvoice, payload: Mapping[str, Any], known: Knowledge
) -> dict[str, tuple[Decimal, Decimal]]:
    """Name of the tax code -> the source's tax under it, and the lines it is charged on."""
    group = payload.get("TxnTaxDetail", {}).get("TxnTaxCodeRef", {}).get("value")
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for line, sent in zip(invoice.lines, payload["Line"], strict=False):
        code = sent["SalesItemLineDetail"].get("TaxCodeRef", {}).get("value")
        if code is None:
            continue  # the company uses no sales tax
        label = _code(group if group and code == "TAX" else code, known)
        tax, base = found.get(label, (ZERO, ZERO))
        found[label] = tax + line.tax_amount, base + sent["Amount"]
    return _rounded_to_the_whole(found, invoice.tax_total)


def _rounded_to_the_whole(
    found: dict[str, tuple[Decimal, Decimal]], whole: Decimal
) -> dict[str, tuple[Decimal, Decimal]]:
    """The tax of the lines may be a cent off the invoice's own, which the largest takes."""
    left = whole - sum((tax for tax, _ in found.values()), ZERO)
    if left and found:
        largest = max(found, key=lambda label: abs(found[label][0]))
        tax, base = found[largest]
        found[largest] = tax + left, base
    return found


def _code(code: str, known: Knowledge) -> str:
    named = (fact.name for fact in known.facts.tax_codes if fact.id == code)
    return next(named, _PSEUDO.get(code, f"Tax code {code}"))
