"""What is said of an invoice without asking QuickBooks."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoices import customer, document, line, paid, payment
from known import case, knowledge

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.planner.checks import first_look
from qbdesk.sync.planner.decisions import Hold, Ignore


def _look(**changes: Any) -> Hold | Ignore | None:
    return first_look(paid(**changes), knowledge(), case())


def test_a_sound_invoice_passes() -> None:
    assert _look() is None


@given(
    st.lists(
        st.tuples(
            st.decimals("0.001", 999, places=3),
            st.decimals("0.0001", 9999, places=4),
            st.sampled_from([(), ("13",), ("5", "9.975")]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_adds_up_by_the_contract_passes(rows: list[Any]) -> None:
    lines = [line(f"{q}", f"{p}", rates=[(f"r{r}", r, r) for r in rates]) for q, p, rates in rows]
    shown = document(lines=lines)
    if shown["total"] != "0.00":
        verdict = first_look(PaidInvoice.model_validate(shown), knowledge(), case())
        assert verdict is None, verdict


@given(
    st.sampled_from(["subtotal", "tax_total", "total", "amount_paid", "balance_due", "discount"]),
    st.integers(-300, 300).filter(bool),
)
def test_a_cent_wrong_anywhere_is_found(field: str, cents: int) -> None:
    from decimal import Decimal

    shown = document(lines=[line("3", "19.99"), line("1", "0.05")])
    shown[field] = f"{Decimal(shown[field]) + Decimal(cents) / 100:.2f}"
    verdict = first_look(PaidInvoice.model_validate(shown), knowledge(), case())
    assert isinstance(verdict, Hold)
    assert "does not add up" in verdict.message or "negative" in verdict.message


def test_a_tax_per_rate_may_differ_by_a_cent_a_line_and_no_more() -> None:
    def with_tax(amount: str, total: str) -> Hold | Ignore | None:
        shown = document(lines=[line("1", "0.50") for _ in range(3)])
        shown["tax"][0]["amount"] = amount
        paid_in = [payment(total)]
        return _look(
            **{key: shown[key] for key in ("lines", "tax")},
            tax_total=amount,
            total=total,
            amount_paid=total,
            payments=paid_in,
            balance_due="0.00",
        )

    assert with_tax("0.18", "1.68") is None
    held = with_tax("0.17", "1.67")
    assert isinstance(held, Hold)
    assert "not the tax per rate" in held.message


@pytest.mark.parametrize(
    "email",
    ["a@b.co", "first.last+tag@sub.example.com", "o'neill@example.ie", "müller@bücher.example"],
)
def test_an_email_that_is_one_passes(email: str) -> None:
    assert _look(client=customer(email=email)) is None


@pytest.mark.parametrize(
    "email",
    [
        "nobody",
        "a@b",
        "a@@b.com",
        "a b@c.com",
        "a@b..com",
        "a@.com",
        "a@b.com,c@d.com",
        "<a@b.com>",
        "a" * 95 + "@b.com",
        "@b.com",
    ],
)
def test_an_email_that_is_none_is_held(email: str) -> None:
    held = _look(client=customer(email=email))
    assert isinstance(held, Hold)
    assert held.reason == "bad_email"


@pytest.mark.parametrize("number", ["N" * 21, "x", "N'1", "№ 7"])
def test_a_number_of_up_to_21_characters_passes_as_it_is(number: str) -> None:
    assert _look(number=number) is None


def test_a_number_of_22_characters_is_held() -> None:
    held = _look(number="N" * 22)
    assert isinstance(held, Hold)
    assert held.reason == "long_number"


@pytest.mark.parametrize(
    ("currency", "amount", "zero"), [("JPY", "100", "0"), ("KWD", "100.000", "0.000")]
)
def test_amounts_have_their_currencys_own_decimals(currency: str, amount: str, zero: str) -> None:
    nothing = {"discount": zero, "tax_amount": zero}
    money_in = {"currency": currency, "amount": amount, "refunded_amount": zero}
    verdict = first_look(
        paid(
            lines=[{**line(rates=()), "amount": amount, **nothing}],
            payments=[{**payment("1"), **money_in}],
        ).model_copy(update={"currency": currency}),
        knowledge(home_currency=currency),
        case(),
    )
    assert isinstance(verdict, Hold)  # the sums of the whole are written in cents
    shown = document(lines=[{**line(rates=()), "amount": amount, **nothing}], currency=currency)
    sums = {"subtotal": amount, "total": amount, "amount_paid": amount, "discount": zero}
    sums |= {"tax_total": zero, "credit_applied": zero, "balance_due": zero}
    sound = {**shown, **sums, "payments": [{**payment("1"), **money_in}]}
    verdict = first_look(
        PaidInvoice.model_validate(sound), knowledge(home_currency=currency), case()
    )
    assert verdict is None


def test_the_largest_amount_passes_and_a_cent_more_does_not() -> None:
    assert _look(lines=[line("1", "99999999999.00", rates=())]) is None
    held = _look(lines=[line("1", "99999999999.01", rates=())])
    assert isinstance(held, Hold)
    assert held.reason == "too_large"


def test_the_first_day_is_a_day_of_the_tenants() -> None:
    ignored = _look(paid_at="2026-01-01T04:59:59Z")
    assert isinstance(ignored, Ignore)
    assert _look(paid_at="2026-01-01T05:00:00Z") is None


def test_a_reference_of_another_system_does_not_matter() -> None:
    assert _look(external_refs=[{"system": "stripe", "type": "invoice", "id": "in_1"}]) is None


@pytest.mark.parametrize("lines", [751, 1000])
def test_too_many_taxed_lines_are_held(lines: int) -> None:
    assert isinstance(_look(lines=[line() for _ in range(lines)]), Hold)


def test_what_was_settled_from_credit_or_given_back_is_held_with_the_figures() -> None:
    credit = paid(payments=[payment("100.00")], credit_applied="13.00", balance_due="0.00")
    hold = first_look(credit, knowledge(), case())
    assert hold is not None
    assert "13.00 CAD of the total was settled from the client's credit" in hold.message
    given_back = [payment("113.00", refunded_amount="5.00")]
    more = {"amount_paid": "108.00", "balance_due": "5.00", "status": "partially_refunded"}
    hold = first_look(paid(payments=given_back, **more), knowledge(), case())
    assert hold is not None
    assert "5.00 CAD was given back before qbdesk first saw the invoice" in hold.message


def test_every_hold_is_a_sentence_for_a_bookkeeper() -> None:
    changes: list[dict[str, Any]] = [
        {"client": customer(email=None)},
        {"client": customer(email="x")},
        {"lines": []},
        {"number": "N" * 30},
        {"currency": "USD"},
        {"total": "1.00"},
        {"credit_applied": "1.00"},
    ]
    for change in changes:
        held = _look(**change)
        assert isinstance(held, Hold)
        assert re.fullmatch(r"[A-Z0-9].*[.]", held.message), held.message
