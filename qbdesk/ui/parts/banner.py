"""A line across the window: what happened, what it means, what to press."""

from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from qbdesk.sync.views import Finding
from qbdesk.ui import look
from qbdesk.ui.look import GAP, Tone
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.close_button import CloseButton
from qbdesk.ui.plain import plain

_SIGN = 16
_SIGNS = {Tone.BAD: "signs/stop", Tone.GOOD: "signs/fine"}


class Banner(QFrame):
    """One sentence with its advice, on a tinted ground; may be closed if `closable`.

    Signals:
        closed: By the user.
    """

    closed = Signal()

    def __init__(self, *, closable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone, self._sign_name = Tone.MIND, "signs/mind"
        self._sign = QLabel()
        self._sentence = look.label(wrap=True, selectable=True)
        self._advice = look.label(wrap=True, selectable=True, quiet=True)
        texts = layouts.column(gap=2)
        texts.addWidget(self._sentence)
        texts.addWidget(self._advice)
        row = layouts.row(self, gap=10)
        row.setContentsMargins(12, 8, 10, 8)
        row.addWidget(self._sign, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        if closable:
            self._close = CloseButton(self.tr("Close this message"))
            self._close.clicked.connect(self.hide)
            self._close.clicked.connect(lambda: self.closed.emit())
            row.addWidget(self._close, alignment=Qt.AlignmentFlag.AlignTop)
        self.hide()

    def text(self) -> str:
        return self._sentence.text()

    def say(self, sentence: str, advice: str = "", tone: Tone = Tone.MIND) -> None:
        self._tone = tone
        self._sign_name = _SIGNS.get(tone, "signs/mind")
        self._sentence.setText(sentence)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        self.setAccessibleName(self._sentence.text())
        self.setVisible(bool(sentence))
        self.update()

    def take_back(self, sentence: str) -> None:
        """Goes away, unless something else has been said since."""
        if self.text() == plain(sentence, lines=True):
            self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = look.colour(self._tone, self.palette())
        edge.setAlpha(110)
        painter.setPen(edge)
        painter.setBrush(look.tint(self._tone, self.palette()))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        picture = look.toned_sign(self._sign_name, self._tone, self.palette())
        if self._sign.pixmap().cacheKey() != (drawn := picture.pixmap(_SIGN)).cacheKey():
            self._sign.setPixmap(drawn)


class Findings(QWidget):
    """The preflight's findings that matter: what stops, then what to mind.

    What is only to be minded can be closed, and stays closed until the program starts again.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = layouts.column(self, gap=GAP // 2)
        self._shown: tuple[Finding, ...] = ()
        self._closed: set[Finding] = set()

    def show_findings(self, findings: tuple[Finding, ...]) -> None:
        matter = [each for each in findings if each.level != "fine" and each not in self._closed]
        matter.sort(key=lambda finding: finding.level != "stop")
        if tuple(matter) != self._shown:
            self._shown = tuple(matter)
            self._rebuild()

    def _rebuild(self) -> None:
        layouts.empty(self._column)
        for finding in self._shown:
            banner = Banner(closable=finding.level != "stop", parent=self)
            banner.closed.connect(partial(self._close, finding))
            self._column.addWidget(banner)
            banner.say(finding.sentence, finding.advice, look.finding_tone(finding))
        self.setVisible(bool(self._shown))

    def _close(self, finding: Finding) -> None:
        self._closed.add(finding)
        self.show_findings(self._shown)
