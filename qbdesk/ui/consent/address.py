"""The line that says where the page is from: read-only, plain text, the host always in sight."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QUrl
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from qbdesk.ui.consent.hosts import ShownAddress, shown_address


class _Lock(QWidget):
    """A padlock in the colour of the text; a font may not have one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(QSize(14, 16))
        self.setAccessibleName("Encrypted connection")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the body and the shackle."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            colour = self.palette().text().color()
            painter.setPen(QPen(colour, 1.6))
            painter.drawArc(QRectF(3.8, 2, 6.4, 9), 0, 180 * 16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(2, 7, 10, 7.5), 1.5, 1.5)


class _AddressLabel(QLabel):
    """Shows the scheme and the host in full and as much of the path as there is room for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._address = ShownAddress("", "", "")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Address of this page")

    def show_address(self, address: ShownAddress) -> None:
        """Show another address."""
        self._address = address
        self._fit()

    def _fit(self) -> None:
        scheme, host, path = self._address
        if not host:
            self.setText("")
            return
        metrics = self.fontMetrics()
        room = self.width() - metrics.horizontalAdvance(f"{scheme}://")
        # Of a host too long for the line its end is what tells whose it is.
        host = metrics.elidedText(host, Qt.TextElideMode.ElideLeft, room)
        room -= metrics.horizontalAdvance(host)
        path = metrics.elidedText(path, Qt.TextElideMode.ElideRight, max(room, 0))
        self.setText(f"{scheme}://{host}{path}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the address to the new width."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit the address to another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()


class AddressBar(QFrame):
    """A lock for https, the address, and a tag while a test server stands in for Intuit."""

    def __init__(self, parent: QWidget, *, test_server: bool) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setBackgroundRole(self.backgroundRole().Base)
        self.setForegroundRole(self.foregroundRole().Text)
        self.setAutoFillBackground(True)
        self._lock = _Lock(self)
        self._lock.hide()
        self._label = _AddressLabel(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 8, 5)
        row.addWidget(self._lock)
        row.addWidget(self._label, 1)
        if test_server:
            tag = QLabel("TEST SERVER", self)
            tag.setTextFormat(Qt.TextFormat.PlainText)
            row.addWidget(tag)

    def show_url(self, url: QUrl) -> None:
        """Show where the page is from."""
        address = shown_address(url)
        self._lock.setVisible(address.scheme == "https")
        self._label.show_address(address)

    def text(self) -> str:
        """Return what is shown, elided as it is on the screen."""
        return self._label.text()
