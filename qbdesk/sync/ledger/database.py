"""Opening the ledger: with the modules for backups and restoring, all that knows SQLite."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.url import URL

from qbdesk.sync.errors import LedgerDamaged, LedgerTrouble, Refusal
from qbdesk.sync.ledger import backups, marks
from qbdesk.sync.ledger.sqlite_words import DAMAGED, told_in_words
from qbdesk.sync.place import is_on_network

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0002"  # the last of the migrations; a test holds it to that
BUSY_SECONDS = 10
# https://sqlite.org/wal.html#walresetbug: two connections that write at once may corrupt the file.
WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3)
GONE = (
    "The ledger {file} is not there any more, or empty, although qbdesk has posted from it. "
    "Nothing is posted until you decide, and what was posted stays in QuickBooks. Restore the "
    "newest backup, or begin with an empty ledger, which finds in QuickBooks what was posted: in "
    "the window, or with “qbdesk restore”."
)
NEWER = (
    "The ledger {file} was written by a newer qbdesk. Nothing is posted and nothing in it is "
    "changed. Update qbdesk, or restore a backup from before with “qbdesk restore”."
)
NO_BACKUP = (
    "The ledger {file} has to be brought up to date, and no backup of it can be made before that. "
    "Nothing is posted and nothing in it was changed. Make room on the disk, or make the folder "
    "writable, then start qbdesk again."
)


class Ledger:
    """The local database. Its rooms are the modules beside this one; each takes a connection."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine = engine
        self.file = file
        self._identity = _identity(file)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction. Never held open across the network.

        Raises:
            LedgerTrouble, LedgerDamaged: The file cannot be read or written.
        """
        self._follow()
        with told_in_words(self.file), self._engine.begin() as connection:
            yield connection

    def _follow(self) -> None:
        """Another program may have restored a backup: from then on that file is the ledger."""
        try:
            found = _identity(self.file)
        except OSError:
            raise LedgerTrouble(GONE.format(file=self.file)) from None
        if found != self._identity:
            self._engine.dispose()
            self._identity = found

    def copy_to(self, file: Path) -> "Ledger":
        """A ledger of its own with all that stands in this one now."""
        _make_private(file)
        with (
            told_in_words(self.file),
            closing(sqlite3.connect(file)) as target,
            self._engine.connect() as connection,
        ):
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            connection.rollback()
            source.backup(target)
        return open_ledger(file)

    def close(self) -> None:
        self._engine.dispose()


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


def open_ledger(file: Path) -> Ledger:
    """Opens (or makes) the ledger file and brings its tables up to date.

    Raises:
        LedgerDamaged: It is damaged or gone; a person has to decide, see `restoring.restore`.
        LedgerTrouble: It cannot be read or written at this moment.
        Refusal: It was written by a newer qbdesk, or could not be backed up before a change of it.
    """
    _make_private(file)
    with told_in_words(file), closing_on_error(new_engine(file)) as engine:
        with engine.connect() as connection:
            if connection.execute(text("PRAGMA quick_check(1)")).scalar() != "ok":
                raise LedgerDamaged(DAMAGED.format(file=file), file)
        _migrate(engine, file)
        return Ledger(engine, file)


@contextmanager
def closing_on_error(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    except BaseException:
        engine.dispose()
        raise


def _make_private(file: Path) -> None:
    """The ledger holds other people's books: nobody else on this machine reads it.

    SQLite gives its journals the rights of the file.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def new_engine(file: Path, *, foreign_keys: bool = True) -> Engine:
    """Connects to the file as SQLite has to be spoken to; nothing is looked at yet."""
    # An error's text must not hold the values of a statement: names and amounts.
    engine = create_engine(URL.create("sqlite", database=str(file)), hide_parameters=True)
    _teach_sqlite(engine, file, foreign_keys=foreign_keys)
    return engine


def _teach_sqlite(engine: Engine, file: Path, *, foreign_keys: bool) -> None:
    # WAL needs shared memory, which no network drive has (https://sqlite.org/wal.html).
    wal = WAL_IS_SAFE and not is_on_network(file.resolve())
    pragmas = (
        f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
        "PRAGMA mmap_size = 0",  # a stray write into memory must not get into the file
        "PRAGMA cell_size_check = ON",  # damage is seen where it is read
        f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}",
        f"PRAGMA synchronous = {'FULL' if wal else 'EXTRA'}",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        "PRAGMA trusted_schema = OFF",
        # macOS: fsync alone does not reach the drive.
        "PRAGMA fullfsync = ON",
        "PRAGMA checkpoint_fullfsync = ON",
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
    """Brings the tables up to date, all of it or nothing, after a backup."""
    version = _version(engine)
    if version == NEWEST:
        return
    if version is None and marks.read(file) not in (None, marks.NOTHING):
        raise LedgerDamaged(GONE.format(file=file), file)
    if version is not None:
        _back_up(file, version)
    # SQLite changes a table by making it anew, which references to it would forbid.
    changing = new_engine(file, foreign_keys=False)
    try:
        upgrade(changing, file)
    finally:
        changing.dispose()


def _back_up(file: Path, version: str) -> None:
    if version > NEWEST:
        raise Refusal(NEWER.format(file=file))
    try:
        backups.make(file, datetime.now(UTC), before=NEWEST)
    except backups.NoBackup:
        raise Refusal(NO_BACKUP.format(file=file)) from None


def upgrade(engine: Engine, file: Path, scripts: Path = MIGRATIONS, version: str = "head") -> None:
    """Runs the migrations in one transaction. Loading Alembic takes a tenth of a second.

    Raises:
        Refusal: The ledger bears a version that these migrations do not know.
        LedgerDamaged: A row points nowhere.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(scripts))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, version)
        except CommandError as error:
            raise Refusal(NEWER.format(file=file)) from error
        if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise LedgerDamaged(DAMAGED.format(file=file), file)
