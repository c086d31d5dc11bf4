"""python-quickbooks, a client that others wrote, uses the practice company as it uses Intuit.

Nothing of it is changed: its sign-in reads its addresses from the discovery document, and the
address of the API is the class attribute that it is in the library.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects.account import Account
from quickbooks.objects.base import CustomerMemo, EmailAddress, Ref
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.taxcode import TaxCode

from qbdesk.practice.serve import PracticeServer
from qbdesk.practice.switches import Switches
from qbdesk.practice.world import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, PracticeWorld

Open = Callable[..., "Desk"]


class Desk:
    """A practice server and the library, signed in to its company."""

    def __init__(self, switches: Switches) -> None:
        self.world = PracticeWorld(invoices=0, switches=switches)
        self.books = self.world.company.books
        self.server = PracticeServer(self.world)
        self.server.start()
        root = self.server.intuit_url
        discovery = f"{root}/developer/.well-known/openid_sandbox_configuration"
        self.auth = AuthClient(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, discovery)
        landed = self._consent()
        self.auth.get_bearer_token(landed["code"][0], landed["realmId"][0])
        self.qb = _client_of(root)(
            auth_client=self.auth,
            refresh_token=self.auth.refresh_token,
            company_id=self.auth.realm_id,
            minorversion=75,
        )

    def _consent(self) -> dict[str, list[str]]:
        address = self.auth.get_authorization_url([Scopes.ACCOUNTING])
        answer = requests.get(address, allow_redirects=False, timeout=10)
        landed = parse_qs(urlsplit(answer.headers["location"]).query)
        assert landed["state"] == [self.auth.state_token]
        return landed

    def close(self) -> None:
        self.qb.session.close()
        self.auth.close()
        self.server.stop()

    def customer(self, name: str = "Acme Ltd", email: str = "ap@acme.test") -> Customer:
        customer = Customer()
        customer.DisplayName = name
        customer.PrimaryEmailAddr = EmailAddress()
        customer.PrimaryEmailAddr.Address = email
        return customer.save(qb=self.qb)

    def line(self, amount: float, code: str = "HST ON", **detail: Any) -> SalesItemLine:
        line = SalesItemLine()
        line.Description = "Consulting"
        line.Amount = amount
        line.SalesItemLineDetail = SalesItemLineDetail()
        line.SalesItemLineDetail.ItemRef = Item.filter(Name="Services", qb=self.qb)[0].to_ref()
        if self.books.switches.country != "US":
            line.SalesItemLineDetail.TaxCodeRef = Ref()
            line.SalesItemLineDetail.TaxCodeRef.value = self.books.named("TaxCode", code)["Id"]
        for name, value in detail.items():
            setattr(line.SalesItemLineDetail, name, value)
        return line

    def draft(self, customer: Customer, number: str = "INV-1", amount: float = 100) -> Invoice:
        invoice = Invoice()
        invoice.CustomerRef = customer.to_ref()
        invoice.DocNumber = number
        invoice.Line = [self.line(amount)]
        return invoice

    def payment(self, invoice: Invoice, amount: float) -> Payment:
        payment = Payment()
        payment.CustomerRef = invoice.CustomerRef
        payment.TotalAmt = amount
        line = PaymentLine()
        line.Amount = amount
        line.LinkedTxn = [invoice.to_linked_txn()]
        payment.Line = [line]
        return payment.save(qb=self.qb)


def _client_of(root: str) -> type[QuickBooks]:
    """The library knows a host by its class attribute; another class has another."""
    return type(
        "PracticeQuickBooks", (QuickBooks,), {"api_url_v3": f"{root}/sandbox-quickbooks/v3"}
    )


@pytest.fixture
def open_desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens desks; the last step of a test is to close them."""
    # oauthlib refuses plain http unless it is told that this is a test.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    desks: list[Desk] = []

    def opened(**switches: Any) -> Desk:
        desks.append(Desk(Switches(**switches)))
        return desks[-1]

    yield opened
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(open_desk: Open) -> Desk:
    return open_desk()


