"""The consent window: Intuit's sign-in page, where it is from, and the ways out of it."""

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWebEngineCore import QWebEngineLoadingInfo, QWebEngineProfile
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from qbdesk.ui.consent.hosts import Rules, shown_address
from qbdesk.ui.consent.messages import (
    BrowserWanted,
    Closed,
    ConsentRequest,
    Landed,
    Outcome,
    TimedOut,
)
from qbdesk.ui.consent.notice import (
    LOAD_FAILED,
    PAGE_STOPPED,
    SERVER_FAILED,
    Notice,
    certificate_text,
    refused_text,
)
from qbdesk.ui.consent.page import ConsentPage
from qbdesk.ui.consent.pane import PagePane, answered

TITLE = "Connect QuickBooks - qbdesk"
_QUEUED = Qt.ConnectionType.QueuedConnection


class SignInWindow(QWidget):
    """One attempt to sign in. `finished` is emitted once, with how it ended."""

    finished = Signal(object)

    def __init__(self, request: ConsentRequest, profile: QWebEngineProfile) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        # A title bar and a panel have to fit on a small screen too.
        self.resize(520, min(720, self.screen().availableSize().height() - 40))
        self.setMinimumSize(420, 420)
        self._start_url = QUrl(request.authorize_url)
        rules = Rules.of(request)
        self._test_server = rules.intuit_root is not None
        self._over = False
        page = ConsentPage(profile, rules, self)
        self._pane = PagePane(page, self, test_server=self._test_server)
        self.notice = Notice(self)
        self.notice.try_again.connect(self.start)
        column = QVBoxLayout(self)
        column.addWidget(self._pane, 1)
        column.addWidget(self.notice)
        column.addLayout(self._buttons())
        self._connect(page)
        page.loadingChanged.connect(self._loading_changed)
        page.renderProcessTerminated.connect(self._page_stopped)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(lambda: self._finish(TimedOut()))
        self._clock.start(round(request.timeout_seconds * 1000))

    def _buttons(self) -> QHBoxLayout:
        browser = QPushButton("Open in my &browser", self)
        browser.setToolTip("For Google sign-in, passkeys and password managers")
        browser.clicked.connect(lambda: self._finish(BrowserWanted()))
        cancel = QPushButton("&Cancel", self)
        cancel.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addWidget(browser)
        row.addStretch(1)
        row.addWidget(cancel)
        return row

    def _connect(self, page: ConsentPage) -> None:
        # Queued: finishing destroys the page, which is still in the middle of its call.
        page.landed.connect(lambda address: self._finish(Landed(address=address)), _QUEUED)
        page.allowed.connect(self.notice.hide)
        page.refused.connect(self._refused)
        page.certificate_refused.connect(self._certificate_refused)
        page.popup_opened.connect(self._open_popup)

    def start(self) -> None:
        """Load the authorize page, at first or again."""
        self._pane.page.load(self._start_url)

    # ---- what pages do --------------------------------------------------------------------------

    def _refused(self, url: QUrl) -> None:
        self.notice.say(refused_text(shown_address(url), test_server=self._test_server))

    def _certificate_refused(self, url: QUrl) -> None:
        self.notice.say(certificate_text(shown_address(url)))

    def _loading_changed(self, info: QWebEngineLoadingInfo) -> None:
        failed = info.status() == QWebEngineLoadingInfo.LoadStatus.LoadFailedStatus
        if failed and self.notice.isHidden():  # otherwise it says already why
            self.notice.say(SERVER_FAILED if answered(info) else LOAD_FAILED)

    def _page_stopped(self) -> None:
        self.notice.say(PAGE_STOPPED)

    def _open_popup(self, page: ConsentPage) -> None:
        popup = PagePane(page, self, test_server=self._test_server)
        popup.setWindowFlag(Qt.WindowType.Window)
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popup.setWindowTitle(TITLE)
        popup.resize(self.size() * 0.9)
        page.setParent(popup)
        self._connect(page)
        # Shown once it goes somewhere, so that a refused one does not flash up.
        page.allowed.connect(popup.show)
        page.refused.connect(popup.close, _QUEUED)
        page.windowCloseRequested.connect(popup.close, _QUEUED)

    # ---- the end --------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Take closing the window for Cancel."""
        self._finish(Closed())
        super().closeEvent(event)

    def _finish(self, outcome: Outcome) -> None:
        if self._over:
            return
        self._over = True
        self._clock.stop()
        for pane in self.findChildren(PagePane):
            if pane.isWindow():
                pane.close()
        self.hide()
        self.finished.emit(outcome)
