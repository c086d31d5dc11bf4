"""Which rows are wanted: one chip a status with its count, and the search field."""

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

from qbdesk.sync.views import Status
from qbdesk.ui import look, words
from qbdesk.ui.look import Tone
from qbdesk.ui.parts.chip import Chip
from qbdesk.ui.parts.flow import Flow

TYPING_PAUSE_MS = 250

_ORDER = (
    Status.NEEDS_ATTENTION,
    Status.WAITING,
    Status.SYNCED,
    Status.ALREADY_IN_QUICKBOOKS,
    Status.IGNORED,
    Status.POSTING,
)
_ALWAYS = frozenset((Status.NEEDS_ATTENTION, Status.WAITING, Status.SYNCED))


class Filters(QWidget):
    """Signals:
    changed: Other rows are wanted; ask `status()` and `search()`.

    Attributes:
        field: The search field, which the window puts where there is room.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = Flow(self)
        self.everything = Chip(self.tr("All"), "", Tone.BUSY, self)
        self.everything.setChecked(True)
        row.addWidget(self.everything)
        self.chips = {status: self._chip(status) for status in _ORDER}
        for chip in self.chips.values():
            row.addWidget(chip)
        for chip in (self.everything, *self.chips.values()):
            chip.clicked.connect(self.changed)
        self.field = self._search_field()
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.changed)
        self.field.textChanged.connect(lambda _: self._pause.start())
        self.show_counts({})

    def _chip(self, status: Status) -> Chip:
        tone = look.status_tone(status)
        return Chip(words.status_word(status), f"status/{status.value}", tone, self)

    def _search_field(self) -> QLineEdit:
        field = QLineEdit(placeholderText=self.tr("Search number or customer"))
        field.setClearButtonEnabled(True)
        field.setAccessibleName(self.tr("Search invoices by number or customer"))
        field.setMinimumWidth(160)
        field.setMaximumWidth(260)
        find = QAction(self, shortcut=QKeySequence(QKeySequence.StandardKey.Find))
        find.triggered.connect(lambda: field.setFocus(Qt.FocusReason.ShortcutFocusReason))
        self.addAction(find)
        return field

    def status(self) -> Status | None:
        return next((status for status, chip in self.chips.items() if chip.isChecked()), None)

    def search(self) -> str:
        return self.field.text().strip()

    def choose(self, status: Status | None) -> None:
        """Presses a chip and empties the search, as one change."""
        (self.chips[status] if status else self.everything).setChecked(True)
        with QSignalBlocker(self.field):
            self.field.clear()
        self._show_those_with_rows()
        self.changed.emit()

    def show_counts(self, counts: dict[Status, int]) -> None:
        self.everything.show_count(sum(counts.values()))
        for status, chip in self.chips.items():
            chip.show_count(counts.get(status, 0))
        self._show_those_with_rows()

    def _show_those_with_rows(self) -> None:
        for status, chip in self.chips.items():
            chip.setVisible(status in _ALWAYS or chip.count() > 0 or chip.isChecked())
