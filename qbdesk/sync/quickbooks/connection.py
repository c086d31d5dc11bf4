"""Sends requests to one company: in turn, with a token, until QuickBooks has looked into them."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import httpx

from qbdesk.sync.quickbooks.exchange import Answer, exchange, timeouts
from qbdesk.sync.quickbooks.faults import Fault, FaultKind, read_answer
from qbdesk.sync.quickbooks.hosts import Environment, Hosts
from qbdesk.sync.quickbooks.limits import Limiter, RequestKind
from qbdesk.sync.retry_after import spread

MINOR_VERSION = "75"
DEADLINE = 120.0  # seconds; Intuit itself gives up on a request after so long
MOST_THROTTLES = 5  # in a row for one request; a used-up monthly allowance never ends
SHORTEST_WAIT_SHOWN = 1.0  # seconds
GRACE = 1.5  # seconds that a write on the wire may take to end when its pass is stopped
_log = logging.getLogger("qbdesk.quickbooks")
_REALM = re.compile(r"[A-Za-z0-9-]{1,50}")
_ASKED_TO_PAUSE = "QuickBooks asked for a pause; the program goes on by itself."
_AT_THE_LIMIT = "QuickBooks takes only so many requests a minute; the program goes on by itself."


T = TypeVar("T")


class NeverLeft(asyncio.CancelledError):
    """Stopped while the request waited for a token or for its turn: not a byte of it has left."""


class AccessTokens(Protocol):
    """Where the access token comes from. What these raise passes through the client unchanged;
    the request at hand was then certainly not carried out."""

    async def access_token(self) -> str: ...

    async def refused(self, token: str) -> None:
        """A 401 came for this token: the next access_token() is another one."""
        ...


@dataclass(frozen=True)
class Request:
    """One request, before it has a token. `path` and `params` without what every request has."""

    kind: RequestKind
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"


class Connection:
    """The way to one company. See `QuickBooks` for the arguments."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        hosts: Hosts,
        environment: Environment,
        realm_id: str,
        tokens: AccessTokens,
        limiter: Limiter,
        deadline: float,
        sleep: Callable[[float], Awaitable[None]],
        on_wait: Callable[[float, str], None],
        chance: Callable[[], float],
    ) -> None:
        if not _REALM.fullmatch(realm_id):
            raise ValueError("This is no QuickBooks company id.")
        self._http = http
        self._root = f"{hosts.api[environment]}/v3/company/{realm_id}/"
        self._tokens = tokens
        self._limiter = limiter
        self._deadline = deadline
        self._sleep = sleep
        self._on_wait = on_wait
        self._chance = chance

    async def send(self, request: Request) -> tuple[Answer, Fault | dict[str, Any]]:
        """Sends until QuickBooks has looked into the request; its answer, and what that says.

        A throttle and a refused access token prove that it was not carried out, so that it may go
        again, a write as well. Whoever is stopped while a write is on the wire still gets its
        answer, if it comes soon; the stop then counts from the next time something is awaited.

        Raises:
            Unreachable: The (last) time no whole answer came.
            NeverLeft: Stopped before it left, or after QuickBooks had not carried it out.
        """
        throttles, token_refused = 0, False
        while True:
            token = await self._ready(request.kind)
            sending = exchange(self._http, self._with_token(request, token), self._deadline)
            answer = await (sending if request.kind == "read" else _finished(sending))
            # Intuit asks apps to log the reference number of every answer.
            _log.info("%s: HTTP %s, intuit_tid %s", request.path, answer.status, answer.tid)
            result = read_answer(answer.status, answer.content_type, answer.body, answer.tid)
            if not isinstance(result, Fault):
                return answer, result
            if result.kind is FaultKind.THROTTLED:
                self.pause(answer)
                throttles += 1
                if throttles == MOST_THROTTLES:
                    return answer, result
            elif _is_about_the_token(result) and not token_refused:
                token_refused = True
                await self._tokens.refused(token)
            else:
                return answer, result

    def pause(self, answer: Answer) -> None:
        """Leaves QuickBooks alone for as long as a throttling answer asks."""
        self._limiter.pause(answer.pause)

    async def back_off(self, seconds: float, why: str) -> None:
        wait = spread(seconds, self._chance())
        self._on_wait(wait, why)
        await self._sleep(wait)

    def address(self, request: Request) -> httpx.URL:
        params = {**request.params, "minorversion": MINOR_VERSION}
        return httpx.URL(self._root + request.path, params=params)

    async def room(self, kind: RequestKind) -> None:
        """Waits until a request of this kind could leave, and says why."""
        wait = self._limiter.wait(kind)
        if wait >= SHORTEST_WAIT_SHOWN:
            asked = self._limiter.pause_left > 0
            self._on_wait(wait, _ASKED_TO_PAUSE if asked else _AT_THE_LIMIT)
        await self._limiter.room(kind)

    async def _ready(self, kind: RequestKind) -> str:
        """An access token, once it is this request's turn."""
        try:
            token = await self._tokens.access_token()
            await self.room(kind)
            await self._limiter.turn(kind)
        except asyncio.CancelledError:
            raise NeverLeft from None
        return token

    def _with_token(self, request: Request, token: str) -> httpx.Request:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if request.content is not None:
            headers["Content-Type"] = request.content_type
        return self._http.build_request(
            request.method,
            self.address(request),
            headers=headers,
            content=request.content,
            timeout=timeouts(self._deadline),
        )


async def _finished(sending: Coroutine[Any, Any, T]) -> T:
    """What a write comes to. A stop leaves it a moment: without its answer it would be in doubt,
    and have to be looked for."""
    on_the_wire = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(on_the_wire)
    except asyncio.CancelledError:
        await asyncio.wait([on_the_wire], timeout=GRACE)
        stopped = asyncio.current_task()
        if not on_the_wire.done() or stopped is None:
            raise
        stopped.uncancel()
        stopped.cancel()  # once more, to be heard when the answer has been written down
        return on_the_wire.result()
    finally:
        on_the_wire.cancel()


def nobody_listens(_seconds: float, _why: str) -> None:
    """The `on_wait` of whoever does not ask."""


def _is_about_the_token(fault: Fault) -> bool:
    is_sign_in = fault.kind is FaultKind.SIGN_IN and fault.http_status < 500
    return fault.http_status == 401 or is_sign_in
