"""The file of the control totals: a spreadsheet may open it, whatever a customer is called."""

import csv
import io
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ui_stand_in import CONTROL, total_line

from qbdesk.sync.reports import Kind, SeenAmount
from qbdesk.sync.totals import csv_file


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def with_customer(name: str) -> list[list[str]]:
    entry = replace(CONTROL.still_open[0], customer=name)
    return rows_of(csv_file.text(replace(CONTROL, still_open=(entry,))))


def cell_of(name: str) -> str:
    (row,) = [row for row in with_customer(name) if row[:1] == ["2026-0017"]]
    return row[1]


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "|calc", "%0A", "＝1", "＋1"],
)
def test_text_that_looks_like_a_formula_gets_an_apostrophe(name: str) -> None:
    assert cell_of(name).startswith("'")


@pytest.mark.parametrize("name", ["Léger & fils", "A=B", "7-Eleven", 'Smith, "Bob"', "日本"])
def test_other_text_stays_as_it_is(name: str) -> None:
    assert cell_of(name) == name


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_whatever_the_text_it_stays_in_its_cell_and_begins_no_formula(name: str) -> None:
    found = [row for row in with_customer(name) if row[:1] == ["2026-0017"]]
    assert len(found) == 1
    assert len(found[0]) == 6
    assert not found[0][1].startswith(tuple("=+-@\t\r|%"))


def test_numbers_stay_numbers_below_zero_too() -> None:
    rows = rows_of(csv_file.text(CONTROL))
    line = ["Paid into", "Undeposited Funds", "CAD", "32808.97", "32695.97", "-113.00", "differs"]
    assert line in rows
    assert ["Invoices", "", "CAD", "143", "143", "0", ""] in rows


def test_what_quickbooks_has_not_told_is_an_empty_cell_and_said() -> None:
    line = total_line(Kind.TAX, "Not told by QuickBooks", "13.00", None)
    rows = rows_of(csv_file.text(replace(CONTROL, lines=(line,))))
    told = ["Tax", "Not told by QuickBooks", "CAD", "13.00", "", "", "not told by QuickBooks"]
    assert told in rows


def test_no_digit_is_lost_or_invented() -> None:
    yen = replace(total_line(Kind.GROSS, "", "1000"), currency="JPY")
    odd = replace(total_line(Kind.GROSS, "", "1.2345"), currency="KWD")
    rows = rows_of(csv_file.text(replace(CONTROL, lines=(yen, odd))))
    assert ["Gross", "", "JPY", "1000", "1000", "0", ""] in rows
    assert ["Gross", "", "KWD", "1.2345", "1.2345", "0.000", ""] in rows


def test_what_is_not_listed_is_counted() -> None:
    rows = rows_of(csv_file.text(replace(CONTROL, still_open_count=7)))
    assert ["Still open in QuickBooks", "7"] in rows
    assert ["and 6 more"] in rows
    assert ["Otherwise in QuickBooks", "none"] in rows


def test_everything_the_source_showed_is_summed() -> None:
    rows = rows_of(csv_file.text(CONTROL))
    assert ["Everything", "", "", str(sum(line.count for line in CONTROL.seen)), ""] in rows
    assert ["Needs attention", "no", "CAD", "4", "870.10"] in rows


def test_each_currency_and_what_cannot_be_read_has_its_own_count() -> None:
    amounts = (
        SeenAmount("CAD", 3, Decimal("1.00")),
        SeenAmount("USD", 1, Decimal("2.00")),
        SeenAmount("", 2, Decimal(0)),
    )
    seen = replace(CONTROL.seen[0], amounts=amounts)
    rows = rows_of(csv_file.text(replace(CONTROL, seen=(seen,))))
    assert ["Synced", "yes", "CAD", "3", "1.00"] in rows
    assert ["Synced", "yes", "USD", "1", "2.00"] in rows
    assert ["Synced", "yes", "", "2", ""] in rows
    assert ["Everything", "", "", "6", ""] in rows
