"""Error answers of the feed (RFC 9457)."""

from starlette.requests import Request
from starlette.responses import Response

from qbdesk.practice import wire

TITLES = {
    "invalid-request": (400, "Malformed request"),
    "invalid-cursor": (400, "Unknown cursor"),
    "cursor-with-filter": (400, "A cursor carries its own filters"),
    "unauthorized": (401, "Token missing, unknown or revoked"),
    "forbidden": (403, "The token lacks invoices:read"),
    "not-found": (404, "No such invoice"),
    "cursor-expired": (410, "Cursor expired"),
    "idempotency-mismatch": (422, "Idempotency key used for something else"),
    "rate-limited": (429, "Too many requests"),
    "not-implemented": (501, "Sync results are not taken"),
    "unavailable": (503, "Out of service for a while"),
}


class Problem(Exception):
    """Becomes an `application/problem+json` answer.

    Attributes:
        code: One of the words of the contract's Problem.code.
        detail: What is wrong with this very request.
        headers: Headers that the contract wants with it, such as Retry-After.
    """

    def __init__(self, code: str, detail: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.headers = headers or {}


async def answer(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    status, title = TITLES[problem.code]
    body = {
        "type": f"https://qbdesk.example/problems/{problem.code}",
        "title": title,
        "status": status,
        "code": problem.code,
    }
    if problem.detail:
        body["detail"] = problem.detail
    return Response(
        wire.dumps(body),
        status_code=status,
        headers=problem.headers,
        media_type="application/problem+json",
    )
