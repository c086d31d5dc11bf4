"""What became of a step is written down right after the wire, and what it taught is remembered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import simplejson
from pydantic import ValidationError
from sqlalchemy import Connection

from qbdesk.sync.ledger import attempts, invoices, journal, memory, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.ledger.steps import Earlier, StepRecord, StepState
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO
from qbdesk.sync.operations import StepKind, marker
from qbdesk.sync.planner import customers
from qbdesk.sync.planner.decisions import Post
from qbdesk.sync.planner.knowledge import Knowledge, KnownCustomer
from qbdesk.sync.quickbooks import answers
from qbdesk.sync.quickbooks.client import Confirmed, NotSent, Outcome, Refused, Unknown
from qbdesk.sync.quickbooks.connection import DEADLINE
from qbdesk.sync.quickbooks.faults import Fault, FaultKind
from qbdesk.sync.quickbooks.objects import CustomerObject, Entity, InvoiceObject, PaymentObject

LONGEST_TRY = timedelta(seconds=DEADLINE)  # what was made longer ago was made by an earlier try
WHOLE_COMPANY = (FaultKind.COMPANY, FaultKind.SIGN_IN, FaultKind.THROTTLED)
WHAT = {
    StepKind.CUSTOMER: "Customer",
    StepKind.ITEM: "Product or service",
    StepKind.METHOD: "Payment method",
    StepKind.INVOICE: "Invoice",
    StepKind.REPAIR: "Correction of the invoice",
    StepKind.PAYMENT: "Payment",
}


@dataclass(frozen=True)
class Wanted:
    """One write, and the invoice that wants it."""

    record: InvoiceRecord
    invoice: PaidInvoice
    post: Post


REPLAYED = (
    "QuickBooks answered with a payment that was posted before, for another invoice or amount. "
    "Look at the customer's payments in QuickBooks; press Try again to post this one."
)


class Recorder:
    """Writes answers into the ledger and into what is known of the company, in one transaction."""

    def __init__(self, company: Company, known: Knowledge, clock: Callable[[], datetime]) -> None:
        self._company = company
        self._known = known
        self._clock = clock

    def remember_customer(self, connection: Connection, entry: Wanted) -> None:
        """Whom we posted for, by the source's own id (bookkeeping rule 5)."""
        client = entry.invoice.customer
        key = (client.id, entry.invoice.currency)
        customer_id = entry.post.payload["CustomerRef"]["value"]
        before = self._known.customers.get(key)
        if before is not None and before.id == customer_id and before.remembered:
            return
        name = before.name if before is not None else self._name_of(entry, customer_id)
        made = before is not None and before.made
        self._keep_customer(connection, entry, customer_id, name, made=made)

    def _name_of(self, entry: Wanted, customer_id: str) -> str:
        """As the customer is called in QuickBooks, where it was looked up."""
        found = (
            *self._known.by_email.get(customers.key_of(entry.invoice), ()),
            *filter(None, self._known.by_name.values()),
        )
        names = (customer.display_name for customer in found if customer.id == customer_id)
        return next(names, entry.invoice.customer.name)

    def _keep_customer(
        self, connection: Connection, entry: Wanted, customer_id: str, name: str, *, made: bool
    ) -> None:
        client = entry.invoice.customer
        email = customers.key_of(entry.invoice)
        value: dict[str, Any] = {
            "id": customer_id,
            "name": name,
            "email": email,
            "source_name": client.name,
            "made": made,
            # A person's answer: listed with the settings, where it can be taken back.
            "chosen": "customer" in entry.record.answers,
        }
        key = f"{client.id} {entry.invoice.currency}"
        memory.remember(connection, self._company.id, "customer", key, value)
        known = KnownCustomer(customer_id, name, remembered=True, made=made)
        self._known.customers[client.id, entry.invoice.currency] = known
        self._known.email_owners.setdefault(email, {})[client.id] = client.name

    def record(
        self,
        connection: Connection,
        entry: Wanted,
        step: StepRecord,
        outcome: Outcome,
        *,
        batched: bool,
    ) -> Fault | None:
        """Writes down what became of a step; returns the fault that stops the company, if any."""
        if isinstance(outcome, Confirmed):
            self._confirm(connection, entry, step, outcome, batched=batched)
        elif isinstance(outcome, NotSent):
            self.take_back(connection, step)
            self._note(connection, step, "not sent", None, outcome.why)
        elif isinstance(outcome, Unknown):
            told = attempts.unsettled(outcome.status, batched=batched, code=outcome.code)
            self._doubt(connection, step, outcome.why, outcome.tid, told)
        else:
            return self._refuse(connection, step, outcome, batched=batched)
        return None

    def _confirm(
        self,
        connection: Connection,
        entry: Wanted,
        step: StepRecord,
        outcome: Confirmed,
        *,
        batched: bool,
    ) -> None:
        kind = StepKind(step.kind)
        try:
            found = answers.OBJECTS[kind].model_validate(outcome.entity)
        except ValidationError:
            told = attempts.unsettled(None, batched=batched)
            self._doubt(connection, step, "QuickBooks' answer cannot be read.", outcome.tid, told)
            return
        if isinstance(found, PaymentObject) and not (
            _pays_what_was_sent(found, step) or self._was_left_over(found, step)
        ):
            self._reject(connection, step, "replayed", REPLAYED)
            return
        self.confirm(connection, step, found, fresh=True)
        if _was_made_before(found, step, outcome):
            steps.read_again(connection, [entry.record.id])
        self.learn(connection, entry, kind, found)
        told = f"{WHAT[kind]} written to QuickBooks as Id {found.id}."
        self._note(connection, step, "confirmed", outcome.tid, told)

    def _was_left_over(self, found: PaymentObject, step: StepRecord) -> bool:
        """Entered, and not (wholly) taken by its invoice, which was paid a moment before."""
        sent = simplejson.loads(step.body, use_decimal=True)
        mark = marker(self._known.realm_id, self._known.source_key, step.operation)
        wanted = sent["Line"][0]["LinkedTxn"][0]["TxnId"]
        others = [link for line in found.line for link in line.linked_txn if link.txn_id != wanted]
        same = mark in found.private_note and found.total_amt == sent["TotalAmt"]
        return same and found.unapplied_amt > ZERO and not others

    def confirm(
        self, connection: Connection, step: StepRecord, found: Entity, *, fresh: bool
    ) -> None:
        now = self._clock()
        earlier = _of_earlier(found, step)
        if step.invoice_id is not None and earlier is not None:
            invoices.change(connection, step.invoice_id, posted_document=earlier.document)
        steps.change(
            connection,
            step.id,
            state=StepState.CONFIRMED,
            body=step.body if earlier is None else earlier.body,
            ended_at=now,
            quickbooks_id=found.id,
            answer=answers.kept(found, now, fresh=fresh),
        )
        if step.invoice_id is not None:
            # Its figures in the control totals are others now, whether or not it comes to rest.
            invoices.change(connection, step.invoice_id, changed_at=now)

    def learn(self, connection: Connection, entry: Wanted, kind: StepKind, found: Entity) -> None:
        """Reads are metered: what an answer tells is remembered."""
        operation = entry.post.operation
        if kind is StepKind.CUSTOMER and isinstance(found, CustomerObject):
            if operation == customers.operation(entry.invoice):  # else of another client
                self._keep_customer(connection, entry, found.id, found.display_name, made=True)
            email = customers.key_of(entry.invoice)
            others = [c for c in self._known.by_email.get(email, ()) if c.id != found.id]
            self._known.by_email[email] = (*others, found)
        elif kind is StepKind.ITEM:
            account = operation.removeprefix("item:")
            self._known.items[account] = found.id
            memory.remember(connection, self._company.id, "item", account, found.id)
        elif kind is StepKind.METHOD:
            name = operation.removeprefix("method:")
            self._known.methods[name] = found.id
            memory.remember(connection, self._company.id, "method", name, found.id)
        elif kind is StepKind.REPAIR:
            for step in steps.of_quickbooks_ids(connection, self._company.id, [found.id]):
                steps.change(
                    connection, step.id, answer=answers.kept(found, self._clock(), fresh=False)
                )

    def _doubt(
        self,
        connection: Connection,
        step: StepRecord,
        why: str,
        tid: str | None,
        told: str,
    ) -> None:
        steps.change(connection, step.id, state=StepState.UNKNOWN, ended_at=self._clock())
        self._note(connection, step, told, tid, why)

    def _refuse(
        self, connection: Connection, step: StepRecord, outcome: Refused, *, batched: bool
    ) -> Fault | None:
        fault = outcome.fault
        self._note(connection, step, "refused", fault.tid, fault.sentence)
        if fault.kind in WHOLE_COMPANY:
            self.take_back(connection, step, answered=fault.kind is FaultKind.COMPANY)
            # One item of a batch that came too fast goes again by itself, after the pause.
            return None if fault.kind is FaultKind.THROTTLED and batched else fault
        if step.invoice_id is not None:
            journal.add(
                connection,
                self._company.id,
                step.invoice_id,
                self._clock(),
                f"QuickBooks refused: {fault.sentence}",
                details=f"code {fault.code} {fault.element} {fault.private_detail}".strip(),
            )
        if not step.earlier:
            self._reject(connection, step, fault.code, f"{fault.sentence} {fault.press}")
            return None
        # Maybe the refusal of what left before, once more: this leaves under an id of its own.
        steps.change(connection, step.id, state=StepState.RETIRED, ended_at=self._clock())
        self._was_not_posted(connection, step)
        return None

    def _reject(self, connection: Connection, step: StepRecord, code: str, text: str) -> None:
        values = {"fault_code": code, "fault_text": text, "ended_at": self._clock()}
        steps.change(connection, step.id, state=StepState.REJECTED, **values)
        self._was_not_posted(connection, step)

    def take_back(
        self, connection: Connection, step: StepRecord, *, answered: bool = False
    ) -> None:
        """Certainly not carried out. If no earlier attempt is in doubt either, what is sent may
        still change with the invoice; else it keeps its request id. Whether QuickBooks
        repeats a refusal to the same request id is not documented: what it `answered` gets another.
        """
        steps.change(connection, step.id, state=StepState.INTENT)
        if not attempts.was_in_doubt(connection, step.id):
            state = StepState.RETIRED if answered else StepState.INTENT
            steps.change(connection, step.id, state=state, sent_at=None)
            self._was_not_posted(connection, step)

    def _was_not_posted(self, connection: Connection, step: StepRecord) -> None:
        if step.kind == StepKind.INVOICE and step.invoice_id is not None:
            invoices.change(connection, step.invoice_id, posted_document=None)

    def _note(
        self, connection: Connection, step: StepRecord, outcome: str, tid: str | None, text: str
    ) -> None:
        attempts.add(connection, step, self._clock(), outcome, tid, text)


