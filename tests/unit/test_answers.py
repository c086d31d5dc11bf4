"""What is kept of QuickBooks' answers: only what it told, and only what can be compared."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from qbdesk.sync.quickbooks.answers import PostedInvoice, kept
from qbdesk.sync.quickbooks.objects import InvoiceObject

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _kept(**changes: Any) -> PostedInvoice:
    told = {
        "Id": "7",
        "CustomerRef": {"value": "58"},
        "TotalAmt": Decimal("113.00"),
        "Balance": Decimal("113.00"),
        **changes,
    }
    return PostedInvoice.model_validate(kept(InvoiceObject.model_validate(told), NOW, fresh=True))


def _taxed(**detail: Any) -> dict[str, Any]:
    row = {"Amount": Decimal(13), "TaxLineDetail": {"TaxPercent": Decimal(13), **detail}}
    return {"TotalTax": Decimal(13), "TaxLine": [row]}


def test_lines_items_and_rates_are_kept_as_they_were_told() -> None:
    detail = {"ItemRef": {"value": "19"}, "TaxInclusiveAmt": Decimal("113.00")}
    line = {
        "Amount": Decimal("100.00"),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }
    subtotal = {"Amount": Decimal("100.00"), "DetailType": "SubTotalLineDetail"}
    posted = _kept(Line=[line, subtotal], TxnTaxDetail=_taxed())
    assert posted.lines is not None
    assert [(row.amount, row.gross, row.item_id) for row in posted.lines] == [
        (Decimal("100.00"), Decimal("113.00"), "19")
    ]
    assert posted.taxes is not None
    assert [(rate.percent, rate.amount) for rate in posted.taxes] == [(13, 13)]


def test_what_was_not_told_is_absent() -> None:
    posted = _kept()
    assert (posted.tax, posted.taxes, posted.lines) == (None, None, None)


def test_rates_are_absent_where_their_height_or_a_part_of_the_tax_was_not_told() -> None:
    assert _kept(TxnTaxDetail=_taxed(TaxPercent=None)).taxes is None
    assert _kept(TxnTaxDetail=_taxed(PercentBased=False)).taxes is None
    assert _kept(TxnTaxDetail={**_taxed(), "TotalTax": Decimal(14)}).taxes is None


def test_an_answer_that_an_older_version_kept_can_still_be_read() -> None:
    known = _kept(TxnTaxDetail=_taxed()).model_dump(mode="json")
    for name in ("taxes", "lines"):
        del known[name]
    assert PostedInvoice.model_validate(known).taxes is None
