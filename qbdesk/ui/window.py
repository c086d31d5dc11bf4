"""The window itself: there at once, filled when the books are open, closed when that is allowed."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget

from qbdesk.ui.plain import plain

USUAL = QSize(1280, 780)
FRAME = QSize(4, 32)  # about what title bar and borders take


class MainWindow(QMainWindow):
    """Signals:
    close_wanted: The user closes the window; it stays until somebody decides.
    painted: The user sees it for the first time.
    """

    close_wanted = Signal()
    painted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._leaving = self._was_painted = False
        self.loading = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.loading.setMargin(40)
        self.say_loading(self.tr("Opening your books …"))
        self.setCentralWidget(self.loading)
        room = self.screen().availableGeometry().size() - FRAME
        self.resize(USUAL.boundedTo(room))
        self.setMinimumSize(760, 480)
        self.show_title(None)

    def say_loading(self, sentence: str) -> None:
        """What stands in the window as long as it is empty."""
        if self.centralWidget() in (None, self.loading):
            self.loading.setText(plain(sentence, lines=True))

    def fill(self, contents: QWidget) -> None:
        """The books, from now on, in the place of what stood there until they were open."""
        if self.centralWidget() is not contents:
            self.show_instead(contents)

    def show_instead(self, page: QWidget) -> None:
        before = self.takeCentralWidget()
        before.hide()
        if before is not self.loading:
            before.deleteLater()
        self.setCentralWidget(page)

    def show_title(self, company: str | None) -> None:
        self.setWindowTitle(f"{plain(company)} – qbdesk" if company else "qbdesk")

    def bring_forward(self) -> None:
        """As far as the desktop lets us: on Wayland it may only flash."""
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def let_go(self) -> None:
        """From now on closing closes: the program quits, or the session ends."""
        self._leaving = True

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            self.painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        # Refusing to close while the session ends would cancel the user's logout.
        app = QApplication.instance()
        if self._leaving or (isinstance(app, QApplication) and app.isSavingSession()):
            event.accept()
            return
        event.ignore()
        self.close_wanted.emit()
