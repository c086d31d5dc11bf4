"""The tray icon: the program's one state as picture, tooltip and first line of its menu."""

from datetime import UTC, datetime

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from qbdesk.sync.views import State
from qbdesk.ui import words
from qbdesk.ui.icons import state_icon
from qbdesk.ui.plain import caption, plain
from qbdesk.ui.state import NOTHING_YET, Overall

# WORKAROUND for QTBUG-61898: at login the panel may start after us, so ask again until it is there.
RETRY_MS = 1_000
RETRIES = 60
# Afterwards seldom: a panel may be restarted, and lose our icon.
SLOW_RETRY_MS = 60_000


class Tray(QObject):
    """Signals: what was chosen in the menu; `appeared`: the icon has become visible."""

    open_wanted = Signal()
    sync_wanted = Signal()
    pause_wanted = Signal(bool)
    quit_wanted = Signal()
    appeared = Signal()
    gave_up = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._whole = NOTHING_YET
        self._shown: tuple[State | None, str] = (None, "")
        self._tries = 0
        self.menu = QMenu()
        self.line = QAction("", self.menu)
        self.line.triggered.connect(lambda: self.open_wanted.emit())
        self.last = QAction("", self.menu)
        self.last.setEnabled(False)
        self.menu.addActions([self.line, self.last])
        self.menu.addSeparator()
        self.sync = self._entry(self.tr("Sync now"), self.sync_wanted.emit)
        self.pause = self._entry(self.tr("Pause"), self._pause)
        self.menu.addSeparator()
        self.open = self._entry(self.tr("Open qbdesk"), self.open_wanted.emit)
        self.menu.addSeparator()
        self.quit = self._entry(self.tr("Quit"), self.quit_wanted.emit)
        self.menu.aboutToShow.connect(self._tell_time)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self._retry = QTimer(self, singleShot=True, timerType=Qt.TimerType.VeryCoarseTimer)
        self._retry.timeout.connect(self.show_when_available)
        self.show_state(NOTHING_YET)

    def _entry(self, text: str, chosen: object) -> QAction:
        entry = self.menu.addAction(text)
        entry.triggered.connect(lambda: chosen())  # type: ignore[operator]
        return entry

    def is_there(self) -> bool:
        """Whether the user has a tray icon to come back by."""
        return self.icon.isVisible() and QSystemTrayIcon.isSystemTrayAvailable()

    def show_when_available(self) -> None:
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.icon.show()
            self._tries = 0
            self.appeared.emit()
            return
        self._tries += 1
        if self._tries == RETRIES:
            self.gave_up.emit()
        self._retry.start(RETRY_MS if self._tries < RETRIES else SLOW_RETRY_MS)

    def remove(self) -> None:
        self._retry.stop()
        self.icon.hide()

    def show_state(self, whole: Overall) -> None:
        self._whole = whole
        line = words.overall_line(whole)
        self.line.setText(caption(line))
        self.pause.setText(self.tr("Resume") if whole.all_paused else self.tr("Pause"))
        for entry in (self.sync, self.pause):
            entry.setEnabled(whole.company is not None)
        self._tell_time()
        if self._shown != (whole.state, line):
            # Each of these is a message to the panel: only when something has changed.
            self._shown = (whole.state, line)
            self.icon.setIcon(state_icon(whole.state))
            self.icon.setToolTip(tray_tooltip(line))

    def _tell_time(self) -> None:
        self.last.setText(words.last_sync(self._whole.last_pass_at, datetime.now(UTC)))
        self.last.setVisible(self._whole.company is not None)

    def _pause(self) -> None:
        self.pause_wanted.emit(not self._whole.all_paused)

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason != QSystemTrayIcon.ActivationReason.Context:
            self.open_wanted.emit()


def tray_tooltip(line: str) -> str:
    """Panels may read markup in a tooltip (KDE does), so there is nothing left in it to read."""
    return plain(f"qbdesk – {line}").replace("<", "‹").replace(">", "›").replace("&", "+")
