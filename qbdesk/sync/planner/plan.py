"""One invoice, all that is known, the next decision. Asked anew after every event."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import simplejson

from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.model import PaidInvoice, Payment
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.operations import StepKind, marker
from qbdesk.sync.planner import checks, customers, existing, money_received, remarks, tax
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
from qbdesk.sync.planner.knowledge import Case, Knowledge, KnownCustomer
from qbdesk.sync.quickbooks import answers, payloads
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.quickbooks.objects import InvoiceObject, PaymentObject
from qbdesk.sync.views import Choice, Status

FIRST_OPEN_DAY = "first_open_day"
KEEP = Choice("keep", "Leave QuickBooks as it is")
POST_AGAIN = Choice("post_again", "Post it once more")
IN_DOUBT = (
    "QuickBooks did not answer. qbdesk looks for it again in a few minutes before it sends "
    "anything a second time; nothing is posted twice."
)


def invoice_operation(invoice: PaidInvoice) -> str:
    return f"invoice:{invoice.id}"


def payment_operation(invoice: PaidInvoice, payment: Payment) -> str:
    return f"payment:{invoice.id}:{payment.id}"


def operations(invoice: PaidInvoice) -> list[str]:
    """Every operation this invoice may need, its own and the shared ones."""
    methods = [money_received.method_of(payment).name for payment in invoice.received]
    return [
        customers.operation(invoice),
        *(f"method:{name.casefold()}" for name in methods),
        invoice_operation(invoice),
        *(payment_operation(invoice, payment) for payment in invoice.received),
    ]


def plan(invoice: PaidInvoice, known: Knowledge, case: Case) -> Decision:
    """What to do next for this invoice."""
    doubt = _in_doubt(known, case)
    if doubt is not None:
        return doubt
    if case.changed is not None:
        return Hold("changed", case.changed, (KEEP,))
    posted = case.steps.get(invoice_operation(invoice))
    if posted is not None and posted.state is StepState.CONFIRMED:
        return _after_the_invoice(invoice, known, case, posted)
    verdict = checks.first_look(invoice, known, case)
    if verdict is not None:
        return verdict
    if posted is not None and posted.state is StepState.REJECTED:
        return _refused(posted)
    return _before_the_invoice(invoice, known, case)


# ---- writes of unknown fate (DESIGN: intent before wire) ----


def _in_doubt(known: Knowledge, case: Case) -> tuple[Settle, ...] | Wait | None:
    unsettled = [
        step for step in case.steps.values() if step.state in (StepState.SENT, StepState.UNKNOWN)
    ]
    if not unsettled:
        return None
    due = [step for step in unsettled if _is_due(step, known, case)]
    return tuple(Settle(step.operation) for step in due) or Wait(IN_DOUBT)


def _is_due(step: StepRecord, known: Knowledge, case: Case) -> bool:
    """Looked for at once, and once more when the settle time is over."""
    if step.absent_at is None or step.ended_at is None:
        return True
    return case.now >= step.ended_at + known.settle


def is_proven_absent(step: StepRecord, settle: timedelta) -> bool:
    """Looked for when the settle time was over, and not found: the same bytes may leave again."""
    return (
        step.absent_at is not None
        and step.ended_at is not None
        and step.absent_at >= step.ended_at + settle
    )


def _refused(step: StepRecord) -> Hold:
    return Hold(f"refused_{step.kind}", step.fault_text or "QuickBooks refused this.")


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
        return (_adopt(StepKind.INVOICE, operation, mine, why),)
    customer = customers.resolve(invoice, known, case)
    if isinstance(customer, Hold):
        return customer
    settled = customer if isinstance(customer, KnownCustomer) else None
    same = existing.same(found, invoice, settled, case)
    if isinstance(same, Hold):
        return same
    if same is not None:
        return _already_there(invoice, same, known, case)
    return _new_invoice(invoice, known, case, customer)


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
    question = money_received.first_question(invoice, case) or _closed(invoice, known, case)
    if question is not None:
        return question
    taxes = tax.choose(invoice, known, case)
    if isinstance(taxes, Hold):
        return taxes
    rates = _rates_needed(invoice, known)
    if isinstance(rates, Hold):
        return rates
    missing: list[Look | Post] = [*rates, *money_received.find_methods(invoice, known)]
    missing += _item_needed(known)
    if isinstance(customer, Look | Post):
        missing.append(customer)
    looks = tuple(entry for entry in missing if isinstance(entry, Look))
    if looks:
        return looks
    if missing:
        return _first_refusal(missing, case) or tuple(missing)
    assert isinstance(customer, KnownCustomer)
    return (_invoice_step(invoice, known, case, customer, taxes),)


def _first_refusal(missing: Sequence[Look | Post], case: Case) -> Hold | None:
    """A shared write that QuickBooks refused holds every invoice that needs it."""
    for entry in missing:
        if isinstance(entry, Look):
            continue
        step = case.steps.get(entry.operation)
        if step is None or step.state is not StepState.REJECTED:
            continue
        if step.fault_code != customers.NAME_TAKEN or entry.payload == _sent(step):
            return _refused(step)
    return None


def _sent(step: StepRecord) -> Any:
    return simplejson.loads(step.body, use_decimal=True)


def _item_needed(known: Knowledge) -> list[Look | Post]:
    account = known.income_account_id
    if account in known.items:
        return []
    name = item_name(known)
    if name not in known.item_names_looked:
        return [Look(Subject.ITEM, name)]
    operation = f"item:{account}"
    payload = payloads.service_item(name, account)
    return [Post(StepKind.ITEM, operation, payload, shared=True, alone_with=operation)]


ITEM_NAME = "Paid invoices"


def item_name(known: Knowledge) -> str:
    """The service our lines stand on; another one where that name means another account."""
    if ITEM_NAME not in known.item_names_taken:
        return ITEM_NAME
    return f"{ITEM_NAME} ({known.income_account_id})"


def _closed(invoice: PaidInvoice, known: Knowledge, case: Case) -> Hold | None:
    """Rule 2: never re-dated by itself."""
    days = [invoice.issue_date, *(payment.day(known.zone) for payment in invoice.received)]
    closed = known.facts.close_date
    if closed is None or min(days) > closed or case.answers.get("closed_period") == FIRST_OPEN_DAY:
        return None
    return Hold(
        "closed_period",
        f"QuickBooks' books are closed up to {closed}, and this invoice or a payment of it is "
        "dated in that time. Nothing was posted.",
        (
            Choice(
                FIRST_OPEN_DAY,
                f"Date it {closed + timedelta(days=1)}; the true date goes into the note",
            ),
            Choice("try_again", "I opened the period: try again"),
        ),
    )


def _open_day(day: date, known: Knowledge, case: Case) -> date:
    if known.facts.close_date is None or case.answers.get("closed_period") != FIRST_OPEN_DAY:
        return day
    return max(day, known.facts.close_date + timedelta(days=1))


def _rates_needed(invoice: PaidInvoice, known: Knowledge) -> list[Look] | Hold:
    """Rule 29: the issue day's rate for the invoice, each payment's own day's for the payment."""
    if invoice.currency == known.facts.home_currency:
        return []
    days = [invoice.issue_date, *(payment.day(known.zone) for payment in invoice.received)]
    keys = list(dict.fromkeys(f"{invoice.currency} {day}" for day in days))
    missing = [Look(Subject.EXCHANGE_RATE, key) for key in keys if key not in known.rates]
    if not missing and any(known.rates[key] is None for key in keys):
        return Hold(
            "no_rate",
            f"QuickBooks has no exchange rate for {invoice.currency} on a day of this invoice. "
            "Enter one there, then try again.",
        )
    return missing


