"""Puts the parts together; the only place that does."""

import asyncio
import logging
import os
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qbdesk.home import HOME
from qbdesk.redaction import Redacting
from qbdesk.sync.errors import Refusal, where

if TYPE_CHECKING:  # loaded when first needed: the window has to be there first
    from http.cookiejar import CookieJar

    import httpx

    from qbdesk.sync.clients import Surroundings
    from qbdesk.sync.service import Service
    from qbdesk.sync.views import Backup

TEST_SERVER = "QBDESK_INTUIT_URL"
SETTLE_SECONDS = "QBDESK_SETTLE_SECONDS"
LEDGER = "ledger.db"
USUAL_SETTLE_TIME = timedelta(seconds=300)
LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


def settle_time(environ: Mapping[str, str]) -> timedelta:
    """How long QuickBooks may take to come up with a write it did not answer.

    Raises:
        Refusal: It is shortened without a test server, or is no number.
    """
    told = environ.get(SETTLE_SECONDS)
    if told is None:
        return USUAL_SETTLE_TIME
    if TEST_SERVER not in environ:
        raise Refusal(
            f"{SETTLE_SECONDS} shortens a safety time and counts on a test server only. Remove it."
        )
    try:
        seconds = float(told)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= USUAL_SETTLE_TIME.total_seconds():
        raise Refusal(f"{SETTLE_SECONDS} is a number of seconds from 0 to 300.")
    return timedelta(seconds=seconds)


def backups(home: Path) -> "list[Backup]":
    """The backups of a home's ledger that can be restored, newest first."""
    from qbdesk.sync.ledger.restoring import listed

    return listed(home / LEDGER)


def restore(home: Path, chosen: str | None) -> Path | None:
    """Puts a backup (None: an empty ledger) in the place of a home's ledger.

    Returns:
        Where the ledger before it was put; None: there was none.

    Raises:
        Refusal: It could not be done; the ledger is as it was.
    """
    from qbdesk.sync.ledger.restoring import restore as put_back

    return put_back(home / LEDGER, chosen)


def open_service(
    home: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    in_memory: bool = False,
    scheduled: bool = False,
    interval: timedelta | None = None,
) -> "Service":
    """A service over the ledger of a home. Nothing is opened before it is started.

    Args:
        in_memory: Secrets stay in memory (the practice company's are none).
        scheduled: Companies are also looked at by themselves.
        interval: How often; by default as often as the source wishes.

    Raises:
        Refusal: An environment variable says something impossible.
    """
    from qbdesk.sync.quickbooks.hosts import BadTestServer, intuit_hosts

    try:
        hosts = intuit_hosts(environ.get(TEST_SERVER))
    except BadTestServer as error:
        raise Refusal(str(error)) from None
    settle = settle_time(environ)

    from qbdesk.sync.service import Service  # takes a while; a refusal need not wait for it

    async def open_surroundings() -> "Surroundings":
        from qbdesk.sync.clients import Surroundings
        from qbdesk.sync.ledger.database import open_ledger
        from qbdesk.sync.linux_keyring import system_keyring
        from qbdesk.sync.vault import KeyringVault, MemoryVault

        asyncio.get_running_loop().set_exception_handler(_note)
        try:
            ledger = open_ledger(home / LEDGER)
            log_to(home / "log")
        except OSError:
            raise Refusal(
                f"qbdesk cannot write into its folder {home}, so nothing was done. Make the folder "
                f"writable, make room on the disk, or set {HOME} to another folder."
            ) from None
        return Surroundings(
            ledger=ledger,
            vault=MemoryVault() if in_memory else KeyringVault(home, system_keyring()),
            home=home,
            hosts=hosts,
            http=http_client(),
            clock=lambda: datetime.now(UTC),
            sleep=asyncio.sleep,
            settle=settle,
            interval=interval,
        )

    return Service(open_surroundings, scheduled=scheduled)


def http_client(
    wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
) -> "httpx.AsyncClient":
    """One client for all: the system's certificates, no redirects, no cookies, loopback direct; and
    no connection of before the computer slept, which the two clocks tell."""
    import httpx
    import truststore

    from qbdesk.sync.after_sleep import AfterSleep

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    client = httpx.AsyncClient(
        verify=context,
        follow_redirects=False,
        # A proxy is for the outside; a test server on this machine is reached straight.
        mounts={pattern: httpx.AsyncHTTPTransport() for pattern in LOOPBACK},
        headers={"User-Agent": "qbdesk"},
        cookies=no_cookies(),
    )
    client.event_hooks["request"].append(AfterSleep(client, wall, monotonic))
    return client


def no_cookies() -> "CookieJar":
    """None of the interfaces needs one, and httpx cannot send every cookie that it takes."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def log_to(folder: Path) -> None:
    """A small log of what went wrong in the program itself: no names, amounts or addresses."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "qbdesk.log"
    handler = _LogFile(file, maxBytes=500_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    log = logging.getLogger("qbdesk")
    for before in list(log.handlers):
        log.removeHandler(before)
        before.close()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    # They would write out values, and SQLAlchemy's pool whole tracebacks when a disk fails.
    for talkative in ("asyncio", "sqlalchemy"):
        other = logging.getLogger(talkative)
        other.handlers = [logging.NullHandler()]
        other.propagate = False


class _LogFile(RotatingFileHandler):
    """Says nothing when it cannot be written: a full disk is told in a sentence elsewhere, and
    Python's own way is a traceback on the screen. Nobody else reads it, also once begun anew."""

    def _open(self) -> TextIOWrapper:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return open(self.baseFilename, "a", encoding="utf-8", opener=private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Nothing."""


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An error that nobody heard, without what it was about: asyncio would log all of it."""
    error = context.get("exception")
    told = f"{type(error).__name__} at {where(error)}" if error is not None else "no exception"
    logging.getLogger("qbdesk").error("An error in the loop that nobody heard: %s", told)
