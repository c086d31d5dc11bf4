"""What can be done with invoices: resync, resolve, ignore, open."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu

from qbdesk.sync.views import InvoiceRow
from qbdesk.ui.contents import Contents
from qbdesk.ui.desk import Desk
from qbdesk.ui.details import can_try_again
from qbdesk.ui.person import who
from qbdesk.ui.plain import caption

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class InvoiceActions(QObject):
    """Connects table and details pane with the service."""

    def __init__(self, desk: Desk, contents: Contents) -> None:
        super().__init__(contents)
        self._desk, self._contents = desk, contents
        self.open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl
        table, details, bar = contents.table, contents.details, contents.actions_bar
        table.link_pressed.connect(self._open_in_quickbooks)
        table.menu_wanted.connect(self._row_menu)
        bar.resync_pressed.connect(lambda: self._resync(table.selected_rows()))
        details.resolve_pressed.connect(self._resolve)
        details.resolve_all_pressed.connect(self._resolve_all)
        details.ignore_pressed.connect(lambda row: self._ignore([row]))
        details.resync_pressed.connect(lambda row: self._resync([row]))
        details.quickbooks_pressed.connect(self._open_in_quickbooks)
        details.source_pressed.connect(lambda row: self._open(row.source_link))

    def _resync(self, rows: list[InvoiceRow]) -> None:
        company = self._desk.company
        if company is not None and rows:
            self._desk.ask(self._desk.service.resync(company, [row.source_id for row in rows]))

    def _resolve(self, row: InvoiceRow, word: str) -> None:
        company = self._desk.company
        if company is not None:
            self._desk.ask(self._desk.service.resolve(company, row.source_id, word, who()))

    def _resolve_all(self, word: str, ids: list[str]) -> None:
        company = self._desk.company
        if company is not None:
            self._desk.ask(self._desk.service.resolve_all(company, ids, word, who()))

    def _ignore(self, rows: list[InvoiceRow]) -> None:
        from qbdesk.ui.dialogs.ignore import IgnoreDialog

        company = self._desk.company
        if company is None or not rows:
            return
        dialog = IgnoreDialog(rows, self._contents)
        ids = [row.source_id for row in rows]
        dialog.accepted.connect(
            lambda: self._desk.ask(self._desk.service.ignore(company, ids, dialog.note(), who()))
        )
        self._desk.open_dialog(dialog)

    def _open_in_quickbooks(self, row: InvoiceRow) -> None:
        self._open(row.quickbooks_link)

    def _open(self, address: str | None) -> None:
        """Only https leaves for the browser, or http that stays on this computer (a test server):
        an address may come from outside."""
        url = QUrl(address or "", QUrl.ParsingMode.StrictMode)
        stays_here = url.scheme() == "http" and url.host() in LOOPBACK
        safe = url.isValid() and bool(url.host()) and (url.scheme() == "https" or stays_here)
        if not safe:
            self._desk.complain(self.tr("This invoice has no page that can be opened safely."))
        elif not self.open_url(url):
            self._desk.complain(self.tr("No browser could be opened on this computer."))

    def _row_menu(self, place: QPoint) -> None:
        rows = self._contents.table.selected_rows()
        if not rows:
            return
        menu = QMenu(self._contents)
        single = rows[0] if len(rows) == 1 else None
        if single:
            self._add_single(menu, single)
        if not (single and can_try_again(single)):
            menu.addAction(self.tr("Resync")).triggered.connect(lambda: self._resync(rows))
        menu.addAction(self.tr("Ignore…")).triggered.connect(lambda: self._ignore(rows))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _add_single(self, menu: QMenu, row: InvoiceRow) -> None:
        if row.quickbooks_link:
            opened = menu.addAction(self.tr("Open in QuickBooks"))
            opened.triggered.connect(lambda: self._open_in_quickbooks(row))
        for choice in row.choices:
            entry = menu.addAction(caption(choice.label))
            entry.triggered.connect(lambda _=False, word=choice.word: self._resolve(row, word))
        menu.addSeparator()
