"""One page on the screen: its address, its progress, and the page itself."""

from PySide6.QtCore import Qt
from PySide6.QtWebEngineCore import QWebEngineLoadingInfo
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QLabel, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from qbdesk.ui.consent.address import AddressBar
from qbdesk.ui.consent.page import ConsentPage

_WORTH_SEEING = 50
"""Per cent loaded from which there is something to see, though pictures may still be missing."""

_THIN_LINE = (
    "QProgressBar { border: 0; background: transparent; }"
    "QProgressBar::chunk { background: palette(highlight); }"
)


class PagePane(QWidget):
    """A page below its address. Until there is something to see, a sentence stands in its place."""

    def __init__(self, page: ConsentPage, parent: QWidget, *, test_server: bool) -> None:
        super().__init__(parent)
        self.page = page
        self.address = AddressBar(self, test_server=test_server)
        self._progress = QProgressBar(self)
        self._progress.setFixedHeight(3)
        self._progress.setTextVisible(False)
        self._progress.setStyleSheet(_THIN_LINE)
        self._progress.setAccessibleName("Loading")
        self._view = QWebEngineView(self)
        self._view.setPage(page)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._waiting = QLabel("Opening the sign-in page…", self)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        # An unloaded page is a white sheet, glaring on a dark desktop.
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(self._view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.address)
        column.addWidget(self._progress)
        column.addWidget(self._stack, 1)
        page.urlChanged.connect(self.address.show_url)
        page.loadProgress.connect(self._show_progress)
        page.loadingChanged.connect(self._loading_changed)
        page.refused.connect(self._waiting.clear)
        page.renderProcessTerminated.connect(self._show_nothing)

    def _show_progress(self, percent: int) -> None:
        self._progress.setValue(percent % 100)  # all is loaded: the line is empty again
        if _WORTH_SEEING <= percent < 100:
            self._stack.setCurrentWidget(self._view)

    def _loading_changed(self, info: QWebEngineLoadingInfo) -> None:
        match info.status():
            case QWebEngineLoadingInfo.LoadStatus.LoadSucceededStatus:
                self._stack.setCurrentWidget(self._view)
            case QWebEngineLoadingInfo.LoadStatus.LoadFailedStatus if answered(info):
                self._stack.setCurrentWidget(self._view)
            case QWebEngineLoadingInfo.LoadStatus.LoadFailedStatus:
                self._show_nothing()

    def _show_nothing(self) -> None:
        self._waiting.clear()
        self._stack.setCurrentWidget(self._waiting)


def answered(info: QWebEngineLoadingInfo) -> bool:
    """Say whether a failed load was an answer with an error status, and so perhaps a page."""
    return info.errorDomain() == QWebEngineLoadingInfo.ErrorDomain.HttpStatusCodeDomain
