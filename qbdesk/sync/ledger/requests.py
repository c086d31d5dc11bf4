"""Requests to QuickBooks: the last minute's, for the limits, and each month's, for the meter."""

from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.tables import recent_request, request_count
from qbdesk.sync.quickbooks.limits import RequestKind

REMEMBERED_SECONDS = 120

# Asked at every request, so they are built once.
_RECENT = (
    select(recent_request.c.at, recent_request.c.kind)
    .where(
        recent_request.c.realm_id == bindparam("realm"), recent_request.c.at >= bindparam("since")
    )
    .order_by(recent_request.c.at)
)
_REMEMBER = insert(recent_request)
_FORGET = delete(recent_request).where(recent_request.c.at < bindparam("before"))
_COUNT = (
    update(request_count)
    .where(
        request_count.c.realm_id == bindparam("realm"),
        request_count.c.month == bindparam("of_month"),
        request_count.c.kind == bindparam("of_kind"),
    )
    .values(count=request_count.c.count + 1)
)


class RequestLedger:
    """Remembers the requests of one QuickBooks company across restarts and programs."""

    def __init__(self, ledger: Ledger, realm_id: str) -> None:
        self._ledger = ledger
        self._realm = realm_id

    def recent(self, since: float) -> list[tuple[float, RequestKind]]:
        """Requests at or after a time (seconds since the epoch), oldest first."""
        with self._ledger.begin() as connection:
            rows = connection.execute(_RECENT, {"realm": self._realm, "since": since})
            return [(row.at, row.kind) for row in rows]

    def add(self, at: float, kind: RequestKind) -> None:
        with self._ledger.begin() as connection:
            connection.execute(_REMEMBER, {"realm_id": self._realm, "at": at, "kind": kind})
            connection.execute(_FORGET, {"before": at - REMEMBERED_SECONDS})
            self._count(connection, datetime.fromtimestamp(at, UTC).strftime("%Y-%m"), kind)

    def _count(self, connection: Connection, month: str, kind: str) -> None:
        here = {"realm": self._realm, "of_month": month, "of_kind": kind}
        if connection.execute(_COUNT, here).rowcount == 0:
            first = {"realm_id": self._realm, "month": month, "kind": kind, "count": 1}
            connection.execute(insert(request_count), first)


def of_month(connection: Connection, realm_id: str, day: datetime) -> dict[str, int]:
    """How many requests of each kind left in the month (UTC) of that day."""
    month = day.astimezone(UTC).strftime("%Y-%m")
    rows = connection.execute(
        select(request_count.c.kind, request_count.c.count).where(
            request_count.c.realm_id == realm_id, request_count.c.month == month
        )
    )
    return {kind: count for kind, count in rows}
