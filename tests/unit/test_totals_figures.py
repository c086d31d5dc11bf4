"""What one invoice brings to the control totals (bookkeeping rule 33)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from invoices import GST, HST_ON, PST_BC, document, line, payment
from known import FACTS, NOW

from qbdesk.sync.filed import Filed
from qbdesk.sync.ledger.control import Place, Sums
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.quickbooks.answers import PostedInvoice, PostedTax
from qbdesk.sync.reports import Kind
from qbdesk.sync.totals.figures import (
    ALL_RATES,
    ELSEWHERE,
    UNTOLD,
    Control,
    Figure,
    PostedPayment,
    Posting,
    Surrounding,
    of_invoice,
)
from qbdesk.sync.totals.report import lines
from qbdesk.sync.views import Status

TORONTO = ZoneInfo("America/Toronto")
AROUND = Surrounding(TORONTO, FACTS, {})
LATER = NOW + timedelta(seconds=1)
ON = ("code HST ON",)


def answer(**changes: Any) -> PostedInvoice:
    """QuickBooks' answer to an invoice of 100.00 and 13 % that was just made."""
    values = {
        "id": "145",
        "customer_id": "58",
        "total": Decimal("113.00"),
        "tax": Decimal("13.00"),
        "taxes": (PostedTax(percent=Decimal(13), amount=Decimal("13.00")),),
        "balance": Decimal("113.00"),
        "fresh": True,
        "read_at": NOW,
    }
    return PostedInvoice(**{**values, **changes})


def paid(amount: str = "113.00", account: str | None = "4") -> PostedPayment:
    return PostedPayment(Decimal(amount), account, LATER)


def posting(payments: dict[str, PostedPayment] | None = None, **changes: Any) -> Posting:
    there = {"pay_1": paid()} if payments is None else payments
    return Posting(answer(**changes), ON, there, {key: "4" for key in there})


def brought(
    posted: Posting | None, around: Surrounding = AROUND, **changes: Any
) -> tuple[Control, dict[tuple[str, str], Figure]]:
    invoice = PaidInvoice.model_validate(document(**changes))
    control = of_invoice(Status.SYNCED, invoice, posted, around)
    return control, {(figure.kind, figure.key): figure for figure in control.figures}


def both(figure: Figure) -> tuple[Decimal, Decimal]:
    return figure.source, figure.quickbooks


def test_an_invoice_that_agrees_brings_the_same_to_both_sides() -> None:
    control, found = brought(posting())
    assert both(found[Kind.GROSS, ""]) == (113, 113)
    assert both(found[Kind.NET, ""]) == (100, 100)
    assert both(found[Kind.TAX, "code HST ON 13"]) == (13, 13)
    assert both(found[Kind.PAID, "4"]) == (113, 113)
    assert (control.month, control.open_amount, control.marked) == ("2026-11", 0, False)


def test_invoices_count_in_the_month_of_their_date_and_payments_in_that_of_their_day() -> None:
    # Half past nine at night in Toronto, the next month in UTC.
    _, found = brought(posting(), payments=[payment("113", paid_at="2026-12-01T02:30:00Z")])
    assert found[Kind.PAID, "4"].month == "2026-11"
    _, found = brought(posting(), payments=[payment("113", paid_at="2026-12-01T15:00:00Z")])
    assert (found[Kind.GROSS, ""].month, found[Kind.PAID, "4"].month) == ("2026-11", "2026-12")


def test_what_is_not_in_quickbooks_is_accounted_for_and_not_compared() -> None:
    invoice = PaidInvoice.model_validate(document())
    control = of_invoice(Status.NEEDS_ATTENTION, invoice, None, AROUND)
    (figure,) = control.figures
    assert (figure.kind, figure.key, figure.source) == ("seen", "needs_attention", 113)
    assert not control.marked


def test_a_row_that_cannot_be_read_is_counted_without_an_amount() -> None:
    control = of_invoice(Status.NEEDS_ATTENTION, None, None, AROUND)
    (figure,) = control.figures
    assert (figure.month, figure.currency, figure.in_source) == ("", "", 1)


def test_an_amount_that_nobody_can_post_is_counted_and_not_added() -> None:
    invoice = PaidInvoice.model_validate(document(total="999999999999999.99"))
    (figure,) = of_invoice(Status.NEEDS_ATTENTION, invoice, None, AROUND).figures
    assert (figure.in_source, figure.source) == (1, 0)


