"""How the sums of the control totals are kept and named."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from known import FACTS
from sqlalchemy import Connection

from qbdesk.commands.totals import _print
from qbdesk.sync.ledger import companies, control, invoices
from qbdesk.sync.ledger.control import Kept, Place, Sums
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.reports import Kind
from qbdesk.sync.totals import csv_file, report
from qbdesk.sync.views import Status

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GROSS = Place("2026-11", "CAD", Kind.GROSS, "")


def sums(source: str, quickbooks: str, count: int = 1) -> Sums:
    return Sums(Decimal(source), Decimal(quickbooks), count, count)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    ledger = open_ledger(tmp_path / "ledger.db")
    with ledger.begin() as opened:
        yield opened
    ledger.close()


@pytest.fixture
def company(connection: Connection) -> int:
    return companies.add(
        connection,
        name="Maple",
        source="feed",
        source_url="https://x.example.com",
        from_date=date(2026, 1, 1),
        tenant_id="t1",
        tenant_name="Maple",
        tenant_environment="sandbox",
        time_zone="America/Toronto",
        created_at=NOW,
    ).id


def add_row(connection: Connection, company: int, key: str) -> int:
    row = dict(
        company_id=company,
        source_id=key,
        revision=1,
        document="{}",
        status=Status.SYNCED,
        number=key,
        number_key=key,
        customer="C",
        customer_key="c",
        currency="CAD",
        method="",
        fees="",
        seen_at=NOW,
        changed_at=NOW,
    )
    invoices.add(connection, [row])
    return invoices.ids(connection, company, [key])[key]


def take(connection: Connection, company: int, row: int, at: datetime, **more: object) -> None:
    kept = Kept(
        **{"month": "2026-11", "open_amount": Decimal(0), "marked": False, "figures": []} | more
    )
    control.keep(connection, company, {row: (at, kept)})


def test_sums_are_moved_exactly_and_what_comes_to_nothing_is_gone(connection, company) -> None:
    control.move(connection, company, {GROSS: sums("100.10", "100.10")})
    control.move(connection, company, {GROSS: sums("0.20", "0.30")})
    assert control.sums(connection, company, None)[Place("", "CAD", Kind.GROSS, "")] == sums(
        "100.30", "100.40", 2
    )
    control.move(connection, company, {GROSS: -sums("100.30", "100.40", 2)})
    assert control.sums(connection, company, None) == {}
    assert control.months(connection, company) == []


def test_months_stand_alone_and_together(connection, company) -> None:
    october = Place("2026-10", "CAD", Kind.GROSS, "")
    control.move(connection, company, {GROSS: sums("1", "1"), october: sums("2", "2")})
    assert control.sums(connection, company, "2026-10") == {october: sums("2", "2")}
    (whole,) = control.sums(connection, company, None).values()
    assert whole == sums("3", "3", 2)
    assert control.months(connection, company) == ["2026-11", "2026-10"]


def test_a_clock_that_is_set_back_hides_no_change(connection, company) -> None:
    row = add_row(connection, company, "a")
    assert control.stale(connection, company, 0, 10) == [row]
    take(connection, company, row, NOW)
    assert control.stale(connection, company, 0, 10) == []
    invoices.change(connection, row, changed_at=NOW - timedelta(days=1))
    assert control.stale(connection, company, 0, 10) == [row]


def test_figures_that_are_taken_again_stand_once(connection, company) -> None:
    row = add_row(connection, company, "a")
    take(connection, company, row, NOW, figures=[["x"]])
    take(connection, company, row, NOW, figures=[["y"]])
    assert control.figures(connection, [row]) == {row: [["y"]]}


def test_the_first_marked_invoices_are_named_and_all_are_counted(connection, company) -> None:
    for number in range(3):
        row = add_row(connection, company, f"open-{number}")
        take(connection, company, row, NOW, open_amount=Decimal("5.00"), marked=True)
    take(connection, company, add_row(connection, company, "differs"), NOW, marked=True)
    take(connection, company, add_row(connection, company, "fine"), NOW)
    still_open, count = control.marked(connection, company, None, 2, still_open=True)
    assert ([entry.number for entry in still_open], count) == (["open-0", "open-1"], 3)
    differing, count = control.marked(connection, company, "2026-11", 2, still_open=False)
    assert ([entry.number for entry in differing], count) == (["differs"], 1)
    assert control.marked(connection, company, "2026-10", 2, still_open=True) == ([], 0)


@pytest.mark.parametrize(
    ("kind", "key", "label"),
    [
        (Kind.TAX, "code HST ON 13", "HST ON (13 %)"),
        (Kind.TAX, "gone 13", "Tax code gone (13 %)"),
        (Kind.TAX, " 9.975", "9.975 %"),
        (Kind.TAX, "", "All rates together"),
        (Kind.PAID, "4", "Undeposited Funds"),
        (Kind.PAID, "99", "Account 99"),
        (Kind.PAID, "?", "Account not told by QuickBooks"),
    ],
)
def test_codes_and_accounts_bear_their_names(kind: Kind, key: str, label: str) -> None:
    found = {GROSS: sums("1", "1"), Place("2026-11", "CAD", kind, key): sums("1", "1")}
    (line,) = [line for line in report.lines(found, FACTS) if line.kind is kind]
    assert line.label == label


def test_a_ledger_from_before_the_control_totals_gets_them(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    open_ledger(file).close()
    with closing(sqlite3.connect(file)) as old:
        for table in ("control", "control_total"):
            old.execute(f"DROP TABLE {table}")
        old.execute("DROP INDEX ix_paid_invoice_company_id_id_changed_at")
        old.execute("UPDATE alembic_version SET version_num = '0001'")
        old.commit()
    ledger = open_ledger(file)
    with ledger.begin() as opened:
        assert control.months(opened, 1) == []
    ledger.close()


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        (
            [
                ["2026-11", "CAD", "gross", "", "399.00", "353.00", 1, 1],
                ["2026-11", "CAD", "tax", " 13", "46.00", "0", 1, 1],
            ],
            "The total is 399.00 CAD here and 353.00 CAD in QuickBooks. "
            "Tax is 46.00 CAD here and 0.00 CAD in QuickBooks.",
        ),
        (
            [
                ["2026-11", "CAD", "gross", "", "113.00", "113.00", 1, 1],
                ["2026-11", "CAD", "tax", "?", "13.00", "0", 1, 1],
            ],
            report.WITHOUT_A_WORD,
        ),
        (
            [
                ["2026-11", "CAD", "tax", " 5", "5.00", "0", 1, 1],
                ["2026-11", "CAD", "tax", " 13", "13.00", "18.00", 1, 1],
            ],
            report.WITHOUT_A_WORD,
        ),
    ],
)
def test_what_differs_is_named_where_it_is_known(
    connection, company, figures: list[list[object]], why: str
) -> None:
    row = add_row(connection, company, "a")
    take(connection, company, row, NOW, marked=True, figures=figures)
    (entry,) = report.of_company(connection, companies.get(connection, company), None).differing
    assert entry.why == why


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (Status.SYNCED, "The total is 399.00 CAD here and 353.00 CAD in QuickBooks. Fees."),
        (Status.NEEDS_ATTENTION, "Fees."),
    ],
)
def test_a_remark_does_not_pass_for_the_reason(
    connection, company, status: Status, why: str
) -> None:
    row = add_row(connection, company, "a")
    invoices.change(connection, row, status=status, message="Fees.")
    figures = [["2026-11", "CAD", "gross", "", "399.00", "353.00", 1, 1]]
    take(connection, company, row, NOW, marked=True, figures=figures)
    (entry,) = report.of_company(connection, companies.get(connection, company), None).differing
    assert entry.why == why


def test_what_is_not_known_yet_is_not_said_to_be_nothing(
    connection, company, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report.of_company(connection, companies.get(connection, company), None)
    printed = {}
    for note in ("", "It has not been read yet."):
        _print(replace(found, note=note))
        printed[note] = capsys.readouterr().out
    saved = csv_file.text(replace(found, note=note)).splitlines()
    assert [saved[1], saved[-1]] == [note, "Otherwise in QuickBooks,not known yet"]
    told, untold = printed[""], printed["It has not been read yet."]
    assert "Maple: nothing of this is in QuickBooks by qbdesk." in told
    assert "Still open in QuickBooks: none." in told
    assert "Maple: It has not been read yet." in untold
    assert "Still open in QuickBooks: not known yet." in untold
    assert "none." not in untold.replace("showed: none.", "")
