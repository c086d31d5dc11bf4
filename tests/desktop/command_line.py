"""The product's command line as another program uses it: real processes, a real keyring."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

import httpx
import pytest
import secretstorage
from secretstorage.defines import SS_PREFIX
from secretstorage.util import DBusAddressWrapper, open_session

from qbdesk.app import open_service
from qbdesk.sync.service import Service
from qbdesk.sync.views import InvoiceQuery, InvoiceRow, SortBy, Status

_ONE_IN_THIS_PROCESS = threading.Lock()  # the program's log is one for each process

T = TypeVar("T")
Running = subprocess.Popen[str]

QBDESK = str(Path(sys.executable).with_name("qbdesk"))
# vfork() beside other threads ends in EFAULT now and then on some sandboxed kernels; the switch is
# the documented one (Python, subprocess, "Disabling use of vfork() or posix_spawn()").
subprocess._USE_VFORK = False  # type: ignore[misc]

PATIENCE = 60.0  # seconds that anything here may take at most


def until(condition: Callable[[], T]) -> T:
    """The first true answer of `condition`, asked again and again for a bounded time."""
    pause = threading.Event()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        pause.wait(0.02)
    raise AssertionError("It never came to that.")


def at_once(*works: Callable[[], T]) -> list[T]:
    """What independent works return, in their order; done side by side."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]


@dataclass(frozen=True)
class Done:
    """One command that has ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """The last line of stdout."""
        return json.loads(self.out.splitlines()[-1])

    def sentence(self) -> str:
        """What it says on stderr, which is one line for people."""
        (line,) = self.err.splitlines()
        assert line.endswith("."), line
        assert "Traceback" not in line
        return line


class Practice:
    """A `qbdesk practice-server` in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [QBDESK, "practice-server", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.told: dict[str, str] = json.loads(self.process.stdout.readline())
        self._http = httpx.Client(trust_env=False)

    def __enter__(self) -> "Practice":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> Done:
        """Ended by SIGTERM, as a service manager would."""
        self._http.close()
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=PATIENCE)
        return Done(self.process.returncode, out, err)

    def look(self, what: str) -> Any:
        return (
            self._http.get(f"{self.told['intuit_url']}/practice/{what}").raise_for_status().json()
        )

    def change(self, what: str, body: dict[str, Any]) -> None:
        address = f"{self.told['intuit_url']}/practice/{what}"
        self._http.post(address, json=body).raise_for_status()

    def documents(self) -> list[dict[str, Any]]:
        """All that the invoicing system shows."""
        rows: list[dict[str, Any]] = []
        params = {"status": "paid", "paid_since": f"{self.told['from']}T00:00:00Z"}
        while True:
            answer = self._http.get(
                f"{self.told['source_url']}/v1/invoices",
                params={**params, "limit": "200"},
                headers={"Authorization": f"Bearer {self.told['source_token']}"},
            )
            page = answer.raise_for_status().json()
            rows += page["data"]
            if not page["has_more"]:
                return rows
            params = {"status": "paid", "cursor": page["next_cursor"]}

    def show(self, *documents: dict[str, Any]) -> None:
        """Makes the invoicing system show these."""
        address = f"{self.told['source_url']}/practice/invoices"
        self._http.post(address, json=list(documents)).raise_for_status()

    def landing(self, authorize_url: str) -> str:
        """Where the browser of a person who agrees (or does not) lands."""
        answer = self._http.get(authorize_url, follow_redirects=False)
        return answer.headers["location"]

    def counts(self) -> tuple[int, int]:
        """How many invoices and payments QuickBooks has."""
        counts = self.look("books")["counts"]
        return counts.get("Invoice", 0), counts.get("Payment", 0)

    def numbers(self) -> list[str]:
        """The numbers of all invoices in QuickBooks, sorted."""
        return sorted(invoice["DocNumber"] for invoice in self.look("entities/invoice"))


