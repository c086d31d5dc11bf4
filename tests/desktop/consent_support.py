"""Servers, and a person's hands, for the tests of the consent window."""

import os
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from pytestqt.qtbot import QtBot

from qbdesk.ui.consent.launcher import ConsentWindow
from qbdesk.ui.consent.messages import ConsentRequest

WAIT_MILLISECONDS = 30_000
START = "/appcenter/connect/oauth2"


@dataclass(frozen=True)
class Answer:
    """What a path answers."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def redirect_to(address: str) -> Answer:
    """Return a 302."""
    return Answer(302, headers={"Location": address})


class _Handler(BaseHTTPRequestHandler):
    timeout = 5
    server: "_Server"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        self.server.requests.append((self.command, path))
        self.server.cookies.append(self.headers.get("Cookie", ""))
        answer = self.server.answers.get(path, Answer(404, "no such page"))
        self.send_response(answer.status)
        for name, value in {"Content-Type": "text/html", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body.encode())))
        self.end_headers()
        self.wfile.write(answer.body.encode())

    do_POST = do_GET  # noqa: N815 - http.server's own name

    def log_message(self, *arguments: object) -> None:
        """Stay silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined at the end, so that no socket is left open

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, str]] = []
        self.cookies: list[str] = []


class PageServer:
    """Serves the answers it is given, and remembers what was asked."""

    def __init__(self, certificate: Path | None = None) -> None:
        self._server = _Server()
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if certificate is None else "https"
        self.root = f"{scheme}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, answer: Answer | str) -> None:
        """Answer a path, by a page where only its text is given."""
        self._server.answers[path] = Answer(body=answer) if isinstance(answer, str) else answer

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Every request so far, as (method, path)."""
        return list(self._server.requests)

    @property
    def cookies(self) -> list[str]:
        """The Cookie header of every request so far, empty where it had none."""
        return list(self._server.cookies)

    def was_asked(self, path: str = START) -> bool:
        """Say whether a path was asked for."""
        return path in {asked for _, asked in self._server.requests}

    def request(
        self, redirect_uri: str, timeout_seconds: float = 60, path: str = START
    ) -> ConsentRequest:
        """Return the request for a sign-in at this server."""
        return ConsentRequest(
            authorize_url=f"{self.root}{path}?state=s",
            redirect_uri=redirect_uri,
            intuit_root=self.root,
            timeout_seconds=timeout_seconds,
        )


class CallbackServer:
    """Listens and counts every connection, even one that says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.root = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.address = f"{self.root}/callback"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def connections(self) -> int:
        """Return how many connections wait to be accepted: none, if nothing was ever sent."""
        self._socket.setblocking(False)  # noqa: FBT003 - socket's own signature
        count = 0
        while True:
            try:
                connection, _ = self._socket.accept()
            except BlockingIOError:
                return count
            connection.close()
            count += 1


class Attempt:
    """One consent window of the program, and the signals that came out of it."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self.window = ConsentWindow()
        self.heard: list[tuple[str, ...]] = []
        self.window.landed.connect(lambda address: self.heard.append(("landed", address)))
        self.window.closed.connect(lambda: self.heard.append(("closed",)))
        self.window.browser_wanted.connect(lambda: self.heard.append(("browser",)))
        self.window.timed_out.connect(lambda: self.heard.append(("timeout",)))
        self.window.unavailable.connect(lambda why: self.heard.append(("unavailable", why)))

    def open(self, request: ConsentRequest) -> None:
        """Open the window."""
        assert self.window.open(request)

    def wait_for(self, server: PageServer, path: str = START) -> None:
        """Wait until the window has asked for a page."""
        self._qtbot.waitUntil(lambda: server.was_asked(path), timeout=WAIT_MILLISECONDS)

    def end(self) -> None:
        """Close the window if a test has left it open, and wait until it is gone."""
        self.window.close()
        self._qtbot.waitUntil(lambda: not self.window.is_open, timeout=WAIT_MILLISECONDS)

    def outcome(self) -> tuple[str, ...]:
        """Wait for the end and return the one signal that was heard."""
        self._qtbot.waitUntil(lambda: bool(self.heard), timeout=WAIT_MILLISECONDS)
        (outcome,) = self.heard
        return outcome


def children_of(pid: int) -> set[int]:
    """Return the processes that a process started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in listed}


def descendants_of(pid: int) -> set[int]:
    """Return the processes that a process started, and those that they started, and so on."""
    children = children_of(pid)
    return children.union(*(descendants_of(child) for child in children))


def consent_process(parent: int | None = None) -> int:
    """Return the one consent window's process that a process (this one) has started."""
    (pid,) = [
        child
        for child in children_of(os.getpid() if parent is None else parent)
        if b"qbdesk.ui.consent" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    return pid


def is_running(pid: int) -> bool:
    """Say whether a process still runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def xdotool(*arguments: str) -> str:
    """Use the session's mouse, keyboard and windows."""
    done = subprocess.run(
        ["xdotool", *arguments], check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout


def press(key: str, title: str = "Connect QuickBooks") -> None:
    """Press a key in the consent window."""
    xdotool("search", "--sync", "--onlyvisible", "--name", title, "windowactivate", "--sync")
    xdotool("key", "--clearmodifiers", key)


def click_in_the_page(title: str = "Connect QuickBooks") -> None:
    """Click in the middle of the consent window."""
    found = xdotool("search", "--sync", "--onlyvisible", "--name", title).split()
    xdotool("windowactivate", "--sync", found[0])
    geometry = dict(
        line.split("=")
        for line in xdotool("getwindowgeometry", "--shell", found[0]).split()
        if "=" in line
    )
    middle = [int(geometry["WIDTH"]) // 2, int(geometry["HEIGHT"]) // 2]
    xdotool("mousemove", "--window", found[0], *map(str, middle), "click", "1")
