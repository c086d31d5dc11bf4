"""Invoices coming to rest: what was decided is written down, with a line in the journal."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qbdesk.sync.ledger import invoices, journal
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.planner.decisions import Finish, Hold, Ignore, Wait
from qbdesk.sync.views import Status

AT_REST = "In QuickBooks and paid: nothing more to do."
NOT_WANTED = "not_wanted"

Ending = Hold | Finish | Ignore | Wait


@dataclass
class Tally:
    """What this pass has done so far.

    Attributes:
        newly_held: Source id -> why, without what was held for the same reason before this pass.
        poll_seconds: When the source wants to be asked again; None: it has not said.
        chosen: The settings that the pass began with.
    """

    synced: int = 0
    newly_held: dict[str, str] = field(default_factory=dict)
    poll_seconds: int | None = None
    chosen: tuple[str | None, dict[str, str]] | None = None


class Verdicts:
    """Writes decisions that end the work on an invoice, and counts them."""

    def __init__(
        self, ledger: Ledger, company_id: int, clock: Callable[[], datetime], tally: Tally
    ) -> None:
        self._ledger = ledger
        self._company_id = company_id
        self._clock = clock
        self._tally = tally

    def write(self, decided: Iterable[tuple[InvoiceRecord, Ending]]) -> None:
        """Writes all of it down together."""
        ended, now = list(decided), self._clock()
        sentences: list[tuple[int, str, str]] = []
        newly_held: dict[str, str] = {}
        synced = 0
        with self._ledger.begin() as connection:
            left_alone = set(invoices.ignored(connection, [record.id for record, _ in ended]))
            for record, ending in ended:
                told, values = _rest(record, ending)
                if record.id in left_alone and values["status"] is not Status.SYNCED:
                    continue  # a person's word, given while the pass was running, counts more
                invoices.change(connection, record.id, changed_at=now, **values)
                if told:
                    remarks = ending.message if told == AT_REST else ""
                    sentences.append((record.id, told, remarks))
                synced += values["status"] is Status.SYNCED
                # What was queued again still says why it was held before.
                if isinstance(ending, Hold) and record.reason != ending.reason:
                    newly_held[record.source_id] = ending.message
            journal.add_each(connection, self._company_id, now, sentences)
        self._tally.synced += synced
        self._tally.newly_held |= newly_held

    def note_unreadable(self, source_ids: Sequence[str]) -> None:
        """Of what was just taken in, a row that cannot be read is held already."""
        with self._ledger.begin() as connection:
            found = invoices.unreadable(connection, self._company_id, source_ids)
        self._tally.newly_held |= found


def _rest(record: InvoiceRecord, ending: Ending) -> tuple[str, dict[str, Any]]:
    """What the journal is told, and what stands in the invoice's row from now on."""
    message = ending.message
    if isinstance(ending, Wait):
        told = "" if record.message == message else message
        return told, {"status": Status.WAITING, "reason": None, "message": message}
    if isinstance(ending, Hold):
        choices = [[choice.word, choice.label] for choice in ending.choices]
        values = {"status": Status.NEEDS_ATTENTION, "reason": ending.reason, "choices": choices}
        return message, values | {"message": message}
    if isinstance(ending, Ignore):
        values = {"status": Status.IGNORED, "reason": NOT_WANTED, "choices": []}
        return message, values | {"message": message}
    return _finished(record, ending)


def _finished(record: InvoiceRecord, finish: Finish) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {
        "status": finish.status,
        "reason": None,
        "message": finish.message,
        "choices": [],
        "posted_document": record.document,
    }
    if finish.invoice_id is not None:
        values |= {
            "quickbooks_customer_id": finish.customer_id,
            "quickbooks_invoice_id": finish.invoice_id,
            "quickbooks_payment_ids": list(finish.payment_ids),
        }
    in_quickbooks = finish.status is Status.SYNCED and finish.invoice_id is not None
    told = AT_REST if in_quickbooks else finish.message
    return told, values
