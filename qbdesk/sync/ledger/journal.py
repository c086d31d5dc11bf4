"""The journal: what was done for an invoice, when, by whom and why."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from qbdesk.sync.ledger.tables import attempt, journal, step
from qbdesk.sync.views import JournalEntry

QBDESK = "qbdesk"


def add(
    connection: Connection,
    company_id: int,
    invoice_id: int | None,
    at: datetime,
    text: str,
    *,
    who: str = QBDESK,
    details: str = "",
) -> None:
    row = {"company_id": company_id, "invoice_id": invoice_id, "at": at, "who": who}
    connection.execute(insert(journal), row | {"text": text, "details": details})


def add_each(
    connection: Connection, company_id: int, at: datetime, told: Sequence[tuple[int, str, str]]
) -> None:
    """The same moment for many invoices: (invoice id, text, details) each."""
    if told:
        rows = [
            {"company_id": company_id, "invoice_id": key, "at": at, "who": QBDESK}
            | {"text": text, "details": details}
            for key, text, details in told
        ]
        connection.execute(insert(journal), rows)


def of_invoice(connection: Connection, invoice_id: int) -> Sequence[JournalEntry]:
    """Oldest first: what was decided and done, and every attempt to write to QuickBooks."""
    told = connection.execute(select(journal).where(journal.c.invoice_id == invoice_id))
    tried = connection.execute(
        select(
            attempt.c.at,
            attempt.c.outcome,
            attempt.c.intuit_tid,
            attempt.c.request_hash,
            attempt.c.text,
            step.c.operation,
        )
        .join(step, step.c.id == attempt.c.step_id)
        .where(step.c.invoice_id == invoice_id)
    )
    entries = [JournalEntry(row.at, row.who, row.text, row.details) for row in told]
    for row in tried:
        tid = f"intuit_tid {row.intuit_tid}, " if row.intuit_tid else ""
        details = f"{row.outcome}, {tid}{row.operation}, SHA-256 {row.request_hash}"
        entries.append(JournalEntry(row.at, QBDESK, row.text, details))
    return sorted(entries, key=lambda entry: entry.at)


def of_company(connection: Connection, company_id: int) -> Sequence[JournalEntry]:
    """Oldest first: what a person did with the company itself, and not with one of its invoices."""
    rows = connection.execute(
        select(journal)
        .where(journal.c.company_id == company_id, journal.c.invoice_id.is_(None))
        .order_by(journal.c.id)
    )
    return [JournalEntry(row.at, row.who, row.text, row.details) for row in rows]


def last_of(connection: Connection, company_id: int, texts: Sequence[str]) -> str | None:
    """Which of these was said last of the company itself."""
    here = (journal.c.company_id == company_id) & journal.c.invoice_id.is_(None)
    said = select(journal.c.text).where(here, journal.c.text.in_(texts))
    return connection.execute(said.order_by(journal.c.id.desc()).limit(1)).scalar()
