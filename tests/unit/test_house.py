"""The house keeps to its plan: who imports whom, and what the ledger's migrations make."""

import ast
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import qbdesk
from qbdesk.sync.errors import Refusal
from qbdesk.sync.ledger.database import Ledger, open_ledger
from qbdesk.sync.ledger.tables import metadata

ROOT = Path(qbdesk.__file__).parent
DOORS = {"service", "views", "reports", "errors", "model", "money", "quickbooks.hosts"}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("room", ["sync", "practice"])
def test_what_works_without_a_screen_imports_none(room: str) -> None:
    wrong = [
        f"{file.name}: {name}"
        for file in _files(room)
        for name in _imports(file)
        if name.split(".")[0] in ("PySide6", "shiboken6") or name.startswith("qbdesk.ui")
    ]
    assert wrong == []


def test_the_posting_does_not_know_the_practice_company() -> None:
    wrong = [
        file.name
        for file in _files("sync")
        if any(name.startswith(("qbdesk.practice", "qbdesk.commands")) for name in _imports(file))
    ]
    assert wrong == []


def test_the_screen_asks_the_one_door() -> None:
    wrong = set()
    for file in _files("ui"):
        for name in _imports(file):
            inner = name.removeprefix("qbdesk.sync.")
            if inner == name or inner == "qbdesk.sync":
                continue
            if not any(inner == door or inner.startswith(f"{door}.") for door in DOORS):
                wrong.add(f"{file.relative_to(ROOT)}: {name}")
    assert wrong == set()


def test_the_planner_reads_no_clock_and_no_network() -> None:
    forbidden = ("httpx", "asyncio", "time", "random", "os", "sqlalchemy")
    wrong = [
        f"{file.name}: {name}"
        for file in _files("sync/planner")
        for name in _imports(file)
        if name.split(".")[0] in forbidden
    ]
    assert wrong == []


# ---- the ledger file ----


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path / "home" / "ledger.db")
    yield opened
    opened.close()


def test_the_migrations_make_exactly_the_tables_of_the_code(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_ledger_is_private_to_its_owner(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "home" / "ledger.db"
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.exists()


def test_an_old_ledger_is_brought_up_to_date_and_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    sqlite3.connect(file).close()
    for _ in range(2):
        opened = open_ledger(file)
        with opened.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM company")).scalar() == 0
        opened.close()


def test_a_newer_ledger_is_refused_in_a_sentence_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    open_ledger(file).close()
    connection = sqlite3.connect(file)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = file.read_bytes()
    with pytest.raises(Refusal, match="newer qbdesk"):
        open_ledger(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "damage", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"x" * 4096]
)
def test_a_damaged_ledger_is_refused_in_a_sentence_and_left_alone(
    tmp_path: Path, damage: bytes
) -> None:
    file = tmp_path / "ledger.db"
    file.write_bytes(damage)
    with pytest.raises(Refusal, match="may be damaged"):
        open_ledger(file)
    assert file.read_bytes() == damage


def test_a_copy_holds_what_the_ledger_held_and_changes_nothing_of_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    copy = ledger.copy_to(tmp_path / "copy.db")
    with copy.begin() as connection:
        connection.execute(text("INSERT INTO request_count VALUES ('1', '2026-11', 'read', 1)"))
    copy.close()
    with ledger.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM request_count")).scalar() == 0
