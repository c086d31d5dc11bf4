"""What QuickBooks makes of an invoice's tax, as far as its rounding is known: always half up."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO, minor_unit, rounded
from qbdesk.sync.planner.figures import tax_by_percent
from qbdesk.sync.preflight import TaxCodeFact
from qbdesk.sync.quickbooks.payloads import RateAmount, discount_shares

HUNDRED = Decimal(100)


def by_rate(invoice: PaidInvoice, codes: Sequence[TaxCodeFact]) -> Iterator[tuple[str, RateAmount]]:
    """Outside the US QuickBooks rounds for each line and each rate."""
    found: defaultdict[str, list[tuple[Decimal, Decimal, Decimal]]] = defaultdict(list)
    lines = [(line.amount, code) for line, code in zip(invoice.lines, codes, strict=True)]
    for net, code in [*lines, *_discounts(invoice, codes)]:
        for rate_id, percent in code.rates:
            amount = rounded(net * percent / HUNDRED, invoice.currency)
            found[rate_id].append((percent, amount, net))
    for rate_id, parts in found.items():
        amount = sum((part[1] for part in parts), ZERO)
        net = sum((part[2] for part in parts), ZERO)
        yield rate_id, RateAmount(rate_id, parts[0][0], amount, net)


def _discounts(
    invoice: PaidInvoice, codes: Sequence[TaxCodeFact]
) -> list[tuple[Decimal, TaxCodeFact]]:
    """The negative lines that the payload makes of an invoice-level discount."""
    if not invoice.discount:
        return []
    by_id = {code.id: code for code in codes}
    shares = discount_shares(invoice, [code.id for code in codes])
    return [(-part, by_id[code]) for code, part in shares.items() if code is not None]


def may_come_to_it(invoice: PaidInvoice, codes: Sequence[TaxCodeFact]) -> bool:
    """Under a discount line outside the US: whether QuickBooks may come to the source's tax.

    Nobody has told yet whether the tax is that of before or of after the discount, nor how it is
    rounded; so all is let pass that lies within a minor unit for each line and rate of either.
    """
    rates = [
        (line.amount, percent)
        for line, code in zip(invoice.lines, codes, strict=True)
        for _, percent in code.rates
    ]
    before = sum((amount * percent for amount, percent in rates), ZERO) / HUNDRED
    after = before - before * invoice.discount / invoice.subtotal if invoice.subtotal else before
    slack = minor_unit(invoice.currency) * len(rates)
    return any(abs(invoice.tax_total - exact) <= slack for exact in (before, after))


def group_by_rate(
    invoice: PaidInvoice, codes: Sequence[str], taxed: str, group: TaxCodeFact
) -> list[tuple[Decimal, Decimal]]:
    """US, sales tax by hand: (per cent, amount) of each rate, rounded over the whole invoice.

    A discount comes off before the tax, also as a discount line, since we say so
    (Intuit: ApplyTaxAfterDiscount); such a line stands where all lines are taxed alike.
    """
    net = sum(
        (line.amount for line, code in zip(invoice.lines, codes, strict=True) if code == taxed),
        ZERO,
    )
    if invoice.discount:
        net -= discount_shares(invoice, codes).get(taxed, ZERO)
    return [
        (percent, rounded(net * percent / HUNDRED, invoice.currency)) for _, percent in group.rates
    ]


def spread(
    invoice: PaidInvoice, expected: dict[str, RateAmount], total: Decimal
) -> tuple[RateAmount, ...]:
    """The source's tax over QuickBooks' rates: each per cent its own tax, and where that cannot be
    told, or several rates have that per cent, the largest of them takes the difference."""
    wanted = tax_by_percent(invoice)
    amounts = list(expected.values())
    if wanted is None or wanted.keys() != {each.percent for each in amounts if each.percent}:
        return _to_the_largest(amounts, invoice.tax_total - total)
    found: list[RateAmount] = []
    for percent in dict.fromkeys(each.percent for each in amounts):
        same = [each for each in amounts if each.percent == percent]
        made = sum((each.amount for each in same), ZERO)
        found += _to_the_largest(same, wanted.get(percent, ZERO) - made)
    return tuple(found)


def _to_the_largest(amounts: Sequence[RateAmount], difference: Decimal) -> tuple[RateAmount, ...]:
    largest = max(amounts, key=lambda each: abs(each.amount))
    return tuple(
        replace(each, amount=each.amount + difference) if each is largest else each
        for each in amounts
    )
