"""Steps as the planner sees them: their names, refusals, and what is taken over as our own."""

from collections.abc import Sequence
from datetime import datetime

import simplejson

from qbdesk.sync import operations as operations_of
from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.model import PaidInvoice, Payment
from qbdesk.sync.money import ZERO
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner import customers, money_received
from qbdesk.sync.planner.decisions import Adopt, Hold, Look, Post
from qbdesk.sync.planner.knowledge import Case
from qbdesk.sync.quickbooks import answers
from qbdesk.sync.quickbooks.objects import InvoiceObject, PaymentObject


def invoice_operation(invoice: PaidInvoice) -> str:
    return operations_of.invoice_operation(invoice.id)


def payment_operation(invoice: PaidInvoice, payment: Payment) -> str:
    return operations_of.payment_operation(invoice.id, payment.id)


def repair_operation(invoice: PaidInvoice) -> str:
    return f"repair:{invoice.id}"


def operations(invoice: PaidInvoice) -> list[str]:
    """Every operation this invoice may need, its own and the shared ones."""
    methods = [money_received.method_of(payment).name for payment in invoice.received]
    return [
        customers.operation(invoice),
        *(f"method:{name.casefold()}" for name in methods),
        invoice_operation(invoice),
        repair_operation(invoice),
        *(payment_operation(invoice, payment) for payment in invoice.received),
    ]


def refused(step: StepRecord) -> Hold:
    return Hold(f"refused_{step.kind}", step.fault_text or "QuickBooks refused this.")


def first_refusal(missing: Sequence[Look | Post], case: Case) -> Hold | None:
    """A shared write that QuickBooks refused holds every invoice that needs it."""
    for entry in missing:
        if isinstance(entry, Look):
            continue
        step = case.steps.get(entry.operation)
        if step is None or step.state is not StepState.REJECTED:
            continue
        if step.fault_code != customers.NAME_TAKEN or entry.payload == simplejson.loads(
            step.body, use_decimal=True
        ):
            return refused(step)
    return None


def adopt(
    kind: StepKind,
    operation: str,
    entry: InvoiceObject | PaymentObject,
    why: str,
    now: datetime,
    *,
    ours: bool = True,
    larger: bool = False,
) -> Adopt:
    """Takes over what is in QuickBooks; `ours` False: somebody else made it. `larger`: our payments
    settle a part of it.

    A query found it, and a query may be late: before a payment is added it is read by its Id."""
    answer = answers.kept(entry, now, fresh=False, ours=ours, larger=larger)
    if isinstance(entry, InvoiceObject) and entry.balance != ZERO:
        answer |= {"reread": True, "asked": True}
    return Adopt(kind, operation, entry.id, answer, why)
