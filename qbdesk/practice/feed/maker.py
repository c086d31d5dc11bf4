"""Invoices a bookkeeper would recognise, made up from a seed."""

import copy
import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from qbdesk.practice.clock import Clock
from qbdesk.practice.feed import documents, payments
from qbdesk.practice.feed.documents import Sale
from qbdesk.practice.feed.feed import Document
from qbdesk.practice.feed.rates import BY_REGION, Rate
from qbdesk.practice.feed.resource import practice_data
from qbdesk.practice.feed.troubles import TROUBLES
from qbdesk.practice.switches import Switches
from qbdesk.practice.wire import ZERO, cents

OLDEST_DAYS = 90  # No invoice is issued earlier than this many days ago.
TROUBLE_EVERY = 8
# Late evening in Toronto is the next day in UTC; just after midnight is the same one.
PAID_TIMES = (time(23, 30), time(20, 0), time(0, 10), time(9, 15), time(12, 0), time(16, 45))
MEMOS = (
    None,
    None,
    "Thank you!",
    "Merci de votre confiance",
    "Net 30, please",
    "As agreed on site",
)


class InvoiceMaker:
    """Makes the invoice with a given number always alike, for one seed and one day."""

    def __init__(self, seed: int, switches: Switches, clock: Clock, zone: ZoneInfo) -> None:
        self._seed = seed
        self._switches = switches
        self._clock = clock
        self._zone = zone

    def invoice(
        self, number: int, *, with_trouble: bool = False, paid_at: datetime | None = None
    ) -> Document:
        """The invoice with that number; with trouble every eighth cannot go through.

        `paid_at` defaults to a moment of the last days; it is never in the future.
        """
        if with_trouble and number % TROUBLE_EVERY == 0:
            kinds = tuple(TROUBLES)
            return self.troubled(kinds[number // TROUBLE_EVERY % len(kinds)], number, paid_at)
        return self.clean(number, paid_at)

    def clean(
        self, number: int, paid_at: datetime | None = None, *, deposits: bool = True
    ) -> Document:
        """An invoice that QuickBooks takes as it is; with deposits some are paid in two parts."""
        return self._make(number, "canadian", paid_at, deposits=deposits)

    def made_for(self, customers: str, number: int) -> Document:
        """A clean invoice, paid in one sum, of a client on that list of customers.json."""
        return self._make(number, customers, None, deposits=False)

    def troubled(self, kind: str, number: int, paid_at: datetime | None = None) -> Document:
        """An invoice with one of the TROUBLES."""
        trouble = TROUBLES[kind]
        document = self._make(number, trouble.customers, paid_at)
        closed = self._switches.book_close_date
        trouble.spoil(document, closed or self.today - timedelta(days=OLDEST_DAYS + 10))
        return document

    @property
    def today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    def _make(
        self, number: int, customers: str, paid_at: datetime | None, *, deposits: bool = True
    ) -> Document:
        random = Random(f"{self._seed}:{number}")
        customer = copy.deepcopy(random.choice(practice_data("customers.json")[customers]))
        rates = self._rates(customer)
        sales = [_sale(random) for _ in range(random.choice((1, 1, 2, 2, 3, 5)))]
        lines = [documents.line(at, sale, rates) for at, sale in enumerate(sales, start=1)]
        sums = documents.totals(lines, rates)
        issued = self.today - timedelta(days=random.randint(1, OLDEST_DAYS - 1))
        paid_at = paid_at or self._paid_at(random, issued)
        return documents.invoice(
            key=str(uuid.UUID(int=random.getrandbits(128), version=4)),
            number=f"INV-{issued.year}-{number:04d}",
            issued=issued,
            due=issued + timedelta(days=random.choice((0, 15, 30, 30))),
            paid_at=paid_at,
            currency=self._switches.home_currency,
            customer=customer,
            lines=lines,
            sums=sums,
            payments=self._payments(
                random, Decimal(sums["total"]), issued, paid_at, deposits=deposits
            ),
            memo=random.choice(MEMOS),
        )

    def _rates(self, customer: Document) -> tuple[Rate, ...]:
        if self._switches.sales_tax != "canada":
            return ()
        return BY_REGION.get(customer["billing_address"]["region"], ())

    def _paid_at(self, random: Random, issued: date) -> datetime:
        """One of the last days, not before the invoice and not in the future."""
        days_ago = min(random.choice((0, 0, 0, 1, 1, 2, 3, 5, 8)), (self.today - issued).days)
        day = self.today - timedelta(days=days_ago)
        paid_at = datetime.combine(day, random.choice(PAID_TIMES), self._zone)
        return paid_at if paid_at <= self._clock() else paid_at - timedelta(days=1)

    def _payments(
        self,
        random: Random,
        total: Decimal,
        issued: date,
        paid_at: datetime,
        *,
        deposits: bool,
    ) -> list[Document]:
        """One payment, or a deposit and the rest; the last one settles the invoice."""
        currency = self._switches.home_currency
        parts = [(total, paid_at)]
        if random.random() < 0.15 and deposits:
            deposit = cents(total * random.choice((Decimal("0.5"), Decimal("0.3"))))
            earlier = datetime.combine(issued, time(12, 0), self._zone)
            earlier = min(earlier, paid_at - timedelta(minutes=5))
            parts = [(deposit, earlier), (total - deposit, paid_at)]
        return [
            payments.payment(
                at,
                payments.any_means(random, amount, currency),
                amount,
                currency,
                moment,
                self._zone,
            )
            for at, (amount, moment) in enumerate(parts, start=1)
        ]


def _sale(random: Random) -> Sale:
    service = random.choice(practice_data("services.json"))
    quantity = random.choice(service["quantities"])
    lowest, highest = Decimal(service["lowest_price"]), Decimal(service["highest_price"])
    steps = random.randint(0, 10**4)
    price = lowest + (highest - lowest) * steps / 10**4
    # Prices by the word have three digits.
    price = cents(price) if highest >= 1 else price.quantize(Decimal("0.001"))
    discount = ZERO
    if random.random() < 0.2:
        discount = cents(cents(Decimal(quantity) * price) * random.choice((5, 10, 15)) / 100)
    product = {"id": service["id"], "name": service["name"], "sku": service["sku"]}
    return Sale(random.choice(service["descriptions"]), quantity, str(price), product, discount)
