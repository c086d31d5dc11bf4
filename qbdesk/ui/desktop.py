"""Puts the screen together and runs it: window, tray, notifications, coming and going."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMessageBox

from qbdesk.ui.window import MainWindow

if TYPE_CHECKING:
    from qbdesk.sync.service import Service
    from qbdesk.sync.views import Warned

STOP_SECONDS = 5.0
PAINTED_WITHIN_MS = 500
NOT_REACHED = 2
COLUMNS = "columns-1"  # another number whenever there are other columns


def run_desktop(
    open_service: Callable[[], "Service"],
    *,
    start_hidden: bool,
    home: Path,
    practice: bool = False,
) -> int:
    """Runs the tray program until the user quits; returns the exit status.

    Args:
        open_service: Makes the service; it is started here unless it runs already. Called off
            the screen's thread once the window stands, so that nobody waits for the engine.
        start_hidden: Tray only, as at login. With no company yet the window opens all the same.
        home: The program's folder, which exists; there is one program for each.
    """
    from qbdesk.ui.single import SingleInstance

    app = Application(sys.argv[:1])
    single = SingleInstance(home)
    if not single.is_first():
        if single.raise_the_first():
            return 0
        _say_no_answer(in_a_window=not start_hidden)
        return NOT_REACHED
    desktop = Desktop(open_service, app, home, practice=practice)
    single.raise_wanted.connect(desktop.window.bring_forward)
    desktop.begin(start_hidden=start_hidden)
    status = app.exec()
    desktop.end()
    single.release()
    return status


def _say_no_answer(*, in_a_window: bool) -> None:
    told = QCoreApplication.translate(
        "desktop",
        "qbdesk is running already but does not answer. Wait a moment and start it again; if that "
        "does not help, end the running qbdesk or restart the computer. Nothing is lost by that.",
    )
    print(told, file=sys.stderr)  # noqa: T201 - for whoever starts it from a terminal
    if in_a_window:
        QMessageBox.warning(None, "qbdesk", told)


class Application(QApplication):
    """Signals:
    ends: The desktop ends the session, or the platform's own Quit was used.
    """

    ends = Signal()

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self._dressed_for: int | None = None
        self.setApplicationName("qbdesk")
        self.setApplicationDisplayName("qbdesk")
        self.setDesktopFileName("qbdesk")
        self.setQuitOnLastWindowClosed(False)
        self.commitDataRequest.connect(lambda _: self.ends.emit())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Quit:
            self.ends.emit()
        handled = super().event(event)
        if event.type() == QEvent.Type.ApplicationPaletteChange:
            QTimer.singleShot(0, self, self._redress)
        return handled

    def dress(self) -> None:
        """Gives the window its looks, and keeps them when light turns dark."""
        from qbdesk.ui.fusion import dress

        self._dressed_for = self.palette().cacheKey()
        dress(self)

    def _redress(self) -> None:
        if self._dressed_for not in (None, self.palette().cacheKey()):
            self.dress()


class Desktop(QObject):
    """Owns the window and the tray. `quit` is the only way out that the user has."""

    _opened = Signal(object)
    _failed = Signal(object)
    _stopped = Signal()

    def __init__(
        self,
        open_service: Callable[[], "Service"],
        app: Application,
        home: Path,
        *,
        practice: bool = False,
    ) -> None:
        super().__init__()
        self._open_service, self._app = open_service, app
        self._service: Service | None = None
        self._opening = True
        self._quitting = self._gone_on = self._start_hidden = False
        self._practice = practice
        self._memory = QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)
        self.window = MainWindow()
        self.window.close_wanted.connect(self._close)
        self._opened.connect(self._attach)
        self._failed.connect(self._say_failed)
        self._stopped.connect(self._leave)
        app.ends.connect(self.window.let_go)
        if geometry := self._memory.value("geometry"):
            self.window.restoreGeometry(geometry)

    def begin(self, *, start_hidden: bool) -> None:
        """Shows the window; everything else comes after it stands."""
        self._start_hidden = start_hidden
        if not start_hidden:
            self.window.painted.connect(self._go_on, Qt.ConnectionType.QueuedConnection)
            self.window.show()
        # A window on another desktop, say, is not painted.
        QTimer.singleShot(0 if start_hidden else PAINTED_WITHIN_MS, self, self._go_on)

    def _go_on(self) -> None:
        if self._gone_on:
            return
        self._gone_on = True
        threading.Thread(target=self._open, name="opening", daemon=True).start()
        self._fill_window()
        self._make_tray()

    def _fill_window(self) -> None:
        # Imported now: the window is there, and the engine is being opened meanwhile.
        from qbdesk.ui.bridge import Bridge
        from qbdesk.ui.companies import Companies
        from qbdesk.ui.company_actions import CompanyActions
        from qbdesk.ui.contents import Contents
        from qbdesk.ui.desk import Desk
        from qbdesk.ui.icons import program_icon
        from qbdesk.ui.invoice_actions import InvoiceActions
        from qbdesk.ui.signals import QuitSignals

        self.signals = QuitSignals(self.quit, self)
        self._app.setWindowIcon(program_icon())
        self._app.dress()
        self.bridge = Bridge(self)
        self.companies = Companies(self.bridge, self)
        self.contents = Contents(self.bridge, practice=self._practice)
        self.contents.table.restore_widths(self._memory.value(COLUMNS))
        self.desk = Desk(self.bridge, self.companies, self.contents)
        self.invoice_actions = InvoiceActions(self.desk, self.contents)
        self.company_actions = CompanyActions(self.desk, self.companies, self.contents)
        self.company_actions.quit_wanted.connect(self.quit)
        self.desk.company_shown.connect(self.window.show_title)
        self.companies.changed.connect(self._show_state)
        self.companies.troubled.connect(self.window.say_loading)
        self.companies.damaged.connect(self._ask_what_to_go_on_with)
        self.bridge.heard.connect(self._hear)

    def _make_tray(self) -> None:
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
        self.notifier.start()
        self.tray.show_when_available()

    def _open(self) -> None:
        try:
            service = self._open_service()
            service.start()
        except Exception as error:
            self._failed.emit(error)
        else:
            self._opened.emit(service)

    def _attach(self, service: "Service") -> None:
        self._service, self._opening = service, False
        self.bridge.attach(service)
        if self._quitting:
            self._stop_in_background()
        else:
            self.companies.load()

    # ---- one state ----

    def _show_state(self) -> None:
        self.tray.show_state(self.companies.overall())
        self.window.fill(self.contents)
        if self._start_hidden and not self.companies.names():
            self.window.show()
        self._start_hidden = False

    def _say_failed(self, error: Exception) -> None:
        from qbdesk.ui.bridge import sentence_of

        self._opening = False
        self.window.show()
        self.window.say_loading(sentence_of(error))

    def _ask_what_to_go_on_with(self, trouble: str) -> None:
        """The ledger is damaged or gone; only a person can say what comes in its place."""
        from qbdesk.ui.damaged import DamagedPage

        page = DamagedPage(self.bridge, trouble)
        page.mended.connect(self._show_mended)
        self.window.show_instead(page)
        self.window.show()

    def _show_mended(self, told: str) -> None:
        # Said when the books are shown: choosing a company takes back what was said before.
        if told:
            once = Qt.ConnectionType.SingleShotConnection
            self.companies.changed.connect(lambda _: self.contents.banner.say(told), once)
        self.companies.load()

    def _hear(self, event: object) -> None:
        from qbdesk.sync.views import Warned

        if isinstance(event, Warned):
            self.notifier.warn(event)

    def _follow(self, warned: "Warned") -> None:
        self.window.bring_forward()
        if warned.company:
            self.desk.show_invoices(warned.company, warned.source_ids)

    # ---- going ----

    def _close(self) -> None:
        """The window's own close button."""
        if self.tray.is_there():
            self.window.hide()
            if not self._memory.value("told_about_tray"):
                self._memory.setValue("told_about_tray", "yes")
                self._tell_about_tray()
        elif self._memory.value("stays_without_tray"):
            self.window.showMinimized()
        else:
            self._ask_to_leave()

    def _tell_about_tray(self) -> None:
        from qbdesk.sync.views import Warned

        title = self.tr("qbdesk goes on in the background")
        told = self.tr("Its icon in the tray opens the window again; Quit is in the icon's menu.")
        self.notifier.warn(Warned("", title, told))

    def _ask_to_leave(self) -> None:
        from qbdesk.ui.dialogs.question import leave_question

        question = leave_question(self.window)
        question.accepted.connect(self.quit)
        question.no.clicked.connect(self._stay_without_tray)
        question.finished.connect(question.deleteLater)
        question.open()

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
        if self._service is not None:
            self._stop_in_background()
        elif not self._opening:
            self._leave()
        # An engine that does not come to an end: the ledger makes what is open resumable.
        QTimer.singleShot(int(STOP_SECONDS * 1_500), self, self._leave)

    def _stop_in_background(self) -> None:
        threading.Thread(target=self._stop_service, name="stopping", daemon=True).start()

    def _stop_service(self) -> None:
        assert self._service is not None
        self._service.stop(STOP_SECONDS)
        self._stopped.emit()

    def _leave(self) -> None:
        self._service = None
        self._app.exit(0)

    def end(self) -> None:
        """After the event loop: by `quit`, or because the session ends."""
        self.bridge.close()
        self.notifier.stop()
        self.tray.remove()
        self.signals.restore()
        self._remember()
        self._memory.sync()
        self.window.let_go()
        self.window.close()
        if self._service is not None:
            self._service.stop(STOP_SECONDS)

    def _remember(self) -> None:
        self._memory.setValue("geometry", self.window.saveGeometry())
        if (columns := self.contents.table.own_widths()) is not None:
            self._memory.setValue(COLUMNS, columns)
