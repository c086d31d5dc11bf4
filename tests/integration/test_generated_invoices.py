"""A thousand invoices: in QuickBooks to the cent and paid in full, or held with a reason.

Never anything else. Another thousand: QBDESK_TEST_SEED=... (the seed stands in every failure).
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from generated import KINDS, ZERO, Kind, invoice
from invoices import TEXAS, customer, document, line, payment
from office import NAME, Office, OpenOffice

from qbdesk.sync.ledger import companies, invoices
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.views import InvoiceRow, Status

SEED = os.environ.get("QBDESK_TEST_SEED", "1")
EACH = 250
MOST_QUESTIONS = 40
MAY_DIFFER = {
    "Canada": ("tax_difference", "spot_check"),
    "US automated": ("spot_check",),
    "US manual": ("tax_difference", "spot_check"),
    "no tax": (),
}


@dataclass
class Batch:
    """One company's invoices after every question of a tax code was answered once."""

    kind: Kind
    office: Office
    shown: dict[str, dict[str, Any]]
    rows: dict[str, InvoiceRow]
    seed: str

    def reasons(self) -> Counter[str]:
        """Status of what was posted, reason of what is held."""
        ledger = open_ledger(self.office.home / "ledger.db")
        with ledger.begin() as connection:
            company = companies.named(connection, NAME)
            assert company is not None
            records = invoices.everything(connection, company.id)
        ledger.close()
        return Counter(str(record.reason or record.status) for record in records)


def answer_questions(office: Office) -> None:
    """A bookkeeper answers what is asked once per company, by the name that fits best."""
    for _ in range(MOST_QUESTIONS):
        asked = [row for row in office.rows() if row.choices[:1] and _asks_for_code(row)]
        if not asked:
            return
        row = asked[0]
        named = [choice for choice in row.choices if f"{row.customer[-2:]}”" in choice.label]
        choice = (named or list(row.choices))[0]
        office.service.resolve(NAME, row.source_id, choice.word, "Ann").result(60)
        office.sync()
    raise AssertionError("There is no end of questions.")


def _asks_for_code(row: InvoiceRow) -> bool:
    return row.status is Status.NEEDS_ATTENTION and "You are asked once" in row.message


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def batch(request: pytest.FixtureRequest, open_shared_office: OpenOffice) -> Batch:
    kind: Kind = request.param
    seed = f"{SEED}:{kind.name}"
    random = Random(seed)
    shown = [invoice(random, kind, at) for at in range(EACH)]
    office = open_shared_office(**kind.switches)
    office.post(*shown)
    answer_questions(office)
    rows = {row.source_id: row for row in office.rows()}
    return Batch(kind, office, {entry["id"]: entry for entry in shown}, rows, seed)


def wrong_with(office: Office, source: dict[str, Any], row: InvoiceRow) -> str:
    """What is neither posted to the cent and paid in full nor held with a reason; "" if nothing."""
    found = [e for e in office.entities("Invoice") if e["DocNumber"] == source["number"]]
    paid = sum((_applied(office, entry["Id"]) for entry in found), ZERO)
    total = Decimal(source["total"])
    if row.status is Status.SYNCED:
        figures = [(entry["TotalAmt"], entry["Balance"]) for entry in found]
        if figures != [(total, ZERO)]:
            return f"synced as {figures}"
        return "" if paid == total else f"synced, and {paid} was paid"
    if row.status is not Status.NEEDS_ATTENTION or not row.message.strip():
        return f"{row.status} with the message {row.message!r}"
    still_open = [entry["Balance"] == entry["TotalAmt"] for entry in found]
    return "" if not paid and still_open in ([], [True]) else "held, and something was paid"


def _applied(office: Office, invoice_id: str) -> Decimal:
    return sum(
        (
            line["Amount"]
            for payment in office.entities("Payment")
            for line in payment["Line"]
            if any(link["TxnId"] == invoice_id for link in line["LinkedTxn"])
        ),
        ZERO,
    )


def test_every_invoice_is_in_quickbooks_to_the_cent_and_paid_or_held_with_a_reason(
    batch: Batch,
) -> None:
    assert set(batch.rows) == set(batch.shown)
    wrong = {
        key: told
        for key, source in batch.shown.items()
        if (told := wrong_with(batch.office, source, batch.rows[key]))
    }
    assert wrong == {}, f"seed {batch.seed}"


