"""What a pass posts: every paid invoice, once, to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from invoices import GST, HST_ON, MANITOBA, customer, document, line, payment
from office import NAME, Office, OpenOffice

from qbdesk.sync.views import Status

ZERO = Decimal(0)


def test_a_hundred_paid_invoices_become_a_hundred_invoices_and_books_that_agree(
    open_office: OpenOffice,
) -> None:
    office = open_office(invoices=100)
    shown = office.world.feed.invoices()
    result = office.sync()
    assert (result.synced, result.waiting, result.needs_attention) == (100, 0, 0)
    posted = {entry["DocNumber"]: entry for entry in office.entities("Invoice")}
    assert {row["number"]: Decimal(row["total"]) for row in shown} == {
        number: entry["TotalAmt"] for number, entry in posted.items()
    }
    assert {entry["Balance"] for entry in posted.values()} == {ZERO}
    payments = [Decimal(p["amount"]) for row in shown for p in row["payments"]]
    assert sorted(payments) == sorted(entry["TotalAmt"] for entry in office.entities("Payment"))

    # The trial balance is what the source says.
    balance = office.trial_balance()
    taxes: dict[str, Decimal] = {}
    for tax in (tax for row in shown for tax in row["tax"]):
        name = tax["name"].split()[0]
        taxes[name] = taxes.get(name, ZERO) + Decimal(tax["amount"])
    assert balance["Undeposited Funds"] == sum(Decimal(row["total"]) for row in shown)
    assert balance["Services"] == -sum(Decimal(row["subtotal"]) for row in shown)
    assert balance["GST/HST Payable"] == -(taxes.get("GST", ZERO) + taxes.get("HST", ZERO))
    assert balance.get("Accounts Receivable (A/R)", ZERO) == ZERO
    assert sum(balance.values()) == ZERO


def test_a_second_pass_posts_nothing_and_writes_nothing(open_office: OpenOffice) -> None:
    office = open_office(invoices=12)
    assert office.sync().synced == 12
    before = office.count("Customer", "Item", "PaymentMethod", "Invoice", "Payment")
    again = office.sync()
    assert (again.synced, again.requests.writes, again.requests.batches) == (0, 0, 0)
    assert office.count("Customer", "Item", "PaymentMethod", "Invoice", "Payment") == before


def test_many_travel_in_batches_and_few_one_by_one(open_office: OpenOffice) -> None:
    office = open_office(invoices=40)
    many = office.sync().requests
    assert many.batches >= 4
    few = office.post(document()).requests
    assert (few.batches, few.writes >= 2) == (0, True)


def test_an_invoice_bears_what_a_bookkeeper_expects_of_it(office: Office) -> None:
    office.post(
        document(memo="Thank you", po_number="PO 7", lines=[line("2", "50.00"), line("3", "10.01")])
    )
    (invoice,) = office.entities("Invoice")
    assert invoice["DocNumber"] == "N-inv-1"
    assert (invoice["TxnDate"], invoice["DueDate"]) == ("2026-11-01", "2026-11-30")
    assert [row["Amount"] for row in invoice["Line"][:2]] == [Decimal("100.00"), Decimal("30.03")]
    assert (invoice["EmailStatus"], invoice["Balance"]) == ("NotSet", ZERO)
    assert invoice["CustomerMemo"]["value"] == "Thank you"
    for told in ("N-inv-1", "id inv-1", "https://invoicing.example.com/i/inv-1", "PO 7"):
        assert told in invoice["PrivateNote"]


def test_an_invoice_without_a_due_date_is_due_on_its_issue_date(office: Office) -> None:
    office.post(document(due_date=None))
    assert office.entities("Invoice")[0]["DueDate"] == "2026-11-01"


def test_a_payment_bears_the_day_it_was_paid_where_the_tenant_lives(office: Office) -> None:
    # Half past nine in the evening of the 9th in Toronto.
    late = payment("113.00", paid_at="2026-11-10T02:30:00Z", reference="CA1b2c3")
    office.post(document(payments=[late]))
    (posted,) = office.entities("Payment")
    assert (posted["TxnDate"], posted["PaymentRefNum"]) == ("2026-11-09", "CA1b2c3")
    assert office.row().paid_on == date(2026, 11, 9)


def test_a_deposit_and_the_rest_are_two_payments_with_their_own_days(office: Office) -> None:
    parts = [
        payment("13.00", id="a", paid_at="2026-11-02T15:00:00Z", method="cheque", reference="71"),
        payment("100.00", id="b", method="cash"),
    ]
    assert office.post(document(payments=parts)).synced == 1
    found = {p["TotalAmt"]: p["TxnDate"] for p in office.entities("Payment")}
    assert found == {Decimal("13.00"): "2026-11-02", Decimal("100.00"): "2026-11-10"}
    assert office.entities("Invoice")[0]["Balance"] == ZERO


def test_a_failed_payment_is_not_posted(office: Office) -> None:
    parts = [payment("113.00", id="a", status="failed"), payment("113.00", id="b")]
    assert office.post(document(payments=parts)).synced == 1
    assert office.count("Payment") == (1,)


def test_a_zero_total_is_an_invoice_without_a_payment(office: Office) -> None:
    assert office.post(document(lines=[line("1", "0.00")])).synced == 1
    assert office.count("Invoice", "Payment") == (1, 0)
    assert office.count("PaymentMethod") == (5,)


def test_money_goes_to_the_account_that_was_chosen_for_its_method(office: Office) -> None:
    office.set("deposit.card", "Card Clearing")
    card = payment("113.00", method="card", processor="stripe", processor_ref="ch_" + "x" * 30)
    office.post(document(payments=[card]))
    assert office.trial_balance()["Card Clearing"] == Decimal("113.00")
    (posted,) = office.entities("Payment")
    assert posted["PaymentRefNum"] == "x" * 21
    assert "ch_" + "x" * 30 in posted["PrivateNote"]
    assert office.row().message == ""


def test_card_money_without_an_account_is_posted_and_the_bookkeeper_is_told(office: Office) -> None:
    office.post(document(payments=[payment("113.00", method="card")]))
    assert office.status() is Status.SYNCED
    assert "will not match Undeposited Funds" in office.row().message


def test_undeposited_funds_are_found_by_kind_in_french_too(open_office: OpenOffice) -> None:
    office = open_office(language="fr")
    office.post(document())
    assert office.trial_balance()["Fonds non déposés"] == Decimal("113.00")


def test_one_client_is_one_customer_however_many_invoices(office: Office) -> None:
    office.post(*(document(f"inv-{n}") for n in range(12)))
    assert office.count("Customer", "Invoice") == (1, 12)


@pytest.mark.parametrize("allow_discount", [True, False])
def test_an_invoice_discount_comes_off_to_the_cent(
    open_office: OpenOffice, allow_discount: bool
) -> None:
    office = open_office(allow_discount=allow_discount)
    lines = [line("1", "33.33", rates=()), line("1", "66.67", rates=())]
    office.set("tax.untaxed.home", "Exempt")
    assert office.post(document(lines=lines, discount="10.01")).synced == 1
    assert office.entities("Invoice")[0]["TotalAmt"] == Decimal("89.99")


def test_invoices_of_every_province_get_its_own_tax(office: Office) -> None:
    provinces = {
        "ON": (HST_ON,),
        "AB": (GST,),
        "BC": (GST, ("pst", "PST BC", "7")),
        "MB": (GST, ("rst", "RST MB", "7")),
        "SK": (GST, ("sk", "PST SK", "6")),
        "QC": (GST, ("qst", "QST", "9.975")),
        "NS": (("ns", "HST NS", "14"),),
        "NB": (("nb", "HST NB", "15"),),
        "PE": (("pe", "HST PE", "15"),),
    }
    for region, rates in provinces.items():
        place = {**MANITOBA, "region": region}
        client = customer(
            id=region, name=region, email=f"{region}@example.com", billing_address=place
        )
        office.show(document(region, client=client, lines=[line(rates=rates)]))
    assert office.sync().synced == len(provinces)
    codes = {code["Id"]: code["Name"] for code in office.entities("TaxCode")}
    used = {
        invoice["DocNumber"][2:]: codes[
            invoice["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]["value"]
        ]
        for invoice in office.entities("Invoice")
    }
    assert used == {
        "ON": "HST ON",
        "AB": "GST",
        "BC": "GST/PST BC",
        "MB": "GST/PST MB",
        "SK": "GST/PST SK",
        "QC": "GST/QST QC",
        "NS": "HST NS",
        "NB": "HST NB",
        "PE": "HST PE",
    }


def test_a_pass_tells_how_far_it_is_and_what_has_changed(office: Office) -> None:
    office.post(document())
    told = [event for event in office.events if type(event).__name__ == "Progress"]
    assert {event.company for event in told} == {NAME}
    assert any("Posting to" in event.sentence and event.total == 1 for event in told)
    changed = [e.source_ids for e in office.events if type(e).__name__ == "InvoicesChanged"]
    assert ("inv-1",) in changed


def test_a_paused_company_posts_nothing_until_it_goes_on(office: Office) -> None:
    office.service.pause(NAME).result(10)
    paused = office.post(document())
    assert (paused.synced, paused.stopped, office.count("Invoice")) == (0, None, (0,))
    office.service.resume(NAME).result(10)
    assert office.sync().synced == 1


def test_a_preview_says_what_would_happen_and_writes_nothing(office: Office) -> None:
    office.show(document("good"), document("bad", client=customer(id="c2", email=None)))
    rows = {row.source_id: row for row in office.service.preview(NAME).result(30).rows}
    assert (rows["good"].status, rows["bad"].status) == (Status.WAITING, Status.NEEDS_ATTENTION)
    assert "would be posted" in rows["good"].message
    assert office.count("Customer", "Invoice") == (0, 0)
    assert office.rows() == ()
    assert office.sync().synced == 1


def test_history_before_the_named_day_is_ignored(office: Office) -> None:
    # One second before midnight in Toronto, the next day in UTC.
    office.add(from_date=date(2026, 11, 10))
    office.world.feed.raw(document("old", revision=1, paid_at="2026-11-10T04:59:59Z"))
    office.world.feed.raw(document("new", revision=1, paid_at="2026-11-10T05:00:00Z"))
    office.sync()
    assert {row.source_id: row.status for row in office.rows()}.get("new") is Status.SYNCED
    assert office.count("Invoice") == (1,)


def test_intuits_limits_are_counted_on_the_clock_that_the_engine_is_given(office: Office) -> None:
    office.post(document(), document("inv-2"), document("inv-3"))
    assert 0 < len(office.waits) < 50
    assert sum(office.waits) < 5
