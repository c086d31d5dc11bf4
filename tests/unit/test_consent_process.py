"""The consent window's process where it cannot show a window."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qbdesk.ui.consent.__main__ import sign_in
from qbdesk.ui.consent.child import consent_command
from qbdesk.ui.consent.messages import ConsentRequest, Unavailable, read_outcome

REQUEST = ConsentRequest(
    authorize_url="https://appcenter.intuit.com/connect/oauth2",
    redirect_uri="https://books.example.com/callback",
)


def test_as_root_it_does_not_give_up_the_sandbox_but_offers_the_browser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("QTWEBENGINE_DISABLE_SANDBOX", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    outcome = sign_in(REQUEST)

    assert isinstance(outcome, Unavailable)
    assert "administrator (root)" in outcome.why
    assert "Open in my browser" in outcome.why
    assert "QTWEBENGINE_DISABLE_SANDBOX" not in os.environ


def test_without_webengine_it_says_so_and_offers_the_browser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for name in [name for name in sys.modules if name.startswith("qbdesk.ui.consent.")]:
        if name.endswith((".application", ".window", ".pane", ".page")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PySide6.QtWebEngineCore", None)

    outcome = sign_in(REQUEST)

    assert isinstance(outcome, Unavailable)
    assert "missing" in outcome.why
    assert "Open in my browser" in outcome.why


def test_switches_that_would_open_it_to_others_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setitem(sys.modules, "qbdesk.ui.consent.application", None)
    monkeypatch.setenv("QTWEBENGINE_REMOTE_DEBUGGING", "9222")
    monkeypatch.setenv("QTWEBENGINE_CHROMIUM_FLAGS", "--no-sandbox")

    sign_in(REQUEST)

    assert "QTWEBENGINE_REMOTE_DEBUGGING" not in os.environ
    assert "QTWEBENGINE_CHROMIUM_FLAGS" not in os.environ


@pytest.mark.parametrize("line", [b"", b"rubbish\n", b'{"authorize_url":"https://x.example"}\n'])
def test_a_request_it_cannot_read_is_answered_all_the_same(line: bytes) -> None:
    done = subprocess.run(consent_command(), input=line, capture_output=True, timeout=60)

    assert done.returncode == 2
    assert isinstance(read_outcome(done.stdout), Unavailable)
    assert done.stderr == b""


def test_whatever_a_library_prints_stays_out_of_the_answer(tmp_path: Path) -> None:
    chatty = "import atexit, os; atexit.register(os.write, 1, b'noise')"
    (tmp_path / "sitecustomize.py").write_text(chatty)
    done = subprocess.run(
        consent_command(),
        input=b"rubbish\n",
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )

    assert isinstance(read_outcome(done.stdout), Unavailable)
    assert done.stderr == b"noise"


def test_the_program_itself_never_loads_webengine() -> None:
    script = "import sys, qbdesk.ui.consent.launcher; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0
    assert "qbdesk.ui.consent.messages" in done.stdout
    assert "WebEngine" not in done.stdout


def test_from_sources_the_window_is_a_module_of_this_python() -> None:
    assert consent_command() == [sys.executable, "-m", "qbdesk.ui.consent"]
