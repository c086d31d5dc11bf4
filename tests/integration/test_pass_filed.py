"""An invoice whose sales tax return is filed already (bookkeeping rule 4), through a company."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from invoices import TEXAS, customer, document, line, payment
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.reports import Kind
from qbdesk.sync.views import Status

FILED = {"last_file_date": "2026-03-31"}
ANSWERS = ["issue_date", "first_open_day", "try_again"]
LATE = {"issue_date": "2026-03-15", "due_date": "2026-04-15"}


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """A Canadian company that has filed up to the end of March."""
    return open_office(**FILED)


def listed(office: Office) -> dict[str, Decimal]:
    """What the control totals say of filed periods: label -> tax in QuickBooks."""
    found = office.service.totals(NAME).result(PATIENCE)
    assert found.agree
    return {
        row.label: row.quickbooks or Decimal(0) for row in found.lines if row.kind is Kind.FILED
    }


def test_a_filed_period_is_asked_about_once_a_company_and_then_listed(office: Office) -> None:
    office.post(document("a", **LATE), document("b", **LATE), document("later"))
    assert [office.status(key) for key in ("a", "b", "later")] == [
        *[Status.NEEDS_ATTENTION] * 2,
        Status.SYNCED,
    ]
    told = office.row("a").message
    assert "filed up to 2026-03-31" in told
    assert "Canada Revenue Agency" in told
    assert office.choices("a") == ANSWERS
    assert office.count("Invoice") == (1,)
    assert office.resolve("issue_date", "a").synced == 2
    office.post(document("c", **LATE))
    dated = {entry["DocNumber"]: entry["TxnDate"] for entry in office.entities("Invoice")}
    assert [dated[f"N-{key}"] for key in ("a", "b", "c")] == ["2026-03-15"] * 3
    for key in ("a", "b", "c"):
        assert "late entry of the next return" in office.row(key).message
        assert "late entry of the next return" in office.journal(key)[-1].details
    assert office.row("later").message == ""
    assert listed(office) == {"3 dated in it": Decimal("39.00")}


def test_the_first_open_day_may_be_chosen_for_all_of_a_filed_period(office: Office) -> None:
    office.post(document(**LATE))
    assert office.resolve("first_open_day").synced == 1
    (invoice,) = office.entities("Invoice")
    assert invoice["TxnDate"] == "2026-04-01"
    assert "Issued 2026-03-15, in a filed tax period" in invoice["PrivateNote"]
    # The money came when it came; no return hangs on that day.
    assert office.entities("Payment")[0]["TxnDate"] == "2026-11-10"
    assert "dated 2026-04-01 instead" in office.row().message
    assert listed(office) == {"1 dated after it": Decimal("13.00")}


def test_the_answer_about_filed_periods_stands_in_settings_and_journal(office: Office) -> None:
    office.post(document("a", **LATE))
    assert "filed_period" not in office.settings()
    office.resolve("issue_date", "a")
    assert office.settings()["filed_period"] == "issue_date"
    office.set("filed_period", "first_open_day")
    office.post(document("b", **LATE))
    assert office.entities("Invoice")[-1]["TxnDate"] == "2026-04-01"
    office.set("filed_period", "")
    office.post(document("c", **LATE))
    assert office.choices("c") == ANSWERS
    told = [e for e in office.journal(None) if e.text.startswith("Setting filed_period")]
    assert told[0].who == "Ann"
    assert told[0].text.startswith(
        "Setting filed_period changed from nothing to issue_date: Keep the issue date"
    )
    assert "changed from Keep the issue date" in told[1].text
    assert "to Date it the first day that is not filed" in told[1].text
    refusal = office.service.change_setting(NAME, "filed_period", "today").exception(PATIENCE)
    assert "There are: Keep the issue date" in str(refusal)


def test_where_the_books_are_closed_as_well_only_that_is_asked(open_office: OpenOffice) -> None:
    office = open_office(book_close_date="2026-03-20", **FILED)
    office.post(document(**LATE))
    assert office.choices() == ["first_open_day:2026-03-21", "try_again"]
    assert office.resolve("first_open_day:2026-03-21").synced == 1
    (invoice,) = office.entities("Invoice")
    assert invoice["TxnDate"] == "2026-03-21"
    assert "Issued 2026-03-15, in a closed period" in invoice["PrivateNote"]
    # The day that a person named is of a filed period all the same, so it is listed.
    assert listed(office) == {"1 dated in it": Decimal("13.00")}


def test_an_opened_period_that_is_filed_is_asked_about_as_filed(open_office: OpenOffice) -> None:
    office = open_office(book_close_date="2026-03-31", **FILED)
    office.post(document(**LATE))
    office.world.switches.book_close_date = None
    assert office.resolve("try_again").synced == 0
    assert office.choices() == ANSWERS


def test_without_tax_or_without_a_filed_return_nobody_is_asked(open_office: OpenOffice) -> None:
    office = open_office(**FILED)
    office.set("tax.untaxed.home", office.tax_code("Zero-rated"))
    assert office.post(document("free", lines=[line(rates=())], **LATE)).synced == 1
    for agency in office.books.of("TaxAgency"):
        agency["TaxTrackedOnSales"] = False
    assert office.post(document("purchases", **LATE)).synced == 1
    assert listed(office) == {}


def test_agencies_that_cannot_be_read_keep_nothing_from_being_posted(
    office: Office,
) -> None:
    for agency in office.books.of("TaxAgency"):
        agency["Id"] = None
    assert office.post(document(**LATE)).synced == 1
    assert office.entities("Invoice")[0]["TxnDate"] == "2026-03-15"


def test_what_is_filed_after_the_posting_lists_and_moves_nothing(open_office: OpenOffice) -> None:
    office = open_office(
        country="US",
        home_currency="USD",
        sales_tax="us_automated",
        automated_tax_rate="8",
        partner_tax_override=True,
    )
    office.set("filed_period", "first_open_day")
    rates = [("tx", "Texas", "6.25")]
    who = customer(billing_address=TEXAS)
    paid = [payment("106.25", currency="USD")]
    sale = document(currency="USD", client=who, lines=[line(rates=rates)], payments=paid, **LATE)
    office.post(sale)
    assert "send_source_tax" in office.choices()
    office.world.switches.change(FILED)
    office.clock.advance(days=2)
    assert office.resolve("send_source_tax").synced == 1
    (invoice,) = office.entities("Invoice")
    assert (invoice["TotalAmt"], invoice["TxnDate"]) == (Decimal("106.25"), "2026-03-15")
    assert "filed" not in invoice["PrivateNote"]
    assert (office.row().message, listed(office)) == ("", {})


def test_a_correction_leaves_an_invoice_of_a_filed_period_on_its_day(office: Office) -> None:
    office.set("filed_period", "first_open_day")
    office.post(taxed_before_its_discount())
    office.world.switches.change({"last_file_date": "2026-06-30"})
    assert office.resolve("send_source_tax").synced == 1
    (invoice,) = office.entities("Invoice")
    assert (invoice["TotalAmt"], invoice["TxnDate"]) == (Decimal("103.00"), "2026-04-01")
    assert "Issued 2026-03-15, in a filed tax period" in invoice["PrivateNote"]
    assert listed(office) == {"1 dated after it": Decimal("13.00")}


@pytest.mark.parametrize("filed", [{}, FILED])
def test_a_correction_leaves_an_invoice_of_a_closed_period_on_its_day(
    open_office: OpenOffice, filed: dict[str, str]
) -> None:
    office = open_office(book_close_date="2026-03-31", **filed)
    office.post(taxed_before_its_discount())
    office.resolve("first_open_day:2026-04-01")
    assert "send_source_tax" in office.choices()
    office.world.switches.change({"book_close_date": "2026-02-28"})
    assert office.resolve("send_source_tax").synced == 1
    (invoice,) = office.entities("Invoice")
    assert (invoice["TotalAmt"], invoice["TxnDate"]) == (Decimal("103.00"), "2026-04-01")
    assert "Issued 2026-03-15, in a closed period" in invoice["PrivateNote"]
    assert listed(office) == {}


def taxed_before_its_discount() -> dict[str, Any]:
    """100.00 less 10.00, with 13 % on the whole 100.00: QuickBooks taxes what is left."""
    paid = {"total": "103.00", "amount_paid": "103.00", "payments": [payment("103.00")]}
    return document(lines=[line()], discount="10.00", **paid, **LATE)


def test_where_it_is_not_told_whose_the_tax_is_no_invoice_leaves_its_day(
    open_office: OpenOffice,
) -> None:
    office = open_office(
        country="US", home_currency="USD", sales_tax="us_automated", automated_tax_rate="8"
    )
    (state,) = office.books.of("TaxAgency")
    nevada = {**state, "DisplayName": "Nevada", "LastFileDate": "2026-06-30"}
    state |= {"DisplayName": "California", "LastFileDate": "2026-03-31"}
    office.books.add("TaxAgency", {k: v for k, v in nevada.items() if k != "Id"})
    office.post(_sale("may", "2026-05-15"), _sale("july", "2026-07-01"))
    told = office.row("may").message
    assert "filed up to 2026-06-30 (Nevada)" in told
    assert "may lack it" in told
    assert office.choices("may") == ["issue_date", "try_again"]
    refusal = office.service.change_setting(NAME, "filed_period", "first_open_day")
    assert "There are: Keep the issue date" in str(refusal.exception(PATIENCE))
    assert office.resolve("issue_date", "may").synced == 1
    dated = {entry["DocNumber"]: entry["TxnDate"] for entry in office.entities("Invoice")}
    assert dated == {"N-may": "2026-05-15", "N-july": "2026-07-01"}
    assert "may have been filed" in office.row("may").message
    assert office.row("july").message == ""
    assert listed(office) == {"1 perhaps dated in it": Decimal("8.00")}


def _sale(key: str, day: str) -> dict[str, Any]:
    rates, paid = [("tx", "Texas", "8")], [payment("108.00", currency="USD")]
    who, days = customer(billing_address=TEXAS), {"issue_date": day, "due_date": day}
    return document(
        key, currency="USD", client=who, lines=[line(rates=rates)], payments=paid, **days
    )


def test_nothing_is_dated_beyond_today_and_the_first_open_day_is_waited_for(
    open_office: OpenOffice,
) -> None:
    today = datetime.now(ZoneInfo("America/Toronto")).date()
    office = open_office(last_file_date=(today + timedelta(days=1)).isoformat())
    office.set("filed_period", "first_open_day")
    assert office.post(document(**LATE)).synced == 0
    assert office.status() is Status.WAITING
    first_open = (today + timedelta(days=2)).isoformat()
    assert f"posted from {first_open} on" in office.row().message
    assert office.count("Invoice") == (0,)
    office.clock.advance(days=2)
    assert office.by_schedule().synced == 1
    assert office.entities("Invoice")[0]["TxnDate"] == first_open
