"""The spot-check: QuickBooks' total is the source's to the cent, or a person puts it right.

The repair updates that same invoice; the payment stays what was received (rules 18 and 19).
"""

from typing import Any

import simplejson

from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner import tax
from qbdesk.sync.planner.days import rates_needed
from qbdesk.sync.planner.decisions import Hold, Look, Post
from qbdesk.sync.planner.invoice_body import invoice_payload, item_needed
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.planner.steps import first_refusal, refused, repair_operation
from qbdesk.sync.planner.tax_codes import CODE_PREFIX
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.views import Choice

REASON = "spot_check"
SOURCE_TAX = Choice(tax.SOURCE_TAX, "Put the tax that stands on the invoice into QuickBooks")
ACCEPT = Choice("accept", "It is right as it is in QuickBooks: post the payment")
_VERSION = ("SyncToken",)


def spot_check(
    invoice: PaidInvoice, known: Knowledge, case: Case, answer: PostedInvoice
) -> Hold | tuple[Look | Post, ...] | None:
    """None where every figure agrees; else the question, or the repair that was chosen."""
    other_tax = answer.ours and answer.tax not in (invoice.tax_total, None)
    if answer.total == invoice.total and not other_tax:
        return None
    choice = case.answers.get(REASON)
    if choice == ACCEPT.word and answer.total == invoice.total:
        return None
    if choice is None or choice == ACCEPT.word or not _can_be_repaired(invoice, known, answer):
        return _question(invoice, known, answer)
    missing = item_needed(known)
    rates = rates_needed(invoice, known)
    if isinstance(rates, Hold):
        return rates
    if rates or missing:
        return first_refusal(missing, case) or (*rates, *missing)
    taxes = tax.repaired(invoice, known, choice)
    payload = {
        **invoice_payload(invoice, known, case, answer.customer_id, taxes),
        "Id": answer.id,
        "SyncToken": answer.sync_token,
    }
    step = case.steps.get(repair_operation(invoice))
    if step is not None and step.state is StepState.REJECTED:
        return refused(step)
    if step is not None and _is_what_was_sent(payload, step):
        return _question(invoice, known, answer, tried=True)
    return (Post(StepKind.REPAIR, repair_operation(invoice), payload),)


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
    invoice: PaidInvoice, known: Knowledge, answer: PostedInvoice, *, tried: bool = False
) -> Hold:
    currency = invoice.currency
    difference = shown(answer.total - invoice.total, currency)
    taxed = ""
    if answer.tax is not None:
        taxed = f"; tax {shown(answer.tax, currency)} instead of "
        taxed += shown(invoice.tax_total, currency)
    told = (
        f"Spot-check: QuickBooks made {shown(answer.total, currency)} of the invoice, the source "
        f"says {shown(invoice.total, currency)} (a difference of {difference}{taxed})."
    )
    if answer.balance == answer.total:
        told += " The payment was not posted."
    if tried:
        told += " QuickBooks took the correction and still comes to another figure."
    codes = tax.codes_that_fit(invoice, known)
    offered = [Choice(f"{CODE_PREFIX}{code.id}", f"Use “{code.name}”") for code in codes]
    choices = (*offered[:8], SOURCE_TAX) if _can_be_repaired(invoice, known, answer) else ()
    if answer.total == invoice.total:
        choices = (*choices, ACCEPT)
    told += " Choose how to put it right, or correct" if choices else " Correct"
    return Hold(REASON, f"{told} the invoice in QuickBooks and try again.", choices)
