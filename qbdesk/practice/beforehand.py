"""What somebody has entered in the practice company's books, so that qbdesk has to ask.

Each kind has a client of its own in customers.json, with one invoice in the feed.
"""

import copy
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.feed.feed import Document
from qbdesk.practice.intuit import entities


def entered_by_hand(books: Books, document: Document, first_day: date) -> Document:
    """The same invoice under another number, not paid yet."""
    customer = _customer(books, document, document["customer"]["name"])
    _invoice(books, customer, "1041", document["issue_date"], document["total"])
    return document


def opening_receivables(books: Books, document: Document, first_day: date) -> Document:
    """Issued before the first day to a client whose old invoices stand in the books as one."""
    customer = _customer(books, document, document["customer"]["name"])
    owed = Decimal(document["total"]) * 3
    _invoice(books, customer, "OPENING", first_day.isoformat(), f"{owed}")
    issued = first_day - timedelta(days=20)
    due = issued + timedelta(days=30)
    return {**document, "issue_date": issued.isoformat(), "due_date": due.isoformat()}


def one_email_for_many(books: Books, document: Document, first_day: date) -> Document:
    """A property manager whose email several customers have."""
    for unit in ("Unit 4", "Unit 9"):
        _customer(books, document, f"Riverside Court {unit}")
    return document


def recorded_by_intuit(books: Books, document: Document, first_day: date) -> Document:
    """Paid by QuickBooks Payments, which recorded invoice and money itself."""
    customer = _customer(books, document, document["customer"]["name"])
    total, number = document["total"], document["number"]
    invoice = _invoice(books, customer, number, document["issue_date"], total)
    link = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    line = {"Amount": Decimal(total), "LinkedTxn": link}
    paid = copy.deepcopy(document)
    paid["payments"][0] |= {"method": "qb_payments", "method_label": "QuickBooks Payments"}
    body = {"TotalAmt": Decimal(total), "TxnDate": paid["payments"][0]["paid_on"], "Line": [line]}
    entities.write(books, "Payment", {**_of(customer), **body}, "", frozenset())
    return paid


BEFOREHAND: MappingProxyType[str, Callable[[Books, Document, date], Document]] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (entered_by_hand, opening_receivables, one_email_for_many, recorded_by_intuit)
    }
)


def _customer(books: Books, document: Document, name: str) -> Entity:
    email = {"Address": document["customer"]["email"]}
    body = {"DisplayName": name, "PrimaryEmailAddr": email}
    return entities.write(books, "Customer", body, "", frozenset())


def _invoice(books: Books, customer: Entity, number: str, day: str, total: str) -> Entity:
    """One line of the whole amount, without tax."""
    code = books.named("TaxCode", "Exempt")
    assert code is not None
    detail = {"ItemRef": {"value": books.default_item}, "TaxCodeRef": {"value": code["Id"]}}
    kind = "SalesItemLineDetail"
    body = {
        "DocNumber": number,
        "TxnDate": day,
        "GlobalTaxCalculation": "TaxExcluded",
        "Line": [{"Amount": Decimal(total), "DetailType": kind, kind: detail}],
    }
    return entities.write(books, "Invoice", {**_of(customer), **body}, "", frozenset())


def _of(customer: Entity) -> Entity:
    return {"CustomerRef": {"value": customer["Id"]}}
