"""What a bookkeeper may have entered already is asked about before it is posted once more."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from invoices import document
from office import Office, OpenOffice


@pytest.fixture
def client_in_quickbooks(office: Office) -> str:
    """The client of every invoice here was in QuickBooks before qbdesk came."""
    body = {
        "DisplayName": "Harbour Condos",
        "PrimaryEmailAddr": {"Address": "accounts@harbour.example.com"},
    }
    return str(office.enter("customer", body)["Id"])


def entered_by_hand(office: Office, customer: str, amount: float, **more: Any) -> str:
    """An open invoice of so much, with 13 % on top."""
    line = {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"TaxCodeRef": {"value": office.tax_code("HST ON")}},
    }
    body = {"CustomerRef": {"value": customer}, "GlobalTaxCalculation": "TaxExcluded"}
    made = office.enter("invoice", {**body, "Line": [line], **more})
    return str(made["Id"])


def test_an_open_invoice_of_the_same_total_is_asked_about(
    office: Office, client_in_quickbooks: str
) -> None:
    by_hand = entered_by_hand(office, client_in_quickbooks, 100.00, DocNumber="1007")
    office.post(document())
    assert office.row().message.startswith("Looks entered by hand")
    assert office.count("Invoice", "Payment") == (1, 0)
    assert office.resolve(f"pay:{by_hand}").synced == 1
    assert office.count("Invoice", "Payment") == (1, 1)
    assert office.entities("Invoice")[0]["Balance"] == 0


def test_one_with_other_tax_is_asked_about_with_both_and_said_after_it_was_paid(
    office: Office, client_in_quickbooks: str
) -> None:
    line = {
        "Amount": 113,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"TaxCodeRef": {"value": office.tax_code("Exempt")}},
    }
    by_hand = entered_by_hand(office, client_in_quickbooks, 113, Line=[line])
    office.post(document())
    assert office.row().choices[0].label.endswith("whose tax is 0.00 CAD instead of 13.00 CAD")
    assert office.resolve(f"pay:{by_hand}").synced == 1
    assert "with tax of 0.00 CAD instead of 13.00 CAD" in office.row().message


def test_a_lost_ledger_finds_our_payment_where_no_invoice_bears_our_mark(
    office: Office, client_in_quickbooks: str, tmp_path: Path
) -> None:
    by_hand = entered_by_hand(office, client_in_quickbooks, 100.00, DocNumber="1007")
    office.post(document())
    office.resolve(f"pay:{by_hand}")
    office.open(tmp_path / "new computer", vault=False)
    office.add()
    office.connect()
    result = office.sync()
    assert (result.synced, result.requests.writes) == (1, 0)
    assert office.count("Invoice", "Payment") == (1, 1)


def test_it_is_posted_as_new_when_a_person_says_so(
    office: Office, client_in_quickbooks: str
) -> None:
    entered_by_hand(office, client_in_quickbooks, 100.00, DocNumber="1007")
    office.post(document())
    assert office.resolve("post_new").synced == 1
    assert office.count("Invoice", "Payment") == (2, 1)


def test_an_open_invoice_of_another_total_does_not_stop_it(
    office: Office, client_in_quickbooks: str
) -> None:
    entered_by_hand(office, client_in_quickbooks, 50.00, DocNumber="1007")
    assert office.post(document()).synced == 1


def test_what_was_issued_before_the_first_day_may_be_an_opening_balance(
    office: Office, client_in_quickbooks: str
) -> None:
    entered_by_hand(office, client_in_quickbooks, 5000.00, DocNumber="OPENING")
    office.post(document(issue_date="2025-12-20", due_date="2025-12-31"))
    assert "opening receivables" in office.row().message
    assert office.count("Invoice") == (1,)
    assert office.resolve("post_new").synced == 1


def test_an_opening_balance_is_paid_by_as_much_as_came_in(
    office: Office, client_in_quickbooks: str
) -> None:
    opening = entered_by_hand(office, client_in_quickbooks, 5000.00, DocNumber="OPENING")
    office.post(document(issue_date="2025-12-20", due_date="2025-12-31"))
    (choice, *_) = office.row().choices
    assert choice.label == "Pay invoice OPENING with it, of which 5,650.00 CAD is open"
    assert office.resolve(f"pay:{opening}").synced == 1
    assert office.count("Invoice", "Payment") == (1, 1)
    assert office.entities("Invoice")[0]["Balance"] == Decimal("5537.00")
    # Looked at once more it is not taken for half paid.
    assert office.resync().synced == 1
    assert office.count("Invoice", "Payment") == (1, 1)


def test_customers_that_qbdesk_made_cost_no_such_look(office: Office) -> None:
    office.post(document())
    reads = office.sync().requests.reads
    result = office.post(document("inv-2"))
    assert result.synced == 1
    # The number alone is looked up.
    assert result.requests.reads == reads + 1


def test_money_is_not_put_into_an_account_of_a_third_currency(open_office: OpenOffice) -> None:
    office = open_office(multicurrency=True)
    euros = {
        "Name": "Euro account",
        "AccountType": "Bank",
        "CurrencyRef": {"value": "EUR"},
    }
    office.enter("account", euros)
    office.sync()
    office.set("deposit.e_transfer", "Euro account")
    office.post(document())
    assert "is kept in EUR" in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)
