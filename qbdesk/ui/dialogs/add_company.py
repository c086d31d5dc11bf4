"""Adding a company: where its paid invoices come from, and from which day on."""

from collections.abc import Collection

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from qbdesk.sync.views import CompanyView
from qbdesk.ui import look
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.sheet import Sheet
from qbdesk.ui.parts.day_box import DayBox
from qbdesk.ui.person import who

SOURCE = "feed"


class AddCompanyDialog(Sheet):
    """Signals:
    added: The source has answered and the company is there. arg: CompanyView
    """

    added = Signal(object)

    def __init__(
        self, bridge: Bridge, names: Collection[str], parent: QWidget | None = None
    ) -> None:
        """`names`: of the companies that are there."""
        super().__init__("", parent, width=560)
        self.heading.setText(self.tr("Add a company"))
        self.setWindowTitle(self.tr("Add a company") + " – qbdesk")
        self._bridge, self._names = bridge, names
        self._waiting = False
        self.say(
            self.tr(
                "Name the place where its invoices get paid. qbdesk asks that place who it is "
                "before anything is kept; QuickBooks comes next."
            ),
        )
        self.name = self._line(self.tr("For example: Maple & Birch"))
        self.url = self._line("https://billing.example.com")
        self.token = self._line(self.tr("From the settings of your invoicing system"))
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.from_day = DayBox(self.tr("Post from (paid date)"))
        self.body.addLayout(self._form())
        self.say(
            self.tr(
                "Invoices paid on that day or later are posted; earlier ones never are. The token "
                "goes into this computer's keyring and nowhere else."
            ),
            quiet=True,
        )
        self.button(self.tr("Cancel"), self.reject)
        self.add = self.button(self.tr("Add company"), self._add, primary=True)
        for field in (self.name, self.url, self.token):
            field.textChanged.connect(lambda _: self._enable())
        self._enable()

    def _line(self, example: str) -> QLineEdit:
        return QLineEdit(placeholderText=example)

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        rows = (
            (self.tr("Name in qbdesk"), self.name),
            (self.tr("Address of the source"), self.url),
            (self.tr("Its access token"), self.token),
            (self.tr("Post from (paid date)"), self.from_day),
        )
        for text, field in rows:
            title = look.label(text)
            title.setBuddy(field)
            field.setAccessibleName(text)
            form.addRow(title, field)
        return form

    def _enable(self) -> None:
        filled = all(field.text().strip() for field in (self.name, self.url, self.token))
        self.add.setEnabled(filled and not self._waiting)
        waiting = self.tr("Asking the source …")
        self.add.setText(waiting if self._waiting else self.tr("Add company"))

    def _wait(self, *, waiting: bool) -> None:
        self._waiting = waiting
        self._enable()

    def _add(self) -> None:
        self.trouble.hide()
        name = " ".join(self.name.text().split())
        if name in self._names:
            told = self.tr(
                "{name} is there already. Give this company a name of its own. A new token for "
                "{name} is given with “New source token…” in its menu."
            )
            self.complain(told.format(name=name))
            return
        self._wait(waiting=True)
        asked = self._bridge.service.add_company(
            name,
            SOURCE,
            self.url.text().strip(),
            self.token.text().strip(),
            self.from_day.day(),
            who(),
        )
        self._bridge.ask(self, asked, self._is_added, self._failed)

    def _is_added(self, view: CompanyView) -> None:
        self.token.clear()
        self.added.emit(view)
        self.accept()

    def _failed(self, error: BaseException) -> None:
        self._wait(waiting=False)
        self.complain_of(error)
