"""The practice world: a QuickBooks company and the invoicing system that feeds it."""

import asyncio
import itertools
import uuid
from datetime import date, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.routing import Mount

from qbdesk.practice.beforehand import BEFOREHAND
from qbdesk.practice.books.books import Books
from qbdesk.practice.books.chart import open_books
from qbdesk.practice.clock import Clock, utc_now
from qbdesk.practice.feed.app import feed_app
from qbdesk.practice.feed.errors import PracticeError
from qbdesk.practice.feed.feed import Document, Feed, Tenant
from qbdesk.practice.feed.lines_file import read_invoices
from qbdesk.practice.feed.maker import OLDEST_DAYS, InvoiceMaker
from qbdesk.practice.feed.troubles import TROUBLES
from qbdesk.practice.intuit.app import intuit_app
from qbdesk.practice.intuit.company import PracticeCompany, Sleep
from qbdesk.practice.switches import Switches

CLIENT_ID = "ABpracticeClient0123456789"
CLIENT_SECRET = "practice-client-secret"
# Nothing listens there: whoever shows the consent page reads the address and stops.
REDIRECT_URI = "http://localhost:8765/callback"
SOURCE_TOKEN = "practice-source-token"
SOURCE_PATH = "/source"
COMPANY_NAME = "Maple Street Services (practice)"
WHOLESALER_NAME = "Online Retail Wholesale (practice)"
DEFAULT_INVOICES = 20
TORONTO = "America/Toronto"
LONDON = "Europe/London"


class PracticeWorld:
    """Both sides of the practice, and what connects them.

    Attributes:
        switches: What can be turned on and off on either side.
        company: The QuickBooks company.
        feed: The invoicing system.
        maker: Where further invoices come from.
        first_day: The day to name as --from; no invoice was paid or issued before it.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        invoices: int | None = None,
        lines: Path | None = None,
        with_trouble: bool = False,
        clock: Clock = utc_now,
        switches: Switches | None = None,
        source: str = "feed",
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`invoices`: how many clean ones there are at first, 20 when None; of `lines`, a file of
        invoice lines in the shape of "Online Retail", the first so many, all when None.
        `with_trouble` adds one invoice with each trouble, and to what turns paid later every
        eighth; it closes the books and files the sales tax before the earliest invoice, and
        somebody has entered things in QuickBooks that have to be asked about (Canada only).

        Raises PracticeError, with a sentence for the user, for a source not offered and a file
        that cannot be read.
        """
        if source != "feed":
            raise PracticeError(
                f"There is no practice invoicing system of the kind {source!r} yet. "
                "Leave out --source, or use --source feed."
            )
        self.source = source
        self.clock = clock
        self.switches = switches or Switches()
        self.with_trouble = with_trouble
        if lines is not None:
            self.switches.change(
                {"country": "GB", "home_currency": "GBP", "sales_tax": "none"},
            )
        zone = ZoneInfo(TORONTO if lines is None else LONDON)
        self.company_name = COMPANY_NAME if lines is None else WHOLESALER_NAME
        self.realm_id = str(9_130_350_000_000_000 + seed % 1_000_000_000)
        self.maker = InvoiceMaker(seed, self.switches, clock, zone)
        self.first_day = self.maker.today - timedelta(days=OLDEST_DAYS)
        if with_trouble and self.switches.book_close_date is None:
            self.switches.book_close_date = self.first_day - timedelta(days=1)
        if with_trouble and self.switches.last_file_date is None:
            self.switches.last_file_date = self.first_day - timedelta(days=1)
        books = Books(self.realm_id, self.company_name, self.switches, clock)
        open_books(books)
        self.company = PracticeCompany(
            books,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            redirect_uri=REDIRECT_URI,
            sleep=sleep,
        )
        tenant = Tenant(
            id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"practice:{self.company_name}:{seed}")),
            name=self.company_name,
            country=self.switches.country,
            timezone=zone.key,
        )
        self.feed = Feed(tenant, SOURCE_TOKEN, self.switches, clock, sleep)
        self._number = 0
        if lines is None:
            self._fill(Random(seed), DEFAULT_INVOICES if invoices is None else invoices)
        else:
            self._fill_from(lines, invoices, zone)

    def turn_one_paid(self) -> Document:
        """Another made-up invoice turns paid, now."""
        self._number += 1
        return self.feed.put(
            self.maker.invoice(self._number, with_trouble=self.with_trouble, paid_at=self.clock())
        )

    def intuit_app(self) -> Starlette:
        return intuit_app(self.company)

    def feed_app(self) -> Starlette:
        return feed_app(self.feed)

    def app(self) -> Starlette:
        """Both behind one address: the feed under SOURCE_PATH, Intuit's hosts under the root."""
        return Starlette(
            routes=[Mount(SOURCE_PATH, self.feed_app()), Mount("/", self.intuit_app())]
        )

    def _fill(self, random: Random, invoices: int) -> None:
        kinds: list[str | None] = [None] * invoices
        if self.with_trouble:
            kinds += TROUBLES
            random.shuffle(kinds)
        for kind in kinds:
            self._number += 1
            if kind is None:
                # Whoever asks for so many invoices can count on as many payments.
                self.feed.put(self.maker.clean(self._number, deposits=self.with_trouble))
            else:
                self.feed.put(self.maker.troubled(kind, self._number))
        for kind, entered in BEFOREHAND.items() if self.with_trouble else ():
            self._number += 1
            document = self.maker.made_for(kind, self._number)
            self.feed.put(entered(self.company.books, document, self.first_day))

    def _fill_from(self, lines: Path, invoices: int | None, zone: ZoneInfo) -> None:
        days: list[date] = []
        for document in itertools.islice(read_invoices(lines, zone), invoices):
            self.feed.put(document)
            days.append(date.fromisoformat(document["issue_date"]))
        self.first_day = min(days, default=self.first_day)
