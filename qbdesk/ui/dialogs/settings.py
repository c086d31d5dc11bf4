"""The answers that were given once for a company, and can be changed."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QLineEdit, QScrollArea, QWidget

from qbdesk.ui import look
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.sheet import Sheet
from qbdesk.ui.look import Tone


class SettingsDialog(Sheet):
    """One line a setting, as `qbdesk settings` lists them; only changed ones are sent."""

    def __init__(self, bridge: Bridge, company: str, parent: QWidget | None = None) -> None:
        super().__init__("", parent, width=600)
        self.heading.setText(self.tr("Settings of {company}").format(company=company))
        self.setWindowTitle(self.tr("Settings") + " – qbdesk")
        self._bridge, self._company = bridge, company
        self._before: dict[str, str] = {}
        self.fields: dict[str, QLineEdit] = {}
        self.wait = self.say(self.tr("Reading the settings …"), quiet=True)
        self._form = QFormLayout()
        self._form.setVerticalSpacing(10)
        self._form.setHorizontalSpacing(14)
        inside = QWidget()
        inside.setLayout(self._form)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        area.setMinimumHeight(260)
        self.body.addWidget(area, 1)
        self.button(self.tr("Close"), self.reject)
        self.save = self.button(self.tr("Save changes"), self._save, primary=True)
        self.save.setEnabled(False)
        bridge.ask(self, bridge.service.settings(company), self._show, self.complain_of)

    def _show(self, settings: dict[str, str]) -> None:
        self._before = dict(settings)
        self.wait.setText(
            self.tr(
                "A change is used from the next pass on; what is posted already stays as it is."
            )
            if settings
            else self.tr("There is nothing to set yet. Answers you give once are listed here.")
        )
        for key, value in sorted(settings.items()):
            field = QLineEdit(value)
            name = key.replace("_", " ").replace(".", ": ").capitalize()
            field.setAccessibleName(name)
            field.textChanged.connect(lambda _: self.save.setEnabled(bool(self._changes())))
            self.fields[key] = field
            self._form.addRow(look.label(name, wrap=True), field)

    def _changes(self) -> dict[str, str]:
        now = {key: field.text().strip() for key, field in self.fields.items()}
        return {key: value for key, value in now.items() if value != self._before[key]}

    def _save(self) -> None:
        self.trouble.hide()
        self.save.setEnabled(False)
        for key, value in self._changes().items():
            asked = self._bridge.service.change_setting(self._company, key, value)
            self._bridge.ask(self, asked, partial(self._saved, key, value), self._refused)

    def _saved(self, key: str, value: str, _: None) -> None:
        self._before[key] = value
        if not self._changes() and not self.trouble.isVisible():
            self.complain(self.tr("Saved."), Tone.GOOD)

    def _refused(self, error: BaseException) -> None:
        self.save.setEnabled(True)
        self.complain_of(error)
