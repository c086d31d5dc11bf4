"""Puts the screen together and runs it: window, tray, notifications, coming and going."""

import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSettings, QSocketNotifier, QTimer, Signal
from PySide6.QtWidgets import QApplication

from qbdesk.sync.views import Warned
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.companies import Companies
from qbdesk.ui.company_actions import CompanyActions
from qbdesk.ui.desk import Desk
from qbdesk.ui.fusion import dress
from qbdesk.ui.icons import program_icon
from qbdesk.ui.invoice_actions import InvoiceActions
from qbdesk.ui.window import MainWindow

if TYPE_CHECKING:
    from qbdesk.sync.service import Service

STOP_SECONDS = 5.0
NOT_REACHED = 2


def run_desktop(
    service: "Service", *, start_hidden: bool, home: Path, practice: bool = False
) -> int:
    """Runs the tray program until the user quits; returns the exit status.

    Args:
        service: Not started yet: the window stands before the engine does.
        start_hidden: Tray only, as at login. With no company yet the window opens all the same.
        home: The program's folder; there is one program for each.
    """
    from qbdesk.ui.single import SingleInstance

    app = Application(sys.argv[:1])
    single = SingleInstance(home)
    if not single.is_first():
        if single.raise_the_first():
            return 0
        print(_NO_ANSWER, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return NOT_REACHED
    desktop = Desktop(service, app, home, practice=practice)
    single.raise_wanted.connect(desktop.window.bring_forward)
    with quit_on_signals(desktop.quit):
        desktop.begin(start_hidden=start_hidden)
        status = app.exec()
    desktop.end()
    single.release()
    return status


_NO_ANSWER = (
    "qbdesk is running already but does not answer. Wait a moment and start it again; if that does "
    "not help, end the running qbdesk or restart the computer. Nothing is lost by that."
)


class Application(QApplication):
    """Signals:
    ends: The desktop ends the session, or the platform's own Quit was used.
    """

    ends = Signal()

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self.setApplicationName("qbdesk")
        self.setApplicationDisplayName("qbdesk")
        self.setDesktopFileName("qbdesk")
        self.setQuitOnLastWindowClosed(False)
        self.setWindowIcon(program_icon())
        dress(self)
        self.commitDataRequest.connect(lambda _: self.ends.emit())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Quit:
            self.ends.emit()
        return super().event(event)


class Desktop(QObject):
    """Owns the window and the tray. `quit` is the only way out that the user has."""

    _started = Signal()
    _stopped = Signal()

    def __init__(
        self, service: "Service", app: Application, home: Path, *, practice: bool = False
    ) -> None:
        super().__init__()
        self._service, self._app = service, app
        self._quitting = self._service_stopped = False
        self._memory = QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)
        self.bridge = Bridge(service, self)
        self.companies = Companies(self.bridge, self)
        self.window = MainWindow(self.bridge, practice=practice)
        self.desk = Desk(self.bridge, self.companies, self.window)
        self.invoice_actions = InvoiceActions(self.desk, self.window)
        self.company_actions = CompanyActions(self.desk, self.companies, self.window)
        self.company_actions.quit_wanted.connect(self.quit)
        self.window.close_wanted.connect(self._close)
        self.companies.changed.connect(self._show_state)
        self.bridge.heard.connect(self._hear)
        self._started.connect(self.companies.load)
        self._stopped.connect(self._leave)
        app.ends.connect(self.window.let_go)
        self._start_hidden = False
        if isinstance(geometry := self._memory.value("geometry"), bytes) or geometry:
            self.window.restoreGeometry(geometry)

    def begin(self, *, start_hidden: bool) -> None:
        """Shows the window; everything else comes after it stands."""
        self._start_hidden = start_hidden
        if not start_hidden:
            self.window.show()
        QTimer.singleShot(0, self, self._go_on)

    def _go_on(self) -> None:
        from qbdesk.ui.tray.icon import Tray
        from qbdesk.ui.tray.notifications import Notifier

        self.tray = Tray(self)
        self.tray.open_wanted.connect(self.window.bring_forward)
        self.tray.sync_wanted.connect(lambda: self.company_actions.sync(None))
        self.tray.pause_wanted.connect(self.company_actions.pause_all)
        self.tray.quit_wanted.connect(self.quit)
        # Hidden and without a tray nobody could find the program.
        self.tray.gave_up.connect(self.window.show)
        self.notifier = Notifier(self.tray.icon, self)
        self.notifier.clicked.connect(self._follow)
        self.bridge.listen()
        threading.Thread(target=self._start_service, name="starting", daemon=True).start()
        self.notifier.start()
        self.tray.show_when_available()

    def _start_service(self) -> None:
        self._service.start()
        self._started.emit()

    # ---- one state ----

    def _show_state(self) -> None:
        self.tray.show_state(self.companies.overall())
        if self.companies.loaded and not self.companies.names() and self._start_hidden:
            self._start_hidden = False
            self.window.show()

    def _hear(self, event: object) -> None:
        if isinstance(event, Warned):
            self.notifier.warn(event)

    def _follow(self, warned: Warned) -> None:
        self.desk.show_invoices(warned.company, warned.source_ids)

    # ---- going ----

    def _close(self) -> None:
        """The window's own close button."""
        if self.tray.is_there():
            self.window.hide()
            if not self._memory.value("told_about_tray"):
                self._memory.setValue("told_about_tray", "yes")
                self.notifier.warn(_stays_in_tray(self))
        elif self._memory.value("stays_without_tray"):
            self.window.showMinimized()
        else:
            self._ask_to_leave()

    def _ask_to_leave(self) -> None:
        from qbdesk.ui.dialogs.question import leave_question

        question = leave_question(self.window)
        question.accepted.connect(self.quit)
        question.no.clicked.connect(self._stay_without_tray)
        self.desk.open_dialog(question)

    def _stay_without_tray(self) -> None:
        self._memory.setValue("stays_without_tray", "yes")
        self.window.showMinimized()

    def quit(self) -> None:
        """Takes the window away at once; the engine ends at a safe point, waited for elsewhere."""
        if self._quitting:
            return
        self._quitting = True
        self.window.let_go()
        self.window.hide()
        self.tray.remove()
        threading.Thread(target=self._stop_service, name="stopping", daemon=True).start()
        # An engine that does not come to an end: the ledger makes what is open resumable.
        QTimer.singleShot(int(STOP_SECONDS * 1_500), self, self._leave)

    def _stop_service(self) -> None:
        self._service.stop(STOP_SECONDS)
        self._stopped.emit()

    def _leave(self) -> None:
        self._service_stopped = True
        self._app.exit(0)

    def end(self) -> None:
        """After the event loop: by `quit`, or because the session ends."""
        self.bridge.close()
        self.notifier.stop()
        self.tray.remove()
        self._memory.setValue("geometry", self.window.saveGeometry())
        self._memory.sync()
        self.window.let_go()
        self.window.close()
        if not self._service_stopped:
            self._service.stop(STOP_SECONDS)


def _stays_in_tray(owner: QObject) -> Warned:
    return Warned(
        "",
        owner.tr("qbdesk goes on in the background"),
        owner.tr("Its icon in the tray opens the window again; Quit is in the icon's menu."),
    )


class quit_on_signals:  # noqa: N801 - reads as a statement
    """While it is entered, SIGINT and SIGTERM call `quit` in the event loop, without polling."""

    def __init__(self, quit_: Callable[[], None]) -> None:
        self._quit = quit_

    def __enter__(self) -> None:
        self._reading, self._writing = socket.socketpair()
        for end in (self._reading, self._writing):
            end.settimeout(0)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._heard)
        self._wakeup_before = signal.set_wakeup_fd(
            self._writing.fileno(), warn_on_full_buffer=False
        )
        numbers = (signal.SIGINT, signal.SIGTERM)
        # Python only writes to the socket for signals that have a handler of its own.
        self._before = {number: signal.signal(number, lambda *_: None) for number in numbers}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._notifier.setEnabled(False)
        for end in (self._reading, self._writing):
            end.close()

    def _heard(self) -> None:
        numbers = self._reading.recv(64)
        if any(number in (signal.SIGINT, signal.SIGTERM) for number in numbers):
            self._quit()
