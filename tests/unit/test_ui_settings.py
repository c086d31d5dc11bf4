from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from ui_stand_in import SETTINGS, StandIn, company

from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import Choice, JournalEntry, Setting
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.settings import FIRST, SettingsDialog
from qbdesk.ui.person import who


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn(company())
    yield made
    made.stop()


def opened(qtbot, bridge: Bridge, service: StandIn) -> SettingsDialog:
    dialog = SettingsDialog(bridge, service.views["maple"])
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: "Reading" not in dialog.note.text())
    return dialog


def texts(dialog: SettingsDialog) -> str:
    return "\n".join(made.text() for made in dialog.findChildren(QLabel))


def choose(dialog: SettingsDialog, key: str, label: str) -> None:
    dialog.boxes[key].setCurrentText(label)


def from_the_top(dialog: SettingsDialog) -> list[str]:
    return sorted(dialog.boxes, key=lambda key: dialog.boxes[key].mapTo(dialog, QPoint()).y())


def test_every_setting_is_a_box_with_its_present_choice(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    assert {key: box.chosen() for key, box in dialog.boxes.items()} == {
        setting.key: setting.value for setting in SETTINGS
    }
    assert dialog.boxes["deposit.card"].currentText() == "Undeposited Funds"
    assert not dialog.save.isEnabled()


def test_who_has_changed_what_is_told_at_the_end(qtbot, bridge, service) -> None:
    told = "Setting deposit.card changed from Undeposited Funds to Chequing."
    service.entries = [JournalEntry(datetime.now(UTC), "Ann", told)]
    dialog = opened(qtbot, bridge, service)
    qtbot.waitUntil(lambda: told in texts(dialog))
    assert "Ann" in texts(dialog)


def test_the_other_methods_stand_under_more_and_tax_comes_last(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    for key in FIRST:
        assert dialog.boxes[key].isVisible()
    assert not dialog.boxes["deposit.cheque"].isVisible()
    dialog.more.click()
    assert dialog.boxes["deposit.cheque"].isVisible()
    in_order = [*FIRST, "deposit.e_transfer", "deposit.cheque", "tax.13.ON"]
    qtbot.waitUntil(lambda: from_the_top(dialog) == in_order)


def test_the_tab_key_goes_through_the_boxes_as_they_stand(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    qtbot.waitUntil(lambda: dialog.focusWidget() is dialog.boxes[FIRST[0]])
    for key in FIRST[1:]:
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        assert dialog.focusWidget() is dialog.boxes[key]
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
    assert dialog.focusWidget() is dialog.more


def test_the_source_is_only_to_be_read(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    assert "https://billing.example.com" in texts(dialog)
    lines = [line for line in dialog.findChildren(QLineEdit) if line.parent() != dialog.first_day]
    assert lines == []


def test_an_earlier_first_day_is_kept_and_leads_to_a_preview(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    assert dialog.first_day.text() == "1 Jan 2026"
    assert not dialog.earlier.isVisible()
    dialog.first_day.show_day(date(2025, 10, 1))
    assert dialog.earlier.isVisible()
    choose(dialog, "deposit.card", "Card clearing")
    with qtbot.waitSignal(dialog.preview_wanted) as wanted:
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    assert service.calls("begin_from") == [["maple", date(2025, 10, 1), who()]]
    assert len(service.calls("change_setting")) == 1
    assert (wanted.args[0].from_date, wanted.args[0].paused) == (date(2025, 10, 1), True)
    assert not dialog.isVisible()


def test_a_preview_comes_also_where_the_rest_of_the_changes_was_refused(
    qtbot, bridge, service
) -> None:
    service.troubles["change_setting"] = Refusal("QuickBooks has no such account any more.")
    dialog = opened(qtbot, bridge, service)
    dialog.first_day.show_day(date(2025, 10, 1))
    choose(dialog, "deposit.card", "Card clearing")
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.trouble.isVisible)
    with qtbot.waitSignal(dialog.preview_wanted):
        dialog.reject()


def test_a_later_first_day_needs_no_preview(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    previewed: list[object] = []
    dialog.preview_wanted.connect(previewed.append)
    dialog.first_day.show_day(date(2026, 3, 1))
    assert not dialog.earlier.isVisible()
    with qtbot.waitSignal(dialog.saved):
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    assert service.calls("begin_from") == [["maple", date(2026, 3, 1), who()]]
    assert previewed == []


def test_only_a_changed_one_is_sent_with_who_changed_it(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    choose(dialog, "deposit.card", "Card clearing")
    with qtbot.waitSignal(dialog.saved):
        qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    assert service.calls("change_setting") == [["maple", "deposit.card", "91", who()]]
    assert not dialog.isVisible()


def test_a_refused_change_keeps_the_dialog_open_and_says_why(qtbot, bridge, service) -> None:
    service.troubles["change_setting"] = Refusal("QuickBooks has no such account any more.")
    dialog = opened(qtbot, bridge, service)
    choose(dialog, "deposit.card", "Card clearing")
    dialog.save.click()
    qtbot.waitUntil(dialog.trouble.isVisible)
    assert dialog.trouble.text() == "QuickBooks has no such account any more."
    assert dialog.save.isEnabled()


def test_an_account_that_has_gone_is_not_shown_as_another_one(qtbot, bridge, service) -> None:
    gone = Setting("income_account", "Default income account", "77", (Choice("1", "Sales"),))
    service.known_settings = [gone]
    box = opened(qtbot, bridge, service).boxes["income_account"]
    assert box.chosen() is None
    assert box.placeholderText() == "Not in QuickBooks any more: choose"


def test_scrolling_past_a_box_chooses_nothing(qtbot, bridge, service) -> None:
    box = opened(qtbot, bridge, service).boxes["deposit.card"]
    box.setCurrentIndex(1)
    at = QPointF(box.rect().center())
    nothing = Qt.KeyboardModifier.NoModifier
    phase, button = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
    turned = (at, box.mapToGlobal(at), QPoint(), QPoint(0, -120), button, nothing, phase)
    wheel = QWheelEvent(*turned, False)  # noqa: FBT003 - Qt names it by place only
    QApplication.sendEvent(box, wheel)
    assert box.currentIndex() == 1


def test_before_quickbooks_is_connected_it_says_what_to_do_first(qtbot, bridge, service) -> None:
    service.known_settings = []
    dialog = opened(qtbot, bridge, service)
    assert dialog.note.text().startswith("Connect QuickBooks first")
    assert not dialog.more.isVisible()
    assert not dialog.save.isEnabled()


def test_a_hostile_account_name_stays_text(qtbot, bridge, service) -> None:
    evil = Choice("1", "<img src=x>\u202eevil")
    service.known_settings = [Setting("income_account", "Default income account", "1", (evil,))]
    box = opened(qtbot, bridge, service).boxes["income_account"]
    assert box.currentText() == "<img src=x>⟨U+202E⟩evil"
