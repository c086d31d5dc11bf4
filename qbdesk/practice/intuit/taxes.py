"""How QuickBooks works out an invoice's tax: it keeps its own rates and does its own rounding."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from qbdesk.practice.books.books import Books
from qbdesk.practice.books.chart import AGENCIES, US_TAX_ACCOUNT
from qbdesk.practice.intuit.refusals import RefusedError
from qbdesk.practice.intuit.state_rates import STATE_RATES
from qbdesk.practice.wire import ZERO, cents, decimal

HUNDRED = Decimal(100)
_UNITED_STATES = ("US", "USA", "UNITED STATES")
# Where the company ships from; answered with invoices that are taxed automatically.
SHIP_FROM = {
    "Line1": "12 Maple Street",
    "City": "Austin",
    "CountrySubDivisionCode": "TX",
    "PostalCode": "78701",
}


@dataclass
class Tax:
    """What the tax of one invoice came to.

    Attributes:
        total: All of it.
        lines: TxnTaxDetail.TaxLine as answered.
        owed: tax account Id -> amount.
        inclusive: Tax contained in the line amounts (TaxInclusive), per line position.
    """

    total: Decimal = ZERO
    lines: list[dict[str, Any]] = field(default_factory=list)
    owed: dict[str, Decimal] = field(default_factory=dict)
    inclusive: dict[int, Decimal] = field(default_factory=dict)


def work_out(books: Books, invoice: dict[str, Any], discount: Decimal) -> Tax:
    """The tax of an invoice whose lines have been checked; `discount` is the invoice's own."""
    switches = books.switches
    if switches.sales_tax == "canada":
        return _per_line(books, invoice, discount)
    if switches.sales_tax == "us_automated":
        return _automated(books, invoice, discount)
    if switches.sales_tax == "us_manual":
        return _group(books, invoice, discount)
    return Tax()


def _sales_lines(invoice: dict[str, Any]) -> list[tuple[int, dict[str, Any], Decimal]]:
    found = []
    for position, line in enumerate(invoice["Line"]):
        if line["DetailType"] == "SalesItemLineDetail":
            found.append((position, line["SalesItemLineDetail"], decimal(line["Amount"]) or ZERO))
    return found


def _per_line(books: Books, invoice: dict[str, Any], discount: Decimal) -> Tax:
    """Outside the US tax is calculated and rounded for each line and each rate."""
    tax = Tax()
    by_rate: defaultdict[str, Decimal] = defaultdict(Decimal)
    net_by_rate: defaultdict[str, Decimal] = defaultdict(Decimal)
    inclusive = invoice.get("GlobalTaxCalculation") == "TaxInclusive"
    lines = _sales_lines(invoice)
    subtotal = sum((amount for *_, amount in lines), ZERO)
    for position, detail, amount in lines:
        rates = _component_rates(books, detail["TaxCodeRef"]["value"])
        base = amount
        if discount and subtotal:
            base -= cents(discount * amount / subtotal)
        if inclusive:
            percent = sum((rate["RateValue"] for rate in rates), ZERO)
            base = base * HUNDRED / (HUNDRED + percent)
        for rate in rates:
            part = cents(base * rate["RateValue"] / HUNDRED)
            by_rate[rate["Id"]] += part
            net_by_rate[rate["Id"]] += cents(base)
            if inclusive:
                tax.inclusive[position] = tax.inclusive.get(position, ZERO) + part
    if books.switches.tax_override and not inclusive:
        by_rate.update(_overrides(invoice, by_rate))
    _write_lines(books, tax, by_rate, net_by_rate)
    return tax


def _component_rates(books: Books, code_id: str) -> list[dict[str, Any]]:
    code = books.entities["TaxCode"][code_id]
    details = code["SalesTaxRateList"]["TaxRateDetail"]
    return [books.entities["TaxRate"][detail["TaxRateRef"]["value"]] for detail in details]


