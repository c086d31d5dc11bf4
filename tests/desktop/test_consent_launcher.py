"""The program's side of the consent window: every way it can end, and none that hangs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from consent_support import (
    START,
    Answer,
    Attempt,
    PageServer,
    children_of,
    consent_process,
    descendants_of,
    is_running,
    press,
    redirect_to,
)
from pytestqt.qtbot import QtBot

from qbdesk.ui.consent.child import CONSENT_OPTION, consent_command
from qbdesk.ui.consent.messages import ConsentRequest

pytestmark = pytest.mark.desktop

REDIRECT = "https://books.invalid/callback"
PROGRAM = """
import sys
from PySide6.QtCore import QCoreApplication, QSocketNotifier
from qbdesk.ui.consent.launcher import ConsentWindow
from qbdesk.ui.consent.messages import ConsentRequest
application = QCoreApplication([])
line_in = QSocketNotifier(0, QSocketNotifier.Type.Read)
line_in.activated.connect(application.quit)
window = ConsentWindow()
window.open(ConsentRequest.model_validate_json(sys.argv[1]))
application.exec()
"""


@pytest.fixture
def request_(intuit: PageServer) -> ConsentRequest:
    intuit.answer(START, "<h1>Sign in</h1>")
    return intuit.request(REDIRECT)


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The executable of a bundle; a test writes into it what it does."""
    executable = tmp_path / "qbdesk-bundle"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(executable))
    return executable


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("key", "outcome"),
    [("alt+F4", ("closed",)), ("alt+c", ("closed",)), ("alt+b", ("browser",))],
)
def test_a_person_ends_it_by_closing_the_window_by_cancel_or_for_the_browser(
    attempt: Attempt, intuit: PageServer, request_: ConsentRequest, key: str, outcome: tuple[str]
) -> None:
    attempt.open(request_)
    attempt.wait_for(intuit)

    press(key)

    assert attempt.outcome() == outcome


def test_a_sign_in_that_nobody_finishes_times_out(attempt: Attempt, intuit: PageServer) -> None:
    intuit.answer(START, "<h1>Sign in</h1>")

    attempt.open(intuit.request(REDIRECT, timeout_seconds=0.5))

    assert attempt.outcome() == ("timeout",)


def test_the_program_can_close_the_window(
    attempt: Attempt, intuit: PageServer, request_: ConsentRequest
) -> None:
    attempt.open(request_)
    attempt.wait_for(intuit)
    pid = consent_process()

    attempt.window.close()

    assert attempt.outcome() == ("closed",)
    assert not is_running(pid)


def test_only_one_window_is_open_at_a_time_and_another_may_follow(
    attempt: Attempt, intuit: PageServer, request_: ConsentRequest
) -> None:
    attempt.open(request_)
    attempt.wait_for(intuit)

    assert attempt.window.is_open
    assert not attempt.window.open(request_)
    attempt.window.close()
    assert attempt.outcome() == ("closed",)

    assert not attempt.window.is_open
    intuit.answer(START, redirect_to(f"{REDIRECT}?code=c"))
    attempt.heard.clear()
    assert attempt.window.open(request_)
    assert attempt.outcome() == ("landed", f"{REDIRECT}?code=c")


def test_nothing_of_it_runs_on_after_its_answer(
    qtbot: QtBot, attempt: Attempt, intuit: PageServer, request_: ConsentRequest
) -> None:
    attempt.open(request_)
    attempt.wait_for(intuit)
    processes = descendants_of(consent_process())
    assert processes

    press("alt+c")

    assert attempt.outcome() == ("closed",)
    qtbot.waitUntil(lambda: not any(map(is_running, processes)), timeout=5000)


def test_a_window_that_is_killed_becomes_a_sentence(
    attempt: Attempt, intuit: PageServer, request_: ConsentRequest
) -> None:
    attempt.open(request_)
    attempt.wait_for(intuit)

    os.kill(consent_process(), signal.SIGKILL)

    kind, why = attempt.outcome()
    assert kind == "unavailable"
    assert "stopped unexpectedly" in why


