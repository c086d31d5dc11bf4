"""What was posted, once more: since an earlier pass somebody may have changed it in QuickBooks."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from qbdesk.sync.ledger import invoices, steps
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.steps import StepRecord
from qbdesk.sync.money import ZERO
from qbdesk.sync.operations import StepKind
from qbdesk.sync.quickbooks import answers
from qbdesk.sync.quickbooks.client import QuickBooks
from qbdesk.sync.quickbooks.objects import InvoiceObject, PaymentObject
from qbdesk.sync.quickbooks.queries import Condition, query


class Rereader:
    """Reads them and writes down how they stand, so that what was read is not read again when the
    pass is cut off."""

    def __init__(
        self,
        ledger: Ledger,
        quickbooks: QuickBooks,
        company_id: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._quickbooks = quickbooks
        self._company_id = company_id
        self._clock = clock

    async def one(self, invoice_id: str) -> None:
        """By its Id, which is never late. Raises as `QuickBooks.read` does."""
        found = await self._quickbooks.read(f"invoice/{invoice_id}", InvoiceObject, "Invoice")
        with self._ledger.begin() as connection:
            for step in steps.of_quickbooks_ids(connection, self._company_id, [invoice_id]):
                self._write(connection, step, found)

    async def payment(self, payment_id: str) -> None:
        """What is left of it unapplied. Raises as `QuickBooks.read` does."""
        found = await self._quickbooks.read(f"payment/{payment_id}", PaymentObject, "Payment")
        with self._ledger.begin() as connection:
            now = self._clock()
            for step in steps.of_quickbooks_ids(
                connection, self._company_id, [payment_id], StepKind.PAYMENT
            ):
                if found is None:  # deleted: the invoice says whether that leaves it open
                    answer = {**(step.answer or {}), "unapplied": "0"}
                else:
                    answer = answers.kept(found, now, fresh=False)
                steps.change(connection, step.id, answer=answer)

    async def together(self, invoice_ids: Sequence[str], *, paid: bool) -> set[str]:
        """With one query, as many as go into it. Raises as `QuickBooks.query` does.

        Args:
            paid: Our payments are, or should be, on them already.

        Returns:
            Those that its word is enough for; each of the others has to be read by its Id.
        """
        statement = query("Invoice", [Condition("Id", "IN", invoice_ids)])
        found = await self._quickbooks.query(statement, InvoiceObject, "Invoice")
        by_id = {entry.id: entry for entry in found}
        behind: dict[str, list[StepRecord]] = {}
        with self._ledger.begin() as connection:
            for step in steps.of_quickbooks_ids(connection, self._company_id, list(by_id)):
                behind.setdefault(step.quickbooks_id or "", []).append(step)
            enough = {key for key in behind if is_enough(by_id[key], behind[key], paid=paid)}
            for key in enough:
                for step in behind[key]:
                    self._write(connection, step, by_id[key])
        return enough

    def _write(self, connection: Connection, step: StepRecord, found: InvoiceObject | None) -> None:
        now, before = self._clock(), step.answer or {}
        if found is None:
            answer = before | {"reread": False, "asked": False, "gone": True}
        else:
            answer = answers.kept(
                found,
                now,
                fresh=False,
                ours=bool(before.get("ours", True)),
                larger=bool(before.get("larger")),
            )
        steps.change(connection, step.id, answer=answer)
        if step.invoice_id is not None:
            invoices.change(connection, step.invoice_id, changed_at=now)


def is_enough(found: InvoiceObject, behind: Sequence[StepRecord], *, paid: bool) -> bool:
    """A query may be late. Where nothing is open, no payment is planned; where none of ours has
    left yet, it may be planned if the query knows the very version that the ledger knows."""
    known = [(step.answer or {}).get("sync_token") for step in behind]
    return found.balance == ZERO or (not paid and known == [found.sync_token])
