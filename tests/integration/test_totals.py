"""Control totals over real passes: source against QuickBooks' books (bookkeeping rule 33)."""

import csv
import json
import os
import stat
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from invoices import GST, PST_BC, customer, document, line, payment
from office import NAME, PATIENCE, Office, OpenOffice
from sqlalchemy import delete

from qbdesk.sync.errors import Refusal
from qbdesk.sync.ledger.tables import control, control_total
from qbdesk.sync.lookups import Lookups
from qbdesk.sync.planner.decisions import Subject
from qbdesk.sync.reports import ControlTotals, Kind, SeenAmount, TotalLine
from qbdesk.sync.views import CompanyChanged, Progress, Status

VANCOUVER = {"line1": "1 Main St", "city": "Vancouver", "region": "BC", "country": "CA"}


def totals(office: Office, month: str | None = None) -> ControlTotals:
    return office.service.totals(NAME, month).result(PATIENCE)


def stored(office: Office) -> ControlTotals:
    """As the last pass left them."""
    return office.service.totals(NAME, afresh=False).result(PATIENCE)


def lines(found: ControlTotals) -> dict[tuple[Kind, str], TotalLine]:
    return {(line.kind, line.label): line for line in found.lines}


def pair(line: TotalLine) -> tuple[Decimal, Decimal | None]:
    return line.source, line.quickbooks


def of_the_source(documents: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(each[name]) for each in documents), Decimal(0))


def reordered(found: ControlTotals) -> Any:
    """What there is to say, whatever was done to get there."""
    return sorted(map(repr, (*found.lines, *found.seen, *found.still_open, *found.differing)))


def counted_anew(office: Office) -> ControlTotals:
    """The same from nothing: every invoice is read once more."""
    with office.service._around.ledger.begin() as connection:
        connection.execute(delete(control))
        connection.execute(delete(control_total))
    return totals(office)


@pytest.fixture(scope="module")
def month_end(open_shared_office: OpenOffice) -> tuple[Office, list[dict[str, Any]]]:
    """Posted: three provinces' taxes, two months, three accounts. Held, ignored: one each."""
    office = open_shared_office()
    office.set("deposit.card", office.account("Chequing"))
    posted = [
        document("on-1", lines=[line("3", "33.33")]),
        document("on-2", lines=[line("1", "19.99"), line("2", "5.05")]),
        document(
            "bc",
            lines=[line("7", "14.29", rates=[GST, PST_BC])],
            client=customer(id="c2", email="bc@example.com", billing_address=VANCOUVER),
        ),
        document(
            "early",
            issue_date="2026-10-30",
            due_date="2026-11-15",
            payments=[payment("50.00", id="a"), payment("63.00", id="b", method="card")],
        ),
        document("free", lines=[line("1", "0.00", rates=())]),
    ]
    code = office.tax_code("GST/PST BC")
    office.set("tax.5+7.BC", code)
    office.set("tax.untaxed.home", office.tax_code("Zero-rated"))
    office.show(*posted)
    office.show(document("held", client=customer(id="c3", email=None)))
    office.show(document("open", status="open", payments=[], paid_at=None))
    office.sync()
    return office, posted


def test_the_totals_are_the_source_s_and_the_books_to_the_cent(
    month_end: tuple[Office, list[dict[str, Any]]],
) -> None:
    office, posted = month_end
    found = totals(office)
    here = lines(found)
    gross = of_the_source(posted, "total")
    tax = of_the_source(posted, "tax_total")
    assert pair(here[Kind.COUNT, ""]) == (len(posted), len(office.entities("Invoice")))
    assert pair(here[Kind.GROSS, ""]) == (gross, gross)
    assert pair(here[Kind.NET, ""]) == (gross - tax, gross - tax)
    assert sum(line.source for line in found.lines if line.kind is Kind.TAX) == tax
    books = office.trial_balance()
    assert here[Kind.TAX, "HST ON (13 %)"].quickbooks == Decimal("13.00") * 2 + Decimal("3.91")
    gst = [here[Kind.TAX, label].quickbooks for label in ("HST ON (13 %)", "GST/PST BC (5 %)")]
    assert sum(each or 0 for each in gst) == -books["GST/HST Payable"]
    assert here[Kind.NET, ""].quickbooks == -sum(
        books[account["Name"]]
        for account in office.entities("Account")
        if account["AccountType"] == "Income" and account["Name"] in books
    )
    assert pair(here[Kind.PAID, "Chequing"]) == (63, books["Chequing"])
    assert here[Kind.PAID, "Undeposited Funds"].quickbooks == books["Undeposited Funds"]
    assert found.agree
    assert (found.still_open_count, found.differing_count) == (0, 0)


