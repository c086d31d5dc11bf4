"""SIGINT and SIGTERM end the program as Quit does, without any polling."""

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


class QuitSignals(QObject):
    """Calls `quit` in the event loop when one of the signals arrives."""

    def __init__(self, quit_: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._quit = quit_
        self._reading, self._writing = socket.socketpair()
        for end in (self._reading, self._writing):
            end.settimeout(0)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._heard)
        writing = self._writing.fileno()
        self._wakeup_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        # Python only writes to the socket for signals that have a handler of its own.
        self._before = {number: signal.signal(number, lambda *_: None) for number in _NUMBERS}

    def _heard(self) -> None:
        if any(number in _NUMBERS for number in self._reading.recv(64)):
            self._quit()

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._notifier.setEnabled(False)
        for end in (self._reading, self._writing):
            end.close()
