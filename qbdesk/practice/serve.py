"""The practice world behind a port of this machine."""

import asyncio
import json
import logging
import os
import signal
import socket
import threading
from types import FrameType, TracebackType
from typing import Any, TextIO

import uvicorn

from qbdesk.practice.feed.errors import PracticeError
from qbdesk.practice.world import (
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    SOURCE_PATH,
    SOURCE_TOKEN,
    PracticeWorld,
)

HOST = "127.0.0.1"
TICK = 0.05  # seconds between two looks at the trickle switch


class PracticeServer:
    """Serves a practice world over HTTP, in a thread of its own, between start and stop.

    Attributes:
        world: What is served; may be changed while it is.
        intuit_url: Root for QBDESK_INTUIT_URL. Known once started.
        source_url: Root of the feed; `/v1/...` is added to it. Known once started.
    """

    def __init__(self, world: PracticeWorld, port: int = 0) -> None:
        """`port` 0 takes any that is free."""
        self.world = world
        self.intuit_url = ""
        self.source_url = ""
        self._port = port
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None

    def start(self) -> None:
        """Returns when requests are answered. Raises PracticeError when the port is taken."""
        listener = _listen(self._port)
        self.intuit_url = f"http://{HOST}:{listener.getsockname()[1]}"
        self.source_url = f"{self.intuit_url}{SOURCE_PATH}"
        config = uvicorn.Config(
            self.world.app(),
            access_log=False,
            date_header=False,  # the world has a clock of its own
            lifespan="off",
            log_config=None,
            log_level=logging.ERROR,
            timeout_graceful_shutdown=1,
            ws="none",
        )
        server = self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(server, listener)), name="practice-server"
        )
        self._thread.start()

    def stop(self) -> None:
        """Returns when the port is closed and the thread has ended."""
        if self._server is None or self._thread is None:
            return
        # What uvicorn says of requests that it cuts short is no news for anybody.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._server.should_exit = True
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> "PracticeServer":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def describe(self) -> dict[str, Any]:
        """What a program needs to know to use this world; `from` is the day for --from."""
        world = self.world
        return {
            "intuit_url": self.intuit_url,
            "source_url": self.source_url,
            "source_token": SOURCE_TOKEN,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": REDIRECT_URI,
            "realm_id": world.realm_id,
            "company_name": world.company_name,
            "environment": world.switches.environment,
            "currency": world.switches.home_currency,
            "from": world.first_day.isoformat(),
            "source": world.source,
        }

    async def _serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        trickle = asyncio.create_task(self._trickle())
        try:
            await server.serve(sockets=[listener])
        finally:
            trickle.cancel()

    async def _trickle(self) -> None:
        """The switch may be turned at any time, so it is looked at again and again."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(TICK)
            pause = self.world.switches.trickle_seconds
            if pause <= 0:
                last = loop.time()
            elif loop.time() - last >= pause:
                last = loop.time()
                self.world.turn_one_paid()


def run_forever(server: PracticeServer, out: TextIO) -> None:
    """Prints describe() as one line of JSON, then serves until SIGINT or SIGTERM.

    Call it in the main thread, where signals arrive. Raises what start() raises.
    """
    stop = threading.Event()

    def on_signal(_: int, __: FrameType | None) -> None:
        stop.set()

    # Before the line is out: whoever reads it may end this process at once.
    before = {kind: signal.signal(kind, on_signal) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        with server:
            print(json.dumps(server.describe()), file=out, flush=True)
            # Windows delivers no signal during a wait without end.
            while not stop.wait(0.5):
                pass
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _listen(port: int) -> socket.socket:
    # asyncio turns TCP_NODELAY on only where the protocol is named (base_events._set_nodelay);
    # without it each answer but the first of a connection waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # Elsewhere this would let two servers have the same port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PracticeError(f"Port {port} of this machine is taken; choose another.") from error
    return listener
