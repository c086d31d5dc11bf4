"""What a company says of itself: read on connect and daily, and judged in plain words."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from qbdesk.sync.quickbooks.client import QuickBooks, QuickBooksError
from qbdesk.sync.quickbooks.fault_codes import FaultKind
from qbdesk.sync.quickbooks.objects import (
    AccountObject,
    TaxAgencyObject,
    TaxCodeObject,
    TaxRateObject,
)
from qbdesk.sync.quickbooks.queries import Condition, query
from qbdesk.sync.views import Finding

READ_ONLY = ("EXPIRED", "RESTRICTED", "SUSPENDED", "CANCELLED")  # Intuit: subscription states
_DEPOSIT_TYPES = ("Bank", "Other Current Asset")


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class AccountFact(_Fact):
    id: str
    name: str
    type: str
    sub_type: str
    currency: str | None

    @property
    def holds_income(self) -> bool:
        """Fit for the default income account (rule 12): never "Uncategorized Income"."""
        return self.type == "Income" and "uncategorized" not in self.name.casefold()

    @property
    def holds_undeposited_funds(self) -> bool:
        return self.sub_type == "UndepositedFunds"


class TaxCodeFact(_Fact):
    """A sales tax code; `rates` are (rate Id, per cent)."""

    id: str
    name: str
    description: str
    rates: tuple[tuple[str, Decimal], ...]

    @cached_property
    def percents(self) -> tuple[Decimal, ...]:
        return tuple(sorted(percent.normalize() for _, percent in self.rates if percent))


class FiledFact(_Fact):
    """A tax agency that was filed with: the returns on sales up to that day.

    `rates`: the Ids of the rates whose tax is owed to it; None: QuickBooks has not told.
    """

    agency: str
    up_to: date
    rates: tuple[str, ...] | None = None


class Facts(_Fact):
    """One company as it was last read. `accounts` are the active ones money can come or go to."""

    company_name: str
    country: str
    plan: str | None
    subscription: str | None
    home_currency: str
    multicurrency: bool
    using_sales_tax: bool
    automated_tax: bool
    allow_discount: bool
    custom_numbers: bool
    applies_credit: bool
    close_date: date | None
    uncategorized_income: str | None
    accounts: tuple[AccountFact, ...]
    tax_codes: tuple[TaxCodeFact, ...]
    filed: tuple[FiledFact, ...] = ()

    @property
    def income_accounts(self) -> tuple[AccountFact, ...]:
        return tuple(
            account
            for account in self.accounts
            if account.holds_income and account.id != self.uncategorized_income
        )

    @property
    def code_on_every_line(self) -> bool:
        """In Canada and elsewhere; in the US the lines say only whether they are taxed."""
        return self.using_sales_tax and self.country != "US"

    @property
    def tells_who_is_owed(self) -> bool:
        """Whose each rate is. US automated sales tax has no rates to read."""
        return all(each.rates is not None for each in self.filed)

    @property
    def read_only(self) -> bool:
        return self.subscription in READ_ONLY


AT_CONNECT = (
    # Rule 35.
    Finding(
        "mind",
        "Only paid invoices arrive: revenue that is not paid yet, and the tax on it, do not get "
        "into QuickBooks through this program.",
        "A return on the accrual basis needs them from the invoicing system.",
    ),
    # Rule 13: no answer of Intuit's API tells whether these are on.
    Finding(
        "mind",
        "QuickBooks can mail reminders and add late fees to open invoices by itself.",
        "Look at Account and settings, Sales, before you begin: Reminders, and Late fees.",
    ),
    # Rule 25: until an account is chosen the money goes to Undeposited Funds.
    Finding(
        "mind",
        "Payouts of cards, PayPal and bank debits arrive net of fees and will not match "
        "Undeposited Funds.",
        "Choose a clearing account for each in the company's settings.",
    ),
)


async def examine(quickbooks: QuickBooks) -> Facts:
    """Reads company and preferences, accounts, and taxes where they matter (3 to 6 reads).

    Raises:
        QuickBooksError, Unreachable: As the client's reads do.
    """
    info = await quickbooks.company_info()
    preferences = await quickbooks.preferences()
    tax = preferences.tax_prefs
    automated = bool(tax.partner_tax_enabled)
    kinds = Condition("AccountType", "IN", ("Income", *_DEPOSIT_TYPES))
    accounts = await quickbooks.query(query("Account", [kinds]), AccountObject, "Account")
    codes: tuple[TaxCodeFact, ...] = ()
    rates: list[TaxRateObject] = []
    if tax.using_sales_tax and not (info.country == "US" and automated):
        rates = await quickbooks.query(query("TaxRate"), TaxRateObject, "TaxRate")
        codes = await _tax_codes(quickbooks, rates)
    filed = await _filed(quickbooks, rates) if tax.using_sales_tax else ()
    home = preferences.currency_prefs.home_currency
    sales = preferences.sales_forms_prefs
    return Facts(
        company_name=info.company_name,
        country=info.country or "US",
        plan=info.offering(),
        subscription=info.subscription_status(),
        home_currency=home.value if home else "USD",
        multicurrency=preferences.currency_prefs.multi_currency_enabled,
        using_sales_tax=tax.using_sales_tax,
        automated_tax=automated,
        allow_discount=sales.allow_discount,
        custom_numbers=sales.custom_txn_numbers,
        applies_credit=sales.auto_apply_credit or sales.auto_apply_payments,
        close_date=preferences.accounting_info_prefs.book_close_date,
        uncategorized_income=preferences.other("UncategorizedIncomeAccountId"),
        accounts=tuple(_account(entry) for entry in accounts if entry.active),
        tax_codes=codes,
        filed=filed,
    )


def _account(entry: AccountObject) -> AccountFact:
    currency = entry.currency_ref.value if entry.currency_ref else None
    name = entry.fully_qualified_name or entry.name
    return AccountFact(
        id=entry.id,
        name=name,
        type=entry.account_type,
        sub_type=entry.account_sub_type,
        currency=currency,
    )


async def _tax_codes(
    quickbooks: QuickBooks, rates: Sequence[TaxRateObject]
) -> tuple[TaxCodeFact, ...]:
    percent = {rate.id: rate.rate_value for rate in rates if rate.rate_value is not None}
    found = await quickbooks.query(query("TaxCode"), TaxCodeObject, "TaxCode")
    return tuple(
        TaxCodeFact(
            id=code.id,
            name=code.name,
            description=code.description,
            rates=tuple((rate, percent[rate]) for rate in code.rate_ids()),
        )
        for code in found
        if code.active and not code.hidden and all(rate in percent for rate in code.rate_ids())
    )


async def _filed(quickbooks: QuickBooks, rates: Sequence[TaxRateObject]) -> tuple[FiledFact, ...]:
    """Rule 4. Where QuickBooks does not tell, nothing is filed: nobody's posting hangs on it."""
    try:
        found = await quickbooks.query(query("TaxAgency"), TaxAgencyObject, "TaxAgency")
    except QuickBooksError as error:
        if error.fault.kind in (FaultKind.OUR_BUG, FaultKind.DECIDE):
            return ()
        raise
    owed_to = {rate.id: rate.agency_ref.value for rate in rates if rate.agency_ref}
    told = bool(rates) and len(owed_to) == len(rates)
    return tuple(
        FiledFact(
            agency=agency.display_name,
            up_to=agency.last_file_date,
            rates=tuple(r for r, owed in owed_to.items() if owed == agency.id) if told else None,
        )
        for agency in found
        if agency.tax_tracked_on_sales and agency.last_file_date is not None
    )


