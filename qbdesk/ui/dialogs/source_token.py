"""A new token for the source of a company, when the one before has ended or was replaced."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from qbdesk.sync.views import CompanyView
from qbdesk.ui import look
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.sheet import Sheet


class SourceTokenDialog(Sheet):
    """Signals:
    changed: The source has accepted the token, and it is kept.
    """

    changed = Signal()

    def __init__(self, bridge: Bridge, view: CompanyView, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.heading.setText(self.tr("New source token"))
        self.setWindowTitle(self.tr("New source token") + " – qbdesk")
        self._bridge, self._company = bridge, view.name
        told = self.tr(
            "Make a new token in the settings of {source}, and enter it here. qbdesk asks the "
            "source whether it is good before the old one is given up."
        )
        self.say(told.format(source=view.source_name or self.tr("your invoicing system")))
        self.token = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        title = look.label(self.tr("New access token"), bold=True)
        title.setBuddy(self.token)
        self.token.setAccessibleName(title.text())
        self.body.addWidget(title)
        self.body.addWidget(self.token)
        self.say(
            self.tr("It goes into this computer's keyring and nowhere else."),
            quiet=True,
        )
        self.button(self.tr("Cancel"), self.reject)
        self.use = self.button(self.tr("Use this token"), self._use, primary=True)
        self.token.textChanged.connect(lambda _: self._wait(waiting=False))
        self._wait(waiting=False)
        self.token.setFocus()

    def _wait(self, *, waiting: bool) -> None:
        self.token.setEnabled(not waiting)
        self.use.setEnabled(not waiting and bool(self.token.text().strip()))
        asking = self.tr("Asking the source …")
        self.use.setText(asking if waiting else self.tr("Use this token"))

    def _use(self) -> None:
        self.trouble.hide()
        self._wait(waiting=True)
        token = self.token.text().strip()
        asked = self._bridge.service.change_source_token(self._company, token)
        self._bridge.ask(self, asked, self._kept, self._failed)

    def _kept(self, _: None) -> None:
        self.token.clear()
        self.changed.emit()
        self.accept()

    def _failed(self, error: BaseException) -> None:
        self._wait(waiting=False)
        self.complain_of(error)
