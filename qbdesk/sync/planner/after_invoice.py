"""After the invoice: checked to the cent, then its payments, then at rest."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.model import PaidInvoice, Payment
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.operations import StepKind, marker
from qbdesk.sync.planner import checks, money_received, remarks, repair
from qbdesk.sync.planner.days import (
    closed_for_payments,
    currency_sent,
    open_day,
    rate_on,
    rates_needed,
)
from qbdesk.sync.planner.decisions import Adopt, Decision, Finish, Hold, Look, Post, Subject
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.planner.steps import adopt, first_refusal, payment_operation, refused
from qbdesk.sync.quickbooks import answers, payloads
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.views import Choice, Status

POST_AGAIN = Choice("post_again", "Post it once more")
PAY_AGAIN = Choice("pay_again", "Post the payment once more")
# "Try again" under the name of what has to be done before.
UNLINKED = Choice("try_again", "I have taken the credit off the invoice: try again")


def after_the_invoice(
    invoice: PaidInvoice, known: Knowledge, case: Case, posted: StepRecord
) -> Decision:
    answer = PostedInvoice.model_validate(posted.answer)
    if answer.reread or (answer.fresh and known.facts.applies_credit):
        return (Look(_how_to_read(invoice, known, case, answer), answer.id),)
    if answer.gone:
        return Hold(
            "gone",
            "The invoice was posted, and somebody has deleted it in QuickBooks since.",
            (POST_AGAIN,),
        )
    differs = repair.spot_check(invoice, known, case, answer)
    if differs is not None:
        return differs
    if answer.fresh and answer.balance != answer.total:
        return _credit_by_itself(invoice, answer)
    steps = {
        payment.id: case.steps.get(payment_operation(invoice, payment))
        for payment in invoice.received
    }
    for step in steps.values():
        trouble = None if step is None else _trouble_with(step, invoice, case, answer)
        if trouble is not None:
            return trouble
    open_payments = [
        payment
        for payment in invoice.received
        if (step := steps[payment.id]) is None or step.state is not StepState.CONFIRMED
    ]
    if open_payments:
        return _post_payments(invoice, known, case, answer, open_payments)
    unsettled = _not_settled(invoice, case, answer, steps.values())
    if unsettled is not None:
        return unsettled
    return Finish(
        Status.SYNCED,
        " ".join(remarks.of(invoice, known, answer)),
        answer.customer_id,
        answer.id,
        tuple(step.quickbooks_id or "" for step in steps.values() if step is not None),
    )


def _how_to_read(
    invoice: PaidInvoice, known: Knowledge, case: Case, answer: PostedInvoice
) -> Subject:
    """By its Id where it may have changed a moment ago, since a query may be late: a person was
    at it, or QuickBooks may have applied a credit by itself."""
    credited = answer.fresh and known.facts.applies_credit
    if answer.asked or answer.larger or credited:
        return Subject.INVOICE
    paid = any(payment_operation(invoice, each) in case.steps for each in invoice.received)
    return Subject.PAID_INVOICE if paid else Subject.UNPAID_INVOICE


def _not_settled(
    invoice: PaidInvoice, case: Case, answer: PostedInvoice, steps: Iterable[StepRecord | None]
) -> Hold | tuple[Look, ...] | None:
    """Where the invoice was not made a moment ago, QuickBooks itself has to say that it is paid:
    an old payment may have been deleted there, or its old answer given once more."""
    if answer.fresh or answer.larger or answer.balance == ZERO:
        return None
    paid_since = any(s is not None and s.ended_at and s.ended_at >= answer.read_at for s in steps)
    if paid_since or answer.read_at > case.now:  # or the clock was set back: nobody can say
        return (Look(Subject.PAID_INVOICE, answer.id),)
    return Hold(
        "payment_gone",
        f"{shown(answer.balance, invoice.currency)} is open on the invoice in QuickBooks, although "
        "its payment was posted: somebody has deleted it there, or taken it off the invoice.",
        (PAY_AGAIN,),
    )


def _trouble_with(
    step: StepRecord, invoice: PaidInvoice, case: Case, answer: PostedInvoice
) -> Hold | tuple[Look, ...] | None:
    """QuickBooks refused a payment, or something of it stands unapplied. Only the payment can say
    whether somebody has put that right: the invoice may have been paid by another one."""
    if step.state is StepState.REJECTED:
        return refused(step)
    left = answers.unapplied(step.answer)
    if step.state is not StepState.CONFIRMED or left == ZERO:
        return None
    told_at = answers.payment_read_at(step.answer)
    # What was told in the future, by a clock that was set back since, is not known to be true now.
    out_of_date = told_at is None or told_at < answer.read_at or told_at > case.now
    if out_of_date and answer.read_at <= case.now:
        return (Look(Subject.PAYMENT, step.quickbooks_id or ""),)
    return Hold(
        "unapplied_left",
        f"{shown(left, invoice.currency)} of a payment that qbdesk posted was not taken by the "
        "invoice, and is credit of the customer in QuickBooks: was the invoice paid by hand as "
        "well? Apply the credit, or delete the payment that is too much, then try again.",
    )


def _credit_by_itself(invoice: PaidInvoice, answer: PostedInvoice) -> Hold:
    """Rule 24."""
    return Hold(
        "credit_by_itself",
        f"QuickBooks applied {shown(answer.total - answer.balance, invoice.currency)} of the "
        "client's credit to the invoice by itself, so the payment was not posted. Take the "
        "credit off the invoice in QuickBooks, then try again; or leave it so.",
        (UNLINKED, repair.LEAVE),
    )


def _post_payments(
    invoice: PaidInvoice,
    known: Knowledge,
    case: Case,
    answer: PostedInvoice,
    payments: Sequence[Payment],
) -> Decision:
    if not answer.fresh or _posted_before(invoice, case, payments):
        # Somebody else's answer, an old one, or posted once more: the payments may be there.
        adopted = _payments_there(invoice, known, case, answer, payments)
        if adopted is not None:
            return adopted
    question = (
        checks.before_payment(invoice)
        or money_received.first_question(invoice, known, case)
        or closed_for_payments(payments, known, case)
    )
    if isinstance(question, Finish):
        return replace(question, customer_id=answer.customer_id, invoice_id=answer.id)
    if question is not None:
        return question
    rates = rates_needed(invoice, known)
    if isinstance(rates, Hold):
        return rates
    missing: list[Look | Post] = [*rates, *money_received.find_methods(invoice, known)]
    if missing:
        return first_refusal(missing, case) or tuple(missing)
    # Rule 23: never cut, nothing left unapplied.
    left = sum((payment.amount for payment in payments), ZERO)
    if left > answer.balance and known.facts.applies_credit:
        return _credit_by_itself(invoice, answer)
    if left > answer.balance:
        return Hold(
            "balance",
            f"{shown(answer.balance, invoice.currency)} is open on the invoice in QuickBooks, and "
            f"{shown(left, invoice.currency)} was paid. A payment is never cut; look at the "
            "invoice in QuickBooks, then try again.",
            (repair.LEAVE,),
        )
    return tuple(_payment_step(invoice, known, case, answer, payment) for payment in payments)


def _posted_before(invoice: PaidInvoice, case: Case, payments: Sequence[Payment]) -> bool:
    steps = (case.steps.get(payment_operation(invoice, payment)) for payment in payments)
    return any(step is not None and step.quickbooks_id for step in steps)


def _payments_there(
    invoice: PaidInvoice,
    known: Knowledge,
    case: Case,
    answer: PostedInvoice,
    payments: Sequence[Payment],
) -> tuple[Look | Adopt, ...] | None:
    if answer.customer_id not in known.payments:
        return (Look(Subject.PAYMENTS, answer.customer_id),)
    adopted = []
    for payment in payments:
        operation = payment_operation(invoice, payment)
        mark = marker(known.realm_id, known.source_key, operation)
        for entry in known.payments[answer.customer_id]:
            if mark in entry.private_note and entry.total_amt == payment.amount:
                why = "QuickBooks has this payment with qbdesk's own mark; it was taken over."
                adopted.append(adopt(StepKind.PAYMENT, operation, entry, why, case.now))
    return tuple(adopted) or None


def _payment_step(
    invoice: PaidInvoice,
    known: Knowledge,
    case: Case,
    answer: PostedInvoice,
    payment: Payment,
) -> Post:
    operation = payment_operation(invoice, payment)
    true_day = payment.day(known.zone)
    paid_on = open_day(true_day, known, case)
    told = [f"Payment for invoice {invoice.number}, id {payment.id}", payment.method_label or ""]
    told += [f"Reference {payment.reference}"] if payment.reference else []
    told += [f"{payment.processor or 'processor'} {payment.processor_ref}"] * bool(
        payment.processor_ref
    )
    told += [f"Paid on {true_day}, in a closed period"] * (paid_on != true_day)
    payload = payloads.payment(
        payment,
        customer_id=answer.customer_id,
        invoice_id=answer.id,
        paid_on=paid_on,
        method_id=money_received.method_id(payment, known),
        deposit_account_id=money_received.deposit_account(payment, known, case),
        note=payloads.note(told, marker(known.realm_id, known.source_key, operation)),
        exchange_rate=rate_on(invoice, true_day, known),
        currency=currency_sent(invoice, known),
    )
    return Post(StepKind.PAYMENT, operation, payload)
