"""The window: where everything stands. What it does is in desk.py."""

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from qbdesk.ui import look
from qbdesk.ui.actions import ActionBar
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.details import Details
from qbdesk.ui.filters import Filters
from qbdesk.ui.header import Header
from qbdesk.ui.icons import program_icon
from qbdesk.ui.look import GAP, MARGIN
from qbdesk.ui.parts.banner import Banner, Findings
from qbdesk.ui.plain import plain
from qbdesk.ui.progress import PassLine
from qbdesk.ui.table.view import InvoiceTable
from qbdesk.ui.welcome import Welcome

# Narrower than this, the details stand below the table instead of beside it.
WIDE = 1120


class MainWindow(QMainWindow):
    """Signals:
    close_wanted: The user closes the window; it stays until somebody decides.
    shown: The window has become visible.
    palette_changed: Light turned dark, or the reverse.
    """

    close_wanted = Signal()
    shown = Signal()
    palette_changed = Signal()

    def __init__(self, bridge: Bridge, *, practice: bool = False) -> None:
        super().__init__()
        self._leaving = False
        self.setWindowIcon(program_icon())
        self.header = Header()
        self.banner = Banner(closable=True)
        self.findings = Findings()
        self.filters = Filters()
        self.actions_bar = ActionBar(self.filters.field)
        self.pass_line = PassLine()
        self.table = InvoiceTable(bridge)
        self.empty = look.label(quiet=True, wrap=True)
        self.details = Details()
        self.welcome = Welcome()
        self.practice_note = Banner(closable=True)
        if practice:
            self.practice_note.say(
                self.tr("This is a practice company."),
                self.tr("Everything here runs on this computer; nothing reaches Intuit."),
                look.Tone.TEST,
            )
        self._lay_out()
        self.resize(1180, 740)
        self.setMinimumSize(760, 480)
        self.show_title(None)

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self._table_side())
        self.splitter.addWidget(self.details)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([820, 340])
        self.main_page = _column(0, self._upper_part(), self.splitter)
        self.pages = QStackedWidget()
        self.loading = look.label(self.tr("Opening your books …"), quiet=True)
        self.loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for page in (self.loading, self.welcome, self.main_page):
            self.pages.addWidget(page)
        self.header.hide()
        notes = _column(GAP, self.practice_note, self.banner)
        notes.layout().setContentsMargins(MARGIN, GAP, MARGIN, 0)
        middle = _column(0, self.header, notes)
        middle.layout().addWidget(self.pages)
        self.setCentralWidget(middle)

    def _upper_part(self) -> QWidget:
        part = _column(GAP, self.findings, self.actions_bar, self.pass_line, self.filters)
        part.layout().setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        return part

    def _table_side(self) -> QWidget:
        self.rows_page = QStackedWidget()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.rows_page.addWidget(self.table)
        self.rows_page.addWidget(self.empty)
        return self.rows_page

    def show_page(self, page: QWidget) -> None:
        self.header.setVisible(page is self.main_page)
        self.pages.setCurrentWidget(page)

    def arrange_details(self) -> None:
        """Beside the table, or below it where the window is narrow and something is selected."""
        wide = self.width() >= WIDE
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            self.splitter.setSizes([self.width() - 340, 340] if wide else [300, 185])
        self.details.setVisible(wide or self.details.row is not None)

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

    def layout_state(self) -> QByteArray:
        return self.saveGeometry()

    # ---- what Qt tells ----

    def closeEvent(self, event: QCloseEvent) -> None:
        # Refusing to close while the session ends would cancel the user's logout.
        app = QApplication.instance()
        if self._leaving or (isinstance(app, QApplication) and app.isSavingSession()):
            event.accept()
            return
        event.ignore()
        self.close_wanted.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange_details()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "table"):
            self.table.rows.repaint()
            self.palette_changed.emit()


def _column(spacing: int, *widgets: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing)
    for widget in widgets:
        column.addWidget(widget, 1 if isinstance(widget, (QSplitter, QStackedWidget)) else 0)
    return box
