"""Checks that several kinds of entity share: references, dates, e-mail addresses, currencies."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.intuit import shapes
from qbdesk.practice.intuit.refusals import (
    RefusedError,
    business,
    closed_period,
    inactive,
    invalid_reference,
    missing,
)
from qbdesk.practice.wire import decimal

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
OTHER_CURRENCY = "The currency of the transaction is invalid for customer / vendor / account."
NO_MULTICURRENCY = "Multi Currency should be enabled to perform this operation"


def cleaned(body: Any) -> Any:
    """Without what stands for nothing: null, and '' as some clients send for lack of a value."""
    if isinstance(body, dict):
        kept = {key: cleaned(value) for key, value in body.items()}
        return {key: value for key, value in kept.items() if value is not None and value != ""}
    if isinstance(body, list):
        return [cleaned(item) for item in body]
    return body


def knows(kind: str, name: str) -> bool:
    """Whether an entity has a property of that (possibly dotted) name at all."""
    return shapes.has_property(kind, name)


def emails_are_valid(text: str) -> bool:
    return all(_EMAIL.fullmatch(part.strip()) for part in text.split(",")) if text else True


def check_email(body: Entity, name: str) -> None:
    if not emails_are_valid((body.get(name) or {}).get("Address", "")):
        detail = "Email Address is invalid. Enter the address as name@example.com"
        raise RefusedError("2210", detail, f"{name}.Address")


def referenced(
    books: Books, kind: str, holder: Entity, name: str, *, path: str = "", needed: bool = False
) -> Entity | None:
    """The active entity a reference points to; 2020, 2500 or 610 if there is none."""
    full = f"{path}{name}"
    reference = holder.get(name)
    key = None if reference is None else reference.get("value")
    if key is None:
        if needed:
            raise missing(full)
        return None
    entity = books.get(kind, str(key))
    if entity is None:
        raise invalid_reference(full)
    if not entity.get("Active", True):
        raise inactive(full)
    return entity


def reference(entity: Entity) -> dict[str, str]:
    name = entity.get("FullyQualifiedName") or entity.get("DisplayName") or entity.get("Name") or ""
    return {"value": entity["Id"], "name": name}


def check_open_period(books: Books, txn_date: str) -> None:
    """BookCloseDate: nothing dated on or before it may be made, changed or taken away."""
    closing = books.switches.book_close_date
    if closing is not None and date.fromisoformat(txn_date[:10]) <= closing:
        raise closed_period(password=books.switches.book_close_password)


# Intuit answers with three letters; a name it does not know stays as it was sent.
_ISO3 = {
    **{"US": "USA", "CA": "CAN", "GB": "GBR", "FR": "FRA", "DE": "DEU", "AU": "AUS", "MX": "MEX"},
    **{"IE": "IRL", "NL": "NLD", "BE": "BEL", "IT": "ITA", "ES": "ESP", "CH": "CHE", "JP": "JPN"},
}


def country(books: Books, sent: str) -> str:
    return _ISO3.get(sent, sent) if books.switches.iso3_countries else sent


def settle_addresses(books: Books, entity: Entity) -> None:
    """Addresses as Intuit keeps them since August 2025: no coordinates, ISO-3 countries."""
    for name in ("BillAddr", "ShipAddr"):
        if isinstance(entity.get(name), dict):
            kept = {key: v for key, v in entity[name].items() if key not in ("Lat", "Long")}
            if "Country" in kept:
                kept["Country"] = country(books, kept["Country"])
            entity[name] = kept


def settle_currency(books: Books, body: Entity, customer: Entity) -> Decimal:
    """The exchange rate of a transaction; CurrencyRef only where several currencies are in use."""
    switches = books.switches
    sent = (body.get("CurrencyRef") or {}).get("value")
    rate = decimal(body.pop("ExchangeRate", None))
    if not switches.multicurrency:
        if sent is not None or rate not in (None, Decimal(1)):
            raise business(NO_MULTICURRENCY, "CurrencyRef")
        return Decimal(1)
    own = customer["CurrencyRef"]["value"]
    if sent is not None and sent != own:
        raise business(OTHER_CURRENCY, "CurrencyRef")
    body["CurrencyRef"] = {"value": own}
    if own == switches.home_currency:
        rate = Decimal(1)
    elif rate is None:
        day = date.fromisoformat(body["TxnDate"])
        rate = Decimal(1) if switches.missing_rate_is_one else books.rate_on(own, day)
        rate = rate or Decimal(1)
    elif rate <= 0:
        raise business("Exchange rate must be greater than 0.", "ExchangeRate")
    body["ExchangeRate"] = rate
    return rate
