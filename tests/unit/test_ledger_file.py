"""The ledger's file: old versions, a kill in a migration, a full disk, a network drive."""

import logging
import os
import shutil
import signal
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import event, text

from qbdesk.app import log_to
from qbdesk.sync import place
from qbdesk.sync.errors import LedgerDamaged, LedgerTrouble, Refusal
from qbdesk.sync.ledger import backups, companies, database, invoices, journal, memory, steps
from qbdesk.sync.ledger.database import MIGRATIONS, NEWEST, Ledger, open_ledger
from qbdesk.sync.ledger.requests import of_month
from qbdesk.sync.ledger.sqlite_words import in_words
from qbdesk.sync.views import Choice, Status

FIXTURES = Path(__file__).parents[1] / "fixtures"
NOW = datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(file: Path) -> Iterator[Ledger]:
    opened = open_ledger(file)
    yield opened
    opened.close()


# ---- versions ----


def of_version(version: str, file: Path) -> Path:
    with sqlite3.connect(file) as connection:
        connection.executescript((FIXTURES / f"ledger-{version}.sql").read_text("utf-8"))
    connection.close()
    return file


def versions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def test_there_is_a_ledger_of_every_version() -> None:
    there = {file.stem.removeprefix("ledger-") for file in FIXTURES.glob("ledger-*.sql")}
    assert there == set(versions())


@pytest.mark.parametrize("version", versions())
def test_a_ledger_of_every_version_is_brought_up_to_date_with_all_that_it_holds(
    file: Path, version: str
) -> None:
    opened = open_ledger(of_version(version, file))
    with opened.begin() as connection:
        (company,) = companies.everyone(connection)
        first, second, _ = invoices.everything(connection, company.id)
        step = steps.latest(connection, company.id, ["invoice:inv-0"])["invoice:inv-0"]
        told = journal.of_invoice(connection, first.id)
        assert memory.recall(connection, company.id, "customer") == {"c1 CAD": {"id": "1"}}
        assert companies.settings(connection, company.id) == {"deposit.card": "35"}
        assert of_month(connection, "9130", NOW) == {"read": 1}
    opened.close()
    assert (company.name, company.cursor) == ("Maple", "c-17")
    assert company.tenant_name == "Maple “Billing” Léger"
    assert (company.from_date, company.created_at) == (date(2026, 1, 1), NOW)
    assert (first.amount, first.quickbooks_payment_ids) == (Decimal("1234.505"), ["7", "8"])
    assert (second.status, second.choices) == (
        Status.NEEDS_ATTENTION,
        (Choice("keep", "Leave it"),),
    )
    assert (step.body, step.answer) == (b'{"DocNumber": "N"}', {"total": "1234.505"})
    assert {(entry.who, entry.at) for entry in told} == {("Ann", NOW), ("qbdesk", NOW)}


def test_the_newest_versions_ledger_has_the_tables_of_today(tmp_path: Path) -> None:
    """Else, for a version that is not released yet: scripts/ledger_fixture.py."""
    told = []
    open_ledger(tmp_path / "new.db").close()
    for made in (tmp_path / "new.db", of_version(NEWEST, tmp_path / "old.db")):
        with sqlite3.connect(made) as connection:
            rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            told.append({" ".join(row[0].split()).replace('"', "") for row in rows})
        connection.close()
    assert told[0] == told[1]


NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", "{newest}"


def upgrade():
    with op.batch_alter_table("company") as batch:
        batch.add_column(sa.Column("colour", sa.Text()))
        batch.alter_column("name", type_=sa.String(300))
    op.execute("UPDATE company SET colour = 'green'")
    op.create_index("ix_company_colour", "company", ["colour"])
