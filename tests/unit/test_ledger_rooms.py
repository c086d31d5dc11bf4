"""The ledger's rooms: pages, steps, settings, memories and requests."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError

from qbdesk.sync.clock_watch import watch_the_clock
from qbdesk.sync.ledger import (
    attempts,
    companies,
    database,
    invoices,
    journal,
    listing,
    memory,
    steps,
)
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger, open_ledger
from qbdesk.sync.ledger.invoices import search_key
from qbdesk.sync.ledger.requests import RequestLedger
from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.views import InvoiceQuery, SortBy, Status

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def connection(ledger: Ledger) -> Iterator[Connection]:
    with ledger.begin() as opened:
        yield opened


@pytest.fixture
def company(connection: Connection) -> Company:
    return _company(connection)


def _company(connection: Connection, **changes: Any) -> Company:
    values: dict[str, Any] = {
        "name": "Maple",
        "source": "feed",
        "source_url": "https://x.example.com",
        "from_date": date(2026, 1, 1),
        "tenant_id": "t1",
        "tenant_name": "Maple",
        "tenant_environment": "sandbox",
        "time_zone": "America/Toronto",
        "created_at": NOW,
    }
    return companies.add(connection, **{**values, **changes})


def _row(connection: Connection, company: Company, key: str, **changes: Any) -> int:
    values: dict[str, Any] = {
        "revision": 1,
        "document": "{}",
        "status": Status.SYNCED,
        "number": key,
        "number_key": key.casefold(),
        "customer": "Ann",
        "customer_key": "ann",
        "amount": Decimal("1.00"),
        "currency": "CAD",
        "paid_on": date(2026, 11, 1),
        "method": "Cash",
        "fees": "",
        "seen_at": NOW,
        "changed_at": NOW,
    }
    invoices.add(connection, [{"company_id": company.id, "source_id": key, **values, **changes}])
    return invoices.ids(connection, company.id, [key])[key]


@pytest.mark.parametrize("size", [1, 5, 8, 37])
@pytest.mark.parametrize("sort_by", list(SortBy))
@pytest.mark.parametrize("descending", [True, False])
def test_pages_show_every_row_once_in_order_whatever_is_missing(
    connection: Connection, company: Company, sort_by: SortBy, descending: bool, size: int
) -> None:
    for n in range(37):
        _row(
            connection,
            company,
            f"inv-{n}",
            customer_key=f"c{n % 3}",
            amount=None if n % 5 == 0 else Decimal(n % 4) - 1,
            paid_on=None if n % 7 == 0 else date(2026, 1, 1) + timedelta(days=n % 6),
            status=list(Status)[n % 6],
        )
    query = InvoiceQuery("Maple", sort_by=sort_by, descending=descending)
    seen, after = [], None
    for _ in range(40):
        records, total, after = listing.page(connection, company.id, query, after, size)
        assert total == 37
        seen += records
        if after is None:
            break
    assert len({record.source_id for record in seen}) == len(seen) == 37
    keys = {
        SortBy.PAID_ON: lambda r: (r.paid_on is not None, r.paid_on or date.min),
        SortBy.NUMBER: lambda r: r.number_key,
        SortBy.CUSTOMER: lambda r: r.customer_key,
        SortBy.AMOUNT: lambda r: (r.amount is not None, r.amount or Decimal(0)),
        SortBy.STATUS: lambda r: r.status,
    }
    told = [(keys[sort_by](record), record.id) for record in seen]
    assert told == sorted(told, reverse=descending)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("inv_1", {"inv_1"}),
        ("%", set()),
        ("ÄRGER", {"b"}),
        ("arger", {"b"}),
        (" b ", {"b"}),
        ("'; DROP", set()),
    ],
)
def test_a_search_takes_every_sign_as_it_is(
    connection: Connection, company: Company, search: str, found: set[str]
) -> None:
    _row(connection, company, "inv_1")
    _row(connection, company, "invx1", number_key="invx1")
    _row(connection, company, "b", number_key="n-9", customer_key=search_key("Ärger GmbH"))
    records, total, _ = listing.page(
        connection, company.id, InvoiceQuery("Maple", search=search), None, 50
    )
    assert {record.source_id for record in records} == found
    assert total == len(found)


@pytest.mark.parametrize("sort_by", list(SortBy))
@pytest.mark.parametrize("search", ["", "inv-1", "c"])
@pytest.mark.parametrize("status", [None, Status.SYNCED])
def test_what_fits_is_told_alike_whether_it_is_few_or_many(
    connection: Connection,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    sort_by: SortBy,
    search: str,
    status: Status | None,
) -> None:
    for n in range(24):
        paid_on = None if n % 7 == 0 else date(2026, 1, 1) + timedelta(days=n % 5)
        shown = {"number_key": f"inv-{n}", "customer_key": f"c{n % 3}", "paid_on": paid_on}
        _row(
            connection, company, f"inv-{n}", status=(Status.SYNCED, Status.WAITING)[n % 2], **shown
        )
    query = InvoiceQuery("Maple", status=status, search=search, sort_by=sort_by)
    told = []
    for few in (listing.FEW, 0):
        monkeypatch.setattr(listing, "FEW", few)
        pages, after = [], None
        for _ in range(9):
            records, total, after = listing.page(connection, company.id, query, after, 4)
            pages += [record.source_id for record in records]
            assert records
            if after is None or len(pages) == total:
                break
        told.append((pages, total))
    assert told[0] == told[1]
    assert len(told[0][0]) == told[0][1] > 0


def test_rows_of_one_status_are_shown_alone(connection: Connection, company: Company) -> None:
    _row(connection, company, "a")
    _row(connection, company, "b", status=Status.IGNORED)
    query = InvoiceQuery("Maple", status=Status.IGNORED)
    assert [r.source_id for r in listing.page(connection, company.id, query, None, 9)[0]] == ["b"]
    assert invoices.counts(connection, company.id) == {Status.SYNCED: 1, Status.IGNORED: 1}


def test_an_earlier_row_with_the_number_is_found_unless_it_is_ignored(
    connection: Connection, company: Company
) -> None:
    _row(connection, company, "a", number_key="n-1", status=Status.IGNORED)
    first = _row(connection, company, "b", number_key="n-1")
    second = _row(connection, company, "c", number_key="n-1")
    records = invoices.get(connection, [first, second])
    assert invoices.earlier_with_number(connection, company.id, records) == {second: "b"}


def test_a_source_id_is_there_once_per_company(connection: Connection, company: Company) -> None:
    _row(connection, company, "a")
    with pytest.raises(IntegrityError):
        _row(connection, company, "a")


def test_rows_of_another_company_are_not_seen(connection: Connection, company: Company) -> None:
    other = _company(connection, name="Other")
    _row(connection, other, "a")
    assert invoices.find(connection, company.id, "a") is None
    assert invoices.everything(connection, company.id) == []


def _step(connection: Connection, company: Company, invoice_id: int, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "kind": "invoice",
        "operation": "invoice:a",
        "generation": 0,
        "request_id": "qd1",
        "path": "invoice",
        "body": b'{"a": 1.10}',
        "state": StepState.INTENT,
    }
    return steps.add(
        connection, company_id=company.id, invoice_id=invoice_id, **{**values, **changes}
    )


def test_the_newest_generation_counts_and_keeps_its_bytes(
    connection: Connection, company: Company
) -> None:
    row = _row(connection, company, "a")
    _step(connection, company, row, state=StepState.RETIRED)
    newest = _step(connection, company, row, generation=1)
    found = steps.latest(connection, company.id, ["invoice:a", "invoice:b"])
    assert found == {"invoice:a": newest}
    assert found["invoice:a"].body == b'{"a": 1.10}'


def test_a_generation_is_recorded_once(connection: Connection, company: Company) -> None:
    row = _row(connection, company, "a")
    _step(connection, company, row)
    with pytest.raises(IntegrityError):
        _step(connection, company, row)


@pytest.mark.parametrize("find", [invoices.under_way, invoices.begun])
def test_the_few_that_are_not_at_rest_are_found_without_a_walk_over_all(
    connection: Connection, company: Company, find: Callable[[Connection, int], list[int]]
) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(
        connection,
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, *_: asked.append((statement, values)),
    )
    find(connection, company.id)
    ((statement, values),) = asked
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert any("(company_id=? AND status=?)" in step.detail for step in plan)


def test_what_was_under_way_at_the_end_of_the_program_is_in_doubt(
    connection: Connection, company: Company
) -> None:
    row = _row(connection, company, "a")
    _step(connection, company, row, state=StepState.SENT)
    _step(connection, company, row, operation="invoice:b")
    attempts.end_cut_off(connection, company.id, NOW)
    found = steps.latest(connection, company.id, ["invoice:a", "invoice:b"])
    assert (found["invoice:a"].state, found["invoice:a"].ended_at) == (StepState.UNKNOWN, NOW)
    assert found["invoice:b"].state is StepState.INTENT
    told = [entry.text for entry in journal.of_invoice(connection, row)]
    assert told == [attempts.CUT_OFF]


def test_how_long_the_computer_was_on_counts_only_while_something_waits_for_long(
    connection: Connection, company: Company
) -> None:
    made = _step(
        connection,
        company,
        _row(connection, company, "a"),
        state=StepState.INTENT,
        sent_at=NOW,
        ended_at=NOW,
        path="batch?requestid=x",
    )
    steps.put_apart(connection, made)
    watch_the_clock(connection, company.id, NOW, monotonic=1_000_000.0)
    steps.change(connection, made.id, state=StepState.CONFIRMED)
    watch_the_clock(connection, company.id, NOW, monotonic=1_000_000.0)
    # Days later the computer has been started anew, and something has to wait once more.
    steps.change(connection, made.id, state=StepState.UNKNOWN)
    watch_the_clock(connection, company.id, NOW, monotonic=50.0)
    [found] = steps.latest(connection, company.id, ["invoice:a"]).values()
    assert found.ended_at == NOW


def test_an_attempt_in_doubt_is_remembered(connection: Connection, company: Company) -> None:
    made = _step(connection, company, _row(connection, company, "a"))
    attempts.add(connection, made, NOW, "not sent", None, "x")
    assert not attempts.was_in_doubt(connection, made.id)
    attempts.add(connection, made, NOW, "unknown", "tid-1", "x")
    assert attempts.was_in_doubt(connection, made.id)


def test_the_journal_is_in_order_and_names_the_trace(
    connection: Connection, company: Company
) -> None:
    row = _row(connection, company, "a")
    made = _step(connection, company, row)
    attempts.add(connection, made, NOW + timedelta(seconds=1), "confirmed", "t-1", "Done.")
    journal.add(connection, company.id, row, NOW, "Seen.", who="Ann", details="d")
    told = journal.of_invoice(connection, row)
    sent = hashlib.sha256(made.body).hexdigest()
    assert [(e.who, e.text, e.details) for e in told] == [
        ("Ann", "Seen.", "d"),
        ("qbdesk", "Done.", f"confirmed, intuit_tid t-1, {made.operation}, SHA-256 {sent}"),
    ]


def test_settings_and_memories_are_replaced_and_forgotten(
    connection: Connection, company: Company
) -> None:
    for value in ("1", "2"):
        companies.change_setting(connection, company.id, "deposit.card", value)
        memory.remember(connection, company.id, "item", "1", {"id": value})
    assert companies.settings(connection, company.id) == {"deposit.card": "2"}
    assert memory.recall(connection, company.id, "item") == {"1": {"id": "2"}}
    memory.forget(connection, company.id, "item", "1")
    assert memory.recall(connection, company.id, "item") == {}


def test_one_name_and_quickbooks_company_is_one_ledger(connection: Connection) -> None:
    _company(connection, realm_id="1", environment="sandbox")
    with pytest.raises(IntegrityError):
        _company(connection, realm_id="1", environment="sandbox", active=False)


def test_requests_are_remembered_across_programs_for_two_minutes(ledger: Ledger) -> None:
    one = RequestLedger(ledger, "1")
    for at in (1000.0, 1060.0, 1150.0):
        one.add(at, "read")
    one.add(1150.5, "batch")
    again = RequestLedger(ledger, "1")
    assert again.recent(1090.0) == [(1150.0, "read"), (1150.5, "batch")]
    assert again.recent(0.0) == [(1060.0, "read"), (1150.0, "read"), (1150.5, "batch")]
    assert RequestLedger(ledger, "2").recent(0.0) == []


def test_times_come_back_in_utc(connection: Connection, company: Company) -> None:
    assert company.created_at == NOW
    assert company.created_at.tzinfo is UTC


def test_more_invoices_are_queued_again_than_a_statement_takes_values(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.db")
    ids = list(range(1, 40_001))
    with ledger.begin() as connection:
        invoices.requeue(connection, ids, NOW)
        steps.ask_again(connection, ids)
        assert invoices.get(connection, ids) == []
    ledger.close()


def test_the_newest_version_is_the_last_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == database.NEWEST
