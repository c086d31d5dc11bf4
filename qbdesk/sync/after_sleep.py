"""No request goes out on a connection that the computer's sleep has killed."""

import asyncio
from collections.abc import Callable

import httpx

from qbdesk.sync.schedule import GAP


class AfterSleep:
    """A request hook of an httpx client: after sleep or a clock change its idle connections are
    closed before any request takes one, and requests on the wire are left alone.

    httpx drops idle connections by a clock that may stand still in sleep (on Windows it goes on).
    A write on a connection that nobody listens to any more would be in doubt for minutes.

    Args:
        wall: The time of day, in seconds.
        monotonic: Seconds since the computer was started.
    """

    def __init__(
        self, http: httpx.AsyncClient, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._http = http
        self._wall = wall
        self._monotonic = monotonic
        self._apart = wall() - monotonic()
        # Requests of the same moment wait until all are closed; if the one that closes them is
        # cancelled, the next one goes on.
        self._closing = asyncio.Lock()

    async def __call__(self, _request: httpx.Request) -> None:
        async with self._closing:
            apart = self._wall() - self._monotonic()
            if abs(apart - self._apart) > GAP:
                await close_idle(self._http)
            self._apart = apart


async def close_idle(http: httpx.AsyncClient) -> None:
    """WORKAROUND for encode/httpx#3638: a client can close all of its connections only, those on
    the wire too. A request that was given one meanwhile is given another one by the pool."""
    for transport in (http._transport, *http._mounts.values()):
        pool = getattr(transport, "_pool", None)
        for connection in getattr(pool, "connections", ()):
            if connection.is_idle():
                await connection.aclose()
