import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from ui_stand_in import StandIn, company, held

from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import Warned
from qbdesk.ui.desktop import Desktop
from qbdesk.ui.dialogs.question import Question
from qbdesk.ui.signals import QuitSignals
from qbdesk.ui.single import SingleInstance
from qbdesk.ui.table.columns import Column


class App(QObject):
    """What the desktop needs of the application, which pytest-qt owns."""

    ends = Signal()
    left = Signal(int)

    def setWindowIcon(self, _: object) -> None: ...  # noqa: N802

    def dress(self) -> None: ...

    def exit(self, status: int) -> None:
        self.left.emit(status)


class Running:
    def __init__(self, qtbot, home: Path, service: StandIn, *, start_hidden: bool = False) -> None:
        self.qtbot, self.service, self.app = qtbot, service, App()
        self.desktop = Desktop(lambda: service, self.app, home)
        self.desktop.begin(start_hidden=start_hidden)
        qtbot.waitUntil(lambda: self.desktop.window.centralWidget() is not self.loading())
        qtbot.addWidget(self.desktop.window)

    def loading(self) -> object:
        return self.desktop.window.loading

    def question(self) -> Question:
        return self.desktop.window.findChild(Question)

    def end(self) -> None:
        self.desktop.end()


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn(company(), rows=[held(1)])
    yield made
    if not made.stopped:
        made.stop()


@pytest.fixture
def running(qtbot, tmp_path: Path, service: StandIn) -> Iterator[Running]:
    made = Running(qtbot, tmp_path, service)
    yield made
    made.end()


def pretend_tray(monkeypatch, running: Running, *, there: bool) -> None:
    monkeypatch.setattr(running.desktop.tray, "is_there", lambda: there)


def test_the_window_stands_before_the_service_is_asked_for(qtbot, tmp_path: Path) -> None:
    visible: list[bool] = []

    def open_service() -> StandIn:
        visible.append(desktop.window.isVisible())
        return StandIn()

    desktop = Desktop(open_service, App(), tmp_path)
    desktop.begin(start_hidden=False)
    assert visible == []
    qtbot.waitUntil(lambda: bool(visible))
    assert visible == [True]
    desktop.end()


def test_the_window_is_no_larger_than_the_screen(running: Running) -> None:
    window = running.desktop.window
    room = window.screen().availableGeometry()
    assert room.width() < 1280, "else this shows nothing"
    assert window.width() <= room.width()
    assert window.height() <= room.height()


def test_its_title_ends_in_qbdesk(running: Running) -> None:
    assert running.desktop.window.windowTitle() == "Maple & Birch Consulting Inc. – qbdesk"


def test_a_start_in_the_background_shows_no_window(qtbot, tmp_path: Path, service) -> None:
    running = Running(qtbot, tmp_path, service, start_hidden=True)
    assert not running.desktop.window.isVisible()
    running.end()


def test_without_a_company_the_window_opens_all_the_same(qtbot, tmp_path: Path) -> None:
    running = Running(qtbot, tmp_path, StandIn(), start_hidden=True)
    assert running.desktop.window.isVisible()
    running.end()


def test_a_service_that_cannot_be_opened_is_said_in_the_window(qtbot, tmp_path: Path) -> None:
    def refuse() -> StandIn:
        raise Refusal("QBDESK_INTUIT_URL names something impossible. Correct it.")

    app = App()
    desktop = Desktop(refuse, app, tmp_path)
    desktop.begin(start_hidden=True)
    qtbot.waitUntil(lambda: "impossible" in desktop.window.loading.text())
    assert desktop.window.isVisible()
    with qtbot.waitSignal(app.left):
        desktop.quit()
    desktop.end()


def test_closing_the_window_leaves_it_in_the_tray_and_says_so_once(
    running: Running, monkeypatch
) -> None:
    pretend_tray(monkeypatch, running, there=True)
    told: list[Warned] = []
    monkeypatch.setattr(running.desktop.notifier, "warn", told.append)
    for _ in range(2):
        running.desktop.window.show()
        running.desktop.window.close()
        assert not running.desktop.window.isVisible()
    assert [warned.title for warned in told] == ["qbdesk goes on in the background"]
    assert not running.service.stopped


