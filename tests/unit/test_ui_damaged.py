"""The window when there is no ledger to go on with: nothing happens before a button is pressed."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_ui_desktop import App
from ui_stand_in import StandIn, company

from qbdesk.sync.errors import LedgerDamaged, Refusal
from qbdesk.sync.views import Backup, CompanyView
from qbdesk.ui.damaged import DamagedPage
from qbdesk.ui.desktop import Desktop

NEWEST = Backup("ledger-2.db", datetime(2026, 11, 20, 12, tzinfo=UTC), 2, 234)
OLDER = Backup("ledger-1.db", datetime(2026, 11, 19, 12, tzinfo=UTC), 2, 1200)


class Damaged(StandIn):
    """A service whose ledger is damaged until something is restored."""

    def __init__(self, *found: Backup) -> None:
        super().__init__(company())
        self.found = list(found)
        self.restored: list[str | None] = []
        self.refusal: Refusal | None = None

    def companies(self) -> "Future[list[CompanyView]]":
        return super().companies() if self.restored else self._answer(self._refuse, "companies")

    def _refuse(self) -> Any:
        raise LedgerDamaged("The ledger cannot be read. Nothing is posted.", Path("ledger.db"))

    def backups(self) -> "Future[list[Backup]]":
        return self._answer(lambda: self.found, "backups")

    def restore(self, backup: str | None) -> "Future[None]":
        def restored() -> None:
            if self.refusal is not None:
                raise self.refusal
            self.restored.append(backup)

        return self._answer(restored, "restore", backup)


Opened = Callable[[Damaged], tuple[Desktop, DamagedPage]]


@pytest.fixture
def opened(qtbot, tmp_path: Path):
    desktops: list[Desktop] = []

    def make(service: Damaged) -> tuple[Desktop, DamagedPage]:
        desktop = Desktop(lambda: service, App(), tmp_path)
        desktops.append(desktop)
        desktop.begin(start_hidden=True)
        window = desktop.window
        qtbot.waitUntil(lambda: isinstance(window.centralWidget(), DamagedPage))
        page = window.centralWidget()
        assert isinstance(page, DamagedPage)
        qtbot.waitUntil(page.empty.isEnabled)
        return desktop, page

    yield make
    for desktop in desktops:
        desktop.end()


def test_the_newest_backup_is_offered_and_opens_the_books(qtbot, opened: Opened) -> None:
    service = Damaged(NEWEST, OLDER)
    desktop, page = opened(service)
    assert desktop.window.isVisible()
    assert "cannot be read" in page.banner.text()
    assert "234 invoices" in page.told.text()
    assert "every company is paused" in page.told.text()
    assert service.restored == []
    page.restore.click()
    qtbot.waitUntil(lambda: desktop.window.centralWidget() is desktop.contents)
    assert service.restored == ["ledger-2.db"]
    assert "every company is paused" in desktop.contents.banner.text()
    assert "press Resume" in desktop.contents.banner.text()
    assert not desktop.contents.banner.isHidden()


def test_an_empty_ledger_may_be_begun_with_when_there_is_no_backup(qtbot, opened: Opened) -> None:
    service = Damaged()
    desktop, page = opened(service)
    assert not page.restore.isEnabled()
    assert "There is no backup" in page.told.text()
    page.empty.click()
    qtbot.waitUntil(lambda: desktop.window.centralWidget() is desktop.contents)
    assert service.restored == [None]
    assert desktop.contents.banner.isHidden()


def test_what_could_not_be_restored_is_said_and_may_be_tried_again(qtbot, opened: Opened) -> None:
    service = Damaged(NEWEST)
    service.refusal = Refusal("The disk is full. Make room.")
    desktop, page = opened(service)
    page.restore.click()
    assert not page.restore.isEnabled()
    qtbot.waitUntil(page.restore.isEnabled)
    assert page.banner.text() == "The disk is full. Make room."
    service.refusal = None
    page.restore.click()
    qtbot.waitUntil(lambda: desktop.window.centralWidget() is desktop.contents)
