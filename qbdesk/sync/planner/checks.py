"""All that can be said of an invoice without asking QuickBooks: ignored, held, or fit to post."""

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import LARGEST_AMOUNT, ZERO, minor_digits, minor_unit, rounded, shown, times
from qbdesk.sync.planner.decisions import Hold, Ignore
from qbdesk.sync.planner.knowledge import Case, Knowledge

LONGEST_NUMBER = 21  # Intuit: Invoice.DocNumber
LONGEST_EMAIL = 100  # Intuit: Customer.PrimaryEmailAddr
MOST_TAXED_LINES = 750  # Intuit: Invoice, lines of a taxable invoice
_EMAIL = re.compile(r"[^@\s,;<>()\"\\]+@[^@\s,;<>()\"\\.]+(\.[^@\s,;<>()\"\\.]+)+")
# QuickBooks' query language cannot ask for these, and it drops blanks at the ends.
_UNSEARCHABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
NOT_PAID = {
    "open": "is open again",
    "void": "was voided",
    "refunded": "was refunded in full",
    "uncollectible": "was written off",
    "deleted": "was deleted",
}


def first_look(invoice: PaidInvoice, known: Knowledge, case: Case) -> Hold | Ignore | None:
    """The first reason not to post this invoice, if there is one."""
    ignored = _ignored(invoice, known)
    if ignored is not None:
        return ignored
    for hold in _holds(invoice, known, case):
        return hold
    return None


def _ignored(invoice: PaidInvoice, known: Knowledge) -> Ignore | None:
    if any(reference.system == "quickbooks_online" for reference in invoice.external_refs):
        return Ignore(
            "The invoicing system has put this invoice into QuickBooks itself; qbdesk leaves it."
        )
    if invoice.status not in ("paid", "partially_refunded"):
        seen_first = NOT_PAID | {"open": "is open"}
        what = seen_first.get(invoice.status, f"has the unknown state “{invoice.status[:40]}”")
        return Ignore(f"The invoice {what} at the source, so it was not posted.")
    paid_on = None if invoice.paid_at is None else invoice.paid_at.astimezone(known.zone).date()
    if paid_on is not None and paid_on < known.from_date:
        return Ignore(f"Paid before {known.from_date}, the day from which you asked for invoices.")
    return None


def _holds(invoice: PaidInvoice, known: Knowledge, case: Case) -> Iterator[Hold]:
    yield from _number(invoice, case)
    yield from _lines(invoice)
    yield from _email(invoice)
    yield from _currency(invoice, known)
    yield from _sizes(invoice)
    yield from _credit_and_refunds(invoice)
    yield from _payments(invoice)
    yield from _arithmetic(invoice)
    yield from _tax(invoice, known)


def _number(invoice: PaidInvoice, case: Case) -> Iterator[Hold]:
    if not invoice.number.strip():
        yield Hold("no_number", "The invoice has no number. Give it one in the invoicing system.")
    if len(invoice.number) > LONGEST_NUMBER:
        yield Hold(
            "long_number",
            f"The invoice number is longer than the {LONGEST_NUMBER} characters QuickBooks takes, "
            "and qbdesk never changes a number. Shorten it in the invoicing system.",
        )
    if invoice.number != invoice.number.strip() or _UNSEARCHABLE.search(invoice.number):
        yield Hold(
            "odd_number",
            "The invoice number begins or ends with a blank, or holds a control character, so it "
            "could not be found again in QuickBooks. Correct it in the invoicing system.",
        )
    if case.same_number is not None:
        yield Hold(
            "same_number",
            "Another invoice from the source bears the same number. Give one of them a number of "
            "its own in the invoicing system, or ignore this one.",
        )


def _lines(invoice: PaidInvoice) -> Iterator[Hold]:
    if not invoice.lines:
        yield Hold(
            "no_lines",
            "The invoice has no lines, so there is nothing to book. Add them in the invoicing "
            "system.",
        )
    if len(invoice.lines) > MOST_TAXED_LINES and invoice.tax_total:
        yield Hold(
            "too_many_lines",
            f"QuickBooks takes at most {MOST_TAXED_LINES} lines on a taxed invoice. Split it.",
        )