def test_everything_the_source_showed_is_accounted_for(
    month_end: tuple[Office, list[dict[str, Any]]],
) -> None:
    office, posted = month_end
    seen = {(line.status, line.posted): line for line in totals(office).seen}
    assert seen[Status.SYNCED, True].count == len(posted)
    held = seen[Status.NEEDS_ATTENTION, False]
    assert held.amounts == (SeenAmount("CAD", 1, Decimal("113.00")),)
    assert sum(line.count for line in seen.values()) == len(office.rows())


def test_a_month_holds_its_own_invoices_and_the_payments_of_its_days(
    month_end: tuple[Office, list[dict[str, Any]]],
) -> None:
    office, posted = month_end
    assert totals(office).months == ("2026-11", "2026-10")
    october, november = (lines(totals(office, month)) for month in ("2026-10", "2026-11"))
    assert pair(october[Kind.COUNT, ""]) == (1, 1)
    assert [key for key in october if key[0] is Kind.PAID] == []
    assert pair(november[Kind.COUNT, ""]) == (len(posted) - 1, len(posted) - 1)
    assert pair(november[Kind.PAID, "Chequing"]) == (63, 63)
    assert totals(office, "2025-01").lines == ()


def test_the_totals_ask_quickbooks_nothing(month_end: tuple[Office, list[dict[str, Any]]]) -> None:
    office, _ = month_end
    before = office.world.company.requests
    count = (before.reads, before.writes)
    totals(office)
    after = office.world.company.requests
    assert (after.reads, after.writes) == count


def test_the_sums_that_were_moved_are_those_counted_anew(
    month_end: tuple[Office, list[dict[str, Any]]],
) -> None:
    office, _ = month_end
    before = totals(office)
    assert reordered(counted_anew(office)) == reordered(before)


def change_by_hand(office: Office, amount: int) -> None:
    """Somebody opens the invoice in QuickBooks and writes another amount into its line."""
    (invoice,) = office.entities("Invoice")
    detail = {"TaxCodeRef": {"value": office.tax_code("HST ON")}}
    body = {name: invoice[name] for name in ("Id", "SyncToken", "CustomerRef", "DocNumber")}
    body["GlobalTaxCalculation"] = "TaxExcluded"
    body["Line"] = [
        {
            "Amount": amount,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }
    ]
    office.enter("invoice", body)


def test_an_invoice_that_was_edited_in_quickbooks_differs_after_a_resync(office: Office) -> None:
    office.post(document())
    assert totals(office).agree
    change_by_hand(office, 110)
    office.resync()
    found = totals(office)
    here = lines(found)
    assert not found.agree
    assert pair(here[Kind.GROSS, ""]) == (113, Decimal("124.30"))
    assert here[Kind.TAX, "HST ON (13 %)"].difference == Decimal("1.30")
    (still_open,) = found.still_open
    assert still_open.open == Decimal("11.30")
    assert "Spot-check" in still_open.why
    assert reordered(counted_anew(office)) == reordered(found)


def test_a_change_of_the_source_that_was_entered_by_hand_agrees_once_it_is_kept(
    office: Office,
) -> None:
    office.post(document())
    more = [payment("113.00"), payment("11.30", id="later")]
    office.post(document(lines=[line("1", "110.00")], payments=more))
    assert not totals(office).agree
    change_by_hand(office, 110)
    (invoice,) = office.entities("Invoice")
    office.enter_payment(invoice["CustomerRef"]["value"], 11.30, invoice["Id"])
    assert office.resolve("keep").needs_attention == 0
    here = lines(totals(office))
    assert here[Kind.GROSS, ""].difference == here[Kind.TAX, "HST ON (13 %)"].difference == 0


def test_a_payment_that_was_deleted_in_quickbooks_opens_its_invoice(office: Office) -> None:
    office.post(document())
    (entry,) = office.entities("Payment")
    office.enter("payment?operation=delete", {"Id": entry["Id"], "SyncToken": entry["SyncToken"]})
    office.resync()
    found = totals(office)
    assert lines(found)[Kind.PAID, "Paid, credited or taken off in QuickBooks"].difference == -113
    assert [(each.open, each.number) for each in found.still_open] == [(113, "N-inv-1")]


def test_a_deleted_invoice_is_missing_in_quickbooks(office: Office) -> None:
    office.post(document())
    for kind, name in (("payment", "Payment"), ("invoice", "Invoice")):
        (entry,) = office.entities(name)
        body = {"Id": entry["Id"], "SyncToken": entry["SyncToken"]}
        office.enter(f"{kind}?operation=delete", body)
    office.resync()
    found = totals(office)
    assert pair(lines(found)[Kind.COUNT, ""]) == (1, 0)
    assert (found.still_open_count, found.differing_count) == (0, 1)
    assert office.resolve("post_again").synced == 1
    assert totals(office).agree


