"""What the tests of the QuickBooks client share: time without waiting, tokens, a way to answer."""

import asyncio
import heapq
import itertools
import json
from collections.abc import Coroutine, Sequence
from typing import Any

import httpx

from qbdesk.sync.quickbooks.client import QuickBooks, Write
from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.quickbooks.limits import Limiter, RequestKind

REALM = "9130350000000001"
ROOT = f"https://quickbooks.api.intuit.com/v3/company/{REALM}/"
TID = "1-6708a2f3-0c1f5e2b7d9a4e6f8a1b2c3d"


class VirtualTime:
    """A clock that moves when everybody sleeps. `wall` may be set apart from the true time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall_offset = 1_790_000_000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + self.wall_offset

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), future))
        await future

    async def run(self, *work: Coroutine[Any, Any, Any]) -> None:
        """Runs all of it at once, to the end."""
        tasks = [asyncio.ensure_future(each) for each in work]
        while not all(task.done() for task in tasks):
            for _ in range(5):
                await asyncio.sleep(0)
            if self._sleepers:
                until, _, future = heapq.heappop(self._sleepers)
                self.now = max(self.now, until)
                if not future.done():
                    future.set_result(None)
        for task in tasks:
            await task


class Log:
    """The ledger's memory of requests."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, RequestKind]] = []

    def recent(self, since: float) -> Sequence[tuple[float, RequestKind]]:
        return [row for row in self.rows if row[0] >= since]

    def add(self, at: float, kind: RequestKind) -> None:
        self.rows.append((at, kind))


class Tokens:
    def __init__(self) -> None:
        self.generation = 1
        self.refusals: list[str] = []

    async def access_token(self) -> str:
        return f"access-{self.generation}"

    async def refused(self, token: str) -> None:
        self.refusals.append(token)
        self.generation += 1


class Desk:
    """A client with everything it needs; its sleeps and waits only pass on paper."""

    def __init__(
        self, http: httpx.AsyncClient, *, deadline: float = 120.0, chance: float = 0.0
    ) -> None:
        self.slept: list[float] = []
        self.waits: list[tuple[float, str]] = []
        self.now = 0.0
        self.log = Log()
        self.tokens = Tokens()
        self.limiter = Limiter(self.log, wall=self._time, monotonic=self._time, sleep=self._sleep)
        self.quickbooks = QuickBooks(
            http,
            intuit_hosts(None),
            "production",
            REALM,
            self.tokens,
            self.limiter,
            deadline=deadline,
            sleep=self._sleep,
            on_wait=lambda seconds, why: self.waits.append((seconds, why)),
            chance=lambda: chance,
        )

    def _time(self) -> float:
        return self.now

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def invoice_write(request_id: str = "qd1i0001") -> Write:
    return Write("invoice", b'{"CustomerRef":{"value":"58"},"Line":[]}', request_id)


def capital(code: str, detail: str = "", element: str = "", kind: str = "ValidationFault") -> bytes:
    """The accounting service's own envelope."""
    error = {"Message": "Message", "Detail": detail, "code": code, "element": element}
    return json.dumps({"Fault": {"Error": [error], "type": kind}, "time": "2026-08-16"}).encode()


def lower_case(code: str, detail: str | None = None, kind: str = "SERVICE") -> bytes:
    """The gateway's envelope."""
    error = {"message": "message=X; errorCode=1; statusCode=1", "detail": detail, "code": code}
    fault = {"error": [{**error, "element": None}], "type": kind}
    return json.dumps({"warnings": None, "fault": fault, "batchItemResponse": []}).encode()


def xml(code: str, detail: str = "", element: str = "", kind: str = "ValidationFault") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<IntuitResponse time="2026-08-16" xmlns="http://schema.intuit.com/finance/v3">'
        f'<Fault type="{kind}"><Error code="{code}" element="{element}">'
        f"<Message>Message</Message><Detail>{detail}</Detail></Error></Fault></IntuitResponse>"
    ).encode()
