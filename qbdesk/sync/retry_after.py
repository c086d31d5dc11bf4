"""How long a busy server asks to be left alone (RFC 9110, Retry-After)."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx


def retry_after(headers: httpx.Headers, longest: float) -> float | None:
    """Seconds, from 1 to `longest`; None: the server did not say, or not in a readable way."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit() and len(told) < 10:
        return min(max(float(told), 1.0), longest)
    until, now = _moment(told), _moment(headers.get("date", ""))
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 1.0), longest)


def _moment(text: str) -> datetime | None:
    """An HTTP date. Both ends are read from the server, whose clock need not be ours."""
    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo is not None else None
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