def _email(invoice: PaidInvoice) -> Iterator[Hold]:
    email = (invoice.customer.email or "").strip()
    if not email:
        yield Hold(
            "no_email",
            "Could not find customer email: set the client's email in the invoice before sending.",
        )
    elif not _EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL:
        yield Hold(
            "bad_email",
            "The client's email is not a valid address, so the customer cannot be found by it. "
            "Correct it in the invoicing system.",
        )


def _currency(invoice: PaidInvoice, known: Knowledge) -> Iterator[Hold]:
    if invoice.currency != known.facts.home_currency and not known.facts.multicurrency:
        yield Hold(
            "currency",
            f"Currency mismatch: the invoice is in {invoice.currency}, and your QuickBooks company "
            f"uses {known.facts.home_currency} only. Make sure your QuickBooks company is in "
            f"{invoice.currency}, or turn on several currencies there.",
        )
    for payment in invoice.received:
        if payment.currency != invoice.currency:
            yield Hold(
                "payment_currency",
                f"A payment came in {payment.currency}, the invoice is in {invoice.currency}. "
                "Enter this one by hand.",
            )


def _sizes(invoice: PaidInvoice) -> Iterator[Hold]:
    if invoice.total < ZERO:
        yield Hold(
            "negative_total",
            "The invoice's total is negative. QuickBooks takes that as a credit memo only, which "
            "qbdesk does not write yet.",
        )
    for amount in _all_amounts(invoice):
        if abs(amount) > LARGEST_AMOUNT:
            yield Hold(
                "too_large", "An amount on the invoice is larger than QuickBooks takes. Check it."
            )
        if amount.as_tuple().exponent != -minor_digits(invoice.currency):
            yield Hold(
                "odd_cents",
                f"An amount does not have the {minor_digits(invoice.currency)} decimals that "
                f"{invoice.currency} has, so it cannot be posted to the cent.",
            )


def _all_amounts(invoice: PaidInvoice) -> Iterator[Decimal]:
    yield from (invoice.subtotal, invoice.discount, invoice.tax_total, invoice.total)
    yield from (invoice.amount_paid, invoice.credit_applied, invoice.balance_due)
    for line in invoice.lines:
        yield from (line.discount, line.amount, line.tax_amount)
        yield from (tax.amount for tax in line.taxes)
    for total in invoice.tax:
        yield from (total.amount, total.taxable_amount)
    for payment in invoice.payments:
        if payment.currency == invoice.currency:
            yield from (payment.amount, payment.refunded_amount)


def before_payment(invoice: PaidInvoice) -> Hold | None:
    """Checked once more when the invoice stands and its money is about to be posted: the source
    may have changed since, and a person may have said that QuickBooks stays as it is."""
    if invoice.status != "paid":
        what = NOT_PAID.get(invoice.status, "is not simply paid any more")
        return Hold("not_paid", f"The invoice {what} at the source; no payment is posted for it.")
    for hold in (*_credit_and_refunds(invoice), *_payments(invoice)):
        return hold
    return None


def _credit_and_refunds(invoice: PaidInvoice) -> Iterator[Hold]:
    """Rule 27: with the figures."""
    currency = invoice.currency
    if invoice.credit_applied != ZERO:
        yield Hold(
            "credit",
            f"{shown(invoice.credit_applied, currency)} of the total was settled from the client's "
            "credit, without a payment. Enter this one by hand.",
        )
    refunded = sum((payment.refunded_amount for payment in invoice.received), ZERO)
    if refunded > ZERO or invoice.status == "partially_refunded":
        yield Hold(
            "refunded",
            f"{shown(refunded, currency)} was given back before qbdesk first saw the invoice. "
            "Enter this one by hand, with its refund.",
        )


