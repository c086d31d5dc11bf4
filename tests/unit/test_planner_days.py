"""Rule 4: an invoice of a filed tax period is asked about once a company, and never re-dated."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from invoices import line, paid
from known import NOW, case, knowledge

from qbdesk.sync.filed import Filed, note, told_by
from qbdesk.sync.planner.days import (
    LATE_ENTRY,
    NEXT_PERIOD,
    day_as_posted,
    filed_period,
    issue_day,
)
from qbdesk.sync.planner.decisions import Hold, Wait
from qbdesk.sync.preflight import FiledFact
from qbdesk.sync.quickbooks.answers import PostedInvoice
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
STATES = (
    FiledFact(agency="California", up_to=date(2026, 3, 31)),
    FiledFact(agency="Nevada", up_to=date(2026, 6, 30)),
)
LAST_FILED, FIRST_OPEN = "2026-03-31", "2026-04-01"


def _asked(
    day: str, *, answer: str = "", taxes: Taxes = ONTARIO, filed: Any = (PROVINCIAL, FEDERAL)
) -> Hold | None:
    known = knowledge(settings={"filed_period": answer}, filed=filed)
    held = filed_period(paid(issue_date=day), taxes, known, case())
    assert not isinstance(held, Wait)
    return held


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


@pytest.mark.parametrize("answer", ["issue_date", "first_open_day"])
def test_once_answered_no_invoice_of_a_filed_period_is_held(answer: str) -> None:
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


def test_where_quickbooks_does_not_tell_whose_a_rate_is_no_return_is_said_to_lack_it() -> None:
    hold = _asked("2026-05-15", taxes=Taxes(("TAX",)), filed=STATES)
    assert hold is not None
    assert "filed up to 2026-06-30 (Nevada)" in hold.message
    assert "so a return that is filed may lack it" in hold.message
    assert hold.choices == (LATE_ENTRY,)
    assert _asked("2026-05-15", taxes=Taxes(("TAX",)), filed=STATES, answer="issue_date") is None
    # An answer of before, when QuickBooks told it, is no answer to this.
    old = _asked("2026-05-15", taxes=Taxes(("TAX",)), filed=STATES, answer="first_open_day")
    assert old == hold


@pytest.mark.parametrize("answer", ["issue_date", "first_open_day"])
@pytest.mark.parametrize(
    ("taxes", "filed"),
    [(Taxes(("TAX",)), STATES), (Taxes(("gone",)), (FEDERAL,))],
    ids=["no rates to read", "a code that is not there"],
)
def test_tax_of_nobody_told_is_never_dated_otherwise(
    answer: str, taxes: Taxes, filed: tuple[FiledFact, ...]
) -> None:
    known = knowledge(settings={"filed_period": answer}, filed=filed)
    day, told = issue_day(paid(issue_date="2026-03-15"), taxes, known, case())
    assert (day, told) == (
        date(2026, 3, 15),
        ["Dated 2026-03-15, in a tax period that may be filed"],
    )


@pytest.mark.parametrize(
    ("now", "answer", "waits"),
    [
        (datetime(2026, 4, 1, 3, 59, tzinfo=UTC), "first_open_day", True),  # 31 March in Toronto
        (datetime(2026, 4, 1, 4, 0, tzinfo=UTC), "first_open_day", False),
        (datetime(2026, 4, 1, 3, 59, tzinfo=UTC), "issue_date", False),
    ],
)
def test_nothing_is_dated_beyond_today(now: datetime, answer: str, *, waits: bool) -> None:
    known = knowledge(settings={"filed_period": answer}, filed=(FEDERAL,))
    found = filed_period(paid(issue_date=LAST_FILED), ONTARIO, known, case(now=now))
    assert isinstance(found, Wait) is waits
    if isinstance(found, Wait):
        assert "posted from 2026-04-01 on" in found.message


def test_nothing_is_filed_where_no_agency_says_so() -> None:
    assert _asked("2020-01-01", filed=()) is None


def test_an_invoice_of_a_filed_period_is_dated_as_answered() -> None:
    kept, moved = _dated(LAST_FILED, "issue_date"), _dated(LAST_FILED, "first_open_day")
    assert kept == (LAST_FILED, ["Dated 2026-03-31, in a filed tax period"])
    assert moved == (FIRST_OPEN, ["Issued 2026-03-31, in a filed tax period"])
    for answer in ("issue_date", "first_open_day"):
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


@pytest.mark.parametrize(
    ("dated", "filed", "told"),
    [
        ("2026-03-15", None, []),
        ("2026-03-15", Filed.ISSUE_DATE, ["Dated 2026-03-15, in a filed tax period"]),
        ("2026-03-15", Filed.PERHAPS, ["Dated 2026-03-15, in a tax period that may be filed"]),
        ("2026-04-01", None, ["Issued 2026-03-15, in a closed period"]),
        ("2026-04-01", Filed.FIRST_OPEN_DAY, ["Issued 2026-03-15, in a filed tax period"]),
        (
            "2026-04-01",
            Filed.ISSUE_DATE,
            [
                "Issued 2026-03-15, in a closed period",
                "Dated 2026-04-01, in a filed tax period",
            ],
        ),
    ],
)
@pytest.mark.parametrize("closed", [None, "2026-02-28", "2026-03-31", "2026-05-31"])
def test_a_correction_keeps_the_day_whatever_was_closed_since(
    dated: str, filed: Filed | None, told: list[str], closed: str | None
) -> None:
    known = knowledge(
        close_date=closed and date.fromisoformat(closed),
        filed=(FEDERAL,),
        settings={"filed_period": "first_open_day"},
    )
    decided = case(answers={"closed_period": "first_open_day:2026-04-01"})
    posted = _posted(dated=date.fromisoformat(dated), filed=filed)
    found = day_as_posted(paid(issue_date="2026-03-15"), known, decided, posted)
    assert found == (date.fromisoformat(dated), told)


def test_a_correction_names_no_closed_period_where_nobody_decided_on_one() -> None:
    posted = _posted(dated=date(2026, 3, 20))
    found = day_as_posted(paid(issue_date="2026-03-15"), knowledge(), case(), posted)
    assert found == (date(2026, 3, 20), ["Issued 2026-03-15"])


def test_an_answer_of_before_days_were_kept_goes_by_what_was_decided() -> None:
    known = knowledge(close_date=date(2026, 3, 31))
    decided = case(answers={"closed_period": "first_open_day:2026-04-01"})
    found = day_as_posted(paid(issue_date="2026-03-15"), known, decided, _posted())
    assert found == (date(2026, 4, 1), ["Issued 2026-03-15, in a closed period"])


def _posted(**changes: Any) -> PostedInvoice:
    return PostedInvoice(
        id="145",
        customer_id="58",
        total=Decimal("113.00"),
        tax=Decimal("13.00"),
        balance=Decimal("113.00"),
        fresh=True,
        read_at=NOW,
        **changes,
    )


@pytest.mark.parametrize("answer", list(Filed))
@pytest.mark.parametrize("between", ["\n", "\r\n", " "])
def test_an_invoice_of_a_filed_period_is_known_again_by_its_note(
    answer: Filed, between: str
) -> None:
    words = ["Invoice N-1, id 1", note(answer, date(2026, 3, 31)), "[qbdesk:v1:abc]"]
    assert told_by(between.join(words)) is answer
    assert told_by(between.join((words[0], words[2]))) is None