def findings(facts: Facts, income_account_id: str | None) -> list[Finding]:
    """One line for each thing looked at: fine, mind this, or stops posting."""
    return list(_findings(facts, income_account_id))


def _findings(facts: Facts, income_account_id: str | None) -> Iterator[Finding]:
    if facts.read_only:
        yield Finding(
            "stop",
            "The QuickBooks subscription has ended or is on hold, so nothing can be posted.",
            "Renew it in QuickBooks under Account and settings, Billing & subscription.",
        )
    else:
        yield Finding("fine", f"The subscription is active ({facts.plan or 'plan not named'}).")
    several = "and others" if facts.multicurrency else "only"
    yield Finding("fine", f"The books are kept in {facts.home_currency} {several}.")
    if facts.close_date is not None:
        yield Finding(
            "mind",
            f"The books are closed up to {facts.close_date}; invoices and payments dated in that "
            "time are held.",
            "The closing date stands in QuickBooks under Account and settings, Advanced.",
        )
    if facts.filed:
        told = ", ".join(f"{each.up_to} ({each.agency})" for each in facts.filed)
        yield Finding(
            "mind",
            f"Sales tax is filed up to {told}; you are asked once how invoices with tax that "
            "arrive late for it are dated.",
            "What was filed stands in QuickBooks under Taxes.",
        )
    if facts.applies_credit:
        yield Finding(
            "mind",
            "QuickBooks applies credits by itself, which can settle an invoice before its payment "
            "is posted.",
            "Turn off “Automatically apply credits” under Account and settings, Advanced.",
        )
    if not facts.custom_numbers:
        yield Finding(
            "mind",
            "Custom transaction numbers are off: QuickBooks numbers hand-made invoices on from the "
            "last number used.",
            "Turn them on under Account and settings, Sales.",
        )
    yield _about_income(facts, income_account_id)
    if not any(account.holds_undeposited_funds for account in facts.accounts):
        yield Finding(
            "mind",
            "No active account for undeposited funds was found; QuickBooks uses its own default.",
            "Make it active again in the chart of accounts.",
        )


def _about_income(facts: Facts, income_account_id: str | None) -> Finding:
    for account in facts.income_accounts:
        if account.id == income_account_id:
            return Finding("fine", f"Income goes to “{account.name}”.")
    return Finding(
        "stop",
        "The default income account is not there or not active any more.",
        "Choose another one in the company's settings (income_account).",
    )