def _rate(invoice: PaidInvoice, day: date, known: Knowledge) -> Decimal | None:
    return known.rates.get(f"{invoice.currency} {day}")


def _currency(invoice: PaidInvoice, known: Knowledge) -> str | None:
    return invoice.currency if known.facts.multicurrency else None


def _invoice_step(
    invoice: PaidInvoice,
    known: Knowledge,
    case: Case,
    customer: KnownCustomer,
    taxes: payloads.Taxes,
) -> Post:
    operation = invoice_operation(invoice)
    issue_date = _open_day(invoice.issue_date, known, case)
    told = [f"Invoice {invoice.number}, id {invoice.id}", invoice.url or ""]
    if issue_date != invoice.issue_date:
        told.append(f"Issued {invoice.issue_date}, in a closed period")
    if invoice.po_number:
        told.append(f"PO {invoice.po_number}")
    payload = payloads.invoice(
        invoice,
        customer_id=customer.id,
        item_id=known.items[known.income_account_id],
        taxes=taxes,
        issue_date=issue_date,
        note=payloads.note(told, marker(known.realm_id, known.source_key, operation)),
        use_discount_line=tax.uses_discount_line(invoice, taxes, known),
        exchange_rate=_rate(invoice, invoice.issue_date, known),
        currency=_currency(invoice, known),
    )
    return Post(StepKind.INVOICE, operation, payload)