def _was_made_before(found: Entity, step: StepRecord, outcome: Confirmed) -> bool:
    """A repeated request id brings back the answer of then, also when the invoice was paid, changed
    or deleted since. Both times are of QuickBooks' own clock; this computer's may be wrong."""
    made_at, told_at = found.meta_data.create_time, outcome.told_at
    if step.kind != StepKind.INVOICE or made_at is None or made_at.tzinfo is None:
        return False
    return told_at is not None and made_at < told_at - LONGEST_TRY


def _of_earlier(found: Entity, step: StepRecord) -> Earlier | None:
    """What QuickBooks has carried out, if it is not what left last under the request id. What
    differs in the amounts alone the spot-check finds."""
    if not isinstance(found, InvoiceObject) or step.kind != StepKind.INVOICE:
        return None
    if not step.earlier or _is_of(found, step.body):
        return None
    same = (each for each in step.earlier if _is_of(found, each.body))
    return next(same, step.earlier[0])


def _is_of(found: InvoiceObject, body: bytes) -> bool:
    sent = simplejson.loads(body, use_decimal=True)
    there = (found.doc_number, str(found.txn_date), found.customer_ref.value)
    return there == (sent["DocNumber"], sent["TxnDate"], sent["CustomerRef"]["value"])


def _pays_what_was_sent(found: PaymentObject, step: StepRecord) -> bool:
    """A repeated request id brings back an old answer, of a payment for another invoice, say."""
    sent = simplejson.loads(step.body, use_decimal=True)["Line"][0]
    wanted = sent["LinkedTxn"][0]["TxnId"]
    return any(
        link.txn_id == wanted and line.amount == sent["Amount"]
        for line in found.line
        for link in line.linked_txn
    )
