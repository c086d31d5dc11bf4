"""Which tax codes the lines get, and what QuickBooks will make of them (rules 16 to 22)."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from qbdesk.sync.model import Line, PaidInvoice
from qbdesk.sync.money import ZERO, rounded, shown
from qbdesk.sync.planner.decisions import Hold
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.preflight import TaxCodeFact
from qbdesk.sync.quickbooks.payloads import RateAmount, Taxes
from qbdesk.sync.views import Choice

HUNDRED = Decimal(100)
CODE_PREFIX = "tax_code:"
SOURCE_TAX = "send_source_tax"
PROVINCES = {
    "AB": "ALBERTA",
    "BC": "BRITISH COLUMBIA",
    "MB": "MANITOBA",
    "NB": "NEW BRUNSWICK",
    "NL": "NEWFOUNDLAND AND LABRADOR",
    "NS": "NOVA SCOTIA",
    "NT": "NORTHWEST TERRITORIES",
    "NU": "NUNAVUT",
    "ON": "ONTARIO",
    "PE": "PRINCE EDWARD ISLAND",
    "QC": "QUEBEC",
    "SK": "SASKATCHEWAN",
    "YT": "YUKON",
}
# Component rates -> where they are charged. GST alone is charged everywhere but where there is HST.
_GST = ("5",)
WHERE_CHARGED: dict[tuple[str, ...], tuple[str, ...]] = {
    _GST: ("AB", "BC", "MB", "NT", "NU", "QC", "SK", "YT"),
    ("13",): ("ON",),
    ("14",): ("NS",),
    ("15",): ("NB", "NL", "PE"),
    ("5", "7"): ("BC", "MB"),
    ("5", "6"): ("SK",),
    ("5", "9.975"): ("QC",),
}
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
    setting = _setting(rates, _province(invoice))
    codes = _with_rates(known, rates)
    chosen = _answered(known, setting, codes) or (codes[0] if len(codes) == 1 else None)
    if chosen is None:
        return _ask(setting, codes, f"tax of {_told(rates)}")
    return Taxes(_pseudo_codes(invoice), group=chosen.id)


# ---- Canada and elsewhere: a tax code on every line ----


def _per_line(invoice: PaidInvoice, known: Knowledge, case: Case) -> Taxes | Hold:
    codes: list[TaxCodeFact] = []
    for line in invoice.lines:
        code = _code_for(line, invoice, known)
        if isinstance(code, Hold):
            return code
        codes.append(code)
    inclusive = invoice.tax_behavior == "inclusive"
    taxes = Taxes(tuple(code.id for code in codes), "TaxInclusive" if inclusive else "TaxExcluded")
    if uses_discount_line(invoice, taxes, known) or inclusive:
        return taxes  # how QuickBooks rounds these is known only once it has answered
    return _compared(invoice, codes, taxes, case)


def uses_discount_line(invoice: PaidInvoice, taxes: Taxes, known: Knowledge) -> bool:
    """One discount line, unless that is off or the lines are taxed differently (rule 11)."""
    uniform = taxes.codes is None or len(set(taxes.codes)) <= 1
    return bool(invoice.discount) and known.facts.allow_discount and uniform


def _code_for(line: Line, invoice: PaidInvoice, known: Knowledge) -> TaxCodeFact | Hold:
    rates = percents(line)
    if not rates:
        return _untaxed_code(invoice, known)
    province = _province(invoice)
    setting = _setting(rates, province)
    codes = _with_rates(known, rates)
    answered = _answered(known, setting, codes)
    if answered is not None:
        return answered
    fitting = [code for code in codes if _fits(code, rates, province)]
    if len(fitting) == 1:
        return fitting[0]
    where = f" for a client in {province}" if province else ""
    return _ask(setting, codes, f"tax of {_told(rates)}{where}")


def percents(line: Line) -> tuple[Decimal, ...]:
    """The line's rates in per cent, sorted; a rate of zero is no rate."""
    return tuple(sorted(t.rate_percent.normalize() for t in line.taxes if t.rate_percent))


def _with_rates(known: Knowledge, rates: Sequence[Decimal]) -> list[TaxCodeFact]:
    return [code for code in known.facts.tax_codes if code.percents == tuple(rates)]


