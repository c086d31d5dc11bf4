"""The paid-invoice feed (docs/paid-invoice-feed.openapi.yaml)."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from qbdesk.sync.errors import Refusal
from qbdesk.sync.model import Tenant
from qbdesk.sync.quickbooks.json_reader import NotJson, read_json
from qbdesk.sync.retry_after import retry_after, spread
from qbdesk.sync.sources.source import Page, SourceRefused, SourceUnreachable

PAGE_SIZE = 200
LONGEST_PAGE = 1000  # rows; the contract says 200, and whoever rounds up is forgiven
MOST_EMPTY_PAGES = 20  # in a row that promise more
DEADLINE = 60.0  # seconds for one answer, however slowly it drips
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; 200 invoices of 1,000 long lines fit
BACK_OFF = (1.0, 2.0, 4.0)  # seconds between four tries, and up to half as long again
LONGEST_WAIT = 600.0  # seconds that a Retry-After is waited out within a pass
_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{1,250}"')
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Waiting = Callable[[float, str], None]


class _PageAnswer(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    data: Annotated[list[Any], Field(max_length=LONGEST_PAGE)]
    has_more: bool
    next_cursor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.~-]{1,512}$")]


class _Missing(Exception):
    """There is no such thing (404)."""


class _Expired(Exception):
    """The cursor is too old (410), or the source does not know it (400)."""


@dataclass(frozen=True)
class _Try:
    """What one request came to: an answer, or why and how long to wait before the next one."""

    answer: Any = None
    why: str = ""
    wait: float | None = None
    etag: str | None = None
    unchanged: bool = False


def checked_url(url: str) -> str:
    """The root of a feed server, without a closing slash.

    Raises:
        Refusal: It is not https (plain http is taken on this machine only), or no address at all.
    """
    try:
        address = httpx.URL(url.strip())
        split = urlsplit(url.strip())
        is_root = split.port != 0 and not re.search(r"[@%\s]", split.netloc)
    except (httpx.InvalidURL, ValueError):
        is_root = False
    if not is_root or not _is_safe(address) or split.query or split.fragment:
        raise Refusal(
            "The address of the invoicing system has to start with https:// and be its root, such "
            "as https://invoicing.example.com. The token would not be safe otherwise."
        )
    return url.strip().rstrip("/")


def _is_safe(address: httpx.URL) -> bool:
    if address.scheme == "http":
        return address.host in _LOOPBACK
    return address.scheme == "https" and bool(address.host)


class FeedSource:
    """Reads the feed of one tenant.

    Args:
        sleep: How waiting is done; `waiting` hears for how many seconds, and why.
        chance: From 0 to 1, drawn afresh before each try after the first.

    Attributes:
        poll_seconds: When the source wants to be asked again (X-Poll-Interval), once it has said.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        token: str,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        waiting: Waiting = lambda _seconds, _why: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._root = checked_url(url)
        self._token = token
        self._sleep = sleep
        self._waiting = waiting
        self._chance = chance
        self.poll_seconds: int | None = None

    async def tenant(self) -> Tenant:
        try:
            found = await self._get("/v1/tenant", {})
            tenant = Tenant.model_validate(found.answer)
            ZoneInfo(tenant.timezone)
        except _Missing:
            raise SourceUnreachable(RUBBISH) from None
        except (ValidationError, ZoneInfoNotFoundError, ValueError, OSError, _Expired):
            # An OSError: "America" is a folder among the time zones.
            raise SourceUnreachable(
                "The invoicing system says who it is in a way qbdesk cannot read. Ask its makers."
            ) from None
        return tenant

    async def pages(
        self, cursor: str | None, since: datetime, etag: str | None = None
    ) -> AsyncIterator[Page]:
        started_anew, empty = False, 0
        seen = {cursor}
        while True:
            try:
                found = await self._page(cursor, since, etag)
            except _Expired:
                if started_anew:
                    raise SourceUnreachable(RUBBISH) from None
                cursor, etag, started_anew = None, None, True
                continue
            if found.unchanged:
                return
            answer: _PageAnswer = found.answer
            empty = 0 if answer.data else empty + 1
            asked, cursor, etag = cursor, answer.next_cursor, None
            yield Page(tuple(answer.data), cursor, found.etag if asked == cursor else None)
            if not answer.has_more:
                return
            if cursor in seen or empty >= MOST_EMPTY_PAGES:
                raise SourceUnreachable(RUBBISH)  # it would go round in circles for ever
            seen.add(cursor)

    async def invoice(self, source_id: str) -> Any | None:
        try:
            found = await self._get(f"/v1/invoices/{quote(source_id, safe='')}", {})
        except _Missing:
            return None
        except _Expired:
            raise SourceUnreachable(RUBBISH) from None
        return found.answer

    async def _page(self, cursor: str | None, since: datetime, etag: str | None) -> _Try:
        params = {"status": "paid", "limit": str(PAGE_SIZE)}
        if cursor is not None:
            params["cursor"] = cursor
        else:
            params["paid_since"] = since.astimezone(UTC).isoformat().replace("+00:00", "Z")
        try:
            found = await self._get("/v1/invoices", params, etag)
        except _Missing:
            raise SourceUnreachable(RUBBISH) from None
        if found.unchanged:
            return found
        try:
            return replace(found, answer=_PageAnswer.model_validate(found.answer))
        except ValidationError:
            raise SourceUnreachable(RUBBISH) from None

    async def _get(self, path: str, params: dict[str, str], etag: str | None = None) -> _Try:
        pauses = iter(BACK_OFF)
        while True:
            result = await self._try(path, params, etag)
            if not result.why:
                return result
            pause = next(pauses, None)
            if pause is None:
                raise SourceUnreachable(result.why)
            wait = spread(result.wait or pause, self._chance())
            self._waiting(wait, result.why)
            await self._sleep(wait)

    async def _try(self, path: str, params: dict[str, str], etag: str | None) -> _Try:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if etag is not None:
            headers["If-None-Match"] = etag
        request = self._http.build_request(
            "GET", self._root + path, params=params, headers=headers, timeout=DEADLINE
        )
        try:
            async with asyncio.timeout(DEADLINE):
                response = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    body = await _body(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, TimeoutError, OSError):
            return _Try(why=DOWN)
        self._note_poll_interval(response.headers)
        if response.status_code == 304 and etag is not None:
            return _Try(unchanged=True)
        return replace(_read(response, body), etag=_etag(response.headers))

    def _note_poll_interval(self, headers: httpx.Headers) -> None:
        told = headers.get("x-poll-interval", "").strip()
        if re.fullmatch(r"[0-9]{1,5}", told):
            self.poll_seconds = int(told)


