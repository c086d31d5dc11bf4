"""Notifications: one a warning, and a click that leads to the invoice it speaks of."""

import html
import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from qbdesk.sync.views import Warned
from qbdesk.ui.icons import program_icon
from qbdesk.ui.plain import plain
from qbdesk.ui.tray.freedesktop import FreedesktopNotifications

QUIET_SECONDS = 60.0
SHOWN_MS = 10_000


class Notifier(QObject):
    """Shows each `Warned` once, and says which one was clicked.

    Signals:
        clicked: arg: Warned
    """

    clicked = Signal(object)

    def __init__(
        self,
        icon: QSystemTrayIcon,
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._icon, self._clock = icon, clock
        self._said: dict[Warned, float] = {}
        self._last: Warned | None = None
        self.bus: FreedesktopNotifications | None = None
        icon.messageClicked.connect(self._balloon_clicked)

    def start(self) -> None:
        """Linux has a service of its own, whose clicks say which notification they are for."""
        if sys.platform.startswith("linux"):
            self.bus = FreedesktopNotifications(self)
            self.bus.clicked.connect(self.clicked)
            self.bus.refused.connect(self._show_balloon)
            self.bus.start()

    def stop(self) -> None:
        if self.bus:
            self.bus.stop()

    def warn(self, warned: Warned) -> None:
        now = self._clock()
        self._said = {said: at for said, at in self._said.items() if now - at < QUIET_SECONDS}
        if warned in self._said:
            return
        self._said[warned] = now
        if self.bus:
            self.bus.show(warned, plain(warned.title), body(warned.sentence))
        else:
            self._show_balloon(warned)

    def _show_balloon(self, warned: Warned) -> None:
        self._last = warned
        linux = sys.platform.startswith("linux")
        text = body(warned.sentence) if linux else plain(warned.sentence)
        self._icon.showMessage(plain(warned.title), text, program_icon(), SHOWN_MS)

    def _balloon_clicked(self) -> None:
        # The signal does not say which: the newest is meant, as nothing older is on the screen.
        if self._last is not None:
            self.clicked.emit(self._last)


def body(text: str) -> str:
    """Notification services read markup in the body: there must be none left."""
    return html.escape(plain(text), quote=False)
