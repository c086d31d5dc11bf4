"""Customers, vendors, employees, items, accounts and the small lists: one name, one owner."""

from collections.abc import Callable
from typing import Any

from qbdesk.practice.books.books import DELETED_SUFFIX, NAME_FIELD, SHARED_NAMES, Books, Entity
from qbdesk.practice.intuit import validate
from qbdesk.practice.intuit.refusals import RefusedError, business, missing
from qbdesk.practice.wire import ZERO, decimal

NAME_KINDS = (*SHARED_NAMES, "Item", "Account", "PaymentMethod", "Class", "Term", "Department")
_PERSON = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_READ_ONLY = ("Balance", "BalanceWithJobs", "CurrentBalance", "CurrentBalanceWithSubAccounts")
_FORBIDDEN = frozenset(":\t\n")
# Item types that must say where their income goes.
_SELLABLE = ("Service", "NonInventory", "Inventory")
_INCOME = ("Income", "Other Income")
MOST_LEVELS = 5


def save(books: Books, kind: str, old: Entity | None, body: Entity) -> Entity:
    """Creates (old is None) or updates one entity of a name list."""
    sparse = bool(old) and body.get("sparse") in (True, "true")
    fields = {**(old or {}), **body} if sparse else {**body}
    entity = validate.cleaned(fields)
    entity["Active"] = entity.get("Active", True) in (True, "true")
    _CHECKS.get(kind, _check_list)(books, entity, old)
    for name in _READ_ONLY:
        entity.pop(name, None)
        if old and name in old:
            entity[name] = old[name]
    validate.settle_addresses(books, entity)
    _settle_name(books, kind, entity, old)
    if old is None:
        return books.add(kind, {**_defaults(books, kind), **entity})
    return books.replace(kind, {**entity, "Id": old["Id"]})


def _defaults(books: Books, kind: str) -> Entity:
    if kind == "Customer":
        return {
            "Taxable": True,
            "Job": False,
            "BillWithParent": False,
            "Balance": ZERO,
            "BalanceWithJobs": ZERO,
            "PreferredDeliveryMethod": "None",
        }
    if kind == "Vendor":
        return {"Balance": ZERO, "Vendor1099": False}
    if kind == "Account":
        return {"CurrentBalance": ZERO, "CurrentBalanceWithSubAccounts": ZERO, "SubAccount": False}
    return {}


