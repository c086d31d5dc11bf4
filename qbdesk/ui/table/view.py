"""The invoice table itself: how wide, what a click does, what stays where it was."""

from PySide6.QtCore import (
    QByteArray,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from qbdesk.sync.views import InvoiceRow, SortBy
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.look import FLAT_HEADER
from qbdesk.ui.table.columns import SORTS, Column, aside
from qbdesk.ui.table.model import InvoiceModel
from qbdesk.ui.table.widths import widths

GATHER_MS = 250


class _Aside(QStyledItemDelegate):
    """Keeps the first column off the window's edge, and amounts off the next column."""

    def initStyleOption(  # noqa: N802 - Qt's own name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.text = aside(option.text, index.column())


class InvoiceTable(QTableView):
    """Shows an `InvoiceModel`.

    Signals:
        sorted_by: Another order is wanted. args: SortBy, descending
        link_pressed: The invoice shall be opened in QuickBooks. arg: InvoiceRow
        picked: Another invoice is the current one, or none. arg: InvoiceRow | None
        selection_changed: Other rows are selected.
        menu_wanted: At this place of the screen. arg: QPoint
    """

    sorted_by = Signal(SortBy, bool)
    link_pressed = Signal(object)
    picked = Signal(object)
    selection_changed = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = InvoiceModel(bridge, self)
        self.setModel(self.rows)
        self._order = (Column.PAID_ON, True)
        self._own_widths = self._arranging = False
        self._kept: tuple[list[str], str | None] = ([], None)
        self._stale = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._stale.timeout.connect(self._refresh_visible)
        self.setAccessibleName(self.tr("Paid invoices"))
        self._dress()
        self._lay_out_columns()
        self.rows.about_to_change.connect(self._keep_place)
        self.rows.changed.connect(self._return_to_place)
        selection = self.selectionModel()
        selection.currentRowChanged.connect(self._pick)
        selection.selectionChanged.connect(lambda: self.selection_changed.emit())
        self.rows.modelReset.connect(self.selection_changed)

    def _dress(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSelectionModel(QItemSelectionModel(self.rows, self))
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 14)

    def _lay_out_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        # One of its own, always empty: for each of its columns a heading asks whether every row of
        # it is selected, which takes 0.2 s with 6,000 selected rows.
        header.setSelectionModel(QItemSelectionModel(self.rows, header))
        header.setStyleSheet(FLAT_HEADER)
        for column in (Column.NUMBER, Column.AMOUNT):
            self.setItemDelegateForColumn(column, _Aside(self))
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setMinimumSectionSize(48)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(Column.REASON, QHeaderView.ResizeMode.Stretch)
        header.sectionResized.connect(self._resized)
        header.sectionClicked.connect(self._sort)
        self._show_order()

    # ---- widths ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._own_widths:
            self._arranging = True
            unit = self.fontMetrics().averageCharWidth()
            for column, width in widths(self.viewport().width(), unit).items():
                self.setColumnWidth(column, width)
            self._arranging = False

    def _resized(self, column: int) -> None:
        if column != Column.REASON and not self._arranging:
            self._own_widths = True

    def own_widths(self) -> QByteArray | None:
        """What the user made of the columns; None: nothing."""
        return self.horizontalHeader().saveState() if self._own_widths else None

    def restore_widths(self, state: object) -> None:
        if isinstance(state, QByteArray):
            self._own_widths = self.horizontalHeader().restoreState(state)
            self._show_order()

    # ---- order ----

    def _sort(self, section: int) -> None:
        column, descending = self._order
        if section in SORTS:
            other = section != column
            self._order = (Column(section), False if other else not descending)
            self.sorted_by.emit(SORTS[self._order[0]], self._order[1])
        self._show_order()

    def _show_order(self) -> None:
        column, descending = self._order
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(column, order)

    # ---- selection and place ----

    def selected_rows(self) -> list[InvoiceRow]:
        chosen = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [row for at in chosen if (row := self.rows.row_at(at))]

    def selected_count(self) -> int:
        """Counted by the range: a list of thousands of rows takes longer than a key may."""
        chosen = self.selectionModel().selection()
        return sum(chosen.at(at).height() for at in range(chosen.count()))

    def select(self, source_id: str) -> bool:
        """Whether the invoice is among the fetched rows; then it is selected and shown."""
        at = self.rows.position(source_id)
        if at is None:
            return False
        self.selectRow(at)
        self.scrollTo(self.rows.index(at, 0))
        return True

    def _pick(self, current: QModelIndex) -> None:
        self.picked.emit(self.rows.row_at(current.row()) if current.isValid() else None)

    def mark_stale(self) -> None:
        """The ledger has changed: what is visible is fetched again, at most four times a second."""
        # Not whether the table itself shows: while it has no rows, a sentence stands in its place.
        if self.window().isVisible() and not self._stale.isActive():
            self._stale.start()

    def _refresh_visible(self) -> None:
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        self.rows.refresh(first, last if last >= 0 else self.rows.rowCount() - 1)

    def _keep_place(self) -> None:
        top = self.rows.row_at(self.rowAt(0)) if self.verticalScrollBar().value() > 0 else None
        self._kept = (
            [row.source_id for row in self.selected_rows()],
            top.source_id if top else None,
        )

    def _return_to_place(self) -> None:
        selected, top = self._kept
        if top is not None and (at := self.rows.position(top)) is not None:
            self.scrollTo(self.rows.index(at, 0), QAbstractItemView.ScrollHint.PositionAtTop)
        if selected and not self.selectionModel().hasSelection():
            # A row that moved to another place left the selection.
            for source_id in selected[:1]:
                if (at := self.rows.position(source_id)) is not None:
                    self.selectRow(at)

    # ---- mouse and keys ----

    def _link_at(self, place: QPoint) -> InvoiceRow | None:
        index = self.indexAt(place)
        row = self.rows.row_at(index.row()) if index.column() == Column.LINK else None
        return row if row and row.quickbooks_link else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        over_link = self._link_at(event.position().toPoint()) is not None
        shape = Qt.CursorShape.PointingHandCursor if over_link else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        row = self._link_at(event.position().toPoint())
        if row and event.button() == Qt.MouseButton.LeftButton:
            self.link_pressed.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.rows.row_at(self.currentIndex().row())
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row and row.quickbooks_link:
            self.link_pressed.emit(row)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())