def test_a_window_without_a_screen_becomes_a_sentence(
    attempt: Attempt, request_: ConsentRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":987")

    attempt.open(request_)

    assert attempt.outcome()[0] == "unavailable"


@pytest.mark.parametrize(
    "script",
    [
        "echo rubbish",
        'echo \'{"outcome": "landed"}\'',
        'echo \'{"outcome": "closed"}\'; echo \'{"outcome": "closed"}\'',
        "head -c 100000 /dev/zero | tr '\\0' x; exec sleep 60",
        "yes",
        "printf '{'; exec sleep 0.1",
        "exit 0",
    ],
)
def test_rubbish_instead_of_an_answer_becomes_a_sentence(
    attempt: Attempt, bundle: Path, request_: ConsentRequest, script: str
) -> None:
    write_program(bundle, script)

    attempt.open(request_)

    kind, why = attempt.outcome()
    assert kind == "unavailable"
    assert "stopped unexpectedly" in why
    assert not children_of(os.getpid())


def test_a_program_that_does_not_start_becomes_a_sentence(
    attempt: Attempt, bundle: Path, request_: ConsentRequest
) -> None:
    assert not bundle.exists()

    attempt.open(request_)

    kind, why = attempt.outcome()
    assert kind == "unavailable"
    assert "could not be started" in why


def test_an_answer_counts_even_if_its_process_then_hangs(
    attempt: Attempt, bundle: Path, request_: ConsentRequest
) -> None:
    write_program(bundle, 'echo \'{"outcome": "browser"}\'; exec sleep 60')

    attempt.open(request_)

    assert attempt.outcome() == ("browser",)


def test_a_bundle_starts_its_own_executable_and_hands_it_the_request_but_no_secrets(
    attempt: Attempt,
    bundle: Path,
    request_: ConsentRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QBDESK_CLIENT_SECRET", "canary")
    write_program(
        bundle,
        f'echo "$*" >{tmp_path}/arguments; env >{tmp_path}/environment; cat >{tmp_path}/request\n'
        'echo \'{"outcome": "closed"}\'',
    )

    attempt.open(request_)

    assert attempt.outcome() == ("closed",)
    assert consent_command() == [str(bundle), CONSENT_OPTION]
    assert (tmp_path / "arguments").read_text() == f"{CONSENT_OPTION}\n"
    assert "canary" not in (tmp_path / "environment").read_text()
    assert ConsentRequest.model_validate_json((tmp_path / "request").read_text()) == request_


def test_a_module_in_the_working_folder_is_never_run_instead(
    attempt: Attempt,
    intuit: PageServer,
    request_: ConsentRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "pydantic.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    intuit.answer(START, redirect_to(f"{REDIRECT}?code=c"))

    attempt.open(request_)

    assert attempt.outcome() == ("landed", f"{REDIRECT}?code=c")


@pytest.mark.parametrize("way", ["quits", "is killed"])
def test_the_window_goes_when_its_program_does(
    qtbot: QtBot, intuit: PageServer, request_: ConsentRequest, way: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, request_.model_dump_json()],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        qtbot.waitUntil(intuit.was_asked, timeout=20_000)
        pid = consent_process(program.pid)
        assert is_running(pid)

        if way == "quits":
            _, complaints = program.communicate(b"\n", timeout=10)
            assert complaints == b""
        else:
            program.kill()

        qtbot.waitUntil(lambda: not is_running(pid), timeout=10_000)
    assert program.returncode == (0 if way == "quits" else -signal.SIGKILL)


def test_a_download_is_refused_and_leaves_no_file(
    attempt: Attempt, intuit: PageServer, request_: ConsentRequest
) -> None:
    intuit.answer(START, '<script>location = "/statement.csv"</script>')
    intuit.answer(
        "/statement.csv",
        Answer(body="a,b", headers={"Content-Disposition": "attachment; filename=statement.csv"}),
    )
    attempt.open(request_)
    attempt.wait_for(intuit, "/statement.csv")

    press("alt+c")

    assert attempt.outcome() == ("closed",)
    assert list(Path(os.environ["SESSION_HOME"]).rglob("*statement*")) == []