def _settle_name(books: Books, kind: str, entity: Entity, old: Entity | None) -> None:
    field = NAME_FIELD.get(kind, "Name")
    name = str(entity[field]).strip()
    if _FORBIDDEN & set(name):
        raise RefusedError(
            "2040", "Invalid String : the name holds a colon, tab or new line", field
        )
    was_active = old is None or old["Active"]
    if was_active and not entity["Active"]:
        _check_owes_nothing(books, old)
        # QuickBooks frees the name of what is put away.
        name = _free_name(books, kind, name + DELETED_SUFFIX)
    elif not was_active and entity["Active"]:
        name = name.removesuffix(DELETED_SUFFIX)
    holder = books.name_taken(kind, name, old["Id"] if old else None)
    if holder is not None:
        raise _name_taken(holder)
    entity[field] = name
    if kind in ("Term", "PaymentMethod"):
        return
    parent = validate.referenced(books, kind, entity, "ParentRef")
    entity["FullyQualifiedName"] = name
    if parent is not None:
        entity["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{name}"
        if entity["FullyQualifiedName"].count(":") >= MOST_LEVELS:
            raise RefusedError("6180", "More than five levels of sub-entities are not possible")


def _check_owes_nothing(books: Books, old: Entity | None) -> None:
    held = (old or {}).get("Balance", (old or {}).get("CurrentBalance", ZERO))
    if held != ZERO and not books.switches.put_away_with_balance:
        raise RefusedError("6220", "Cannot be made inactive while it has a balance.", "Active")


def _free_name(books: Books, kind: str, name: str) -> str:
    candidate, count = name, 1
    while books.name_taken(kind, candidate, None):
        count += 1
        candidate = f"{name}{count}"
    return candidate


def _name_taken(holder: str) -> RefusedError:
    who = "customer" if holder == "Customer" else "customer, vendor or employee"
    if holder not in SHARED_NAMES:
        who = holder.lower()
    return RefusedError(
        "6240",
        f"The name supplied already exists. : Another {who} is already using this name. "
        "Please use a different name.",
    )


def _check_person(books: Books, entity: Entity, old: Entity | None) -> None:
    if not str(entity.get("DisplayName") or "").strip():
        parts = [str(entity[name]) for name in _PERSON if entity.get(name)]
        if not parts:
            raise RefusedError("6080", "One of DisplayName or Title, GivenName, ... is required")
        entity["DisplayName"] = " ".join(parts)
    validate.check_email(entity, "PrimaryEmailAddr")
    on_check = str(entity.get("CompanyName") or entity["DisplayName"])
    entity.setdefault("PrintOnCheckName", on_check[:110])


def _check_customer(books: Books, entity: Entity, old: Entity | None) -> None:
    _check_person(books, entity, old)
    validate.referenced(books, "Term", entity, "SalesTermRef")
    validate.referenced(books, "PaymentMethod", entity, "PaymentMethodRef")
    _settle_currency(books, entity, old)


def _settle_currency(books: Books, entity: Entity, old: Entity | None) -> None:
    """A customer has one currency for good (Intuit: Customer.CurrencyRef)."""
    sent = (entity.get("CurrencyRef") or {}).get("value")
    if not books.switches.multicurrency:
        if sent is not None:
            raise business(validate.NO_MULTICURRENCY, "CurrencyRef")
        return
    home = books.switches.home_currency
    currency = sent or (old or {}).get("CurrencyRef", {}).get("value") or home
    if currency != home and currency not in books.rates:
        raise RefusedError("2500", "Invalid Reference Id : CurrencyRef", "CurrencyRef")
    if old and old["CurrencyRef"]["value"] != currency:
        raise business("The currency of a customer cannot be changed.", "CurrencyRef")
    entity["CurrencyRef"] = {"value": currency}


def _check_item(books: Books, entity: Entity, old: Entity | None) -> None:
    _check_list(books, entity, old)
    entity.setdefault("Type", (old or {}).get("Type", "Service"))
    entity.setdefault("Taxable", False)
    entity.setdefault("UnitPrice", ZERO)
    entity["UnitPrice"] = decimal(entity["UnitPrice"])
    if entity["Type"] not in _SELLABLE:
        return
    account = validate.referenced(books, "Account", entity, "IncomeAccountRef", needed=True)
    if account is not None and account["AccountType"] not in _INCOME:
        raise business("You need to select a different type of account.", "IncomeAccountRef")
    abroad = books.switches.country != "US" and books.switches.items_need_expense_account
    expense = validate.referenced(books, "Account", entity, "ExpenseAccountRef", needed=abroad)
    for name, held in (("IncomeAccountRef", account), ("ExpenseAccountRef", expense)):
        if held is not None:
            entity[name] = validate.reference(held)


def _check_account(books: Books, entity: Entity, old: Entity | None) -> None:
    _check_list(books, entity, old)
    if not entity.get("AccountType"):
        raise missing("AccountType")
    entity.setdefault("AccountSubType", _SUBTYPES.get(entity["AccountType"], "Other"))
    currency = (entity.get("CurrencyRef") or {}).get("value")
    home = books.switches.home_currency
    if currency not in (None, home) and not books.switches.multicurrency:
        raise business(validate.NO_MULTICURRENCY, "CurrencyRef")
    entity["CurrencyRef"] = {"value": currency or home}
    entity["Classification"] = _CLASSES.get(entity["AccountType"], "Asset")


_SUBTYPES = {
    "Income": "SalesOfProductIncome",
    "Bank": "Checking",
    "Expense": "OtherBusinessExpenses",
}
_CLASSES = {
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Cost of Goods Sold": "Expense",
    "Equity": "Equity",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
}


def _check_list(books: Books, entity: Entity, old: Entity | None) -> None:
    if not str(entity.get("Name") or "").strip():
        raise missing("Name")


_CHECKS: dict[str, Callable[[Books, Entity, Entity | None], Any]] = {
    "Customer": _check_customer,
    "Vendor": _check_person,
    "Employee": _check_person,
    "Item": _check_item,
    "Account": _check_account,
}
