"""Runs one consent window to its end."""

import os
from importlib.resources import files

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication
from shiboken6 import Shiboken

from qbdesk.ui.consent.messages import Closed, ConsentRequest, Outcome
from qbdesk.ui.consent.page import private_profile
from qbdesk.ui.consent.window import SignInWindow

_PARENT_CHECK_MILLISECONDS = 1000


def run(request: ConsentRequest) -> Outcome:
    """Show the window and return how the sign-in ended.

    A window whose program is gone closes by itself: nobody is left to take the answer.
    """
    application = QApplication(["qbdesk"])
    application.setDesktopFileName("qbdesk")
    icon = files("qbdesk.resources") / "icons" / "qbdesk.svg"
    if icon.is_file():
        application.setWindowIcon(QIcon(str(icon)))
    outcomes: list[Outcome] = []
    profile = private_profile()
    window = SignInWindow(request, profile)
    window.finished.connect(outcomes.append)
    window.finished.connect(application.quit)
    program = os.getppid()
    check = QTimer()
    check.timeout.connect(lambda: os.getppid() == program or application.quit())
    check.start(_PARENT_CHECK_MILLISECONDS)
    window.show()
    window.start()
    application.exec()
    # Qt wants every page gone before its profile; left to the collector the order is chance.
    Shiboken.delete(window)
    Shiboken.delete(profile)
    return outcomes[0] if outcomes else Closed()
