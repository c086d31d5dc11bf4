"""Offices for the tests of passes; see office.py."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit"))  # the invoices that all tests share

from office import Office, OpenOffice

from qbdesk.practice.switches import Switches
from qbdesk.practice.world import PracticeWorld


def _offices(folder: Path) -> Iterator[OpenOffice]:
    """Opens offices, which are closed after the test."""
    opened: list[Office] = []

    def make(
        *, invoices: int = 0, connected: bool = True, settle_seconds: float = 0, **switches: Any
    ) -> Office:
        turned = Switches()
        turned.change(switches)
        world = PracticeWorld(invoices=invoices, seed=7, switches=turned)
        office = Office(folder / f"home{len(opened)}", world, settle_seconds)
        opened.append(office)
        office.add()
        if connected:
            office.connect()
        return office

    yield make
    for office in opened:
        office.close()


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[OpenOffice]:
    yield from _offices(tmp_path)


@pytest.fixture(scope="module")
def open_shared_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenOffice]:
    """For tests of one module that only look at what one pass has done."""
    yield from _offices(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """A connected Canadian company without invoices."""
    return open_office()
