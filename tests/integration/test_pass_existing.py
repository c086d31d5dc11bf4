"""Invoices that QuickBooks has already, entered by hand or by somebody else (rules 9 and 10)."""

from decimal import Decimal
from typing import Any

import pytest
from invoices import document
from office import Office, OpenOffice

from qbdesk.sync.views import Status

EMAIL = "accounts@harbour.example.com"


@pytest.fixture
def by_hand(office: Office) -> dict[str, Any]:
    """The invoice as a bookkeeper entered it: same number, customer and total, unpaid."""
    there = office.enter_customer("Harbour Condo Corp", EMAIL)
    return office.enter_invoice(there, "N-inv-1")


def _customer(entry: dict[str, Any]) -> str:
    return str(entry["CustomerRef"]["value"])


def test_a_paid_one_is_already_in_quickbooks(office: Office, by_hand: dict[str, Any]) -> None:
    paid = office.enter_payment(_customer(by_hand), 113, by_hand["Id"])
    result = office.post(document())
    assert (result.synced, result.needs_attention, result.requests.writes) == (0, 0, 0)
    row = office.row()
    assert row.status is Status.ALREADY_IN_QUICKBOOKS
    assert (row.quickbooks_invoice_id, row.quickbooks_payment_id) == (by_hand["Id"], paid["Id"])
    assert office.count("Invoice", "Payment") == (1, 1)


def test_of_an_unpaid_one_only_the_payment_is_posted(
    office: Office, by_hand: dict[str, Any]
) -> None:
    assert office.post(document()).synced == 1
    assert office.count("Invoice", "Payment") == (1, 1)
    assert office.books.get("Invoice", by_hand["Id"])["Balance"] == Decimal(0)
    assert office.row().quickbooks_invoice_id == by_hand["Id"]


def test_an_unpaid_one_with_a_payment_that_nothing_has_taken_is_asked_about(
    office: Office, by_hand: dict[str, Any]
) -> None:
    office.enter_payment(_customer(by_hand), 113)
    office.post(document())
    assert "so is a payment of 113.00 CAD that no invoice has taken" in office.row().message
    assert office.count("Payment") == (1,)
    assert office.resolve("post_payment").synced == 1
    assert office.count("Payment") == (2,)


def test_a_partly_paid_one_is_held_with_both_shown(office: Office, by_hand: dict[str, Any]) -> None:
    office.enter_payment(_customer(by_hand), 13, by_hand["Id"])
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION
    assert "100.00 CAD open" in office.row().message
    assert office.resolve("link").needs_attention == 0
    assert office.status() is Status.ALREADY_IN_QUICKBOOKS
    assert office.count("Invoice", "Payment") == (1, 1)


def test_another_total_is_held_with_both_shown(office: Office) -> None:
    there = office.enter_customer("Harbour Condo Corp", EMAIL)
    office.enter_invoice(there, "N-inv-1", 200)
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION
    assert "226.00 CAD" in office.row().message
    assert "113.00 CAD" in office.row().message


def test_the_number_counts_whatever_its_case(office: Office) -> None:
    there = office.enter_customer("Harbour Condo Corp", EMAIL)
    office.enter_invoice(there, "n-INV-1", 200)
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION


def test_our_invoice_that_was_paid_by_hand_meanwhile_is_not_paid_twice(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST payment")
    office.post(document())
    (invoice,) = office.entities("Invoice")
    office.enter_payment(_customer(invoice), 113, invoice["Id"])
    office.clock.advance(seconds=301)
    office.sync()
    assert office.books.get("Invoice", invoice["Id"])["Balance"] == Decimal(0)
    unapplied = sum(entry["UnappliedAmt"] for entry in office.entities("Payment"))
    assert (office.count("Payment"), unapplied) == ((1,), 0)
    assert office.status() is Status.NEEDS_ATTENTION


def test_a_closed_period_holds_the_payment_of_an_invoice_entered_by_hand(
    office: Office, by_hand: dict[str, Any]
) -> None:
    office.world.switches.change({"book_close_date": "2026-11-10"})
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION
    assert "closed up to 2026-11-10" in office.row().message
    assert "first_open_day:2026-11-11" in office.choices()
    assert office.count("Payment") == (0,)
    assert office.resolve("first_open_day:2026-11-11").synced == 1
    assert office.entities("Payment")[0]["TxnDate"] == "2026-11-11"


def test_a_credit_that_quickbooks_applied_by_itself_holds_the_payment(office: Office) -> None:
    there = office.enter_customer("Harbour Condo Corp", EMAIL)
    office.enter_payment(there, 50)
    office.world.switches.change({"auto_apply_credit": True})
    office.post(document())
    assert "50.00 CAD of the client's credit" in office.row().message
    assert office.count("Invoice", "Payment") == (1, 1)
    assert office.entities("Invoice")[0]["Balance"] == Decimal(63)


def test_a_deleted_invoice_is_told_and_posted_again_only_on_a_persons_word(
    office: Office,
) -> None:
    office.post(document())
    (invoice,) = office.entities("Invoice")
    _delete(office, "invoice", invoice)
    assert office.sync().needs_attention == 0
    office.resync()
    assert "somebody has deleted it" in office.row().message
    assert "post_again" in office.choices()
    assert office.count("Invoice") == (0,)
    office.resolve("post_again")
    assert office.count("Invoice") == (1,)
    # The money came once: the payment that is there is taken over, not entered a second time.
    assert office.count("Payment") == (1,)
    assert office.status() is Status.NEEDS_ATTENTION
    assert "was not taken by the invoice" in office.row().message


def _delete(office: Office, path: str, entity: dict[str, Any]) -> None:
    office.enter(f"{path}?operation=delete", {"Id": entity["Id"], "SyncToken": entity["SyncToken"]})
