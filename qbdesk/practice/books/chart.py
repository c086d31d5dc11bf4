"""The chart of accounts, payment methods, terms and tax codes of a new practice company."""

from decimal import Decimal

from qbdesk.practice.books.books import Books
from qbdesk.practice.wire import ZERO

# Name, AccountType, AccountSubType, Classification, active
ACCOUNTS = (
    ("Services", "Income", "ServiceFeeIncome", "Revenue", True),
    ("Sales of Product Income", "Income", "SalesOfProductIncome", "Revenue", True),
    ("Chequing", "Bank", "Checking", "Asset", True),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds", "Asset", True),
    ("Card Clearing", "Bank", "CashOnHand", "Asset", True),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "Asset", True),
    ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable", "Liability", True),
    ("Uncategorized Income", "Income", "OtherPrimaryIncome", "Revenue", True),
    ("Discounts given", "Income", "DiscountsRefundsGiven", "Revenue", True),
    ("Shipping Income", "Income", "ShippingFreightDelivery", "Revenue", True),
    ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs", "Expense", True),
    ("Bank charges", "Expense", "BankCharges", "Expense", True),
    ("Merchant fees", "Expense", "OtherMiscellaneousServiceCost", "Expense", True),
    ("Office supplies", "Expense", "OfficeGeneralAdministrativeExpenses", "Expense", True),
    ("Exchange Gain or Loss", "Other Expense", "ExchangeGainOrLoss", "Expense", True),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity", "Equity", True),
    ("Retained Earnings", "Equity", "RetainedEarnings", "Equity", True),
    ("Consulting (old)", "Income", "ServiceFeeIncome", "Revenue", False),
)
CANADIAN_TAX_ACCOUNTS = (
    ("GST/HST Payable", "GlobalTaxPayable"),
    ("PST Payable (BC)", "GlobalTaxPayable"),
    ("RST Payable (MB)", "GlobalTaxPayable"),
    ("PST Payable (SK)", "GlobalTaxPayable"),
    ("QST Payable", "GlobalTaxPayable"),
)
US_TAX_ACCOUNT = ("Sales Tax Payable", "SalesTaxPayable")
FRENCH_UNDEPOSITED = "Fonds non déposés"

PAYMENT_METHODS = (
    ("Cash", "NON_CREDIT_CARD"),
    ("Cheque", "NON_CREDIT_CARD"),
    ("Visa", "CREDIT_CARD"),
    ("MasterCard", "CREDIT_CARD"),
    ("Direct Deposit", "NON_CREDIT_CARD"),
)
FRENCH_METHODS = {"Cash": "Comptant", "Cheque": "Chèque", "Direct Deposit": "Dépôt direct"}
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30))
DEFAULT_TERMS = "3"
OPENED = "2024-01-02T08:00:00.000-08:00"

# Agency -> the account that its tax is owed on
AGENCIES = {
    "Canada Revenue Agency": "GST/HST Payable",
    "Ministry of Finance (BC)": "PST Payable (BC)",
    "Manitoba Finance": "RST Payable (MB)",
    "Ministry of Finance (SK)": "PST Payable (SK)",
    "Revenu Québec": "QST Payable",
}
CRA, BC, MB, SK, QC = AGENCIES

# Name, what it is for, (component, per cent, agency) ..., active
CANADIAN_CODES: tuple[tuple[str, str, tuple[tuple[str, str, str], ...], bool], ...] = (
    ("GST", "Alberta and the territories", (("GST", "5", CRA),), True),
    ("HST ON", "Ontario", (("HST (ON)", "13", CRA),), True),
    ("HST NS", "Nova Scotia", (("HST (NS)", "14", CRA),), True),
    ("HST NB", "New Brunswick", (("HST (NB)", "15", CRA),), True),
    ("HST NL", "Newfoundland and Labrador", (("HST (NL)", "15", CRA),), True),
    ("HST PE", "Prince Edward Island", (("HST (PE)", "15", CRA),), True),
    ("GST/PST BC", "British Columbia", (("GST", "5", CRA), ("PST (BC)", "7", BC)), True),
    ("GST/PST MB", "Manitoba", (("GST", "5", CRA), ("RST (MB)", "7", MB)), True),
    ("GST/PST SK", "Saskatchewan", (("GST", "5", CRA), ("PST (SK)", "6", SK)), True),
    ("GST/QST QC", "Quebec", (("GST", "5", CRA), ("QST", "9.975", QC)), True),
    ("Zero-rated", "Exports and basic groceries", (("GST/HST (ZR)", "0", CRA),), True),
    ("Exempt", "Exempt supplies", (), True),
    ("Out of Scope", "Not subject to sales tax", (), True),
    ("HST NS 2016", "Nova Scotia, until March 2025", (("HST (NS) 2016", "15", CRA),), False),
)
US_GROUPS = (
    ("California", (("California State", "7.25"),)),
    ("New York City", (("New York State", "4"), ("New York City", "4.5"), ("MTA", "0.375"))),
    ("Texas", (("Texas State", "6.25"),)),
)


