"""What the invoicing system of a simulated world shows, row by row, and what happens to it."""

import copy
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "unit"))  # the invoices that all tests share

from invoices import customer, document, line, payment

from qbdesk.practice.feed.feed import Feed

METHODS = ("e_transfer", "card", "cheque", "cash")


@dataclass
class Shown:
    """One paid invoice of the source, and what may truly be said of it.

    Attributes:
        versions: Everything that it ever was, newest last.
        reasons: Why it may be held, if it is.
    """

    number: str
    versions: list[dict[str, Any]]
    reasons: set[str] = field(default_factory=set)


class Source:
    """Fills the feed. Every row is known here, so that it can be looked for in the books."""

    def __init__(self, feed: Feed, random: Random, *, namesakes: bool) -> None:
        """`namesakes`: one client may stand there twice, under two ids."""
        self._feed = feed
        self._namesakes = namesakes
        self._random = random
        self._clients: list[dict[str, Any]] = []
        self.rows: dict[str, Shown] = {}
        self.broken: set[str] = set()

    def turn_paid(self) -> str:
        """One more invoice turns paid (or shows up late)."""
        random, count = self._random, len(self.rows) + 1
        lines = [
            line(str(random.randint(1, 9)), f"{random.randint(100, 90_000) / 100:.2f}", id=f"l{at}")
            for at in range(random.choice((1, 1, 2)))
        ]
        key, number = f"inv-{count}", f"N-{count}"
        made = document(key, lines=lines, client=self._client(), number=number)
        if random.random() < 0.3:
            made["payments"] = _in_two(Decimal(made["total"]))
        for one in made["payments"]:
            one["method"] = random.choice(METHODS)
        kept = self._feed.put(made)
        self.rows[key] = Shown(number, [kept])
        return key

    def _client(self) -> dict[str, Any]:
        random = self._random
        if self._clients and random.random() < 0.4:
            return random.choice(self._clients)
        count = len(self._clients) + 1
        if self._clients and self._namesakes and random.random() < 0.15:
            made = {**random.choice(self._clients), "id": f"c{count}"}
            self._clients.append(made)
            return made
        made = customer(id=f"c{count}", name=f"Client {count}", email=f"c{count}@example.com")
        self._clients.append(made)
        return made

    def remark(self) -> None:
        """A change that no book shows."""
        self._change(lambda row: row.update(memo=f"Thanks {self._random.randint(1, 9)}"))

    def correct(self) -> None:
        """The invoice comes to another total: after posting, a person has to be asked."""

        def other_total(row: dict[str, Any]) -> None:
            price = f"{self._random.randint(100, 90_000) / 100:.2f}"
            fresh = document(lines=[line("1", price, id="l0")])
            for name in ("lines", "subtotal", "tax", "tax_total", "total", "amount_paid"):
                row[name] = fresh[name]
            row["payments"] = [payment(Decimal(fresh["total"]), id="pay_1")]

        key = self._change(other_total)
        if key is not None:
            self.rows[key].reasons |= {"changed", "spot_check"}

    def _change(self, change: Any) -> str | None:
        if not self.rows:
            return None
        key = self._random.choice(list(self.rows))
        row = copy.deepcopy(self._feed.invoice(key))
        change(row)
        self.rows[key].versions.append(self._feed.put(row))
        return key

    def repeat(self) -> None:
        """An older version shows up once more, after the newer one."""
        if self.rows:
            shown = self.rows[self._random.choice(list(self.rows))]
            self._feed.raw(self._random.choice(shown.versions))

    def break_one(self) -> None:
        """A row that cannot be trusted."""
        key = f"bad-{len(self.broken) + 1}"
        self.broken.add(key)
        self._feed.raw(document(key, total="a lot"))

    def take_a_number_twice(self) -> None:
        """Two invoices under one number: only the one that came first can be posted."""
        if not self.rows:
            return
        first = self.rows[self._random.choice(list(self.rows))]
        key = self.turn_paid()
        row = copy.deepcopy(self._feed.invoice(key))
        row["number"] = first.number
        second = self.rows[key]
        second.number = first.number
        second.versions[:] = [self._feed.put(row)]
        # Whichever a ledger meets first is posted; with one number they cannot be told apart.
        second.reasons |= {"same_number", "number_taken"}
        first.reasons |= {"same_number", "number_taken"}


def _in_two(total: Decimal) -> list[dict[str, Any]]:
    part = (total / 2).quantize(Decimal("0.01"))
    return [
        payment(part, id="pay_1", paid_at="2026-11-08T15:00:00Z"),
        payment(total - part, id="pay_2"),
    ]
