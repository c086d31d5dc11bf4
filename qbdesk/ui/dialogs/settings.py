"""The answers that were given once for a company, and can be changed."""

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QPushButton, QScrollArea, QWidget

from qbdesk.sync.views import CompanyView, Setting
from qbdesk.ui import look, words
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.sheet import Sheet
from qbdesk.ui.parts import layouts
from qbdesk.ui.parts.choice_box import ChoiceBox
from qbdesk.ui.person import who

# Asked for at once: what every posting uses, and what is paid out later in one sum (rule 25).
FIRST = ("income_account", "deposit.card", "deposit.paypal", "deposit.bank_debit")
_TAX = "tax."


class SettingsDialog(Sheet):
    """One box a setting; only changed ones are sent.

    Signals:
        saved: All changes are kept.
    """

    saved = Signal()

    def __init__(self, bridge: Bridge, view: CompanyView, parent: QWidget | None = None) -> None:
        super().__init__("", parent, width=600)
        self.heading.setText(self.tr("Settings of {company}").format(company=view.name))
        self.setWindowTitle(self.tr("Settings") + " – qbdesk")
        self._bridge, self._company = bridge, view.name
        self._before: dict[str, str] = {}
        self.boxes: dict[str, ChoiceBox] = {}
        self._forms = [_form() for _ in range(3)]
        first, others, tax = (_holding(form) for form in self._forms)
        self.more = QPushButton(self.tr("More payment methods"))
        self.more.setCheckable(True)
        self.more.toggled.connect(others.setVisible)
        self._inside = QWidget()
        column = layouts.column(self._inside, gap=14)
        column.addLayout(_facts(self, view))
        self.note = look.label(self.tr("Reading the settings …"), quiet=True, wrap=True)
        for part in (self.note, first):
            column.addWidget(part)
        column.addWidget(self.more, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(others)
        column.addWidget(tax)
        column.addStretch(1)
        others.hide()
        self.more.hide()
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._inside)
        area.setMinimumHeight(360)
        self.body.addWidget(area, 1)
        self.button(self.tr("Cancel"), self.reject)
        self.save = self.button(self.tr("Save"), self._save, primary=True)
        self.save.setEnabled(False)
        bridge.ask(self, bridge.service.settings(view.name), self._show, self.complain_of)

    def _show(self, settings: list[Setting]) -> None:
        if not settings:
            self.note.setText(
                self.tr(
                    "Connect QuickBooks first: there is nothing to choose from before its accounts "
                    "are known."
                )
            )
            return
        self.note.setText(
            self.tr(
                "A change counts from the next sync on. What is posted already stays as it is; "
                "what needs attention is looked at once more."
            )
        )
        for form, group in zip(self._forms, _grouped(settings), strict=True):
            for setting in group:
                self._add(form, setting)
        self.more.setVisible(self._forms[1].rowCount() > 0)

    def _add(self, form: QFormLayout, setting: Setting) -> None:
        box = ChoiceBox(setting.label, setting.choices, setting.value)
        box.currentIndexChanged.connect(lambda _: self.save.setEnabled(bool(self._changes())))
        self._before[setting.key] = setting.value
        self.boxes[setting.key] = box
        title = look.label(setting.label, wrap=True)
        title.setBuddy(box)
        form.addRow(title, box)

    def _changes(self) -> dict[str, str]:
        now = {key: box.chosen() for key, box in self.boxes.items()}
        return {
            key: word for key, word in now.items() if word is not None and word != self._before[key]
        }

    def _save(self) -> None:
        self.trouble.hide()
        self._wait(waiting=True)
        for key, word in self._changes().items():
            asked = self._bridge.service.change_setting(self._company, key, word, who())
            self._bridge.ask(self, asked, partial(self._kept, key, word), self._refused)

    def _wait(self, *, waiting: bool) -> None:
        self._inside.setEnabled(not waiting)
        self.save.setEnabled(not waiting)

    def _kept(self, key: str, word: str, _: None) -> None:
        self._before[key] = word
        if not self._changes():
            self.saved.emit()
            self.accept()

    def _refused(self, error: BaseException) -> None:
        self._wait(waiting=False)
        self.complain_of(error)


def _grouped(settings: Iterable[Setting]) -> tuple[list[Setting], list[Setting], list[Setting]]:
    """Those that are always seen, the other payment methods, and the answers about tax."""
    known = {setting.key: setting for setting in settings}
    first = [known.pop(key) for key in FIRST if key in known]
    tax = [setting for key, setting in known.items() if key.startswith(_TAX)]
    others = [setting for key, setting in known.items() if not key.startswith(_TAX)]
    return first, others, tax


def _facts(owner: QWidget, view: CompanyView) -> QFormLayout:
    """What was named when the company was added, to be read only."""
    form = _form()
    for name, value in (
        (owner.tr("Source"), view.source_name or view.name),
        (owner.tr("Its address"), view.source_url),
        (owner.tr("Posts what was paid from"), words.day(view.from_date)),
    ):
        form.addRow(look.label(name, quiet=True), look.label(value, wrap=True, selectable=True))
    return form


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    form.setVerticalSpacing(10)
    form.setHorizontalSpacing(14)
    form.setContentsMargins(0, 0, 0, 0)
    return form


def _holding(form: QFormLayout) -> QWidget:
    holder = QWidget()
    holder.setLayout(form)
    return holder
