"""The Accounting API of one QuickBooks company: reads that repeat themselves, writes that never do.

A write is sent again only after an answer that proves that it was not carried out (a refused access
token, a throttle). In every other case its outcome says how certain it is.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from qbdesk.sync.errors import Trouble
from qbdesk.sync.quickbooks.batches import LONGEST_REQUEST_ID, batch_body, batch_outcomes
from qbdesk.sync.quickbooks.connection import (
    DEADLINE,
    AccessTokens,
    Connection,
    Request,
    nobody_listens,
)
from qbdesk.sync.quickbooks.exchange import Answer, Unreachable
from qbdesk.sync.quickbooks.faults import Fault, FaultKind, misread
from qbdesk.sync.quickbooks.hosts import Environment, Hosts
from qbdesk.sync.quickbooks.limits import Limiter, RequestKind
from qbdesk.sync.quickbooks.objects import CompanyInfo, ExchangeRateObject, Preferences
from qbdesk.sync.quickbooks.outcomes import (
    Confirmed,
    NotSent,
    Outcome,
    Refused,
    Unknown,
    Write,
    from_answer,
    from_fault,
    unknown,
)
from qbdesk.sync.quickbooks.queries import MOST_RESULTS, position, starting_at

__all__ = [
    "AccessTokens",
    "Confirmed",
    "NotSent",
    "Outcome",
    "QuickBooks",
    "QuickBooksError",
    "Refused",
    "Unknown",
    "Unreachable",
    "Write",
]

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

BACK_OFF = (1.0, 2.0, 4.0)  # seconds between four tries, and up to half as long again
LONGEST_WAIT = 600.0  # seconds that a Retry-After is waited out before a read is tried again
LONGEST_ADDRESS = 4000  # characters of a GET address
_NOT_FOUND = "610"
_PATH = re.compile(r"[a-z]+(/[A-Za-z0-9_-]{1,50})*")


class QuickBooksError(Trouble):
    """QuickBooks answered a read with an error. The text is the fault's sentence."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


class _Misread(Exception):
    """A success answer lacks what was asked for. Carries nothing of it."""


