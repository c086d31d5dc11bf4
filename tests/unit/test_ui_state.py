from datetime import timedelta
from itertools import combinations

import pytest
from PySide6.QtGui import QImage, QPainter
from ui_stand_in import NOW, company

from qbdesk.sync.views import State
from qbdesk.ui.icons import TRAY_SIZES, pixmap, state_icon
from qbdesk.ui.state import NOTHING_YET, PRIORITY, overall
from qbdesk.ui.tray.icon import Tray, tray_tooltip
from qbdesk.ui.words import overall_line


def test_every_state_has_its_rank() -> None:
    assert sorted(PRIORITY) == sorted(State)


@pytest.mark.parametrize(("worse", "better"), list(combinations(PRIORITY, 2)))
def test_the_worst_company_decides(worse: State, better: State) -> None:
    companies = [
        company("a", state=better, sentence="better"),
        company("b", state=worse, sentence="worse"),
    ]
    whole = overall(companies)
    assert (whole.state, whole.company, whole.sentence) == (worse, "b", "worse")


def test_being_signed_out_is_not_hidden_by_a_pause() -> None:
    whole = overall([company("a", state=State.PAUSED), company("b", state=State.SIGNED_OUT)])
    assert whole.state == State.SIGNED_OUT


def test_without_a_company_the_program_is_not_set_up() -> None:
    assert overall([]) == NOTHING_YET
    assert overall_line(NOTHING_YET) == "Not set up yet"


def test_of_several_companies_the_line_names_the_one_it_speaks_of() -> None:
    one = company("maple", sentence="All done.")
    assert overall_line(overall([one])) == "All done."
    assert overall_line(overall([one, company("oak")])) == "maple: All done."


def test_the_last_sync_is_the_latest_of_all() -> None:
    earlier, later = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    whole = overall([company("a", last_pass_at=later), company("b", last_pass_at=earlier)])
    assert whole.last_pass_at == later


def test_everything_is_paused_only_if_every_company_is() -> None:
    paused = company("a", paused=True, state=State.PAUSED)
    assert overall([paused]).all_paused
    assert not overall([paused, company("b")]).all_paused


def silhouette(image: QImage) -> list[bool]:
    """Which pixels are drawn at all, whatever their colour."""
    grey = image.convertToFormat(QImage.Format.Format_Alpha8)
    return [
        grey.pixelColor(x, y).alpha() > 96
        for y in range(grey.height())
        for x in range(grey.width())
    ]


@pytest.mark.parametrize("size", TRAY_SIZES)
def test_every_state_is_told_apart_by_its_shape_alone(qapp, size: int) -> None:
    shapes = {state: silhouette(state_icon(state).pixmap(size).toImage()) for state in State}
    for one, other in combinations(State, 2):
        differing = sum(a != b for a, b in zip(shapes[one], shapes[other], strict=True))
        assert differing > 0.08 * size * size, (one, other)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("panel", ["white", "black", "#808080"])
def test_every_icon_is_seen_on_light_and_on_dark_panels(qapp, state: State, panel: str) -> None:
    image = pixmap(f"state/{state.value}", 22).toImage()
    on_panel = QImage(22, 22, QImage.Format.Format_RGB32)
    on_panel.fill(panel)
    empty = on_panel.pixelColor(0, 0).lightness()
    painter = QPainter(on_panel)
    painter.drawImage(0, 0, image)
    painter.end()
    seen = sum(
        abs(on_panel.pixelColor(x, y).lightness() - empty) > 60
        for x in range(22)
        for y in range(22)
    )
    assert seen > 40


def test_the_icon_has_a_picture_of_every_size(qapp) -> None:
    sizes = {size.width() for size in state_icon(State.IDLE).availableSizes()}
    assert sizes == set(TRAY_SIZES)


def test_icon_tooltip_and_menu_say_the_same(qtbot) -> None:
    tray = Tray()
    whole = overall([company("maple", state=State.OFFLINE, sentence="QuickBooks is not reached.")])
    tray.show_state(whole)
    assert tray.icon.icon().cacheKey() == state_icon(State.OFFLINE).cacheKey()
    assert tray.icon.toolTip() == "qbdesk – QuickBooks is not reached."
    assert tray.line.text() == "QuickBooks is not reached."


def test_the_panel_is_only_told_what_has_changed(qtbot, monkeypatch) -> None:
    tray = Tray()
    tray.show_state(overall([company()]))
    told: list[object] = []
    monkeypatch.setattr(tray.icon, "setIcon", told.append)
    monkeypatch.setattr(tray.icon, "setToolTip", told.append)
    tray.show_state(overall([company(last_pass_at=NOW)]))
    assert told == []
    tray.show_state(overall([company(state=State.PAUSED)]))
    assert len(told) == 2


def test_the_menu_offers_to_resume_when_everything_is_paused(qtbot) -> None:
    tray = Tray()
    wanted: list[bool] = []
    tray.pause_wanted.connect(wanted.append)
    tray.show_state(overall([company()]))
    assert tray.pause.text() == "Pause"
    tray.pause.trigger()
    tray.show_state(overall([company(paused=True, state=State.PAUSED)]))
    assert tray.pause.text() == "Resume"
    tray.pause.trigger()
    assert wanted == [True, False]


def test_a_tray_that_is_late_is_asked_for_again(qtbot, monkeypatch) -> None:
    there = False
    monkeypatch.setattr("qbdesk.ui.tray.icon.QSystemTrayIcon.isSystemTrayAvailable", lambda: there)
    tray = Tray()
    tray.show_when_available()
    assert not tray.icon.isVisible()
    assert tray._retry.isActive()
    there = True
    with qtbot.waitSignal(tray.appeared):
        tray._retry.timeout.emit()
    assert tray.icon.isVisible()
    tray.remove()


def test_a_tooltip_of_the_tray_holds_no_markup() -> None:
    assert "<" not in tray_tooltip("<img src=x>: held")
