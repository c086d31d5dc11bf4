"""The practice server: both sides behind one port, told in one line, gone without a trace."""

import io
import json
import signal
import socket
import threading
import time
from datetime import date

import httpx
import pytest

from qbdesk.practice.feed.errors import PracticeError
from qbdesk.practice.serve import PracticeServer, run_forever
from qbdesk.practice.switches import Switches
from qbdesk.practice.world import PracticeWorld


def _connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0))


def _can_connect(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", httpx.URL(url).port or 0)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _paid_invoices(server: PracticeServer) -> int:
    answer = httpx.get(
        f"{server.source_url}/v1/invoices?status=paid&limit=200",
        headers={"Authorization": f"Bearer {server.describe()['source_token']}"},
    )
    return len(answer.json()["data"])


def test_it_tells_all_that_a_program_needs_to_connect() -> None:
    world = PracticeWorld(invoices=3, seed=5)
    with PracticeServer(world) as server:
        told = server.describe()
        assert set(told) == {
            *("intuit_url", "source_url", "source_token", "client_id", "client_secret"),
            *("redirect_uri", "realm_id", "company_name", "environment", "currency"),
            *("from", "source"),
        }
        assert told["source_url"] == f"{told['intuit_url']}/source"
        assert (told["realm_id"], told["environment"]) == (world.company.realm_id, "sandbox")
        assert (told["currency"], told["source"]) == ("CAD", "feed")
        assert date.fromisoformat(told["from"]) == world.first_day


def test_both_sides_answer_behind_the_one_port() -> None:
    with PracticeServer(PracticeWorld(invoices=3)) as server:
        told = server.describe()
        assert _paid_invoices(server) == 3
        consent = httpx.get(
            f"{told['intuit_url']}/appcenter/connect/oauth2",
            params={
                "client_id": told["client_id"],
                "redirect_uri": told["redirect_uri"],
                "response_type": "code",
                "scope": "com.intuit.quickbooks.accounting",
                "state": "s",
            },
        )
        landed = httpx.URL(consent.headers["location"])
        assert str(landed).startswith(told["redirect_uri"])
        assert landed.params["realmId"] == told["realm_id"]


def test_after_stop_the_port_is_closed_and_the_thread_has_ended() -> None:
    before = threading.active_count()
    server = PracticeServer(PracticeWorld(invoices=1))
    server.start()
    assert _can_connect(server.intuit_url)
    server.stop()
    assert not _can_connect(server.intuit_url)
    assert threading.active_count() == before


def test_stopping_twice_or_before_the_start_does_no_harm() -> None:
    server = PracticeServer(PracticeWorld(invoices=1))
    server.stop()
    with server:
        server.stop()
    assert not _can_connect(server.intuit_url)


def test_a_reader_that_hangs_on_does_not_hold_up_the_end() -> None:
    with PracticeServer(PracticeWorld(invoices=1)) as server, _connect(server.intuit_url) as lazy:
        lazy.sendall(b"GET /source/v1/tenant HTTP/1.1\r\n")
        before = time.monotonic()
        server.stop()
        assert time.monotonic() - before < 5


def test_a_request_that_takes_long_is_cut_short_at_the_end_and_nothing_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = PracticeWorld(invoices=1, switches=Switches(feed_mode="slow", feed_seconds=60))
    with PracticeServer(world) as server, _connect(server.intuit_url) as waiting:
        waiting.sendall(b"GET /source/v1/tenant HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        # Answered by the same loop, so the request before is being worked on by then.
        assert httpx.get(f"{server.intuit_url}/practice/books").is_success
        before = time.monotonic()
        server.stop()
        assert time.monotonic() - before < 5
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_answers_on_one_connection_do_not_wait_for_each_other() -> None:
    with PracticeServer(PracticeWorld(invoices=1)) as server, httpx.Client() as client:
        durations = []
        for _ in range(21):
            before = time.monotonic()
            client.get(f"{server.intuit_url}/practice/switches")
            durations.append(time.monotonic() - before)
        assert sorted(durations)[10] < 0.03


def test_it_serves_on_the_port_asked_for_and_again_right_after() -> None:
    port = _free_port()
    for _ in range(2):
        with PracticeServer(PracticeWorld(invoices=1), port=port) as server:
            assert server.intuit_url == f"http://127.0.0.1:{port}"
            assert _paid_invoices(server) == 1


def test_a_taken_port_is_refused_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PracticeError, match=f"Port {port} of this machine is taken"):
            PracticeServer(PracticeWorld(invoices=1), port=port).start()


def test_while_it_serves_another_invoice_turns_paid_every_trickle_seconds() -> None:
    world = PracticeWorld(invoices=2)
    with PracticeServer(world) as server:
        assert _paid_invoices(server) == 2
        world.switches.trickle_seconds = 0.05
        deadline = time.monotonic() + 10
        while _paid_invoices(server) < 4:
            assert time.monotonic() < deadline


class _Reader(io.StringIO):
    """Reads the first line, tries the server it names, and ends the process at once."""

    def __init__(self, ending: signal.Signals) -> None:
        super().__init__()
        self._ending = ending
        self.answered: list[int] = []

    def flush(self) -> None:
        told = json.loads(self.getvalue())
        token = {"Authorization": f"Bearer {told['source_token']}"}
        self.answered.append(
            httpx.get(f"{told['source_url']}/v1/tenant", headers=token).status_code
        )
        signal.raise_signal(self._ending)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_run_forever_prints_one_line_of_json_serves_and_ends_with_a_signal(
    ending: signal.Signals,
) -> None:
    handler = signal.getsignal(ending)
    server, out = PracticeServer(PracticeWorld(invoices=1)), _Reader(ending)
    run_forever(server, out)
    assert out.answered == [200]
    assert json.loads(out.getvalue()) == server.describe()
    assert out.getvalue().count("\n") == 1
    assert not _can_connect(server.intuit_url)
    assert signal.getsignal(ending) is handler
