"""Colours and labels, taken from the palette in force, so that light and dark both look right."""

from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from qbdesk.sync.views import Finding, State, Status
from qbdesk.ui.icons import sign
from qbdesk.ui.plain import plain

GAP = 8
MARGIN = 16


class Tone(StrEnum):
    GOOD = "good"
    BUSY = "busy"
    MIND = "mind"
    BAD = "bad"
    TEST = "test"
    QUIET = "quiet"


# Each reaches a contrast of 4.5 : 1 against the base of its palette.
_LIGHT = {
    Tone.GOOD: "#19703a",
    Tone.BUSY: "#1d5fbf",
    Tone.MIND: "#8a5300",
    Tone.BAD: "#b3261e",
    Tone.TEST: "#6b3fa0",
    Tone.QUIET: "#5d6673",
}
_DARK = {
    Tone.GOOD: "#6fd08c",
    Tone.BUSY: "#8ab8ff",
    Tone.MIND: "#f2b84b",
    Tone.BAD: "#ff9088",
    Tone.TEST: "#c8a6ff",
    Tone.QUIET: "#a5adb8",
}
_OF_STATUS = {
    Status.WAITING: Tone.QUIET,
    Status.POSTING: Tone.BUSY,
    Status.SYNCED: Tone.GOOD,
    Status.ALREADY_IN_QUICKBOOKS: Tone.BUSY,
    Status.NEEDS_ATTENTION: Tone.BAD,
    Status.IGNORED: Tone.QUIET,
}
_OF_FINDING = {"fine": Tone.GOOD, "mind": Tone.MIND, "stop": Tone.BAD}
_OF_STATE = {
    State.IDLE: Tone.GOOD,
    State.SYNCING: Tone.BUSY,
    State.ATTENTION: Tone.MIND,
    State.SIGNED_OUT: Tone.TEST,
}


def is_dark(palette: QPalette) -> bool:
    """Asked of the palette: `QStyleHints.colorScheme` is Unknown on many Linux desktops."""
    return palette.window().color().lightness() < 128


def colour(tone: Tone, palette: QPalette) -> QColor:
    return QColor((_DARK if is_dark(palette) else _LIGHT)[tone])


def tint(tone: Tone, palette: QPalette) -> QColor:
    """A faint background in that tone."""
    faint = colour(tone, palette)
    faint.setAlpha(44 if is_dark(palette) else 26)
    return faint


def hairline(palette: QPalette) -> QColor:
    line = QColor(palette.windowText().color())
    line.setAlpha(48 if is_dark(palette) else 36)
    return line


def status_tone(status: Status) -> Tone:
    return _OF_STATUS[status]


def finding_tone(finding: Finding) -> Tone:
    return _OF_FINDING.get(finding.level, Tone.MIND)


def state_tone(state: State) -> Tone:
    return _OF_STATE.get(state, Tone.QUIET)


def toned_sign(name: str, tone: Tone, palette: QPalette) -> QIcon:
    return sign(name, colour(tone, palette), palette, QPalette.ColorRole.Base)


def button_sign(name: str, palette: QPalette) -> QIcon:
    ink = palette.buttonText().color()
    return sign(f"signs/{name}", ink, palette, QPalette.ColorRole.Button)


class PlainLabel(QLabel):
    """A label that shows text as it is: no markup, nothing that reorders or hides itself."""

    def __init__(self, text: str = "", *, lines: bool = False) -> None:
        super().__init__()
        self._lines = lines
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's own name
        super().setText(plain(text, lines=self._lines))


def label(
    text: str = "",
    *,
    size: float = 1.0,
    bold: bool = False,
    quiet: bool = False,
    wrap: bool = False,
    selectable: bool = False,
) -> PlainLabel:
    """The only way that labels are made here.

    Args:
        size: Of the system's font size.
    """
    made = PlainLabel(text, lines=wrap)
    font = made.font()
    font.setPointSizeF(font.pointSizeF() * size)
    font.setBold(bold)
    made.setFont(font)
    made.setWordWrap(wrap)
    if quiet:
        made.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


class PrimaryButton(QPushButton):
    """The one button of a place that is meant to be pressed."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setStyleSheet(_PRIMARY)


FLAT_HEADER = """
QHeaderView { background: palette(base); border: none; }
QHeaderView::section { background: palette(base); border: none; padding: 6px 3px;
    border-bottom: 1px solid rgba(128, 128, 128, 90); }
"""
_PRIMARY = """
QPushButton { background: #0f7b6c; color: #ffffff; border: 1px solid #0f7b6c; border-radius: 5px;
    padding: 5px 14px; font-weight: 600; }
QPushButton:hover { background: #128c7b; }
QPushButton:pressed { background: #0b6156; }
QPushButton:focus { border: 1px solid palette(text); }
QPushButton:disabled { background: rgba(128, 128, 128, 60); color: rgba(128, 128, 128, 200);
    border: 1px solid transparent; }
"""