@pytest.mark.parametrize(
    ("balance", "read_at"),
    [("5650.00", NOW), ("5537.00", LATER + timedelta(days=1))],
    ids=["before the payment", "looked at later"],
)
@pytest.mark.parametrize("tax", [None, Decimal(0), Decimal("650.00")])
def test_a_part_of_an_opening_balance_counts_as_that_part_and_its_tax_is_not_told(
    balance: str, read_at: Any, tax: Decimal | None
) -> None:
    opening = {"total": Decimal("5650.00"), "tax": tax, "taxes": None, "larger": True}
    opening |= {"ours": False, "fresh": False, "balance": Decimal(balance), "read_at": read_at}
    control, found = brought(posting(**opening))
    assert both(found[Kind.GROSS, ""]) == (113, 113)
    assert both(found[Kind.PAID, "4"]) == (113, 113)
    assert {key for kind, key in found if kind in (Kind.NET, Kind.TAX)} == {UNTOLD}
    assert (control.open_amount, control.marked) == (0, False)


def test_another_total_in_quickbooks_is_a_difference() -> None:
    control, found = brought(posting(total=Decimal("113.01"), balance=Decimal("113.01")))
    assert found[Kind.GROSS, ""].differs
    assert found[Kind.NET, ""].differs
    assert not found[Kind.TAX, "code HST ON 13"].differs
    assert (control.open_amount, control.marked) == (Decimal("0.01"), True)


def test_another_tax_code_in_quickbooks_shows_as_a_difference_under_both_codes() -> None:
    taxes = (PostedTax(percent=Decimal(14), amount=Decimal("13.00")),)
    _, found = brought(posting(taxes=taxes))
    assert both(found[Kind.TAX, "code HST ON 13"]) == (13, 0)
    assert both(found[Kind.TAX, "code HST NS 14"]) == (0, 13)


def test_the_rates_of_one_code_are_told_apart_and_belong_to_the_code_that_was_sent() -> None:
    rates = (
        PostedTax(percent=Decimal(5), amount=Decimal("5.00")),
        PostedTax(percent=Decimal(7), amount=Decimal("7.00")),
    )
    there = Posting(
        answer(total=Decimal(112), tax=Decimal(12), taxes=rates), ("code GST/PST BC",), {}
    )
    _, found = brought(there, lines=[line(rates=[GST, PST_BC])])
    assert both(found[Kind.TAX, "code GST/PST BC 5"]) == (5, 5)
    assert both(found[Kind.TAX, "code GST/PST BC 7"]) == (7, 7)


def test_a_rate_that_several_codes_have_stands_alone_where_no_code_is_known() -> None:
    there = Posting(
        answer(taxes=(PostedTax(percent=Decimal(15), amount=Decimal("13.00")),)), (), {}
    )
    _, found = brought(there, lines=[line(rates=[("hst", "HST", "15")])])
    assert both(found[Kind.TAX, " 15"]) == (15, 13)


def test_what_quickbooks_has_not_told_is_no_difference_and_no_zero() -> None:
    control, found = brought(posting(tax=None, taxes=None))
    assert found[Kind.NET, UNTOLD].source == 100
    assert found[Kind.TAX, UNTOLD].source == 13
    assert (Kind.NET, "") not in found
    assert not control.marked


@pytest.mark.parametrize("how", list(Filed))
def test_tax_of_a_filed_period_that_quickbooks_has_not_told_is_not_said_to_be_equal(
    how: Filed,
) -> None:
    _, found = brought(posting(filed=how))
    assert both(found[Kind.FILED, how]) == (13, 13)
    control, found = brought(posting(filed=how, tax=None, taxes=None))
    key = f"{how}{UNTOLD}"
    assert (Kind.FILED, how) not in found
    assert (both(found[Kind.FILED, key]), found[Kind.FILED, key].differs) == ((13, 0), False)
    assert not control.marked
    sums = Sums(Decimal(13), Decimal(0), 1, 1)
    shown = {Place("", "CAD", kind, key): sums for kind, key in found}
    row = next(line for line in lines(shown, FACTS) if line.kind is Kind.FILED)
    assert (row.label[:2], row.source, row.quickbooks) == ("1 ", 13, None)


def test_a_company_without_sales_tax_says_nothing_of_tax_and_has_none() -> None:
    around = Surrounding(TORONTO, FACTS.model_copy(update={"using_sales_tax": False}), {})
    there = posting(total=Decimal(100), balance=Decimal(100), tax=None, taxes=None)
    _, found = brought(there, around, lines=[line(rates=[])], payments=[payment("100")])
    assert both(found[Kind.NET, ""]) == (100, 100)
    assert [key for key in found if key[0] == Kind.TAX] == []


