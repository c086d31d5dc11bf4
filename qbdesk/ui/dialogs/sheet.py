"""What all dialogs share: a heading, a body, a place for trouble, and buttons."""

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QWidget

from qbdesk.ui import look
from qbdesk.ui.bridge import sentence_of
from qbdesk.ui.look import GAP, MARGIN, PrimaryButton, Tone
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.banner import Banner
from qbdesk.ui.plain import plain


class Sheet(QDialog):
    """A dialog of the house; opened with `open()`, so that nothing waits for it."""

    def __init__(self, heading: str, parent: QWidget | None, *, width: int = 520) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{plain(heading)} – qbdesk")
        self.setMinimumWidth(width)
        self.heading = look.label(heading, size=1.35, bold=True, wrap=True)
        self.trouble = Banner(parent=self)
        self.body = layouts.column(gap=GAP + 2)
        self.buttons = layouts.row()
        self.buttons.addStretch(1)
        column = self._column = layouts.column(self, gap=MARGIN - 4)
        column.setContentsMargins(MARGIN + 4, MARGIN + 2, MARGIN + 4, MARGIN)
        column.addWidget(self.heading)
        column.addWidget(self.trouble)
        column.addLayout(self.body, 1)
        column.addLayout(self.buttons)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.resize(self.width(), self._needed_height())

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self.resize(self.width(), max(self.height(), self._needed_height()))
        return handled

    def _needed_height(self) -> int:
        """Wrapped labels know their height only once their width is known."""
        return max(self.minimumHeight(), self._column.totalHeightForWidth(self.width()))

    def say(self, *sentences: str, quiet: bool = False) -> QLabel:
        """Adds a paragraph to the body."""
        paragraph = look.label("\n\n".join(sentences), wrap=True, quiet=quiet)
        self.body.addWidget(paragraph)
        return paragraph

    def button(
        self, text: str, pressed: Callable[[], object], *, primary: bool = False
    ) -> QPushButton:
        made = PrimaryButton(text, self) if primary else QPushButton(text, self)
        made.setAutoDefault(primary)
        made.setDefault(primary)
        made.clicked.connect(lambda: pressed())
        self.buttons.addWidget(made)
        return made

    def complain(self, sentence: str, tone: Tone = Tone.BAD) -> None:
        self.trouble.say(sentence, tone=tone)

    def complain_of(self, error: BaseException) -> None:
        self.complain(sentence_of(error))
