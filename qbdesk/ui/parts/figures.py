"""A small table of figures to read, not to change."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from qbdesk.ui import look
from qbdesk.ui.look import Tone
from qbdesk.ui.plain import plain, tooltip

_ASIDE = "\u2002"  # keeps columns apart; a style sheet's padding would cut long texts short
_LONG = 40  # characters from which on the whole text is in a tooltip too


@dataclass(frozen=True)
class Cell:
    text: str
    right: bool = False
    bold: bool = False
    tone: Tone | None = None


class FigureTable(QTableWidget):
    """As high as its rows, up to `most_rows`; column `wide` takes the room that is left."""

    def __init__(
        self,
        spoken: str,
        headings: Sequence[str],
        *,
        wide: int,
        most_rows: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(0, len(headings), parent)
        self._most_rows = most_rows
        self._toned: list[tuple[QTableWidgetItem, Tone]] = []
        self.setAccessibleName(spoken)
        self.setHorizontalHeaderLabels([f"{_ASIDE}{text}{_ASIDE}" for text in headings])
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 12)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setStyleSheet(look.FLAT_HEADER)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in range(len(headings)):
            mode = QHeaderView.ResizeMode
            stretched = mode.Stretch if column == wide else mode.ResizeToContents
            header.setSectionResizeMode(column, stretched)

    def show_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        self._toned = []
        self.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                self.setItem(number, column, self._item(cell))
                heading = self.horizontalHeaderItem(column)
                if cell.right and heading is not None:
                    heading.setTextAlignment(_RIGHT)
        self._colour()
        shown = min(max(len(rows), 1), self._most_rows)
        height = self.verticalHeader().defaultSectionSize() * shown
        self.setFixedHeight(height + self.horizontalHeader().sizeHint().height() + 4)

    def _item(self, cell: Cell) -> QTableWidgetItem:
        item = QTableWidgetItem(f"{_ASIDE}{plain(cell.text)}{_ASIDE}" if cell.text else "")
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        if cell.right:
            item.setTextAlignment(_RIGHT)
        if cell.bold:
            font = self.font()
            font.setBold(True)
            item.setFont(font)
        if len(cell.text) > _LONG:
            item.setToolTip(tooltip(cell.text))
        if cell.tone is not None:
            self._toned.append((item, cell.tone))
        return item

    def _colour(self) -> None:
        for item, tone in self._toned:
            item.setForeground(look.colour(tone, self.palette()))

    def texts(self) -> list[list[str]]:
        """What stands in it, row by row."""
        return [
            [
                item.text().strip(_ASIDE) if (item := self.item(row, column)) else ""
                for column in range(self.columnCount())
            ]
            for row in range(self.rowCount())
        ]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_toned"):
            self._colour()


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
