"""Every answer of the practice world bears the `Date` of its own clock (RFC 9110, Date)."""

from email.utils import format_datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qbdesk.practice.clock import Clock


class Dated:
    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["date"] = format_datetime(self._clock(), usegmt=True)
            await send(message)

        await self._app(scope, receive, send_dated)
