"""October at a company in the United States with automated sales tax."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import worked_month_cases
from invoices import Rate, line
from worked_month import (
    PLAIN_METHODS,
    Month,
    Question,
    Shown,
    client,
    discounted,
    inclusive,
    place,
    received,
    sale,
    total_of,
)
from worked_month_cases import ONLY_LISTED, Home

PAYABLE = "Sales Tax Payable"
# Each state's own rate, as the source charges it.
STATES = {
    **{"AL": "4", "AK": "", "AZ": "5.6", "AR": "6.5", "CA": "7.25", "CO": "2.9", "CT": "6.35"},
    **{"DC": "6", "DE": "", "FL": "6", "GA": "4", "HI": "4", "ID": "6", "IL": "6.25", "IN": "7"},
    **{"IA": "6", "KS": "6.5", "KY": "6", "LA": "5", "ME": "5.5", "MD": "6", "MA": "6.25"},
    **{"MI": "6", "MN": "6.875", "MS": "7", "MO": "4.225", "MT": "", "NE": "5.5", "NV": "6.85"},
    **{"NH": "", "NJ": "6.625", "NM": "4.875", "NY": "4", "NC": "4.75", "ND": "5", "OH": "5.75"},
    **{"OK": "4.5", "OR": "", "PA": "6", "RI": "7", "SC": "6", "SD": "4.2", "TN": "7"},
    **{"TX": "6.25", "UT": "4.85", "VT": "6", "VA": "4.3", "WA": "6.5", "WV": "6", "WI": "5"},
    "WY": "4",
}
RATES: dict[str, tuple[Rate, ...]] = {
    state: ((f"tr_{state}", state, percent),) if percent else ()
    for state, percent in STATES.items()
}
TEXAS = place("TX", "US")
HOME = Home("USD", TEXAS, RATES["TX"], "TAX", Decimal("106.25"))


def plain() -> Iterator[Shown]:
    """Every state twice, and so each method a dozen times."""
    for n, state in enumerate((*STATES, *STATES)):
        who = client(f"plain-{state}", f"Plain client {state}", place(state, "US"))
        price = f"{Decimal('41.13') + n * Decimal('7.31')}"
        rows = [line(str(1 + n % 3), price, rates=RATES[state])]
        codes = ["TAX" if RATES[state] else "NON"]
        if n % 4 == 0:  # a service that is not taxed
            rows.append(line("0.5", f"{Decimal('19.99') + n}", rates=(), discount="1.00"))
            codes.append("NON")
        issued = {"issue_date": f"2026-10-{1 + n % 18:02}", "due_date": f"2026-11-{1 + n % 28:02}"}
        method = PLAIN_METHODS[n % len(PLAIN_METHODS)]
        payments = [received(total_of(rows), method, 19 + n % 11, currency="USD")]
        whole = sale(f"p{n}", who, rows, payments, currency="USD", **issued)
        yield Shown(whole, codes=tuple(codes))


def amounts() -> Iterator[Shown]:
    taxed = RATES["TX"]
    who = client("discount", "Discount Ltd", TEXAS)
    rows = discounted([line("1", "60.00", rates=taxed), line("2", "20.00", rates=taxed)], "16.00")
    whole = sale("discount", who, rows, discount="16.00", currency="USD")
    yield Shown(whole, (11,), codes=("TAX", "TAX"), discount_line=True)
    who = client("pro-rata", "Pro Rata Ltd", TEXAS)
    rows = discounted([line("1", "200.00", rates=taxed), line("1", "100.00", rates=())], "30.00")
    whole = sale("pro-rata", who, rows, discount="30.00", currency="USD")
    yield Shown(whole, (11,), codes=("TAX", "NON"))
    yield HOME.shown(11, shown=HOME.one("nothing", "Free Of Charge Ltd", "0.00"))


def taxes() -> Iterator[Shown]:
    for n in range(2):
        who = client(f"exempt-{n}", f"Exempt Charity {n}", TEXAS, tax_exempt=True)
        whole = sale(f"exempt-{n}", who, [line(rates=())], currency="USD")
        yield Shown(whole, (17,), codes=("NON",))
    abroad = client("abroad", "Abroad", place("ON"))
    whole = sale("abroad", abroad, [line(rates=())], currency="USD")
    yield Shown(whole, (17,), codes=("NON",))
    # The source knows the county as well, QuickBooks the state alone.
    who = client("county", "County Ltd", TEXAS)
    made, county = (
        sale("county", who, [line(rates=(("tr_TX", "TX", percent),))], currency="USD")
        for percent in ("6.25", "8.25")
    )
    told = Question("QuickBooks made 106.25 USD of the invoice, the source says 108.25 USD")
    yield Shown(county, (18, 19), (told,), codes=("TAX",), paid=False, made=made)
    rows = [inclusive("106.25", RATES["TX"])]
    payments = [received("106.25", "e_transfer", currency="USD")]
    more = {"total": "106.25", "amount_paid": "106.25", "balance_due": "0.00", "currency": "USD"}
    more |= {"tax_behavior": "inclusive"}
    who = client("inclusive", "Inclusive Ltd", TEXAS)
    whole = sale("inclusive", who, rows, payments, **more)
    told = Question("The prices contain the tax")
    yield Shown(whole, (21,), (told,), **ONLY_LISTED)
    told = Question("Currency mismatch: the invoice is in CAD")
    whole = sale("canadian", client("canadian", "Canadian Ltd", place("ON")), [line(rates=())])
    yield Shown(whole, (29,), (told,), **ONLY_LISTED)


UNITED_STATES = Month(
    name="United States",
    switches={"country": "US", "home_currency": "USD", "sales_tax": "us_automated"},
    shown=(*plain(), *worked_month_cases.asked_anywhere(HOME), *amounts(), *taxes()),
    entered=worked_month_cases.entered(HOME),
    arranged=partial(worked_month_cases.arranged, HOME),
    taxes={state: (f"{percent} %", PAYABLE) for state, percent in STATES.items()},
    home_tax="TX",
    rates={},
    home="USD",
    left_open={**worked_month_cases.left_open(HOME), "N-county": Decimal("106.25")},
)
