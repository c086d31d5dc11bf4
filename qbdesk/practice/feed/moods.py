"""The feed on a bad day: what `switches.feed_mode` does to a request."""

import math
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from qbdesk.practice.feed.feed import Feed
from qbdesk.practice.feed.problems import Problem

CAPTIVE_PORTAL = (
    "<!doctype html><html><head><title>Hotel Wi-Fi</title></head>"
    "<body><h1>Welcome! Please accept the terms of use.</h1></body></html>"
)


class Rubbish(Exception):
    """What stands between a laptop and the internet answers 200 to everything, in HTML."""


async def captive_portal(_: Request, __: Exception) -> Response:
    return HTMLResponse(CAPTIVE_PORTAL)


class Moods:
    """Remembers what a mode needs to remember between two requests."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._next_allowed: datetime | None = None
        self._expired = False
        self.generation = 1

    async def meet(self) -> None:
        """Called before each request of the contract. Raises Problem or Rubbish."""
        mode, seconds = self._feed.switches.feed_mode, self._feed.switches.feed_seconds
        if mode != "rate_limited":
            self._next_allowed = None
        self._note_expiry(expired=mode == "expired")
        if mode == "down":
            raise Problem("unavailable")
        if mode == "unauthorised":
            raise unauthorised()
        if mode == "forbidden":
            raise Problem("forbidden")
        if mode == "rate_limited":
            self._limit(timedelta(seconds=seconds))
        if mode == "slow":
            await self._feed.sleep(seconds)
        if mode == "rubbish":
            raise Rubbish

    def _note_expiry(self, *, expired: bool) -> None:
        """Cursors handed out before the switch was turned are gone for good, later ones hold."""
        if expired and not self._expired:
            self.generation += 1
        self._expired = expired

    def _limit(self, pause: timedelta) -> None:
        """Refuses at first, then lets one request through each `pause`."""
        now = self._feed.clock()
        if self._next_allowed is None:
            self._next_allowed = now + pause
        if now < self._next_allowed:
            wait = math.ceil((self._next_allowed - now).total_seconds())
            raise Problem("rate-limited", headers={"retry-after": str(wait)})
        self._next_allowed = now + pause


def unauthorised() -> Problem:
    return Problem("unauthorized", headers={"www-authenticate": 'Bearer error="invalid_token"'})
