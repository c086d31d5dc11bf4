"""Where a reader stands in the feed: the query of GET /v1/invoices and its opaque cursor."""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from qbdesk.practice.feed.feed import Change, Feed, paid_before
from qbdesk.practice.feed.problems import Problem

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
_CURSOR = re.compile(r"[A-Za-z0-9_.~-]{1,512}")
_PLAIN = re.compile(r"v1:(\d+):(\d+):(\d+):(.*)")


@dataclass(frozen=True)
class Place:
    """A position in the change log together with the filter that the reader started with.

    Attributes:
        position: The last change read.
        generation: Cursors of an earlier generation have expired.
        start: The head when the reader started; later changes pass whatever `since` says.
        since: Of the changes up to `start`, only invoices paid at or after this moment.
    """

    position: int
    generation: int
    start: int = 0
    since: datetime | None = None

    def wanted(self, change: Change) -> bool:
        if self.since is None or change.position > self.start:
            return True
        return not paid_before(change.row, self.since)

    def at(self, position: int) -> "Place":
        return replace(self, position=position)

    def cursor(self) -> str:
        since = "" if self.since is None else self.since.isoformat()
        plain = f"v1:{self.generation}:{self.position}:{self.start}:{since}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def limit(query: QueryParams) -> int:
    text = query.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= 1000:
        raise Problem("invalid-request", "limit is a number from 1 to 1000.")
    return min(int(text), LARGEST_LIMIT)


def place(query: QueryParams, feed: Feed, generation: int) -> Place:
    """Where to go on reading. Raises Problem for a query the contract does not allow."""
    if query.get("status") != "paid":
        raise Problem("invalid-request", "status is required; only paid is defined.")
    cursor, since = query.get("cursor"), query.get("paid_since")
    if cursor is None:
        return Place(0, generation, feed.head, None if since is None else _moment(since))
    if since is not None:
        raise Problem("cursor-with-filter", "Send cursor or paid_since, not both.")
    found = _parse(cursor)
    if found.position > feed.head or found.generation > generation:
        raise Problem("invalid-cursor")
    if found.generation < generation:
        raise Problem("cursor-expired", "Start again with paid_since.")
    return found


def _parse(cursor: str) -> Place:
    if not _CURSOR.fullmatch(cursor):
        raise Problem("invalid-cursor")
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        match = _PLAIN.fullmatch(plain)
        if match is None:
            raise Problem("invalid-cursor")
        generation, position, start, since = match.groups()
        moment = datetime.fromisoformat(since) if since else None
    except (binascii.Error, ValueError):
        raise Problem("invalid-cursor") from None
    return Place(int(position), int(generation), int(start), moment)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Problem("invalid-request", "paid_since is an instant such as 2026-01-31T23:59:59Z.")
    return moment.astimezone(UTC)
