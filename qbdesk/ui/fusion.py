"""Calmer buttons, fields and bars where Qt draws with its own style (Linux).

Windows and macOS have looks of their own, which are left alone. Colours come from the palette, or
are a half-transparent grey that is seen on light and on dark.
"""

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from qbdesk.ui.icons import FOLDER

_SHEET = """
QPushButton, QToolButton#more { background: palette(button); color: palette(button-text);
    border: 1px solid rgba(128, 128, 128, 110); border-radius: 5px; padding: 5px 12px; }
QToolButton#more { padding: 5px 7px; }
QToolButton#more::menu-indicator { image: none; }
QPushButton:hover, QToolButton#more:hover { border-color: rgba(128, 128, 128, 220); }
QPushButton:pressed, QToolButton#more:pressed { background: palette(mid); }
QPushButton:default, QPushButton:focus, QToolButton#more:focus {
    border-color: palette(highlight); }
QPushButton:disabled { color: rgba(128, 128, 128, 180); background: transparent; }

QLineEdit, QDateEdit, QComboBox { background: palette(base); color: palette(text);
    border: 1px solid rgba(128, 128, 128, 110); border-radius: 5px; padding: 5px 7px; }
QLineEdit:focus, QDateEdit:focus, QComboBox:focus { border-color: palette(highlight); }
QComboBox::drop-down, QDateEdit::drop-down { border: none; width: 22px; }
QComboBox::down-arrow, QDateEdit::down-arrow { image: url(%(down)s); width: 12px; }

QCheckBox::indicator { width: 14px; height: 14px; border-radius: 3px;
    border: 1px solid rgba(128, 128, 128, 220); background: palette(base); }
QCheckBox::indicator:checked { background: #0f7b6c; border-color: #0f7b6c; image: url(%(tick)s); }
QCheckBox::indicator:focus { border-color: palette(highlight); }

QProgressBar { border: none; border-radius: 4px; background: rgba(128, 128, 128, 60); }
QProgressBar::chunk { border-radius: 4px; background: #12917f; }

QScrollBar:vertical { width: 12px; background: transparent; margin: 0; }
QScrollBar:horizontal { height: 12px; background: transparent; margin: 0; }
QScrollBar::handle { background: rgba(128, 128, 128, 110); border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: rgba(128, 128, 128, 180); }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""


def dress(app: QApplication) -> None:
    """Puts the sheet on; anew whenever the palette has changed.

    WORKAROUND for what Qt documents at QApplication.setPalette: under a style sheet widgets keep
    the palette they had, so it is taken off, and they are given the new one, before it is put on.
    """
    app.setStyleSheet("")  # under a sheet the style does not tell its name either
    if app.style().name() != "fusion":
        return
    for widget in app.allWidgets():
        widget.setPalette(QPalette())
    signs = (FOLDER / "signs").as_posix()
    app.setStyleSheet(_SHEET % {name: f'"{signs}/{name}.svg"' for name in ("down", "tick")})