def _fits(code: TaxCodeFact, rates: Sequence[Decimal], province: str | None) -> bool:
    charged_in = WHERE_CHARGED.get(tuple(f"{rate:f}" for rate in rates))
    if charged_in is None:
        return False
    named = _provinces_named(code)
    if len(charged_in) == 1:
        return province in (charged_in[0], None) and (not named or charged_in[0] in named)
    if tuple(f"{rate:f}" for rate in rates) == _GST:
        return province in (*charged_in, None) and not named
    return province in charged_in and province in named


def _provinces_named(code: TaxCodeFact) -> set[str]:
    """Provinces that the code's own name speaks of, such as `HST NB`."""
    words = set(re.findall(r"[A-Z]+", code.name.upper().replace(".", "")))
    return {short for short, name in PROVINCES.items() if short in words or name in words}


def _province(invoice: PaidInvoice) -> str | None:
    address = invoice.customer.billing_address
    if address is None or address.country not in ("CA", None) or not address.region:
        return None
    region = address.region.strip().upper().replace("É", "E")
    return next((k for k, name in PROVINCES.items() if region in (k, name, f"CA-{k}")), None)


def _untaxed_code(invoice: PaidInvoice, known: Knowledge) -> TaxCodeFact | Hold:
    """Rule 17: asked once; never Out of Scope by itself."""
    kind = (
        "exempt"
        if invoice.customer.tax_exempt
        else "abroad"
        if _is_abroad(invoice, known)
        else "home"
    )
    setting = f"tax.untaxed.{kind}"
    codes = [code for code in known.facts.tax_codes if not any(code.percents)]
    answered = _answered(known, setting, codes)
    if answered is not None:
        return answered
    wanted = "exempt" if kind == "exempt" else "zero"
    codes.sort(key=lambda code: wanted not in code.name.casefold())
    who = {
        "exempt": "clients that the source calls exempt",
        "abroad": "clients abroad",
        "home": "untaxed lines of clients at home",
    }[kind]
    return _ask(setting, codes, f"no tax, for {who}")


def _is_abroad(invoice: PaidInvoice, known: Knowledge) -> bool:
    address = invoice.customer.billing_address
    return bool(address and address.country and address.country != known.facts.country)


# ---- asked once per company ----


def _setting(rates: Sequence[Decimal], province: str | None) -> str:
    return f"tax.{'+'.join(f'{rate:f}' for rate in rates)}.{province or 'anywhere'}"


def _told(rates: Sequence[Decimal]) -> str:
    return " + ".join(f"{rate:f} %" for rate in rates)


def _answered(known: Knowledge, setting: str, codes: Sequence[TaxCodeFact]) -> TaxCodeFact | None:
    wanted = known.settings.get(setting)
    return next((code for code in codes if code.id == wanted), None)


def _ask(setting: str, codes: Sequence[TaxCodeFact], what: str) -> Hold:
    if not codes:
        return Hold(
            "no_tax_code",
            f"QuickBooks has no active tax code for {what}. Add one there, then try again.",
        )
    return Hold(
        f"setting:{setting}",
        f"Which of QuickBooks' tax codes stands for {what}? You are asked once; all invoices like "
        "this one follow.",
        tuple(Choice(f"{CODE_PREFIX}{code.id}", f"Use “{code.name}”") for code in codes[:12]),
    )


# ---- what QuickBooks will make of it ----


def _compared(
    invoice: PaidInvoice, codes: Sequence[TaxCodeFact], taxes: Taxes, case: Case
) -> Taxes | Hold:
    """Rule 18: a difference is found before the invoice becomes an open receivable."""
    expected = dict(_by_rate(invoice, codes))
    total = sum((amount.amount for amount in expected.values()), ZERO)
    if total == invoice.tax_total:
        return taxes
    if case.answers.get("tax_difference") == SOURCE_TAX and expected:
        return Taxes(taxes.codes, taxes.calculation, None, _spread(invoice, expected, total))
    return _difference(invoice, total)


def _compared_in_us(
    invoice: PaidInvoice, known: Knowledge, taxes: Taxes | Hold, case: Case
) -> Taxes | Hold:
    """The same where a sales tax group is set by hand: each rate is rounded over the invoice."""
    if isinstance(taxes, Hold) or taxes.codes is None or taxes.group is None or invoice.discount:
        return taxes
    group = next(code for code in known.facts.tax_codes if code.id == taxes.group)
    amounts = zip(invoice.lines, taxes.codes, strict=True)
    net = sum((line.amount for line, code in amounts if code == AUTOMATED[True]), ZERO)
    parts = (rounded(net * rate / HUNDRED, invoice.currency) for _, rate in group.rates)
    total = sum(parts, ZERO)
    if total == invoice.tax_total:
        return taxes
    if case.answers.get("tax_difference") == SOURCE_TAX:
        return replace(taxes, total=invoice.tax_total)
    return _difference(invoice, total)


