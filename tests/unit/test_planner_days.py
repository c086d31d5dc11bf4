"""Rule 4: an invoice of a filed tax period is asked about once a company, and never re-dated."""

from datetime import date
from typing import Any

import pytest
from invoices import line, paid
from known import case, knowledge

from qbdesk.sync.filed import Filed, note, told_by
from qbdesk.sync.planner.days import LATE_ENTRY, NEXT_PERIOD, filed_period, issue_day
from qbdesk.sync.planner.decisions import Hold
from qbdesk.sync.preflight import FiledFact
from qbdesk.sync.quickbooks.payloads import Taxes

ONTARIO = Taxes(("code HST ON",))
QUEBEC = Taxes(("code GST/QST QC",))
FEDERAL = FiledFact(
    agency="Canada Revenue Agency",
    up_to=date(2026, 3, 31),
    rates=("HST ON-0", "GST/QST QC-0", "Zero-rated-0"),
)
PROVINCIAL = FiledFact(
    agency="Revenu Québec", up_to=date(2026, 4, 30), rates=("GST/QST QC-1", "Exempt-0")
)
LAST_FILED, FIRST_OPEN = "2026-03-31", "2026-04-01"


def _asked(
    day: str, *, answer: str = "", taxes: Taxes = ONTARIO, filed: Any = (PROVINCIAL, FEDERAL)
) -> Hold | None:
    known = knowledge(settings={"filed_period": answer}, filed=filed)
    return filed_period(paid(issue_date=day), taxes, known, case())


def _dated(day: str, answer: str, taxes: Taxes = ONTARIO) -> tuple[str, list[str]]:
    known = knowledge(settings={"filed_period": answer}, filed=(PROVINCIAL, FEDERAL))
    bears, told = issue_day(paid(issue_date=day), taxes, known, case())
    return bears.isoformat(), told


def test_an_invoice_with_tax_of_a_filed_period_is_asked_about_once_a_company() -> None:
    hold = _asked(LAST_FILED)
    assert hold is not None
    assert hold.reason == "setting:filed_period"
    assert hold.choices == (LATE_ENTRY, NEXT_PERIOD)
    assert "filed up to 2026-03-31 (Canada Revenue Agency)" in hold.message
    assert _asked(FIRST_OPEN) is None


@pytest.mark.parametrize("answer", list(Filed))
def test_once_answered_no_invoice_of_a_filed_period_is_held(answer: Filed) -> None:
    assert _asked(LAST_FILED, answer=answer) is None


def test_an_invoice_without_tax_is_in_no_return() -> None:
    untaxed = paid(issue_date=LAST_FILED, lines=[line(rates=())])
    known = knowledge(filed=(FEDERAL,))
    assert filed_period(untaxed, Taxes(("code Zero-rated",)), known, case()) is None


def test_only_agencies_that_the_invoices_tax_is_owed_to_count() -> None:
    assert _asked("2026-04-15") is None
    hold = _asked("2026-04-15", taxes=QUEBEC)
    assert hold is not None
    assert "filed up to 2026-04-30 (Revenu Québec)" in hold.message
    assert _dated(LAST_FILED, "first_open_day", QUEBEC)[0] == "2026-05-01"


def test_where_quickbooks_does_not_tell_whose_a_rate_is_every_agency_counts() -> None:
    state = FiledFact(agency="State", up_to=date(2026, 4, 30))
    assert _asked("2026-04-15", taxes=Taxes(("TAX",)), filed=(state,)) is not None


def test_nothing_is_filed_where_no_agency_says_so() -> None:
    assert _asked("2020-01-01", filed=()) is None


def test_an_invoice_of_a_filed_period_is_dated_as_answered() -> None:
    kept, moved = _dated(LAST_FILED, "issue_date"), _dated(LAST_FILED, "first_open_day")
    assert kept == (LAST_FILED, ["Dated 2026-03-31, in a filed tax period"])
    assert moved == (FIRST_OPEN, ["Issued 2026-03-31, in a filed tax period"])
    for answer in Filed:
        assert _dated(FIRST_OPEN, answer) == (FIRST_OPEN, [])


def test_what_a_closed_period_has_dated_is_not_dated_once_more() -> None:
    known = knowledge(
        settings={"filed_period": "first_open_day"}, filed=(FEDERAL,), close_date=date(2026, 3, 15)
    )
    decided = case(answers={"closed_period": "first_open_day:2026-03-16"})
    invoice = paid(issue_date="2026-03-10")
    assert filed_period(invoice, ONTARIO, known, decided) is None
    day, told = issue_day(invoice, ONTARIO, known, decided)
    assert day == date(2026, 3, 16)
    assert told == [
        "Issued 2026-03-10, in a closed period",
        "Dated 2026-03-16, in a filed tax period",
    ]


@pytest.mark.parametrize("answer", list(Filed))
@pytest.mark.parametrize("between", ["\n", "\r\n", " "])
def test_an_invoice_of_a_filed_period_is_known_again_by_its_note(
    answer: Filed, between: str
) -> None:
    words = ["Invoice N-1, id 1", note(answer, date(2026, 3, 31)), "[qbdesk:v1:abc]"]
    assert told_by(between.join(words)) is answer
    assert told_by(between.join((words[0], words[2]))) is None
