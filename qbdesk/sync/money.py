"""Money: exact decimals, rounded half up to the currency's own minor unit (ISO 4217)."""

from decimal import ROUND_HALF_UP, Context, Decimal

ZERO = Decimal(0)

# Quantities and prices have up to 27 digits each: the usual 28 would round their product, or refuse
# it ("InvalidOperation"). Nothing a source may send comes near this many.
_EXACT = Context(prec=120)

# ISO 4217 currencies whose minor unit is not the hundredth.
_NO_MINOR_UNIT = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
)
_THOUSANDTHS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())

# QuickBooks takes no larger figure (Intuit: Invoice, "UnitPrice", "Amount").
LARGEST_AMOUNT = Decimal("99999999999")


def minor_digits(currency: str) -> int:
    """How many digits stand behind the point in amounts of this currency."""
    if currency in _NO_MINOR_UNIT:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount rounded half up to the currency's minor unit, as the feed's arithmetic asks."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP, _EXACT)


def times(quantity: Decimal, price: Decimal) -> Decimal:
    """The product, to the last digit."""
    return _EXACT.multiply(quantity, price)


def minor_unit(currency: str) -> Decimal:
    """One cent, in the currency's own measure."""
    return Decimal(1).scaleb(-minor_digits(currency))


def shown(amount: Decimal, currency: str) -> str:
    """An amount as it stands in sentences: `1,234.50 CAD`."""
    return f"{rounded(amount, currency):,} {currency}"
