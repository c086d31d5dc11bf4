"""Strictness: what the server's classes know, how long a text may be, what a date looks like.

The server maps JSON onto classes made from Intuit's published schema; anything else is fault 2010.
"""

import json
import re
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from qbdesk.practice import wire
from qbdesk.practice.intuit.refusals import RefusedError
from qbdesk.practice.switches import Switches

_MAY_BE_EMPTY = ("date", "decimal", "integer")
LARGEST_NUMBER = 99_999_999_999

# Intuit's API reference, field by field; dotted where only one parent is meant.
LENGTHS = {
    "DisplayName": 500,
    "GivenName": 100,
    "MiddleName": 100,
    "FamilyName": 100,
    "Title": 16,
    "Suffix": 16,
    "CompanyName": 100,
    "PrintOnCheckName": 110,
    "DocNumber": 21,
    "PaymentRefNum": 21,
    "Line.Description": 4000,
    "Item.Description": 4000,
    "PrivateNote": 4000,
    "CustomerMemo.value": 1000,
    "PrimaryEmailAddr.Address": 100,
    "BillEmail.Address": 100,
    "BillEmailCc.Address": 200,
    "BillEmailBcc.Address": 200,
    "FreeFormNumber": 30,
    "Line1": 500,
    "Line2": 500,
    "Line3": 500,
    "Line4": 500,
    "Line5": 500,
    "City": 255,
    "Country": 255,
    "CountrySubDivisionCode": 255,
    "PostalCode": 30,
    "Item.Name": 100,
    "Item.Sku": 100,
    "Account.Name": 100,
    "PaymentMethod.Name": 31,
    "Notes": 2000,
}
_JAVA_STRING = "from String value; no single-String constructor/factory method"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@cache
def _schema() -> dict[str, Any]:
    source = resources.files("qbdesk.resources") / "practice" / "intuit_types.json"
    schema: dict[str, Any] = json.loads(source.read_text("utf-8"))
    return schema


# Kinds that are only read have no place in the strictness of writes, but queries name their fields.
_READ_ONLY = {
    "TaxCode": ("Name", "Description", "Active", "Taxable", "TaxGroup", "SalesTaxRateList"),
    "TaxRate": ("Name", "Description", "Active", "RateValue", "AgencyRef"),
    "TaxAgency": (
        *("DisplayName", "Name", "TaxTrackedOnSales", "TaxTrackedOnPurchases"),
        *("TaxAgencyConfig", "TaxRegistrationNumber", "LastFileDate"),
    ),
    "CompanyCurrency": ("Code", "Name", "Active"),
    "CompanyInfo": ("CompanyName", "Country", "NameValue", "Email"),
    "Preferences": ("CurrencyPrefs", "SalesFormsPrefs", "TaxPrefs", "AccountingInfoPrefs"),
}


def has_property(kind: str, name: str) -> bool:
    """Whether Intuit's schema knows a (possibly dotted) property of an entity."""
    types = _schema()["types"]
    for part in name.split("."):
        if kind in _READ_ONLY:
            return part in (*_READ_ONLY[kind], "Id", "MetaData", "SyncToken")
        if kind not in types:
            return True
        if part not in types[kind]:
            return False
        kind = types[kind][part].strip("[]")
    return True


def as_answered(switches: Switches, entity: dict[str, Any]) -> dict[str, Any]:
    """With `drift` on, answers carry a field that no client has heard of."""
    return {**entity, "PracticeDrift": {"Since": "2026-11"}} if switches.drift else entity


def unsupported(detail: str, name: str = "") -> RefusedError:
    text = f"Property Name:{detail} specified is unsupported or invalid"
    return RefusedError("2010", text, name)


def check(entity: str, body: Any) -> None:
    """Refuses what the server's own classes would refuse, before any rule of the books is asked."""
    if not isinstance(body, dict):
        raise unsupported(f"Can not deserialize instance of {entity} out of this token")
    _check_object(entity, body, entity, (entity,))


def _check_object(kind: str, body: dict[str, Any], entity: str, path: tuple[str, ...]) -> None:
    known = _schema()["types"][kind]
    for name, value in body.items():
        if name not in known:
            raise unsupported(
                f'Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{kind}), '
                f"not marked as ignorable ({len(known)} known properties)",
                name,
            )
        if value is not None:
            _check_value(known[name], value, entity, (*path, name))


def _check_value(kind: str, value: Any, entity: str, path: tuple[str, ...]) -> None:
    if kind.startswith("["):
        if not isinstance(value, list):
            raise unsupported("Can not deserialize instance of java.util.List", path[-1])
        for item in value:
            _check_value(kind[1:-1], item, entity, path)
        return
    schema = _schema()
    if kind in schema["types"]:
        if not isinstance(value, dict):
            raise unsupported(
                "Can not instantiate value of type "
                f"[simple type, class com.intuit.schema.finance.v3.{kind}] {_JAVA_STRING}",
                path[-1],
            )
        _check_object(kind, value, entity, path)
    elif kind in schema["enums"]:
        if value not in schema["enums"][kind] and value != "":
            raise RefusedError("2170", f"Invalid Enumeration : {value}", path[-1])
    else:
        _check_plain(kind, value, path)


def _check_plain(kind: str, value: Any, path: tuple[str, ...]) -> None:
    name = path[-1]
    # '' stands for nothing: python-quickbooks sends it for dates and totals, and Intuit takes it.
    if kind == "any" or (value == "" and kind in _MAY_BE_EMPTY):
        return
    if isinstance(value, dict | list):
        raise unsupported(f"Can not deserialize instance of {kind} out of this token", name)
    if kind in ("decimal", "integer"):
        _check_number(kind, value, path)
    elif kind == "boolean":
        if not (isinstance(value, bool) or value in ("true", "false")):
            raise unsupported("only 'true' or 'false' recognized", name)
    elif kind == "date":
        if not is_date(value):
            raise RefusedError("2060", f"Invalid Date format : {value}", name)
    elif kind == "string":
        _check_text(str(value), path)


def _check_number(kind: str, value: Any, path: tuple[str, ...]) -> None:
    number = wire.decimal(value)
    if number is None or (kind == "integer" and number != int(number)):
        java = "java.math.BigDecimal" if kind == "decimal" else "java.lang.Integer"
        raise unsupported(f"Can not construct instance of {java}: not a valid value", path[-1])
    if abs(number) > LARGEST_NUMBER:
        raise RefusedError(
            "2090", f"Number is out of range. Supplied value:{number}", ".".join(path[1:])
        )


def is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return date.fromisoformat(value[:10]).isoformat() == value[:10]
    except ValueError:
        return False


def _check_text(value: str, path: tuple[str, ...]) -> None:
    limit = LENGTHS.get(".".join(path[-2:]), LENGTHS.get(path[-1]))
    if limit is not None and len(value) > limit:
        raise RefusedError(
            "2050",
            f"String length specified does not match the supported length. "
            f"Min:0 Max:{limit} supported. Supplied length:{len(value)}",
            ".".join(path[1:]),
        )
    if _CONTROL.search(value):
        raise RefusedError("2010", "Property Name:Illegal character in text", path[-1])
