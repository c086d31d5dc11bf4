"""October at a Canadian company that uses several currencies."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product

import worked_month_cases
from invoices import GST, HST_ON, PST_BC, QST, Rate, line
from office import Office
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

HST_NS: Rate = ("tr_hst_ns", "HST NS", "14")
HST_NB: Rate = ("tr_hst_nb", "HST NB", "15")
HST_NL: Rate = ("tr_hst_nl", "HST NL", "15")
HST_PE: Rate = ("tr_hst_pe", "HST PE", "15")
HST_15: Rate = ("tr_hst_15", "HST 15", "15")
RST_MB: Rate = ("tr_rst_mb", "RST MB", "7")
PST_SK: Rate = ("tr_pst_sk", "PST SK", "6")
NOWHERE: Rate = ("tr_nowhere", "City tax", "12.5")
PROVINCES: dict[str, tuple[tuple[Rate, ...], str]] = {
    "AB": ((GST,), "GST"),
    "BC": ((GST, PST_BC), "GST/PST BC"),
    "MB": ((GST, RST_MB), "GST/PST MB"),
    "NB": ((HST_NB,), "HST NB"),
    "NL": ((HST_NL,), "HST NL"),
    "NS": ((HST_NS,), "HST NS"),
    "NT": ((GST,), "GST"),
    "NU": ((GST,), "GST"),
    "ON": ((HST_ON,), "HST ON"),
    "PE": ((HST_PE,), "HST PE"),
    "QC": ((GST, QST), "GST/QST QC"),
    "SK": ((GST, PST_SK), "GST/PST SK"),
    "YT": ((GST,), "GST"),
}
TAXES = {
    "GST": ("GST", "GST/HST Payable"),
    "HST ON": ("HST (ON)", "GST/HST Payable"),
    "HST NS": ("HST (NS)", "GST/HST Payable"),
    "HST NB": ("HST (NB)", "GST/HST Payable"),
    "HST NL": ("HST (NL)", "GST/HST Payable"),
    "HST PE": ("HST (PE)", "GST/HST Payable"),
    "HST 15": ("HST (NB)", "GST/HST Payable"),  # as its bookkeeper answers
    "PST BC": ("PST (BC)", "PST Payable (BC)"),
    "RST MB": ("RST (MB)", "RST Payable (MB)"),
    "PST SK": ("PST (SK)", "PST Payable (SK)"),
    "QST": ("QST", "QST Payable"),
}
# What the practice bank says: 1.37 and 1.49, up to 2 per cent up or down from day to day.
RATES = {
    ("USD", "2026-10-02"): Decimal("1.37137"),
    ("USD", "2026-10-06"): Decimal("1.34945"),
    ("USD", "2026-10-20"): Decimal("1.38507"),
    ("EUR", "2026-10-05"): Decimal("1.47361"),
    ("EUR", "2026-10-20"): Decimal("1.50639"),
}
ONTARIO, TEXAS, FRANCE = place("ON"), place("TX", "US"), place(None, "FR")
HOME = Home("CAD", ONTARIO, (HST_ON,), "HST ON", Decimal("113.00"))
NO_RATE_DAY = "2026-10-06"


def plain() -> Iterator[Shown]:
    """Every province by every method."""
    for n, (region, method) in enumerate(product(PROVINCES, PLAIN_METHODS)):
        rates, code = PROVINCES[region]
        who = client(f"plain-{region}", f"Plain client {region}", place(region))
        rows = [line(str(1 + n % 3), f"{Decimal('41.13') + n * Decimal('7.31')}", rates=rates)]
        if n % 4 == 0:
            rows.append(line("0.5", f"{Decimal('19.99') + n}", rates=rates, discount="1.00"))
        issued = {"issue_date": f"2026-10-{1 + n % 18:02}", "due_date": f"2026-11-{1 + n % 28:02}"}
        payments = [received(total_of(rows), method, 19 + n % 11)]
        whole = sale(f"p{n}", who, rows, payments, **issued)
        yield Shown(whole, codes=(code,) * len(rows))


def amounts() -> Iterator[Shown]:
    who = client("discount", "Discount Ltd", ONTARIO)
    rows = discounted([line("1", "60.00"), line("2", "20.00")], "10.00")
    whole = sale("discount", who, rows, discount="10.00")
    yield Shown(whole, (11,), codes=("HST ON", "HST ON"), discount_line=True)
    who = client("pro-rata", "Pro Rata Ltd", place("BC"))
    taxed = [line("1", "200.00", rates=(GST, PST_BC)), line("1", "100.00", rates=(GST,))]
    whole = sale("pro-rata", who, discounted(taxed, "30.00"), discount="30.00")
    yield Shown(whole, (11,), codes=("GST/PST BC", "GST"))
    yield HOME.shown(11, shown=HOME.one("nothing", "Free Of Charge Ltd", "0.00"))


def taxes() -> Iterator[Shown]:
    for n, answer in enumerate(("Use “HST NB”", "")):
        who = client(f"no-address-{n}", f"No Address {n}", None)
        told = Question("Which of QuickBooks' tax codes stands for tax of 15 %", answer)
        whole = sale(f"no-address-{n}", who, [line("1", "80.00", rates=(HST_15,))])
        yield Shown(whole, (16,), (told,), codes=("HST NB",))
    told = Question("no active tax code for tax of 12.5 %")
    whole = sale("no-code", client("no-code", "No Code", ONTARIO), [line(rates=(NOWHERE,))])
    yield Shown(whole, (20,), (told,), **ONLY_LISTED)
    rows = [line("1", "50.00", rates=())]
    for n, answer in enumerate(("Use “Zero-rated”", "")):
        told = Question("no tax, for untaxed lines of clients abroad", answer)
        who = client(f"abroad-{n}", f"Abroad {n}", TEXAS)
        yield Shown(sale(f"abroad-{n}", who, rows), (17,), (told,), codes=("Zero-rated",))
    told = Question("no tax, for untaxed lines of exempt clients", "Use “Exempt”")
    who = client("exempt", "Exempt Charity", ONTARIO, tax_exempt=True)
    yield Shown(sale("exempt", who, rows), (17,), (told,), codes=("Exempt",))
    told = Question("no tax, for untaxed lines of clients at home", "Use “Exempt”")
    who = client("home", "Untaxed At Home", ONTARIO)
    yield Shown(sale("home", who, rows), (17,), (told,), codes=("Exempt",))
    # The source rounds over the invoice, 3.91; QuickBooks line by line, 3.90.
    rows = [line("1", "10.03") for _ in range(3)]
    rows[2] |= {"tax_amount": "1.31", "taxes": [{**rows[2]["taxes"][0], "amount": "1.31"}]}
    told = Question("QuickBooks would work out 3.90 CAD of tax", "Post it with the tax")
    whole = sale("a-cent", client("a-cent", "A Cent Ltd", ONTARIO), rows)
    yield Shown(whole, (18,), (told,), codes=("HST ON",) * 3)
    who = client("inclusive", "Inclusive Ltd", ONTARIO)
    rows = [inclusive("113.00", (HST_ON,)), inclusive("56.50", (HST_ON,))]
    payments = [received("169.50", "e_transfer")]
    more = {"total": "169.50", "amount_paid": "169.50", "balance_due": "0.00"}
    more |= {"tax_behavior": "inclusive"}
    whole = sale("inclusive", who, rows, payments, **more)
    yield Shown(whole, (21,), codes=("HST ON", "HST ON"))


def currencies() -> Iterator[Shown]:
    abroad = Question("no tax, for untaxed lines of clients abroad")
    who = client("export", "Harbour Export", TEXAS)
    rows = [line("1", "80.00", rates=())]
    yield Shown(sale("export-cad", who, rows), (8, 17), (abroad,), codes=("Zero-rated",))
    rows = [line("3", "33.33", rates=()), line("1", "12.01", rates=())]
    issued = {"issue_date": "2026-10-02", "due_date": "2026-10-31"}
    yield Shown(
        sale("export-usd", who, rows, currency="USD", **issued),
        (8, 29),
        (abroad,),
        codes=("Zero-rated", "Zero-rated"),
        customer="Harbour Export (USD)",
        said="A customer in QuickBooks keeps one currency",
    )
    rows = [line("1", "70.07", rates=())]
    paris = client("paris", "Maison Paris", FRANCE)
    whole = sale("euro", paris, rows, currency="EUR")
    yield Shown(whole, (29,), (abroad,), codes=("Zero-rated",))
    entered = Question(
        "no exchange rate for USD",
        "Try again",
        mended=lambda office: office.world.switches.change({"day_without_rate": None}),
    )
    issued = {"issue_date": NO_RATE_DAY}
    who = client("no-rate", "No Rate Inc", TEXAS)
    whole = sale("no-rate", who, rows, currency="USD", **issued)
    yield Shown(whole, (29,), (abroad, entered), codes=("Zero-rated",))


def arranged(office: Office) -> None:
    worked_month_cases.arranged(HOME, office)
    office.world.switches.change({"day_without_rate": NO_RATE_DAY})


CANADA = Month(
    name="Canada",
    switches={"multicurrency": True, "daily_rates": True, "missing_rate_is_one": False},
    shown=(*plain(), *worked_month_cases.asked_anywhere(HOME), *amounts(), *taxes(), *currencies()),
    entered=worked_month_cases.entered(HOME),
    arranged=arranged,
    taxes=TAXES,
    home_tax="HST ON",
    rates=RATES,
    home="CAD",
    left_open=worked_month_cases.left_open(HOME),
)
