"""What can be done with a company: sync, pause, connect, disconnect, add, remove, set."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from qbdesk.sync.views import CompanyView, PassResult
from qbdesk.ui.companies import Companies
from qbdesk.ui.contents import Contents
from qbdesk.ui.desk import Desk
from qbdesk.ui.look import Tone
from qbdesk.ui.person import who


class CompanyActions(QObject):
    """Connects header, buttons and menu with the service.

    Signals:
        quit_wanted: The user wants to quit.
    """

    quit_wanted = Signal()

    def __init__(self, desk: Desk, companies: Companies, contents: Contents) -> None:
        super().__init__(contents)
        self._desk, self._companies, self._contents = desk, companies, contents
        self._bridge = desk.bridge
        self.open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl
        bar = contents.actions_bar
        bar.sync_pressed.connect(lambda: self.sync(desk.company))
        bar.sync_all_pressed.connect(lambda: self.sync(None))
        bar.pause_pressed.connect(self._pause_or_resume)
        bar.disconnect_pressed.connect(self._disconnect)
        bar.add_pressed.connect(self._add)
        bar.remove_pressed.connect(self._remove)
        bar.settings_pressed.connect(self._settings)
        bar.preview_pressed.connect(self._preview)
        bar.totals_pressed.connect(self._totals)
        bar.token_pressed.connect(self._new_token)
        contents.header.token_pressed.connect(self._new_token)
        contents.header.totals_pressed.connect(self._totals)
        bar.quit_pressed.connect(self.quit_wanted)
        contents.header.connect_pressed.connect(self._connect)
        contents.welcome.add_pressed.connect(self._add)
        contents.welcome.connect_pressed.connect(self._connect)
        contents.pass_line.stop_pressed.connect(
            lambda: desk.ask(desk.service.stop_pass(desk.company))
        )

    # ---- passes ----

    def sync(self, company: str | None) -> None:
        """One pass now; of all companies if none is named."""
        self._contents.banner.hide()
        self._desk.ask(self._desk.service.sync(company), self._pass_ended)

    def pause_all(self, pause: bool) -> None:
        """From the tray's menu, which speaks of all companies."""
        change = self._desk.service.pause if pause else self._desk.service.resume
        for name in self._companies.names():
            self._desk.ask(change(name, who()))

    def _pass_ended(self, results: list[PassResult]) -> None:
        self._contents.pass_line.end()
        self._desk.look_again()  # one that another program has paused makes no pass
        several = len(self._companies.names()) > 1
        for result in results:
            if result.stopped:
                named = f"{result.company}: {result.stopped}" if several else result.stopped
                self._desk.complain(named)

    def _pause_or_resume(self) -> None:
        view = self._desk.view()
        if view is not None:
            change = self._desk.service.resume if view.paused else self._desk.service.pause
            self._desk.ask(change(view.name, who()))

    # ---- coming ----

    def _add(self) -> None:
        from qbdesk.ui.dialogs.add_company import AddCompanyDialog

        dialog = AddCompanyDialog(self._bridge, self._companies.names(), self._contents)
        dialog.added.connect(self._added)
        self._desk.open_dialog(dialog)

    def _added(self, view: CompanyView) -> None:
        self._companies.take(view)
        self._desk.choose(view.name)

    def _connect(self) -> None:
        from qbdesk.ui.dialogs.connect import ConnectDialog

        view = self._desk.view()
        if view is not None:
            dialog = ConnectDialog(self._bridge, view, self._browse, self._contents)
            dialog.connected.connect(self._connected)
            dialog.preview_wanted.connect(self._preview_first)
            self._desk.open_dialog(dialog)

    def _browse(self, address: str) -> bool:
        return self.open_url(QUrl(address))

    def _connected(self, view: CompanyView) -> None:
        self._companies.take(view)
        told = self.tr("QuickBooks is connected. From now on every paid invoice flows in.")
        if view.paused:
            told = self.tr("QuickBooks is connected. Nothing is posted until you press Resume.")
        self._desk.tell(told)

    def _preview_first(self, view: CompanyView) -> None:
        """Connected, and nothing is posted before it has been looked at."""
        self._companies.take(view)
        self._preview()

    def _preview(self) -> None:
        from qbdesk.ui.dialogs.preview import PreviewDialog

        view = self._desk.view()
        if view is not None and view.connected:
            dialog = PreviewDialog(self._bridge, view, self._contents)
            dialog.start_wanted.connect(lambda: self._start_posting(view))
            self._desk.open_dialog(dialog)

    def _start_posting(self, view: CompanyView) -> None:
        if view.paused:
            # Resuming begins a pass at once.
            self._desk.ask(self._desk.service.resume(view.name, who()))
        else:
            self.sync(view.name)

    # ---- going ----

    def _disconnect(self) -> None:
        from qbdesk.ui.dialogs.question import disconnect_question

        view = self._desk.view()
        if view is not None:
            question = disconnect_question(view, self._contents)
            question.accepted.connect(
                lambda: self._desk.ask(
                    self._desk.service.disconnect(view.name, who()), self._disconnected
                )
            )
            self._desk.open_dialog(question)

    def _disconnected(self, intuit_told: bool) -> None:
        if intuit_told:
            self._desk.tell(self.tr("Disconnected. The tokens are deleted here and at Intuit."))
            return
        self._contents.banner.say(
            self.tr("Disconnected. The tokens are deleted here, but Intuit could not be told."),
            self.tr(
                "qbdesk can no longer reach your books. To end the permission at Intuit as well, "
                "open QuickBooks, then Apps, My apps, and disconnect qbdesk there."
            ),
            Tone.MIND,
        )

    def _remove(self) -> None:
        from qbdesk.ui.dialogs.question import remove_question

        view = self._desk.view()
        if view is not None:
            question = remove_question(view, self._contents)
            question.accepted.connect(
                lambda: self._desk.ask(
                    self._desk.service.remove_company(view.name, who()),
                    lambda _: self._companies.forget(view.name),
                )
            )
            self._desk.open_dialog(question)

    def _settings(self) -> None:
        from qbdesk.ui.dialogs.settings import SettingsDialog

        view = self._desk.view()
        if view is not None:
            dialog = SettingsDialog(self._bridge, view, self._contents)
            dialog.saved.connect(lambda: self._desk.tell(self.tr("The settings are saved.")))
            dialog.preview_wanted.connect(self._preview_first)
            self._desk.open_dialog(dialog)

    def _totals(self) -> None:
        from qbdesk.ui.dialogs.totals import TotalsDialog

        view = self._desk.view()
        if view is not None:
            self._desk.open_dialog(TotalsDialog(self._bridge, view, self._contents))

    def _new_token(self) -> None:
        from qbdesk.ui.dialogs.source_token import SourceTokenDialog

        view = self._desk.view()
        if view is not None:
            dialog = SourceTokenDialog(self._bridge, view, self._contents)
            dialog.changed.connect(lambda: self._token_changed(view))
            self._desk.open_dialog(dialog)

    def _token_changed(self, view: CompanyView) -> None:
        if view.connected and not view.paused:
            self.sync(view.name)
        self._desk.tell(self.tr("The source has accepted the new token."))
