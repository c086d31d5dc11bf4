"""One practice company: its books, who may sign in, what goes wrong, what was asked of it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from qbdesk.practice.books.books import Books
from qbdesk.practice.clock import intuit_time
from qbdesk.practice.intuit import refusals
from qbdesk.practice.intuit.faults import FaultKind, Faults
from qbdesk.practice.intuit.limits import Limits
from qbdesk.practice.intuit.request_ids import RequestIds
from qbdesk.practice.intuit.signin import SignIn

Sleep = Callable[[float], Awaitable[None]]
API_HOSTS = {"quickbooks": "production", "sandbox-quickbooks": "sandbox"}


@dataclass
class RequestCounts:
    """Requests that arrived, however they were answered; POST /query is a read."""

    reads: int = 0
    writes: int = 0
    batches: int = 0
    refreshes: int = 0
    throttled: int = 0


class PracticeCompany:
    """What the practice servers share about one company.

    Attributes:
        books: The entities and the ledger; `switches` and `clock` are the books' own.
        sign_in: The app's registration, codes and tokens.
        faults: What is to go wrong next.
        requests: How many requests of which kind arrived.
    """

    def __init__(
        self,
        books: Books,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.books = books
        self.switches = books.switches
        self.clock = books.clock
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uri = redirect_uri
        self.realm_id = books.realm_id
        self.sign_in = SignIn(
            books.switches,
            books.clock,
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
        )
        self.limits = Limits(books.switches, books.clock)
        self.request_ids = RequestIds(books.switches, books.clock)
        self.faults = Faults()
        self.requests = RequestCounts()
        self._sleep = sleep
        self._later: list[tuple[datetime, Callable[[], object]]] = []
        self._traces = 0

    async def sleep(self, seconds: float) -> None:
        await self._sleep(seconds)

    def do_later(self, seconds: float, work: Callable[[], object]) -> None:
        """Has work done once the clock is that far; by `catch_up`, at the latest."""
        self._later.append((self.clock() + timedelta(seconds=seconds), work))

    def catch_up(self) -> None:
        """Does what has come due. Every request begins with it; call it to look at the books."""
        now = self.clock()
        due = sorted((x for x in self._later if x[0] <= now), key=lambda x: x[0])
        self._later = [x for x in self._later if x[0] > now]
        for moment, work in due:
            with self.books.at(moment):
                work()

    def knows(self, host: str, realm_id: str) -> bool:
        """Whether this API host serves the company: sandbox or production, not both."""
        return API_HOSTS[host] == self.switches.environment and realm_id == self.realm_id

    def new_trace_id(self) -> str:
        """An `intuit_tid`, as every answer of Intuit carries one."""
        self._traces += 1
        digest = hashlib.sha256(f"{self.realm_id}:{self._traces}".encode()).hexdigest()
        return f"1-{digest[:8]}-{digest[8:32]}"

    def gateway_answer(self, kind: FaultKind, code: str) -> Response:
        """An error without any reason, from the accounting service or from in front of it."""
        if kind == "unavailable":
            return refusals.edge(503, "Service Temporarily Unavailable")
        if kind == "throttled":
            return self.throttled()
        if kind == "unauthorised":
            return self.unauthorised("Token expired: AB01")
        refused = refusals.RefusedError("10000", "System Failure Error: null", status=500)
        if kind == "refused":
            refused = refusals.RefusedError(code)
        time = intuit_time(self.clock())
        return refusals.fault_answer(refused, self.switches.language, time)

    def throttled(self) -> Response:
        self.requests.throttled += 1
        if self.switches.throttled_in_json:
            answer = refusals.gateway(
                429, "3001", "ThrottleExceeded", refusals.LIMIT_REACHED, "SERVICE", self.now_ms()
            )
        else:
            answer = refusals.throttled(intuit_time(self.clock()))
        if self.switches.retry_after is not None:
            answer.headers["retry-after"] = str(self.switches.retry_after)
        return answer

    def unauthorised(self, detail: str) -> Response:
        now = self.now_ms()
        return refusals.gateway(401, "3200", "AuthenticationFailed", detail, "AUTHENTICATION", now)

    def forbidden(self) -> Response:
        word = "ApplicationAuthorizationFailed"
        return refusals.gateway(403, "3100", word, None, "SERVICE", self.now_ms())

    def now_ms(self) -> int:
        return int(self.clock().timestamp() * 1000)
