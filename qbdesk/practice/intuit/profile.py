"""What a company says of itself: CompanyInfo and Preferences, answered from the switches."""

from datetime import date, timedelta
from typing import Any

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.books.chart import DEFAULT_TERMS, OPENED
from qbdesk.practice.intuit import validate
from qbdesk.practice.intuit.refusals import RefusedError, business, not_found

READ_ONLY_STATES = ("EXPIRED", "RESTRICTED", "SUSPENDED", "CANCELLED")
# Intuit keeps exchange rates of the last three years.
OLDEST_RATE = timedelta(days=3 * 365)
_META = {"CreateTime": OPENED}


def company_info(books: Books) -> dict[str, Any]:
    switches = books.switches
    address = {"Id": "1", "Line1": "12 Maple Street", "PostalCode": "M5H 2N2"}
    country = validate.country(books, switches.country)
    address |= {"City": "Toronto", "CountrySubDivisionCode": "ON", "Country": country}
    name_values = {
        "SubscriptionStatus": switches.subscription_status,
        "OfferingSku": switches.offering,
        "ItemCategoriesFeature": "true",
        "IndustryType": "Accounting",
    }
    return {
        "CompanyName": books.company_name,
        "LegalName": books.company_name,
        "CompanyAddr": address,
        "CompanyStartDate": "2024-01-01",
        "FiscalYearStartMonth": "January",
        "Country": switches.country,
        "DefaultTimeZone": "America/Toronto",
        "SupportedLanguages": switches.language,
        "NameValue": [{"Name": name, "Value": value} for name, value in name_values.items()],
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "4",
        "MetaData": _META,
    }


def preferences(books: Books) -> dict[str, Any]:
    switches = books.switches
    tax: dict[str, Any] = {"UsingSalesTax": switches.sales_tax != "none"}
    if switches.sales_tax == "us_automated":
        tax["PartnerTaxEnabled"] = True
    accounting: dict[str, Any] = {
        "FirstMonthOfFiscalYear": "January",
        "UseAccountNumbers": False,
        "TaxYearMonth": "January",
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": False,
        "TrackDepartments": False,
    }
    if switches.book_close_date is not None:
        accounting["BookCloseDate"] = switches.book_close_date.isoformat()
    sales = {
        "CustomTxnNumbers": switches.custom_numbers,
        "AllowDeposit": False,
        "AllowDiscount": switches.allow_discount,
        "AllowShipping": switches.allow_shipping,
        "AllowEstimates": True,
        "AllowServiceDate": True,
        "AutoApplyCredit": switches.auto_apply_credit,
        "AutoApplyPayments": switches.auto_apply_credit,
        "DefaultDiscountAccount": books.account("DiscountsRefundsGiven"),
        "DefaultTerms": {"value": DEFAULT_TERMS},
        "ETransactionEnabledStatus": "NotApplicable",
        "UsingPriceLevels": False,
        "UsingProgressInvoicing": False,
    }
    currency = {
        "MultiCurrencyEnabled": switches.multicurrency,
        "HomeCurrency": {"value": switches.home_currency},
    }
    others = {
        "SalesFormsPrefs.DefaultItem": books.default_item if switches.default_item else "",
        "SalesFormsPrefs.DefaultCustomerMessage": "Thank you for your business!",
        "UncategorizedIncomeAccountId": books.account("OtherPrimaryIncome"),
    }
    return {
        "AccountingInfoPrefs": accounting,
        "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True},
        "SalesFormsPrefs": sales,
        "TaxPrefs": tax,
        "CurrencyPrefs": currency,
        "ReportPrefs": {"ReportBasis": "Accrual"},
        "OtherPrefs": {"NameValue": [{"Name": n, "Value": v} for n, v in others.items() if v]},
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "6",
        "MetaData": _META,
    }


def tax_agency(books: Books, agency: Entity) -> Entity:
    """With the last day of the period that was filed, where it charges tax on sales."""
    filed = books.switches.last_file_date
    if filed is None or not agency["TaxTrackedOnSales"]:
        return agency
    return {**agency, "LastFileDate": filed.isoformat()}


def exchange_rate(books: Books, currency: str, day: str | None) -> dict[str, Any]:
    """What a unit of a currency costs in home currency on a day (today if none is given)."""
    if not books.switches.multicurrency:
        raise business(validate.NO_MULTICURRENCY)
    today = books.clock().date()
    try:
        wanted = date.fromisoformat(day) if day else today
    except ValueError as error:
        raise RefusedError("2060", f"Invalid Date format : {day}", "asofdate") from error
    home = books.switches.home_currency
    if currency != home and currency not in books.rates:
        raise RefusedError("2220", f"Invalid Currency : {currency}", "sourcecurrencycode")
    rate = books.rate_on(currency, wanted)
    if rate is None or not today - OLDEST_RATE <= wanted <= today:
        raise not_found()
    return {
        "SourceCurrencyCode": currency,
        "TargetCurrencyCode": home,
        "Rate": rate,
        "AsOfDate": wanted.isoformat(),
        "domain": "QBO",
        "sparse": False,
        "MetaData": _META,
    }
