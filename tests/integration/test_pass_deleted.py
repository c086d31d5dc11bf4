"""What somebody deletes, pays or enters in QuickBooks between our steps is seen, never doubled."""

from pathlib import Path
from typing import Any

import pytest
from invoices import customer, document, line, payment
from office import Office, OpenOffice

from qbdesk.sync.views import Status


def delete_payment(office: Office) -> None:
    """Somebody deletes the only payment in QuickBooks."""
    (entry,) = office.entities("Payment")
    office.enter("payment?operation=delete", {n: entry[n] for n in ("Id", "SyncToken")})


def hand_made_invoice(office: Office) -> str:
    """An open invoice of 113.00 that a person entered for the client, who was there before."""
    client = {
        "DisplayName": "Harbour Condos",
        "PrimaryEmailAddr": {"Address": "accounts@harbour.example.com"},
    }
    holder = office.enter("customer", client)["Id"]
    code = {"TaxCodeRef": {"value": office.tax_code("HST ON")}}
    line = {"Amount": 100.0, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": code}
    body = {"CustomerRef": {"value": holder}, "GlobalTaxCalculation": "TaxExcluded"}
    return str(office.enter("invoice", {**body, "DocNumber": "1007", "Line": [line]})["Id"])


def test_a_payment_deleted_in_quickbooks_is_said_and_posted_once_more_by_decision(
    office: Office,
) -> None:
    office.post(document())
    delete_payment(office)
    office.resync()
    assert office.status() is Status.NEEDS_ATTENTION
    assert "113.00 CAD is open on the invoice" in office.row().message
    assert office.resolve("pay_again").synced == 1
    assert office.entities("Invoice")[0]["Balance"] == 0
    assert office.count("Payment") == (1,)


def test_with_a_lost_ledger_an_old_answer_does_not_pass_for_a_payment(
    office: Office, tmp_path: Path
) -> None:
    office.post(document())
    delete_payment(office)
    office.open(tmp_path / "new", vault=False)
    office.add()
    office.connect()
    office.sync()
    # QuickBooks gave the old success once more; the invoice says that nothing was paid.
    assert office.status() is Status.NEEDS_ATTENTION
    assert office.resolve("pay_again").synced == 1
    assert (office.count("Invoice", "Payment"), office.entities("Invoice")[0]["Balance"]) == (
        (1, 1),
        0,
    )


def test_with_a_lost_ledger_an_invoice_paid_by_hand_is_not_made_anew(
    office: Office, tmp_path: Path
) -> None:
    by_hand = hand_made_invoice(office)
    office.post(document())
    assert office.resolve(f"pay:{by_hand}").synced == 1
    office.open(tmp_path / "new", vault=False)
    office.add()
    office.connect()
    assert office.sync().synced == 1
    assert any("on an invoice that somebody else made" in e.text for e in office.journal())
    assert office.count("Invoice", "Payment") == (1, 1)


def test_money_that_intuit_took_is_not_posted_onto_an_invoice_that_is_there_either(
    office: Office,
) -> None:
    by_hand = hand_made_invoice(office)
    office.post(document(payments=[payment("113.00", method="qb_payments")]))
    office.resolve(f"pay:{by_hand}")
    assert office.status() is Status.WAITING
    assert office.count("Payment") == (0,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"payments": [payment("100.00", refunded_amount="-13.00")]}, "A payment of nothing"),
        ({"credit_applied": "-7.00", "balance_due": "7.00"}, "was settled from the client's"),
        ({"discount": "-5.00"}, "a discount is below zero"),
        ({"lines": [line(discount="-5.00")]}, "a discount is below zero"),
    ],
)
def test_figures_below_zero_where_none_can_be_are_held(
    office: Office, changes: dict[str, Any], said: str
) -> None:
    office.post(document(**changes))
    assert said in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)


def test_what_was_refunded_meanwhile_is_not_paid_because_quickbooks_is_left_as_it_is(
    office: Office,
) -> None:
    office.fault("refused", "POST payment", code="6000")
    office.post(document())
    refunded = document(status="refunded", payments=[payment("113.00", refunded_amount="113.00")])
    office.post(refunded)
    office.resolve("keep")
    office.resync()
    assert office.status() is Status.NEEDS_ATTENTION
    assert "was refunded in full at the source; no payment" in office.row().message
    assert office.count("Payment") == (0,)


def test_what_is_certainly_not_posted_follows_the_source_under_another_request_id(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST invoice")
    office.post(document())
    assert office.status() is Status.WAITING
    office.clock.advance(minutes=6)
    office.world.company.switches.subscription_status = "EXPIRED"
    office.sync()
    office.world.company.switches.subscription_status = "SUBSCRIBED"
    office.post(document(issue_date="2026-11-05"))
    assert office.status() is Status.SYNCED
    assert office.entities("Invoice")[0]["TxnDate"] == "2026-11-05"


def test_an_account_put_away_in_quickbooks_holds_the_invoice_before_anything_is_written(
    office: Office,
) -> None:
    account = office.books.named("Account", "Services")
    office.books.entities["Account"][account["Id"]] = {**account, "Active": False}
    office.post(document(client=customer()))
    assert "The default income account is not there or not active" in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)


@pytest.mark.parametrize(
    "later",
    [
        {"lines": [line(price="999.00")]},
        {"payments": [payment("50.00", id="a"), payment("63.00", id="b")]},
        {"status": "void"},
        {"number": "N-other"},
    ],
)
def test_what_was_left_as_it_is_by_decision_stays_so_after_a_resync(
    office: Office, later: dict[str, Any]
) -> None:
    office.post(document())
    books = office.trial_balance()
    office.post(document(**later))
    assert office.row().message.startswith("Changed after posting")
    office.resolve("keep")
    office.resync()
    assert office.status() is Status.SYNCED
    assert office.row().message.endswith("QuickBooks was left as it is, by decision.")
    assert office.row().quickbooks_payment_id is not None
    assert office.trial_balance() == books


def test_after_that_decision_the_next_change_is_asked_about_again(office: Office) -> None:
    office.post(document())
    office.post(document(number="N-other"))
    office.resolve("keep")
    office.post(document(number="N-third"))
    assert office.row().message.startswith("Changed after posting: the number was N-other")


def test_a_correction_of_the_tax_never_touches_an_invoice_that_is_paid(office: Office) -> None:
    office.post(document())
    (invoice,) = office.entities("Invoice")
    detail = {"TaxCodeRef": {"value": office.tax_code("HST NS")}}
    line = {"Amount": 100.0, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    kept = {name: invoice[name] for name in ("Id", "SyncToken", "CustomerRef", "DocNumber")}
    office.enter("invoice", {**kept, "GlobalTaxCalculation": "TaxExcluded", "Line": [line]})
    office.resync()
    assert office.row().message.startswith("Spot-check: QuickBooks made 114.00 CAD")
    assert office.choices() == ["try_again"]
