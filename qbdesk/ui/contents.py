"""What stands in the window, and where. What it does is in desk.py."""

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from qbdesk.ui import look
from qbdesk.ui.actions import ActionBar
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.details import Details
from qbdesk.ui.filters import Filters
from qbdesk.ui.header import Header
from qbdesk.ui.look import GAP, MARGIN
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.banner import Banner, Findings
from qbdesk.ui.progress import PassLine
from qbdesk.ui.table.view import InvoiceTable
from qbdesk.ui.welcome import Welcome

# Narrower than this, the details stand below the table instead of beside it.
WIDE = 1200
DETAILS = 330
MINUTE_MS = 60_000


class Contents(QWidget):
    """Signals:
    looked_at: The window has become visible or active, or one more minute has gone by in which
        somebody may have looked at it. Another program may have changed the ledger meanwhile.
    """

    looked_at = Signal()

    def __init__(self, bridge: Bridge, *, practice: bool = False) -> None:
        super().__init__()
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
        self._lay_out()
        # Runs only while the window shows, so that an idle program does nothing.
        self._minute = QTimer(self, interval=MINUTE_MS, timerType=Qt.TimerType.VeryCoarseTimer)
        self._minute.timeout.connect(self.looked_at)
        if practice:
            self.practice_note.say(
                self.tr(
                    "This is a practice company: everything runs on this computer, and nothing "
                    "reaches Intuit."
                ),
                tone=look.Tone.TEST,
            )

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self._table_side())
        self.splitter.addWidget(self.details)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([900, DETAILS])
        # The line comes and goes at the bottom: nothing moves that somebody is about to press.
        self.pass_line.setContentsMargins(MARGIN, 6, MARGIN, 6)
        self.main_page = _column(0, self._upper_part(), self.splitter, self.pass_line)
        self.pages = QStackedWidget()
        for page in (self.welcome, self.main_page):
            self.pages.addWidget(page)
        self.header.hide()
        notes = _column(GAP, self.practice_note, self.banner)
        notes.setContentsMargins(MARGIN, GAP, MARGIN, 0)
        column = layouts.column(self, gap=0)
        for part in (self.header, notes, self.pages):
            column.addWidget(part, 1 if part is self.pages else 0)

    def _upper_part(self) -> QWidget:
        part = _column(GAP, self.findings, self.actions_bar, self.filters)
        part.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        return part

    def _table_side(self) -> QWidget:
        self.rows_page = QStackedWidget()
        self.rows_page.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.rows_page.addWidget(self.table)
        self.rows_page.addWidget(self.empty)
        return self.rows_page

    def show_page(self, page: QWidget) -> None:
        self.header.setVisible(page is self.main_page)
        if self.pages.currentWidget() is not page:
            self.pages.setCurrentWidget(page)
            # Not on a button, which a stray key would press, nor on the table, which would
            # choose its first row.
            self.rows_page.setFocus()

    def arrange_details(self) -> None:
        """Only while something is selected: beside the table, or below it in a narrow window."""
        wide = self.width() >= WIDE
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            self.splitter.setSizes([self.width() - DETAILS, DETAILS] if wide else [300, 185])
        self.details.setVisible(self.details.row is not None)

    # ---- what Qt tells ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._minute.start()
        self.looked_at.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._minute.stop()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate and self.isVisible():
            self.looked_at.emit()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange_details()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.table.rows.repaint()


def _column(spacing: int, *widgets: QWidget) -> QWidget:
    box = QWidget()
    column = layouts.column(box, gap=spacing)
    for widget in widgets:
        column.addWidget(widget, 1 if isinstance(widget, (QSplitter, QStackedWidget)) else 0)
    return box
