"""What one paid invoice brings to the control totals; no I/O."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from qbdesk.sync.model import PaidInvoice, Payment
from qbdesk.sync.money import LARGEST_AMOUNT, ZERO
from qbdesk.sync.planner.money_received import account_for
from qbdesk.sync.preflight import Facts, TaxCodeFact
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.reports import Kind
from qbdesk.sync.views import Status

SEEN = "seen"  # everything the source showed, by status
# Keys of what has no tax code or account of its own.
UNTOLD = "?"
ALL_RATES = ""
ELSEWHERE = "~"  # paid, credited or taken off in QuickBooks by somebody else
POSTED = "+"  # after a status: it is in QuickBooks by qbdesk


def untold(kind: str, key: str) -> bool:
    """QuickBooks has said nothing of this figure. Of a payment only the account is missing."""
    return key.endswith(UNTOLD) and kind != Kind.PAID


@dataclass(frozen=True)
class Figure:
    """One amount on either side.

    Attributes:
        month: `2026-04`; empty where the row has no date.
        key: Status, `CODE_ID RATE`, account Id or how it was dated, as the kind says.
        in_source, in_quickbooks: 1 where that side has it, else 0.
    """

    month: str
    currency: str
    kind: str
    key: str
    source: Decimal = ZERO
    quickbooks: Decimal = ZERO
    in_source: int = 1
    in_quickbooks: int = 1

    @property
    def differs(self) -> bool:
        if self.kind == SEEN or untold(self.kind, self.key):
            return False
        missing = self.kind == Kind.GROSS and self.in_source != self.in_quickbooks
        return missing or self.source != self.quickbooks


@dataclass(frozen=True)
class PostedPayment:
    """A payment of ours as QuickBooks answered it.

    Attributes:
        account: Where QuickBooks says that the money is; None: it has not said.
        ended_at: When it answered; None where it was found there and the invoice's balance knows
            of it.
    """

    total: Decimal
    account: str | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Posting:
    """What stands in QuickBooks of one paid invoice.

    Attributes:
        codes: The Ids of the tax codes that were sent with it.
        payments: Source payment Id -> payment.
        sent_to: Source payment Id -> account Id that was sent with it.
    """

    invoice: PostedInvoice
    codes: tuple[str, ...] = ()
    payments: Mapping[str, PostedPayment] = field(default_factory=dict)
    sent_to: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Surrounding:
    """What an invoice alone does not say; `facts` are None before the company was connected."""

    zone: ZoneInfo
    facts: Facts | None
    settings: Mapping[str, str]

    @property
    def tax_codes(self) -> Sequence[TaxCodeFact]:
        return self.facts.tax_codes if self.facts else ()

    @property
    def one_tax(self) -> bool:
        """US automated sales tax splits its rates otherwise than a source may."""
        return self.facts is not None and self.facts.automated_tax


@dataclass(frozen=True)
class Control:
    """All figures of one invoice; `open_amount` is what is still unpaid of it in QuickBooks."""

    month: str
    figures: tuple[Figure, ...]
    open_amount: Decimal

    @property
    def marked(self) -> bool:
        return self.open_amount != ZERO or any(figure.differs for figure in self.figures)


def of_invoice(
    status: Status, invoice: PaidInvoice | None, posting: Posting | None, around: Surrounding
) -> Control:
    """What an invoice brings in; `invoice` None: the row cannot be read, and never could."""
    if status is Status.POSTING:
        status = Status.WAITING  # what is under way when a pass ends waits for the next one
    if invoice is None:
        return Control("", (Figure("", "", SEEN, status, in_quickbooks=0),), ZERO)
    month = month_of(invoice.issue_date)
    key = f"{status}{POSTED}" if posting else str(status)
    # An amount that nobody can post is counted and not added: one typing error of 15 digits would
    # hide all the others.
    total = invoice.total if abs(invoice.total) <= LARGEST_AMOUNT else ZERO
    seen = Figure(month, invoice.currency, SEEN, key, total, in_quickbooks=0)
    if posting is None:
        return Control(month, (seen,), ZERO)
    posting = _its_part(invoice, posting)
    figures = (
        seen,
        *_sums(month, invoice, posting.invoice, around),
        *_taxes(month, invoice, posting, around),
        *_payments(month, invoice, posting, around),
        *_filed(month, invoice, posting.invoice, around),
    )
    return Control(month, figures, _open_amount(posting))


def _its_part(invoice: PaidInvoice, posting: Posting) -> Posting:
    """Of a larger invoice, such as an opening balance, that part which a person said it is. How
    much of its tax belongs to that part, QuickBooks does not tell."""
    posted = posting.invoice
    if not posted.larger or posted.gone:
        return posting
    paid = sum((p.total for p in posting.payments.values() if not _is_later(p, posted)), ZERO)
    own = {"total": invoice.total, "tax": None, "taxes": None}
    left = {"balance": invoice.total - paid}
    return replace(posting, invoice=posted.model_copy(update=own | left))


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


# ---- gross, net, tax ----


def _tax(posted: PostedInvoice, around: Surrounding) -> Decimal | None:
    """QuickBooks says nothing of tax where the company has none."""
    without = around.facts is not None and not around.facts.using_sales_tax
    return ZERO if posted.tax is None and without else posted.tax


def _sums(
    month: str, invoice: PaidInvoice, posted: PostedInvoice, around: Surrounding
) -> Iterator[Figure]:
    there, currency = int(not posted.gone), invoice.currency
    total = posted.total if there else ZERO
    yield Figure(month, currency, Kind.GROSS, "", invoice.total, total, in_quickbooks=there)
    net, tax = invoice.total - invoice.tax_total, _tax(posted, around)
    if there and tax is None:
        yield Figure(month, currency, Kind.NET, UNTOLD, net)
    else:
        told = total - (tax or ZERO) if there else ZERO
        yield Figure(month, currency, Kind.NET, "", net, told)


def _taxes(
    month: str, invoice: PaidInvoice, posting: Posting, around: Surrounding
) -> Iterator[Figure]:
    posted = posting.invoice
    tax = ZERO if posted.gone else _tax(posted, around)
    if tax is None:
        yield from _pair(month, invoice, UNTOLD, invoice.tax_total, ZERO)
        return
    if (tax and posted.taxes is None) or around.one_tax:
        yield from _pair(month, invoice, ALL_RATES, invoice.tax_total, tax)
        return
    source: dict[str, Decimal] = {}
    for entry in invoice.tax:
        key = _tax_key(entry.rate_percent, posting.codes, around)
        source[key] = source.get(key, ZERO) + entry.amount
    there: dict[str, Decimal] = {}
    for told in (posted.taxes or ()) if tax else ():
        key = _tax_key(told.percent, posting.codes, around)
        there[key] = there.get(key, ZERO) + told.amount
    for key in source | there:
        yield from _pair(month, invoice, key, source.get(key, ZERO), there.get(key, ZERO))


def _pair(
    month: str, invoice: PaidInvoice, key: str, source: Decimal, quickbooks: Decimal
) -> Iterator[Figure]:
    if source or quickbooks:
        yield Figure(month, invoice.currency, Kind.TAX, key, source, quickbooks)


def _tax_key(percent: Decimal, sent: Sequence[str], around: Surrounding) -> str:
    """The code among those sent that holds this rate, else the only one that does; without a code
    the rate alone. The same for both sides, so that they meet in one line."""
    rate = percent.normalize()
    fitting = [code.id for code in around.tax_codes if rate in code.percents]
    mine = [code for code in fitting if code in sent] or fitting
    return f"{mine[0] if len(mine) == 1 else ''} {rate:f}"


def _filed(
    month: str, invoice: PaidInvoice, posted: PostedInvoice, around: Surrounding
) -> Iterator[Figure]:
    """Rule 4: listed, whichever answer was given."""
    if posted.filed is None or posted.gone:
        return
    tax = _tax(posted, around)
    key = f"{posted.filed}{UNTOLD}" if tax is None else str(posted.filed)
    yield Figure(month, invoice.currency, Kind.FILED, key, invoice.tax_total, tax or ZERO)


# ---- payments ----


def _payments(
    month: str, invoice: PaidInvoice, posting: Posting, around: Surrounding
) -> Iterator[Figure]:
    currency, received = invoice.currency, {entry.id: entry for entry in invoice.received}
    for payment in received.values():
        there = posting.payments.get(payment.id)
        paid_in = month_of(payment.day(around.zone))
        if there is None:
            wanted = _account(payment, around)
            yield Figure(paid_in, currency, Kind.PAID, wanted, payment.amount, in_quickbooks=0)
            continue
        # What another installation sent is not known: where it is, is where it was meant to be.
        wanted = posting.sent_to.get(payment.id) or there.account or UNTOLD
        if there.account in (wanted, None):
            key = there.account or UNTOLD
            yield Figure(paid_in, currency, Kind.PAID, key, payment.amount, there.total)
        else:
            yield Figure(paid_in, currency, Kind.PAID, wanted, payment.amount, in_quickbooks=0)
            yield Figure(
                paid_in, currency, Kind.PAID, there.account, ZERO, there.total, in_source=0
            )
    for payment_id, there in posting.payments.items():
        if payment_id not in received:
            key = there.account or UNTOLD
            yield Figure(month, currency, Kind.PAID, key, ZERO, there.total, in_source=0)
    others = _paid_by_others(posting)
    if others:
        yield Figure(month, currency, Kind.PAID, ELSEWHERE, ZERO, others, 0, 0)


def _account(payment: Payment, around: Surrounding) -> str:
    account = account_for(payment.method, around.settings, around.facts) if around.facts else None
    return account or UNTOLD


def _paid_by_others(posting: Posting) -> Decimal:
    """What QuickBooks said was paid of the invoice, less what of it was ours; below zero where a
    payment of ours has been deleted there or taken off the invoice."""
    posted = posting.invoice
    ours = sum((p.total for p in posting.payments.values() if not _is_later(p, posted)), ZERO)
    if posted.gone:
        return ZERO  # what became of its payments was not asked
    return posted.total - posted.balance - ours


def _open_amount(posting: Posting) -> Decimal:
    posted = posting.invoice
    if posted.gone:
        return ZERO
    later = (p.total for p in posting.payments.values() if _is_later(p, posted))
    return posted.balance - sum(later, ZERO)


def _is_later(payment: PostedPayment, posted: PostedInvoice) -> bool:
    """Answered after the invoice was read, so that its balance does not know of it."""
    return payment.ended_at is not None and payment.ended_at >= posted.read_at