def _overrides(invoice: dict[str, Any], by_rate: dict[str, Decimal]) -> dict[str, Decimal]:
    """Amounts the sender gave per rate (TxnTaxDetail.TaxLine); a rate no line uses is refused."""
    given: dict[str, Decimal] = {}
    for line in (invoice.get("TxnTaxDetail") or {}).get("TaxLine") or []:
        reference = ((line.get("TaxLineDetail") or {}).get("TaxRateRef") or {}).get("value")
        amount = decimal(line.get("Amount"))
        if reference is None or amount is None:
            continue
        if reference not in by_rate:
            name = "TxnTaxDetail.TaxLine.TaxLineDetail.TaxRateRef"
            raise RefusedError("2500", f"Invalid Reference Id : {name}", name)
        given[reference] = cents(amount)
    return given


def _automated(books: Books, invoice: dict[str, Any], discount: Decimal) -> Tax:
    """US automated sales tax: by ship-to address; the sender's tax code and total are ignored.

    Without an address, or with one abroad, there is no tax, and nobody is told.
    """
    address = invoice.get("ShipAddr") or {}
    if not address and not books.switches.automated_tax_ship_to_only:
        address = invoice.get("BillAddr") or {}
    is_here = str(address.get("Country") or "US").upper() in _UNITED_STATES
    state = str(address.get("CountrySubDivisionCode") or "").upper() if is_here else ""
    rate = books.switches.automated_tax_rate
    percent = STATE_RATES.get(state, ZERO) if rate is None else (rate if state else ZERO)
    base = _taxable(invoice, discount)
    amount = cents(base * percent / HUNDRED)
    override = decimal((invoice.get("TxnTaxDetail") or {}).get("TotalTax"))
    if books.switches.partner_tax_override and override is not None:
        amount = cents(override)
    return _one_line(books, amount, base, percent)


def _group(books: Books, invoice: dict[str, Any], discount: Decimal) -> Tax:
    """US manual sales tax: TxnTaxCodeRef names the group; TotalTax may override it."""
    detail = invoice.get("TxnTaxDetail") or {}
    code = (detail.get("TxnTaxCodeRef") or {}).get("value")
    if not code:
        return Tax()
    if code not in books.entities["TaxCode"] or code in ("TAX", "NON"):
        name = "TxnTaxDetail.TxnTaxCodeRef"
        raise RefusedError("2500", f"Invalid Reference Id : {name}", name)
    base = _taxable(invoice, discount)
    rates = _component_rates(books, code)
    by_rate = {rate["Id"]: cents(base * rate["RateValue"] / HUNDRED) for rate in rates}
    override = decimal(detail.get("TotalTax"))
    if books.switches.tax_override and override is not None and by_rate:
        first = next(iter(by_rate))
        by_rate[first] += cents(override) - sum(by_rate.values(), ZERO)
    tax = Tax()
    _write_lines(books, tax, by_rate, dict.fromkeys(by_rate, base))
    return tax


def _taxable(invoice: dict[str, Any], discount: Decimal) -> Decimal:
    lines = _sales_lines(invoice)
    taxed = sum((a for _, d, a in lines if (d.get("TaxCodeRef") or {}).get("value") == "TAX"), ZERO)
    everything = sum((amount for *_, amount in lines), ZERO)
    if discount and everything and invoice.get("ApplyTaxAfterDiscount"):
        taxed -= cents(discount * taxed / everything)
    return taxed


def _one_line(books: Books, amount: Decimal, base: Decimal, percent: Decimal) -> Tax:
    if not amount:
        return Tax()
    line = {
        "Amount": amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {"PercentBased": True, "TaxPercent": percent, "NetAmountTaxable": base},
    }
    account = books.named("Account", US_TAX_ACCOUNT[0])
    assert account is not None
    return Tax(amount, [line], {account["Id"]: amount})


def _write_lines(
    books: Books, tax: Tax, by_rate: dict[str, Decimal], net: dict[str, Decimal]
) -> None:
    for rate_id, amount in by_rate.items():
        rate = books.entities["TaxRate"][rate_id]
        tax.lines.append(
            {
                "Amount": amount,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": rate_id},
                    "PercentBased": True,
                    "TaxPercent": rate["RateValue"],
                    "NetAmountTaxable": net[rate_id],
                },
            }
        )
        agency = books.entities["TaxAgency"][rate["AgencyRef"]["value"]]["DisplayName"]
        account = books.named("Account", AGENCIES.get(agency, US_TAX_ACCOUNT[0]))
        assert account is not None
        tax.owed[account["Id"]] = tax.owed.get(account["Id"], ZERO) + amount
        tax.total += amount
