"""Everything about the practice world that can be turned on, off or up, also while it runs."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin, get_type_hints

SalesTax = Literal["none", "us_automated", "us_manual", "canada"]
Environment = Literal["sandbox", "production"]
RedirectBy = Literal["302", "javascript", "meta"]
RequestIds = Literal["honoured", "ignored"]
OtherContent = Literal["replayed", "refused"]
FeedMode = Literal[
    "fine", "down", "slow", "unauthorised", "forbidden", "rate_limited", "rubbish", "expired"
]


@dataclass
class Switches:
    """One named switch per behaviour of QuickBooks, Intuit's sign-in or the feed."""

    # The company
    country: str = "CA"  # CompanyInfo.Country; anything but US wants a tax code on every line
    home_currency: str = "CAD"  # CurrencyPrefs.HomeCurrency
    multicurrency: bool = False  # MultiCurrencyEnabled; off: CurrencyRef is fault 6000
    custom_numbers: bool = True  # SalesFormsPrefs.CustomTxnNumbers; off: omitted numbers are given
    refuse_duplicate_numbers: bool = True  # custom numbers: one used twice is fault 6140
    check_automatic_numbers: bool = False  # the same where QuickBooks numbers; companies differ
    terms_of_customer: bool = False  # DueDate and terms omitted: the customer's, the company's
    sales_tax: SalesTax = "canada"  # who works out the tax, and how
    automated_tax_rate: Decimal | None = None  # us_automated: for all states, else each its own
    automated_tax_ship_to_only: bool = False  # us_automated: the billing address does not count
    tax_override: bool = True  # TxnTaxDetail amounts are taken where tax is not automated
    partner_tax_override: bool = False  # us_automated takes TxnTaxDetail.TotalTax too
    tax_inclusive_amounts: bool = True  # TaxInclusiveAmt is a line's gross; off: its Amount is
    book_close_date: date | None = None  # dated on or before it: fault 6200
    last_file_date: date | None = None  # TaxAgency.LastFileDate: sales tax is filed up to it
    book_close_password: bool = False  # a closed period answers 6210 (password) instead of 6200
    subscription_status: str = "SUBSCRIBED"  # EXPIRED, RESTRICTED, SUSPENDED, CANCELLED: read-only
    offering: str = "QuickBooks Online Plus"  # CompanyInfo NameValue OfferingSku
    language: str = "en"  # "fr": faults and the names of some lists come in French
    environment: Environment = "sandbox"  # which API host knows the company
    auto_apply_credit: bool = False  # a new invoice swallows the customer's unapplied payments
    allow_discount: bool = True  # SalesFormsPrefs.AllowDiscount; off: a discount line is refused
    allow_shipping: bool = True  # SalesFormsPrefs.AllowShipping; off: SHIPPING_ITEM_ID is refused
    default_item: bool = True  # a sales line without ItemRef gets the company's default item
    missing_rate_is_one: bool = True  # foreign transaction without ExchangeRate: 1, else the day's
    daily_rates: bool = False  # exchange rates differ from day to day
    day_without_rate: date | None = None  # QuickBooks has no exchange rate for that day: 610
    sparse_void: bool = True  # a payment may be voided by {Id, SyncToken, sparse}
    bad_email_breaks_queries: bool = False  # an invalid BillEmail on file: Invoice queries are 4002
    email_in: bool = False  # `PrimaryEmailAddr IN (...)` is a valid query; nobody knows
    order_by_id: bool = False  # ORDERBY Id is obeyed, as it was before January 2026
    query_lag: float = 0.0  # seconds until a query finds what was made; a GET finds it at once
    items_need_expense_account: bool = False  # outside the US an item wants ExpenseAccountRef too
    put_away_with_balance: bool = False  # off: a customer or account with a balance stays: 6220
    iso3_countries: bool = (
        True  # addresses are answered with "USA" for "US"; off: as they were sent
    )
    xml_without_accept: bool = True  # no Accept header, or one for XML: the answer is XML
    drift: bool = False  # both sides answer with fields nobody has documented yet

    # Limits and replay
    limits: bool = False  # 10/s, 500/min, 40 batches/min -> 429 as XML
    requests_per_second: int = 10
    requests_per_minute: int = 500
    batches_per_minute: int = 40
    most_in_flight: int | None = None  # more requests at one time are 429 too; 10 in older texts
    monthly_reads: int | None = None  # metered requests a month, then every further one is 429
    throttled_in_json: bool = False  # 429 in the gateway's JSON; off: in XML
    retry_after: int | None = None  # seconds in Retry-After of a 429; Intuit sends none
    request_ids: RequestIds = "honoured"  # is a repeated requestid answered from memory?
    request_id_ttl: float | None = None  # seconds such an answer is remembered; None: for ever
    request_id_other_content: OtherContent = "replayed"  # same requestid, other content, or 600
    remember_refusals: bool = False  # a refusal too is answered again from memory

    # Sign-in
    redirect_by: RedirectBy = "302"  # how the consent page leaves for the redirect address
    deny_consent: bool = False  # scripts are refused as if the user had pressed Cancel
    code_lifetime: float = 600  # seconds
    access_lifetime: float = 3600  # seconds; expires_in
    refresh_lifetime: float = 8_726_400  # seconds; x_refresh_token_expires_in, rolling
    refresh_hard_lifetime: float = 157_680_000  # seconds from consent, five years
    rotation: float = 86_400  # seconds after which a refresh gives a new refresh token
    reuse_revokes: bool = False  # presenting a rotated-away refresh token kills the whole grant
    old_refresh_lifetime: float = (
        0.0  # seconds a rotated-away refresh token still works; 0 or a day
    )
    one_grant: bool = False  # a new consent ends the ones before it; nobody knows

    # The feed
    feed_mode: FeedMode = "fine"
    feed_seconds: float = 1.0  # how slow "slow" is; Retry-After of "rate_limited"
    feed_poll_interval: int = 5  # X-Poll-Interval
    feed_duplicates: bool = False  # every page repeats an item of the page before
    feed_repeats_etag: bool = False  # every answer has the same ETag, so that a 304 hides rows
    feed_shuffled: bool = False  # items of a page come out of order
    feed_sync_results: bool = True  # off: posting a sync result is 501
    trickle_seconds: float = 0.0  # > 0: another invoice turns paid that often, while served

    def change(self, values: dict[str, Any]) -> None:
        """Sets switches from JSON; an unknown name or an impossible value changes nothing."""
        parsed = {name: _parsed(name, value) for name, value in values.items()}
        for name, value in parsed.items():
            setattr(self, name, value)


_TYPES: dict[str, Any] = get_type_hints(Switches)
_NAMES = {field.name for field in fields(Switches)}


def _parsed(name: str, value: Any) -> Any:
    if name not in _NAMES:
        raise ValueError(f"There is no switch {name!r}.")
    wanted = _TYPES[name]
    choices = get_args(wanted) if get_origin(wanted) is Literal else ()
    if choices:
        if value not in choices:
            raise ValueError(f"{name} is one of {', '.join(choices)}.")
        return value
    if value is None:
        if type(None) not in get_args(wanted):
            raise ValueError(f"{name} cannot be null.")
        return None
    kinds = [kind for kind in (get_args(wanted) or (wanted,)) if kind is not type(None)]
    return _as(kinds[0], name, value)


def _as(kind: type, name: str, value: Any) -> Any:
    try:
        if kind is bool and isinstance(value, bool):
            return value
        if kind is date:
            return date.fromisoformat(value)
        if kind is str and isinstance(value, str):
            return value
        if kind in (int, float, Decimal) and not isinstance(value, bool):
            return kind(str(value)) if kind is Decimal else kind(value)
    except (TypeError, ValueError, ArithmeticError):
        pass
    raise ValueError(f"{name} takes a {kind.__name__}.")