def test_tax_without_its_rates_is_compared_as_one_sum() -> None:
    _, found = brought(posting(taxes=None))
    assert both(found[Kind.TAX, ALL_RATES]) == (13, 13)


def test_automated_tax_is_compared_as_one_sum_because_its_rates_are_split_otherwise() -> None:
    around = Surrounding(TORONTO, FACTS.model_copy(update={"automated_tax": True}), {})
    taxes = (
        PostedTax(percent=Decimal(10), amount=Decimal("10.00")),
        PostedTax(percent=Decimal(3), amount=Decimal("3.00")),
    )
    _, found = brought(posting(taxes=taxes), around)
    assert both(found[Kind.TAX, ALL_RATES]) == (13, 13)


def test_an_invoice_without_its_payment_is_open_and_expects_it_in_its_account() -> None:
    control, found = brought(posting({}))
    assert both(found[Kind.PAID, "4"]) == (113, 0)
    assert (control.open_amount, control.marked) == (113, True)
    around = Surrounding(TORONTO, FACTS, {"deposit.e_transfer": "35"})
    assert (Kind.PAID, "35") in brought(posting({}), around)[1]


def test_money_in_another_account_than_was_sent_is_a_difference_in_both() -> None:
    _, found = brought(posting({"pay_1": paid(account="35")}))
    assert both(found[Kind.PAID, "4"]) == (113, 0)
    assert both(found[Kind.PAID, "35"]) == (0, 113)


def test_an_account_that_quickbooks_has_not_told_is_said_so() -> None:
    control, found = brought(posting({"pay_1": paid(account=None)}))
    assert both(found[Kind.PAID, UNTOLD]) == (113, 113)
    assert not control.marked


def test_a_payment_of_another_installation_is_where_it_was_meant_to_be() -> None:
    there = Posting(answer(), ON, {"pay_1": paid(account="35")}, {})
    assert both(brought(there)[1][Kind.PAID, "35"]) == (113, 113)


def test_a_payment_that_was_taken_off_in_quickbooks_opens_the_invoice_again() -> None:
    control, found = brought(posting(read_at=LATER + timedelta(hours=1), fresh=False))
    assert both(found[Kind.PAID, ELSEWHERE]) == (0, -113)
    assert control.open_amount == 113


def test_a_credit_that_quickbooks_applied_by_itself_is_told_apart_from_our_payments() -> None:
    control, found = brought(posting({}, balance=Decimal("100.00")))
    assert both(found[Kind.PAID, ELSEWHERE]) == (0, 13)
    assert control.open_amount == 100


def test_an_invoice_that_was_deleted_in_quickbooks_is_missing_there() -> None:
    control, found = brought(posting(gone=True))
    gross = found[Kind.GROSS, ""]
    assert (gross.in_source, gross.in_quickbooks, *both(gross)) == (1, 0, 113, 0)
    assert both(found[Kind.TAX, "code HST ON 13"]) == (13, 0)
    assert (control.open_amount, control.marked) == (0, True)


def test_prices_that_contain_the_tax_have_their_net_without_it() -> None:
    taxed = {**line("1", "113.00", rates=()), "tax_amount": "13.00"}
    taxes = [{"tax_rate_id": "on", "name": "HST", "rate_percent": "13", "amount": "13.00"}]
    whole = [{**taxes[0], "taxable_amount": "100.00"}]
    changes = {"tax_behavior": "inclusive", "tax": whole, "tax_total": "13.00"}
    _, found = brought(posting(), lines=[{**taxed, "taxes": taxes}], total="113.00", **changes)
    assert both(found[Kind.NET, ""]) == (100, 100)


@pytest.mark.parametrize("payments", [("50.00", "63.00"), ("113.00",)])
def test_every_payment_received_is_counted_once(payments: tuple[str, ...]) -> None:
    received = [payment(amount, id=f"p{n}") for n, amount in enumerate(payments)]
    there = posting({f"p{n}": paid(amount) for n, amount in enumerate(payments)})
    control, _ = brought(there, payments=received, lines=[line(rates=[HST_ON])])
    paid_in = [figure for figure in control.figures if figure.kind == Kind.PAID]
    assert sum(figure.source for figure in paid_in) == 113
    assert sum(figure.in_quickbooks for figure in paid_in) == len(payments)
