"""The first start: what qbdesk does, the three steps, and what a bookkeeper should know before."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QWidget,
)

from qbdesk.sync.views import CompanyView
from qbdesk.ui import look
from qbdesk.ui.icons import program_icon
from qbdesk.ui.look import MARGIN, PrimaryButton, Tone
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.pill import Pill

_WIDTH = 720


class Welcome(QScrollArea):
    """Leads through add the source, connect QuickBooks, confirm.

    Signals:
        add_pressed: Step 1.
        connect_pressed: Steps 2 and 3.
    """

    add_pressed = Signal()
    connect_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.add = PrimaryButton(self.tr("Add your invoicing source…"))
        self.connect_button = PrimaryButton(self.tr("Connect QuickBooks…"))
        self.add.clicked.connect(self.add_pressed)
        self.connect_button.clicked.connect(self.connect_pressed)
        self.done = Pill()
        page = QWidget()
        self._column = layouts.column(page, gap=MARGIN)
        self._column.setContentsMargins(MARGIN, 2 * MARGIN, MARGIN, MARGIN)
        self._column.addLayout(self._greeting())
        self._column.addWidget(self._steps())
        self._column.addWidget(self._good_to_know())
        self._column.addStretch(1)
        page.setMaximumWidth(_WIDTH)
        middle = QWidget()
        row = layouts.row(middle)
        row.addStretch(1)
        row.addWidget(page, 100)
        row.addStretch(1)
        self.setWidget(middle)
        self.show_progress(None)

    def _greeting(self) -> QHBoxLayout:
        icon = QLabel()
        icon.setPixmap(program_icon().pixmap(56))
        texts = layouts.column(gap=4)
        texts.addWidget(look.label(self.tr("Welcome to qbdesk"), size=1.8, bold=True))
        told = self.tr(
            "qbdesk watches where your invoices get paid and puts each paid invoice into "
            "QuickBooks: customer, invoice and payment. Once, to the cent. Set-up takes about "
            "three minutes."
        )
        texts.addWidget(look.label(told, wrap=True))
        row = layouts.row(gap=MARGIN)
        row.addWidget(icon, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        return row

    def _steps(self) -> QWidget:
        card = Card()
        grid = QGridLayout(card)
        grid.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        grid.setHorizontalSpacing(MARGIN)
        grid.setVerticalSpacing(MARGIN)
        grid.setColumnStretch(1, 1)
        steps = (
            (
                self.tr("Add the source"),
                self.tr(
                    "The address of your invoicing system, its token, and the day to begin with."
                ),
                self.add,
            ),
            (
                self.tr("Connect QuickBooks"),
                self.tr(
                    "You sign in at Intuit and pick the company. qbdesk never sees your password."
                ),
                self.connect_button,
            ),
            (
                self.tr("Confirm"),
                self.tr(
                    "You see which company it is, choose the income account, and may look at a "
                    "preview first. Nothing is posted before that."
                ),
                None,
            ),
        )
        for line, (title, told, button) in enumerate(steps):
            texts = layouts.column(gap=2)
            texts.addWidget(look.label(title, bold=True))
            texts.addWidget(look.label(told, quiet=True, wrap=True))
            grid.addWidget(look.label(str(line + 1), size=1.8, bold=True, quiet=True), line, 0)
            grid.addLayout(texts, line, 1)
            if button:
                grid.addWidget(button, line, 2)
        grid.addWidget(self.done, 0, 2)
        return card

    def _good_to_know(self) -> QWidget:
        box = QWidget()
        column = layouts.column(box, gap=6)
        column.addWidget(look.label(self.tr("Good to know before you start"), bold=True))
        for sentence in good_to_know(self):
            line = layouts.row(gap=8)
            line.addWidget(look.label("•", quiet=True), alignment=Qt.AlignmentFlag.AlignTop)
            line.addWidget(look.label(sentence, wrap=True), 1)
            column.addLayout(line)
        return box

    def show_progress(self, view: CompanyView | None) -> None:
        """Which step is next: none is done yet, or `view` has its source already."""
        self.add.setVisible(view is None)
        self.done.setVisible(view is not None)
        self.connect_button.setEnabled(view is not None)
        if view is not None:
            self.done.show_mark(view.source_name or view.name, Tone.GOOD, "signs/fine")


def good_to_know(owner: QWidget) -> tuple[str, ...]:
    """What has to be said at set-up (bookkeeping rule 35)."""
    return (
        owner.tr(
            "Only paid invoices arrive. Revenue that is not paid yet, and the tax on it, does not "
            "get into QuickBooks through this program."
        ),
        owner.tr(
            "Tax stays as your invoice has it. QuickBooks chooses tax by the customer's address "
            "only in US companies with automated sales tax. Wherever its figure differs from your "
            "invoice by so much as a cent, you are shown it for a spot-check."
        ),
        owner.tr(
            "E-transfers, cheques and cash land in Undeposited Funds. They leave it when you "
            "record a bank deposit in QuickBooks or match them in the bank feed."
        ),
        owner.tr(
            "Each invoice keeps the day on which it was issued, each payment the day on which it "
            "was received. Nothing is dated today."
        ),
        owner.tr(
            "Nothing paid before the day you name is posted, and what is in doubt waits for you "
            "with the reason."
        ),
    )


class Card(QFrame):
    """A quiet box on the window's ground."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(self.palette().ColorRole.Base)
