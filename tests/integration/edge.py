"""What stands before QuickBooks and turns away whatever bears a word: a firewall, say."""

from collections.abc import Callable
from typing import Any

import httpx
from invoices import customer, document
from office import Office

Answer = Callable[[], httpx.Response]
POISON = "poison"


def firewall() -> httpx.Response:
    html = {"content-type": "text/html"}
    return httpx.Response(403, headers=html, text="<html>Access denied</html>")


def too_large() -> httpx.Response:
    return httpx.Response(413, headers={"content-type": "text/html"}, text="<html>")


def had_before() -> httpx.Response:
    return _own_code("600", "Duplicate Request ID")


def own_error() -> httpx.Response:
    return _own_code("10000", "An application error")


def not_understood() -> httpx.Response:
    return _own_code("4000", "Error parsing query")


def _own_code(code: str, message: str) -> httpx.Response:
    error = {"code": code, "Message": message, "Detail": ""}
    return httpx.Response(400, json={"Fault": {"Error": [error], "type": "ValidationFault"}})


def reset() -> httpx.Response:
    """No answer: the connection is cut when the word was read."""
    raise httpx.ReadError("reset")


def malformed() -> httpx.Response:
    error = {"code": "10000", "Message": "An application error", "Detail": "malformed payload"}
    return httpx.Response(500, json={"Fault": {"Error": [error], "type": "SystemFault"}})


class Edge(httpx.AsyncBaseTransport):
    """Answers whatever bears the word in the place of QuickBooks."""

    def __init__(
        self, office: Office, answer: Answer, method: str = "POST", word: str = POISON
    ) -> None:
        self._method, self._word = method, word
        office.view()
        http = office.service._around.http
        self._behind, self._answer = http._transport, answer
        self._aside = [each for each in http._mounts.values() if each is not None]
        self.turned_away = 0
        self.open = False
        http._transport, http._mounts = self, {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = request.content.decode() + str(request.url)
        if not self.open and request.method == self._method and self._word in said:
            self.turned_away += 1
            return self._answer()
        return await self._behind.handle_async_request(request)

    async def aclose(self) -> None:
        for transport in (self._behind, *self._aside):
            await transport.aclose()


def documents(count: int, first: str = "inv") -> list[dict[str, Any]]:
    return [
        document(
            f"{first}-{n}", client=customer(id=f"c{n}", name=f"Client {n}", email=f"{n}@x.com")
        )
        for n in range(count)
    ]


def passes_of(office: Office, count: int, seconds: float = 400) -> None:
    for _ in range(count):
        office.clock.advance(seconds=seconds)
        office.by_schedule()
