"""Small rounded marks: the green "QuickBooks connected", the environment, an invoice's status."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from qbdesk.ui import look
from qbdesk.ui.look import Tone
from qbdesk.ui.plain import plain

_SIGN = 14


class Pill(QWidget):
    """A word on a tinted ground, with a sign before it: never colour alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._sign, self._tone = "", "", Tone.QUIET
        font = self.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 0.92)
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        return self._text

    def tone(self) -> Tone:
        return self._tone

    def show_mark(self, text: str, tone: Tone, sign: str = "") -> None:
        """Args: sign: A picture such as "status/synced"; empty: the word alone."""
        self._text, self._tone, self._sign = plain(text), tone, sign
        self.setAccessibleName(self._text)
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        sign = _SIGN + 6 if self._sign else 0
        return QSize(metrics.horizontalAdvance(self._text) + sign + 20, metrics.height() + 8)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.tint(self._tone, palette))
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        left = 10
        if self._sign:
            picture = look.toned_sign(self._sign, self._tone, palette)
            picture.paint(painter, left, (self.height() - _SIGN) // 2, _SIGN, _SIGN)
            left += _SIGN + 6
        painter.setPen(look.colour(self._tone, palette))
        painter.drawText(
            self.rect().adjusted(left, 0, -10, 0), Qt.AlignmentFlag.AlignVCenter, self._text
        )
