"""When the word of a query, which may be late, is enough about an invoice that was posted."""

from typing import Any

import pytest
from known import step

from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.quickbooks.objects import InvoiceObject
from qbdesk.sync.rereading import is_enough


def told(version: str, balance: str) -> InvoiceObject:
    document: dict[str, Any] = {
        "Id": "7",
        "SyncToken": version,
        "CustomerRef": {"value": "1"},
        "TotalAmt": "113.00",
        "Balance": balance,
    }
    return InvoiceObject.model_validate(document)


def behind(version: str) -> StepRecord:
    return step("invoice:inv-1", StepState.CONFIRMED, answer={"sync_token": version})


@pytest.mark.parametrize(
    ("version", "balance", "paid", "enough"),
    [
        pytest.param("1", "113.00", False, True, id="open-and-as-the-ledger-knows-it"),
        pytest.param("0", "113.00", False, False, id="older-than-the-ledger-knows"),
        pytest.param("2", "113.00", False, False, id="changed-since"),
        pytest.param("1", "113.00", True, False, id="open-although-we-have-paid-it"),
        pytest.param("2", "0.00", True, True, id="paid-as-it-should-be"),
        pytest.param("2", "0.00", False, True, id="paid-by-somebody"),
    ],
)
def test_a_query_counts_where_no_payment_could_be_planned_on_an_old_state(
    version: str, balance: str, paid: bool, enough: bool
) -> None:
    assert is_enough(told(version, balance), [behind("1")], paid=paid) is enough


def test_an_open_invoice_that_two_of_the_source_stand_on_is_read_by_its_id() -> None:
    assert not is_enough(told("1", "113.00"), [behind("1"), behind("1")], paid=False)
