"""The part of a long list that has been fetched: rows, and the keys at which its pages begin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import accumulate

from qbdesk.sync.views import InvoicePage, InvoiceRow

PAGE = 200


@dataclass
class Pages:
    """Fetched pages, in order.

    Attributes:
        keys: After which key each page begins; one per page.
        sizes: How many rows each page has.
        next_key: After which key the next page begins; None: that was all.
    """

    rows: list[InvoiceRow] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    next_key: str | None = None

    def append(self, key: str | None, page: InvoicePage) -> None:
        self.rows.extend(page.rows)
        self.keys.append(key)
        self.sizes.append(len(page.rows))
        self.next_key = page.after

    def starts(self) -> list[int]:
        """At which row each page begins, and where the last one ends."""
        return [0, *accumulate(self.sizes)]

    def page_of(self, row: int) -> int:
        ends = self.starts()[1:]
        return next((page for page, end in enumerate(ends) if row < end), max(0, len(ends) - 1))

    def key_after(self, page: int) -> str | None:
        return self.keys[page + 1] if page + 1 < len(self.keys) else self.next_key

    def replace(self, first: int, last: int, fetched: "Pages") -> None:
        """Notes that the pages first..last were fetched again (their rows are changed by the
        caller). If they now end elsewhere, the pages below no longer join on and are forgotten."""
        joins = fetched.next_key == self.key_after(last)
        after = slice(last + 1, None) if joins else slice(len(self.keys), None)
        self.keys = [*self.keys[:first], *fetched.keys, *self.keys[after]]
        self.sizes = [*self.sizes[:first], *fetched.sizes, *self.sizes[after]]
        if not joins or last + 1 >= len(self.keys):
            self.next_key = fetched.next_key


@dataclass(frozen=True)
class Change:
    """Rows start..end of the old list become `rows`; `same` if they are the same invoices."""

    start: int
    end: int
    rows: Sequence[InvoiceRow]
    same: bool


def changes(old: Sequence[InvoiceRow], new: Sequence[InvoiceRow]) -> Iterator[Change]:
    """The fewest changes from old to new, from the bottom up so that numbers above stay true."""
    matcher = SequenceMatcher(
        None, [row.source_id for row in old], [row.source_id for row in new], autojunk=False
    )
    for tag, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        rows = new[new_start:new_end]
        if tag != "equal":
            yield Change(start, end, rows, same=False)
        elif list(old[start:end]) != list(rows):
            yield Change(start, end, rows, same=True)
