"""Invoices coming to rest: what was decided is written down, with a line in the journal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qbdesk.sync.ledger import invoices, journal
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.planner.decisions import Finish, Hold, Ignore, Wait
from qbdesk.sync.views import Status

NOT_WANTED = "not_wanted"


@dataclass
class Tally:
    """What this pass has done so far.

    Attributes:
        newly_held: Source id -> why.
        poll_seconds: When the source wants to be asked again; None: it has not said.
        chosen: The settings that the pass began with.
    """

    synced: int = 0
    newly_held: dict[str, str] = field(default_factory=dict)
    poll_seconds: int | None = None
    chosen: tuple[str | None, dict[str, str]] | None = None


class Verdicts:
    """Writes decisions that end the work on an invoice, and counts them."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime], tally: Tally) -> None:
        self._ledger = ledger
        self._clock = clock
        self._tally = tally

    def write(self, record: InvoiceRecord, decision: Hold | Finish | Ignore | Wait) -> None:
        if isinstance(decision, Hold):
            self._hold(record, decision)
        elif isinstance(decision, Wait):
            told = "" if record.message == decision.message else decision.message
            self._rest(record, told, status=Status.WAITING, message=decision.message)
        elif isinstance(decision, Ignore):
            self._rest(
                record,
                decision.message,
                status=Status.IGNORED,
                reason=NOT_WANTED,
                message=decision.message,
                choices=[],
            )
        else:
            self._finish(record, decision)

    def _hold(self, record: InvoiceRecord, hold: Hold) -> None:
        self._rest(
            record,
            hold.message,
            status=Status.NEEDS_ATTENTION,
            reason=hold.reason,
            message=hold.message,
            choices=[[choice.word, choice.label] for choice in hold.choices],
        )
        self._tally.newly_held[record.source_id] = hold.message

    def _finish(self, record: InvoiceRecord, finish: Finish) -> None:
        synced = finish.status is Status.SYNCED
        ids: dict[str, Any] = {}
        if finish.invoice_id is not None:
            ids = {
                "quickbooks_customer_id": finish.customer_id,
                "quickbooks_invoice_id": finish.invoice_id,
                "quickbooks_payment_ids": list(finish.payment_ids),
            }
        told = finish.message
        if synced and finish.invoice_id is not None:
            told = "In QuickBooks and paid: nothing more to do."
        self._rest(
            record,
            told,
            status=finish.status,
            reason=None,
            message=finish.message,
            choices=[],
            posted_document=record.document,
            **ids,
        )
        self._tally.synced += synced

    def _rest(self, record: InvoiceRecord, told: str, **values: Any) -> None:
        now = self._clock()
        with self._ledger.begin() as connection:
            if values["status"] is not Status.SYNCED and invoices.is_ignored(connection, record.id):
                return  # a person's word, given while the pass was running, counts more
            invoices.change(connection, record.id, changed_at=now, **values)
            if told:
                journal.add(connection, record.company_id, record.id, now, told)
