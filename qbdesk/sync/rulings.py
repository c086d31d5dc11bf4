"""What a person decides about invoices and settings; all of it stands in the journal."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from qbdesk.sync import intake, reading, recollection
from qbdesk.sync.errors import Refusal
from qbdesk.sync.ledger import attempts, companies, invoices, journal, memory, steps
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.invoices import InvoiceRecord
from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.planner.after_invoice import PAY_AGAIN, POST_AGAIN
from qbdesk.sync.planner.plan import KEEP, kept_word
from qbdesk.sync.planner.repair import LEAVE, left
from qbdesk.sync.planner.steps import invoice_operation, operations, payment_operation
from qbdesk.sync.planner.tax_codes import CODE_PREFIX
from qbdesk.sync.quickbooks.answers import PostedInvoice
from qbdesk.sync.shown import TRY_AGAIN
from qbdesk.sync.verdicts import NOT_WANTED
from qbdesk.sync.views import Status

GONE_KEPT = "The source no longer knows it; QuickBooks was left as it is, by decision."
EARLIEST = date(2000, 1, 1)
MOST_AHEAD = timedelta(days=366)


def resync(
    connection: Connection, company: Company, source_ids: Sequence[str], who: str, now: datetime
) -> tuple[str, ...]:
    """Queues invoices again with a clean slate; what was posted is looked at once more.

    Returns:
        Those that the ledger does not know yet: they are not ignored any more when they are shown.

    Raises:
        Refusal: One of them is not in the ledger, nor to be ignored; nothing is queued then.
    """
    back = intake.take_back(connection, company, source_ids, who, now)
    known = [each for each in dict.fromkeys(source_ids) if each not in back]
    records = [_known(connection, company, source_id) for source_id in known]
    for record in records:
        invoices.change(connection, record.id, answers=_without_put_aside(record))
        _try_again(connection, company, record, now)
        journal.add(connection, company.id, record.id, now, "Queued again.", who=who)
    return back


def _without_put_aside(record: InvoiceRecord) -> dict[str, str]:
    """A newer decision counts."""
    return {key: value for key, value in record.answers.items() if key != intake.PUT_ASIDE}


def _known(connection: Connection, company: Company, source_id: str) -> InvoiceRecord:
    record = invoices.find(connection, company.id, source_id)
    if record is None:
        raise Refusal(f"{company.name} has no invoice with the id {source_id[:140]!r}.")
    return record


def _try_again(
    connection: Connection, company: Company, record: InvoiceRecord, now: datetime
) -> None:
    if (record.reason or "").startswith("refused"):
        _forget_what_was_refused(connection, company, record)
    if record.reason in ("never_taken", invoices.GONE_AT_SOURCE):
        _count_anew(connection, company, record, now)
    steps.ask_again(connection, [record.id])
    invoices.requeue(connection, [record.id], now)


def _count_anew(
    connection: Connection, company: Company, record: InvoiceRecord, now: datetime
) -> None:
    invoice = reading.read_document(record.document).invoice
    if invoice is not None:
        account = company.income_account_id
        wanted = [*operations(invoice), f"item:{account}"]
        attempts.count_anew(connection, company.id, wanted, now)


def _forget_what_was_refused(
    connection: Connection, company: Company, record: InvoiceRecord
) -> None:
    """The customer, item or method may have been changed in QuickBooks: all are looked up anew."""
    invoice = reading.read_document(record.document).invoice
    if invoice is not None:
        key = f"{invoice.customer.id} {invoice.currency}"
        memory.forget(connection, company.id, "customer", key)
        # A shared step may belong to the invoice that first needed it.
        steps.retire_operations(connection, company.id, operations(invoice))
    for kind in ("item", "method"):
        for key in memory.recall(connection, company.id, kind):
            memory.forget(connection, company.id, kind, key)


def ignore(
    connection: Connection,
    company: Company,
    source_ids: Sequence[str],
    note: str,
    who: str,
    now: datetime,
) -> tuple[str, ...]:
    """Leaves invoices alone from now on. Of a paused company also those that its preview has shown
    and its ledger does not know yet.

    Returns:
        Those that the ledger does not know yet: they are ignored as soon as the source shows them.

    Raises:
        Refusal: One is not in the ledger, and the company is not paused; none is ignored then.
    """
    told = f"Ignored by {who}" + (f": {note.strip()[:500]}" if note.strip() else ".")
    ahead = []
    for source_id in dict.fromkeys(source_ids):
        record = invoices.find(connection, company.id, source_id)
        if record is None and company.paused:
            intake.ignore_when_shown(connection, company, source_id, told, who, now)
            ahead.append(source_id)
        else:
            _put_aside(connection, _known(connection, company, source_id), told, who, now)
    return tuple(ahead)


def resolve(
    connection: Connection,
    company: Company,
    source_ids: Sequence[str],
    choice: str,
    who: str,
    now: datetime,
) -> None:
    """Takes a choice that each of these invoices offers; rule 32: with who decided, and what about.

    Raises:
        Refusal: No such invoice, or one does not offer this choice; nothing is decided then.
    """
    records = [_known(connection, company, each) for each in dict.fromkeys(source_ids)]
    for record in records:
        if choice not in _offered(record):
            raise Refusal(_NOT_OFFERED if len(records) == 1 else _not_offered_by(record))
    for record in records:
        told = f"Decided: {_offered(record)[choice]}"
        journal.add(connection, company.id, record.id, now, told, who=who, details=record.message)
        _decide(connection, company, record, choice, who, now)


_NOT_OFFERED = "This invoice does not offer that choice (any more). Look at it again."


def _not_offered_by(record: InvoiceRecord) -> str:
    name = record.number or record.source_id
    return (
        f"Invoice {name[:60]} does not offer that choice (any more), so nothing was decided for "
        "any of them."
    )


def _offered(record: InvoiceRecord) -> dict[str, str]:
    """The choices of a held invoice: word -> label."""
    if record.status is not Status.NEEDS_ATTENTION:
        return {}
    return {entry.word: entry.label for entry in (TRY_AGAIN, *record.choices)}


def alike(connection: Connection, company: Company, source_id: str) -> dict[str, tuple[str, ...]]:
    """For each choice of a held invoice: the others held for the same reason that offer it too.

    Nothing where one answer counts for all anyway.
    """
    record = _known(connection, company, source_id)
    reason = record.reason or ""
    if reason.startswith("setting:"):
        return {}
    held = invoices.held_for(connection, company.id, reason)
    found = {
        word: tuple(
            other
            for other, words in held
            if other != source_id and (word in words or word == TRY_AGAIN.word)
        )
        for word in _offered(record)
    }
    return {word: same for word, same in found.items() if same}


def _decide(
    connection: Connection,
    company: Company,
    record: InvoiceRecord,
    choice: str,
    who: str,
    now: datetime,
) -> None:
    reason = record.reason or ""
    if choice == TRY_AGAIN.word:
        _try_again(connection, company, record, now)
    elif choice == KEEP.word:
        _keep(connection, record, now)
    elif choice == LEAVE.word:
        _leave(connection, record, who, now)
    elif choice == POST_AGAIN.word:
        steps.forget_posting(connection, record.id)
        invoices.change(connection, record.id, posted_document=None)
        invoices.requeue(connection, [record.id], now)
    elif choice == PAY_AGAIN.word:
        steps.forget_payments(connection, record.id)
        steps.ask_again(connection, [record.id])
        invoices.requeue(connection, [record.id], now)
    elif reason.startswith("setting:"):
        value = choice.removeprefix(CODE_PREFIX)
        key = reason.removeprefix("setting:")
        before = companies.settings(connection, company.id).get(key, "nothing")
        if before != value:  # of several invoices the first has said it
            companies.change_setting(connection, company.id, key, value)
            label = _offered(record)[choice]
            told = f"Setting {key} changed from {before} to {value}: {label}"
            journal.add(connection, company.id, None, now, told, who=who)
        invoices.requeue(connection, invoices.with_reason(connection, company.id, reason), now)
    else:
        _answer(connection, company, record, choice, now)


def _keep(connection: Connection, record: InvoiceRecord, now: datetime) -> None:
    """Changed after posting or gone from the source, and QuickBooks is right as it is."""
    if intake.PUT_ASIDE in record.answers:
        again = intake.ignored_again(connection, record)
        invoices.change(
            connection, record.id, posted_document=record.document, changed_at=now, **again
        )
        return
    posted = reading.read_document(record.posted_document or "null").invoice
    wanted = [payment_operation(posted, each) for each in posted.received] if posted else [""]
    done = steps.latest(connection, record.company_id, wanted)
    at_rest = all(name in done and done[name].state is StepState.CONFIRMED for name in wanted)
    answers = {**record.answers, "changed": kept_word(record.revision)} if at_rest else {}
    status = Status.WAITING
    if record.reason == invoices.GONE_AT_SOURCE:
        if not intake.is_of_ours(connection, record):
            # Nothing would come of a look, unless it is not found: then it would be posted.
            status, answers = Status.ALREADY_IN_QUICKBOOKS, dict(record.answers)
        elif at_rest:
            status = Status.SYNCED
    steps.read_again(connection, [record.id], asked=True)  # it may have been put right there
    invoices.change(
        connection,
        record.id,
        posted_document=record.document,
        answers=answers,
        status=status,
        reason=None,
        message="" if status is Status.WAITING else GONE_KEPT,
        choices=[],
        changed_at=now,
    )


def _leave(connection: Connection, record: InvoiceRecord, who: str, now: datetime) -> None:
    """Posted, and not as the source has it: it stays so, and the payment is not posted."""
    invoice = reading.read_document(record.document).invoice
    assert invoice is not None
    operation = invoice_operation(invoice)
    posted = steps.latest(connection, record.company_id, [operation])[operation]
    answer = PostedInvoice.model_validate(posted.answer)
    ids = {"quickbooks_customer_id": answer.customer_id, "quickbooks_invoice_id": answer.id}
    invoices.change(connection, record.id, **ids)
    _put_aside(connection, record, left(invoice, answer, who), who, now)


def _put_aside(
    connection: Connection, record: InvoiceRecord, told: str, who: str, now: datetime
) -> None:
    if steps.may_be_posted(connection, record.id):
        told += intake.MAYBE_POSTED
    invoices.change(
        connection,
        record.id,
        status=Status.IGNORED,
        reason=intake.BY_A_PERSON,
        message=told,
        choices=[],
        answers=_without_put_aside(record),
        changed_at=now,
    )
    details = record.message
    journal.add(connection, record.company_id, record.id, now, told, who=who, details=details)


def _answer(
    connection: Connection, company: Company, record: InvoiceRecord, choice: str, now: datetime
) -> None:
    """An answer about a client counts for all of that client's held invoices."""
    reason = record.reason or ""
    same = [record]
    if reason == "customer":
        client = _client(record)
        held = invoices.get(connection, invoices.with_reason(connection, company.id, reason))
        same = [entry for entry in held if _client(entry) == client]
    for entry in same:
        answers = {**entry.answers, reason: choice}
        invoices.change(connection, entry.id, answers=answers)
        steps.ask_again(connection, [entry.id])
    invoices.requeue(connection, [entry.id for entry in same], now)


