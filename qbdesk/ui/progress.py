"""The line that is there while a pass runs: what is being done, how far, and Stop."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from qbdesk.sync.views import Progress
from qbdesk.ui import look, words
from qbdesk.ui.parts import layouts


class PassLine(QWidget):
    """Signals:
    stop_pressed: The running pass shall end.
    """

    stop_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = False
        self.sentence = look.label()
        self.count = look.label(quiet=True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setFixedHeight(10)
        self.bar.setAccessibleName(self.tr("Progress of the sync"))
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.clicked.connect(self._stop)
        row = layouts.row(self, gap=12)
        row.addWidget(self.sentence)
        row.addWidget(self.bar, 1)
        row.addWidget(self.count)
        row.addWidget(self.stop)
        self.hide()

    def show_progress(self, progress: Progress) -> None:
        self.sentence.setText(progress.sentence)
        # A total of 0 turns the bar into "busy, nobody knows how much".
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        known = self.tr("{done} of {total}").format(
            done=words.number(progress.done), total=words.number(progress.total)
        )
        self.count.setText(known if progress.total else "")
        if not self.runs:
            self.runs = True
            self.stop.setEnabled(True)
            self.show()

    def end(self) -> None:
        self.runs = False
        self.hide()
        self.bar.setRange(0, 1)  # or the busy bar would go on moving unseen

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.sentence.setText(self.tr("Stopping at a safe point …"))
        self.stop_pressed.emit()
