"""docs/quickbooks.md names nothing that is not there, and leaves out no switch and no fault."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import qbdesk
from qbdesk.practice.intuit.faults import KINDS
from qbdesk.practice.switches import Switches
from qbdesk.sync.doctor.probes import Probe

PACKAGE = Path(qbdesk.__file__).parent
TESTS = Path(__file__).parents[1]
PAGE = (PACKAGE.parent / "docs" / "quickbooks.md").read_text("utf-8")
SWITCHES = {field.name for field in fields(Switches)}
OF_THE_FEED = {name for name in SWITCHES if name.startswith("feed_")} | {"trickle_seconds"}
KNOWN, UNKNOWN = "What is known", "What only Intuit can answer"
NAMED_TEST = r"[a-z_0-9]+\.py::[a-z_0-9]+"
LISTED = "`{0}`(, `{0}`)*"
COLUMNS = {KNOWN: 5, UNKNOWN: 3}


def table(heading: str) -> list[list[str]]:
    """The cells of each row below a heading, without the table's own."""
    text = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines[2:]]


def column(heading: str, number: int) -> list[str]:
    return [row[number] for row in table(heading)]


def quoted(cells: list[str], pattern: str) -> set[str]:
    return {found for cell in cells for found in re.findall(pattern, cell)}


@pytest.mark.parametrize("heading", COLUMNS)
def test_every_row_says_something_in_every_column(heading: str) -> None:
    rows = table(heading)
    assert rows
    assert [row for row in rows if len(row) != COLUMNS[heading] or not all(row)] == []


def test_every_file_is_there() -> None:
    for number, room in ((2, "sync"), (3, "practice")):
        named = quoted(column(KNOWN, number), r"`([a-z_0-9/]+\.py)`")
        assert named
        assert [file for file in named if not (PACKAGE / room / file).is_file()] == []


def test_what_the_client_does_without_has_its_reason_or_no_file() -> None:
    cells = column(KNOWN, 2)
    assert [cell for cell in cells if "`" not in cell and not cell.startswith("not used")] == []


def test_every_switch_and_fault_is_there_and_none_is_left_out() -> None:
    cells = column(KNOWN, 3)
    assert quoted(cells, "switch `([^`]+)`") == SWITCHES - OF_THE_FEED
    assert quoted(cells, "fault `([^`]+)`") == set(KINDS)


def test_the_practice_company_has_every_behaviour_that_the_client_meets() -> None:
    wrong = [
        row[1]
        for row in table(KNOWN)
        if "`" not in row[3] and not (row[3] == "not used" and row[2].startswith("not used"))
    ]
    assert wrong == []


def test_every_test_is_there() -> None:
    cells = [cell for cell in column(KNOWN, 4) if cell != "none"]
    assert [cell for cell in cells if not re.fullmatch(LISTED.format(NAMED_TEST), cell)] == []
    named = quoted(cells, f"`({NAMED_TEST})`")
    texts = {file.name: file.read_text("utf-8") for file in TESTS.rglob("test_*.py")}
    missing = [
        name
        for name in named
        if f"def {name.split('::')[1]}(" not in texts.get(name.split("::")[0], "")
    ]
    assert missing == []


def test_a_row_without_a_test_is_one_without_behaviour_of_ours() -> None:
    assert [row[1] for row in table(KNOWN) if row[4] == "none" and row[3] != "not used"] == []


def test_every_probe_is_there_and_none_is_left_out() -> None:
    cells = column(UNKNOWN, 2)
    named = quoted(cells, "`([a-z]+(?:-[a-z]+)+)`")
    assert named == {probe.value for probe in Probe}
    bare = [cell for cell in cells if not cell.startswith(("`", "By hand: ", "None: "))]
    assert bare == []
