"""A box to choose one of several in QuickBooks' own names."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox

from qbdesk.sync.views import Choice
from qbdesk.ui.plain import plain

_NARROWEST = 22  # characters


class ChoiceBox(QComboBox):
    def __init__(self, spoken: str, choices: tuple[Choice, ...], chosen: str) -> None:
        super().__init__()
        self.setAccessibleName(plain(spoken))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(self.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(_NARROWEST)
        # Seen where nothing is chosen: the account was made inactive in QuickBooks, say.
        self.setPlaceholderText(self.tr("Not in QuickBooks any more: choose"))
        for choice in choices:
            self.addItem(plain(choice.label), choice.word)
        self.setCurrentIndex(self.findData(chosen))

    def chosen(self) -> str | None:
        """The word of the choice; None while nothing is chosen."""
        word = self.currentData()
        return None if word is None else str(word)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Whoever scrolls past it does not mean to choose another account.
        event.ignore()
