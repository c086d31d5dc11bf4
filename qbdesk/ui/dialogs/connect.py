"""Connecting QuickBooks: keys, consent at Intuit, and the confirmation of what came back."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStackedWidget, QWidget

from qbdesk.sync.views import CompanyView, ConsentRequest, Offer
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.connect_pages import ConfirmPage, KeysPage, PastePage, WaitingPage
from qbdesk.ui.dialogs.sheet import Sheet
from qbdesk.ui.look import Tone
from qbdesk.ui.person import who


def consent_window(parent: QObject) -> Any:
    """Imported only when it is wanted: few people sign in often."""
    from qbdesk.ui.consent.launcher import ConsentWindow

    return ConsentWindow(parent)


def consent_message(request: ConsentRequest) -> Any:
    from qbdesk.ui.consent.messages import ConsentRequest as Message

    return Message(
        authorize_url=request.authorize_url,
        redirect_uri=request.redirect_uri,
        intuit_root=request.test_server_root,
    )


class ConnectDialog(Sheet):
    """Whatever ends it before the last page leaves nothing behind.

    Signals:
        connected: Confirmed; the company is connected. arg: CompanyView
        preview_wanted: The same, and nothing is posted before a preview. arg: CompanyView
    """

    connected = Signal(object)
    preview_wanted = Signal(object)

    def __init__(
        self,
        bridge: Bridge,
        view: CompanyView,
        open_browser: Callable[[str], bool],
        parent: QWidget | None = None,
        make_consent: Callable[[QObject], Any] = consent_window,
    ) -> None:
        super().__init__("", parent, width=600)
        self.setMinimumHeight(620)
        self.setWindowTitle(self.tr("Connect QuickBooks") + " – qbdesk")
        self._bridge, self._service = bridge, bridge.service
        self._company, self._open_browser = view.name, open_browser
        self._make_consent = make_consent
        self._consent: Any = None
        self._request: ConsentRequest | None = None
        self._begun = self._by_browser = self._busy = self._confirming = False
        self._previews = True  # unless these books were posted to before
        self._under_way: Future[Any] | None = None
        self.keys, self.waiting = KeysPage(), WaitingPage()
        self.paste, self.confirm = PastePage(), ConfirmPage()
        self.pages = QStackedWidget()
        for page in (self.keys, self.waiting, self.paste, self.confirm):
            self.pages.addWidget(page)
        self.body.addWidget(self.pages)
        self.cancel = self.button(self.tr("Cancel"), self.reject)
        self.browser = self.button(self.tr("Open in my browser"), self.use_browser)
        self.other_way = self.button("", lambda: self._confirm(preview=not self._previews))
        self.go_on = self.button("", self._go_on, primary=True)
        self.keys.changed.connect(self._enable)
        self.confirm.changed.connect(self._enable)
        self.paste.address.textChanged.connect(lambda _: self._enable())
        self.paste.again.clicked.connect(lambda: self._browse())
        self.paste.copy.clicked.connect(lambda: self._copy_address())
        self._turn_to(self.keys)
        bridge.ask(self, self._service.app_keys_known(), self._keys_known, self.complain_of)

    def _keys_known(self, known: tuple[str, str] | None) -> None:
        if known is not None and not self.keys.client_id.text():
            self.keys.show_stored(*known)

    # ---- pages and buttons ----

    def _turn_to(self, page: QWidget) -> None:
        previewed = self.tr("Use it, and preview first")
        first, second = self.tr("Use this company"), previewed
        if self._previews:
            first, second = previewed, self.tr("Use it, and post at once")
        self.other_way.setText(second)
        texts = {
            self.keys: (self.tr("Connect QuickBooks"), self.tr("Sign in at Intuit")),
            self.waiting: (self.tr("Sign in at Intuit"), ""),
            self.paste: (self.tr("Sign in with your browser"), self.tr("Continue")),
            self.confirm: (self.tr("Is this the right company?"), first),
        }
        heading, go_on = texts[page]
        self.heading.setText(heading)
        self.go_on.setText(go_on)
        self.go_on.setVisible(bool(go_on))
        self.browser.setVisible(page in (self.keys, self.waiting))
        self.other_way.setVisible(page is self.confirm)
        self.pages.setCurrentWidget(page)
        self._wait(busy=False)

    def _enable(self) -> None:
        ready = not self._busy and self._is_complete()
        self.go_on.setEnabled(ready)
        self.browser.setEnabled(ready)
        self.other_way.setEnabled(ready)
        self.cancel.setEnabled(not self._confirming)

    def _is_complete(self) -> bool:
        page = self.pages.currentWidget()
        if page is self.keys:
            return self.keys.complete()
        if page is self.paste:
            return bool(self.paste.address.text().strip())
        return page is self.waiting or self.confirm.complete()

    def _wait(self, *, busy: bool) -> None:
        """While an answer is on its way nothing can be pressed twice."""
        self._busy = busy
        self._enable()

    def _go_on(self) -> None:
        self.trouble.hide()
        page = self.pages.currentWidget()
        if page is self.keys:
            self._begin(by_browser=False)
        elif page is self.paste:
            self._landed(self.paste.address.text().strip())
        elif page is self.confirm:
            self._confirm(preview=self._previews)

    def _ask(
        self,
        asked: "Future[Any]",
        then: Callable[[Any], None],
        otherwise: Callable[[BaseException], None],
    ) -> None:
        self._under_way = asked
        self._bridge.ask(self, asked, then, otherwise)

    # ---- 1: keys ----

    def use_browser(self) -> None:
        """Signs in with the system's browser instead; a request that runs already is kept."""
        self.trouble.hide()
        if self._request is None:
            self._begin(by_browser=True)
            return
        self._close_consent()
        self._browse()

    def _begin(self, *, by_browser: bool) -> None:
        self._by_browser, self._begun = by_browser, True
        self._wait(busy=True)
        asked = self._service.begin_connect(self._company, *self.keys.keys())
        self._ask(asked, self._may_sign_in, self._start_over_with)

    def _may_sign_in(self, request: ConsentRequest) -> None:
        self._request = request
        if self._by_browser:
            self._browse()
        else:
            self._show_consent(request)

    # ---- 2: consent, embedded or in the browser ----

    def _show_consent(self, request: ConsentRequest) -> None:
        self._turn_to(self.waiting)
        consent = self._consent = self._make_consent(self)
        consent.landed.connect(self._landed)
        consent.closed.connect(
            lambda: self._gave_up(
                consent,
                self.tr(
                    "The sign-in window was closed, so nothing was connected. Start again "
                    "when you like."
                ),
            )
        )
        consent.timed_out.connect(
            lambda: self._gave_up(
                consent,
                self.tr(
                    "The sign-in took more than ten minutes and has ended, so nothing was "
                    "connected. Start again when you like."
                ),
            )
        )
        consent.browser_wanted.connect(self.use_browser)
        consent.unavailable.connect(self._no_window)
        consent.open(consent_message(request))

    def _close_consent(self) -> None:
        # Its own farewell must not be taken for the user giving up.
        consent, self._consent = self._consent, None
        if consent is not None:
            # Outlives the dialog for the moment that its process needs to end.
            consent.setParent(self._bridge)
            consent.closed.connect(consent.deleteLater)
            consent.close()

    def _no_window(self, sentence: str) -> None:
        self._consent = None
        if self._request is not None:
            self._turn_to(self.paste)
            self.complain(sentence, Tone.MIND)

    def _browse(self) -> None:
        self._turn_to(self.paste)
        if self._request and not self._open_browser(self._request.authorize_url):
            self.complain(
                self.tr(
                    "No browser could be opened on this computer. Copy the sign-in address and "
                    "open it in a browser of your own."
                )
            )

    def _copy_address(self) -> None:
        if self._request is not None:
            QGuiApplication.clipboard().setText(self._request.authorize_url)
            self.complain(self.tr("Copied. Open it in your browser."), Tone.GOOD)

    def _gave_up(self, consent: Any, sentence: str) -> None:
        if consent is self._consent:
            self._start_over(sentence, Tone.MIND)

    def _landed(self, address: str) -> None:
        self._consent = None
        self._wait(busy=True)
        self.go_on.setText(self.tr("Asking QuickBooks …"))
        asked = self._service.finish_connect(self._company, address)
        self._ask(asked, self._offered, self._start_over_with)

    # ---- 3: confirm ----

    def _offered(self, offer: Offer) -> None:
        self.paste.address.clear()
        self.confirm.show_offer(offer)
        self._previews = offer.new_books
        self._turn_to(self.confirm)

    def _confirm(self, *, preview: bool) -> None:
        self.trouble.hide()
        self._confirming = True
        self._wait(busy=True)
        asked = self._service.confirm_connect(
            self._company,
            *self.confirm.answer(),
            who(),
            first_day=self.confirm.chosen_first_day(),
            paused=preview if preview or self._previews else None,
        )
        told = self.preview_wanted if preview else self.connected
        self._ask(asked, lambda view: self._confirmed(view, told), self._not_confirmed)

    def _confirmed(self, view: CompanyView, told: SignalInstance) -> None:
        self._begun = self._confirming = False
        told.emit(view)
        self.accept()

    def _not_confirmed(self, error: BaseException) -> None:
        self._confirming = False
        self._wait(busy=False)
        self.complain_of(error)

    # ---- leaving nothing behind ----

    def _start_over_with(self, error: BaseException) -> None:
        self._forget()
        self._turn_to(self.keys)
        self.complain_of(error)

    def _start_over(self, sentence: str, tone: Tone) -> None:
        self._forget()
        self._turn_to(self.keys)
        self.complain(sentence, tone)

    def _forget(self) -> None:
        self._close_consent()
        self._request = None
        self.paste.address.clear()
        if self._under_way is not None:
            self._under_way.cancel()
        if self._begun:
            self._begun = False
            self._bridge.ask(self, self._service.cancel_connect(self._company))

    def reject(self) -> None:
        if self._confirming:
            return  # the tokens are on their way into the keyring: that is not broken off
        self._forget()
        super().reject()

    def done(self, result: int) -> None:
        # Kept till now: whoever closed the sign-in by mistake need not look it up again.
        self.keys.secret.clear()
        super().done(result)
