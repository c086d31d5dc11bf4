"""Which of QuickBooks' tax codes stands for a line's rates; asked once where it is unclear."""

import re
from collections.abc import Sequence
from decimal import Decimal

from qbdesk.sync.model import Line, PaidInvoice
from qbdesk.sync.planner.decisions import Hold
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.preflight import TaxCodeFact
from qbdesk.sync.views import Choice

CODE_PREFIX = "tax_code:"
UNTAXED = {
    "home": "clients at home",
    "abroad": "clients abroad",
    "exempt": "exempt clients",
}
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


def code_for(line: Line, invoice: PaidInvoice, known: Knowledge) -> TaxCodeFact | Hold:
    """Rule 16: unasked only where exactly one code has the rates and fits the province."""
    rates = percents(line)
    if not rates:
        return _untaxed_code(invoice, known)
    province = province_of(invoice)
    setting = setting_for(rates, province)
    codes = with_rates(known, rates)
    chosen = answered(known, setting, codes)
    if chosen is not None:
        return chosen
    fitting = [code for code in codes if _fits(code, rates, province)]
    if len(fitting) == 1 and not _is_abroad(invoice, known):
        return fitting[0]
    where = f" for a client in {province}" if province else ""
    return ask(setting, codes, f"tax of {told(rates)}{where}")


def percents(line: Line) -> tuple[Decimal, ...]:
    """The line's rates in per cent, sorted; a rate of zero is no rate."""
    return tuple(sorted(t.rate_percent.normalize() for t in line.taxes if t.rate_percent))


def with_rates(known: Knowledge, rates: Sequence[Decimal]) -> list[TaxCodeFact]:
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


def province_of(invoice: PaidInvoice) -> str | None:
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
    setting = untaxed_setting(kind)
    codes = [code for code in known.facts.tax_codes if not any(code.percents)]
    chosen = answered(known, setting, codes)
    if chosen is not None:
        return chosen
    wanted = "exempt" if kind == "exempt" else "zero"
    codes.sort(key=lambda code: wanted not in code.name.casefold())
    return ask(setting, codes, f"no tax, for untaxed lines of {UNTAXED[kind]}")


def _is_abroad(invoice: PaidInvoice, known: Knowledge) -> bool:
    address = invoice.customer.billing_address
    return bool(address and address.country and address.country != known.facts.country)


def untaxed_setting(kind: str) -> str:
    return f"tax.untaxed.{kind}"


def setting_for(rates: Sequence[Decimal], province: str | None) -> str:
    return f"tax.{'+'.join(f'{rate:f}' for rate in rates)}.{province or 'anywhere'}"


def told(rates: Sequence[Decimal]) -> str:
    return " + ".join(f"{rate:f} %" for rate in rates)


def answered(known: Knowledge, setting: str, codes: Sequence[TaxCodeFact]) -> TaxCodeFact | None:
    wanted = known.settings.get(setting)
    return next((code for code in codes if code.id == wanted), None)


def ask(setting: str, codes: Sequence[TaxCodeFact], what: str) -> Hold:
    """Asked once for the company; with no code at all it is held (rule 20)."""
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
