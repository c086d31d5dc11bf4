"""The way between a desk and the practice company: in one process, and as bad as the seed says."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import simplejson
from desk import Desk
from starlette.types import ASGIApp, Message

from qbdesk.practice.intuit.company import PracticeCompany

Traced = str | tuple[str, str, httpx.URL, int, str]
DEADLINE = 120.0  # seconds after which qbdesk gives up on an answer
# What can become of a request to the Accounting API; the practice company's own faults.
_TO_A_WRITE = (
    *("reply_lost", "reply_lost", "reply_lost", "request_lost", "commit_late", "commit_late"),
    *("unavailable", "server_error", "done_unavailable", "done_server_error", "throttled"),
    *("garbage", "empty", "cut_off", "unauthorised", "not_connected", "silent", "done_silent"),
    *("strange", "done_fault"),
)
_TO_A_READ = (
    *("reply_lost", "unavailable", "server_error", "throttled", "garbage", "empty", "cut_off"),
    *("unauthorised", "not_connected", "silent", "strange"),
)
_TO_A_REFRESH = (
    *("reply_lost", "request_lost", "unavailable", "garbage", "empty", "not_connected"),
    *("done_silent", "cut_off"),
)
_TO_THE_FEED = ("lost", "unavailable", "busy", "garbage", "cut_off", "not_connected", "silent")
_HARNESS = ("not_connected", "silent", "done_silent", "strange", "done_fault")
_STRANGE = (b"[]", b"null", b'{"QueryResponse":[]}', b'{"time":"now"}', b"{", b"\x00\xff")
_SAYS_FAULT = b'{"Fault":{"Error":[{"Message":"Failure","code":"10000"}],"type":"SystemFault"}}'


@dataclass
class Weather:
    """How the network is at present.

    Attributes:
        trouble: The share of requests that something happens to.
        latest: Seconds that a write without an answer may take to be carried out.
        latency: Seconds a request takes, at most.
        only_late: Nothing else happens than that writes get no answer and are carried out late.
    """

    trouble: float = 0.0
    latest: float = 200.0
    latency: float = 1.0
    only_late: bool = False


@dataclass
class Counts:
    requests: int = 0
    faults: int = 0


@dataclass
class Network:
    """Carries requests. Attributes `loose`: writes that may still be carried out."""

    app: ASGIApp
    company: PracticeCompany
    random: Random
    trace: list[Traced]
    weather: Weather = field(default_factory=Weather)
    counts: Counts = field(default_factory=Counts)
    page: int | None = None
    came_with: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    not_taken: Counter[str] = field(
        default_factory=Counter
    )  # request id -> answers without a success
    watch: Any = None

    async def carry(self, desk: Desk, request: httpx.Request) -> httpx.Response:
        self.counts.requests += 1
        body = request.content
        kind = self._kind(request)
        fate = self._fate(kind)
        if self.watch is not None:
            self.watch(desk, request, kind)
        self._note(desk, request, fate or "->")
        self._check_token(desk, request, kind)
        await asyncio.sleep(self.random.random() * self.weather.latency)
        if fate == "not_connected":
            raise httpx.ConnectError("no route")
        if fate == "silent":
            await asyncio.sleep(10 * DEADLINE)
        answer = self._answered(request, body, kind, fate)
        if fate == "done_silent":
            await asyncio.sleep(10 * DEADLINE)
        await asyncio.sleep(self.random.random() * self.weather.latency)
        self._note(desk, request, str(answer.status_code))
        if kind == "write" and fate and answer.status_code not in (401, 429):
            self.not_taken[request.url.params.get("requestid", "")] += 1
        return answer

    def _kind(self, request: httpx.Request) -> str:
        path = request.url.path
        if path.startswith("/source"):
            return "feed"
        if "/oauth2/" in path:
            return "refresh"
        return "write" if request.method == "POST" and not path.endswith("/query") else "read"

    def _fate(self, kind: str) -> str:
        if self.random.random() >= self.weather.trouble:
            return ""
        if self.weather.only_late and kind != "write":
            return ""
        self.counts.faults += 1
        if self.weather.only_late:
            return "commit_late"
        ways = {
            "feed": _TO_THE_FEED,
            "refresh": _TO_A_REFRESH,
            "write": _TO_A_WRITE,
            "read": _TO_A_READ,
        }
        return self.random.choice(ways[kind])

    def _answered(
        self, request: httpx.Request, body: bytes, kind: str, fate: str
    ) -> httpx.Response:
        if kind == "feed" and fate:
            return self._feed_in_trouble(request, body, fate)
        if kind == "feed" and self.page is not None:
            # A source may give fewer rows than it is asked for.
            smaller = request.url.copy_set_param("limit", self.page)
            request = httpx.Request(request.method, smaller, headers=request.headers)
        if fate and fate not in _HARNESS:
            after = True if fate.startswith("done_") else None
            seconds = self.random.random() * self.weather.latest
            name = fate.removeprefix("done_")
            self.company.faults.add(name, seconds=seconds, after_commit=after)  # type: ignore[arg-type]
        try:
            answer = deliver(self.app, request, body)
        finally:
            self.company.faults.clear()
        if fate == "strange":
            return httpx.Response(200, content=self.random.choice(_STRANGE), headers=_JSON)
        if fate == "done_fault":
            return httpx.Response(200, content=_SAYS_FAULT, headers=_JSON)
        if kind == "refresh" and answer.status_code == 200:
            self._remember(answer)
        return answer

    def _feed_in_trouble(self, request: httpx.Request, body: bytes, fate: str) -> httpx.Response:
        if fate == "lost":
            raise httpx.ReadError("gone")
        if fate == "unavailable":
            return httpx.Response(503, content=b"<html>")
        if fate == "busy":
            return httpx.Response(429, headers={"retry-after": str(self.random.randint(1, 90))})
        if fate == "garbage":
            return httpx.Response(200, content=b"<html>Welcome</html>")
        answer = deliver(self.app, request, body)
        return httpx.Response(200, content=answer.content[: len(answer.content) // 2])

    # ---- tokens ----

    def _remember(self, answer: httpx.Response) -> None:
        """Which refresh token came with which access token."""
        try:
            told = simplejson.loads(answer.content)
            self.came_with[told["access_token"]] = told["refresh_token"]
        except (ValueError, KeyError, TypeError):
            pass

    def _check_token(self, desk: Desk, request: httpx.Request, kind: str) -> None:
        """A new refresh token has to be in the keyring before its access token is used."""
        if kind not in ("read", "write"):
            return
        token = request.headers["authorization"].removeprefix("Bearer ")
        wanted = self.came_with.get(token)
        # Another program of this home may have replaced it since, twice.
        if wanted is not None and wanted not in desk.home.keyring.ever:
            self.violations.append("a token was used before it was stored")

    def _note(self, desk: Desk, request: httpx.Request, what: str) -> None:
        """Put into words only when somebody reads it."""
        self.trace.append((desk.name, request.method, request.url, len(request.content), what))


def in_words(entry: Traced) -> str:
    """A line of the trace."""
    if isinstance(entry, str):
        return entry
    name, method, url, length, what = entry
    told = url.path.rpartition("/v3/company/")[2].partition("/")[2] or url.path
    asked = url.params.get("query") or url.params.get("requestid") or url.params.get("cursor", "")
    return f"    {name} {method} {told} {asked} {length or ''}: {what}"


_JSON = {"content-type": "application/json"}


def deliver(app: ASGIApp, request: httpx.Request, body: bytes) -> httpx.Response:
    """What the app answers. It never waits, so that it can be played at one moment.

    Raises httpx.RemoteProtocolError where the connection breaks off.
    """
    messages: list[Message] = []
    path = request.url.path
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    playing = app(scope, receive, send)
    try:
        playing.send(None)  # type: ignore[attr-defined]
    except StopIteration:
        pass
    else:
        raise AssertionError("The practice company waited for something.")
    start = messages[0]
    content = b"".join(message.get("body", b"") for message in messages[1:])
    return httpx.Response(start["status"], headers=start["headers"], content=content)
