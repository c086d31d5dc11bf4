"""The practice world's idea of now; tests and simulations hand in their own."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def intuit_time(moment: datetime) -> str:
    """A moment as Intuit writes it (`MetaData.CreateTime`): ISO 8601 with offset."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def rfc3339(moment: datetime) -> str:
    """A moment as the feed writes it: RFC 3339 in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
