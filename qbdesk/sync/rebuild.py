"""What qbdesk has posted but this ledger does not know: found in QuickBooks by its markers.

A new installation, an old ledger that was put back and one begun anew are all the same: before
their first write, everything that was made in QuickBooks since the first day is read once, up to
999 invoices or payments with one read. What bears the mark of one of our operations is taken over.
Looking for each number before its invoice is posted would not find one whose number was changed.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

import simplejson
from sqlalchemy import Connection

from qbdesk.sync import intake
from qbdesk.sync.ledger import invoices, journal, memory, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.ledger.parts import parts
from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.operations import (
    MARKER_START,
    StepKind,
    invoice_operation,
    marker,
    payment_operation,
)
from qbdesk.sync.quickbooks import answers
from qbdesk.sync.quickbooks.client import QuickBooksError
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.quickbooks.objects import Entity, InvoiceObject, PaymentObject
from qbdesk.sync.quickbooks.queries import MOST_RESULTS, Condition, query
from qbdesk.sync.recollection import source_key
from qbdesk.sync.recording import WHOLE_COMPANY
from qbdesk.sync.views import Status
from qbdesk.sync.waves import PassTools

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Entity)

MARGIN = timedelta(days=1)  # between the first day and Intuit's clock
AT_ONCE = MOST_RESULTS - 1  # a full page would make the client go on by itself
TOGETHER = 100  # taken over in one transaction
SINCE = "since"  # the first day that the books were read from
REFUSED = "refused"  # the day on which they could not be
_MARKER = re.compile(re.escape(MARKER_START) + "[a-z2-7]{20}]")
TAKEN_OVER = "QuickBooks has this {what} with qbdesk's own mark; it was taken over, not doubled."
BY_HAND = "QuickBooks has our payment on an invoice that somebody else made; both were taken over."


@dataclass(frozen=True, slots=True)
class Expected:
    """An operation that the ledger has not confirmed, and the row it is for."""

    row: int
    kind: StepKind
    operation: str


class Rebuild:
    """Fills a ledger's gaps from the books of one company."""

    def __init__(self, tools: PassTools) -> None:
        self._tools = tools
        self._ledger = tools.ledger
        self._company = tools.company
        self._taken: set[int] = set()
        self._expected: dict[str, Expected] | None = None  # not worked out yet

    async def run(self) -> set[int]:
        """Returns the rows whose invoice was taken over just now.

        A company of which QuickBooks refuses to list the invoices (something old in it is not
        valid, say) is asked again the next day; until then its invoices are looked for by number.

        Raises:
            QuickBooksError, Unreachable: As the client's reads do where QuickBooks does not serve
                the company now; nothing may be posted then.
        """
        today = self._tools.clock().date().isoformat()
        if self.is_done() or self._told().get(REFUSED) == today:
            return set()
        try:
            await self._read_books()
        except QuickBooksError as error:
            if error.fault.kind in (*WHOLE_COMPANY, FaultKind.TRY_AGAIN):
                raise
            log.warning("QuickBooks refused to list what was posted: code %s", error.fault.code)
            self._remember(REFUSED, today)
        else:
            self._remember(SINCE, self._company.from_date.isoformat())
        return self._taken

    def is_done(self) -> bool:
        """Whether the books have been read from the first day on."""
        return _reaches_back(self._told(), self._company)

    def _told(self) -> dict[str, str]:
        with self._ledger.begin() as connection:
            return memory.recall(connection, self._company.id, memory.REBUILT)

    def _remember(self, key: str, value: str) -> None:
        with self._ledger.begin() as connection:
            # An earlier refusal says nothing any more, also not of an earlier first day.
            memory.forget(connection, self._company.id, memory.REBUILT, REFUSED)
            memory.remember(connection, self._company.id, memory.REBUILT, key, value)

    async def _read_books(self) -> None:
        self._tell(0)
        read = 0
        async for page in self._pages("Invoice", InvoiceObject):
            self._take_invoices(page, await self._expected_on(page))
            self._tell(read := read + len(page))
        paid: dict[int, str] = {}
        async for payments in self._pages("Payment", PaymentObject):
            paid |= self._take_payments(payments, await self._expected_on(payments))
            self._tell(read := read + len(payments))
        await self._take_invoices_by_hand(paid)

    def _tell(self, read: int) -> None:
        self._tools.tell("Reading from QuickBooks what was posted before", read)

    # ---- what may be there ----

    async def _expected_on(
        self, page: Sequence[InvoiceObject | PaymentObject]
    ) -> Mapping[str, Expected]:
        """What may be on a page of the books, by its marker. Books that qbdesk has not posted to
        bear none at all: there a long backlog need not be gone through, nor held in memory."""
        if self._expected is None and any(_MARKER.search(entry.private_note) for entry in page):
            self._expected = await self._everything_expected()
        return self._expected or {}

    async def _everything_expected(self) -> dict[str, Expected]:
        """The marker of everything that the ledger would still post."""
        found: dict[str, Expected] = {}
        with self._ledger.begin() as connection:
            ids = invoices.unconfirmed(connection, self._company.id)
        for some in parts(ids):
            with self._ledger.begin() as connection:
                records = invoices.get(connection, some)
            for record in records:
                found |= {self._mark(each.operation): each for each in _operations(record)}
            await asyncio.sleep(0)  # the service answers others in between
        return found

    def _mark(self, operation: str) -> str:
        assert self._company.realm_id is not None
        return marker(self._company.realm_id, source_key(self._company), operation)

    # ---- what is there ----

    async def _pages(self, entity: str, kind: type[T]) -> AsyncIterator[Sequence[T]]:
        first_day = datetime.combine(self._company.from_date, time(), UTC) - MARGIN
        conditions = [Condition("MetaData.CreateTime", ">=", first_day)]
        start = 1
        while True:
            statement = query(entity, conditions, start=start, limit=AT_ONCE)
            page = await self._tools.quickbooks.query(statement, kind, entity)
            for some in parts(page, TOGETHER):
                yield some
                await asyncio.sleep(0)  # the service answers others in between
            if len(page) < AT_ONCE:
                return
            start += AT_ONCE

    def _take_invoices(
        self, page: Sequence[InvoiceObject], expected: Mapping[str, Expected]
    ) -> None:
        with self._ledger.begin() as connection:
            for entry in page:
                for each in _marked(entry.private_note, expected):
                    if each.kind is StepKind.INVOICE:
                        why = TAKEN_OVER.format(what="invoice")
                        self._take_invoice(connection, each.row, entry, why, ours=True)

    def _take_invoice(
        self, connection: Connection, row: int, entry: InvoiceObject, why: str, *, ours: bool
    ) -> None:
        now = self._tools.clock()
        (record,) = invoices.get(connection, [row])
        answer = answers.kept(entry, now, fresh=False, ours=ours)
        wanted = Expected(row, StepKind.INVOICE, invoice_operation(record.source_id))
        if not self._adopt(connection, wanted, entry.id, answer, why):
            return
        document = _as_posted(record, entry) if ours else record.document
        invoices.change(connection, row, posted_document=document)
        self._taken.add(row)

    def _take_payments(
        self, page: Sequence[PaymentObject], expected: Mapping[str, Expected]
    ) -> dict[int, str]:
        """Takes payments over; the rows whose invoice is not ours, with its Id in QuickBooks."""
        paid: dict[int, str] = {}
        with self._ledger.begin() as connection:
            for entry in page:
                for each in _marked(entry.private_note, expected):
                    if each.kind is not StepKind.PAYMENT:
                        continue
                    answer = answers.kept(entry, self._tools.clock(), fresh=False)
                    why = TAKEN_OVER.format(what="payment")
                    self._adopt(connection, each, entry.id, answer, why)
                    if each.row not in self._taken and (invoice := _pays(entry)) is not None:
                        paid[each.row] = invoice
        return paid

    async def _take_invoices_by_hand(self, paid: Mapping[int, str]) -> None:
        """Our payment stands on an invoice without our mark: that one is the paid invoice."""
        for row, invoice_id in paid.items():
            with self._ledger.begin() as connection:
                (record,) = invoices.get(connection, [row])
                is_known = self._is_confirmed(connection, invoice_operation(record.source_id))
            if is_known:
                continue
            found = await self._tools.quickbooks.read(
                f"invoice/{invoice_id}", InvoiceObject, "Invoice"
            )
            if found is not None:
                with self._ledger.begin() as connection:
                    self._take_invoice(connection, row, found, BY_HAND, ours=False)

    def _adopt(
        self,
        connection: Connection,
        each: Expected,
        quickbooks_id: str,
        answer: Mapping[str, Any],
        why: str,
    ) -> bool:
        """False: the ledger knows of it already."""
        now, company = self._tools.clock(), self._company
        if self._is_confirmed(connection, each.operation):
            return False
        steps.adopt(
            connection,
            company_id=company.id,
            invoice_id=each.row,
            kind=each.kind,
            operation=each.operation,
            quickbooks_id=quickbooks_id,
            answer=answer,
            ended_at=now,
        )
        journal.add(connection, company.id, each.row, now, why)
        (record,) = invoices.get(connection, [each.row])
        if record.status is not Status.IGNORED or record.reason != intake.BY_A_PERSON:
            invoices.requeue(connection, [each.row], now)
        return True

    def _is_confirmed(self, connection: Connection, operation: str) -> bool:
        latest = steps.latest(connection, self._company.id, [operation]).get(operation)
        return latest is not None and latest.state is StepState.CONFIRMED


