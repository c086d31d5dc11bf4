"""The answers that were given once for a company, and can be changed."""

from collections.abc import Iterable
from functools import partial
from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QPushButton, QScrollArea, QWidget

from qbdesk.sync.views import CompanyView, JournalEntry, Setting
from qbdesk.ui import look
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.sheet import Sheet
from qbdesk.ui.journal import Journal
from qbdesk.ui.look import GAP
from qbdesk.ui.parts.choice_box import ChoiceBox
from qbdesk.ui.parts.day_box import DayBox
from qbdesk.ui.person import who

# Asked for at once: what every posting uses, and what is paid out later in one sum (rule 25).
FIRST = ("income_account", "deposit.card", "deposit.paypal", "deposit.bank_debit")
_ANSWERS = ("tax.", "filed_period", "item.", "customer.")


class SettingsDialog(Sheet):
    """One box a setting; only changed ones are sent.

    Signals:
        saved: All changes are kept.
        preview_wanted: The same, and nothing is posted before a preview. arg: CompanyView
    """

    saved = Signal()
    preview_wanted = Signal(object)

    def __init__(self, bridge: Bridge, view: CompanyView, parent: QWidget | None = None) -> None:
        super().__init__("", parent, width=660)
        self.heading.setText(self.tr("Settings of {company}").format(company=view.name))
        self.setWindowTitle(self.tr("Settings") + " – qbdesk")
        self._bridge, self._company = bridge, view.name
        self._before: dict[str, str] = {}
        self._previews = False
        self.boxes: dict[str, ChoiceBox] = {}
        self._others: list[ChoiceBox] = []
        self._inside = QWidget()
        self._form = _form(self._inside)
        for name, value in (
            (self.tr("Source"), view.source_name or view.name),
            (self.tr("Its address"), view.source_url),
        ):
            read = look.label(value, wrap=True, selectable=True)
            self._form.addRow(look.label(name, quiet=True), read)
        self._view = view
        self._add_first_day(view)
        self.note = look.label(self.tr("Reading the settings …"), quiet=True, wrap=True)
        self._form.addRow(self.note)
        self.more = QPushButton(self.tr("More payment methods"))
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_others)
        self.more.hide()
        self._area = QScrollArea(widgetResizable=True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._inside)
        self._area.setMinimumHeight(400)
        self.body.addWidget(self._area, 1)
        self.button(self.tr("Cancel"), self.reject)
        self.save = self.button(self.tr("Save"), self._save, primary=True)
        self.save.setEnabled(False)
        bridge.ask(self, bridge.service.settings(view.name), self._show, self.complain_of)

    def _add_first_day(self, view: CompanyView) -> None:
        text = self.tr("Posts what was paid from")
        self.first_day = DayBox(text)
        self.first_day.show_day(view.from_date)
        self.first_day.dateChanged.connect(lambda _: self._changed())
        title = look.label(text)
        title.setBuddy(self.first_day)
        self._form.addRow(title, self.first_day)
        told = self.tr(
            "An earlier day brings more invoices: nothing more is posted until you have seen them."
        )
        self.earlier = look.label(told, wrap=True, quiet=True)
        self._form.addRow("", self.earlier)
        self._form.setRowVisible(self.earlier, False)  # noqa: FBT003 - Qt names none

    def _is_earlier(self) -> bool:
        return self.first_day.day() < self._view.from_date

    def _changed(self) -> None:
        fed = self._view.company_name is not None
        self._form.setRowVisible(self.earlier, fed and self._is_earlier())
        self.save.setEnabled(self._is_changed())

    def _is_changed(self) -> bool:
        return bool(self._changes()) or self.first_day.day() != self._view.from_date

    def _show_journal(self, entries: list[JournalEntry]) -> None:
        """Who has changed what, at the end."""
        journal = Journal()
        journal.show_entries(tuple(entries))
        self._form.addRow(look.label(self.tr("What was changed"), quiet=True), journal)

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
                "A change of these counts from the next sync on. What is posted already stays as "
                "it is; what needs attention is looked at once more."
            )
        )
        first, others, answers = _grouped(settings)
        for setting in first:
            self._add(setting)
        if others:
            self._form.addRow("", self.more)
            self.more.show()
        self._others = [self._add(setting) for setting in others]
        self._show_others(shown=False)
        for setting in answers:
            self._add(setting)
        self._put_in_order([setting.key for setting in first])
        asked = self._bridge.service.journal(self._company)
        self._bridge.ask(self, asked, self._show_journal, self.complain_of)

    def _put_in_order(self, first: list[str]) -> None:
        """For the Tab key: as it stands, beginning with the first box."""
        boxes = list(self.boxes.values())
        more = [self.more] if self._others else []
        order = [*boxes[: len(first)], *more, *boxes[len(first) :]]
        for before, after in pairwise(order):
            self.setTabOrder(before, after)
        # Later: what has just been added does not show yet.
        QTimer.singleShot(0, order[0], lambda: order[0].setFocus())

    def _show_others(self, shown: bool) -> None:
        for box in self._others:
            self._form.setRowVisible(box, shown)

    def _add(self, setting: Setting) -> ChoiceBox:
        box = ChoiceBox(setting.label, setting.choices, setting.value)
        box.currentIndexChanged.connect(lambda _: self._changed())
        self._before[setting.key] = setting.value
        self.boxes[setting.key] = box
        # With a buddy, a single & would underline the next letter.
        title = look.label(setting.label.replace("&", "&&"))
        title.setBuddy(box)
        self._form.addRow(title, box)
        return box

    def _changes(self) -> dict[str, str]:
        now = {key: box.chosen() for key, box in self.boxes.items()}
        return {
            key: word for key, word in now.items() if word is not None and word != self._before[key]
        }

    def _save(self) -> None:
        self.trouble.hide()
        self._wait(waiting=True)
        day = self.first_day.day()
        if day != self._view.from_date:  # first: an earlier one stops what the others would begin
            asked = self._bridge.service.begin_from(self._company, day, who())
            self._bridge.ask(self, asked, partial(self._begins, self._is_earlier()), self._refused)
        for key, word in self._changes().items():
            asked = self._bridge.service.change_setting(
                self._company, key, word, who(), offered=True
            )
            self._bridge.ask(self, asked, partial(self._kept, key, word), self._refused)

    def _wait(self, *, waiting: bool) -> None:
        self._inside.setEnabled(not waiting)
        self.save.setEnabled(not waiting)

    def _kept(self, key: str, word: str, _: None) -> None:
        self._before[key] = word
        self._accept_when_all_is_kept()

    def _begins(self, earlier: bool, view: CompanyView) -> None:
        self._view = view
        self._previews = earlier and view.connected
        self._accept_when_all_is_kept()

    def done(self, result: int) -> None:
        super().done(result)
        # Also where another change was refused and given up: the day is kept, and posting waits.
        if self._previews:
            self.preview_wanted.emit(self._view)

    def _accept_when_all_is_kept(self) -> None:
        if self._is_changed():
            return
        self.saved.emit()
        self.accept()

    def _refused(self, error: BaseException) -> None:
        self._wait(waiting=False)
        self.complain_of(error)


def _grouped(settings: Iterable[Setting]) -> tuple[list[Setting], list[Setting], list[Setting]]:
    """Those that are always seen, the other payment methods, and what tax and products are."""
    known = {setting.key: setting for setting in settings}
    first = [known.pop(key) for key in FIRST if key in known]
    answers = [setting for key, setting in known.items() if key.startswith(_ANSWERS)]
    others = [setting for key, setting in known.items() if not key.startswith(_ANSWERS)]
    return first, others, answers


def _form(owner: QWidget) -> QFormLayout:
    form = QFormLayout(owner)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setVerticalSpacing(10)
    form.setHorizontalSpacing(14)
    form.setContentsMargins(0, 0, GAP, 0)
    return form
