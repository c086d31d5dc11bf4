"""The practice invoicing system's memory: every invoice, and the log of their changes."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from qbdesk.practice.clock import Clock, rfc3339
from qbdesk.practice.switches import Switches

Document = dict[str, Any]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Tenant:
    """Whose invoices these are; what the source calls an account."""

    id: str
    name: str
    country: str = "CA"
    timezone: str = "America/Toronto"


@dataclass(frozen=True)
class Change:
    """One entry of the change log: `row` as it stood then, None once a later change replaced it."""

    position: int
    row: Any
    replaced: bool = False


# What a reader's filter asks of a change.
Wanted = Callable[[Change], bool]


class Feed:
    """An invoicing system of one tenant.

    Attributes:
        sync_results: What clients reported, oldest first, as stored.
    """

    def __init__(
        self,
        tenant: Tenant,
        token: str,
        switches: Switches,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.tenant = tenant
        self.token = token
        self.switches = switches
        self.clock = clock
        self.sleep = sleep
        self.sync_results: list[Document] = []
        self._log: list[Change] = []
        self._current: dict[str, int] = {}
        self._raw: dict[str, int] = {}

    @property
    def head(self) -> int:
        """The position of the last change; 0 while there is none."""
        return len(self._log)

    def put(self, document: Document) -> Document:
        """Keeps an invoice in its new state, one revision up, and shows the change in the feed.

        Returns the invoice as kept. Raises ValueError when the document has no id.
        """
        key = document.get("id")
        if not isinstance(key, str) or not key:
            raise ValueError("An invoice needs an id: a text that is not empty.")
        before = self.invoice(key) if key in self._current else None
        kept = copy.deepcopy(document)
        kept["revision"] = 1 if before is None else before["revision"] + 1
        kept["updated_at"] = rfc3339(self.clock())
        if before is not None:
            index = self._current[key]
            self._log[index] = replace(self._log[index], row=None, replaced=True)
        self._current[key] = self.raw(kept)
        return kept

    def raw(self, row: Any) -> int:
        """Shows a row as it is, broken or not; changes and checks nothing. Returns its index."""
        index = len(self._log)
        self._log.append(Change(index + 1, row))
        if isinstance(row, dict) and isinstance(row.get("id"), str):
            self._raw[row["id"]] = index
        return index

    def lose(self, key: str) -> None:
        """An invoice is gone without a word, as after an old backup was put back."""
        index = self._current.pop(key)
        self._log[index] = replace(self._log[index], row=None, replaced=True)

    def invoice(self, key: str) -> Any:
        """The invoice in its current state; a row shown raw only where nothing else has that id."""
        index = self._current.get(key, self._raw.get(key))
        return None if index is None else self._log[index].row

    def invoices(self) -> list[Any]:
        """Everything the feed shows now, in the order in which it last changed."""
        return [change.row for change in self._log if not change.replaced]

    def after(self, position: int, wanted: Wanted, limit: int) -> tuple[list[Change], int, bool]:
        """Up to `limit` changes after a position, the position reached, and whether more are ready.

        What `wanted` turns down is passed over.
        """
        page: list[Change] = []
        for index in range(position, len(self._log)):
            change = self._log[index]
            if change.replaced or not wanted(change):
                continue
            if len(page) == limit:
                return page, page[-1].position, True
            page.append(change)
        return page, len(self._log), False

    def before(self, position: int) -> Change | None:
        """The change that stands at a position or, if replaced since, the one before it."""
        for index in range(position - 1, -1, -1):
            if not self._log[index].replaced:
                return self._log[index]
        return None


def paid_before(row: Any, moment: datetime) -> bool:
    """Is a row known to have been paid before that moment? An unreadable date is not known."""
    paid_at = row.get("paid_at") if isinstance(row, dict) else None
    if not isinstance(paid_at, str):
        return False
    try:
        paid = datetime.fromisoformat(paid_at)
    except ValueError:
        return False
    return paid.replace(tzinfo=paid.tzinfo or UTC) < moment
