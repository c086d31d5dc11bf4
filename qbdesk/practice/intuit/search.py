"""Answers queries from the books: filterable fields only, inactive names only when asked for."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.intuit import profile, shapes, validate
from qbdesk.practice.intuit.query import Condition, Query, invalid, parse
from qbdesk.practice.intuit.refusals import RefusedError
from qbdesk.practice.wire import decimal

_ALWAYS = ("Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime")
_NAME = ("DisplayName", "GivenName", "MiddleName", "FamilyName", "CompanyName", "PrintOnCheckName")
_LIST = ("Name", "FullyQualifiedName", "Active", "ParentRef")
FILTERABLE: dict[str, tuple[str, ...]] = {
    "Customer": (*_NAME, "PrimaryEmailAddr", "FullyQualifiedName", "Active", "Balance"),
    "Vendor": (*_NAME, "Active", "Balance"),
    "Employee": (*_NAME, "Active"),
    "Item": (*_LIST, "Type", "Sku", "UnitPrice", "Taxable"),
    "Account": (*_LIST, "AccountType", "AccountSubType", "Classification", "CurrentBalance"),
    "PaymentMethod": ("Name", "Active", "Type"),
    "Class": _LIST,
    "Department": _LIST,
    "Term": ("Name", "Active", "Type", "DueDays"),
    "TaxCode": ("Name", "Active", "Description", "Taxable"),
    "TaxRate": ("Name", "Active", "RateValue"),
    "TaxAgency": ("DisplayName", "Name"),
    "CompanyCurrency": ("Code", "Name", "Active"),
    "Invoice": ("DocNumber", "TxnDate", "DueDate", "CustomerRef", "SalesTermRef", "Balance"),
    "Payment": ("TotalAmt", "CustomerRef", "TxnDate", "PaymentMethodRef", "PaymentRefNum"),
    "CompanyInfo": ("CompanyName",),
    "Preferences": (),
}
_OTHERS = ("DocNumber", "TxnDate", "CustomerRef", "TotalAmt")
# Lists whose inactive members are hidden; tax codes and rates answer with all they have.
_HIDES_INACTIVE = (
    *("Customer", "Vendor", "Employee"),
    *("Item", "Account", "PaymentMethod", "Class", "Department", "Term"),
)


def answer(books: Books, statement: str) -> dict[str, Any]:
    """The `QueryResponse` of a statement."""
    query = parse(statement)
    kind = _kind(books, query.entity)
    _check_names(books, kind, query)
    found = _matching(books, kind, query)
    if query.count:
        return {"totalCount": len(found)}
    for name, descending in reversed(_obeyed(books, query)):
        found.sort(key=lambda entity: _sortable(_value(entity, name)), reverse=descending)
    page = found[query.start - 1 : query.start - 1 + query.limit]
    if not page:
        return {}
    rows = [shapes.as_answered(books.switches, _projected(x, query.names)) for x in page]
    return {kind: rows, "startPosition": query.start, "maxResults": len(rows)}


def _obeyed(books: Books, query: Query) -> list[tuple[str, bool]]:
    return [by for by in query.order if by[0] != "Id" or books.switches.order_by_id]


def _kind(books: Books, wanted: str) -> str:
    for kind in (*books.entities, "CompanyInfo", "Preferences"):
        if kind.casefold() == wanted.casefold():
            return kind
    raise invalid(f"Metadata not found for Entity: {wanted}")


def _check_names(books: Books, kind: str, query: Query) -> None:
    filterable = (*_ALWAYS, *FILTERABLE.get(kind, _OTHERS))
    for condition in query.conditions:
        if condition.name not in filterable:
            if validate.knows(kind, condition.name):
                raise invalid(f"property '{condition.name}' is not queryable")
            raise invalid(f"Property {condition.name} not found for Entity {kind}")
        by_email_in = condition.name == "PrimaryEmailAddr" and condition.operator == "IN"
        if by_email_in and not books.switches.email_in:
            raise invalid("Operator IN is not supported for property PrimaryEmailAddr")
    for name, _ in query.order:
        if name not in filterable:
            raise invalid(f"property '{name}' is not sortable")
    for name in query.names:
        if not validate.knows(kind, name):
            raise invalid(f"Property {name} not found for Entity {kind}")


def _matching(books: Books, kind: str, query: Query) -> list[Entity]:
    if kind == "CompanyInfo":
        rows: Iterable[Entity] = [profile.company_info(books)]
    elif kind == "Preferences":
        rows = [profile.preferences(books)]
    elif kind == "TaxAgency":
        rows = [profile.tax_agency(books, agency) for agency in books.of(kind)]
    else:
        rows = _candidates(books, kind, query.conditions)
    if kind == "Invoice" and books.switches.bad_email_breaks_queries:
        _stumble_over_bad_email(books)
    tests = [_test(condition) for condition in query.conditions]
    if books.switches.query_lag > 0:
        tests.append(_is_old_enough(books))
    if kind in _HIDES_INACTIVE and not any(c.name == "Active" for c in query.conditions):
        tests.append(lambda entity: bool(entity.get("Active", True)))
    return [
        entity
        for entity in rows
        if not books.hides(kind, entity["Id"]) and all(test(entity) for test in tests)
    ]


def _is_old_enough(books: Books) -> Callable[[Entity], bool]:
    newest = books.clock() - timedelta(seconds=books.switches.query_lag)
    return lambda entity: moment_of(entity["MetaData"]["CreateTime"]) <= newest


def _candidates(books: Books, kind: str, conditions: list[Condition]) -> Iterable[Entity]:
    for condition in conditions:
        if condition.operator not in ("=", "IN"):
            continue
        lists = [books.indexed(kind, condition.name, value) for value in condition.values]
        if all(found is not None for found in lists):
            return {entity["Id"]: entity for found in lists for entity in found or ()}.values()
    return books.of(kind)


def _stumble_over_bad_email(books: Books) -> None:
    for invoice in books.of("Invoice"):
        if not validate.emails_are_valid((invoice.get("BillEmail") or {}).get("Address", "")):
            detail = "QueryProcessingError: To email address entered is invalid"
            raise RefusedError("4002", detail)


def _value(entity: Entity, name: str) -> Any:
    value: Any = entity
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return value.get("value", value.get("Address"))
    return value


def _test(condition: Condition) -> Callable[[Entity], bool]:
    name, operator, values = condition.name, condition.operator, condition.values
    if operator == "LIKE":
        return _like(name, values[0])
    if name.startswith("MetaData."):
        moment = moment_of(values[0])
        return lambda entity: _compare(moment_of(_value(entity, name)), operator, moment)
    folded = tuple(value.casefold() for value in values)

    def test(entity: Entity) -> bool:
        value = _value(entity, name)
        if value is None:
            return False
        if isinstance(value, bool):
            return any(_compare(str(value).casefold(), "=", wanted) for wanted in folded)
        if isinstance(value, Decimal | int):
            numbers = [number for number in map(decimal, values) if number is not None]
            return any(_compare(Decimal(value), operator, number) for number in numbers)
        return any(_compare(str(value).casefold(), operator, wanted) for wanted in folded)

    return test


def _like(name: str, pattern: str) -> Callable[[Entity], bool]:
    parts = pattern.casefold().split("%")
    first, last, inner = parts[0], parts[-1], parts[1:-1]

    def test(entity: Entity) -> bool:
        value = _value(entity, name)
        if value is None:
            return False
        text = str(value).casefold()
        if len(parts) == 1:
            return text == first
        if not (text.startswith(first) and text.endswith(last)):
            return False
        position, end = len(first), len(text) - len(last)
        for part in inner:
            found = text.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return position <= end

    return test


def _compare(value: Any, operator: str, wanted: Any) -> bool:
    if operator in ("=", "IN"):
        return bool(value == wanted)
    if operator == "<":
        return bool(value < wanted)
    if operator == ">":
        return bool(value > wanted)
    return bool(value <= wanted) if operator == "<=" else bool(value >= wanted)


def moment_of(text: str) -> datetime:
    """A date or date-time as clients write them, a "+" that became a blank forgiven."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise invalid(f"Invalid date time value {text}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    if isinstance(value, Decimal | int):
        return 1, value
    text = str(value)
    return (1, int(text)) if text.isdecimal() else (2, text.casefold())


def _projected(entity: Entity, names: tuple[str, ...]) -> Entity:
    if not names:
        return entity
    tops = {"domain", "sparse", "Id", *(name.split(".")[0] for name in names)}
    return {**{k: v for k, v in entity.items() if k in tops}, "sparse": True}
