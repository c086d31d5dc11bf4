"""How an invoice is taxed in QuickBooks: codes chosen, sums compared (rules 16 to 22)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.planner.decisions import Hold
from qbdesk.sync.planner.figures import rates_that_differ
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.planner.tax_codes import (
    CODE_PREFIX,
    answered,
    ask,
    code_for,
    percents,
    province_of,
    setting_for,
    told,
    with_rates,
)
from qbdesk.sync.planner.tax_sums import by_rate, group_by_rate, may_come_to_it, spread
from qbdesk.sync.preflight import TaxCodeFact
from qbdesk.sync.quickbooks.payloads import Taxes
from qbdesk.sync.views import Choice

SOURCE_TAX = "send_source_tax"
DIFFERENCE = "tax_difference"
QUICKBOOKS_SHARES = Choice("quickbooks_shares", "The sum is right: post it as QuickBooks shares it")
AUTOMATED = ("NON", "TAX")  # Intuit's pseudo codes in the US


def choose(invoice: PaidInvoice, known: Knowledge, case: Case) -> Taxes | Hold:
    """The tax codes for the lines; a question where they are not certain."""
    if not known.facts.using_sales_tax:
        return Taxes()
    if known.facts.country == "US" and known.facts.automated_tax:
        return _automated(invoice)
    if known.facts.country == "US":
        return _compared_in_us(invoice, known, _manual(invoice, known), case)
    return _per_line(invoice, known, case)


# ---- United States ----


def _automated(invoice: PaidInvoice) -> Taxes | Hold:
    if invoice.tax_behavior == "inclusive" and invoice.tax_total:
        return _inclusive_in_us()
    return Taxes(_pseudo_codes(invoice), ship_to=True)


def _pseudo_codes(invoice: PaidInvoice) -> tuple[str, ...]:
    return tuple(AUTOMATED[bool(percents(line))] for line in invoice.lines)


def _inclusive_in_us() -> Hold:
    """Rule 21: never converted without a word."""
    return Hold(
        "inclusive",
        "The prices contain the tax, which a US company in QuickBooks cannot hold without "
        "recalculating them. Enter this one by hand.",
    )


def _manual(invoice: PaidInvoice, known: Knowledge) -> Taxes | Hold:
    if invoice.tax_behavior == "inclusive" and invoice.tax_total:
        return _inclusive_in_us()
    wanted = {percents(line) for line in invoice.lines} - {()}
    if not wanted:
        return Taxes(_pseudo_codes(invoice))
    if len(wanted) > 1:
        return Hold(
            "tax_code",
            "The lines are taxed at different rates, and QuickBooks takes one rate an invoice. "
            "Enter this one by hand.",
        )
    rates = wanted.pop()
    setting = setting_for(rates, province_of(invoice))
    codes = with_rates(known, rates)
    chosen = answered(known, setting, codes) or (codes[0] if len(codes) == 1 else None)
    if chosen is None:
        return ask(setting, codes, f"tax of {told(rates)}")
    return Taxes(_pseudo_codes(invoice), group=chosen.id)


# ---- Canada and elsewhere: a tax code on every line ----


def _per_line(invoice: PaidInvoice, known: Knowledge, case: Case) -> Taxes | Hold:
    codes: list[TaxCodeFact] = []
    for line in invoice.lines:
        code = code_for(line, invoice, known)
        if isinstance(code, Hold):
            return code
        codes.append(code)
    inclusive = invoice.tax_behavior == "inclusive"
    taxes = Taxes(tuple(code.id for code in codes), "TaxInclusive" if inclusive else "TaxExcluded")
    if inclusive:
        return taxes  # what QuickBooks makes of these is known only once it has answered
    if uses_discount_line(invoice, taxes, known) and may_come_to_it(invoice, codes):
        return taxes
    return _compared(invoice, codes, taxes, case)


def uses_discount_line(invoice: PaidInvoice, taxes: Taxes, known: Knowledge) -> bool:
    """One discount line, unless that is off or the lines are taxed differently (rule 11)."""
    uniform = taxes.codes is None or len(set(taxes.codes)) <= 1
    return bool(invoice.discount) and known.facts.allow_discount and uniform


# ---- what QuickBooks will make of it ----


def _compared(
    invoice: PaidInvoice, codes: Sequence[TaxCodeFact], taxes: Taxes, case: Case
) -> Taxes | Hold:
    """Rule 18: a difference is found before the invoice becomes an open receivable."""
    expected = dict(by_rate(invoice, codes))
    made = [(each.percent, each.amount) for each in expected.values()]
    if not _differs(invoice, made, case):
        return taxes
    total = sum((amount for _, amount in made), ZERO)
    if case.answers.get(DIFFERENCE) == SOURCE_TAX and expected:
        return Taxes(taxes.codes, taxes.calculation, None, spread(invoice, expected, total))
    return _difference(invoice, made)


def _compared_in_us(
    invoice: PaidInvoice, known: Knowledge, taxes: Taxes | Hold, case: Case
) -> Taxes | Hold:
    """The same where a sales tax group is set by hand."""
    if isinstance(taxes, Hold) or taxes.codes is None or taxes.group is None:
        return taxes
    group = next(code for code in known.facts.tax_codes if code.id == taxes.group)
    made = group_by_rate(invoice, taxes.codes, AUTOMATED[True], group)
    if not _differs(invoice, made, case):
        return taxes
    if case.answers.get(DIFFERENCE) == SOURCE_TAX:
        return replace(taxes, total=invoice.tax_total)
    return _difference(invoice, made)


def _differs(invoice: PaidInvoice, made: Sequence[tuple[Decimal, Decimal]], case: Case) -> bool:
    """The total; or its rates, unless a person said that QuickBooks may share it out."""
    if sum((amount for _, amount in made), ZERO) != invoice.tax_total:
        return True
    agreed = case.answers.get(DIFFERENCE) == QUICKBOOKS_SHARES.word
    return not agreed and bool(rates_that_differ(invoice, made))


def _difference(invoice: PaidInvoice, made: Sequence[tuple[Decimal, Decimal]]) -> Hold:
    total = sum((amount for _, amount in made), ZERO)
    rates = "; ".join(rates_that_differ(invoice, made))
    choices = (Choice(SOURCE_TAX, "Post it with the tax that stands on the invoice"),)
    return Hold(
        DIFFERENCE,
        f"Spot-check: QuickBooks would work out {shown(total, invoice.currency)} of tax, the "
        f"invoice says {shown(invoice.tax_total, invoice.currency)}"
        f"{f' ({rates})' if rates else ''}. Nothing was posted.",
        (*choices, QUICKBOOKS_SHARES) if total == invoice.tax_total else choices,
    )


# ---- a spot-check put right ----


def codes_that_fit(invoice: PaidInvoice, known: Knowledge) -> list[TaxCodeFact]:
    """Tax codes with which QuickBooks, by its own rates, comes to the tax of the source."""
    if known.facts.country == "US":
        return []
    return [
        code
        for code in known.facts.tax_codes
        if any(code.percents) and _total_tax(invoice, known, code) == invoice.tax_total
    ]


def _total_tax(invoice: PaidInvoice, known: Knowledge, code: TaxCodeFact) -> Decimal:
    amounts = dict(by_rate(invoice, _with_code(invoice, known, code)))
    return sum((amount.amount for amount in amounts.values()), ZERO)


def _with_code(invoice: PaidInvoice, known: Knowledge, code: TaxCodeFact) -> list[TaxCodeFact]:
    """This code on every taxed line; untaxed lines keep what was answered for them."""
    codes = []
    for line in invoice.lines:
        usual = code_for(line, invoice, known)
        codes.append(code if line.taxes or isinstance(usual, Hold) else usual)
    return codes


def repaired(invoice: PaidInvoice, known: Knowledge, choice: str) -> Taxes:
    """The taxes a person chose for an invoice that is posted already."""
    if known.facts.country == "US":
        return _source_amounts_in_us(invoice, known)
    calculation = "TaxInclusive" if invoice.tax_behavior == "inclusive" else "TaxExcluded"
    wanted = choice.removeprefix(CODE_PREFIX)
    code = next((c for c in known.facts.tax_codes if c.id == wanted), None)
    if code is not None:
        codes = _with_code(invoice, known, code)
        return Taxes(tuple(c.id for c in codes), calculation)
    codes = [
        usual
        for line in invoice.lines
        if not isinstance(usual := code_for(line, invoice, known), Hold)
    ]
    expected = dict(by_rate(invoice, codes)) if len(codes) == len(invoice.lines) else {}
    total = sum((amount.amount for amount in expected.values()), ZERO)
    amounts = spread(invoice, expected, total) if expected else ()
    return Taxes(tuple(c.id for c in codes) or None, calculation, None, amounts)


def _source_amounts_in_us(invoice: PaidInvoice, known: Knowledge) -> Taxes:
    """TotalTax as the source has it; a company may be set to ignore that (Intuit: TxnTaxDetail)."""
    usual = _automated(invoice) if known.facts.automated_tax else _manual(invoice, known)
    taxes = usual if isinstance(usual, Taxes) else Taxes(_pseudo_codes(invoice))
    return replace(taxes, total=invoice.tax_total)