def seen(desk: Desk, invoice: Invoice) -> Invoice:
    return Invoice.get(invoice.Id, qb=desk.qb)


# Signing in


def test_it_signs_in_refreshes_and_revokes(desk: Desk) -> None:
    first = desk.auth.access_token
    desk.auth.refresh()
    assert desk.auth.access_token != first
    assert desk.auth.expires_in == 3600
    assert desk.auth.revoke() is True
    with pytest.raises(AuthorizationException):
        Customer.all(qb=desk.qb)


# Customers, items and lists


def test_a_customer_is_made_found_counted_changed_and_put_away(desk: Desk) -> None:
    made = desk.customer("O'Brien & Sons")
    assert made.Id
    assert Customer.get(made.Id, qb=desk.qb).PrimaryEmailAddr.Address == "ap@acme.test"
    assert [each.Id for each in Customer.filter(DisplayName="O'Brien & Sons", qb=desk.qb)] == [
        made.Id
    ]
    assert Customer.count(qb=desk.qb) == 1
    assert Customer.count("DisplayName LIKE 'O%'", qb=desk.qb) == 1

    made.CompanyName = "O'Brien & Sons Inc."
    changed = made.save(qb=desk.qb)
    assert (changed.CompanyName, changed.SyncToken) == ("O'Brien & Sons Inc.", "1")

    changed.Active = False
    assert changed.save(qb=desk.qb).DisplayName == "O'Brien & Sons (deleted)"
    assert Customer.all(qb=desk.qb) == []


def test_a_sparse_update_leaves_the_rest_alone(desk: Desk) -> None:
    made = desk.customer()
    sparse = {"Id": made.Id, "SyncToken": made.SyncToken, "sparse": True, "Notes": "Pays late"}
    changed = desk.qb.update_object("Customer", _json(sparse))["Customer"]
    assert changed["Notes"] == "Pays late"
    assert changed["PrimaryEmailAddr"] == {"Address": "ap@acme.test"}


def test_choices_pages_and_order_are_queried(desk: Desk) -> None:
    made = [desk.customer(name) for name in ("Berta", "Anton", "Cäsar")]
    ids = [each.Id for each in made]
    names = [each.DisplayName for each in Customer.all(order_by="DisplayName", qb=desk.qb)]
    assert names == ["Anton", "Berta", "Cäsar"]
    page = Customer.where(
        "Active = true", order_by="DisplayName DESC", start_position=2, max_results=1, qb=desk.qb
    )
    assert [each.DisplayName for each in page] == ["Berta"]
    assert {each.Id for each in Customer.choose(ids[:2], qb=desk.qb)} == set(ids[:2])


def test_an_item_an_account_and_a_payment_method_are_made(desk: Desk) -> None:
    account = Account()
    account.Name = "Imported sales"
    account.AccountType = "Income"
    account.AccountSubType = "SalesOfProductIncome"
    account = account.save(qb=desk.qb)

    item = Item()
    item.Name = "Imported"
    item.Type = "Service"
    item.IncomeAccountRef = account.to_ref()
    item = item.save(qb=desk.qb)
    assert Item.get(item.Id, qb=desk.qb).IncomeAccountRef.name == "Imported sales"

    method = PaymentMethod()
    method.Name = "Interac e-Transfer"
    method.save(qb=desk.qb)
    assert len(PaymentMethod.filter(Name="Interac e-Transfer", qb=desk.qb)) == 1


