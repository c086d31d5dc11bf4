"""The plain way: python-quickbooks in a loop, as an integration is usually written first."""

import os
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from quickbooks import QuickBooks
from quickbooks.objects.base import EmailAddress, Ref
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.taxcode import TaxCode
from skipping import SkippingClock

PACE = 60 / 490  # seconds between two requests: just below 500 a minute and 10 a second


class Loop:
    """Signed in to a practice company; paces itself so that it is never throttled."""

    def __init__(self, place: dict[str, Any], clock: SkippingClock) -> None:
        # oauthlib refuses plain http unless it is told that this is a test.
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
        os.environ["NO_PROXY"] = "127.0.0.1"
        root = place["intuit_url"]
        discovery = f"{root}/developer/.well-known/openid_sandbox_configuration"
        auth = AuthClient(
            place["client_id"], place["client_secret"], place["redirect_uri"], discovery
        )
        address = auth.get_authorization_url([Scopes.ACCOUNTING])
        answer = requests.get(address, allow_redirects=False, timeout=10)
        landed = parse_qs(urlsplit(answer.headers["location"]).query)
        auth.get_bearer_token(landed["code"][0], landed["realmId"][0])
        client = type("Practice", (QuickBooks,), {"api_url_v3": f"{root}/sandbox-quickbooks/v3"})
        self._client = client(
            auth_client=auth,
            refresh_token=auth.refresh_token,
            company_id=auth.realm_id,
            minorversion=75,
        )
        self._clock = clock
        self._next = clock.monotonic()
        self._tax = self._paced(TaxCode.filter, Name="HST ON")[0].to_ref()

    def _paced(self, call: Any, *words: Any, **more: Any) -> Any:
        now = self._clock.monotonic()
        self._clock.wait(self._next - now)
        self._next = max(self._next, now) + PACE
        return call(*words, qb=self._client, **more)

    def post(self, documents: Iterable[dict[str, Any]]) -> None:
        for document in documents:
            customer = self._customer(document["customer"])
            item = self._paced(Item.filter, Name="Services")[0]
            invoice = self._paced(self._invoice(document, customer, item).save)
            self._paced(_payment(document, customer, invoice).save)

    def _customer(self, client: dict[str, Any]) -> Customer:
        email = client["email"]
        found = self._paced(Customer.where, f"PrimaryEmailAddr = '{email}'")
        if found:
            return found[0]
        customer = Customer()
        customer.DisplayName = client["name"]
        customer.PrimaryEmailAddr = EmailAddress()
        customer.PrimaryEmailAddr.Address = email
        return self._paced(customer.save)

    def _invoice(self, document: dict[str, Any], customer: Customer, item: Item) -> Invoice:
        invoice = Invoice()
        invoice.CustomerRef = customer.to_ref()
        invoice.DocNumber = document["number"]
        invoice.TxnDate = document["issue_date"]
        invoice.Line = list(_lines(document, item, self._tax))
        return invoice


def _lines(document: dict[str, Any], item: Item, tax: Ref) -> Iterator[SalesItemLine]:
    for each in document["lines"]:
        line = SalesItemLine()
        line.Description = each["description"]
        line.Amount = float(each["amount"])
        line.SalesItemLineDetail = SalesItemLineDetail()
        line.SalesItemLineDetail.ItemRef = item.to_ref()
        line.SalesItemLineDetail.TaxCodeRef = tax
        yield line


def _payment(document: dict[str, Any], customer: Customer, invoice: Invoice) -> Payment:
    payment = Payment()
    payment.CustomerRef = customer.to_ref()
    payment.TotalAmt = float(document["total"])
    line = PaymentLine()
    line.Amount = payment.TotalAmt
    line.LinkedTxn = [invoice.to_linked_txn()]
    payment.Line = [line]
    return payment
