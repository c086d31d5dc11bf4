"""The preview on the screen, before anything is posted."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from ui_stand_in import PREVIEW, StandIn, company, plan_line

from qbdesk.sync.errors import Refusal
from qbdesk.sync.reports import MonthPlan, PlanKind
from qbdesk.sync.views import Progress
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.preview import PreviewDialog


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn(company(paused=True))
    yield made
    made.stop()


def opened(qtbot, bridge: Bridge, service: StandIn) -> PreviewDialog:
    dialog = PreviewDialog(bridge, service.views["maple"])
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def filled(qtbot, bridge: Bridge, service: StandIn) -> PreviewDialog:
    dialog = opened(qtbot, bridge, service)
    qtbot.waitUntil(dialog.start.isEnabled)
    return dialog


def test_it_shows_what_would_be_posted_and_what_would_not(qtbot, bridge, service) -> None:
    dialog = filled(qtbot, bridge, service)
    posted = {what: (number, amount) for what, number, amount in dialog.posted.texts()}
    assert posted["Invoices with their payments"] == ("143", "53,813.07 CAD")
    assert posted["Tax: HST ON, on 39,924.77 CAD"] == ("128", "5,190.22 CAD")
    assert posted["Income account: Services"] == ("143", "48,210.55 CAD")
    assert posted["Deposited to: Card clearing"] == ("44", "21,004.10 CAD")
    others = dialog.others.texts()
    assert others[0][:3] == ["Already in QuickBooks", "6", "2,310.85 CAD"]
    assert others[1] == ["Held", "4", "87.00 CAD", PREVIEW.whole.lines[10].label]
    assert "31 new, 54 found in QuickBooks, 2 to be asked" in dialog.customers.text()
    assert dialog.closed.text() == "The books are closed up to 31 Oct 2026"
    assert "Nothing has been written." in dialog.progress.text()
    assert "12 reads" in dialog.progress.text()


def test_each_month_is_looked_at_by_the_keyboard_and_says_whether_it_is_closed(
    qtbot, bridge, service
) -> None:
    dialog = filled(qtbot, bridge, service)
    dialog.month.setFocus()
    qtbot.keyClick(dialog.month, Qt.Key.Key_Down)
    assert dialog.month.currentText() == "October 2026"
    assert dialog.posted.texts() == [["Nothing", "", ""]]
    assert dialog.closed.text() == "The books of this month are closed"
    qtbot.keyClick(dialog.month, Qt.Key.Key_Down)
    assert not dialog.closed.isVisible()
    assert not dialog.others.isVisible()


def test_nothing_is_started_before_the_preview_is_there(qtbot, bridge, service) -> None:
    service.gate.clear()
    dialog = opened(qtbot, bridge, service)
    bridge.heard.emit(Progress("maple", "Reading 40 invoices"))
    assert dialog.progress.text() == "Reading 40 invoices. Nothing is written …"
    assert not dialog.start.isEnabled()
    service.gate.set()
    qtbot.waitUntil(dialog.start.isEnabled)


def test_closing_it_early_ends_the_reading(qtbot, bridge, service) -> None:
    service.gate.clear()
    dialog = opened(qtbot, bridge, service)
    dialog.leave.click()
    assert service.calls("stop_pass") == [["maple"]]
    service.gate.set()


def test_closing_it_afterwards_leaves_a_pass_alone(qtbot, bridge, service) -> None:
    filled(qtbot, bridge, service).leave.click()
    assert service.calls("stop_pass") == []


def test_return_starts_posting(qtbot, bridge, service) -> None:
    dialog = filled(qtbot, bridge, service)
    assert dialog.start.text() == "Start posting"
    with qtbot.waitSignal(dialog.start_wanted):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)


def test_a_preview_that_fails_says_why_and_starts_nothing(qtbot, bridge, service) -> None:
    service.troubles["preview"] = Refusal("The invoicing system cannot be reached.")
    dialog = opened(qtbot, bridge, service)
    qtbot.waitUntil(dialog.trouble.isVisible)
    assert "cannot be reached" in dialog.trouble.text()
    assert not dialog.start.isEnabled()


def test_rows_without_a_date_have_a_place_of_their_own(qtbot, bridge, service) -> None:
    line = replace(plan_line(PlanKind.HELD, "Cannot be read.", 1, "0"), currency="")
    plan = MonthPlan("", "", (line,))
    service.planned = replace(PREVIEW, months=(plan,))
    dialog = filled(qtbot, bridge, service)
    dialog.month.setCurrentIndex(1)
    assert dialog.month.currentText() == "Without a date"
    assert dialog.others.texts() == [["Held", "1", "–", "Cannot be read."]]
