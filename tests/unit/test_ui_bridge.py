import subprocess
import sys
import threading
from concurrent.futures import Future

import pytest
from PySide6.QtCore import QObject
from ui_stand_in import StandIn

from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import CompanyChanged
from qbdesk.ui.bridge import Bridge, sentence_of


@pytest.fixture
def bridge(qapp):
    made = Bridge()
    yield made
    made.close()


def settle(future: Future, value: object) -> None:
    """From another thread, as the engine does it."""
    thread = threading.Thread(target=future.set_result, args=(value,))
    thread.start()
    thread.join()


def test_an_answer_arrives_in_the_screens_thread(qtbot, bridge) -> None:
    future: Future[int] = Future()
    heard: list[tuple[int, threading.Thread]] = []
    bridge.ask(bridge, future, lambda value: heard.append((value, threading.current_thread())))
    settle(future, 7)
    assert heard == [], "nothing is called from within the engine's thread"
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [(7, threading.main_thread())]


def test_an_answer_that_is_there_already_still_comes_later(qtbot, bridge) -> None:
    future: Future[int] = Future()
    future.set_result(7)
    heard: list[int] = []
    bridge.ask(bridge, future, heard.append)
    assert heard == []
    qtbot.waitUntil(lambda: heard == [7])


def test_trouble_goes_its_own_way(qtbot, bridge) -> None:
    future: Future[int] = Future()
    future.set_exception(Refusal("No."))
    said: list[str] = []
    bridge.ask(bridge, future, None, lambda error: said.append(sentence_of(error)))
    qtbot.waitUntil(lambda: said == ["No."])


def test_an_answer_for_a_dialog_that_has_gone_is_dropped(qtbot, bridge) -> None:
    owner, heard = QObject(), []
    future: Future[int] = Future()
    last: Future[int] = Future()
    bridge.ask(owner, future, heard.append)
    bridge.ask(bridge, last, heard.append)
    owner.deleteLater()
    qtbot.waitSignal(owner.destroyed).wait()
    settle(future, 1)
    settle(last, 2)
    qtbot.waitUntil(lambda: 2 in heard)
    assert heard == [2]


def test_events_are_heard_in_the_screens_thread(qtbot, bridge) -> None:
    service = StandIn()
    bridge.attach(service)
    threads: list[threading.Thread] = []
    bridge.heard.connect(lambda _: threads.append(threading.current_thread()))
    with qtbot.waitSignal(bridge.heard):
        service.tell(CompanyChanged("maple"))
    assert threads == [threading.main_thread()]
    service.stop()


def test_after_closing_nothing_is_heard(qtbot, bridge) -> None:
    service = StandIn()
    bridge.attach(service)
    bridge.close()
    with qtbot.assertNotEmitted(bridge.heard):
        service.tell(CompanyChanged("maple"))
        service.stop()


FORBIDDEN = (
    "httpx",
    "sqlalchemy",
    "alembic",
    "keyring",
    "qbdesk.sync.ledger",
    "qbdesk.sync.vault",
    "qbdesk.sync.sources",
    "qbdesk.sync.engine",
    "qbdesk.sync.service",
    "qbdesk.sync.quickbooks.client",
)


def test_the_screen_loads_nothing_of_the_engine() -> None:
    program = (
        "import pkgutil, sys, importlib, qbdesk.ui as ui\n"
        "for found in pkgutil.walk_packages(ui.__path__, 'qbdesk.ui.'):\n"
        "    if not found.name.startswith('qbdesk.ui.consent'):\n"
        "        importlib.import_module(found.name)\n"
        f"print([name for name in {FORBIDDEN!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_window_needs_little_to_stand() -> None:
    program = (
        "import sys, qbdesk.ui.desktop\n"
        "late = ('qbdesk.ui.contents', 'qbdesk.sync.views', 'PySide6.QtSvg', 'PySide6.QtNetwork')\n"
        "print([name for name in late if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
