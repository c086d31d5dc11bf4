"""One invoice: what happened to it, what can be decided, and its journal."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QWidget,
)

from qbdesk.sync.views import InvoiceRow, JournalEntry, Status
from qbdesk.ui import look, words
from qbdesk.ui.choices import ChoiceButton, Choices
from qbdesk.ui.journal import Journal
from qbdesk.ui.look import GAP, MARGIN
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.close_button import CloseButton
from qbdesk.ui.parts.pill import Pill

# Wide enough for the facts on the left and what can be done on the right.
SIDE_BY_SIDE = 620
_TRY_AGAIN = "try_again"
_FINISHED = (Status.SYNCED, Status.ALREADY_IN_QUICKBOOKS, Status.IGNORED)


class Details(QScrollArea):
    """Signals:
    resolve_pressed: A choice was taken. args: InvoiceRow, word
    resolve_all_pressed: It was taken for others as well. args: word, ids
    ignore_pressed, resync_pressed, quickbooks_pressed, source_pressed: arg: InvoiceRow
    close_pressed: The pane shall go.
    """

    resolve_pressed = Signal(object, str)
    resolve_all_pressed = Signal(str, list)
    ignore_pressed = Signal(object)
    resync_pressed = Signal(object)
    quickbooks_pressed = Signal(object)
    source_pressed = Signal(object)
    close_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row: InvoiceRow | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Details of the selected invoice"))
        self.setMinimumWidth(300)
        self.setMinimumHeight(140)
        self.title = look.label(size=1.2, bold=True, wrap=True, selectable=True)
        self.status = Pill()
        self.message = look.label(wrap=True, selectable=True)
        self.journal = Journal()
        self._facts = {name: look.label(wrap=True, selectable=True) for name in self._fact_names()}
        self.choices = Choices()
        self.choices.taken.connect(lambda word: self.resolve_pressed.emit(self.row, word))
        self.choices.taken_for_all.connect(self.resolve_all_pressed)
        self._make_buttons()
        self._lay_out()
        self.show_invoice(None)

    def _fact_names(self) -> tuple[str, ...]:
        names = (self.tr("Customer"), self.tr("Amount"), self.tr("Paid"))
        return (*names, self.tr("Method"), self.tr("Fees"))

    def _make_buttons(self) -> None:
        self.quickbooks = QPushButton(self.tr("Open in QuickBooks"))
        self.source = QPushButton(self.tr("Open at the source"))
        self.resync = QPushButton(self.tr("Resync"))
        self.ignore = QPushButton(self.tr("Ignore…"))
        self.close_button = CloseButton(self.tr("Close the details"))
        self.close_button.setShortcut(QKeySequence("Esc"))
        self.close_button.clicked.connect(lambda: self.close_pressed.emit())
        self.quickbooks.clicked.connect(lambda: self.quickbooks_pressed.emit(self.row))
        self.source.clicked.connect(lambda: self.source_pressed.emit(self.row))
        self.resync.clicked.connect(lambda: self.resync_pressed.emit(self.row))
        self.ignore.clicked.connect(lambda: self.ignore_pressed.emit(self.row))

    def _lay_out(self) -> None:
        top = layouts.row()
        top.addWidget(self.title, 1)
        top.addWidget(self.close_button, alignment=Qt.AlignmentFlag.AlignTop)
        what = layouts.column(gap=10)
        what.addLayout(top)
        what.addWidget(self.status)
        what.addLayout(self._fact_grid())
        what.addStretch(1)
        done = layouts.column(gap=10)
        done.addWidget(self.message)
        done.addWidget(self.choices)
        done.addLayout(_pair(self.quickbooks, self.source))
        done.addLayout(_pair(self.resync, self.ignore))
        done.addSpacing(GAP)
        done.addWidget(look.label(self.tr("Journal"), bold=True))
        done.addWidget(self.journal)
        done.addStretch(1)
        self._body = QWidget()
        self._blocks = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._body)
        self._blocks.setContentsMargins(0, 0, 0, 0)
        self._blocks.setSpacing(GAP)
        self._blocks.addLayout(what)
        self._blocks.addLayout(done, 1)
        page = self._page = QWidget()
        outer = layouts.column(page)
        outer.setContentsMargins(MARGIN, MARGIN - 4, MARGIN, MARGIN)
        outer.addWidget(self._body, 1)
        self.setWidget(page)
        page.setAutoFillBackground(True)
        page.setBackgroundRole(QPalette.ColorRole.Base)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Base)

    def _fact_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for line, (name, value) in enumerate(self._facts.items()):
            grid.addWidget(look.label(name, quiet=True), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, line, 1)
        return grid

    def show_invoice(self, row: InvoiceRow | None) -> None:
        another = row is None or self.row is None or row.source_id != self.row.source_id
        if another:
            self.journal.show_entries(())
            self.verticalScrollBar().setValue(0)
        self.row = row
        if row is not None:
            self._show(row)

    def _show(self, row: InvoiceRow) -> None:
        self.title.setText(self.tr("Invoice {number}").format(number=row.number or "–"))
        sign = f"status/{row.status.value}"
        self.status.show_mark(words.status_word(row.status), look.status_tone(row.status), sign)
        values = (
            row.customer,
            words.amount(row.amount, row.currency),
            words.day(row.paid_on),
            row.method,
            self.tr("{fees}, not posted").format(fees=row.fees) if row.fees else "–",
        )
        for shown, value in zip(self._facts.values(), values, strict=True):
            shown.setText(value)
        self.message.setText(row.message)
        self.message.setVisible(bool(row.message))
        self.choices.show_row(row)
        self.quickbooks.setVisible(bool(row.quickbooks_link))
        self.source.setVisible(bool(row.source_link))
        self.resync.setVisible(not can_try_again(row))
        self.ignore.setVisible(row.status not in _FINISHED)

    @property
    def choice_buttons(self) -> list[ChoiceButton]:
        return list(self.choices.buttons.values())

    def show_alike(self, source_id: str, alike: Mapping[str, tuple[str, ...]]) -> None:
        if self.row is not None and self.row.source_id == source_id:
            self.choices.show_alike(alike)

    def show_journal(self, source_id: str, entries: list[JournalEntry]) -> None:
        if self.row is not None and self.row.source_id == source_id:
            self.journal.show_entries(tuple(entries))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side_by_side = self.width() >= SIDE_BY_SIDE
        direction = QBoxLayout.Direction
        self._blocks.setDirection(direction.LeftToRight if side_by_side else direction.TopToBottom)
        self._blocks.setSpacing(2 * MARGIN if side_by_side else GAP)
        # Labels that wrap would otherwise ask for the width of their whole text.
        self._page.setMaximumWidth(self.viewport().width())


def can_try_again(row: InvoiceRow) -> bool:
    """Whether one of the choices is what Resync would do: nothing is offered twice."""
    return any(choice.word == _TRY_AGAIN for choice in row.choices)


def _pair(left: QWidget, right: QWidget) -> QHBoxLayout:
    row = layouts.row()
    row.addWidget(left, 1)
    row.addWidget(right, 1)
    return row
