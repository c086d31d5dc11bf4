"""Where worlds keep their files, and the company as a person has connected it."""

import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from desk import ADDRESS, NAME, Home
from virtual_time import START

from qbdesk.practice.world import CLIENT_ID, REDIRECT_URI, PracticeWorld
from qbdesk.sync.ledger import companies, marks
from qbdesk.sync.ledger.database import Ledger, open_ledger


class Place:
    """Where worlds keep their files: one ledger file for each home, used world after world.

    The statements that SQLAlchemy has compiled stay with the engine of a file, and compiling them
    anew would cost more than playing a world.
    """

    def __init__(self) -> None:
        root = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="qbdesk-simulation-", dir=root))
        self._ledgers: dict[str, Ledger] = {}
        self._empty = self._template()

    def _template(self) -> bytes:
        file = self.folder / "template.db"
        ledger = open_ledger(file)
        with ledger.begin() as connection:
            connect(connection)
        ledger.close()
        return file.read_bytes()

    def home(self, name: str) -> Home:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        self.put(name, None)
        if name not in self._ledgers:
            self._ledgers[name] = open_ledger(folder / "ledger.db")
        return Home(folder, self._ledgers[name])

    def put(self, name: str, content: bytes | None) -> None:
        """Another ledger file in place of the one that is there; None: an empty one."""
        if name in self._ledgers:
            self._ledgers[name].close()
        file = self.folder / name / "ledger.db"
        if content is None:
            marks.beside(file).unlink(missing_ok=True)
        file.write_bytes(self._empty if content is None else content)

    def copy(self, name: str) -> bytes:
        return (self.folder / name / "ledger.db").read_bytes()

    def clear(self) -> None:
        for ledger in self._ledgers.values():
            ledger.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def connect(connection: Any) -> None:
    """The company as it stands after a person has connected it."""
    world = PracticeWorld(invoices=0, seed=1, clock=lambda: START)
    income = world.company.books.named("Account", "Services")
    assert income is not None
    companies.add(
        connection,
        name=NAME,
        source="feed",
        source_url=f"{ADDRESS}/source",
        from_date=(START - timedelta(days=60)).date(),
        tenant_id=world.feed.tenant.id,
        tenant_name=world.feed.tenant.name,
        tenant_environment="production",
        time_zone=world.feed.tenant.timezone,
        client_id=CLIENT_ID,
        redirect_uri=REDIRECT_URI,
        realm_id=world.realm_id,
        environment="production",
        company_name=world.company_name,
        country="CA",
        home_currency="CAD",
        income_account_id=income["Id"],
        income_account_name=income["Name"],
        connected=True,
        test_server=True,
        created_at=START,
    )