def _difference(invoice: PaidInvoice, total: Decimal) -> Hold:
    return Hold(
        "tax_difference",
        f"Spot-check: QuickBooks would work out {shown(total, invoice.currency)} of tax, the "
        f"invoice says {shown(invoice.tax_total, invoice.currency)}. Nothing was posted.",
        (Choice(SOURCE_TAX, "Post it with the tax that stands on the invoice"),),
    )


def _by_rate(
    invoice: PaidInvoice, codes: Sequence[TaxCodeFact]
) -> Iterator[tuple[str, RateAmount]]:
    """Outside the US QuickBooks rounds for each line and each rate."""
    found: defaultdict[str, list[tuple[Decimal, Decimal, Decimal]]] = defaultdict(list)
    lines = [(line.amount, code) for line, code in zip(invoice.lines, codes, strict=True)]
    for net, code in [*lines, *_discounts(invoice, lines)]:
        for rate_id, percent in code.rates:
            amount = rounded(net * percent / HUNDRED, invoice.currency)
            found[rate_id].append((percent, amount, net))
    for rate_id, parts in found.items():
        amount = sum((part[1] for part in parts), ZERO)
        net = sum((part[2] for part in parts), ZERO)
        yield rate_id, RateAmount(rate_id, parts[0][0], amount, net)


def _discounts(
    invoice: PaidInvoice, lines: Sequence[tuple[Decimal, TaxCodeFact]]
) -> list[tuple[Decimal, TaxCodeFact]]:
    """The negative lines that the payload makes of an invoice-level discount."""
    by_code: dict[str, tuple[Decimal, TaxCodeFact]] = {}
    for amount, code in lines:
        by_code[code.id] = (by_code.get(code.id, (ZERO, code))[0] + amount, code)
    left, parts = invoice.discount, []
    for position, (amount, code) in enumerate(by_code.values(), start=1):
        share = invoice.discount * amount / invoice.subtotal if invoice.subtotal else ZERO
        part = left if position == len(by_code) else rounded(share, invoice.currency)
        left -= part
        parts.append((-part, code))
    return parts if invoice.discount else []


def _spread(
    invoice: PaidInvoice, expected: dict[str, RateAmount], total: Decimal
) -> tuple[RateAmount, ...]:
    """The source's tax over QuickBooks' rates: the largest takes the difference."""
    largest = max(expected.values(), key=lambda amount: abs(amount.amount))
    difference = invoice.tax_total - total
    return tuple(
        RateAmount(a.rate_id, a.percent, a.amount + (difference if a is largest else ZERO), a.net)
        for a in expected.values()
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
    by_rate = dict(_by_rate(invoice, _with_code(invoice, known, code)))
    return sum((amount.amount for amount in by_rate.values()), ZERO)


def _with_code(invoice: PaidInvoice, known: Knowledge, code: TaxCodeFact) -> list[TaxCodeFact]:
    """This code on every taxed line; untaxed lines keep what was answered for them."""
    codes = []
    for line in invoice.lines:
        usual = _code_for(line, invoice, known)
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
        if not isinstance(usual := _code_for(line, invoice, known), Hold)
    ]
    expected = dict(_by_rate(invoice, codes)) if len(codes) == len(invoice.lines) else {}
    total = sum((amount.amount for amount in expected.values()), ZERO)
    amounts = _spread(invoice, expected, total) if expected else ()
    return Taxes(tuple(c.id for c in codes) or None, calculation, None, amounts)


def _source_amounts_in_us(invoice: PaidInvoice, known: Knowledge) -> Taxes:
    """TotalTax as the source has it; a company may be set to ignore that (Intuit: TxnTaxDetail)."""
    usual = _automated(invoice) if known.facts.automated_tax else _manual(invoice, known)
    taxes = usual if isinstance(usual, Taxes) else Taxes(_pseudo_codes(invoice))
    return replace(taxes, total=invoice.tax_total)
