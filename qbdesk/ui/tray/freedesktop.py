"""org.freedesktop.Notifications, spoken over a connection of our own.

PySide6 cannot send the unsigned number that `Notify` takes: QtDBus makes every Python int an int32
(seen with 6.11.3), which notification services refuse. jeepney, which keyring brings along on
Linux, can.
"""

import logging
import threading
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Qt, Signal, Slot

from qbdesk.sync.views import Warned

logger = logging.getLogger("qbdesk.ui")

_NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"
_DEFAULT_TIME = -1
_MOST = 50


class FreedesktopNotifications(QObject):
    """Opens its connection in a thread; from then on the socket's own notifier wakes it.

    Signals:
        clicked: Somebody clicked a notification. arg: Warned
        refused: There is no service to show it. arg: Warned
    """

    clicked = Signal(object)
    refused = Signal(object)
    _opened = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._connection: Any = None
        self._failed = self._stopped = False
        self._waiting: list[tuple[Warned, str, str]] = []
        self._asked: dict[int, Warned] = {}
        self._on_screen: dict[int, Warned] = {}
        self._readable: QSocketNotifier | None = None
        self._opened.connect(self._begin, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        threading.Thread(target=self._open, name="notifications", daemon=True).start()

    def stop(self) -> None:
        self._stopped = True
        if self._readable:
            self._readable.setEnabled(False)
            self._readable = None
        if self._connection:
            self._connection.close()
            self._connection = None

    def show(self, warned: Warned, title: str, text: str) -> None:
        if self._failed:
            self.refused.emit(warned)
        elif self._connection is None:
            self._waiting.append((warned, title, text))
        else:
            self._send(warned, title, text)

    def _open(self) -> None:
        connection = None
        try:
            from jeepney import MatchRule, message_bus  # type: ignore[import-untyped]
            from jeepney.io.blocking import (  # type: ignore[import-untyped]
                open_dbus_connection,
            )

            connection = open_dbus_connection("SESSION")
            rule = MatchRule(type="signal", interface=_NAME, path=_PATH)
            connection.send(message_bus.AddMatch(rule))
        except Exception as error:
            # No bus, another kind of bus, no jeepney: then the tray icon shows the balloons.
            logger.info("No notification service: %s", type(error).__name__)
        self._opened.emit(connection)

    @Slot(object)
    def _begin(self, connection: Any) -> None:
        if self._stopped:
            if connection is not None:
                connection.close()
            return
        self._connection, self._failed = connection, connection is None
        if connection is not None:
            self._readable = QSocketNotifier(
                connection.sock.fileno(), QSocketNotifier.Type.Read, self
            )
            self._readable.activated.connect(self._read)
        waiting, self._waiting = self._waiting, []
        for warned, title, text in waiting:
            self.show(warned, title, text)

    def _send(self, warned: Warned, title: str, text: str) -> None:
        from jeepney import DBusAddress, new_method_call

        message = new_method_call(
            DBusAddress(_PATH, bus_name=_NAME, interface=_NAME),
            "Notify",
            "susssasa{sv}i",
            (
                "qbdesk",
                0,
                "",
                title,
                text,
                ["default", self.tr("Open")],
                {"desktop-entry": ("s", "qbdesk")},
                _DEFAULT_TIME,
            ),
        )
        serial = next(self._connection.outgoing_serial)
        self._asked[serial] = warned
        try:
            self._connection.send(message, serial=serial)
        except OSError:
            self._lose()

    def _read(self) -> None:
        try:
            while self._connection is not None:
                self._understand(self._connection.receive(timeout=0))
        except TimeoutError:
            return
        except OSError:
            self._lose()

    def _understand(self, message: Any) -> None:
        from jeepney import HeaderFields, MessageType

        fields, kind = message.header.fields, message.header.message_type
        if kind is MessageType.signal:
            if fields.get(HeaderFields.member) == "ActionInvoked":
                self._invoked(message.body[0])
            elif fields.get(HeaderFields.member) == "NotificationClosed":
                self._on_screen.pop(message.body[0], None)
            return
        warned = self._asked.pop(fields.get(HeaderFields.reply_serial, 0), None)
        if warned is None:
            return
        if kind is MessageType.error:
            self.refused.emit(warned)
        else:
            self._remember(message.body[0], warned)

    def _remember(self, number: int, warned: Warned) -> None:
        self._on_screen[number] = warned
        while len(self._on_screen) > _MOST:  # services that never tell of closing
            del self._on_screen[next(iter(self._on_screen))]

    def _invoked(self, number: int) -> None:
        warned = self._on_screen.pop(number, None)
        if warned is not None:
            self.clicked.emit(warned)

    def _lose(self) -> None:
        """The bus has gone: balloons from now on."""
        lost = list(self._asked.values())
        self._asked.clear()
        self.stop()
        self._stopped, self._failed = False, True
        for warned in lost:
            self.refused.emit(warned)
