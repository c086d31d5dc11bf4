from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from qbdesk.ui.fusion import dress
from qbdesk.ui.look import Tone, colour, is_dark

DARK = QPalette(QColor("#2b2f36"), QColor("#23272e"))


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    before = qapp.palette()
    yield qapp
    qapp.setPalette(before)
    qapp.setStyleSheet("")


def contrast(one: QColor, other: QColor) -> float:
    """By WCAG 2: 4.5 and more can be read."""

    def luminance(seen: QColor) -> float:
        parts = [seen.redF(), seen.greenF(), seen.blueF()]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_an_open_window_turns_dark_with_the_desktop(app: QApplication, qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    parts = [QLabel("a"), QLineEdit("b"), QPushButton("c")]
    for part in parts:
        column.addWidget(part)
    dress(app)
    window.show()
    app.setPalette(DARK)
    dress(app)
    assert all(is_dark(part.palette()) for part in (window, *parts))


@pytest.mark.parametrize("tone", list(Tone))
def test_every_tone_can_be_read_in_light_and_in_dark(app: QApplication, tone: Tone) -> None:
    for palette in (app.palette(), DARK):
        assert contrast(colour(tone, palette), palette.base().color()) >= 4.5
