"""Pictures, drawn from the SVG files in qbdesk/resources/icons."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from qbdesk import resources
from qbdesk.sync.views import State

# Not importlib.resources, which would load a dozen modules before the window is there.
FOLDER = Path(str(resources.__file__)).parent / "icons"

TRAY_SIZES = (16, 22, 24, 32, 48, 64)


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text("utf-8")


def pixmap(name: str, size: int, ratio: float = 1.0, colour: str = "", paper: str = "") -> QPixmap:
    """One picture of `size` logical pixels; signs in one colour take it, and the paper behind."""
    svg = _text(name)
    if colour:
        svg = svg.replace("currentColor", colour).replace('"paper"', f'"{paper}"')
    drawn = QPixmap(QSize(size, size) * ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(drawn.rect()))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


@cache
def state_icon(state: State) -> QIcon:
    """The tray's picture: outlined twice, so that it is seen on dark and on light panels."""
    icon = QIcon()
    for size in TRAY_SIZES:
        icon.addPixmap(pixmap(f"state/{state.value}", size))
    return icon


@cache
def program_icon() -> QIcon:
    icon = QIcon()
    for size in (*TRAY_SIZES, 256):
        icon.addPixmap(pixmap("qbdesk", size))
    return icon


def sign(name: str, colour: QColor, palette: QPalette, role: QPalette.ColorRole) -> QIcon:
    """A sign such as "status/synced", in one colour on the ground of that role; in a selected row
    in the selection's own colours."""
    shown, paper = colour.name(), palette.color(role).name()
    return _sign(
        name,
        shown,
        paper,
        palette.highlightedText().color().name(),
        palette.highlight().color().name(),
    )


@cache
def _sign(name: str, colour: str, paper: str, selected: str, selected_paper: str) -> QIcon:
    icon = QIcon()
    for ratio in (1.0, 2.0):
        icon.addPixmap(pixmap(name, 16, ratio, colour, paper))
        chosen = pixmap(name, 16, ratio, selected, selected_paper)
        icon.addPixmap(chosen, QIcon.Mode.Selected)
    return icon
