"""Doors for scripts that no real invoicing system has: put invoices, turn switches."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qbdesk.practice import wire
from qbdesk.practice.feed.feed import Feed
from qbdesk.practice.feed.problems import Problem


def routes(feed: Feed) -> list[Route]:
    async def put_invoices(request: Request) -> Response:
        body = await _json(request)
        rows = body if isinstance(body, list) else [body]
        if request.query_params.get("raw") == "1":
            for row in rows:
                feed.raw(row)
            return _answer({"shown": len(rows)})
        if not all(isinstance(row, dict) for row in rows):
            raise Problem("invalid-request", "An invoice is an object; ?raw=1 takes anything.")
        try:
            kept = [feed.put(row) for row in rows]
        except ValueError as error:
            raise Problem("invalid-request", str(error)) from None
        return _answer({"data": [{"id": row["id"], "revision": row["revision"]} for row in kept]})

    async def change_switches(request: Request) -> Response:
        body = await _json(request)
        if not isinstance(body, dict):
            raise Problem("invalid-request", "Switches come as an object of names and values.")
        try:
            feed.switches.change(body)
        except ValueError as error:
            raise Problem("invalid-request", str(error)) from None
        return _answer({name: getattr(feed.switches, name) for name in body})

    return [
        Route("/practice/invoices", put_invoices, methods=["POST"]),
        Route("/practice/switches", change_switches, methods=["POST"]),
    ]


async def _json(request: Request) -> Any:
    try:
        return wire.loads(await request.body())
    except wire.NotJsonError:
        raise Problem("invalid-request", "The body is no JSON.") from None


def _answer(body: Any) -> Response:
    return Response(wire.dumps(body), media_type="application/json")