def test_company_preferences_and_tax_codes_are_read(desk: Desk) -> None:
    company = CompanyInfo.get(desk.auth.realm_id, qb=desk.qb)
    assert company.Country == "CA"
    assert CompanyInfo.get(company.Id, qb=desk.qb).CompanyName == company.CompanyName
    assert CompanyInfo.all(qb=desk.qb)[0].CompanyName == company.CompanyName
    preferences = Preferences.get(qb=desk.qb)
    assert preferences.CurrencyPrefs.HomeCurrency.value == "CAD"
    assert preferences.SalesFormsPrefs.CustomTxnNumbers is True
    codes = TaxCode.all(qb=desk.qb)
    assert "HST ON" in [code.Name for code in codes]
    assert TaxCode.get(codes[0].Id, qb=desk.qb).Name == codes[0].Name


# Invoices and payments


def test_an_invoice_as_the_library_fills_it_in_is_taken_as_intuit_takes_it(desk: Desk) -> None:
    """'' for every date and total, ExchangeRate 1, Qty, UnitPrice and TaxInclusiveAmt 0."""
    made = desk.draft(desk.customer()).save(qb=desk.qb)
    kept = desk.books.entities["Invoice"][made.Id]
    assert (kept["TotalAmt"], kept["Balance"]) == (Decimal("113.00"), Decimal("113.00"))
    assert kept["TxnDate"] == desk.books.clock().date().isoformat()
    assert not {"ExchangeRate", "CurrencyRef", "ShipDate"} & kept.keys()
    assert seen(desk, made).Line[0].Amount == 100


def test_prices_that_hold_their_tax_are_taken_from_the_lines(desk: Desk) -> None:
    draft = desk.draft(desk.customer(), amount=113)
    draft.GlobalTaxCalculation = "TaxInclusive"
    made = draft.save(qb=desk.qb)
    assert (made.TotalAmt, made.TxnTaxDetail.TotalTax) == (113, 13)


def test_everything_else_stays_strict(desk: Desk) -> None:
    customer = desk.customer()
    for field, value, code in (
        ("ExchangeRate", 1.37, 6000),
        ("TxnDate", "11/02/2026", 2060),
        ("Colour", "blue", 2010),
        ("CustomerRef", customer.Id, 2010),
        ("DocNumber", "x" * 22, 2050),
    ):
        draft = desk.draft(customer)
        setattr(draft, field, value)
        with pytest.raises((ValidationException, QuickbooksException)) as refused:
            draft.save(qb=desk.qb)
        assert refused.value.error_code == code
    assert Invoice.count(qb=desk.qb) == 0


def test_a_quantity_times_a_price_has_to_be_the_amount(desk: Desk) -> None:
    draft = desk.draft(desk.customer())
    draft.Line = [desk.line(10.5, Qty=3, UnitPrice=3.5)]
    assert draft.save(qb=desk.qb).TotalAmt == pytest.approx(11.87)
    other = desk.draft(desk.customer("Other Ltd"), "INV-2")
    other.Line = [desk.line(10.4, Qty=3, UnitPrice=3.5)]
    with pytest.raises(QuickbooksException) as refused:
        other.save(qb=desk.qb)
    assert refused.value.error_code == 6070


def test_a_request_id_that_is_repeated_makes_one_invoice(desk: Desk) -> None:
    customer = desk.customer()
    first = desk.draft(customer).save(qb=desk.qb, request_id="one-and-the-same")
    second = desk.draft(customer).save(qb=desk.qb, request_id="one-and-the-same")
    assert first.Id == second.Id
    assert Invoice.count(qb=desk.qb) == 1
    with pytest.raises(QuickbooksException) as refused:
        desk.draft(customer).save(qb=desk.qb, request_id="another")
    assert refused.value.error_code == 6140


def test_an_invoice_is_changed_whole_as_it_was_read(desk: Desk) -> None:
    invoice = seen(desk, desk.draft(desk.customer()).save(qb=desk.qb))
    invoice.CustomerMemo = CustomerMemo()
    invoice.CustomerMemo.value = "Thank you"
    changed = invoice.save(qb=desk.qb)
    assert changed.CustomerMemo.value == "Thank you"
    assert (changed.TotalAmt, changed.DocNumber) == (113, "INV-1")
    with pytest.raises(QuickbooksException) as refused:
        invoice.save(qb=desk.qb)
    assert refused.value.error_code == 5010