@pytest.mark.parametrize("seen", ["before the invoice is read", "after the invoice is read"])
def test_a_payment_that_is_taken_over_is_taken_off_its_invoice_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, seen: str
) -> None:
    office.post(document())
    (entry,) = office.entities("Payment")
    names = ("CustomerRef", "TotalAmt", "PrivateNote", "Line", "DepositToAccountRef")
    same = json.loads(json.dumps({name: entry[name] for name in names}, default=float))
    office.enter("payment?operation=delete", {"Id": entry["Id"], "SyncToken": entry["SyncToken"]})
    office.resync()
    look = Lookups.answer

    async def when_it_is_there(lookups: Lookups, subject: Subject, keys: Sequence[str]) -> None:
        if subject is Subject.PAYMENTS and office.count("Payment") == (0,):
            office.enter("payment", same)
        await look(lookups, subject, keys)

    if seen.startswith("before"):
        office.enter("payment", same)
    monkeypatch.setattr(Lookups, "answer", when_it_is_there)
    assert office.resolve("pay_again").synced == 1
    assert "it was taken over" in str(office.journal())
    assert office.count("Payment") == (1,)
    found = totals(office)
    assert {line.difference for line in found.lines} == {0}
    assert (found.still_open_count, found.differing_count) == (0, 0)


def test_an_invoice_whose_payment_was_refused_is_listed_as_open(office: Office) -> None:
    office.fault("refused", "POST payment", code="6000")
    office.post(document())
    found = totals(office)
    assert [each.open for each in found.still_open] == [113]
    assert found.still_open[0].why == office.row().message
    assert pair(lines(found)[Kind.PAID, "Undeposited Funds"]) == (113, 0)
    office.resync()
    assert totals(office).agree


def test_a_pass_that_is_broken_off_adds_up_what_it_has_done(office: Office) -> None:
    office.fault("unauthorised", "POST customer", times=9)
    assert office.post(document()).stopped
    assert [line.posted for line in stored(office).seen] == [False]
    # Posted by the next pass, which ends before the invoice comes to rest.
    office.world.company.faults.clear()
    office.fault("unauthorised", "POST payment", times=9)
    office.connect()
    assert office.sync().stopped
    found = stored(office)
    assert [line.posted for line in found.seen] == [True]
    assert (found.current, found.still_open_count) == (True, 1)


def test_what_a_person_ignores_leaves_the_totals_at_once(office: Office) -> None:
    office.post(document("a", client=customer(email=None)))
    office.service.ignore(NAME, ["a"], "", "Ann").result(PATIENCE)
    assert not stored(office).current
    assert [(line.status, line.count) for line in totals(office).seen] == [(Status.IGNORED, 1)]


def test_the_file_opens_in_a_spreadsheet_without_harm(office: Office, tmp_path: Path) -> None:
    office.fault("refused", "POST payment", code="6000")
    office.post(document(client=customer(name="=HYPERLINK(0)")))
    file = tmp_path / "totals.csv"
    office.service.save_totals(NAME, None, file).result(PATIENCE)
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert ["Gross", "", "CAD", "113.00", "113.00", "0.00", ""] in rows
    assert ["Paid into", "Undeposited Funds", "CAD", "113.00", "0.00", "-113.00", "differs"] in rows
    (named,) = [row for row in rows if row[0:1] == ["N-inv-1"]]
    assert named[:5] == ["N-inv-1", "'=HYPERLINK(0)", "CAD", "113.00", "113.00"]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_place_that_takes_no_file_is_said_in_a_sentence(office: Office, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="not saved"):
        office.service.save_totals(NAME, None, tmp_path / "no" / "file.csv").result(PATIENCE)
    assert list(tmp_path.glob("*.csv*")) == []


def test_each_currency_stands_for_itself(open_office: OpenOffice) -> None:
    office = open_office(multicurrency=True)
    dollars = document(
        "usd",
        currency="USD",
        client=customer(id="c9", email="us@example.com"),
        payments=[payment("113.00", currency="USD")],
    )
    office.post(document("cad"), dollars)
    gross = {line.currency: pair(line) for line in totals(office).lines if line.kind is Kind.GROSS}
    assert gross == {"CAD": (113, 113), "USD": (113, 113)}


def test_many_invoices_are_added_up_with_progress_which_ends(office: Office) -> None:
    office.show(
        *(
            document(f"n{n}", total="1.2345", client=customer(id=f"c{n}", email=None))
            for n in range(150)
        )
    )
    office.sync()
    office.events.clear()
    before = totals(office)
    assert office.events == []
    assert reordered(counted_anew(office)) == reordered(before)
    kinds = [type(event) for event in office.events]
    assert (Progress in kinds, kinds[-1]) == (True, CompanyChanged)
    (seen,) = before.seen
    assert (seen.count, seen.posted) == (150, False)


def test_a_company_that_is_not_connected_has_nothing_to_compare(open_office: OpenOffice) -> None:
    office = open_office(connected=False)
    found = totals(office)
    assert (found.lines, found.seen, found.agree) == ((), (), True)
