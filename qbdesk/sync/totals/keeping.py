"""The control totals follow the ledger: what has changed is taken out and added in anew."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import simplejson
from sqlalchemy import Connection

from qbdesk.sync import reading, recollection
from qbdesk.sync.ledger import companies, control, invoices, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.control import NOTHING, Kept, Place, Sums
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.ledger.steps import StepRecord
from qbdesk.sync.operations import StepKind, payment_id_of
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.totals import figures
from qbdesk.sync.totals.figures import Control, Figure, PostedPayment, Posting, Surrounding

AT_ONCE = 100  # invoices in one transaction: about a twentieth of a second
# What the ledger keeps of an amount. Rounded one by one, so that what was added in is taken out.
_KEPT = Decimal("0.001")


async def refresh(ledger: Ledger, company: Company, tell: Callable[[int], None]) -> bool:
    """Brings the control totals up to date, a few invoices at a time: nobody waits for all of it.

    Args:
        tell: Hears how many have been added up so far, where they are many.

    Returns:
        Whether they were so many.
    """
    around: Surrounding | None = None  # read where something has changed, then the same for all
    last = done = 0
    while True:
        # Found and moved in one transaction: another program may do the same now.
        with ledger.begin() as connection:
            ids = control.stale(connection, company.id, last, AT_ONCE)
            if ids:
                around = around or _surrounding(connection, company)
                _take(connection, company, ids, around)
        if len(ids) < AT_ONCE:
            return done > 0
        last, done = ids[-1], done + len(ids)
        tell(done)
        await asyncio.sleep(0)


def _surrounding(connection: Connection, company: Company) -> Surrounding:
    facts = recollection.last_facts(connection, company)
    return Surrounding(company.zone, facts, companies.settings(connection, company.id))


def _take(
    connection: Connection, company: Company, ids: Sequence[int], around: Surrounding
) -> None:
    posted = steps.posted(connection, ids)
    changes: dict[Place, Sums] = {}
    for rows in control.figures(connection, ids).values():
        _add(changes, map(read_figure, rows), taken_out=True)
    taken: dict[int, tuple[datetime, Kept]] = {}
    for record in invoices.get(connection, ids):
        found = _control(record, posted.get(record.id, ()), around)
        _add(changes, found.figures)
        written = [_written(figure) for figure in found.figures]
        kept = Kept(found.month, found.open_amount, found.marked, written)
        taken[record.id] = (record.changed_at, kept)
    control.keep(connection, company.id, taken)
    control.move(connection, company.id, changes)


def _add(changes: dict[Place, Sums], brought: Iterable[Figure], *, taken_out: bool = False) -> None:
    for figure in brought:
        place = Place(figure.month, figure.currency, figure.kind, figure.key)
        amounts = Sums(
            figure.source.quantize(_KEPT),
            figure.quickbooks.quantize(_KEPT),
            figure.in_source,
            figure.in_quickbooks,
        )
        changes[place] = changes.get(place, NOTHING) + (-amounts if taken_out else amounts)


def _written(figure: Figure) -> list[Any]:
    place = [figure.month, figure.currency, figure.kind, figure.key]
    amounts = [str(figure.source), str(figure.quickbooks)]
    return [*place, *amounts, figure.in_source, figure.in_quickbooks]


def read_figure(row: list[Any]) -> Figure:
    """As `control` keeps it."""
    month, currency, kind, key, source, quickbooks, *counts = row
    return Figure(month, currency, kind, key, Decimal(source), Decimal(quickbooks), *counts)


# ---- one invoice ----


def _control(record: InvoiceRecord, posted: Sequence[StepRecord], around: Surrounding) -> Control:
    invoice = reading.read_document(record.document).invoice
    if invoice is None and record.posted_document is not None:
        # What the source says now cannot be read; this is its last word that could.
        invoice = reading.read_document(record.posted_document).invoice
    return figures.of_invoice(record.status, invoice, _posting(posted), around)


def _posting(posted: Sequence[StepRecord]) -> Posting | None:
    entries = [step for step in posted if step.kind == StepKind.INVOICE]
    if not entries:
        return None
    sent = [step.body for step in posted if step.kind != StepKind.PAYMENT and step.body]
    payments = {
        payment_id_of(step.operation): step for step in posted if step.kind == StepKind.PAYMENT
    }
    invoice = PostedInvoice.model_validate(entries[-1].answer)
    return Posting(
        invoice=invoice,
        codes=_codes(sent[-1]) if sent else (),
        payments={key: _payment(step, invoice) for key, step in payments.items()},
        sent_to={key: account for key, step in payments.items() if (account := _sent_to(step))},
    )


def _codes(body: bytes) -> tuple[str, ...]:
    """The tax codes of the lines, and the group of a US company."""
    sent = simplejson.loads(body)
    details = [line.get("SalesItemLineDetail", {}) for line in sent.get("Line", ())]
    found = [detail.get("TaxCodeRef", {}).get("value") for detail in details]
    found.append(sent.get("TxnTaxDetail", {}).get("TxnTaxCodeRef", {}).get("value"))
    return tuple(dict.fromkeys(code for code in found if code))


def _payment(step: StepRecord, invoice: PostedInvoice) -> PostedPayment:
    answer = step.answer or {}
    # What was taken over was there before: the invoice's balance knows of it, but for that of an
    # invoice which had only just been made.
    known = step.taken_over and not invoice.fresh
    ended_at = None if known else step.ended_at
    return PostedPayment(Decimal(answer["total"]), answer.get("account"), ended_at)


def _sent_to(step: StepRecord) -> str | None:
    if not step.body:
        return None
    account = simplejson.loads(step.body).get("DepositToAccountRef", {}).get("value")
    return None if account is None else str(account)
