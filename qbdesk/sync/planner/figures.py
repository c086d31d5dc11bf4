"""Line by line and rate by rate: which of QuickBooks' figures are not the source's (rule 18).

What QuickBooks did not tell is not compared, and neither is what only seems to be the same thing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from qbdesk.sync.model import LineTax, PaidInvoice
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.quickbooks import text
from qbdesk.sync.quickbooks.answers import PostedLine

MOST_NAMED = 3
LONGEST_NAME = 40


def tax_by_percent(invoice: PaidInvoice) -> dict[Decimal, Decimal] | None:
    """The source's tax for each per cent; None where its rates cannot be told apart so.

    By per cent, because QuickBooks has its own names for rates, and may have several of one height.
    """
    percents: dict[str, Decimal] = {}
    for tax in _all_taxes(invoice):
        if percents.setdefault(tax.tax_rate_id, tax.rate_percent) != tax.rate_percent:
            return None
    found: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for total in invoice.tax:
        found[total.rate_percent] += total.amount
    # An amount at no per cent is a fixed charge, which no rate of QuickBooks stands for.
    return None if found.pop(ZERO, ZERO) else dict(found)


def _all_taxes(invoice: PaidInvoice) -> Iterator[LineTax]:
    yield from invoice.tax
    for line in invoice.lines:
        yield from line.taxes


def rates_that_differ(
    invoice: PaidInvoice, told: Sequence[tuple[Decimal, Decimal]] | None
) -> list[str]:
    """Each rate whose tax is not the source's, in words.

    None where QuickBooks names a per cent that the source does not: it may be the sum of several
    rates, or a rounded one.

    Args:
        told: (per cent, amount) of each of QuickBooks' rates; None: it did not tell.
    """
    wanted = tax_by_percent(invoice)
    if told is None or wanted is None:
        return []
    made: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for percent, amount in told:
        made[percent] += amount
    if any(amount and percent not in wanted for percent, amount in made.items()):
        return []
    return [
        f"{_rate_name(invoice, percent)}: {shown(made[percent], invoice.currency)} instead of "
        f"{shown(wanted[percent], invoice.currency)}"
        for percent in sorted(wanted)
        if made[percent] != wanted[percent]
    ]


def _rate_name(invoice: PaidInvoice, percent: Decimal) -> str:
    """As the source calls it."""
    height = f"{percent.normalize():f}"
    name = next(tax.name for tax in _all_taxes(invoice) if tax.rate_percent == percent)
    name = text.one_line(name, LONGEST_NAME)
    return name if height in name else f"{name} {height} %"


def lines_of_the_source(
    invoice: PaidInvoice, lines: Sequence[PostedLine] | None
) -> Sequence[PostedLine] | None:
    """QuickBooks' lines that stand for the source's, in order; None where they cannot be known:
    a person may have split or joined them. Our own lines for a discount come after them."""
    if lines is None or len(lines) < len(invoice.lines):
        return None
    rest = lines[len(invoice.lines) :]
    discounts = bool(invoice.discount) and all(
        line.amount is not None and line.amount < ZERO for line in rest
    )
    return lines[: len(invoice.lines)] if discounts or not rest else None


def lines_that_differ(invoice: PaidInvoice, lines: Sequence[PostedLine] | None) -> list[str]:
    """The first lines whose amount is not the source's, in words, and how many more there are."""
    told = lines_of_the_source(invoice, lines) or ()
    found = []
    for position, (line, kept) in enumerate(zip(invoice.lines, told, strict=False), start=1):
        amount = kept.amount
        if invoice.tax_behavior == "inclusive" and (line.tax_amount or kept.gross is not None):
            amount = kept.gross
        if amount is not None and amount != line.amount:
            name = text.one_line(line.description, LONGEST_NAME)
            made, wanted = shown(amount, invoice.currency), shown(line.amount, invoice.currency)
            found.append(f"line {position} “{name}”: {made} instead of {wanted}")
    more = len(found) - MOST_NAMED
    return [*found[:MOST_NAMED], *[f"{more} more lines"] * (more > 0)]