class QuickBooks:
    """One company. For one asyncio loop; may be used by several tasks at once.

    Args:
        deadline: Seconds for one exchange; waiting for a turn does not count.
        on_wait: Hears how many seconds are waited from now, and why, as a sentence.
        chance: From 0 to 1, drawn afresh before each try after the first.

    Raises:
        ValueError: The realm id is none.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        hosts: Hosts,
        environment: Environment,
        realm_id: str,
        tokens: AccessTokens,
        limiter: Limiter,
        *,
        deadline: float = DEADLINE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_wait: Callable[[float, str], None] = nobody_listens,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._realm_id = realm_id
        self._connection = Connection(
            http, hosts, environment, realm_id, tokens, limiter, deadline, sleep, on_wait, chance
        )

    # Reads

    async def query(self, statement: str, kind: type[T], entity: str) -> list[T]:
        """All objects that a statement of `queries.query` finds, page by page, each Id once.

        Raises:
            QuickBooksError: QuickBooks says no, or is still not available at the fourth try, or
                its answer still lacks what was asked for.
            Unreachable: No answer came in four tries.
        """
        found: dict[str, T] = {}
        while True:
            start, limit = position(statement)
            page = await self._page(statement, kind, entity)
            is_news = not page.keys() <= found.keys()
            found |= page
            # A server that ignored the position would send the same page for ever.
            if len(page) < MOST_RESULTS or not is_news:
                return list(found.values())
            statement = starting_at(statement, start + limit)

    async def _page(self, statement: str, kind: type[T], entity: str) -> dict[str, T]:
        def pick(answer: Mapping[str, Any]) -> dict[str, T]:
            response = answer.get("QueryResponse")
            rows = response.get(entity, []) if isinstance(response, dict) else None
            if not isinstance(rows, list):
                raise _Misread
            return {_id(row): _model(kind, row) for row in rows}

        request = Request("read", "GET", "query", {"query": statement})
        if len(str(self._connection.address(request))) >= LONGEST_ADDRESS:
            content = statement.encode()
            request = Request("read", "POST", "query", {}, content, "application/text")
        return await self._read(request, pick)

    async def company_info(self) -> CompanyInfo:
        """Raises as `query`."""
        return await self._get(f"companyinfo/{self._realm_id}", {}, CompanyInfo, "CompanyInfo")

    async def preferences(self) -> Preferences:
        """Raises as `query`."""
        return await self._get("preferences", {}, Preferences, "Preferences")

    async def exchange_rate(self, currency: str, day: date) -> Decimal | None:
        """Units of home currency for one of `currency` on that day; None: QuickBooks has none.

        Raises as `query`.
        """
        params = {"sourcecurrencycode": currency, "asofdate": day.isoformat()}
        found = await self._find("exchangerate", params, ExchangeRateObject, "ExchangeRate")
        return found.rate if found is not None and found.rate else None

    async def read(self, path: str, kind: type[T], entity: str) -> T | None:
        """One object, such as `read("invoice/145", InvoiceObject, "Invoice")`; None: it is gone.

        Raises:
            ValueError: The path is none.
            QuickBooksError, Unreachable: As `query`.
        """
        return await self._find(path, {}, kind, entity)

    async def _find(
        self, path: str, params: Mapping[str, str], kind: type[T], entity: str
    ) -> T | None:
        try:
            return await self._get(path, params, kind, entity)
        except QuickBooksError as error:
            if error.fault.code == _NOT_FOUND:
                return None
            raise

    async def _get(self, path: str, params: Mapping[str, str], kind: type[T], entity: str) -> T:
        if not _PATH.fullmatch(path):
            raise ValueError("This is no path of QuickBooks' API.")
        request = Request("read", "GET", path, params)
        return await self._read(request, lambda answer: _model(kind, answer.get(entity)))

    async def _read(self, request: Request, pick: Callable[[Mapping[str, Any]], R]) -> R:
        pauses = iter(BACK_OFF)
        while True:
            pause = next(pauses, None)
            try:
                answer, result = await self._connection.send(request)
            except Unreachable as error:
                if pause is None:
                    raise
                why = str(error)
            else:
                found = result if isinstance(result, Fault) else _picked(pick, result, answer)
                if not isinstance(found, Fault):
                    return found
                if pause is None or not _may_pass(found):
                    raise QuickBooksError(found)
                why = found.sentence
                pause = max(pause, min(answer.retry_after or 0.0, LONGEST_WAIT))
            await self.back_off(pause, why)

    async def back_off(self, seconds: float, why: str) -> None:
        """Waits before something is tried again, and says so."""
        await self._connection.back_off(seconds, why)

    async def room(self, kind: RequestKind) -> None:
        """Waits until the limits let a request of this kind leave, were it the next."""
        await self._connection.room(kind)

    # Writes

    async def write(self, write: Write) -> Outcome:
        """Sends one write. Only what the token source raises, and cancellation, come as errors."""
        params = {**write.params, "requestid": write.request_id}
        request = Request("write", "POST", write.path, params, write.body)
        try:
            answer, result = await self._connection.send(request)
        except Unreachable as error:
            return _unanswered(error)
        if isinstance(result, Fault):
            return from_fault(result)
        return _dated(from_answer(result, write.entity, answer.status, answer.tid), answer)

    async def batch(self, writes: Sequence[Write], *, request_id: str) -> list[Outcome]:
        """Sends up to 30 writes in one (metered) request; one outcome each, in their order.

        None of them may need another of the same batch: QuickBooks does not look that far.

        Raises:
            ValueError: None or too many writes, one that cannot be part of a batch, or a request
                id that is not 1 to 36 characters long.
        """
        if not 0 < len(request_id) <= LONGEST_REQUEST_ID:
            raise ValueError(f"A batch's request id has 1 to {LONGEST_REQUEST_ID} characters.")
        params = {"requestid": request_id}
        request = Request("batch", "POST", "batch", params, batch_body(writes))
        try:
            answer, result = await self._connection.send(request)
        except Unreachable as error:
            return [_unanswered(error)] * len(writes)
        if isinstance(result, Fault):
            return [from_fault(result)] * len(writes)
        outcomes = batch_outcomes(result, writes, answer.status, answer.tid)
        if any(_is_throttled(outcome) for outcome in outcomes):
            self._connection.pause(answer)
        return [_dated(outcome, answer) for outcome in outcomes]


def _dated(outcome: Outcome, answer: Answer) -> Outcome:
    return replace(outcome, told_at=answer.date) if isinstance(outcome, Confirmed) else outcome


def _is_throttled(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.fault.kind is FaultKind.THROTTLED


def _unanswered(error: Unreachable) -> Outcome:
    return unknown(str(error), error.tid) if error.sent else NotSent(str(error))


def _picked(
    pick: Callable[[Mapping[str, Any]], R], document: Mapping[str, Any], answer: Answer
) -> R | Fault:
    try:
        return pick(document)
    except _Misread:
        return misread(answer.status, answer.tid)


def _may_pass(fault: Fault) -> bool:
    """Whether the same question may well get a good answer in a moment. What a success answer lacks
    it may lack but once: a page in between, or a server that is being renewed."""
    return fault.kind is FaultKind.TRY_AGAIN or (200 <= fault.http_status < 300 and not fault.code)


def _id(row: Any) -> str:
    if isinstance(row, dict) and isinstance(row.get("Id"), str):
        return str(row["Id"])
    raise _Misread


def _model(kind: type[T], found: Any) -> T:
    try:
        return kind.model_validate(found)
    except ValidationError:
        pass
    # Raised out here: the validation error holds the object, names and amounts included.
    raise _Misread
