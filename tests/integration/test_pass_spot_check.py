"""QuickBooks came to another total: a person puts that same invoice right, and then it is paid."""

from decimal import Decimal
from typing import Any

import pytest
from invoices import TEXAS, customer, document, line, payment
from office import Office, OpenOffice

from qbdesk.sync import waves
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.planner.decisions import Decision
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.views import Status

TEXAN = ("tx", "Texas", "6.25")


def texan_office(open_office: OpenOffice, *, takes_our_tax: bool) -> Office:
    """A US company whose automated sales tax comes to 8 % where the source charged 6.25 %."""
    office = open_office(
        country="US",
        home_currency="USD",
        sales_tax="us_automated",
        automated_tax_rate="8",
        partner_tax_override=takes_our_tax,
    )
    office.post(
        document(
            currency="USD",
            customer=customer(billing_address=TEXAS),
            lines=[line(rates=[TEXAN])],
            payments=[payment("106.25", currency="USD")],
        )
    )
    return office


def only_invoice(office: Office) -> dict[str, Any]:
    (invoice,) = office.entities("Invoice")
    return invoice


def test_the_tax_of_the_source_can_be_put_onto_the_same_invoice(open_office: OpenOffice) -> None:
    office = texan_office(open_office, takes_our_tax=True)
    before = only_invoice(office)
    assert (before["TotalAmt"], office.count("Payment")) == (Decimal("108.00"), (0,))
    # What was sent at first named no tax: QuickBooks worked it out.
    assert "send_source_tax" in office.choices()
    assert office.resolve("send_source_tax").synced == 1
    after = only_invoice(office)
    assert after["Id"] == before["Id"]
    assert (after["TotalAmt"], after["Balance"]) == (Decimal("106.25"), 0)
    assert after["DocNumber"] == before["DocNumber"]


def test_a_correction_that_quickbooks_ignores_is_said_and_not_repeated(
    open_office: OpenOffice,
) -> None:
    office = texan_office(open_office, takes_our_tax=False)
    office.resolve("send_source_tax")
    assert office.status() is Status.NEEDS_ATTENTION
    assert "still comes to another figure" in office.row().message
    writes = office.world.company.requests.writes
    office.resync()
    assert office.world.company.requests.writes == writes
    assert office.count("Payment") == (0,)


def taxed_before_its_discount() -> dict[str, Any]:
    """100.00 less 10.00, with 13 % on the whole 100.00: QuickBooks taxes what is left."""
    return document(
        lines=[line()],
        discount="10.00",
        total="103.00",
        amount_paid="103.00",
        balance_due="0.00",
        payments=[payment("103.00")],
    )


def test_in_canada_the_source_s_tax_is_sent_per_rate(office: Office) -> None:
    office.post(taxed_before_its_discount())
    assert office.row().message.startswith("Spot-check: QuickBooks made 101.70 CAD")
    assert office.resolve("send_source_tax").synced == 1
    assert (only_invoice(office)["TotalAmt"], only_invoice(office)["Balance"]) == (103, 0)
    assert office.trial_balance()["GST/HST Payable"] == -13


def test_an_invoice_corrected_by_hand_in_quickbooks_goes_on(office: Office) -> None:
    office.post(taxed_before_its_discount())
    invoice = only_invoice(office)
    by_hand = {
        "Amount": 91.15,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"TaxCodeRef": {"value": office.tax_code("HST ON")}},
    }
    kept = {name: invoice[name] for name in ("Id", "SyncToken", "CustomerRef", "DocNumber")}
    office.enter("invoice", {**kept, "GlobalTaxCalculation": "TaxExcluded", "Line": [by_hand]})
    assert only_invoice(office)["TotalAmt"] == Decimal("103.00")
    # The total is right; the tax is still another one, which somebody has to stand for.
    office.resync()
    assert office.resolve("accept").synced == 1


def test_a_correction_whose_answer_is_lost_is_looked_for_and_not_repeated(office: Office) -> None:
    office.post(taxed_before_its_discount())
    office.fault("reply_lost", "POST invoice")
    assert office.resolve("send_source_tax").synced == 1
    assert only_invoice(office)["Balance"] == 0
    assert office.count("Payment") == (1,)


def test_the_right_total_with_another_tax_is_a_spot_check_too(office: Office) -> None:
    """Prices with the tax in them: QuickBooks takes another part of the same total for tax."""
    inclusive = line("1", "113.00", rates=())
    tax = {"tax_rate_id": "on", "name": "HST ON", "rate_percent": "13", "amount": "12.00"}
    office.post(
        document(
            lines=[{**inclusive, "taxes": [tax], "tax_amount": "12.00"}],
            tax_behavior="inclusive",
            total="113.00",
            amount_paid="113.00",
            balance_due="0.00",
            payments=[payment("113.00")],
        )
    )
    assert office.row().message.startswith("Spot-check: QuickBooks made 113.00 CAD")
    assert "tax 13.00 CAD instead of 12.00 CAD" in office.row().message
    assert office.count("Payment") == (0,)


def test_an_invoice_that_the_planner_stumbles_over_does_not_stop_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = waves.plan

    def stumbling(invoice: PaidInvoice, known: Knowledge, case: Case) -> Decision:
        if invoice.id == "inv-1":
            raise ZeroDivisionError
        return usual(invoice, known, case)

    monkeypatch.setattr(waves, "plan", stumbling)
    result = office.post(document("inv-1"), document("inv-2", number="N-2"))
    assert (result.synced, result.needs_attention) == (1, 1)
    assert office.row("inv-1").message.startswith("Something went wrong in qbdesk itself")
