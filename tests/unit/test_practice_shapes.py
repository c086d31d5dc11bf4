"""The strictness of Intuit's schema as the practice company applies it."""

from typing import Any

import pytest

from qbdesk.practice.intuit import shapes
from qbdesk.practice.intuit.refusals import RefusedError


def refusal(kind: str, body: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        shapes.check(kind, body)
    return refused.value


def line(**detail: Any) -> dict[str, Any]:
    return {"Line": [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}]}


def test_a_full_invoice_passes():
    shapes.check(
        "Invoice",
        {
            "CustomerRef": {"value": "58"},
            "TxnDate": "2026-01-02",
            "DueDate": "",
            "BillEmail": {"Address": "ap@acme.test"},
            "EmailStatus": "NotSet",
            "PrivateNote": None,
            **line(ItemRef={"value": "1"}, Qty="2", UnitPrice=10, TaxCodeRef={"value": "3"}),
            "TxnTaxDetail": {"TaxLine": [{"Amount": 1, "DetailType": "TaxLineDetail"}]},
        },
    )


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        (line(Amount=5), "2010", "Amount"),
        ({"CustomerRef": "58"}, "2010", "CustomerRef"),
        ({"Line": {}}, "2010", "Line"),
        ({"DocNumber": {"value": "1"}}, "2010", "DocNumber"),
        ({"Customer": {"value": "58"}}, "2010", "Customer"),
        (line(Qty="two"), "2010", "Qty"),
        ({"ApplyTaxAfterDiscount": "perhaps"}, "2010", "ApplyTaxAfterDiscount"),
        ({"PrivateNote": "a\x00b"}, "2010", "PrivateNote"),
        ({"TxnDate": "01/02/2026"}, "2060", "TxnDate"),
        ({"TxnDate": "2026-02-30"}, "2060", "TxnDate"),
        ({"EmailStatus": "Sent"}, "2170", "EmailStatus"),
        ({"DocNumber": "x" * 22}, "2050", "DocNumber"),
        ({"PrivateNote": "x" * 4001}, "2050", "PrivateNote"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050", "CustomerMemo.value"),
        ({"Line": [{"Amount": 100_000_000_000}]}, "2090", "Line.Amount"),
    ],
)
def test_an_invoice_that_the_schema_does_not_know_is_refused_by_name(body, code, element):
    refused = refusal("Invoice", body)
    assert (refused.code, refused.element) == (code, element)


@pytest.mark.parametrize("body", [[], "text", None, 7])
def test_what_is_no_object_is_2010(body):
    assert refusal("Customer", body).code == "2010"


def test_one_field_name_has_its_own_length_in_each_place():
    shapes.check("Customer", {"DisplayName": "x" * 500})
    assert refusal("Customer", {"DisplayName": "x" * 501}).code == "2050"
    assert refusal("Item", {"Name": "x" * 101}).code == "2050"
    assert refusal("PaymentMethod", {"Name": "x" * 32}).code == "2050"


def test_properties_are_known_by_dotted_name():
    assert shapes.has_property("Customer", "PrimaryEmailAddr.Address")
    assert not shapes.has_property("Customer", "PrimaryEmailAddr.Street")
    assert not shapes.has_property("Customer", "Unicorn")
