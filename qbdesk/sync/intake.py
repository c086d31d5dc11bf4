"""Taking in what the source shows: every row is kept before its cursor is, and before any work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import simplejson
from sqlalchemy import Connection

from qbdesk.sync.ledger import companies, invoices, journal, memory, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.invoices import InvoiceRecord, search_key
from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner import changes
from qbdesk.sync.planner.money_received import shown_fees, shown_method
from qbdesk.sync.reading import UNFORESEEN, Row, read, read_document, unforeseen
from qbdesk.sync.sources.source import Page
from qbdesk.sync.views import Status

UNREADABLE = invoices.UNREADABLE
BY_A_PERSON = "by_a_person"
PUT_ASIDE = "put_aside"  # the answer that says so of one that was ignored before it changed
AHEAD = "ignored ahead"  # the memory of what a person has decided before the source showed it here
MAYBE_POSTED = (
    " It was sent before that, and QuickBooks has not answered: look there whether it arrived after"
    " all. qbdesk looks no more."
)
_CHANGED_SINCE = " The source has changed it since."
_SENT_BEFORE = (
    " What it showed before was sent to QuickBooks, which has not answered: look there whether it"
    " arrived."
)

_New = tuple[Row, dict[str, Any]]  # a row never seen before, and its columns


def take_in(connection: Connection, company: Company, page: Page, now: datetime) -> list[str]:
    """Stores a page, then its cursor and validator, in the caller's transaction: no 304 can hide
    a row that is not stored. Returns what is new."""
    touched = take_rows(connection, company, page.rows, now)
    companies.change(connection, company.id, cursor=page.cursor, cursor_etag=page.etag)
    return touched


def mark_shown(
    connection: Connection, company: Company, raw_rows: Sequence[Any], now: datetime
) -> bool:
    """The source shows these rows, whatever their revision. Whether one was thought to be gone."""
    source_ids = [read(raw).source_id for raw in raw_rows]
    back = invoices.mark_shown(connection, company.id, source_ids, now)
    for invoice_id in back:
        journal.add(connection, company.id, invoice_id, now, "The source shows it again.")
    return bool(back)


def take_rows(
    connection: Connection, company: Company, raw_rows: Sequence[Any], now: datetime
) -> list[str]:
    """Stores rows, wherever they were read. Returns what is new."""
    rows = [read(raw) for raw in raw_rows]
    known = invoices.find_many(connection, company.id, [row.source_id for row in rows])
    touched: dict[str, None] = {}
    new: list[_New] = []
    for row in rows:
        if row.source_id in touched:  # twice on one page
            _add(connection, company, new, now)
            new = []
            known |= invoices.find_many(connection, company.id, [row.source_id])
        before = known.get(row.source_id)
        if before is not None and not _is_news(row, before):
            continue  # an older or repeated revision
        try:
            _take(connection, company, row, before, new, now)
        except UNFORESEEN as error:
            _take(connection, company, unforeseen(row, error), before, new, now)
        touched[row.source_id] = None
    _add(connection, company, new, now)
    return list(touched)


def _take(
    connection: Connection,
    company: Company,
    row: Row,
    before: InvoiceRecord | None,
    new: list[_New],
    now: datetime,
) -> None:
    """Stores a change; what was never seen is only made ready, to be stored with others."""
    if before is None:
        new.append((row, _columns(row, company, now)))
    else:
        _update(connection, company, row, before, now)


def _is_news(row: Row, before: InvoiceRecord) -> bool:
    """A later revision; or, where revisions cannot tell, another content."""
    if row.revision > before.revision:
        return True
    if row.document == before.document or row.revision not in (0, before.revision):
        return False
    # Not by the reason that is shown: what a person has tried again bears none for a while.
    return row.revision == 0 or read_document(before.document).invoice is None


def _columns(row: Row, company: Company, now: datetime) -> dict[str, Any]:
    """What the table shows and sorts by."""
    shown: dict[str, Any] = {
        "revision": row.revision,
        "document": row.document,
        "changed_at": now,
        "shown_at": now,
        "gone_at": None,
        "status": Status.NEEDS_ATTENTION if row.invoice is None else Status.WAITING,
        "reason": UNREADABLE if row.invoice is None else None,
        "message": row.problem,
        "choices": [],
    }
    if row.invoice is None:
        return shown | _unreadable_columns(row)
    invoice = row.invoice
    days = [payment.day(company.zone) for payment in invoice.received]
    if not days and invoice.paid_at is not None:
        days = [invoice.paid_at.astimezone(company.zone).date()]
    return shown | {
        "number": invoice.number,
        "number_key": invoice.number.casefold(),
        "customer": invoice.customer.name,
        "customer_key": search_key(invoice.customer.name),
        "amount": invoice.total,
        "currency": invoice.currency,
        "paid_on": max(days, default=None),
        "method": shown_method(invoice),
        "fees": shown_fees(invoice),
        "source_link": invoice.url,
    }


def _unreadable_columns(row: Row) -> dict[str, Any]:
    raw = simplejson.loads(row.document, use_decimal=True)
    number = raw.get("number") if isinstance(raw, dict) else None
    number = number[:64] if isinstance(number, str) else ""
    client = raw.get("customer") if isinstance(raw, dict) else None
    name = client.get("name") if isinstance(client, dict) else None
    name = name[:500] if isinstance(name, str) else ""
    return {
        "number": number,
        "number_key": number.casefold(),
        "customer": name,
        "customer_key": search_key(name),
        "amount": None,
        "currency": "",
        "paid_on": None,
        "method": "",
        "fees": "",
        "source_link": None,
    }


def _add(connection: Connection, company: Company, new: Sequence[_New], now: datetime) -> None:
    """Rows that were never seen before, no two of them with one id."""
    if not new:
        return
    invoices.add(
        connection,
        [
            {"company_id": company.id, "source_id": row.source_id, "seen_at": now} | columns
            for row, columns in new
        ],
    )
    ids = invoices.ids(connection, company.id, [row.source_id for row, _ in new])
    told = [
        (ids[row.source_id], f"Seen for the first time, revision {row.revision}.", row.problem)
        for row, _ in new
    ]
    journal.add_each(connection, company.id, now, told)
    _ignore_as_told(connection, company, ids, now)


def ignore_when_shown(
    connection: Connection, company: Company, source_id: str, told: str, who: str, now: datetime
) -> None:
    """A person has decided about an invoice that this ledger has not read yet: a ledger from before
    was restored, say."""
    memory.remember(connection, company.id, AHEAD, source_id, {"told": told, "who": who})
    ahead = (
        f"The invoice with the id {source_id[:140]!r} is ignored as soon as the source shows it."
    )
    journal.add(connection, company.id, None, now, ahead, who=who, details=told)


def take_back(
    connection: Connection, company: Company, source_ids: Sequence[str], who: str, now: datetime
) -> tuple[str, ...]:
    """Returns those of them that were to be ignored when shown, and are not any more."""
    ahead = memory.recall(connection, company.id, AHEAD)
    back = tuple(each for each in dict.fromkeys(source_ids) if each in ahead)
    for source_id in back:
        memory.forget(connection, company.id, AHEAD, source_id)
        told = f"The invoice with the id {source_id[:140]!r} is not to be ignored any more."
        journal.add(connection, company.id, None, now, told, who=who)
    return back


def _ignore_as_told(
    connection: Connection, company: Company, ids: Mapping[str, int], now: datetime
) -> None:
    ahead = memory.recall(connection, company.id, AHEAD)
    for source_id in ahead.keys() & ids.keys():
        told, who = ahead[source_id]["told"], ahead[source_id]["who"]
        invoices.change(
            connection,
            ids[source_id],
            status=Status.IGNORED,
            reason=BY_A_PERSON,
            message=told,
            choices=[],
            changed_at=now,
        )
        journal.add(connection, company.id, ids[source_id], now, told, who=who)
        memory.forget(connection, company.id, AHEAD, source_id)


def _update(
    connection: Connection, company: Company, row: Row, before: InvoiceRecord, now: datetime
) -> None:
    values = _columns(row, company, now) | {"revision": max(row.revision, before.revision)}
    told = _shown(row)
    if is_in_books(connection, before):
        values, told = _after_posting(connection, row, before, values, company.zone)
    elif before.status is Status.IGNORED and before.reason == BY_A_PERSON:
        values |= {"status": before.status, "reason": before.reason, "message": before.message}
    else:
        values["answers"] = {}
        steps.retire(connection, [before.id])
        if row.invoice is None:
            values["message"] = told_unreadable(connection, before.id, row.problem)
    invoices.change(connection, before.id, **values)
    journal.add(connection, company.id, before.id, now, told, details=row.problem)


def _shown(row: Row) -> str:
    return f"The source shows revision {row.revision or 'without a number'}."


def is_in_books(connection: Connection, record: InvoiceRecord) -> bool:
    """An invoice in QuickBooks stands for it. That it was sent does not say so: it may never have
    arrived."""
    if record.status in (Status.SYNCED, Status.ALREADY_IN_QUICKBOOKS):
        return record.posted_document is not None
    return is_of_ours(connection, record)


def is_of_ours(connection: Connection, record: InvoiceRecord) -> bool:
    """The invoice in QuickBooks is one that qbdesk posted, or took for its own."""
    return any(
        step.kind == StepKind.INVOICE and step.state is StepState.CONFIRMED
        for step in steps.of_invoice(connection, record.id)
    )


def _after_posting(
    connection: Connection, row: Row, before: InvoiceRecord, values: dict[str, Any], zone: ZoneInfo
) -> tuple[dict[str, Any], str]:
    """Rule 28: nothing is posted by itself; what matters is said, the rest goes to the journal."""
    told = _shown(row)
    ignored = before.status is Status.IGNORED and before.reason == BY_A_PERSON
    posted = read_document(before.posted_document or "null").invoice
    matters = posted and row.invoice and changes.material(posted, row.invoice, zone)
    if row.invoice is None or matters:
        if matters:
            values |= {"status": Status.WAITING, "message": matters}
        if ignored:
            note = before.message.removesuffix(MAYBE_POSTED)
            values["answers"] = {**before.answers, PUT_ASIDE: note}
        return values, f"{told} {matters or ''}".strip()
    if posted is None and not ignored:
        return values, told
    rest = posted and changes.others(posted, row.invoice)
    told = f"{told} Nothing that is in the books has changed ({rest or 'no part'})."
    if PUT_ASIDE in before.answers:
        return values | ignored_again(connection, before), f"{told} It stays ignored."
    kept: dict[str, Any] = {
        "status": before.status,
        "reason": before.reason,
        "message": before.message,
    }
    kept["choices"] = [[choice.word, choice.label] for choice in before.choices]
    if before.status is Status.NEEDS_ATTENTION:
        # It may be what the person had to mend: look at it once more.
        kept = {"status": Status.WAITING, "reason": None, "message": ""}
    return values | kept, told


def ignored_again(connection: Connection, before: InvoiceRecord) -> dict[str, Any]:
    """The columns of one that a person had ignored before the source changed it."""
    others = dict(before.answers)
    told = f"{others.pop(PUT_ASIDE)}{_CHANGED_SINCE}"
    if steps.may_be_posted(connection, before.id):
        told += MAYBE_POSTED
    ignored = {"status": Status.IGNORED, "reason": BY_A_PERSON, "message": told}
    return ignored | {"choices": [], "answers": others}


def told_unreadable(connection: Connection, invoice_id: int, problem: str) -> str:
    """What is said of a row that cannot be read."""
    return problem + (_SENT_BEFORE if steps.may_be_posted(connection, invoice_id) else "")
