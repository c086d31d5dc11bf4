"""One invoice, all that is known, the next decision. Asked anew after every event."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.operations import StepKind, marker
from qbdesk.sync.planner import by_hand, checks, customers, existing, items, money_received, tax
from qbdesk.sync.planner.after_invoice import after_the_invoice
from qbdesk.sync.planner.days import closed_period, filed_period, issue_day, rates_needed
from qbdesk.sync.planner.decisions import (
    Adopt,
    Decision,
    Finish,
    Hold,
    Look,
    Post,
    Settle,
    Subject,
    Wait,
)
from qbdesk.sync.planner.invoice_body import invoice_payload, usual_item_needed
from qbdesk.sync.planner.knowledge import Case, Knowledge, KnownCustomer
from qbdesk.sync.planner.steps import adopt, first_refusal, invoice_operation, refused
from qbdesk.sync.quickbooks import payloads
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.quickbooks.objects import InvoiceObject
from qbdesk.sync.views import Choice, Status

KEEP = Choice("keep", "Leave QuickBooks as it is")
KEPT = "Changed at the source after posting; QuickBooks was left as it is, by decision."
IN_DOUBT = (
    "QuickBooks has not said whether it took this. qbdesk looks for it again in a few minutes "
    "before it sends anything a second time; nothing is posted twice."
)

IN_LONG_DOUBT = (
    "QuickBooks did not take this, as far as is known, and what was sent cannot be repeated as it "
    "was. qbdesk looks for it once more after about an hour in which this computer is awake, "
    "before it sends anything again; nothing is posted twice."
)
# What was in a batch and leaves by itself has another request id than before, so that QuickBooks
# cannot know it for the same: it waits for so many settle times, usually an hour.
LATE = 12
OFTEN = 3  # answers that do not take a write, until a person has to look at it
# They have to lie so far apart: a few hours without QuickBooks are not the invoice's fault.
OUTAGE = timedelta(hours=4)
ANSWERED = (
    "QuickBooks, or something before it such as a firewall, has answered {times} times with an "
    "error instead of taking the {what}."
)
SILENT = (
    "None of {times} times that the {what} was sent has brought an answer that can be read, and "
    "QuickBooks has taken others meanwhile: maybe a firewall before it stops this one."
)


def kept_word(revision: int) -> str:
    """The answer to "changed" that holds for this revision and no later one."""
    return f"{KEEP.word} {revision}"


def plan(invoice: PaidInvoice, known: Knowledge, case: Case) -> Decision:
    """What to do next for this invoice."""
    decision = _next(invoice, known, case)
    return _never_taken(decision, case) or decision


def _next(invoice: PaidInvoice, known: Knowledge, case: Case) -> Decision:
    doubt = _in_doubt(known, case)
    if doubt is not None:
        return doubt
    posted = case.steps.get(invoice_operation(invoice))
    if posted is not None and posted.state is StepState.CONFIRMED:
        if case.changed is not None:
            return Hold("changed", case.changed, (KEEP,))
        if case.answers.get("changed") == kept_word(invoice.revision):
            return _as_it_is(posted)
        return after_the_invoice(invoice, known, case, posted)
    verdict = checks.first_look(invoice, known, case)
    if verdict is not None:
        return verdict
    if posted is not None and posted.state is StepState.REJECTED:
        return refused(posted)
    return _before_the_invoice(invoice, known, case)


def _as_it_is(posted: StepRecord) -> tuple[Look] | Finish:
    """What was put right in QuickBooks by hand is what the control totals compare."""
    answer = PostedInvoice.model_validate(posted.answer)
    if answer.asked:
        return (Look(Subject.INVOICE, answer.id),)
    return Finish(Status.SYNCED, KEPT)


# ---- writes of unknown fate (DESIGN: intent before wire) ----


def _in_doubt(known: Knowledge, case: Case) -> tuple[Settle, ...] | Wait | None:
    unsettled = [
        step for step in case.steps.values() if step.state in (StepState.SENT, StepState.UNKNOWN)
    ]
    if not unsettled:
        return None
    due = [step for step in unsettled if _is_due(step, known, case)]
    if due:
        return tuple(Settle(step.operation) for step in due)
    return Wait(IN_LONG_DOUBT if any(step.is_apart for step in unsettled) else IN_DOUBT)


def _is_due(step: StepRecord, known: Knowledge, case: Case) -> bool:
    """Looked for at once, and once more when the settle time is over."""
    if step.absent_at is None or step.ended_at is None:
        return True
    return case.now >= step.ended_at + _doubted_for(step, known.settle)


def _doubted_for(step: StepRecord, settle: timedelta) -> timedelta:
    """How long after an attempt has ended it may still be carried out, as far as we reckon."""
    return settle * LATE if step.is_apart else settle


def is_proven_absent(step: StepRecord, settle: timedelta) -> bool:
    """Looked for when the settle time was over, and not found: it may leave again."""
    return (
        step.absent_at is not None
        and step.ended_at is not None
        and step.absent_at >= step.ended_at + _doubted_for(step, settle)
    )


def _never_taken(decision: Decision, case: Case) -> Hold | None:
    """A write that was sent again and again and never taken is a person's business.

    Only what is proven absent comes here: while it is in doubt, the decision is to look or to wait.
    Should QuickBooks carry it out after all, later than that, nothing is doubled: nothing more of
    it is sent, and Try again first looks for the number and the mark, as always.
    """
    if not isinstance(decision, tuple):
        return None
    for entry in decision:
        if not isinstance(entry, Post):
            continue
        step, fared = case.steps.get(entry.operation), case.tries.get(entry.operation)
        if step is None or fared is None or step.body != payloads.body(entry.payload):
            continue
        if len(fared.answers) >= OFTEN and _for_long(fared.answers):
            return Hold("never_taken", _not_taken(entry.kind, ANSWERED, len(fared.answers)))
        if fared.silences and _for_long(fared.silences):
            return Hold("never_taken", _not_taken(entry.kind, SILENT, len(fared.silences)))
    return None


def _for_long(times: Sequence[datetime]) -> bool:
    return times[-1] - times[0] >= OUTAGE


def _not_taken(kind: StepKind, how: str, times: int) -> str:
    what = {
        StepKind.CUSTOMER: "customer",
        StepKind.ITEM: "product or service",
        StepKind.METHOD: "payment method",
        StepKind.INVOICE: "invoice",
        StepKind.REPAIR: "correction of the invoice",
        StepKind.PAYMENT: "payment",
    }[kind]
    posted = {
        StepKind.INVOICE: "It was looked for each time: nothing of this invoice is in QuickBooks.",
        StepKind.REPAIR: "The invoice is in QuickBooks as it was, without a payment.",
        StepKind.PAYMENT: "The invoice is in QuickBooks, and this payment is not.",
    }.get(kind, "It is not in QuickBooks, and nothing more of this invoice is posted.")
    return (
        f"{how.format(times=times, what=what)} {posted} Look at the invoice's text for unusual "
        "characters or very long lines, then press Try again."
    )


# ---- up to the invoice ----


def _before_the_invoice(invoice: PaidInvoice, known: Knowledge, case: Case) -> Decision:
    looks = _first_looks(invoice, known)
    if looks:
        return looks
    found = known.numbers[invoice.number.casefold()]
    operation = invoice_operation(invoice)
    mine = existing.ours(found, marker(known.realm_id, known.source_key, operation))
    if mine is not None:
        why = "QuickBooks has this invoice with qbdesk's own mark; it was taken over, not doubled."
        return (adopt(StepKind.INVOICE, operation, mine, why, case.now),)
    customer = customers.resolve(invoice, known, case)
    if isinstance(customer, Hold):
        return customer
    settled = customer if isinstance(customer, KnownCustomer) else None
    same = existing.same(found, invoice, settled, case)
    if isinstance(same, Hold):
        return same
    if same is not None:
        return _already_there(invoice, same, known, case)
    if settled is not None:
        entered = by_hand.look_for(invoice, known, case, settled)
        if isinstance(entered, Hold):
            return entered
        if isinstance(entered, Look):
            return (entered,)
        if entered is not None:
            return (_adopt_entered(invoice, entered, case),)
    return _new_invoice(invoice, known, case, customer)


def _adopt_entered(invoice: PaidInvoice, entered: InvoiceObject, case: Case) -> Adopt:
    larger = entered.total_amt != invoice.total
    why = "A person said that this invoice was entered by hand; only its payment is posted."
    if larger:
        why = (
            f"A person said that this invoice is a part of invoice {entered.doc_number or ''} in "
            "QuickBooks; only its payment is posted, onto that one."
        )
    operation = invoice_operation(invoice)
    return adopt(StepKind.INVOICE, operation, entered, why, case.now, ours=False, larger=larger)


def _first_looks(invoice: PaidInvoice, known: Knowledge) -> tuple[Look, ...]:
    looks = []
    number, email = invoice.number.casefold(), customers.key_of(invoice)
    if number not in known.numbers:
        looks.append(Look(Subject.NUMBER, invoice.number))
    remembered = (invoice.customer.id, invoice.currency) in known.customers
    if not remembered and email not in known.by_email:
        looks.append(Look(Subject.EMAIL, email))
    return tuple(looks)


def _new_invoice(
    invoice: PaidInvoice,
    known: Knowledge,
    case: Case,
    customer: KnownCustomer | Look | Post,
) -> Decision:
    """Everything that can hold the invoice comes before the first write (no customer is left)."""
    question = (
        money_received.first_question(invoice, known, case)
        or money_received.account_question(invoice, known, case)
        or closed_period(invoice, known, case)
    )
    if question is not None:
        return question
    taxes = tax.choose(invoice, known, case)
    if isinstance(taxes, Hold):
        return taxes
    late = filed_period(invoice, taxes, known, case)
    if late is not None:
        return late
    rates = rates_needed(invoice, known)
    if isinstance(rates, Hold):
        return rates
    missing: list[Look | Post] = [*rates, *money_received.find_methods(invoice, known)]
    chosen = items.chosen(invoice, known)
    missing += items.looks(chosen, known)
    missing += usual_item_needed(invoice, known, taxes, chosen)
    if isinstance(customer, Look | Post):
        missing.append(customer)
    looks = tuple(entry for entry in missing if isinstance(entry, Look))
    if looks:
        return looks
    unfit = items.unfit(invoice, known)
    if unfit is not None:
        return unfit
    if missing:
        return first_refusal(missing, case) or tuple(missing)
    assert isinstance(customer, KnownCustomer)
    payload = invoice_payload(
        invoice, known, customer.id, taxes, chosen, issue_day(invoice, taxes, known, case)
    )
    return (Post(StepKind.INVOICE, invoice_operation(invoice), payload),)


# ---- an invoice that is there ----


def _already_there(
    invoice: PaidInvoice, entry: InvoiceObject, known: Knowledge, case: Case
) -> Decision:
    """Rule 9: balance 0, nothing more; balance = total, the payment only."""
    customer_id = entry.customer_ref.value if entry.customer_ref else None
    linked = case.answers.get("number_taken") == existing.LINK
    if entry.balance == ZERO or linked:
        return Finish(
            Status.ALREADY_IN_QUICKBOOKS,
            "An invoice of the same number, client and total is in QuickBooks already."
            if not linked
            else "Left as it is in QuickBooks, by decision.",
            customer_id,
            entry.id,
            tuple(link.txn_id for link in entry.linked_txn if link.txn_type == "Payment"),
        )
    if customer_id not in known.payments:
        return (Look(Subject.PAYMENTS, customer_id or ""),)
    for payment in known.payments[customer_id]:
        if payment.unapplied_amt == invoice.total and "unapplied" not in case.answers:
            return Hold(
                "unapplied",
                f"The invoice is in QuickBooks, unpaid, and so is a payment of "
                f"{shown(payment.unapplied_amt, invoice.currency)} that no invoice has taken. "
                "Link the two there, then try again.",
                (Choice("post_payment", "It is another payment: post this one as well"),),
            )
    why = "The invoice was in QuickBooks already, unpaid; only its payment is posted."
    return (adopt(StepKind.INVOICE, invoice_operation(invoice), entry, why, case.now, ours=False),)
