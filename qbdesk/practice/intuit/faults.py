"""A bad network on demand: what can go wrong between a client and the books.

`company.faults.add("reply_lost", matching="POST invoice")` makes the next invoice arrive and its
answer vanish. A fault matches when each of its words is one of the request's: method, path parts,
operation, and `read`, `write` or `batch`.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, get_args

import httpx
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

FaultKind = Literal[
    "reply_lost",  # done, and the connection closes without an answer
    "request_lost",  # the connection closes before anything is done
    "commit_late",  # the connection closes; done `seconds` later, when the clock gets there
    "unavailable",  # 503 as HTML
    "server_error",  # 500 with code 10000
    "throttled",  # 429 as XML
    "refused",  # 400 with the fault `code`, whatever was sent
    "unauthorised",  # 401 in the gateway's envelope
    "garbage",  # done; 200 with a page instead of JSON
    "empty",  # done; 200 with nothing in it
    "cut_off",  # done; JSON that ends half-way
    "slow",  # done; answered `seconds` later
    "slow_drip",  # done; the answer takes `seconds` to trickle in
]
KINDS: tuple[str, ...] = get_args(FaultKind)
_DONE_FIRST = ("reply_lost", "garbage", "empty", "cut_off", "slow", "slow_drip")
_WITHOUT_ITS_ANSWER = (
    *("reply_lost", "request_lost", "garbage", "empty"),
    *("unavailable", "server_error", "throttled", "unauthorised", "refused"),
)
_DRIPS = 20


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: What happens.
        matching: Words that the request must have, such as "POST invoice"; "" is every request.
        times: How often it happens; None: until the faults are cleared.
        seconds: For the kinds that take time.
        after_commit: Whether the request was carried out before it went wrong.
        code: Intuit's fault code, of "refused".
    """

    kind: FaultKind
    matching: str
    times: int | None
    seconds: float
    after_commit: bool
    code: str


class Faults:
    """The faults still to come, in the order they were added."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(
        self,
        kind: FaultKind,
        matching: str = "",
        times: int | None = 1,
        seconds: float = 0.0,
        after_commit: bool | None = None,
        code: str = "6000",
    ) -> Fault:
        """Adds a fault; `after_commit` given makes, say, a 503 hide a success.

        Raises ValueError for an unknown kind.
        """
        if kind not in KINDS:
            raise ValueError(f"A fault is one of {', '.join(KINDS)}.")
        done = kind in _DONE_FIRST if after_commit is None else after_commit
        fault = Fault(kind, matching, times, float(seconds), done, code)
        self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        self.waiting.clear()

    def listed(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.waiting]

    def take(self, words: frozenset[str]) -> Fault | None:
        """The first fault that matches, used up by one."""
        for fault in self.waiting:
            if set(fault.matching.casefold().split()) <= words:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.waiting.remove(fault)
                return fault
        return None


class Lost(Response):
    """No answer at all: the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # ASGI knows no way to hang up; uvicorn's `receive` belongs to the object with the socket.
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if transport is None:
            # In one process with its client there is no connection: what httpx would raise.
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class Suffering(Protocol):
    """What a fault needs of the company it happens to."""

    faults: Faults

    async def sleep(self, seconds: float) -> None: ...
    def do_later(self, seconds: float, work: Callable[[], object]) -> None: ...
    def gateway_answer(self, kind: FaultKind, code: str) -> Response: ...


async def answered(
    company: Suffering, words: frozenset[str], perform: Callable[[], Response]
) -> Response:
    """The answer of `perform`, or what a waiting fault makes of it."""
    fault = company.faults.take(words)
    if fault is None:
        return perform()
    if fault.kind == "commit_late":
        company.do_later(fault.seconds, perform)
        return Lost()
    answer = perform() if fault.after_commit else None
    if fault.kind in _WITHOUT_ITS_ANSWER:
        return _instead(company, fault.kind, fault.code)
    if fault.kind == "slow":
        await company.sleep(fault.seconds)
        return answer or perform()
    answer = answer or perform()
    text = bytes(answer.body)
    if fault.kind == "cut_off":
        return Response(text[: len(text) // 2], media_type="application/json")
    return StreamingResponse(
        _dripping(company, fault.seconds, text), answer.status_code, media_type="application/json"
    )


def _instead(company: Suffering, kind: FaultKind, code: str) -> Response:
    if kind in ("reply_lost", "request_lost"):
        return Lost()
    if kind == "garbage":
        return HTMLResponse("<html><body>Please wait while we verify your browser</body></html>")
    if kind == "empty":
        return Response(b"", media_type="application/json")
    return company.gateway_answer(kind, code)


async def _dripping(company: Suffering, seconds: float, text: bytes) -> AsyncIterator[bytes]:
    size = max(1, -(-len(text) // _DRIPS))
    for start in range(0, len(text), size):
        await company.sleep(seconds / _DRIPS)
        yield text[start : start + size]
