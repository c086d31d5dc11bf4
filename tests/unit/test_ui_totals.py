"""The control totals on the screen."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QFileDialog
from ui_stand_in import CONTROL, StandIn, company, total_line

from qbdesk.sync.errors import Refusal
from qbdesk.sync.reports import Kind
from qbdesk.sync.views import CompanyChanged
from qbdesk.ui.bridge import Bridge
from qbdesk.ui.dialogs.totals import TotalsDialog
from qbdesk.ui.look import Tone, colour


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn(company())
    yield made
    made.stop()


def opened(qtbot, bridge: Bridge, service: StandIn) -> TotalsDialog:
    dialog = TotalsDialog(bridge, service.views["maple"])
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.save.isEnabled() or dialog.trouble.isVisible())
    return dialog


def test_every_line_shows_source_quickbooks_and_their_difference(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    rows = dialog.lines.texts()
    assert rows[0] == ["Invoices in CAD", "143", "143", "0", ""]
    assert rows[3] == [
        "Tax: HST ON (13 %)",
        "5,190.22 CAD",
        "5,203.22 CAD",
        "13.00 CAD",
        "differs",
    ]
    assert dialog.verdict.text() == "Source and QuickBooks differ"
    assert "142 synced, 1 held after posting, 4 held, 2 ignored" in dialog.seen.text()
    assert dialog.marked_title.text() == "Invoices made by qbdesk that are still open: 1"
    assert dialog.marked.texts()[0][:3] == ["2026-0017", "Harbour Condo Corp", "226.00 CAD"]


def test_totals_that_agree_say_so_and_list_nothing(qtbot, bridge, service) -> None:
    lines = (total_line(Kind.COUNT, "", "1"), total_line(Kind.GROSS, "", "113.00"))
    service.control = replace(CONTROL, lines=lines, still_open=(), still_open_count=0)
    dialog = opened(qtbot, bridge, service)
    assert (dialog.verdict.text(), dialog.verdict.tone()) == (
        "Source and QuickBooks agree",
        Tone.GOOD,
    )
    assert dialog.marked_title.text().endswith("still open: none")
    assert not dialog.marked.isVisible()


def test_a_figure_that_quickbooks_has_not_told_is_no_zero(qtbot, bridge, service) -> None:
    line = total_line(Kind.TAX, "Not told by QuickBooks", "13.00", None)
    service.control = replace(CONTROL, lines=(line,))
    (row,) = opened(qtbot, bridge, service).lines.texts()
    assert row[1:] == ["13.00 CAD", "–", "–", "not told by QuickBooks"]


def test_a_month_is_chosen_by_the_keyboard(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    assert dialog.month.itemText(0) == "All time"
    dialog.month.setFocus()
    qtbot.keyClick(dialog.month, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: service.calls("totals")[-1] == ["maple", "2026-11"])
    qtbot.waitUntil(lambda: dialog.month.currentData() == "2026-11")


def test_the_file_is_written_off_the_screen_s_thread(qtbot, bridge, service, tmp_path) -> None:
    dialog = opened(qtbot, bridge, service)
    dialog.save.click()
    (chooser,) = dialog.findChildren(QFileDialog)
    assert chooser.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    file = str(tmp_path / "totals.csv")
    with qtbot.waitSignal(dialog.saved):
        chooser.fileSelected.emit(file)
        chooser.reject()
    assert service.calls("save_totals") == [["maple", None, Path(file)]]
    assert file in dialog.trouble.text()


def test_a_file_that_cannot_be_written_is_said(qtbot, bridge, service, tmp_path) -> None:
    service.troubles["save_totals"] = Refusal("The file was not saved: the disk is full.")
    dialog = opened(qtbot, bridge, service)
    dialog._save(str(tmp_path / "x.csv"))
    qtbot.waitUntil(lambda: "not saved" in dialog.trouble.text())
    assert dialog.save.isEnabled()


def test_the_totals_that_cannot_be_had_are_said(qtbot, bridge, service) -> None:
    service.troubles["totals"] = Refusal("There is no company called “maple”.")
    assert "no company" in opened(qtbot, bridge, service).trouble.text()


def test_text_from_outside_is_no_markup(qtbot, bridge, service) -> None:
    entry = replace(CONTROL.still_open[0], customer="<b>x</b>\u202e", why="<i>y</i>" * 10)
    service.control = replace(CONTROL, still_open=(entry,))
    dialog = opened(qtbot, bridge, service)
    assert dialog.marked.texts()[0][1] == "<b>x</b>⟨U+202E⟩"
    item = dialog.marked.item(0, 3)
    assert item is not None
    assert "&lt;i&gt;" in item.toolTip()


def test_differences_keep_their_colour_when_light_turns_dark(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    item = dialog.lines.item(3, 4)
    assert item is not None
    dark = QPalette(Qt.GlobalColor.black)
    dark.setColor(QPalette.ColorRole.Window, Qt.GlobalColor.black)
    dialog.lines.setPalette(dark)
    QApplication.processEvents()
    assert item.foreground().color() == colour(Tone.BAD, dark)


def test_amounts_keep_the_cents_of_their_currency(qtbot, bridge, service) -> None:
    line = replace(total_line(Kind.GROSS, "", "1000"), currency="JPY", quickbooks=Decimal(999))
    service.control = replace(CONTROL, lines=(line,))
    (row,) = opened(qtbot, bridge, service).lines.texts()
    assert row == ["Gross", "1,000 JPY", "999 JPY", "-1 JPY", "differs"]


def test_a_pass_that_ends_while_they_are_open_is_seen(qtbot, bridge, service) -> None:
    dialog = opened(qtbot, bridge, service)
    service.control = replace(CONTROL, lines=(), still_open=(), still_open_count=0)
    service.tell(CompanyChanged("oak"), CompanyChanged("maple"))
    qtbot.waitUntil(lambda: dialog.verdict.text() == "Nothing is posted yet")
    assert len(service.calls("totals")) == 2


def test_before_quickbooks_was_read_after_a_restore_nothing_is_said_to_agree(
    qtbot, bridge, service
) -> None:
    lines = (total_line(Kind.GROSS, "", "113.00"),)
    service.control = replace(
        CONTROL, lines=lines, still_open=(), still_open_count=0, note="It has not been read yet."
    )
    dialog = opened(qtbot, bridge, service)
    assert dialog.verdict.text() == "Not all is known yet"
    assert dialog.seen.text().startswith("It has not been read yet. The source showed")
    assert dialog.marked_title.text().endswith("still open: not known yet")
