"""Instead of the books, when the ledger is damaged or gone: what to go on with."""

from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from qbdesk.sync.views import Backup
from qbdesk.ui import look, words
from qbdesk.ui.bridge import Bridge, sentence_of
from qbdesk.ui.look import MARGIN, PrimaryButton, Tone
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.banner import Banner
from qbdesk.ui.welcome import Card

_WIDTH = 620


class DamagedPage(QWidget):
    """Nothing is posted before a button of it was pressed.

    Signals:
        mended: There is a ledger again. arg: what has to be known about it, or nothing
    """

    mended = Signal(str)

    def __init__(self, bridge: Bridge, trouble: str) -> None:
        super().__init__()
        self._bridge = bridge
        self._newest: Backup | None = None
        self.banner = Banner()
        self.told = look.label(self.tr("Looking for backups …"), wrap=True)
        self.restore = PrimaryButton(self.tr("Restore the newest backup"))
        self.empty = QPushButton(self.tr("Begin with an empty ledger"))
        self.restore.clicked.connect(self._restore)
        self.empty.clicked.connect(lambda: self._put_back(None, ""))
        self._lay_out()
        self.banner.say(trouble, tone=Tone.BAD)
        self._press(possible=False)
        bridge.ask(self, bridge.service.backups(), self._show_backups, self._complain)

    def _lay_out(self) -> None:
        card = Card()
        card.setMaximumWidth(_WIDTH)
        column = layouts.column(card, gap=MARGIN)
        column.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        heading = self.tr("The ledger cannot be opened")
        column.addWidget(look.label(heading, size=1.5, bold=True, wrap=True))
        column.addWidget(self.banner)
        column.addWidget(self.told)
        then = self.tr(
            "Either way nothing is deleted: the present file is put aside. And nothing is posted "
            "twice: before its first invoice, qbdesk reads from QuickBooks what it posted before "
            "and takes it over."
        )
        column.addWidget(look.label(then, quiet=True, wrap=True))
        buttons = layouts.row()
        buttons.addWidget(self.restore)
        buttons.addWidget(self.empty)
        buttons.addStretch(1)
        column.addLayout(buttons)
        middle = layouts.row()
        middle.addStretch(1)
        middle.addWidget(card, 100)
        middle.addStretch(1)
        page = layouts.column(self)
        page.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        page.addStretch(1)
        page.addLayout(middle)
        page.addStretch(1)

    def _show_backups(self, backups: list[Backup]) -> None:
        self._newest = next(iter(backups), None)
        self._press(possible=True)
        if self._newest is None:
            self.told.setText(
                self.tr(
                    "There is no backup. With an empty ledger you add and connect each company "
                    "again; your answers and settings have to be given anew."
                )
            )
            return
        told = self.tr(
            "The newest backup was made {when} and holds {invoices}. What was decided here after "
            "that is gone, so every company is paused: look at its Preview, decide again, then "
            "press Resume. Older backups: “qbdesk restore”."
        )
        when = words.moment(self._newest.made_at, datetime.now(UTC))
        several = self.tr("{count} invoices").format(count=words.number(self._newest.invoices))
        invoices = self.tr("1 invoice") if self._newest.invoices == 1 else several
        self.told.setText(told.format(when=when, invoices=invoices))

    def _restore(self) -> None:
        told = self.tr(
            "The backup was restored, and every company is paused. What was decided after the "
            "backup was made is gone: invoices that were ignored, answers, settings, a first day, "
            "a pause. Look at each company's Preview, decide again, then press Resume."
        )
        if self._newest is not None:
            self._put_back(self._newest.name, told)

    def _put_back(self, backup: str | None, told: str) -> None:
        self._press(possible=False)
        asked = self._bridge.service.restore(backup)
        self._bridge.ask(self, asked, lambda _: self.mended.emit(told), self._complain)

    def _complain(self, error: BaseException) -> None:
        self.banner.say(sentence_of(error), tone=Tone.BAD)
        self._press(possible=True)

    def _press(self, *, possible: bool) -> None:
        self.restore.setEnabled(possible and self._newest is not None)
        self.empty.setEnabled(possible)
