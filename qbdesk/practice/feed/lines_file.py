"""Invoices from a file of invoice lines in the shape of "Online Retail" (UCI, CC BY 4.0).

What stands in the file is shown as it stands. What the file lacks is made up: that everything was
paid the moment it was issued, how, and where the customer is to be reached.
"""

import csv
import itertools
from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from qbdesk.practice.feed import documents, payments
from qbdesk.practice.feed.documents import Sale
from qbdesk.practice.feed.errors import PracticeError
from qbdesk.practice.feed.feed import Document
from qbdesk.practice.feed.resource import practice_data

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
CURRENCY = "GBP"

Row = dict[str, str]


def read_invoices(path: Path, zone: ZoneInfo) -> Generator[Document, None, None]:
    """One paid invoice for each InvoiceNo, in the order of the file; reads as it goes.

    Dates of the file are local times of `zone`. Raises PracticeError for a file that cannot be
    read, is of another shape, or does not keep an invoice's lines together.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = set(COLUMNS) - set(reader.fieldnames or ())
            if missing:
                raise PracticeError(f"{path} lacks the columns {', '.join(sorted(missing))}.")
            yield from _invoices(reader, path, zone)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PracticeError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from error


def _invoices(reader: "csv.DictReader[str]", path: Path, zone: ZoneInfo) -> Iterator[Document]:
    seen: set[str] = set()
    for number, rows in itertools.groupby(reader, itemgetter("InvoiceNo")):
        if number in seen:
            raise PracticeError(f"In {path} the lines of invoice {number} are not together.")
        seen.add(number)
        try:
            yield _invoice(number, list(rows), zone)
        except (InvalidOperation, ValueError, TypeError) as error:
            raise PracticeError(
                f"{path}: invoice {number}, before line {reader.line_num}, has a quantity, "
                "price or date that is none."
            ) from error


def _invoice(number: str, rows: Sequence[Row], zone: ZoneInfo) -> Document:
    issued = datetime.fromisoformat(rows[0]["InvoiceDate"]).replace(tzinfo=zone)
    lines = [documents.line(at, _sale(row), ()) for at, row in enumerate(rows, start=1)]
    sums = documents.totals(lines, ())
    total = Decimal(sums["total"])
    document = documents.invoice(
        key=f"retail-{number}",
        number=number,
        issued=issued.date(),
        due=issued.date(),
        paid_at=issued,
        currency=CURRENCY,
        customer=_customer(number, rows[0]),
        lines=lines,
        sums=sums,
        payments=_payments(number, total, issued, zone),
    )
    if total < 0:
        # Money went back, but the file does not say how: settled without a payment.
        document.update(amount_paid=sums["total"], balance_due="0.00")
    return document


def _sale(row: Row) -> Sale:
    code = row["StockCode"]
    product = {"id": code, "name": code, "sku": code}
    return Sale(row["Description"], row["Quantity"], row["UnitPrice"], product)


def _customer(number: str, row: Row) -> Document:
    known = row["CustomerID"].removesuffix(".0")
    country = row["Country"]
    return {
        "id": known or f"none-{number}",
        "name": f"Customer {known}" if known else f"Customer of invoice {number}",
        "company": None,
        "email": f"customer-{known}@example.com" if known else f"invoice-{number}@example.com",
        "phone": None,
        "billing_address": {
            # Not every country of the file is one ("Channel Islands", "Unspecified").
            "country": practice_data("countries.json").get(country),
            "freeform": country,
        },
    }


def _payments(number: str, total: Decimal, paid_at: datetime, zone: ZoneInfo) -> list[Document]:
    if total <= 0:
        return []
    random = Random(number)
    way = random.choice((payments.card, payments.e_transfer))
    means = way(random, total, CURRENCY)
    return [payments.payment(1, means, total, CURRENCY, paid_at, zone)]
