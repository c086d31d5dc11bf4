"""One program per folder of data: a lock decides who is first, a socket only carries "raise"."""

import getpass
import hashlib
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

PATIENCE_MS = 500
RAISE = b"raise\n"


class SingleInstance(QObject):
    """Signals:
    raise_wanted: The program was started once more.
    """

    raise_wanted = Signal()

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = QLockFile(str(home / "window.lock"))
        self._lock.setStaleLockTime(0)  # a running program is never stale, however long it runs
        self._name = socket_name(home)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._greet)

    def is_first(self) -> bool:
        """Whether no other program works with this folder; then this one holds it."""
        if not self._lock.tryLock(0):
            return False
        # The lock proves that nobody listens there: what is left is of a killed program.
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return True

    def raise_the_first(self) -> bool:
        """Asks the program that runs to show its window; False if it does not answer in time."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(PATIENCE_MS):
            return False
        socket.write(RAISE)
        heard = socket.waitForReadyRead(PATIENCE_MS)
        socket.abort()
        return heard

    def release(self) -> None:
        self._server.close()
        self._lock.unlock()

    def _greet(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.setParent(self)
            socket.disconnected.connect(socket.deleteLater)
            socket.readyRead.connect(self._read)

    def _read(self) -> None:
        socket = self.sender()
        if isinstance(socket, QLocalSocket) and socket.canReadLine():
            if socket.readLine(len(RAISE) + 1).data() == RAISE:
                socket.write(b"shown\n")
                socket.flush()
                self.raise_wanted.emit()
            socket.disconnectFromServer()


def socket_name(home: Path) -> str:
    """Different for every user and folder, so that neither meets another's program."""
    salt = f"{getpass.getuser()}\0{home.resolve()}".encode()
    return f"qbdesk-{hashlib.sha256(salt).hexdigest()[:20]}"
