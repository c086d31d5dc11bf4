"""What QuickBooks makes of an invoice's tax: per line and rate, rounded half up, outside the US."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.money import ZERO, rounded
from qbdesk.sync.preflight import TaxCodeFact
from qbdesk.sync.quickbooks.payloads import RateAmount

HUNDRED = Decimal(100)


def by_rate(invoice: PaidInvoice, codes: Sequence[TaxCodeFact]) -> Iterator[tuple[str, RateAmount]]:
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


def spread(
    invoice: PaidInvoice, expected: dict[str, RateAmount], total: Decimal
) -> tuple[RateAmount, ...]:
    """The source's tax over QuickBooks' rates: the largest takes the difference."""
    largest = max(expected.values(), key=lambda amount: abs(amount.amount))
    difference = invoice.tax_total - total
    return tuple(
        RateAmount(a.rate_id, a.percent, a.amount + (difference if a is largest else ZERO), a.net)
        for a in expected.values()
    )
