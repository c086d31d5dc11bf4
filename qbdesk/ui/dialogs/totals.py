"""Control totals: source against QuickBooks, and what is still open (bookkeeping rule 33)."""

import re
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from qbdesk.sync.reports import ControlTotals, Kind, MarkedInvoice, TotalLine
from qbdesk.sync.views import CompanyChanged, CompanyView
from qbdesk.ui import look, words
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.sheet import Sheet
from qbdesk.ui.look import Tone
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.figures import Cell, FigureTable
from qbdesk.ui.parts.pill import Pill

_MOST_ROWS = 12  # seen at once; the rest is scrolled to


class TotalsDialog(Sheet):
    """Signals:
    saved: The file is written. arg: its path
    """

    saved = Signal(str)

    def __init__(self, bridge: Bridge, view: CompanyView, parent: QWidget | None = None) -> None:
        super().__init__("", parent, width=860)
        name = view.company_name or view.name
        self.heading.setText(self.tr("Control totals of {company}").format(company=name))
        self.setWindowTitle(self.tr("Control totals") + " – qbdesk")
        self._bridge, self._company = bridge, view.name
        self._asked_for: str | None = None
        self.month = QComboBox()
        self.month.setAccessibleName(self.tr("Month"))
        self.month.addItem(self.tr("All time"), None)
        self.month.currentIndexChanged.connect(lambda _: self._ask())
        self.verdict = Pill()
        self.verdict.hide()
        row = layouts.row()
        row.addWidget(self.month)
        row.addWidget(self.verdict)
        row.addStretch(1)
        self.body.addLayout(row)
        self.lines = FigureTable(
            self.tr("Source against QuickBooks"),
            (
                self.tr("What"),
                self.tr("Source"),
                self.tr("QuickBooks"),
                self.tr("Difference"),
                "",
            ),
            wide=0,
            most_rows=_MOST_ROWS,
        )
        self.body.addWidget(self.lines)
        self.seen = self.say(self.tr("Adding up …"), quiet=True)
        self.marked_title = look.label(bold=True)
        self.body.addWidget(self.marked_title)
        self.marked = FigureTable(
            self.tr("Invoices to look at"),
            (self.tr("Number"), self.tr("Customer"), self.tr("Open"), self.tr("Why")),
            wide=3,
            most_rows=5,
        )
        self.marked.hide()
        self.body.addWidget(self.marked)
        self.say(
            self.tr(
                "Invoices count in the month of their date, payments in that of the day they were "
                "paid. QuickBooks’ side is what it answered when qbdesk posted or last read it; "
                "resync an invoice to have it read again."
            ),
            quiet=True,
        )
        self.body.addStretch(1)
        self.save = self.button(self.tr("Save as CSV…"), self._choose_file)
        self.save.setEnabled(False)
        self.button(self.tr("Close"), self.accept, primary=True)
        bridge.heard.connect(self._hear)
        self._ask()

    # ---- asking and showing ----

    def _hear(self, event: object) -> None:
        """A pass has ended, or somebody has decided something."""
        if isinstance(event, CompanyChanged) and event.company == self._company:
            self._ask()

    def _ask(self) -> None:
        self._asked_for = self.month.currentData()
        asked = self._bridge.service.totals(self._company, self._asked_for)
        self._bridge.ask(self, asked, self._show, self.complain_of)

    def _show(self, totals: ControlTotals) -> None:
        if totals.month != self._asked_for:
            return  # another month was chosen meanwhile
        self._offer_months(totals)
        self.lines.show_rows([_cells(self, line) for line in totals.lines])
        self.lines.setVisible(bool(totals.lines))
        self._judge(totals)
        self.seen.setText(_seen(self, totals))
        marked = (*totals.still_open, *totals.differing)
        self.marked_title.setText(_marked_title(self, totals))
        self.marked.show_rows([_marked_cells(entry) for entry in marked])
        self.marked.setVisible(bool(marked))
        self.save.setEnabled(True)

    def _offer_months(self, totals: ControlTotals) -> None:
        known = [self.month.itemData(index) for index in range(1, self.month.count())]
        if tuple(known) == totals.months:
            return
        with QSignalBlocker(self.month):
            self.month.clear()
            self.month.addItem(self.tr("All time"), None)
            for month in totals.months:
                self.month.addItem(words.month(month), month)
            self.month.setCurrentIndex(max(0, self.month.findData(totals.month)))

    def _judge(self, totals: ControlTotals) -> None:
        if totals.note:
            told, tone, sign = self.tr("Not all is known yet"), Tone.MIND, "signs/mind"
        elif not totals.lines:
            told, tone, sign = self.tr("Nothing is posted yet"), Tone.QUIET, ""
        elif totals.agree:
            told, tone = self.tr("Source and QuickBooks agree"), Tone.GOOD
            sign = "signs/fine"
        else:
            told, tone = self.tr("Source and QuickBooks differ"), Tone.BAD
            sign = "signs/stop"
        self.verdict.show_mark(told, tone, sign)

    # ---- saving ----

    def _choose_file(self) -> None:
        self.trouble.hide()
        dialog = QFileDialog(self, self.tr("Save the control totals"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self.tr("CSV files (*.csv)"))
        dialog.setDefaultSuffix("csv")
        dialog.selectFile(_file_name(self._company, self._asked_for))
        dialog.fileSelected.connect(self._save)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save(self, file: str) -> None:
        self.save.setEnabled(False)
        asked = self._bridge.service.save_totals(self._company, self._asked_for, Path(file))
        self._bridge.ask(self, asked, lambda _: self._saved(file), self._not_saved)

    def _saved(self, file: str) -> None:
        self.save.setEnabled(True)
        self.complain(self.tr("Saved to {file}.").format(file=file), Tone.GOOD)
        self.saved.emit(file)

    def _not_saved(self, error: BaseException) -> None:
        self.save.setEnabled(True)
        self.complain_of(error)


def _cells(owner: QWidget, line: TotalLine) -> list[Cell]:
    tone, remark = None, ""
    if line.difference is None:
        tone, remark = Tone.MIND, owner.tr("not told by QuickBooks")
    elif line.difference:
        tone, remark = Tone.BAD, owner.tr("differs")
    name = words.total_line(line)
    return [
        Cell(name, bold=line.kind in (Kind.COUNT, Kind.GROSS)),
        Cell(words.total(line.source, line), right=True),
        Cell(words.total(line.quickbooks, line), right=True),
        Cell(words.total(line.difference, line), right=True, tone=tone),
        Cell(remark, tone=tone),
    ]


def _marked_cells(entry: MarkedInvoice) -> list[Cell]:
    left = words.amount(entry.open, entry.currency) if entry.open else "–"
    return [Cell(entry.number), Cell(entry.customer), Cell(left, right=True), Cell(entry.why)]


def _marked_title(owner: QWidget, totals: ControlTotals) -> str:
    still_open = words.number(totals.still_open_count) or "0"
    said = owner.tr("Invoices made by qbdesk that are still open: {count}")
    none = owner.tr("not known yet") if totals.note else owner.tr("none")
    told = said.format(count=still_open if totals.still_open_count else none)
    if totals.differing_count:
        said = owner.tr("   ·   paid, but otherwise in QuickBooks: {count}")
        told += said.format(count=words.number(totals.differing_count))
    return told


def _seen(owner: QWidget, totals: ControlTotals) -> str:
    everything = sum(line.count for line in totals.seen)
    said = owner.tr("The source showed {count} invoices: {parts}.")
    parts = [
        f"{words.number(line.count)} {words.seen(line.status, posted=line.posted)}"
        for line in totals.seen
    ]
    told = ", ".join(parts) or owner.tr("none")
    told = said.format(count=words.number(everything), parts=told)
    return f"{totals.note} {told}" if totals.note else told


def _file_name(company: str, month: str | None) -> str:
    """A company's name is text from outside: only its letters and digits go into a file's."""
    name = re.sub(r"\W+", "-", company).strip("-")[:40] or "company"
    return f"control-totals-{name}-{month or 'all'}.csv"