DOWN = (
    "The invoicing system cannot be reached. Nothing is lost: qbdesk goes on where it stopped as "
    "soon as it answers."
)
RUBBISH = (
    "The invoicing system answers something qbdesk cannot read. Nothing is lost: qbdesk tries "
    "again; if it stays like this, ask its makers."
)
BUSY = "The invoicing system asks for a pause; qbdesk goes on by itself."


def _etag(headers: httpx.Headers) -> str | None:
    """The validator of an answer (RFC 9110, 8.8.3), if it has a usable one."""
    told = headers.get("etag", "").strip()
    return told if _ETAG.fullmatch(told) else None


async def _body(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_ANSWER:
            raise httpx.DecodingError("The answer is too long")
        parts.append(part)
    return b"".join(parts)


def _read(response: httpx.Response, body: bytes) -> _Try:
    status = response.status_code
    if status in (401, 403):
        lacks = "lacks the right to read invoices" if status == 403 else "is not accepted"
        raise SourceRefused(
            f"The token for the invoicing system {lacks}. Make a new one there and enter it here; "
            "until then no new invoices arrive."
        )
    if status in (400, 410):
        raise _Expired
    if status == 404:
        raise _Missing
    if status == 429 or (status == 503 and "retry-after" in response.headers):
        return _Try(why=BUSY, wait=retry_after(response.headers, LONGEST_WAIT))
    if status >= 500:
        return _Try(why=DOWN)
    if status != 200:
        raise SourceUnreachable(RUBBISH)
    try:
        return _Try(answer=read_json(body, mend=True))  # one bad row costs no page
    except NotJson:
        return _Try(why=RUBBISH)