"""


def next_version(tmp_path: Path) -> Path:
    """The migrations of a qbdesk to come: it makes a table anew that others point to."""
    scripts = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9999.py").write_text(NEXT.format(newest=NEWEST), "utf-8")
    return scripts


def killed_at(statement: int, file: Path, scripts: Path) -> bool:
    """Migrates in a process that is killed before its n-th statement; False: it came to an end."""
    child = os.fork()
    if child == 0:
        engine = database.new_engine(file, foreign_keys=False)
        seen = 0

        @event.listens_for(engine, "before_cursor_execute")
        def count(*_: object) -> None:
            nonlocal seen
            seen += 1
            if seen == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        database.upgrade(engine, file, scripts)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def test_whenever_a_migration_is_killed_the_ledger_is_as_it_was_before(
    file: Path, tmp_path: Path
) -> None:
    scripts = next_version(tmp_path)
    of_version(NEWEST, file)
    before = "\n".join(sqlite3.connect(file).iterdump())
    statement = 1
    while killed_at(statement, file, scripts):
        opened = open_ledger(file)
        opened.close()
        assert "\n".join(sqlite3.connect(file).iterdump()) == before
        statement += 1
    assert statement > 8
    after = sqlite3.connect(file)
    assert after.execute("SELECT colour FROM company").fetchall() == [("green",)]
    assert after.execute("SELECT count(*) FROM paid_invoice").fetchone() == (3,)
    assert after.execute("PRAGMA foreign_key_check").fetchall() == []


def test_before_a_migration_a_backup_is_made(file: Path) -> None:
    open_ledger(of_version("0001", file)).close()
    (backup,) = backups.there(file, datetime.now(UTC))
    assert backup.before == NEWEST
    held = backups.verified(backup.file)
    assert held is not None
    assert (held.version, held.count("paid_invoice")) == ("0001", 3)


def test_without_a_backup_nothing_is_migrated(file: Path) -> None:
    of_version("0001", file)
    backups.folder_of(file).write_bytes(b"a file where the folder should be")
    before = file.read_bytes()
    with pytest.raises(Refusal, match="no backup of it can be made"):
        open_ledger(file)
    assert file.read_bytes() == before


# ---- what can go wrong with the file ----


def test_a_full_disk_is_said_and_keeps_what_was_there(ledger: Ledger, file: Path) -> None:
    with ledger.begin() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    rows = [{"realm": f"{number:05000}"} for number in range(50)]
    statement = text("INSERT INTO request_count VALUES (:realm, '2026-11', 'read', 1)")
    with pytest.raises(LedgerTrouble, match="is full"), ledger.begin() as connection:
        connection.execute(statement, rows)
    with ledger.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM request_count")).scalar() == 0


def test_a_ledger_that_must_not_be_written_is_said(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        connection.execute(text("PRAGMA query_only = ON"))
    with pytest.raises(LedgerTrouble, match="cannot be written"), ledger.begin() as connection:
        memory.forget_kind(connection, "kind")


def test_a_ledger_that_is_damaged_while_it_is_open_is_said(ledger: Ledger, file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"x" * 8192)
    with pytest.raises(LedgerDamaged, match="may be damaged"), ledger.begin() as connection:
        companies.everyone(connection)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SQLITE_FULL", "is full"),
        ("SQLITE_READONLY_DIRECTORY", "cannot be written"),
        ("SQLITE_CANTOPEN_ISDIR", "cannot be opened"),
        ("SQLITE_IOERR_WRITE", "did not read or write as it should"),
        ("SQLITE_BUSY_SNAPSHOT", "Another program holds"),
        ("SQLITE_LOCKED", "Another program holds"),
        ("SQLITE_CORRUPT_VTAB", "may be damaged"),
        ("SQLITE_NOTADB", "may be damaged"),
    ],
)
def test_the_disks_troubles_are_told_apart_in_words(file: Path, name: str, said: str) -> None:
    error = sqlite3.OperationalError("near 'Harbour Condo': 1,234.50")
    error.sqlite_errorname = name
    told = str(in_words(error, file))
    assert said in told
    assert "Nothing is" in told
    assert "Harbour" not in told


def test_an_error_of_our_own_is_no_trouble_of_the_disk(file: Path) -> None:
    error = sqlite3.IntegrityError("UNIQUE")
    error.sqlite_errorname = "SQLITE_CONSTRAINT_UNIQUE"
    assert in_words(error, file) is None


# ---- how and where it is kept ----


def pragma(ledger: Ledger, name: str) -> object:
    with ledger.begin() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize(("kind", "journal"), [("ext4", "wal"), ("nfs4", "delete")])
def test_a_write_ahead_log_is_never_used_on_a_network_drive(
    file: Path, monkeypatch: pytest.MonkeyPatch, kind: str, journal: str
) -> None:
    monkeypatch.setattr(database, "WAL_IS_SAFE", True)
    monkeypatch.setattr(place, "mounted_here", lambda: [("/", "ext4"), (str(file.parent), kind)])
    ledger = open_ledger(file)
    assert pragma(ledger, "journal_mode") == journal
    assert pragma(ledger, "synchronous") == {"wal": 2, "delete": 3}[journal]
    if os.name == "posix":
        with ledger.begin() as connection:
            memory.forget_kind(connection, "kind")
        rights = {stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}
        assert rights == {0o600}
    ledger.close()


def test_a_log_that_is_begun_anew_is_private_too(tmp_path: Path) -> None:
    log_to(tmp_path / "log")
    log = logging.getLogger("qbdesk")
    for _ in range(8000):
        log.info("a line of the log " * 8)
    there = list((tmp_path / "log").iterdir())
    assert len(there) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in there} == {0o600}
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()
    log.propagate = True


def test_the_file_is_kept_as_durable_and_wary_as_sqlite_can(ledger: Ledger) -> None:
    wanted = {
        "foreign_keys": 1,
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
        "cell_size_check": 1,
        "trusted_schema": 0,
        "busy_timeout": 10_000,
    }
    assert {name: pragma(ledger, name) for name in wanted} == wanted
    assert pragma(ledger, "mmap_size") in (0, None)
