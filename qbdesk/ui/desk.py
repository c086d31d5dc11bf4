"""What the window shows: which company, which rows, which invoice; kept up to date by events."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QDialog

from qbdesk.sync.errors import Refusal
from qbdesk.sync.reports import ControlTotals
from qbdesk.sync.views import (
    CompanyView,
    InvoiceQuery,
    InvoiceRow,
    InvoicesChanged,
    Progress,
    SortBy,
    State,
    Status,
)
from qbdesk.ui import words
from qbdesk.ui.bridge import Bridge, sentence_of
from qbdesk.ui.companies import Companies
from qbdesk.ui.contents import Contents
from qbdesk.ui.look import Tone

if TYPE_CHECKING:
    from qbdesk.sync.service import Service

GOOD_NEWS_MS = 15_000


class Desk(QObject):
    """Attributes:
        company: Name of the company on the screen; None while there is none.

    Signals:
        company_shown: Another one is on the screen. arg: its own name, or None
    """

    company_shown = Signal(object)

    def __init__(self, bridge: Bridge, companies: Companies, contents: Contents) -> None:
        super().__init__(contents)
        self.bridge = bridge
        self.company: str | None = None
        self._companies, self._contents = companies, contents
        self._order = (SortBy.PAID_ON, True)
        self._total = 0
        self._wanted: str | None = None
        bridge.heard.connect(self._hear)
        companies.changed.connect(self._companies_changed)
        companies.troubled.connect(self.complain)
        contents.looked_at.connect(self.look_again)
        contents.header.company_chosen.connect(self.choose)
        contents.filters.changed.connect(self._show_rows)
        contents.details.close_pressed.connect(self._close_details)
        table = contents.table
        table.sorted_by.connect(self._sort)
        table.picked.connect(self._pick)
        table.selection_changed.connect(self._count_selection)
        table.rows.counted.connect(self._count_rows)
        table.rows.troubled.connect(self.complain)
        self._count_selection()

    @property
    def service(self) -> "Service":
        return self.bridge.service

    # ---- telling and asking ----

    def complain(self, sentence: str) -> None:
        self._contents.banner.say(sentence, tone=Tone.BAD)

    def tell(self, sentence: str) -> None:
        """Good news, which makes room again by itself."""
        banner = self._contents.banner
        banner.say(sentence, tone=Tone.GOOD)
        QTimer.singleShot(GOOD_NEWS_MS, self, lambda: banner.take_back(sentence))

    def ask(self, asked: "Future[Any]", then: Callable[[Any], None] | None = None) -> None:
        """What goes wrong is said in the window."""
        self.bridge.ask(self, asked, then, lambda error: self.complain(sentence_of(error)))

    def open_dialog(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # ---- which company ----

    def view(self) -> CompanyView | None:
        return self._companies.get(self.company)

    def choose(self, name: str) -> None:
        """Shows another company."""
        if name == self.company or self._companies.get(name) is None:
            return
        self.company = name
        self._contents.banner.hide()
        self._contents.pass_line.end()
        self._contents.details.show_invoice(None)
        self._contents.arrange_details()
        self._contents.header.show_agreement(agree=True)
        self._show_company()
        self._show_rows()

    def show_invoices(self, company: str, source_ids: tuple[str, ...]) -> None:
        """Follows a notification: to that invoice, or to all that need attention."""
        self.choose(company)
        if source_ids:
            self._contents.filters.choose(Status.NEEDS_ATTENTION)
        if len(source_ids) == 1:
            self._wanted = source_ids[0]
            self.ask(self.service.invoice(company, source_ids[0]), self._show_wanted)

    def _show_wanted(self, row: InvoiceRow) -> None:
        self._show_details(row)
        self._select_wanted()

    def _select_wanted(self) -> None:
        if self._wanted and self._contents.table.select(self._wanted):
            self._wanted = None

    def _companies_changed(self, name: str) -> None:
        names = self._companies.names()
        if self.view() is None:
            self.company = None
            if names:
                self.choose(names[0])
        self._contents.header.show_companies(names, self.company)
        if name in ("", self.company) or self.company is None:
            self._show_company()

    def _show_company(self) -> None:
        contents, view = self._contents, self.view()
        names = self._companies.names()
        contents.header.show_companies(names, self.company)
        self.company_shown.emit(view and (view.company_name or view.name))
        new_here = view is None or (not view.connected and not sum(view.counts.values()))
        contents.show_page(contents.welcome if new_here else contents.main_page)
        contents.welcome.show_progress(view)
        if view is None:
            contents.table.rows.show(None)
            return
        contents.header.show_company(view)
        contents.actions_bar.show_company(view, len(names))
        contents.findings.show_findings(view.findings)
        contents.filters.show_counts(view.counts)
        if view.state != State.SYNCING:
            contents.pass_line.end()
            # As they were added up when the last pass ended: that takes no time.
            self.bridge.ask(self, self.service.totals(view.name, afresh=False), self._compare)

    def _compare(self, totals: ControlTotals) -> None:
        if totals.company == self.company:
            self._contents.header.show_agreement(agree=totals.agree)

    # ---- rows ----

    def _query(self) -> InvoiceQuery | None:
        if self.company is None:
            return None
        filters = self._contents.filters
        return InvoiceQuery(self.company, filters.status(), filters.search(), *self._order)

    def _show_rows(self) -> None:
        self._contents.table.rows.show(self._query())

    def _sort(self, sort_by: SortBy, descending: bool) -> None:
        self._order = (sort_by, descending)
        self._show_rows()

    def _count_rows(self, total: int) -> None:
        contents = self._contents
        contents.rows_page.setCurrentWidget(contents.table if total else contents.empty)
        filtered = contents.filters.status() or contents.filters.search()
        contents.empty.setText(
            self.tr("No invoice fits this filter.") if filtered else self._nothing_yet()
        )
        self._total = total
        self._count_selection()
        self._select_wanted()

    def _nothing_yet(self) -> str:
        view = self.view()
        if view is not None and view.paused:
            return self.tr("Nothing is looked for while the company is paused.")
        return self.tr("No paid invoice has arrived yet. They appear here by themselves.")

    def _count_selection(self) -> None:
        count = self._contents.table.selected_count()
        self._contents.actions_bar.show_selection(count)
        several = self.tr("{total} invoices").format(total=words.number(self._total))
        text = self.tr("1 invoice") if self._total == 1 else several
        if count > 1:
            said = self.tr("{count} selected").format(count=words.number(count))
            text = f"{text}   ·   {said}"
        self._contents.actions_bar.count.setText(text if self._total else "")

    # ---- one invoice ----

    def _pick(self, row: InvoiceRow | None) -> None:
        if row is not None:
            self._show_details(row)

    def _show_details(self, row: InvoiceRow) -> None:
        if self.company is None:
            return
        details = self._contents.details
        details.show_invoice(row)
        self._contents.arrange_details()
        asked = self.service.journal(self.company, row.source_id)
        self.ask(asked, lambda entries: details.show_journal(row.source_id, entries))
        if row.choices:
            alike = self.service.alike(self.company, row.source_id)
            self.ask(alike, lambda found: details.show_alike(row.source_id, found))

    def _close_details(self) -> None:
        self._contents.table.clearSelection()
        self._contents.details.show_invoice(None)
        self._contents.arrange_details()

    def _show_again(self, row: InvoiceRow) -> None:
        shown = self._contents.details.row
        if shown is not None and shown.source_id == row.source_id:
            self._show_details(row)

    def _forget(self, row: InvoiceRow, error: BaseException) -> None:
        shown = self._contents.details.row
        if isinstance(error, Refusal) and shown is row:
            self._close_details()

    # ---- events ----

    def _hear(self, event: object) -> None:
        if isinstance(event, Progress) and event.company == self.company:
            if event.writes:  # a preview tells in its own dialog
                self._contents.pass_line.show_progress(event)
        elif isinstance(event, InvoicesChanged) and event.company == self.company:
            self._contents.table.mark_stale()
            shown = self._contents.details.row
            if shown is not None and shown.source_id in event.source_ids:
                self._ask_details_again(event.company, shown)

    def _ask_details_again(self, company: str, shown: InvoiceRow) -> None:
        asked = self.service.invoice(company, shown.source_id)
        # A backup that was restored since may not know it.
        self.bridge.ask(self, asked, self._show_again, lambda error: self._forget(shown, error))

    def look_again(self) -> None:
        """Another program may have changed the ledger, which sends no events to this one."""
        self._contents.header.tell_times()
        if not self._companies.loaded:
            return
        self._companies.load()
        self._contents.table.mark_stale()
        shown = self._contents.details.row
        if shown is not None and self.company is not None:
            self._ask_details_again(self.company, shown)