def test_the_books_agree_with_what_was_posted(batch: Batch) -> None:
    posted = [batch.shown[key] for key, row in batch.rows.items() if row.status is Status.SYNCED]
    received = sum((Decimal(entry["total"]) for entry in posted), ZERO)
    payments = batch.office.entities("Payment")
    assert sum((p["TotalAmt"] for p in payments), ZERO) == received, f"seed {batch.seed}"
    assert {p["UnappliedAmt"] for p in payments} <= {ZERO}, f"seed {batch.seed}"
    assert len(payments) == sum(len(entry["payments"]) for entry in posted)
    balance = batch.office.trial_balance()
    assert balance["Undeposited Funds"] == received
    assert sum(balance.values()) == ZERO
    open_invoices = [entry["Balance"] for entry in batch.office.entities("Invoice")]
    assert balance.get("Accounts Receivable (A/R)", ZERO) == sum(open_invoices, ZERO)


def test_every_line_carries_the_amount_of_the_source(batch: Batch) -> None:
    kept = {entry["DocNumber"]: entry for entry in batch.office.entities("Invoice")}
    wrong = [
        key
        for key, source in batch.shown.items()
        if (entry := kept.get(source["number"])) is not None and _gross(entry) != _amounts(source)
    ]
    assert wrong == [], f"seed {batch.seed}"


def test_what_is_paid_has_the_tax_of_the_source_in_each_rate(batch: Batch) -> None:
    if batch.kind.sales_tax == "us_automated":  # the rates are Intuit's own there
        return
    kept = {entry["DocNumber"]: entry for entry in batch.office.entities("Invoice")}
    wrong = [
        key
        for key, row in batch.rows.items()
        if row.status is Status.SYNCED
        and _made(kept[batch.shown[key]["number"]]) != _wanted(batch.shown[key])
    ]
    assert wrong == [], f"seed {batch.seed}"


def _made(entry: dict[str, Any]) -> dict[Decimal, Decimal]:
    rows = entry["TxnTaxDetail"].get("TaxLine", ())
    return _by_percent((row["TaxLineDetail"]["TaxPercent"], row["Amount"]) for row in rows)


def _wanted(source: dict[str, Any]) -> dict[Decimal, Decimal]:
    rows = source["tax"]
    return _by_percent((Decimal(row["rate_percent"]), Decimal(row["amount"])) for row in rows)


def _by_percent(taxes: Iterable[tuple[Decimal, Decimal]]) -> dict[Decimal, Decimal]:
    found: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for percent, amount in taxes:
        found[percent] += amount
    return {percent: amount for percent, amount in found.items() if amount}


def _gross(entry: dict[str, Any]) -> list[Decimal]:
    """What stands on the lines, tax included where the prices are inclusive; no discount."""
    details = [
        line | line["SalesItemLineDetail"]
        for line in entry["Line"]
        if line["DetailType"] == "SalesItemLineDetail" and line.get("Description") != "Discount"
    ]
    return [detail.get("TaxInclusiveAmt", detail["Amount"]) for detail in details]


def _amounts(source: dict[str, Any]) -> list[Decimal]:
    return [Decimal(line["amount"]) for line in source["lines"]]


def test_most_are_posted_and_the_rest_is_held_for_few_reasons(batch: Batch) -> None:
    reasons = batch.reasons()
    told = f"seed {batch.seed}: {dict(reasons)}"
    assert sum(reasons.values()) == EACH
    assert reasons["synced"] >= EACH * 7 // 10, told
    # QuickBooks rounds otherwise than the source, or the lines come to less than nothing.
    assert set(reasons) <= {"synced", "negative_total", *MAY_DIFFER[batch.kind.name]}, told


@pytest.mark.parametrize("sales_tax", ["us_automated", "us_manual"])
def test_in_the_us_a_discount_comes_off_before_the_tax(
    open_office: OpenOffice, sales_tax: str
) -> None:
    office = open_office(country="US", home_currency="USD", sales_tax=sales_tax)
    row = line(rates=[("tx", "Texas", "6.25")])
    row["taxes"][0]["amount"] = row["tax_amount"] = "5.63"
    money = payment("95.63", currency="USD")
    client = customer(billing_address=TEXAS)
    shown = document(currency="USD", client=client, lines=[row], discount="10.00", payments=[money])
    assert office.post(shown).synced == 1, office.row().message
    (posted,) = office.entities("Invoice")
    assert (posted["TotalAmt"], posted["Balance"]) == (Decimal("95.63"), ZERO)