def test_without_a_tray_closing_asks_once_and_then_minimises(running: Running, monkeypatch) -> None:
    pretend_tray(monkeypatch, running, there=False)
    window = running.desktop.window
    window.close()
    assert window.isVisible()
    running.question().no.click()
    assert window.isMinimized()
    window.showNormal()
    running.question().deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window.close()
    assert window.isMinimized()
    assert running.question() is None


def test_without_a_tray_closing_can_quit(running: Running, monkeypatch) -> None:
    pretend_tray(monkeypatch, running, there=False)
    running.desktop.window.close()
    with running.qtbot.waitSignal(running.app.left):
        running.question().yes.click()
    assert running.service.stopped


def test_the_end_of_the_session_is_not_refused(running: Running) -> None:
    running.app.ends.emit()
    assert running.desktop.window.close()


def test_quit_takes_the_window_away_and_stops_the_service(running: Running) -> None:
    with running.qtbot.waitSignal(running.app.left) as left:
        running.desktop.quit()
        assert not running.desktop.window.isVisible()
    assert left.args == [0]
    assert running.service.stopped


def test_a_notification_opens_the_window_at_its_invoice(running: Running) -> None:
    running.desktop.window.hide()
    running.desktop.notifier.clicked.emit(Warned("maple", "1 held", "No email.", ("inv_00001",)))
    assert running.desktop.window.isVisible()
    details = running.desktop.contents.details
    running.qtbot.waitUntil(lambda: details.row is not None)
    assert details.row.source_id == "inv_00001"


def test_tray_and_window_show_the_same_state(running: Running) -> None:
    running.service.change_company("maple", sentence="QuickBooks cannot be reached.")
    header = running.desktop.contents.header
    running.qtbot.waitUntil(lambda: "reached" in header.sentence.text())
    assert running.desktop.tray.line.text() == header.sentence.text()
    assert running.desktop.tray.icon.toolTip().endswith(header.sentence.text())


def test_columns_that_somebody_set_are_remembered(qtbot, tmp_path: Path) -> None:
    first = Running(qtbot, tmp_path, StandIn(company()))
    first.desktop.contents.table.setColumnWidth(Column.CUSTOMER, 321)
    first.end()
    second = Running(qtbot, tmp_path, StandIn(company()))
    assert second.desktop.contents.table.columnWidth(Column.CUSTOMER) == 321
    second.end()


def test_a_signal_ends_the_program_without_polling(qtbot) -> None:
    quits: list[bool] = []
    signals = QuitSignals(lambda: quits.append(True))
    before = signal.getsignal(signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGTERM)
    qtbot.waitUntil(lambda: quits == [True])
    signals.restore()
    assert signal.getsignal(signal.SIGUSR1) == before


# ---- one program for each folder ----


SECOND_START = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from qbdesk.ui.single import SingleInstance
app = QCoreApplication([])
second = SingleInstance(Path(sys.argv[1]))
print(second.is_first(), second.raise_the_first())
"""


def test_a_second_start_only_raises_the_first(qtbot, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path)
    assert first.is_first()
    with qtbot.waitSignal(first.raise_wanted, timeout=20_000):
        second = subprocess.Popen(
            [sys.executable, "-c", SECOND_START, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
    said, _ = second.communicate(timeout=20)
    assert said.split() == ["False", "True"]
    first.release()


def test_a_first_one_that_does_not_answer_is_not_waited_for_long(qtbot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.is_first()
    assert not second.is_first()
    assert not second.raise_the_first(), "its event loop stands still"
    first.release()


def test_two_folders_are_two_programs(qtbot, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = SingleInstance(tmp_path / "a"), SingleInstance(tmp_path / "b")
    assert one.is_first()
    assert other.is_first()
    assert one._server.serverName() != other._server.serverName()
    one.release()
    other.release()


def test_after_it_has_ended_another_may_start(qtbot, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path)
    assert first.is_first()
    first.release()
    second = SingleInstance(tmp_path)
    assert second.is_first()
    second.release()