# ---- an invoice that is there ----


def _adopt(kind: StepKind, operation: str, entry: InvoiceObject | PaymentObject, why: str) -> Adopt:
    return Adopt(kind, operation, entry.id, answers.kept(entry, fresh=False), why)


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
    return (_adopt(StepKind.INVOICE, invoice_operation(invoice), entry, why),)


# ---- after the invoice ----


def _after_the_invoice(
    invoice: PaidInvoice, known: Knowledge, case: Case, posted: StepRecord
) -> Decision:
    answer = PostedInvoice.model_validate(posted.answer)
    if answer.reread:
        return (Look(Subject.INVOICE, answer.id),)
    if answer.gone:
        return Hold(
            "gone",
            "The invoice was posted, and somebody has deleted it in QuickBooks since.",
            (POST_AGAIN,),
        )
    differs = _spot_check(invoice, answer)
    if differs is not None:
        return differs
    steps = {
        payment.id: case.steps.get(payment_operation(invoice, payment))
        for payment in invoice.received
    }
    for step in steps.values():
        if step is not None and step.state is StepState.REJECTED:
            return _refused(step)
        if step is not None and answers.unapplied(step.answer):
            return Hold(
                "unapplied_left",
                f"{shown(answers.unapplied(step.answer), invoice.currency)} of a payment was not "
                "taken by the invoice. Look at both in QuickBooks.",
            )
    open_payments = [
        payment
        for payment in invoice.received
        if (step := steps[payment.id]) is None or step.state is not StepState.CONFIRMED
    ]
    if open_payments:
        return _post_payments(invoice, known, case, answer, open_payments)
    return Finish(
        Status.SYNCED,
        " ".join(remarks.of(invoice, known)),
        answer.customer_id,
        answer.id,
        tuple(step.quickbooks_id or "" for step in steps.values() if step is not None),
    )


def _spot_check(invoice: PaidInvoice, answer: PostedInvoice) -> Hold | None:
    """Rules 18 and 24: to the cent, or the payment waits."""
    if answer.total != invoice.total:
        difference = answer.total - invoice.total
        return Hold(
            "spot_check",
            f"Spot-check: QuickBooks made {shown(answer.total, invoice.currency)} of the invoice, "
            f"the source says {shown(invoice.total, invoice.currency)} (a difference of "
            f"{shown(difference, invoice.currency)}, tax {shown(answer.tax, invoice.currency)} "
            f"instead of {shown(invoice.tax_total, invoice.currency)}). The payment was not "
            "posted. Correct the invoice in QuickBooks, then try again.",
        )
    if answer.fresh and answer.balance != answer.total:
        return Hold(
            "credit_by_itself",
            f"QuickBooks applied {shown(answer.total - answer.balance, invoice.currency)} of the "
            "client's credit to the invoice by itself, so the payment was not posted. Take the "
            "credit off the invoice in QuickBooks, then try again.",
        )
    return None


def _post_payments(
    invoice: PaidInvoice,
    known: Knowledge,
    case: Case,
    answer: PostedInvoice,
    payments: Sequence[Payment],
) -> Decision:
    if not answer.fresh:
        # Somebody else's answer, or an old one: the payments may be there as well.
        adopted = _payments_there(invoice, known, answer, payments)
        if adopted is not None:
            return adopted
    missing: list[Look | Post] = money_received.find_methods(invoice, known)
    if missing:
        return _first_refusal(missing, case) or tuple(missing)
    left = sum((payment.amount for payment in payments), ZERO)
    if left > answer.balance:
        return Hold(
            "balance",
            f"{shown(answer.balance, invoice.currency)} is open on the invoice in QuickBooks, and "
            f"{shown(left, invoice.currency)} was paid. A payment is never cut; look at the "
            "invoice in QuickBooks, then try again.",
        )
    return tuple(_payment_step(invoice, known, case, answer, payment) for payment in payments)


def _payments_there(
    invoice: PaidInvoice,
    known: Knowledge,
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
                adopted.append(_adopt(StepKind.PAYMENT, operation, entry, why))
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
    paid_on = _open_day(true_day, known, case)
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
        deposit_account_id=money_received.deposit_account(payment, known),
        note=payloads.note(told, marker(known.realm_id, known.source_key, operation)),
        exchange_rate=_rate(invoice, true_day, known),
        currency=_currency(invoice, known),
    )
    return Post(StepKind.PAYMENT, operation, payload)
