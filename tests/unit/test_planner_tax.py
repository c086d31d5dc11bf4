"""Which tax codes lines get: certain, or asked once; never guessed (rules 16 to 22)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoices import GST, HST_ON, MANITOBA, QST, TEXAS, Rate, customer, document, line, paid
from known import case, knowledge, tax_code

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.planner import figures, tax
from qbdesk.sync.planner.decisions import Hold
from qbdesk.sync.quickbooks.payloads import Taxes

RATES = {
    "5": (GST,),
    "13": (HST_ON,),
    "14": (("r14", "HST", "14"),),
    "15": (("r15", "HST", "15"),),
    "5+7": (GST, ("r7", "PST", "7")),
    "5+6": (GST, ("r6", "PST", "6")),
    "5+9.975": (GST, QST),
}


def _invoice(
    rates: tuple[Rate, ...], region: str | None, country: str | None = "CA"
) -> PaidInvoice:
    place = {**MANITOBA, "region": region, "country": country}
    return paid(client=customer(billing_address=place), lines=[line(rates=rates)])


def _chosen(invoice: PaidInvoice, **more: Any) -> str | Hold:
    taxes = tax.choose(invoice, knowledge(**more), case())
    if isinstance(taxes, Hold):
        return taxes
    assert taxes.codes is not None
    return taxes.codes[0].removeprefix("code ")


CERTAIN = {
    ("5", "AB"): "GST",
    ("5", "NT"): "GST",
    ("5", "YT"): "GST",
    ("5", "BC"): "GST",
    ("13", "ON"): "HST ON",
    ("14", "NS"): "HST NS",
    ("15", "NB"): "HST NB",
    ("15", "NL"): "HST NL",
    ("15", "PE"): "HST PE",
    ("5+7", "BC"): "GST/PST BC",
    ("5+7", "MB"): "GST/PST MB",
    ("5+6", "SK"): "GST/PST SK",
    ("5+9.975", "QC"): "GST/QST QC",
}
EVERYWHERE = ("AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT")


@pytest.mark.parametrize(("rates", "province"), CERTAIN, ids=str)
def test_a_code_is_used_unasked_where_rates_and_province_leave_one(
    rates: str, province: str
) -> None:
    assert _chosen(_invoice(RATES[rates], province)) == CERTAIN[rates, province]


def test_no_hst_code_is_used_unasked_in_another_province() -> None:
    for rates in ("13", "14", "15", "5+7", "5+6", "5+9.975"):
        for province in EVERYWHERE:
            chosen = _chosen(_invoice(RATES[rates], province))
            if (rates, province) not in CERTAIN:
                assert isinstance(chosen, Hold), (rates, province, chosen)
                assert chosen.reason == f"setting:tax.{rates}.{province}"


@pytest.mark.parametrize("rates", ["15", "5+7"])
def test_a_rate_of_several_provinces_is_asked_where_none_is_known(rates: str) -> None:
    assert isinstance(_chosen(_invoice(RATES[rates], None)), Hold)


@pytest.mark.parametrize("region", ["ON", "on", " Ontario ", "CA-ON", "ONTARIO"])
def test_a_province_is_known_by_its_name_as_well(region: str) -> None:
    assert _chosen(_invoice((HST_ON,), region)) == "HST ON"


def test_quebec_is_known_with_its_accent() -> None:
    assert _chosen(_invoice(RATES["5+9.975"], "Québec")) == "GST/QST QC"


def test_two_codes_of_the_same_rates_and_province_are_asked_about() -> None:
    twice = (*knowledge().facts.tax_codes, tax_code("HST ON (new)", ("13",)))
    chosen = _chosen(_invoice((HST_ON,), "ON"), tax_codes=twice)
    assert isinstance(chosen, Hold)
    assert {choice.word for choice in chosen.choices} == {
        "tax_code:code HST ON",
        "tax_code:code HST ON (new)",
    }


def test_an_answer_given_once_holds_for_the_rate_and_province() -> None:
    settings = {"tax.15.anywhere": "code HST NL"}
    assert _chosen(_invoice(RATES["15"], None), settings=settings) == "HST NL"
    assert isinstance(_chosen(_invoice(RATES["15"], "ON"), settings=settings), Hold)


def test_an_answer_whose_code_is_gone_is_asked_for_again() -> None:
    settings = {"tax.15.anywhere": "code HST PEI"}
    assert isinstance(_chosen(_invoice(RATES["15"], None), settings=settings), Hold)


@pytest.mark.parametrize(
    ("client", "kind", "proposed"),
    [
        (customer(billing_address=TEXAS), "abroad", "Zero-rated"),
        (customer(tax_exempt=True), "exempt", "Exempt"),
        (customer(), "home", "Zero-rated"),
    ],
)
def test_untaxed_lines_are_asked_about_and_out_of_scope_is_never_first(
    client: dict[str, Any], kind: str, proposed: str
) -> None:
    chosen = tax.choose(paid(client=client, lines=[line(rates=())]), knowledge(), case())
    assert isinstance(chosen, Hold)
    assert chosen.reason == f"setting:tax.untaxed.{kind}"
    assert chosen.choices[0].label == f"Use “{proposed}”"


def test_a_rate_of_nothing_is_no_rate() -> None:
    nothing = ("zero", "Zero", "0")
    chosen = tax.choose(paid(lines=[line(rates=(nothing,))]), knowledge(), case())
    assert isinstance(chosen, Hold)
    assert chosen.reason == "setting:tax.untaxed.home"


def test_rates_are_compared_by_value() -> None:
    written = (("r", "HST", "13.00"),)
    assert _chosen(_invoice(written, "ON")) == "HST ON"


def test_a_company_without_sales_tax_gets_no_codes() -> None:
    assert tax.choose(paid(), knowledge(using_sales_tax=False), case()) == Taxes()


# ---- the total that QuickBooks would make ----


@given(
    st.lists(
        st.tuples(
            st.integers(1, 20), st.decimals("0.01", 5000, places=2), st.sampled_from(list(CERTAIN))
        ),
        min_size=1,
        max_size=6,
    )
)
def test_tax_rounded_per_line_is_never_a_difference(
    rows: list[tuple[int, Decimal, tuple[str, str]]],
) -> None:
    rates, province = rows[0][2]
    lines = [line(str(quantity), f"{price}", rates=RATES[rates]) for quantity, price, _ in rows]
    place = {**MANITOBA, "region": province}
    invoice = paid(lines=lines, client=customer(billing_address=place))
    assert isinstance(tax.choose(invoice, knowledge(), case()), Taxes)


def _a_cent_less() -> PaidInvoice:
    shown = document(lines=[line("1", "0.50") for _ in range(3)])
    shown["tax"][0]["amount"] = "0.20"
    return PaidInvoice.model_validate(shown | {"tax_total": "0.20", "total": "1.70"})


def test_a_difference_is_held_before_the_create_with_both_figures() -> None:
    held = tax.choose(_a_cent_less(), knowledge(), case())
    assert isinstance(held, Hold)
    assert "0.21 CAD" in held.message
    assert "0.20 CAD" in held.message
    assert "Nothing was posted" in held.message


def test_the_sources_tax_is_sent_to_the_cent_once_a_person_says_so() -> None:
    answered = case(answers={"tax_difference": "send_source_tax"})
    taxes = tax.choose(_a_cent_less(), knowledge(), answered)
    assert isinstance(taxes, Taxes)
    assert sum(amount.amount for amount in taxes.amounts) == Decimal("0.20")


# ---- the United States ----


def test_automated_sales_tax_gets_pseudo_codes_and_the_address() -> None:
    invoice = paid(lines=[line(), line(rates=())])
    taxes = tax.choose(invoice, knowledge(country="US", automated_tax=True), case())
    assert taxes == Taxes(("TAX", "NON"), ship_to=True)


def _us(*percents: str) -> Any:
    codes = tuple(tax_code(f"Group {p}", (p,)) for p in percents)
    return knowledge(country="US", tax_codes=codes)


def test_sales_tax_by_hand_takes_the_one_group_of_that_rate() -> None:
    invoice = paid(lines=[line(rates=(("tx", "Texas", "6.25"),))])
    taxes = tax.choose(invoice, _us("6.25", "7.25"), case())
    assert isinstance(taxes, Taxes)
    assert taxes.group == "code Group 6.25"


def test_a_difference_is_held_before_the_create_in_the_us_too() -> None:
    taxed = line(rates=(("tx", "Texas", "6.25"),))
    shown = document(lines=[taxed])
    shown["tax"][0]["amount"] = "6.24"
    shown |= {"tax_total": "6.24", "total": "106.24"}
    invoice = PaidInvoice.model_validate(shown)
    held = tax.choose(invoice, _us("6.25"), case())
    assert isinstance(held, Hold)
    assert "QuickBooks would work out 6.25" in held.message
    answered = case(answers={"tax_difference": "send_source_tax"})
    taxes = tax.choose(invoice, _us("6.25"), answered)
    assert isinstance(taxes, Taxes)
    assert (taxes.total, taxes.group) == (Decimal("6.24"), "code Group 6.25")


def test_a_line_of_no_per_cent_is_untaxed_in_the_us() -> None:
    lines = [line(rates=(("tx", "Texas", "6.25"),)), line(rates=(("zero", "Exempt", "0"),))]
    taxes = tax.choose(paid(lines=lines), _us("6.25"), case())
    assert isinstance(taxes, Taxes)
    assert taxes.codes == ("TAX", "NON")


def test_two_rates_on_an_invoice_are_held_where_quickbooks_takes_one() -> None:
    rates = [(("a", "A", "6.25"),), (("b", "B", "7.25"),)]
    held = tax.choose(paid(lines=[line(rates=r) for r in rates]), _us("6.25", "7.25"), case())
    assert isinstance(held, Hold)


@pytest.mark.parametrize("automated", [True, False])
def test_prices_with_tax_in_them_are_never_converted_silently(automated: bool) -> None:
    known = knowledge(country="US", automated_tax=automated)
    held = tax.choose(paid(tax_behavior="inclusive"), known, case())
    assert isinstance(held, Hold)
    assert held.reason == "inclusive"


def _us_discounted(tax_amount: str, *rates: tuple[str, ...]) -> PaidInvoice:
    """60.00 and 40.00 less 10.00 on the whole, with so much tax at 6.25 %."""
    texas = (("tx", "Texas", "6.25"),)
    lines = [line("1", "60.00", rates=texas), line("1", "40.00", rates=texas if not rates else ())]
    shown = document(lines=lines, discount="10.00")
    shown["tax"][0]["amount"] = tax_amount
    total = f"{Decimal(90) + Decimal(tax_amount)}"
    return PaidInvoice.model_validate(shown | {"tax_total": tax_amount, "total": total})


@pytest.mark.parametrize("allow_discount", [True, False])
def test_sales_tax_by_hand_is_worked_out_after_the_discount(allow_discount: bool) -> None:
    known = _us("6.25")
    known.facts = known.facts.model_copy(update={"allow_discount": allow_discount})
    assert isinstance(tax.choose(_us_discounted("5.63"), known, case()), Taxes)
    held = tax.choose(_us_discounted("6.25"), known, case())
    assert isinstance(held, Hold)
    assert "QuickBooks would work out 5.63 CAD of tax" in held.message
    assert "Texas 6.25 %: 5.63 CAD instead of 6.25 CAD" in held.message


def test_of_a_discount_only_the_part_on_taxed_lines_lowers_the_tax() -> None:
    # 6.00 of the discount belong to the taxed 60.00.
    assert isinstance(tax.choose(_us_discounted("3.38", ()), _us("6.25"), case()), Taxes)
    assert isinstance(tax.choose(_us_discounted("3.75", ()), _us("6.25"), case()), Hold)


def _discounted_in_canada(tax_amount: str) -> PaidInvoice:
    shown = document(lines=[line()], discount="10.00")
    shown["tax"][0]["amount"] = tax_amount
    total = f"{Decimal(90) + Decimal(tax_amount)}"
    return PaidInvoice.model_validate(shown | {"tax_total": tax_amount, "total": total})


@pytest.mark.parametrize(
    ("tax_amount", "posted"),
    [("11.70", True), ("11.71", True), ("13.00", True), ("12.35", False), ("10.00", False)],
)
def test_under_a_discount_line_only_what_no_rounding_gives_is_held_before_the_create(
    tax_amount: str, posted: bool
) -> None:
    chosen = tax.choose(_discounted_in_canada(tax_amount), knowledge(), case())
    assert isinstance(chosen, Taxes) is posted
    answered = case(answers={"tax_difference": "send_source_tax"})
    sent = tax.choose(_discounted_in_canada("12.35"), knowledge(), answered)
    assert isinstance(sent, Taxes)
    assert [each.amount for each in sent.amounts] == [Decimal("12.35")]


# ---- rates compared by per cent ----


def _quebec(gst: str, qst: str, **changes: Any) -> PaidInvoice:
    place = {**MANITOBA, "region": "QC"}
    shown = document(client=customer(billing_address=place), lines=[line(rates=(GST, QST))])
    for rate, amount in zip(shown["tax"], (gst, qst), strict=True):
        rate |= {"amount": amount, **changes}
    return PaidInvoice.model_validate(shown)


def test_the_same_sum_shared_otherwise_is_a_difference_before_the_create() -> None:
    assert isinstance(tax.choose(_quebec("5.00", "9.98"), knowledge(), case()), Taxes)
    held = tax.choose(_quebec("5.01", "9.97"), knowledge(), case())
    assert isinstance(held, Hold)
    assert [choice.word for choice in held.choices] == ["send_source_tax", "quickbooks_shares"]


def test_each_rate_is_sent_the_sources_own_tax() -> None:
    answered = case(answers={"tax_difference": "send_source_tax"})
    taxes = tax.choose(_quebec("5.01", "9.97"), knowledge(), answered)
    assert isinstance(taxes, Taxes)
    assert [each.amount for each in taxes.amounts] == [Decimal("5.01"), Decimal("9.97")]


def test_rates_that_cannot_be_told_apart_by_per_cent_are_left_to_the_sum() -> None:
    """The totals speak of another height than the lines."""
    odd = _quebec("5.01", "9.97", rate_percent="14.975")
    assert isinstance(tax.choose(odd, knowledge(), case()), Taxes)
    assert figures.rates_that_differ(odd, [(Decimal(5), Decimal(1))]) == []


def test_two_rates_of_one_height_are_compared_together() -> None:
    rates = (("a", "City", "1"), ("b", "County", "1"))
    invoice = paid(lines=[line(rates=rates)])
    assert figures.rates_that_differ(invoice, [(Decimal("1.0"), Decimal("2.00"))]) == []
    (told,) = figures.rates_that_differ(invoice, [(Decimal(1), Decimal("1.99"))])
    assert told == "City 1 %: 1.99 CAD instead of 2.00 CAD"


@pytest.mark.parametrize("told", [[("14.975", "14.98")], [("5", "5.01"), ("9.98", "9.97")]])
def test_a_per_cent_that_the_source_does_not_know_leaves_it_to_the_sum(
    told: list[tuple[str, str]],
) -> None:
    rates = [(Decimal(percent), Decimal(amount)) for percent, amount in told]
    assert figures.rates_that_differ(_quebec("5.00", "9.98"), rates) == []


def test_a_rate_that_quickbooks_left_out_is_a_difference() -> None:
    (gst, qst) = figures.rates_that_differ(
        _quebec("5.00", "9.98"), [(Decimal("9.975"), Decimal("14.98"))]
    )
    assert gst == "GST 5 %: 0.00 CAD instead of 5.00 CAD"
    assert qst == "QST 9.975 %: 14.98 CAD instead of 9.98 CAD"


def test_what_quickbooks_did_not_tell_is_not_compared() -> None:
    assert figures.rates_that_differ(paid(), None) == []
    assert figures.lines_that_differ(paid(), None) == []
