"""How long a server is left alone: what it asks for (RFC 9110, Retry-After), and some chance."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

SPREAD = 0.5  # up to so much longer


def spread(seconds: float, chance: float) -> float:
    """So long and up to half as long again: many desks that met the same trouble do not come back
    in the same second, and never sooner than they were asked to. `chance` is from 0 to 1."""
    return seconds * (1 + SPREAD * chance)


def retry_after(headers: httpx.Headers, longest: float) -> float | None:
    """Seconds, from 1 to `longest`; None: the server did not say, or not in a readable way."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit() and len(told) < 10:
        return min(max(float(told), 1.0), longest)
    until, now = _moment(told), date_of(headers)
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 1.0), longest)


def date_of(headers: httpx.Headers) -> datetime | None:
    """When the answer was given, by the server's own clock (RFC 9110, Date)."""
    return _moment(headers.get("date", ""))


def _moment(text: str) -> datetime | None:
    """An HTTP date. Both ends are read from the server, whose clock need not be ours."""
    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo is not None else None
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