def test_a_payment_pays_and_its_void_and_its_deletion_open_the_invoice_again(desk: Desk) -> None:
    invoice = desk.draft(desk.customer()).save(qb=desk.qb)
    payment = desk.payment(invoice, 113)
    assert seen(desk, invoice).Balance == 0
    assert seen(desk, invoice).LinkedTxn[0].TxnId == payment.Id

    payment.void(qb=desk.qb)
    assert seen(desk, invoice).Balance == 113
    voided = Payment.get(payment.Id, qb=desk.qb)
    assert (voided.TotalAmt, voided.Line) == (0, [])

    second = desk.payment(invoice, 13)
    assert seen(desk, invoice).Balance == 100
    second.delete(qb=desk.qb)
    assert seen(desk, invoice).Balance == 113
    with pytest.raises(ObjectNotFoundException):
        Payment.get(second.Id, qb=desk.qb)
    assert Payment.filter(CustomerRef=invoice.CustomerRef.value, qb=desk.qb)[0].Id == payment.Id


def test_an_invoice_is_voided_and_deleted(desk: Desk) -> None:
    invoice = desk.draft(desk.customer()).save(qb=desk.qb)
    invoice.void(qb=desk.qb)
    voided = seen(desk, invoice)
    assert (voided.TotalAmt, voided.Balance, voided.DocNumber) == (0, 0, "INV-1")
    assert voided.PrivateNote.startswith("Voided")
    voided.delete(qb=desk.qb)
    assert Invoice.filter(Id=voided.Id, qb=desk.qb) == []


def test_where_several_currencies_are_on_the_customers_own_counts(open_desk: Open) -> None:
    desk = open_desk(multicurrency=True)
    draft = desk.draft(desk.customer())
    draft.CurrencyRef = Ref()
    draft.CurrencyRef.value = "USD"
    with pytest.raises(QuickbooksException) as refused:
        draft.save(qb=desk.qb)
    assert refused.value.error_code == 6000
    draft.CurrencyRef.value = "CAD"
    assert draft.save(qb=desk.qb).ExchangeRate == 1


def test_in_the_us_no_tax_code_is_needed(open_desk: Open) -> None:
    desk = open_desk(country="US", home_currency="USD", sales_tax="us_automated")
    assert desk.draft(desk.customer()).save(qb=desk.qb).TotalAmt == 100


# Many at once, and what has changed


def test_batches_make_change_and_delete(desk: Desk) -> None:
    customer = desk.customer()
    made = batch_create([desk.draft(customer, f"INV-{number}") for number in range(33)], qb=desk.qb)
    assert (len(made.successes), made.faults) == (33, [])

    first = made.successes[0]
    first.PrivateNote = "Changed"
    changed = batch_update([first], qb=desk.qb)
    assert changed.successes[0].PrivateNote == "Changed"

    twice = batch_create([desk.draft(customer, "INV-5"), desk.draft(customer, "NEW")], qb=desk.qb)
    assert [fault.Error[0].code for fault in twice.faults] == ["6140"]
    assert [each.DocNumber for each in twice.successes] == ["NEW"]

    gone = batch_delete([made.successes[1]], qb=desk.qb)
    assert gone.faults == []
    assert Invoice.count(qb=desk.qb) == 33


def test_what_has_changed_since_a_moment_is_captured(desk: Desk) -> None:
    since = desk.books.clock() - timedelta(minutes=1)
    invoice = desk.draft(desk.customer()).save(qb=desk.qb)
    payment = desk.payment(invoice, 113)
    payment.delete(qb=desk.qb)
    changes = change_data_capture([Invoice, Payment], _utc(since), qb=desk.qb)
    assert [each.Id for each in changes.Invoice] == [invoice.Id]
    assert [each.status for each in changes.Payment] == ["Deleted"]


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields)
