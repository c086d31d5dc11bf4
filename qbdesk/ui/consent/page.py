"""The web page of the consent window: it may go to few places, and the redirect never loads."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtWebEngineCore import (
    QWebEngineCertificateError,
    QWebEngineDownloadRequest,
    QWebEngineFileSystemAccessRequest,
    QWebEnginePage,
    QWebEnginePermission,
    QWebEngineProfile,
    QWebEngineRegisterProtocolHandlerRequest,
    QWebEngineSettings,
)

from qbdesk.ui.consent.hosts import Rules

_Attribute = QWebEngineSettings.WebAttribute
_SWITCHED_OFF = (
    _Attribute.AutoLoadIconsForPage,
    _Attribute.ErrorPageEnabled,
    _Attribute.FullScreenSupportEnabled,
    _Attribute.HyperlinkAuditingEnabled,
    _Attribute.DnsPrefetchEnabled,
    _Attribute.JavascriptCanOpenWindows,  # without a click; with one they still open
    _Attribute.JavascriptCanAccessClipboard,
    _Attribute.LocalContentCanAccessFileUrls,
    _Attribute.NavigateOnDropEnabled,
    _Attribute.PdfViewerEnabled,
    _Attribute.PluginsEnabled,
    _Attribute.ScreenCaptureEnabled,
)


def private_profile() -> QWebEngineProfile:
    """Return a profile for one sign-in: kept in memory only, without downloads.

    Without a name it is off the record: cookies and cache end with it, and the next sign-in can be
    another person's.
    """
    profile = QWebEngineProfile()
    profile.downloadRequested.connect(_cancel_download)
    for attribute in _SWITCHED_OFF:
        profile.settings().setAttribute(attribute, False)  # noqa: FBT003 - Qt's own signature
    return profile


def _cancel_download(download: QWebEngineDownloadRequest) -> None:
    download.cancel()


class ConsentPage(QWebEnginePage):
    """A page that asks the rules before each main-frame navigation.

    The redirect is caught in acceptNavigationRequest, the only place from which it never reaches
    the network: a request interceptor lets it out now and then, urlChanged always does. The
    signals are emitted inside that call; connect them queued when the page may be destroyed.
    """

    landed = Signal(str)
    """The redirect address in full. Emitted once; nothing is opened after it."""
    allowed = Signal()
    refused = Signal(QUrl)
    certificate_refused = Signal(QUrl)
    popup_opened = Signal(QWebEnginePage)

    def __init__(self, profile: QWebEngineProfile, rules: Rules, parent: QObject | None) -> None:
        super().__init__(profile, parent)
        self._rules = rules
        self._ended = False
        self.certificateError.connect(self._reject_certificate)
        self.permissionRequested.connect(QWebEnginePermission.deny)
        self.fileSystemAccessRequested.connect(QWebEngineFileSystemAccessRequest.reject)
        self.registerProtocolHandlerRequested.connect(
            QWebEngineRegisterProtocolHandlerRequest.reject
        )

    def acceptNavigationRequest(
        self, url: QUrl | str, type: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        """Refuse the redirect address and every place outside the rules."""
        target = QUrl(url)
        if not is_main_frame:
            # A frame inside the page is nobody's sign-in, and no code leaves through it either.
            return not self._rules.ends_at(target)
        return self._accept(target)

    def _accept(self, url: QUrl) -> bool:
        if self._ended:
            return False
        if self._rules.ends_at(url):
            self._ended = True
            self.landed.emit(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
            return False
        # A new popup is empty until its opener sends it somewhere.
        if self._rules.may_open(url) or url == QUrl("about:blank"):
            self.allowed.emit()
            return True
        self.refused.emit(url)
        return False

    def createWindow(self, type: QWebEnginePage.WebWindowType) -> QWebEnginePage:
        """Return a page under the same rules; without one a popup would be lost silently."""
        popup = ConsentPage(self.profile(), self._rules, self.parent())
        self.popup_opened.emit(popup)
        return popup

    def chooseFiles(  # noqa: N802 - Qt's own name
        self,
        mode: QWebEnginePage.FileSelectionMode,
        old_files: Sequence[str],
        accepted_types: Sequence[str],
    ) -> list[str]:
        """Offer no files: signing in needs none."""
        return []

    def javaScriptConsoleMessage(  # noqa: N802 - Qt's own name
        self,
        level: QWebEnginePage.JavaScriptConsoleMessageLevel,
        message: str,
        line_number: int,
        source: str,
    ) -> None:
        """Drop what the page logs: it can quote addresses."""

    def _reject_certificate(self, error: QWebEngineCertificateError) -> None:
        error.rejectCertificate()
        if error.isMainFrame():
            self.certificate_refused.emit(error.url())
