"""What has changed since an invoice was posted, and whether it matters (rule 28)."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from invoices import GST, HST_ON, MANITOBA, customer, line, paid, payment

from qbdesk.sync.planner.changes import material, others

ZONE = ZoneInfo("America/Toronto")

MATERIAL: dict[str, tuple[dict[str, Any], str]] = {
    "number": ({"number": "N-2"}, "the number was N-inv-1, now N-2"),
    "issue date": ({"issue_date": "2026-11-02"}, "the issue date was 2026-11-01, now 2026-11-02"),
    "email": ({"client": customer(email="x@y.co")}, "the client's email"),
    "currency": ({"currency": "USD"}, "the currency was CAD, now USD"),
    "total": ({"lines": [line("2", "100.00")]}, "the total was 113.00 CAD, now 226.00 CAD"),
    "lines": (
        {"lines": [line("1", "60.00"), line("1", "40.00")]},
        "amounts of the lines: 100.00 before, now 60.00, 40.00",
    ),
    "order of lines": (
        {"lines": [line("1", "60.00"), line("1", "40.00")][::-1]},
        "now 40.00, 60.00",
    ),
    "tax": (
        {"lines": [line(rates=(GST, ("r", "R", "8")))]},
        "tax per rate: 13.00 at 13 % before, now 5.00 at 5 %, 8.00 at 8 %",
    ),
    "payment added": (
        {"payments": [payment("100.00"), payment("13.00", id="b")]},
        "payments: 113.00 CAD on 2026-11-10 before, now 100.00 CAD on 2026-11-10, 13.00 CAD on",
    ),
    "refund": (
        {"payments": [payment("113.00", refunded_amount="1.00")]},
        "now 113.00 CAD on 2026-11-10 (1.00 CAD given back)",
    ),
    "payments taken away": ({"payments": []}, "113.00 CAD on 2026-11-10 before, now none"),
    "day paid": (
        {"payments": [payment("113.00", paid_at="2026-11-12T15:00:00Z")]},
        "113.00 CAD on 2026-11-10 before, now 113.00 CAD on 2026-11-12",
    ),
    "void": ({"status": "void"}, "the invoice was voided at the source"),
    "unknown status": ({"status": "frozen"}, "is now “frozen” at the source"),
    "tax in prices": ({"tax_behavior": "inclusive"}, "tax in the prices"),
    "discount": ({"discount": "5.00"}, "the discount was"),
}


@pytest.mark.parametrize(("changes", "sentence"), MATERIAL.values(), ids=MATERIAL.keys())
def test_what_the_books_hold_matters_both_ways_and_is_told_with_before_and_after(
    changes: dict[str, Any], sentence: str
) -> None:
    before, after = paid(), paid(revision=2, **changes)
    told = material(before, after, ZONE)
    assert told is not None
    assert sentence in told
    assert told.endswith("QuickBooks was not touched.")
    assert material(after, before, ZONE) is not None


QUIET: dict[str, dict[str, Any]] = {
    "nothing": {},
    "name": {"client": customer(name="Another")},
    "phone": {"client": customer(phone="1")},
    "address": {"client": customer(billing_address=MANITOBA)},
    "memo": {"memo": "m"},
    "due date": {"due_date": None},
    "link": {"url": None},
    "fee": {"payments": [payment("113.00", fee={"amount": "1.00", "currency": "CAD"})]},
    "reference": {"payments": [payment("113.00", reference="r")]},
    "text": {"lines": [line(description="Other", rates=(HST_ON,))]},
    "quantity at the same amount": {"lines": [line("2", "50.00")]},
    "hour of the day": {"payments": [payment("113.00", paid_at="2026-11-11T04:59:00Z")]},
    "failed payment": {"payments": [payment("113.00"), payment("1.00", id="x", status="failed")]},
}


@pytest.mark.parametrize("changes", QUIET.values(), ids=QUIET.keys())
def test_the_rest_does_not(changes: dict[str, Any]) -> None:
    assert material(paid(), paid(revision=2, **changes), ZONE) is None


def test_the_rest_is_named_for_the_journal() -> None:
    assert others(paid(), paid(revision=2, memo="m", due_date=None)) == "due_date, memo"
    assert others(paid(), paid(revision=2)) == ""


def test_of_many_lines_a_few_are_named_and_the_others_counted() -> None:
    many = paid(revision=2, lines=[line("1", "10.00") for _ in range(9)])
    told = material(paid(), many, ZONE)
    assert told is not None
    assert "now 10.00, 10.00, 10.00, 10.00, 10.00 and 4 more" in told