class Desk:
    """One home of the program, and everything that its commands ever printed."""

    def __init__(self, home: Path, practice: Practice) -> None:
        self.home = home
        self.practice = practice
        self.printed: list[str] = []
        self._before = in_keyring()
        told = practice.told
        self.environ = {
            **os.environ,
            "QBDESK_HOME": str(home),
            "QBDESK_INTUIT_URL": told["intuit_url"],
            "QBDESK_SOURCE_TOKEN": told["source_token"],
            "QBDESK_CLIENT_SECRET": told["client_secret"],
        }

    def start(self, *arguments: str, **environ: str | None) -> Running:
        """A command that runs; `environ`: variables changed, or taken away by None."""
        return subprocess.Popen(
            [QBDESK, *arguments],
            env={k: v for k, v in {**self.environ, **environ}.items() if v is not None},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def held_up(self, write: str, seconds: float, *arguments: str) -> Running:
        """A command that runs, one write of which is done but not answered yet."""
        fault = {"kind": "slow", "matching": write, "seconds": seconds}
        self.practice.change("faults", fault)
        process = self.start(*arguments)
        until(lambda: process.poll() is not None or self.practice.look("faults") == [])
        assert process.poll() is None, process.communicate()
        return process

    def end(self, process: Running, text: str = "", *, patience: float = PATIENCE) -> Done:
        out, err = process.communicate(text, timeout=patience)
        self.printed += [out, err]
        return Done(process.returncode, out, err)

    def run(self, *arguments: str, text: str = "", **environ: str | None) -> Done:
        return self.end(self.start(*arguments, **environ), text)

    def add(self, company: str = "books", url: str | None = None, **environ: str | None) -> Done:
        told = self.practice.told
        address = url or told["source_url"]
        options = ("--source", "feed", "--url", address, "--from", told["from"])
        return self.end(self.start("add", company, *options, **environ))

    def connect(
        self,
        *options: str,
        company: str = "books",
        to: Practice | None = None,
        lands: Callable[[str], str] | None = None,
    ) -> Done:
        """`connect --paste`: reads the address, "signs in", pastes where the browser landed."""
        there = to or self.practice
        told = there.told
        keys = ("--client-id", told["client_id"], "--redirect-uri", told["redirect_uri"])
        environ: dict[str, str | None] = {"QBDESK_INTUIT_URL": told["intuit_url"]}
        process = self.start("connect", company, *keys, "--paste", *options, **environ)
        assert process.stdout is not None
        printed = []
        for line in iter(process.stdout.readline, ""):
            printed.append(line)
            if line.startswith("http"):
                break
        else:
            return self.end(process)
        address = (lands or there.landing)(printed[-1].strip())
        done = self.end(process, address)
        return Done(done.status, "".join(printed) + done.out, done.err)

    def connected(self, company: str = "books") -> "Desk":
        """Added and connected, by the same door but in this process: two programs take longer."""
        told = self.practice.told
        with self._service() as service:
            service.add_company(
                company,
                "feed",
                told["source_url"],
                told["source_token"],
                date.fromisoformat(told["from"]),
            ).result(PATIENCE)
            request = service.begin_connect(
                company, told["client_id"], told["client_secret"], told["redirect_uri"]
            ).result(PATIENCE)
            landing = self.practice.landing(request.authorize_url)
            offer = service.finish_connect(company, landing).result(PATIENCE)
            assert offer.income_account is not None
            agreed = frozenset(word for word, _ in offer.questions)
            service.confirm_connect(company, offer.income_account.id, agreed).result(PATIENCE)
        return self

    def rows(self, status: str = "") -> list[InvoiceRow]:
        """What the ledger has, oldest payment first; asked in this process, which is quick."""
        with self._service() as service:
            wanted = Status(status) if status else None
            query = InvoiceQuery("books", wanted, sort_by=SortBy.PAID_ON, descending=False)
            return list(service.invoices(query, None, 1000).result(PATIENCE).rows)

    def in_keyring(self) -> list[str]:
        """The values of all items that the session's keyring got since this desk is there, without
        those of other homes."""
        place = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:12]
        return [
            value
            for label, value in in_keyring()
            if (label, value) not in self._before
            and re.findall("qbdesk/([0-9a-f]{12})/", label) in ([], [place])
        ]

    def tokens(self) -> list[str]:
        """QuickBooks' tokens among them."""
        values = self.in_keyring()
        return [
            secret
            for secret in secrets_of(self.practice)
            if secret.startswith(("AB1", "eyJ")) and any(secret in value for value in values)
        ]

    @contextmanager
    def _service(self) -> Iterator[Service]:
        with _ONE_IN_THIS_PROCESS:
            service = open_service(self.home, environ=self.environ)
            service.start()
            try:
                yield service
            finally:
                service.stop()

    def files(self) -> Iterator[Path]:
        return (path for path in self.home.rglob("*") if path.is_file())

    def log(self) -> str:
        return "".join(file.read_text() for file in sorted(self.home.glob("log/*")))


