"""What would be posted, before it is (bookkeeping rule 34)."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from qbdesk.sync.reports import MonthPlan, PlanKind, PlanLine, Preview
from qbdesk.sync.views import CompanyView, Progress
from qbdesk.ui import look, words
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.sheet import Sheet
from qbdesk.ui.look import Tone
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.figures import Cell, FigureTable
from qbdesk.ui.parts.pill import Pill

_POSTED = (
    PlanKind.POST,
    PlanKind.PAYMENT,
    PlanKind.CORRECTION,
    PlanKind.NET,
    PlanKind.TAX,
    PlanKind.INCOME,
    PlanKind.DEPOSIT,
)
_MOST_ROWS = 8  # seen at once in each table; the rest is scrolled to


class PreviewDialog(Sheet):
    """Reads and plans while it is open; closing it ends that.

    Signals:
        start_wanted: What was shown shall be posted.
    """

    start_wanted = Signal()

    def __init__(self, bridge: Bridge, view: CompanyView, parent: QWidget | None = None) -> None:
        super().__init__("", parent, width=860)
        name = view.company_name or view.name
        self.heading.setText(self.tr("What would be posted to {company}").format(company=name))
        self.setWindowTitle(self.tr("Preview") + " – qbdesk")
        self._bridge, self._company = bridge, view.name
        self._found: Preview | None = None
        self.progress = self.say(self.tr("Reading and planning. Nothing is written …"))
        self.month = QComboBox()
        self.month.setAccessibleName(self.tr("Month"))
        self.month.currentIndexChanged.connect(lambda _: self._show_month())
        self.closed = Pill()
        self.closed.hide()
        row = layouts.row()
        row.addWidget(self.month)
        row.addWidget(self.closed)
        row.addStretch(1)
        self.body.addLayout(row)
        figures = (self.tr("Number"), self.tr("Amount"))
        self.posted = FigureTable(
            self.tr("What would be posted"),
            (self.tr("What"), *figures),
            wide=0,
            most_rows=_MOST_ROWS,
        )
        self.others_title = look.label(self.tr("Would not be posted, and why"), bold=True)
        self.others = FigureTable(
            self.tr("What would not be posted"),
            (self.tr("What"), *figures, self.tr("Why")),
            wide=3,
            most_rows=_MOST_ROWS // 2,
        )
        self.customers = look.label(wrap=True)
        for part in (self.posted, self.customers, self.others_title, self.others):
            self.body.addWidget(part)
            part.hide()
        self.month.hide()
        self.body.addStretch(1)
        self.leave = self.button(self.tr("Close"), self.reject)
        start = self.tr("Start posting") if view.paused else self.tr("Post now")
        self.start = self.button(start, self._start, primary=True)
        self.start.setEnabled(False)
        bridge.heard.connect(self._hear)
        bridge.ask(self, bridge.service.preview(view.name), self._show, self._failed)

    def _hear(self, event: object) -> None:
        if self._found is None and isinstance(event, Progress) and event.company == self._company:
            self.progress.setText(
                self.tr("{sentence}. Nothing is written …").format(
                    sentence=event.sentence.rstrip(".")
                )
            )

    def _failed(self, error: BaseException) -> None:
        self.progress.hide()
        self.complain_of(error)

    # ---- what was found ----

    def _show(self, found: Preview) -> None:
        self._found = found
        self.progress.setText(_cost(self, found))
        self.month.addItem(self.tr("All months"), None)
        for plan in found.months:
            name = words.month(plan.month) if plan.month else self.tr("Without a date")
            self.month.addItem(name, plan.month)
        self.month.show()
        self.customers.setText(_customers(self, found))
        self.customers.show()
        self._show_month()
        self.start.setEnabled(True)
        self.start.setFocus()

    def _show_month(self) -> None:
        if self._found is None:
            return
        chosen = self.month.currentData()
        found = (plan for plan in self._found.months if plan.month == chosen)
        plan = next(found, self._found.whole)
        self._say_closed(plan)
        posted = [_cells(line) for line in plan.lines if line.kind in _POSTED]
        others = [_with_why(line) for line in plan.lines if line.kind not in _POSTED]
        self.posted.show_rows(posted or [[Cell(self.tr("Nothing")), Cell(""), Cell("")]])
        self.posted.show()
        self.others.show_rows(others)
        self.others.setVisible(bool(others))
        self.others_title.setVisible(bool(others))

    def _say_closed(self, plan: MonthPlan) -> None:
        assert self._found is not None
        told = {
            "closed": self.tr("The books of this month are closed"),
            "partly": self.tr("The books are closed for a part of this month"),
        }.get(plan.closed, "")
        if plan.month is None and self._found.closed_up_to is not None:
            day = words.day(self._found.closed_up_to)
            told = self.tr("The books are closed up to {day}").format(day=day)
        self.closed.show_mark(told, Tone.MIND, "signs/mind")

    # ---- leaving ----

    def _start(self) -> None:
        self.start_wanted.emit()
        self.accept()

    def reject(self) -> None:
        if self._found is None and not self.trouble.isVisible():
            self._bridge.ask(self._bridge, self._bridge.service.stop_pass(self._company))
        super().reject()


def _cells(line: PlanLine) -> list[Cell]:
    heading = line.kind in (PlanKind.POST, PlanKind.PAYMENT)
    count = words.number(line.count)
    amount = words.amount(line.amount, line.currency)
    name = words.plan_line(line)
    return [Cell(name, bold=heading), Cell(count, right=True), Cell(amount, right=True)]


def _with_why(line: PlanLine) -> list[Cell]:
    amount = words.amount(line.amount, line.currency) if line.currency else "–"
    tone = Tone.BAD if line.kind is PlanKind.HELD else None
    return [
        Cell(words.plan_line(line), tone=tone),
        Cell(words.number(line.count), right=True),
        Cell(amount, right=True),
        Cell(line.label),
    ]


def _customers(owner: QWidget, found: Preview) -> str:
    said = owner.tr("Customers: {new} new, {matched} found in QuickBooks, {doubtful} to be asked.")
    return said.format(
        new=words.number(found.new_customers),
        matched=words.number(found.matched_customers),
        doubtful=words.number(found.doubtful_customers),
    )


def _cost(owner: QWidget, found: Preview) -> str:
    said = owner.tr(
        "Nothing has been written. Invoices stand in the month of their date, deposits in that of "
        "the day they were paid. The preview took {reads} reads in QuickBooks."
    )
    return said.format(reads=words.number(found.requests.reads))
