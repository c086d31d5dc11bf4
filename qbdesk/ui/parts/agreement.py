"""A check box whose sentence may be long."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from qbdesk.ui import look
from qbdesk.ui.parts import layouts


class Agreement(QWidget):
    """A check box with a sentence that may be long: the box's own text would not wrap."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.box = QCheckBox()
        self.sentence = look.label(wrap=True)
        self.sentence.setBuddy(self.box)
        self.say(sentence)
        row = layouts.row(self)
        row.addWidget(self.box, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1)

    def say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.box.setAccessibleName(self.sentence.text())