def open_books(books: Books) -> None:
    """The lists every company has; which tax codes there are follows its switches."""
    _accounts(books)
    french = FRENCH_METHODS if books.switches.language == "fr" else {}
    for name, kind in PAYMENT_METHODS:
        books.add("PaymentMethod", {"Name": french.get(name, name), "Active": True, "Type": kind})
    for name, days in TERMS:
        books.add("Term", {"Name": name, "Active": True, "Type": "STANDARD", "DueDays": days})
    if books.switches.sales_tax == "canada":
        _canadian_taxes(books)
    elif books.switches.country == "US":
        _us_taxes(books)
    income = books.named("Account", "Services")
    assert income is not None
    item = {
        "Name": "Services",
        "FullyQualifiedName": "Services",
        "Active": True,
        "Taxable": True,
        "UnitPrice": ZERO,
        "Type": "Service",
        "IncomeAccountRef": {"value": income["Id"], "name": income["Name"]},
        "TrackQtyOnHand": False,
    }
    books.default_item = books.add("Item", item)["Id"]
    books.add("Item", {**item, "Name": "Old hourly work", "Active": False})
    books.add("Item", {**item, "Name": "Cleaning", "Type": "Category"})
    for held in books.entities.values():
        for entity in held.values():
            entity["MetaData"] = {"CreateTime": OPENED, "LastUpdatedTime": OPENED}


def _accounts(books: Books) -> None:
    taxes = CANADIAN_TAX_ACCOUNTS if books.switches.sales_tax == "canada" else (US_TAX_ACCOUNT,)
    rows = [*ACCOUNTS]
    if books.switches.sales_tax != "none":
        rows += [(n, "Other Current Liability", s, "Liability", True) for n, s in taxes]
    currency = books.switches.home_currency
    for name, kind, subtype, classification, active in rows:
        if subtype == "UndepositedFunds" and books.switches.language == "fr":
            name = FRENCH_UNDEPOSITED
        account = {
            "Name": name,
            "FullyQualifiedName": name,
            "SubAccount": False,
            "Active": active,
            "Classification": classification,
            "AccountType": kind,
            "AccountSubType": subtype,
            "CurrentBalance": ZERO,
            "CurrentBalanceWithSubAccounts": ZERO,
            "CurrencyRef": {"value": currency},
        }
        books.add("Account", account)


def _canadian_taxes(books: Books) -> None:
    agencies = {
        name: books.add("TaxAgency", _agency(name, on_purchases=name in (CRA, QC)))["Id"]
        for name in AGENCIES
    }
    rates: dict[str, str] = {}
    for name, description, components, active in CANADIAN_CODES:
        details = []
        for order, (component, percent, agency) in enumerate(components):
            if component not in rates:
                rates[component] = _rate(books, component, percent, agencies[agency], active=active)
            details.append(_detail(rates[component], component, order))
        books.add("TaxCode", _code(name, description, details, active=active))


def _us_taxes(books: Books) -> None:
    agency = books.add("TaxAgency", _agency("State", on_purchases=False))["Id"]
    for pseudo, taxable in (("TAX", True), ("NON", False)):
        code = _code(pseudo, pseudo.title(), [], active=True)
        books.add("TaxCode", {**code, "Taxable": taxable, "TaxGroup": False}, pseudo)
    if books.switches.sales_tax != "us_manual":
        return
    for name, components in US_GROUPS:
        details = [
            _detail(_rate(books, part, percent, agency, active=True), part, order)
            for order, (part, percent) in enumerate(components)
        ]
        books.add("TaxCode", _code(name, name, details, active=True))


def _agency(name: str, *, on_purchases: bool) -> dict[str, object]:
    """What was filed with it stands in the switches; see `profile.tax_agency`."""
    return {
        "DisplayName": name,
        "TaxTrackedOnSales": True,
        "TaxTrackedOnPurchases": on_purchases,
        "TaxAgencyConfig": "SYSTEM_GENERATED",
    }


def _rate(books: Books, name: str, percent: str, agency: str, *, active: bool) -> str:
    rate = {
        "Name": name,
        "Description": name,
        "Active": active,
        "RateValue": Decimal(percent),
        "AgencyRef": {"value": agency},
        "SpecialTaxType": "ZERO_RATE" if percent == "0" else "NONE",
    }
    return str(books.add("TaxRate", rate)["Id"])


def _detail(rate_id: str, name: str, order: int) -> dict[str, object]:
    reference = {"value": rate_id, "name": name}
    return {"TaxRateRef": reference, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}


def _code(
    name: str, description: str, details: list[dict[str, object]], *, active: bool
) -> dict[str, object]:
    return {
        "Name": name,
        "Description": description,
        "Active": active,
        "Hidden": False,
        "Taxable": bool(details),
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": details},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
    }