def secrets_of(practice: Practice) -> list[str]:
    """Every secret that was or may have been given out: the practice's tokens are numbered."""
    told = practice.told
    tokens = [
        prefix + hashlib.sha256(f"{_client(told)}:{prefix}:{number}".encode()).hexdigest()
        for prefix in ("AB1", "eyJ")
        for number in range(1, 40)
    ]
    return [told["client_secret"], told["source_token"], *tokens]


def _client(told: dict[str, str]) -> str:
    return f"{told['client_id']}:{told['client_secret']}"


def in_keyring() -> list[tuple[str, str]]:
    """Label and value of every item of the session's keyring."""
    found = []
    with closing(secretstorage.dbus_init()) as bus:
        session = open_session(bus)
        for collection in secretstorage.get_all_collections(bus):
            # get_all_items() would fail as a whole for one item that has gone since it was listed.
            for path in DBusAddressWrapper(
                collection.collection_path, f"{SS_PREFIX}Collection", bus
            ).get_property("Items"):
                with suppress(secretstorage.ItemNotFoundException):
                    item = secretstorage.Item(bus, path, session)
                    found.append((item.get_label(), item.get_secret().decode()))
    return found


@contextmanager
def ended(process: Running) -> Iterator[Running]:
    """No process and no pipe of it outlives a test that fails."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line_of(stream: IO[str] | None, start: str) -> str:
    """Reads on to the line that begins with `start`."""
    assert stream is not None
    for line in iter(stream.readline, ""):
        if line.startswith(start):
            return line.rstrip("\n")
    raise AssertionError(f"No line begins with {start!r}.")


Test = Callable[[dict[str, "Future[None]"]], None]


def side_by_side(
    *, invoices: int = 3, connected: bool = True
) -> Callable[[Callable[[Desk], None]], Test]:
    """A test with a practice server and a home of its own, which runs beside the others of its
    module: they mostly wait for programs to start. The module takes in the fixture `started`."""

    def register(scenario: Callable[[Desk], None]) -> Test:
        def run(home: Path) -> None:
            with Practice("--invoices", str(invoices)) as practice:
                desk = Desk(home, practice)
                scenario(desk.connected() if connected else desk)

        def test(started: "dict[str, Future[None]]") -> None:
            started[scenario.__name__].result()

        test.run = run  # type: ignore[attr-defined]
        test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
        return test

    return register


@pytest.fixture(scope="module")
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["dict[str, Future[None]]"]:
    """The tests of this module that run side by side, on their way."""
    chosen = [
        item.function
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module
    ]
    # A shell without a terminal starts what runs in the background deaf to Ctrl-C, and programs
    # hand that on to those they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with ThreadPoolExecutor(4) as pool:
        yield {
            test.__name__: pool.submit(test.run, tmp_path_factory.mktemp("desk") / "home")
            for test in chosen
            if hasattr(test, "run")
        }
    signal.signal(signal.SIGINT, before)
