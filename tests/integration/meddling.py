"""A practice world behind something that answers in its place, or changes what it answers."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qbdesk.practice.world import PracticeWorld


@dataclass(frozen=True)
class Raw:
    """An answer to the byte."""

    status: int
    content_type: bytes
    body: bytes


Instead = Callable[[str, str], Raw | None]  # (method, path) -> the answer, None: the world's own
Change = Callable[[str, Raw], Raw]  # (path, the world's own answer) -> what arrives


class Meddler:
    """An ASGI app in front of another. What it answers itself never reaches the other.

    Attributes:
        tid: The `intuit_tid` of what it answers itself.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.instead: Instead | None = None
        self.change: Change | None = None
        self.tid = "1-meddled-abc"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = f"{scope.get('root_path', '')}{scope.get('path', '')}"
        answer = self.instead(scope["method"], path) if self.instead else None
        if answer is not None:
            while (await receive()).get("more_body"):
                pass
            await _send(answer, [(b"intuit_tid", self.tid.encode())], send)
        elif self.change is not None:
            await self._changed(path, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _changed(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing is sent for an answer that the world itself leaves out."""
        assert self.change is not None
        start: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        if not start:
            return
        headers = [(name.lower(), value) for name, value in start["headers"]]
        kind = next((value for name, value in headers if name == b"content-type"), b"")
        others = [h for h in headers if h[0] not in (b"content-type", b"content-length")]
        answer = self.change(path, Raw(start["status"], kind, b"".join(parts)))
        await _send(answer, others, send)


async def _send(answer: Raw, headers: list[tuple[bytes, bytes]], send: Send) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    headers = [(b"content-type", answer.content_type), length, *headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


class MeddledWorld(PracticeWorld):
    """A practice world with a meddler at its door."""

    meddler: Meddler

    def app(self) -> Meddler:  # type: ignore[override]
        self.meddler = Meddler(super().app())
        return self.meddler
