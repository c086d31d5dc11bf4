"""One HTTP exchange with QuickBooks: it ends in an answer, or it is known how far it got."""

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from qbdesk.sync.errors import Trouble
from qbdesk.sync.quickbooks.faults import clean_tid
from qbdesk.sync.quickbooks.limits import PAUSE_AFTER_THROTTLE
from qbdesk.sync.retry_after import date_of, retry_after

LARGEST_ANSWER = 32 * 1024 * 1024  # bytes, unpacked; 1000 invoices have about 5 MB
CONNECT_SECONDS = 20.0
_LONGEST_PAUSE = 3600.0  # seconds; a Retry-After beyond is no pause any more


class Unreachable(Trouble):
    """No answer came from QuickBooks. The text is a sentence for people.

    Attributes:
        sent: False: certainly not a byte of the request left. True: it may have arrived.
        tid: Intuit's reference number, where the answer's head came through.
    """

    def __init__(self, sentence: str, *, sent: bool, tid: str | None = None) -> None:
        super().__init__(sentence)
        self.sent = sent
        self.tid = tid


@dataclass(frozen=True)
class Answer:
    """A whole answer.

    Attributes:
        retry_after: Seconds that Retry-After asks for; None: it asks for nothing.
        date: When it was given, by Intuit's own clock.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    tid: str | None
    retry_after: float | None
    date: datetime | None

    @property
    def pause(self) -> float:
        """Seconds to pause after a throttle: Intuit's own advice where Retry-After is missing."""
        return PAUSE_AFTER_THROTTLE if self.retry_after is None else self.retry_after


class _WithoutQuery(logging.Filter):
    """Keeps the query of an address, which can name a customer, out of httpx' log.

    WORKAROUND for encode/httpx#2760: httpx logs every whole address at INFO.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg
                for arg in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_WithoutQuery())


def timeouts(deadline: float) -> httpx.Timeout:
    connect = min(CONNECT_SECONDS, deadline)
    return httpx.Timeout(deadline, connect=connect, pool=connect)


async def exchange(http: httpx.AsyncClient, request: httpx.Request, deadline: float) -> Answer:
    """Sends a request once and reads the whole answer.

    Args:
        deadline: Seconds for everything; httpx' own time-outs start anew with every byte.

    Raises:
        Unreachable: No whole answer; `sent` says whether the request may have arrived.
    """
    tid = None
    try:
        async with asyncio.timeout(deadline):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                tid = clean_tid(response.headers.get("intuit_tid"))
                body = await _body(response)
            finally:
                await response.aclose()
        return Answer(
            response.status_code,
            response.headers.get("content-type", ""),
            body,
            tid,
            retry_after(response.headers, _LONGEST_PAUSE),
            date_of(response.headers),
        )
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        # A ProxyError is the proxy's refusal of the tunnel: the request itself never left.
        sentence, sent = _why_not_connected(error), False
    except TimeoutError:
        sentence, sent = "QuickBooks took too long to answer.", True
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, EOFError) as error:
        slow = isinstance(error, httpx.TimeoutException)
        sentence = (
            "QuickBooks took too long to answer."
            if slow
            else "The connection to QuickBooks broke off before its answer was complete."
        )
        sent = True
    # Raised out here: the original error holds the request, and with it what it was about.
    raise Unreachable(sentence, sent=sent, tid=tid)


async def _body(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_ANSWER:
            raise httpx.DecodingError("The answer is too long")
        parts.append(part)
    return b"".join(parts)


def _why_not_connected(error: httpx.HTTPError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                "The connection to QuickBooks is not safe: the server could not prove that it is "
                "Intuit's. A virus scanner or the office network may be reading along; ask the "
                "person who looks after this computer."
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ProxyError):
        return (
            "The office network's proxy does not let this computer reach QuickBooks. Ask the "
            "person who looks after the network."
        )
    return (
        "QuickBooks cannot be reached. Nothing is lost: invoices wait, and qbdesk goes on with "
        "them by itself as soon as it can. Check this computer's internet connection."
    )
