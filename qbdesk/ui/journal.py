"""What was done for an invoice, or with a company, when and by whom: newest first."""

from datetime import UTC, datetime

from PySide6.QtWidgets import QWidget

from qbdesk.sync.views import JournalEntry
from qbdesk.ui import look, words
from qbdesk.ui.parts import layouts

# More than anybody reads in a pane; `qbdesk journal` has them all.
MOST = 100


class Journal(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = layouts.column(self, gap=10)
        self._shown: tuple[JournalEntry, ...] | None = None

    def show_entries(self, entries: tuple[JournalEntry, ...]) -> None:
        if entries == self._shown:
            return
        self._shown = entries
        layouts.empty(self._column)
        if not entries:
            self._column.addWidget(look.label(self.tr("Nothing yet."), quiet=True))
        now = datetime.now(UTC)
        for entry in reversed(entries[-MOST:]):
            self._column.addWidget(_Entry(entry, now))
        if len(entries) > MOST:
            more = self.tr("{count} earlier entries: see “qbdesk journal”.")
            shown = more.format(count=words.number(len(entries) - MOST))
            self._column.addWidget(look.label(shown, quiet=True, wrap=True))


class _Entry(QWidget):
    def __init__(self, entry: JournalEntry, now: datetime) -> None:
        super().__init__()
        column = layouts.column(self, gap=2)
        head = f"{words.moment(entry.at, now)}  ·  {entry.who}"
        column.addWidget(look.label(head, size=0.9, quiet=True))
        column.addWidget(look.label(entry.text, wrap=True, selectable=True))
        if entry.details:
            details = look.label(entry.details, size=0.9, quiet=True, wrap=True, selectable=True)
            column.addWidget(details)
