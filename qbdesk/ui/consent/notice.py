"""The line of the consent window that says what went wrong and what can be pressed."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QStyle, QWidget

from qbdesk.ui.consent.hosts import ShownAddress

LOAD_FAILED = (
    "The sign-in page could not be loaded, and nothing was changed in QuickBooks. Check the"
    " internet connection and try again, or sign in with your own browser."
)
SERVER_FAILED = (
    "The sign-in page answered with an error, and nothing was changed in QuickBooks. Try again, or"
    " sign in with your own browser."
)
PAGE_STOPPED = (
    "The sign-in page stopped working, and nothing was changed in QuickBooks. Try again, or sign"
    " in with your own browser."
)


def refused_text(address: ShownAddress, *, test_server: bool) -> str:
    """Return why an address was not opened, and what to do about it."""
    place = address.host or f"a “{address.scheme}” link"
    owner = "the test server’s pages" if test_server else "Intuit’s own secure pages"
    return (
        f"The page wanted to go to {place}, which is not one of {owner}, so it was not opened."
        " Signing in with Google or another service works only in your own browser."
    )


def certificate_text(address: ShownAddress) -> str:
    """Return why a page without a valid certificate was not opened."""
    return (
        f"The connection to {address.host} is not safe: its certificate could not be verified, so"
        " the page was not opened. Check this computer’s date and network, then try again."
    )


class Notice(QFrame):
    """One sentence in plain text with "Try again"; hidden until there is something to say."""

    try_again = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        icon = QLabel(self)
        symbol = self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning)
        icon.setPixmap(symbol.pixmap(24, 24))
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        button = QPushButton("&Try again", self)
        button.clicked.connect(self.try_again)
        row = QHBoxLayout(self)
        row.setSpacing(10)
        row.addWidget(icon)
        row.addWidget(self._text, 1)
        row.addWidget(button)
        self.hide()

    def say(self, text: str) -> None:
        """Show a sentence."""
        self._text.setText(text)
        self.show()

    def text(self) -> str:
        """Return the sentence on the screen."""
        return self._text.text()
