"""Statements in Intuit's query language, from nothing but known names and escaped values.

There is no OR, no JOIN, and only some properties can be asked about (Intuit: "Data queries").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Operator = Literal["=", "<", ">", "<=", ">=", "IN", "LIKE"]
Value = str | bool | int | Decimal | date

MOST_RESULTS = 1000  # Intuit's largest page

_META = ("MetaData.CreateTime", "MetaData.LastUpdatedTime")
_NAMED = ("Id", "Name", "Active", *_META)

# What may stand in a condition. Not in Intuit's reference for good reason: PrivateNote and Notes,
# a Payment's DocNumber, an Invoice's TotalAmt, PrimaryEmailAddr.Address.
FILTERABLE: Mapping[str, frozenset[str]] = {
    "Account": frozenset(
        (*_NAMED, "AccountType", "AccountSubType", "Classification", "FullyQualifiedName")
    ),
    "CompanyCurrency": frozenset((*_NAMED, "Code")),
    "Customer": frozenset(
        (
            *("Id", "DisplayName", "GivenName", "MiddleName", "FamilyName", "PrimaryEmailAddr"),
            *("CompanyName", "PrintOnCheckName", "FullyQualifiedName", "Active", "Balance", *_META),
        )
    ),
    "Employee": frozenset(("Id", "DisplayName", "Active", *_META)),
    "Invoice": frozenset(
        ("Id", "DocNumber", "TxnDate", "DueDate", "CustomerRef", "SalesTermRef", "Balance", *_META)
    ),
    "Item": frozenset((*_NAMED, "FullyQualifiedName", "Sku", "Type")),
    "Payment": frozenset(
        ("Id", "TotalAmt", "CustomerRef", "TxnDate", "PaymentMethodRef", "PaymentRefNum", *_META)
    ),
    "PaymentMethod": frozenset((*_NAMED, "Type")),
    "TaxAgency": frozenset(("Id", "DisplayName", *_META)),
    "TaxCode": frozenset((*_NAMED, "Description", "Taxable")),
    "TaxRate": frozenset((*_NAMED, "Description")),
    "Term": frozenset(_NAMED),
    "Vendor": frozenset(("Id", "DisplayName", "Active", *_META)),
}

_COLUMN = re.compile(r"[A-Z][A-Za-z]{0,39}(\.[A-Z][A-Za-z]{0,39})?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_POSITION = re.compile(r" STARTPOSITION ([0-9]+) MAXRESULTS ([0-9]+)\Z")


@dataclass(frozen=True)
class Condition:
    """One comparison. `value` is a sequence of values for IN, else a single one.

    A `%` in a LIKE value stands for any text. Names and amounts in it stay out of repr().
    """

    name: str
    operator: Operator
    value: Value | Sequence[Value] = field(repr=False)


def contains(name: str, text: str) -> Condition:
    """The property contains the text. A `%` in it widens the search: compare what comes back."""
    return Condition(name, "LIKE", f"%{text}%")


ACTIVE_OR_NOT = Condition("Active", "IN", (True, False))  # otherwise the inactive stay hidden


def query(
    entity: str,
    conditions: Sequence[Condition] = (),
    *,
    columns: str | Sequence[str] = "*",
    start: int = 1,
    limit: int = MOST_RESULTS,
) -> str:
    """A SELECT statement.

    Args:
        columns: "*", or property names; "Id" must be among them for `QuickBooks.query`.
        start: Position of the first result, from 1.
        limit: Results on the page, at most 1000.

    Raises:
        ValueError: An entity, a property, an operator's value or a position that Intuit refuses.
    """
    if entity not in FILTERABLE:
        raise ValueError(f"There is no query for {entity!r}.")
    if start < 1 or not 1 <= limit <= MOST_RESULTS:
        raise ValueError(f"Results are counted from 1, at most {MOST_RESULTS} at a time.")
    statement = f"SELECT {_columns(columns)} FROM {entity}"
    if conditions:
        statement += " WHERE " + " AND ".join(_comparison(entity, each) for each in conditions)
    return f"{statement} STARTPOSITION {start} MAXRESULTS {limit}"


def position(statement: str) -> tuple[int, int]:
    """First result and page size of a statement that `query` made."""
    match = _POSITION.search(statement)
    if match is None:
        raise ValueError("This statement does not end in a position.")
    return int(match[1]), int(match[2])


def starting_at(statement: str, start: int) -> str:
    """The same statement for the results from `start` on."""
    _, limit = position(statement)
    return _POSITION.sub(f" STARTPOSITION {start} MAXRESULTS {limit}", statement)


def _columns(columns: str | Sequence[str]) -> str:
    names = [columns] if isinstance(columns, str) else list(columns)
    if names == ["*"]:
        return "*"
    if not names or not all(_COLUMN.fullmatch(name) for name in names):
        raise ValueError("Columns are Intuit's property names.")
    return ", ".join(names)


def _comparison(entity: str, condition: Condition) -> str:
    if condition.name not in FILTERABLE[entity]:
        raise ValueError(f"{entity} cannot be searched by {condition.name!r}.")
    value = condition.value
    if condition.operator == "IN":
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            raise ValueError("IN takes a list of at least one value.")
        listed = ", ".join(_literal(each) for each in value)
        return f"{condition.name} IN ({listed})"
    if isinstance(value, Sequence) and not isinstance(value, str):
        raise ValueError(f"{condition.operator} takes one value.")
    return f"{condition.name} {condition.operator} {_literal(value)}"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"'{value:f}'"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("A time in a query needs its time zone.")
        return f"'{value.isoformat(timespec='seconds')}'"
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    return f"'{escaped(str(value))}'"


def escaped(text: str) -> str:
    """A text for between quotes: the backslash first, then the quote; unprintables become spaces.

    Intuit documents the quote only. An unescaped backslash at the end of a text would swallow the
    closing quote all the same.
    """
    return _UNPRINTABLE.sub(" ", text).replace("\\", "\\\\").replace("'", "\\'")
