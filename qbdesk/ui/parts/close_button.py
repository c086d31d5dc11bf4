"""A small cross that closes something."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QToolButton

from qbdesk.ui import look


class CloseButton(QToolButton):
    def __init__(self, spoken: str) -> None:
        """Args: spoken: What a screen reader says, such as "Close this message"."""
        super().__init__()
        self.setAutoRaise(True)
        self.setIconSize(QSize(12, 12))
        self.setAccessibleName(spoken)
        self._draw()

    def _draw(self) -> None:
        self.setIcon(look.button_sign("close", self.palette()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
