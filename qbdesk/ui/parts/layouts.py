"""Columns and rows without margins of their own, and how one is emptied."""

from PySide6.QtWidgets import QHBoxLayout, QLayout, QVBoxLayout, QWidget

from qbdesk.ui.look import GAP


def column(owner: QWidget | None = None, *, gap: int = GAP) -> QVBoxLayout:
    """Owner: the widget that it lays out; None: it goes into another layout."""
    made = QVBoxLayout(owner) if owner is not None else QVBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(gap)
    return made


def row(owner: QWidget | None = None, *, gap: int = GAP) -> QHBoxLayout:
    made = QHBoxLayout(owner) if owner is not None else QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(gap)
    return made


def empty(layout: QLayout) -> None:
    """Takes all widgets out, for good."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            # Gone from the screen at once; deleted when nothing uses it any more.
            widget.hide()
            widget.deleteLater()
