"""The spot-check: QuickBooks' figures are the source's to the cent, or a person puts them right.

The repair updates that same invoice; the payment stays what was received (rules 18 and 19).
"""

from collections.abc import Iterator
from typing import Any

import simplejson

from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner import figures, items, tax
from qbdesk.sync.planner.days import day_as_posted, rates_needed
from qbdesk.sync.planner.decisions import Hold, Look, Post
from qbdesk.sync.planner.invoice_body import invoice_payload, usual_item_needed
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.planner.steps import (
    first_refusal,
    invoice_operation,
    payment_operation,
    refused,
    repair_operation,
)
from qbdesk.sync.planner.tax_codes import CODE_PREFIX
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.views import Choice

REASON = "spot_check"
SOURCE_TAX = Choice(tax.SOURCE_TAX, "Put the tax that stands on the invoice into QuickBooks")
ACCEPT = Choice("accept", "It is right as it is in QuickBooks: post the payment")
LEAVE = Choice("leave", "Leave it as it is in QuickBooks, and post no payment")
_VERSION = ("SyncToken",)


def spot_check(
    invoice: PaidInvoice, known: Knowledge, case: Case, answer: PostedInvoice
) -> Hold | tuple[Look | Post, ...] | None:
    """None where every figure agrees; else the question, or the repair that was chosen."""
    if answer.larger:
        return None
    parts = _parts_that_differ(invoice, known, case, answer)
    if _sums_agree(invoice, answer) and not parts:
        return None
    choice = case.answers.get(REASON)
    if choice == ACCEPT.word and answer.total == invoice.total:
        return None
    if choice in (None, ACCEPT.word) or not _can_be_repaired(invoice, known, answer):
        return _question(invoice, known, case, answer, parts)
    taxes = tax.repaired(invoice, known, choice)
    posted = items.posted(invoice, known, answer, case.steps.get(invoice_operation(invoice)))
    missing = usual_item_needed(invoice, known, taxes, posted)
    rates = rates_needed(invoice, known)
    if isinstance(rates, Hold):
        return rates
    if rates or missing:
        return first_refusal(missing, case) or (*rates, *missing)
    dated = day_as_posted(invoice, known, case, answer)
    payload = {
        **invoice_payload(invoice, known, answer.customer_id, taxes, posted, dated),
        "Id": answer.id,
        "SyncToken": answer.sync_token,
    }
    step = case.steps.get(repair_operation(invoice))
    if step is not None and step.state is StepState.REJECTED:
        return refused(step)
    if step is not None and _is_what_was_sent(payload, step):
        return _question(invoice, known, case, answer, parts, tried=True)
    return (Post(StepKind.REPAIR, repair_operation(invoice), payload),)


def _sums_agree(invoice: PaidInvoice, answer: PostedInvoice) -> bool:
    other_tax = answer.ours and answer.tax not in (invoice.tax_total, None)
    return answer.total == invoice.total and not other_tax


def _parts_that_differ(
    invoice: PaidInvoice, known: Knowledge, case: Case, answer: PostedInvoice
) -> list[str]:
    """The lines and rates that are not the source's; what somebody else made is theirs."""
    if not answer.ours:
        return []
    lines = figures.lines_that_differ(invoice, answer.lines)
    if answer.taxes is None or _rates_are_agreed(known, case):
        return lines
    told = [(rate.percent, rate.amount) for rate in answer.taxes]
    return [*lines, *figures.rates_that_differ(invoice, told)]


def _rates_are_agreed(known: Knowledge, case: Case) -> bool:
    """Only the sum counts: the rates are Intuit's own, or a person has chosen how it is shared."""
    if known.facts.country == "US" and known.facts.automated_tax:
        return True
    before, after = case.answers.get(tax.DIFFERENCE), case.answers.get(REASON)
    if known.facts.country == "US" and tax.SOURCE_TAX in (before, after):
        return True  # there only the sum can be sent
    return before == tax.QUICKBOOKS_SHARES.word


def _can_be_repaired(invoice: PaidInvoice, known: Knowledge, answer: PostedInvoice) -> bool:
    """Only the tax differs, nothing is paid yet, and it is an invoice of our own."""
    net = answer.total - (answer.tax or ZERO)
    wanted = invoice.total - invoice.tax_total
    untouched = answer.balance == answer.total
    return known.facts.using_sales_tax and answer.ours and untouched and net == wanted


def _is_what_was_sent(payload: dict[str, Any], step: StepRecord) -> bool:
    if step.state is not StepState.CONFIRMED:
        return False
    sent = simplejson.loads(step.body, use_decimal=True)
    return {k: v for k, v in payload.items() if k not in _VERSION} == {
        k: v for k, v in sent.items() if k not in _VERSION
    }


def _question(
    invoice: PaidInvoice,
    known: Knowledge,
    case: Case,
    answer: PostedInvoice,
    parts: list[str],
    *,
    tried: bool = False,
) -> Hold:
    currency = invoice.currency
    unpaid = not _is_paid_by_us(invoice, case)
    differences = "; ".join(_differences(invoice, answer, parts))
    told = (
        f"Spot-check: QuickBooks made {shown(answer.total, currency)} of the invoice, the source "
        f"says {shown(invoice.total, currency)} ({differences})."
    )
    if unpaid:
        told += " The payment was not posted."
    if tried:
        told += " QuickBooks took the correction and still comes to another figure."
    codes = tax.codes_that_fit(invoice, known)
    offered = [Choice(f"{CODE_PREFIX}{code.id}", f"Use “{code.name}”") for code in codes]
    choices = (*offered[:8], SOURCE_TAX) if _can_be_repaired(invoice, known, answer) else ()
    if answer.total == invoice.total:
        choices = (*choices, ACCEPT)
    told += " Choose how to put it right, or correct" if choices else " Correct"
    return Hold(
        REASON,
        f"{told} the invoice in QuickBooks and try again.",
        (*choices, LEAVE) if unpaid else choices,
    )


def _differences(invoice: PaidInvoice, answer: PostedInvoice, parts: list[str]) -> Iterator[str]:
    currency = invoice.currency
    if answer.total != invoice.total:
        yield f"a difference of {shown(answer.total - invoice.total, currency)}"
    if answer.tax is not None:
        made, wanted = shown(answer.tax, currency), shown(invoice.tax_total, currency)
        yield f"tax {made} instead of {wanted}" if made != wanted else f"tax {made} in both"
    yield from parts


def _is_paid_by_us(invoice: PaidInvoice, case: Case) -> bool:
    steps = (case.steps.get(payment_operation(invoice, each)) for each in invoice.received)
    return any(step is not None and step.state is StepState.CONFIRMED for step in steps)


def left(invoice: PaidInvoice, answer: PostedInvoice, who: str) -> str:
    """What is said of an invoice that stays as it is in QuickBooks, by decision."""
    currency = invoice.currency
    tax_there = "" if answer.tax is None else f", {shown(answer.tax, currency)} of it tax"
    return (
        f"Left as it is in QuickBooks by {who}: {shown(answer.total, currency)} stands there"
        f"{tax_there}, {shown(answer.balance, currency)} open; the source says "
        f"{shown(invoice.total, currency)}, {shown(invoice.tax_total, currency)} of it tax. The "
        "payment was not posted."
    )
