"""The invoices of one company as a table: pages of the ledger, fetched as the user scrolls."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QPalette

from qbdesk.sync.views import InvoicePage, InvoiceQuery, InvoiceRow, Status
from qbdesk.ui import look
from qbdesk.ui.bridge import Bridge, sentence_of
from qbdesk.ui.plain import tooltip
from qbdesk.ui.table.columns import Column, aside, heading, spoken, text
from qbdesk.ui.table.pages import PAGE, Change, Pages, changes

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class InvoiceModel(QAbstractTableModel):
    """Rows of one query; sorting, filtering and searching are the ledger's work.

    Signals:
        counted: How many invoices the query finds altogether. arg: number
        about_to_change: Rows that are on the screen will move.
        changed: They have moved.
        troubled: The rows could not be read. arg: sentence
    """

    counted = Signal(int)
    about_to_change = Signal()
    changed = Signal()
    troubled = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._query: InvoiceQuery | None = None
        self._pages = Pages()
        self._turn = 0
        self._asking = False
        self._refresh_later: tuple[int, int] | None = None

    # ---- what the window asks for ----

    def show(self, query: InvoiceQuery | None) -> None:
        """Begins anew with another query. The old rows stay until the new ones are there."""
        self._query = query
        self._turn += 1
        self._asking = False
        self._refresh_later = None
        if query is None:
            self._begin_anew(None)
        else:
            self._ask(None, self._begin_anew)

    def refresh(self, first_row: int, last_row: int) -> None:
        """Fetches the pages again on which these rows stand, and changes only what differs."""
        if self._query is None:
            return
        if self._asking:
            self._refresh_later = (first_row, last_row)
        elif not self._pages.rows:
            self._ask(None, self._begin_anew)
        else:
            first, last = self._pages.page_of(first_row), self._pages.page_of(last_row)
            self._refetch(first, last, self._pages.keys[first], Pages())

    def row_at(self, row: int) -> InvoiceRow | None:
        return self._pages.rows[row] if 0 <= row < len(self._pages.rows) else None

    def position(self, source_id: str) -> int | None:
        rows = self._pages.rows
        return next((at for at, row in enumerate(rows) if row.source_id == source_id), None)

    def repaint(self) -> None:
        """The palette has changed."""
        if self._pages.rows:
            corner = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), corner)

    # ---- pages ----

    def _ask(self, key: str | None, then: Callable[[InvoicePage], None]) -> None:
        assert self._query is not None
        self._asking = True
        turn = self._turn

        def arrived(page: InvoicePage) -> None:
            if turn == self._turn:
                self._asking = False
                then(page)
                self._catch_up()

        def failed(error: BaseException) -> None:
            if turn == self._turn:
                self._asking = False
                self.troubled.emit(sentence_of(error))

        asked = self._bridge.service.invoices(self._query, after=key, limit=PAGE)
        self._bridge.ask(self, asked, arrived, failed)

    def _catch_up(self) -> None:
        if self._refresh_later and not self._asking:
            rows, self._refresh_later = self._refresh_later, None
            self.refresh(*rows)

    def _begin_anew(self, page: InvoicePage | None) -> None:
        self.beginResetModel()
        self._pages = Pages()
        if page:
            self._pages.append(None, page)
        self.endResetModel()
        self.counted.emit(page.total if page else 0)

    def _append(self, page: InvoicePage) -> None:
        key, start = self._pages.next_key, len(self._pages.rows)
        if page.rows:
            self.beginInsertRows(ROOT, start, start + len(page.rows) - 1)
        self._pages.append(key, page)
        if page.rows:
            self.endInsertRows()
        self.counted.emit(page.total)

    def _refetch(self, first: int, last: int, key: str | None, fetched: Pages) -> None:
        def arrived(page: InvoicePage) -> None:
            fetched.append(key, page)
            if page.after is not None and len(fetched.keys) <= last - first:
                self._refetch(first, last, page.after, fetched)
            else:
                self._exchange(first, last, fetched)
                self.counted.emit(page.total)

        self._ask(key, arrived)

    def _exchange(self, first: int, last: int, fetched: Pages) -> None:
        starts = self._pages.starts()
        start, end = starts[first], starts[last + 1]
        joins = fetched.next_key == self._pages.key_after(last)
        self.about_to_change.emit()
        if not joins:
            self._change(end, Change(0, len(self._pages.rows) - end, (), same=False))
        for change in changes(self._pages.rows[start:end], fetched.rows):
            self._change(start, change)
        self._pages.replace(first, last, fetched)
        self.changed.emit()

    def _change(self, offset: int, change: Change) -> None:
        rows, start, end = self._pages.rows, offset + change.start, offset + change.end
        if change.same:
            for at, row in enumerate(change.rows, start):
                if rows[at] != row:
                    rows[at] = row
                    self.dataChanged.emit(self.index(at, 0), self.index(at, Column.LINK))
            return
        if start < end:
            self.beginRemoveRows(ROOT, start, end - 1)
            del rows[start:end]
            self.endRemoveRows()
        if change.rows:
            self.beginInsertRows(ROOT, start, start + len(change.rows) - 1)
            rows[start:start] = change.rows
            self.endInsertRows()

    # ---- what Qt asks for ----

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._pages.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._asking and self._pages.next_key is not None

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._ask(self._pages.next_key, self._append)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return aside(heading(section), section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._pages.rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip(text(row, column))
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ForegroundRole:
                return _colour(row, column)
            case Qt.ItemDataRole.DecorationRole if column == Column.STATUS:
                palette = QGuiApplication.palette()
                return look.toned_sign(
                    f"status/{row.status.value}", look.status_tone(row.status), palette
                )
            case _:
                return None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == Column.AMOUNT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _colour(row: InvoiceRow, column: int) -> Any:
    palette = QGuiApplication.palette()
    if column == Column.STATUS:
        return look.colour(look.status_tone(row.status), palette)
    if column == Column.LINK:
        return look.colour(look.Tone.BUSY, palette)
    if row.status == Status.IGNORED:
        return palette.color(QPalette.ColorRole.PlaceholderText)
    return None
