"""What the screen knows of the companies, kept up to date by the engine's events."""

from PySide6.QtCore import QObject, QTimer, Signal

from qbdesk.sync.errors import LedgerDamaged
from qbdesk.sync.views import CompanyChanged, CompanyRemoved, CompanyView
from qbdesk.ui.bridge import Bridge, sentence_of
from qbdesk.ui.state import Overall, overall

# A pass reports many changes a second; the eye needs four.
GATHER_MS = 250


class Companies(QObject):
    """The newest view of every company; lives in the screen's thread.

    Signals:
        changed: One company, or which there are. arg: name
        troubled: They could not be read. arg: sentence
        damaged: There is no ledger to read them from. arg: sentence
    """

    changed = Signal(str)
    troubled = Signal(str)
    damaged = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._known: dict[str, CompanyView] = {}
        self._stale: set[str] = set()
        self._gather = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._gather.timeout.connect(self._ask_stale)
        self.loaded = False
        bridge.heard.connect(self._hear)

    def load(self) -> None:
        self._bridge.ask(self, self._bridge.service.companies(), self._take_all, self._trouble)

    def names(self) -> list[str]:
        return sorted(self._known)

    def get(self, name: str | None) -> CompanyView | None:
        return self._known.get(name) if name is not None else None

    def overall(self) -> Overall:
        return overall(self._known.values())

    def take(self, view: CompanyView) -> None:
        """A view that came as the answer to something the user did."""
        if self._known.get(view.name) != view:
            self._known[view.name] = view
            self.changed.emit(view.name)

    def forget(self, name: str) -> None:
        self._stale.discard(name)
        if self._known.pop(name, None):
            self.changed.emit(name)

    def _take_all(self, views: list[CompanyView]) -> None:
        known = {view.name: view for view in views}
        if not self.loaded or known != self._known:
            self.loaded, self._known = True, known
            self.changed.emit("")

    def _hear(self, event: object) -> None:
        if isinstance(event, CompanyRemoved):
            self.forget(event.company)
        elif isinstance(event, CompanyChanged):
            self._stale.add(event.company)
            if not self._gather.isActive():
                self._gather.start()

    def _ask_stale(self) -> None:
        stale, self._stale = self._stale, set()
        for name in sorted(stale):
            asked = self._bridge.service.company(name)
            self._bridge.ask(self, asked, self.take, self._trouble)

    def _trouble(self, error: BaseException) -> None:
        at_the_start = isinstance(error, LedgerDamaged) and not self.loaded
        said = self.damaged if at_the_start else self.troubled
        said.emit(sentence_of(error))
