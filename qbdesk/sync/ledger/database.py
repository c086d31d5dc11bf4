"""Opening the ledger: the one place that knows what SQLite needs and other databases do not."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import DatabaseError

from qbdesk.sync.errors import Refusal

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0002"  # the last of the migrations; a test holds it to that
BUSY_SECONDS = 10
# https://sqlite.org/wal.html#walresetbug: two connections that write at once may corrupt the file.
WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3)


class Ledger:
    """The local database. Its rooms are the modules beside this one; each takes a connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction. Never held open across the network."""
        with self._engine.begin() as connection:
            yield connection

    def copy_to(self, file: Path) -> "Ledger":
        """A ledger of its own with all that stands in this one now."""
        _make_private(file)
        target = sqlite3.connect(file)
        with self._engine.connect() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            connection.rollback()
            source.backup(target)
        target.close()
        return open_ledger(file)

    def close(self) -> None:
        self._engine.dispose()


def open_ledger(file: Path) -> Ledger:
    """Opens (or makes) the ledger file and brings its tables up to date.

    Raises:
        Refusal: the file is damaged, or was written by a newer qbdesk.
    """
    _make_private(file)
    # An error's text must not hold the values of a statement: names and amounts.
    engine = create_engine(URL.create("sqlite", database=str(file)), hide_parameters=True)
    _teach_sqlite(engine)
    try:
        with engine.connect() as connection:
            if connection.execute(text("PRAGMA quick_check(1)")).scalar() != "ok":
                raise _damaged(file)
        _migrate(engine, file)
    except DatabaseError as error:
        engine.dispose()
        raise _damaged(file) from error
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine)


def _damaged(file: Path) -> Refusal:
    return Refusal(
        f"The ledger {file} cannot be read; it may be damaged or be written by a newer qbdesk. "
        "Nothing is posted. Put back a copy of it, or update qbdesk."
    )


def _make_private(file: Path) -> None:
    """The ledger holds other people's books: nobody else on this machine reads it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _teach_sqlite(engine: Engine) -> None:
    journal = "WAL" if WAL_IS_SAFE else "DELETE"
    synchronous = "FULL" if WAL_IS_SAFE else "EXTRA"
    pragmas = (
        f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
        f"PRAGMA journal_mode = {journal}",
        f"PRAGMA synchronous = {synchronous}",
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
        "PRAGMA fullfsync = ON",  # macOS: fsync alone does not reach the drive
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver's own idea of when a transaction begins is too late for read-then-write
        # (SQLAlchemy, "Serializable isolation / Savepoints / Transactional DDL" of pysqlite).
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _version(engine: Engine) -> str | None:
    with engine.begin() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        told = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if told is None else str(told)


def _migrate(engine: Engine, file: Path) -> None:
    """Brings the tables up to date. Loading Alembic takes a tenth of a second: only when needed."""
    if _version(engine) == NEWEST:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            # It bears a version that these migrations do not know.
            raise _damaged(file) from error
