"""What QuickBooks' objects look like to this program: only what it reads, and tolerant of the rest.

Attributes are Intuit's names in snake_case. Printed or logged, an object shows its Id and nothing
of its content.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_pascal


def _no_float(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("is a float; money is exact")
    return value


Number = Annotated[Decimal, BeforeValidator(_no_float), Field(allow_inf_nan=False)]


class QuickBooksObject(BaseModel):
    """Base of all; a null says the same as a missing property."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_pascal,
        populate_by_name=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_missing(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        entity_id = getattr(self, "id", None)
        if entity_id is not None:
            yield "id", entity_id

    def __str__(self) -> str:
        return repr(self)


class Reference(QuickBooksObject):
    value: str = Field(alias="value")
    name: str | None = Field(default=None, alias="name")


class NameValue(QuickBooksObject):
    name: str = ""
    value: str = ""


class MetaData(QuickBooksObject):
    create_time: datetime | None = None
    last_updated_time: datetime | None = None


class Entity(QuickBooksObject):
    """Whatever has an Id. `sync_token` is the version that an update has to name."""

    id: str = Field(min_length=1)
    sync_token: str = ""
    meta_data: MetaData = MetaData()


class EmailAddress(QuickBooksObject):
    address: str = ""


class CustomerObject(Entity):
    """`active` is False for a customer put away; QuickBooks then appends " (deleted)" to its name.

    `parent_ref` is set for a sub-customer, whose `fully_qualified_name` holds a colon.
    """

    display_name: str = ""
    fully_qualified_name: str = ""
    company_name: str = ""
    primary_email_addr: EmailAddress = EmailAddress()
    active: bool = True
    parent_ref: Reference | None = None
    currency_ref: Reference | None = None
    balance: Number | None = None

    def emails(self) -> tuple[str, ...]:
        """Lower-cased addresses; one field may hold several, separated by commas."""
        parts = self.primary_email_addr.address.split(",")
        return tuple(part.strip().lower() for part in parts if part.strip())


class LinkedTxn(QuickBooksObject):
    txn_id: str
    txn_type: str = ""


class SalesItemLineDetail(QuickBooksObject):
    item_ref: Reference | None = None
    qty: Number | None = None
    unit_price: Number | None = None
    tax_code_ref: Reference | None = None
    tax_inclusive_amt: Number | None = None


class DiscountLineDetail(QuickBooksObject):
    percent_based: bool = False
    discount_percent: Number | None = None
    discount_account_ref: Reference | None = None


class InvoiceLine(QuickBooksObject):
    """One line; QuickBooks itself adds one of type SubTotalLineDetail. `id` is unique within."""

    id: str | None = None
    amount: Number | None = None
    description: str = ""
    detail_type: str = ""
    sales_item_line_detail: SalesItemLineDetail | None = None
    discount_line_detail: DiscountLineDetail | None = None


class TaxLineDetail(QuickBooksObject):
    tax_rate_ref: Reference | None = None
    percent_based: bool = True
    tax_percent: Number | None = None
    net_amount_taxable: Number | None = None


class TaxLine(QuickBooksObject):
    """Tax by one rate: `amount` of it, on `tax_line_detail.net_amount_taxable`."""

    amount: Number
    tax_line_detail: TaxLineDetail = TaxLineDetail()


class TxnTaxDetail(QuickBooksObject):
    total_tax: Number = Decimal(0)
    txn_tax_code_ref: Reference | None = None
    tax_line: tuple[TaxLine, ...] = ()


class InvoiceObject(Entity):
    """Amounts in the invoice's currency. Paid means `balance` is 0; QuickBooks has no status.

    What has no default is in every answer, so a query of columns must ask for it.
    """

    doc_number: str | None = None
    txn_date: date | None = None
    due_date: date | None = None
    customer_ref: Reference
    currency_ref: Reference | None = None
    exchange_rate: Number | None = None
    total_amt: Number
    balance: Number
    private_note: str = ""
    linked_txn: tuple[LinkedTxn, ...] = ()
    line: tuple[InvoiceLine, ...] = ()
    txn_tax_detail: TxnTaxDetail = TxnTaxDetail()
    global_tax_calculation: str | None = None


class PaymentLine(QuickBooksObject):
    amount: Number = Decimal(0)
    linked_txn: tuple[LinkedTxn, ...] = ()


class PaymentObject(Entity):
    """`unapplied_amt` is the part of `total_amt` that no invoice has taken: customer credit."""

    total_amt: Number
    unapplied_amt: Number = Decimal(0)
    customer_ref: Reference
    currency_ref: Reference | None = None
    exchange_rate: Number | None = None
    txn_date: date | None = None
    payment_ref_num: str | None = None
    payment_method_ref: Reference | None = None
    deposit_to_account_ref: Reference | None = None
    private_note: str = ""
    line: tuple[PaymentLine, ...] = ()


class ItemObject(Entity):
    name: str = ""
    fully_qualified_name: str = ""
    type: str = ""
    active: bool = True
    income_account_ref: Reference | None = None

    @property
    def full_name(self) -> str:
        return self.fully_qualified_name or self.name

    @property
    def takes_an_amount(self) -> bool:
        """Selling a stock item moves stock, and a bundle has no account of its own."""
        return self.type in ("Service", "NonInventory") and self.income_account_ref is not None


class AccountObject(Entity):
    name: str = ""
    fully_qualified_name: str = ""
    account_type: str = ""
    account_sub_type: str = ""
    classification: str = ""
    active: bool = True
    currency_ref: Reference | None = None


class PaymentMethodObject(Entity):
    name: str = ""
    type: str = ""
    active: bool = True


class TaxRateDetail(QuickBooksObject):
    tax_rate_ref: Reference


class TaxRateList(QuickBooksObject):
    tax_rate_detail: tuple[TaxRateDetail, ...] = ()


class TaxCodeObject(Entity):
    """A group of tax rates. `hidden` ones are QuickBooks' own and not for people to choose."""

    name: str = ""
    description: str = ""
    active: bool = True
    hidden: bool = False
    taxable: bool = False
    tax_group: bool = False
    sales_tax_rate_list: TaxRateList = TaxRateList()

    def rate_ids(self) -> tuple[str, ...]:
        """The rates charged on sales."""
        return tuple(each.tax_rate_ref.value for each in self.sales_tax_rate_list.tax_rate_detail)


class TaxRateObject(Entity):
    """`rate_value` is in percent; None where QuickBooks shows none (a rate that has ended)."""

    name: str = ""
    active: bool = True
    rate_value: Number | None = None
    agency_ref: Reference | None = None


def _day(value: object) -> date | None:
    """What cannot be read as a day says nothing; a time of day after it does not matter."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


class TaxAgencyObject(Entity):
    """`last_file_date`: the last day of the period whose return is filed; None: none is known."""

    display_name: str = ""
    tax_tracked_on_sales: bool = False
    last_file_date: Annotated[date | None, BeforeValidator(_day)] = None


class ExchangeRateObject(QuickBooksObject):
    """Units of home currency for one of the source currency."""

    source_currency_code: str = ""
    target_currency_code: str = ""
    rate: Number | None = None
    as_of_date: date | None = None


class CompanyInfo(QuickBooksObject):
    company_name: str
    legal_name: str = ""
    country: str = ""
    default_time_zone: str = ""
    name_value: tuple[NameValue, ...] = ()

    def offering(self) -> str | None:
        """The plan, such as "QuickBooks Online Plus"."""
        return _named(self.name_value, "OfferingSku")

    def subscription_status(self) -> str | None:
        """EXPIRED, RESTRICTED, SUSPENDED and CANCELLED are read-only; any other word is not."""
        return _named(self.name_value, "SubscriptionStatus")


class CurrencyPrefs(QuickBooksObject):
    multi_currency_enabled: bool = False
    home_currency: Reference | None = None


class SalesFormsPrefs(QuickBooksObject):
    custom_txn_numbers: bool = False
    allow_discount: bool = False
    allow_shipping: bool = False
    allow_deposit: bool = False
    default_terms: Reference | None = None
    auto_apply_credit: bool = False
    auto_apply_payments: bool = False


class TaxPrefs(QuickBooksObject):
    """US automated sales tax is there where `partner_tax_enabled` is not None, set up when True."""

    using_sales_tax: bool = False
    partner_tax_enabled: bool | None = None
    tax_group_code_ref: Reference | None = None


class AccountingInfoPrefs(QuickBooksObject):
    """`book_close_date`: the last day of the closed period."""

    book_close_date: date | None = None
    class_tracking_per_txn: bool = False
    class_tracking_per_txn_line: bool = False
    track_departments: bool = False


class OtherPrefs(QuickBooksObject):
    name_value: tuple[NameValue, ...] = ()


class Preferences(QuickBooksObject):
    """One company's settings that matter for what is posted."""

    currency_prefs: CurrencyPrefs = CurrencyPrefs()
    sales_forms_prefs: SalesFormsPrefs = SalesFormsPrefs()
    tax_prefs: TaxPrefs = TaxPrefs()
    accounting_info_prefs: AccountingInfoPrefs = AccountingInfoPrefs()
    other_prefs: OtherPrefs = OtherPrefs()

    def other(self, name: str) -> str | None:
        """One of the loose settings, such as "SalesFormsPrefs.DefaultItem"."""
        return _named(self.other_prefs.name_value, name)

    def default_item(self) -> str | None:
        """Id of the item that a sales line without one is given."""
        return self.other("SalesFormsPrefs.DefaultItem")


def _named(pairs: tuple[NameValue, ...], name: str) -> str | None:
    return next((pair.value for pair in pairs if pair.name == name and pair.value), None)