def _payments(invoice: PaidInvoice) -> Iterator[Hold]:
    if any(payment.status == "pending" for payment in invoice.payments):
        yield Hold(
            "payment_pending",
            "A payment has not arrived yet. The invoice is posted when the source shows it whole.",
        )
    odd = (payment.amount <= ZERO or payment.refunded_amount < ZERO for payment in invoice.received)
    if any(odd):
        yield Hold("odd_payment", "A payment of nothing, or less, stands on the invoice. Check it.")
    ids = [payment.id for payment in invoice.received]
    if len(set(ids)) < len(ids):
        yield Hold(
            "same_payment",
            "Two payments of the invoice bear the same id, so one of them would be taken for the "
            "other. Give each an id of its own in the invoicing system, or enter this one by hand.",
        )


def _arithmetic(invoice: PaidInvoice) -> Iterator[Hold]:
    for problem in _sums_that_fail(invoice):
        yield Hold(
            "does_not_add_up",
            f"The invoice does not add up: {problem}. It is not posted as it stands; correct it in "
            "the invoicing system.",
        )


def _sums_that_fail(invoice: PaidInvoice) -> Iterator[str]:
    """The contract's arithmetic, rule by rule (docs/paid-invoice-feed.openapi.yaml)."""
    yield from _lines_that_fail(invoice)
    if invoice.discount < ZERO or any(line.discount < ZERO for line in invoice.lines):
        yield "a discount is below zero"
    if invoice.subtotal != sum((line.amount for line in invoice.lines), ZERO):
        yield "the subtotal is not the sum of the lines"
    taxes = sum((total.amount for total in invoice.tax), ZERO)
    if invoice.tax_total != taxes:
        yield "the tax is not the sum of its rates"
    yield from _rates_that_fail(invoice)
    expected = invoice.subtotal - invoice.discount
    if invoice.tax_behavior == "exclusive":
        expected += taxes
    if invoice.total != expected:
        yield "the total is not subtotal less discount plus tax"
    yield from _balances_that_fail(invoice)


def _lines_that_fail(invoice: PaidInvoice) -> Iterator[str]:
    for position, line in enumerate(invoice.lines, start=1):
        product = rounded(times(line.quantity, line.unit_price), invoice.currency)
        if line.amount != product - line.discount:
            yield f"line {position} is not its quantity times its price"
        if line.tax_amount != sum((tax.amount for tax in line.taxes), ZERO):
            yield f"the taxes of line {position} do not add up"


def _balances_that_fail(invoice: PaidInvoice) -> Iterator[str]:
    received = sum((entry.amount - entry.refunded_amount for entry in invoice.received), ZERO)
    if invoice.amount_paid != received:
        yield "the payments are not what is said to be paid"
    if invoice.balance_due != invoice.total - invoice.amount_paid - invoice.credit_applied:
        yield "the balance is not the total less what was paid"
    if invoice.status == "paid" and invoice.balance_due != ZERO:
        yield f"it is said to be paid, and {shown(invoice.balance_due, invoice.currency)} is open"
    if invoice.status == "paid" and invoice.paid_at is None:
        yield "it is said to be paid, and nobody knows when"


def _rates_that_fail(invoice: PaidInvoice) -> Iterator[str]:
    """Per rate, lines and total agree, give or take a minor unit per line."""
    by_rate: defaultdict[str, list[Decimal]] = defaultdict(list)
    for tax in (tax for line in invoice.lines for tax in line.taxes):
        by_rate[tax.tax_rate_id].append(tax.amount)
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for total in invoice.tax:
        totals[total.tax_rate_id] += total.amount
    for rate in by_rate.keys() | totals.keys():
        slack = minor_unit(invoice.currency) * max(len(by_rate[rate]), 1)
        if abs(sum(by_rate[rate], ZERO) - totals[rate]) > slack:
            yield "the taxes of the lines are not the tax per rate"


def _tax(invoice: PaidInvoice, known: Knowledge) -> Iterator[Hold]:
    """Rule 20."""
    taxed = bool(invoice.tax_total) or any(line.tax_amount for line in invoice.lines)
    if taxed and not known.facts.using_sales_tax:
        yield Hold(
            "no_sales_tax",
            "The invoice has tax on it, and sales tax is off in QuickBooks. Turn it on there, then "
            "try again; tax is never posted as income.",
        )
