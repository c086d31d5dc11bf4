"""A filter that is pressed in or not: sign, word, count."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from qbdesk.ui import look, words
from qbdesk.ui.look import Tone

_SIGN = 14
_PADDING = 11


class Chip(QAbstractButton):
    """One of several; checkable and exclusive within its parent."""

    def __init__(self, text: str, sign: str, tone: Tone, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self._sign, self._tone, self._count = sign, tone, 0
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_count(0)

    def count(self) -> int:
        return self._count

    def show_count(self, count: int) -> None:
        self._count = count
        said = self.tr("Show {word}: {count}")
        self.setAccessibleName(said.format(word=self.text(), count=words.number(count)))
        self.updateGeometry()
        self.update()

    def _parts(self) -> tuple[int, int]:
        metrics = self.fontMetrics()
        return (
            metrics.horizontalAdvance(self.text()),
            metrics.horizontalAdvance(words.number(self._count)),
        )

    def sizeHint(self) -> QSize:
        text, count = self._parts()
        sign = _SIGN + 5 if self._sign else 0
        return QSize(sign + text + 6 + count + 2 * _PADDING, self.fontMetrics().height() + 12)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        tone = look.colour(self._tone, palette)
        strong = self.isChecked() or self.underMouse()
        painter.setBrush(look.tint(self._tone, palette) if strong else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tone if self.isChecked() else look.hairline(palette), 1.2))
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.highlight().color(), 1.2, Qt.PenStyle.DotLine))
            inner = area.adjusted(2.5, 2.5, -2.5, -2.5)
            painter.drawRoundedRect(inner, inner.height() / 2, inner.height() / 2)
        left = _PADDING
        if self._sign:
            picture = look.toned_sign(self._sign, self._tone, palette)
            picture.paint(painter, left, (self.height() - _SIGN) // 2, _SIGN, _SIGN)
            left += _SIGN + 5
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(palette.windowText().color())
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), middle, self.text())
        painter.setPen(tone)
        end = Qt.AlignmentFlag.AlignRight
        count = words.number(self._count)
        painter.drawText(self.rect().adjusted(0, 0, -_PADDING, 0), middle | end, count)
