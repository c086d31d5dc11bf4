"""What the ledger needs before a pass: a daily backup, and a look whether it is an old one."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from qbdesk.sync.ledger import backups, companies, journal, marks, memory
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.views import Event, Finding, Warned

log = logging.getLogger(__name__)

BackUp = Callable[[Path, datetime], Awaitable[bool]]  # (ledger, now) -> was it made?

RETRY = timedelta(hours=1)  # after a backup that failed
SLACK = timedelta(days=1)  # so long the passes of other companies may keep a backup waiting
OLDER = (
    "This ledger is older than what qbdesk has posted: somebody has put a copy back. Before "
    "anything is posted, qbdesk reads from QuickBooks what was posted since, and takes it over. "
    "What was decided here since then is forgotten, too: invoices that were ignored, answers, "
    "settings, a first day, a pause. To look first and decide again, pause each company."
)


class Safekeeping:
    """Looks after the ledger of a home. To be asked in this home's turn only."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Callable[[], datetime],
        back_up: BackUp,
        hears: Callable[[Event], None],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._back_up = back_up
        self._hears = hears
        self._not_before: datetime | None = None
        self._door = asyncio.Lock()
        self._at_work = 0

    @asynccontextmanager
    async def of_a_pass(self) -> AsyncIterator[None]:
        """What has to be before a pass, and the pass. While a backup is made no other one begins,
        and where one is under way the backup has time: a ledger that is written to would have to
        be copied from its beginning again and again.

        Raises:
            LedgerTrouble, LedgerDamaged: The ledger cannot be read or written.
        """
        async with self._door:
            self.notice_an_older_ledger()
            if not self._at_work:
                await self._back_up_daily()
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1

    def notice_an_older_ledger(self) -> None:
        """Whoever puts back an old copy, or brings one from another computer, need not say so."""
        file = self._ledger.file
        outside = marks.read(file)
        with self._ledger.begin() as connection:
            inside = marks.of(connection)
            put_back = outside is not None and inside.is_behind(outside)
            if put_back or (outside is None and inside != marks.NOTHING):
                memory.forget_kind(connection, memory.REBUILT)
                for company in companies.everyone(connection) if put_back else ():
                    journal.add(connection, company.id, None, self._clock(), OLDER)
        # Only now: killed in between, it is noticed once more.
        marks.write(file, inside)
        if put_back:
            log.warning("The ledger is older than what was posted from it.")
            self._hears(Warned("", "An older ledger was put back", OLDER))

    async def _back_up_daily(self) -> None:
        """At most once a day; a failure never keeps anything from being posted."""
        file, now = self._ledger.file, self._clock()
        waiting = self._not_before is not None and now < self._not_before
        if waiting or not backups.is_due(file, now):
            return
        if await self._back_up(file, now):
            self._not_before = None
        else:
            log.warning("No backup of the ledger could be made.")
            self._not_before = now + RETRY


async def in_a_thread(file: Path, now: datetime) -> bool:
    """Makes a backup in a thread of its own, which is told to give up when nobody waits for it."""
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def settle(made: bool) -> None:
        if not done.done():  # else nobody waits any longer
            done.set_result(made)

    def make() -> None:
        try:
            backups.make(file, now, stopped=stop.is_set)
            made = True
        except backups.NoBackup:
            made = False
        with suppress(RuntimeError):  # the loop is closed: the program has quit
            loop.call_soon_threadsafe(settle, made)

    threading.Thread(target=make, name="backup", daemon=True).start()
    try:
        return await done
    finally:
        stop.set()


def backup_finding(ledger: Ledger, now: datetime) -> Finding | None:
    """Every pass makes a backup that is due, so that one which is missing afterwards failed."""
    newest = backups.newest(ledger.file, now)
    with ledger.begin() as connection:
        passes = [c.last_pass_at for c in companies.everyone(connection) if c.last_pass_at]
    last = max((at for at in passes if at <= now), default=None)
    if last is None or (newest is not None and newest.made_at > last - backups.EVERY - SLACK):
        return None
    since = "" if newest is None else f" since {newest.made_at.astimezone():%d %B %Y}"
    return Finding(
        "mind",
        f"No backup of the ledger could be made{since}. Posting goes on.",
        f"Make room on the disk, and see that {backups.folder_of(ledger.file)} can be written; "
        "the next sync tries again.",
    )