def _client(record: InvoiceRecord) -> str | None:
    invoice = reading.read_document(record.document).invoice
    return None if invoice is None else invoice.customer.id


def start_from(connection: Connection, company: Company, first_day: date, now: datetime) -> None:
    """Another first day: what was paid too early for the old one may be wanted now, and the
    reverse; an earlier day needs all that the source has once more.

    Raises:
        Refusal: As `check_first_day` does.
    """
    if first_day == company.from_date:
        return
    check_first_day(first_day, now)
    if first_day < company.from_date:
        recollection.remember_opening_day(connection, company)
        companies.change(connection, company.id, cursor=None, cursor_etag=None)
    else:
        requeue(connection, invoices.held(connection, company.id), now)
    companies.change(connection, company.id, from_date=first_day)
    early = invoices.with_reason(connection, company.id, NOT_WANTED)
    invoices.requeue(connection, early, now)


def check_first_day(day: date, now: datetime) -> None:
    """Raises Refusal for one that cannot be meant: QuickBooks Online was not there yet, or nothing
    would be posted for more than a year."""
    if day < EARLIEST:
        raise Refusal(f"The first day is {EARLIEST} or later.")
    if day > now.date() + MOST_AHEAD:
        raise Refusal(f"{day} is more than a year ahead. Name the day from which invoices count.")


def begin_from(
    connection: Connection,
    company: Company,
    first_day: date,
    who: str,
    now: datetime,
    *,
    pausing: bool,
) -> None:
    """A person chose another first day of payment. Raises Refusal as `start_from` does.

    Args:
        pausing: An earlier one pauses the company, so that what comes with it can be looked at
            before it is posted (rule 34).
    """
    if first_day == company.from_date:
        return
    start_from(connection, company, first_day, now)
    told = f"Posts what was paid from {first_day} on. Before: from {company.from_date} on."
    if pausing and first_day < company.from_date:
        companies.change(connection, company.id, paused=True)
        told += " Paused until that has been looked at."
    journal.add(connection, company.id, None, now, told, who=who)


def requeue(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """What was held is looked at once more, because something it may hang on has changed."""
    steps.retire(connection, ids)
    invoices.requeue(connection, ids, now)
