"""Between the engine's thread and the screen's: calls go out, answers and events come queued."""

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, TypeVar

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, Slot

from qbdesk.sync.errors import Trouble

if TYPE_CHECKING:
    from qbdesk.sync.service import Service
    from qbdesk.sync.views import Event

logger = logging.getLogger("qbdesk.ui")
Answer = TypeVar("Answer")


def sentence_of(error: BaseException) -> str:
    """What the screen says about an error."""
    if isinstance(error, Trouble):
        return str(error)
    return QCoreApplication.translate(
        "bridge",
        "Something went wrong in qbdesk itself. Nothing was lost; press Sync now, and if it "
        "happens again look into the log.",
    )


class Bridge(QObject):
    """Owns the connection to the service; lives in the screen's thread.

    Attributes:
        service: There once the window has been shown; nothing can be pressed before.

    Signals:
        heard: Something happened in the engine. arg: Event
    """

    heard = Signal(object)
    _settled = Signal(object)

    service: "Service"

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closed = False
        queued = Qt.ConnectionType.QueuedConnection
        self._settled.connect(self._answer, queued)
        self._unsubscribe: Callable[[], None] = lambda: None

    def attach(self, service: "Service") -> None:
        """From now on the service may be asked, and is heard."""
        self.service = service
        self._unsubscribe = service.subscribe(self._hear)

    def close(self) -> None:
        """No event and no answer comes through any more."""
        if not self._closed:
            self._closed = True
            self._unsubscribe()

    def ask(
        self,
        owner: QObject,
        asked: "Future[Answer]",
        then: Callable[[Answer], None] | None = None,
        otherwise: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Calls `then` or `otherwise` in the screen's thread, unless `owner` is gone by then."""

        def settled(future: "Future[Answer]") -> None:
            if not self._closed:
                self._settled.emit((owner, future, then, otherwise))

        asked.add_done_callback(settled)

    @Slot(object)
    def _answer(self, settled: tuple[QObject, "Future[Any]", Any, Any]) -> None:
        owner, future, then, otherwise = settled
        if self._closed or not shiboken6.isValid(owner) or future.cancelled():
            return
        error = future.exception(timeout=0)
        if error is None:
            if then:
                then(future.result(timeout=0))
            return
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, Trouble):
            _note(error)
        if otherwise:
            otherwise(error)

    def _hear(self, event: "Event") -> None:
        if not self._closed:
            self.heard.emit(event)


def _note(error: BaseException) -> None:
    import traceback

    # Where, but not what: the text of an unforeseen error may quote a customer or a secret.
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("Unexpected %s in the engine:\n%s", type(error).__name__, where)
