"""The tables of the command line: one look, however many rows there are."""

import pytest

from qbdesk.commands.running import MANY_ROWS, print_table

COLUMNS = {"Number": "left", "Amount": "right", "Paid": "left"}
ROWS = [["INV-1", "1.00 CAD", "2026-01-02"], ["名前 [bold]", "12345.00 CAD", ""]]


def _printed(capsys: pytest.CaptureFixture[str], rows: list[list[str]]) -> list[str]:
    print_table(COLUMNS, rows)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_a_long_table_looks_like_a_short_one(capsys: pytest.CaptureFixture[str]) -> None:
    short = _printed(capsys, ROWS)
    assert short[1:] == [
        "INV-1            1.00 CAD  2026-01-02",
        "名前 [bold]  12345.00 CAD",
    ]
    long = _printed(capsys, [*ROWS, *([ROWS[0]] * MANY_ROWS)])
    assert long[:3] == short
    assert len(long) == MANY_ROWS + 3


@pytest.mark.parametrize("times", [1, MANY_ROWS + 1])
def test_a_cell_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str], times: int) -> None:
    lines = _printed(capsys, [["a\x1b[2Jb\nc", "", ""]] * times)
    assert len(lines) == times + 1
    assert lines[-1] == "a\\u001b[2Jb\\u000ac"
