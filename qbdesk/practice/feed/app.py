"""The feed over HTTP, as docs/paid-invoice-feed.openapi.yaml describes it."""

import hashlib
import random
import secrets
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qbdesk.practice import wire
from qbdesk.practice.clock import rfc3339
from qbdesk.practice.dated import Dated
from qbdesk.practice.feed import paging, problems, scripts
from qbdesk.practice.feed.feed import Document, Feed
from qbdesk.practice.feed.moods import Moods, Rubbish, captive_portal, unauthorised
from qbdesk.practice.feed.problems import Problem
from qbdesk.practice.feed.sync_results import SyncResults


def feed_app(feed: Feed) -> Starlette:
    """The HTTP face of a feed: the contract under /v1, doors for scripts under /practice."""
    contract = _Contract(feed)
    routes = [
        Route("/v1/invoices", contract.list_invoices),
        Route("/v1/invoices/{id}", contract.get_invoice),
        Route("/v1/invoices/{id}/sync-results", contract.create_sync_result, methods=["POST"]),
        Route("/v1/tenant", contract.get_tenant),
        *scripts.routes(feed),
    ]
    handlers = {Problem: problems.answer, Rubbish: captive_portal}
    dated = Middleware(Dated, clock=lambda: feed.clock())
    return Starlette(routes=routes, exception_handlers=handlers, middleware=[dated])


class _Contract:
    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._moods = Moods(feed)
        self._results = SyncResults(feed)

    async def list_invoices(self, request: Request) -> Response:
        await self._admit(request)
        limit = paging.limit(request.query_params)
        start = paging.place(request.query_params, self._feed, self._moods.generation)
        changes, position, has_more = self._feed.after(start.position, start.wanted, limit)
        rows = [change.row for change in changes]
        cursor = start.at(position).cursor()
        body: Document = {
            "data": self._disturbed(rows, start.position),
            "has_more": has_more,
            "next_cursor": cursor,
        }
        headers = {"x-poll-interval": str(self._feed.switches.feed_poll_interval)}
        if has_more:
            following = request.url.remove_query_params(["paid_since", "cursor"])
            following = following.include_query_params(cursor=cursor)
            headers["link"] = f'<{following}>; rel="next"'
        return self._conditional(request, body, headers)

    async def get_invoice(self, request: Request) -> Response:
        await self._admit(request)
        invoice = self._feed.invoice(request.path_params["id"])
        if invoice is None:
            raise Problem("not-found")
        return self._conditional(request, self._drifted(invoice), {})

    async def get_tenant(self, request: Request) -> Response:
        await self._admit(request)
        tenant, switches = self._feed.tenant, self._feed.switches
        body = {
            "id": tenant.id,
            "slug": None,
            "name": tenant.name,
            "currency": switches.home_currency,
            "currencies": [switches.home_currency],
            "country": tenant.country,
            "timezone": tenant.timezone,
            "environment": switches.environment,
            "server_time": rfc3339(self._feed.clock()),
            "token": {"scopes": ["invoices:read", "sync-results:write"], "expires_at": None},
            "features": {"sync_results": switches.feed_sync_results, "long_poll": False},
        }
        return _json(self._drifted(body), {})

    async def create_sync_result(self, request: Request) -> Response:
        await self._admit(request)
        key = request.headers.get("idempotency-key")
        stored = self._results.take(request.path_params["id"], key, await request.body())
        return _json(stored, {}, status=201)

    async def _admit(self, request: Request) -> None:
        await self._moods.meet()
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        same = secrets.compare_digest(token.encode(), self._feed.token.encode())
        if scheme.lower() != "bearer" or not same:
            raise unauthorised()

    def _disturbed(self, rows: list[Any], position: int) -> list[Any]:
        """The rows of a page as the switches would have them: repeated, shuffled, drifted."""
        switches = self._feed.switches
        before = self._feed.before(position) if switches.feed_duplicates else None
        if before is not None:
            rows = [before.row, *rows]
        if switches.feed_shuffled:
            rows = random.Random(position).sample(rows, len(rows))
        return [self._drifted(row) for row in rows]

    def _drifted(self, row: Any) -> Any:
        if self._feed.switches.drift and isinstance(row, dict):
            return {**row, "loyalty": {"tier": "gold", "points": 12}}
        return row

    def _conditional(self, request: Request, body: Any, headers: dict[str, str]) -> Response:
        answer = _json(body, headers)
        etag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
        if self._feed.switches.feed_repeats_etag:
            etag = '"always"'
        answer.headers["etag"] = etag
        if request.headers.get("if-none-match") != etag:
            return answer
        unchanged = Response(status_code=304, headers={**headers, "etag": etag})
        unchanged.headers["x-request-id"] = answer.headers["x-request-id"]
        return unchanged


def _json(body: Any, headers: dict[str, str], status: int = 200) -> Response:
    answer = Response(
        wire.dumps(body), status_code=status, headers=headers, media_type="application/json"
    )
    answer.headers["x-request-id"] = str(uuid.uuid4())
    return answer
