"""Opens the consent window as a child process and says how the sign-in ended."""

import os

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

from qbdesk.ui.consent.child import clean_environment, consent_command, working_folder
from qbdesk.ui.consent.messages import (
    LINE_LIMIT,
    BrowserWanted,
    Closed,
    ConsentRequest,
    Landed,
    Outcome,
    TimedOut,
    Unavailable,
    read_outcome,
)

_STOPPED = (
    "The sign-in window stopped unexpectedly, and nothing was changed in QuickBooks. Try again, or"
    " use “Open in my browser”."
)
_NOT_STARTED = "The sign-in window could not be started. Use “Open in my browser” to sign in."
_GRACE_MILLISECONDS = 3000


def _environment() -> QProcessEnvironment:
    environment = QProcessEnvironment()
    for name, value in clean_environment(os.environ).items():
        environment.insert(name, value)
    return environment


class ConsentWindow(QObject):
    """The consent window seen from the program: one at a time, and nothing here ever waits for it.

    After `open` exactly one signal follows, when the child process and its memory are gone.
    """

    landed = Signal(str)
    """The redirect address in full, as Intuit asked the browser to open it."""
    closed = Signal()
    browser_wanted = Signal()
    timed_out = Signal()
    unavailable = Signal(str)
    """A sentence for the person: no window can be shown here, or it stopped."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._output = b""
        self._outcome: Outcome | None = None
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._kill_at_quit)

    @property
    def is_open(self) -> bool:
        """Say whether a window is open; a second one cannot be."""
        return self._process is not None

    def open(self, request: ConsentRequest) -> bool:
        """Open the window, or return False because one is open already."""
        if self._process is not None:
            return False
        self._output, self._outcome = b"", None
        program, *arguments = consent_command()
        process = QProcess(self)
        process.setProgram(program)
        process.setArguments(arguments)
        process.setProcessEnvironment(_environment())
        process.setWorkingDirectory(working_folder())
        # Chromium's own messages can quote addresses.
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._read)
        process.errorOccurred.connect(self._failed)
        process.finished.connect(self._finished)
        self._process = process
        process.start()
        process.write(request.line())
        process.closeWriteChannel()
        return True

    def close(self) -> None:
        """Close the window, if one is open; `closed` follows."""
        self._end_with(Closed())

    def _end_with(self, outcome: Outcome) -> None:
        if self._process is not None and self._outcome is None:
            self._outcome = outcome
            self._process.kill()

    def _read(self) -> None:
        if self._process is None:
            return
        started = b"\n" in self._output
        self._output += self._process.readAllStandardOutput().data()
        if len(self._output) > LINE_LIMIT:
            self._end_with(Unavailable(why=_STOPPED))
        elif b"\n" in self._output and not started:
            # It ends by itself after its answer; one that does not is not waited for.
            QTimer.singleShot(_GRACE_MILLISECONDS, self._process, self._process.kill)

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._outcome = Unavailable(why=_NOT_STARTED)
            self._finished()

    def _finished(self) -> None:
        self._read()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        self._tell(self._outcome or self._answer())

    def _answer(self) -> Outcome:
        try:
            return read_outcome(self._output)
        except ValueError:
            return Unavailable(why=_STOPPED)

    def _tell(self, outcome: Outcome) -> None:
        match outcome:
            case Landed(address=address):
                self.landed.emit(address)
            case Closed():
                self.closed.emit()
            case BrowserWanted():
                self.browser_wanted.emit()
            case TimedOut():
                self.timed_out.emit()
            case Unavailable(why=why):
                self.unavailable.emit(why)

    def _kill_at_quit(self) -> None:
        process = self._process
        if process is not None:
            self.close()
            process.waitForFinished(_GRACE_MILLISECONDS)