def is_awaited(connection: Connection, company: Company) -> bool:
    """Nobody has yet read, or been refused, what qbdesk may have posted there before."""
    told = memory.recall(connection, company.id, memory.REBUILT)
    return REFUSED not in told and not _reaches_back(told, company)


def _reaches_back(told: Mapping[str, str], company: Company) -> bool:
    return told.get(SINCE, "9") <= company.from_date.isoformat()


def _operations(record: InvoiceRecord) -> Iterator[Expected]:
    """Its invoice and payments, also of a row that cannot be read any more."""
    yield Expected(record.id, StepKind.INVOICE, invoice_operation(record.source_id))
    raw = simplejson.loads(record.document, use_decimal=True)
    payments = raw.get("payments") if isinstance(raw, dict) else None
    for payment in payments if isinstance(payments, list) else ():
        key = payment.get("id") if isinstance(payment, dict) else None
        if isinstance(key, str):
            name = payment_operation(record.source_id, key)
            yield Expected(record.id, StepKind.PAYMENT, name)


def _marked(note: str, expected: Mapping[str, Expected]) -> Iterator[Expected]:
    return (expected[mark] for mark in _MARKER.findall(note) if mark in expected)


def _pays(payment: PaymentObject) -> str | None:
    """The invoice that it covers; ours cover one each."""
    links = (link for line in payment.line for link in line.linked_txn)
    return next((link.txn_id for link in links if link.txn_type == "Invoice"), None)


def _as_posted(record: InvoiceRecord, entry: InvoiceObject) -> str:
    """What the source showed then, as far as QuickBooks tells: a number that was changed since is
    a change after posting."""
    if not entry.doc_number or entry.doc_number.casefold() == record.number_key:
        return record.document
    raw = simplejson.loads(record.document, use_decimal=True)
    if not isinstance(raw, dict):
        return record.document
    return simplejson.dumps(raw | {"number": entry.doc_number}, use_decimal=True, sort_keys=True)
