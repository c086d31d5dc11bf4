"""What has changed since an invoice was posted, and whether it matters (rule 28)."""

from typing import Any

import pytest
from invoices import GST, HST_ON, MANITOBA, customer, line, paid, payment

from qbdesk.sync.planner.changes import material, others

MATERIAL: dict[str, tuple[dict[str, Any], str]] = {
    "number": ({"number": "N-2"}, "the number was N-inv-1, now N-2"),
    "issue date": ({"issue_date": "2026-11-02"}, "the issue date was 2026-11-01, now 2026-11-02"),
    "email": ({"client": customer(email="x@y.co")}, "the client's email"),
    "currency": ({"currency": "USD"}, "the currency was CAD, now USD"),
    "total": ({"lines": [line("2", "100.00")]}, "the total was 113.00 CAD, now 226.00 CAD"),
    "lines": ({"lines": [line("1", "60.00"), line("1", "40.00")]}, "amounts of lines"),
    "order of lines": (
        {"lines": [line("1", "60.00"), line("1", "40.00")][::-1]},
        "amounts of lines",
    ),
    "tax": ({"lines": [line(rates=(GST, ("r", "R", "8")))]}, "the tax per rate has changed"),
    "payment added": (
        {"payments": [payment("100.00"), payment("13.00", id="b")]},
        "the payments have changed",
    ),
    "refund": ({"payments": [payment("113.00", refunded_amount="1.00")]}, "payments have changed"),
    "day paid": (
        {"payments": [payment("113.00", paid_at="2026-11-12T15:00:00Z")]},
        "payments have changed",
    ),
    "void": ({"status": "void"}, "the invoice was voided at the source"),
    "unknown status": ({"status": "frozen"}, "is now “frozen” at the source"),
    "tax in prices": ({"tax_behavior": "inclusive"}, "tax in the prices"),
    "discount": ({"discount": "5.00"}, "the discount was"),
}


@pytest.mark.parametrize(("changes", "sentence"), MATERIAL.values(), ids=MATERIAL.keys())
def test_what_the_books_hold_matters_both_ways(changes: dict[str, Any], sentence: str) -> None:
    before, after = paid(), paid(revision=2, **changes)
    told = material(before, after)
    assert told is not None
    assert sentence in told
    assert told.endswith("QuickBooks was not touched.")
    assert material(after, before) is not None


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
    "failed payment": {"payments": [payment("113.00"), payment("1.00", id="x", status="failed")]},
}


@pytest.mark.parametrize("changes", QUIET.values(), ids=QUIET.keys())
def test_the_rest_does_not(changes: dict[str, Any]) -> None:
    assert material(paid(), paid(revision=2, **changes)) is None


def test_the_rest_is_named_for_the_journal() -> None:
    assert others(paid(), paid(revision=2, memo="m", due_date=None)) == "due_date, memo"
    assert others(paid(), paid(revision=2)) == ""
