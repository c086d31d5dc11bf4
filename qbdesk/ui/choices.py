"""What may be decided about a held invoice, and about all that are held for the same reason."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QPushButton, QWidget

from qbdesk.sync.views import InvoiceRow
from qbdesk.ui import look, words
from qbdesk.ui.look import PlainLabel
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.agreement import Agreement


class Choices(QWidget):
    """Signals:
    taken: arg: a choice's word, for this invoice.
    taken_for_all: args: a choice's word, the ids of this invoice and of the others.
    """

    taken = Signal(str)
    taken_for_all = Signal(str, list)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, ChoiceButton] = {}
        self._agreement = Agreement("")
        self.for_all = self._agreement.box
        self.for_all.toggled.connect(lambda _: self._enable())
        self._row: InvoiceRow | None = None
        self._alike: Mapping[str, tuple[str, ...]] = {}
        self._title = look.label(self.tr("What shall be done?"), bold=True)
        column = layouts.column(self, gap=6)
        column.addWidget(self._title)
        column.addWidget(self._agreement)
        self._column = layouts.column(gap=6)
        column.addLayout(self._column)

    def show_row(self, row: InvoiceRow) -> None:
        if self._row is None or self._row.source_id != row.source_id:
            self.show_alike({})
        self._row = row
        layouts.empty(self._column)
        self.buttons = {}
        self.setVisible(bool(row.choices))
        for choice in row.choices:
            button = ChoiceButton(choice.label)
            button.clicked.connect(lambda _=False, word=choice.word: self._take(word))
            self._column.addWidget(button)
            self.buttons[choice.word] = button
        self._enable()

    def show_alike(self, alike: Mapping[str, tuple[str, ...]]) -> None:
        """For each choice the ids of the other invoices that wait with the same question."""
        if alike == self._alike and alike:
            return
        self._alike = alike
        count = max((len(ids) for ids in alike.values()), default=0)
        one = self.tr("The same for the other one that is held for this reason")
        several = self.tr("The same for the {count} others that are held for this reason")
        self._agreement.say(one if count == 1 else several.format(count=words.number(count)))
        self.for_all.setChecked(False)
        self._agreement.setVisible(count > 0)
        self._enable()

    def _enable(self) -> None:
        """What only this invoice offers cannot be decided for all."""
        for word, button in self.buttons.items():
            button.setEnabled(not self.for_all.isChecked() or bool(self._alike.get(word)))

    def _take(self, word: str) -> None:
        if self.for_all.isChecked() and self._row is not None:
            self.taken_for_all.emit(word, [self._row.source_id, *self._alike[word]])
        else:
            self.taken.emit(word)


class ChoiceButton(QPushButton):
    """A button whose sentence may be long: it wraps instead of being cut off."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words = PlainLabel(text)
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.words.text())
        row = self._row = layouts.row(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(self.words)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # By its second click the next invoice may stand here: it decides nothing.
        event.accept()

    def sizeHint(self) -> QSize:
        return self._row.sizeHint()

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's own name
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's own name
        return self._row.heightForWidth(width)
