"""A company's settings: what may be chosen, in QuickBooks' own names, and what was chosen."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from qbdesk.sync import chosen_customers, filed, products, rulings
from qbdesk.sync.chosen_customers import ASK_AGAIN, CUSTOMER
from qbdesk.sync.errors import Refusal
from qbdesk.sync.ledger import companies, invoices, journal, memory
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.planner.days import filed_answers
from qbdesk.sync.planner.items import ITEM
from qbdesk.sync.planner.money_received import BY_INTUIT, KNOWN_METHODS
from qbdesk.sync.planner.tax_codes import UNTAXED
from qbdesk.sync.preflight import Facts
from qbdesk.sync.quickbooks import text
from qbdesk.sync.views import Choice, Setting

INCOME_ACCOUNT = "income_account"
DEPOSIT = "deposit."
TAX = "tax."
USUAL = Choice("", "Undeposited Funds")
LOOKED_FOR = Choice("", "What QuickBooks recorded itself (looked for)")
LONGEST_KEY = 60
NOT_CONNECTED = "Connect the company to QuickBooks first; its settings are QuickBooks' accounts."


def offered(connection: Connection, company: Company) -> list[Setting]:
    """Every setting, with its choices; empty before the company is connected."""
    facts = _facts(connection, company)
    if facts is None:
        return []
    chosen = companies.settings(connection, company.id)
    income = tuple(Choice(account.id, account.name) for account in facts.income_accounts)
    found = [
        Setting(INCOME_ACCOUNT, "Default income account", company.income_account_id or "", income)
    ]
    places = deposit_places(facts)
    for method, name in KNOWN_METHODS.items():
        key = f"{DEPOSIT}{method}"
        usual = LOOKED_FOR if method == BY_INTUIT else USUAL
        choices = (usual, *places)
        found.append(Setting(key, f"{name}: money goes to", chosen.get(key, ""), choices))
    for key, value in chosen.items():
        if key.startswith(TAX):
            found.append(Setting(key, _tax_label(key), value, choices_of(facts, key)))
    if filed.SETTING in chosen:
        label = "Invoices with tax of a period that is filed"
        choices = choices_of(facts, filed.SETTING)
        found.append(Setting(filed.SETTING, label, chosen[filed.SETTING], choices))
    items = products.choices(connection, company.id)
    for key, value in chosen.items():
        if key.startswith(ITEM):
            label = f"“{text.one_line(key.removeprefix(ITEM), 40)}” is sold as"
            found.append(Setting(key, label, value, items))
    return [*found, *chosen_customers.offered(connection, company.id)]


def _facts(connection: Connection, company: Company) -> Facts | None:
    kept = memory.recall(connection, company.id, "facts").get("facts")
    return None if kept is None else Facts.model_validate(kept)


def deposit_places(facts: Facts) -> tuple[Choice, ...]:
    return tuple(
        Choice(account.id, account.name)
        for account in facts.accounts
        if account.type != "Income" and not account.holds_undeposited_funds
    )


def _tax_label(key: str) -> str:
    """`tax.13.ON` in words; the last part may be a province, the middle holds points itself."""
    rates, _, where = key.removeprefix(TAX).rpartition(".")
    if rates == "untaxed":
        return f"Tax code for untaxed lines of {UNTAXED.get(where, where)}"
    told = " + ".join(f"{rate} %" for rate in rates.split("+"))
    return f"Tax code for {told}" + ("" if where == "anywhere" else f" in {where}")


def change(
    connection: Connection, company: Company, key: str, value: str, who: str, now: datetime
) -> None:
    """Changes a setting; what needs attention is then looked at once more.

    Args:
        value: The Id or the name of one of the choices; "" is the usual one.

    Raises:
        Refusal: No such setting, or a value that this QuickBooks company does not have.
    """
    facts = _facts(connection, company)
    if facts is None:
        raise Refusal(NOT_CONNECTED)
    if key.startswith(ITEM):
        key = products.setting_key(key)
        items = products.choices(connection, company.id)
        choice = choice_named(value, [item for item in items if item.word == value])
    elif key.startswith(CUSTOMER):
        choice = chosen_customers.choice(connection, company.id, key, value)
    else:
        choice = choice_named(value, choices_of(facts, key))
    before = _present(connection, company, key)
    if key == INCOME_ACCOUNT:
        account = {"income_account_id": choice.word, "income_account_name": choice.label}
        companies.change(connection, company.id, **account)
    elif key.startswith(CUSTOMER):
        chosen_customers.take_back(connection, company.id, key, choice)
    else:
        companies.change_setting(connection, company.id, key, choice.word)
    rulings.requeue(connection, invoices.held(connection, company.id), now)
    told = f"Setting {key} changed from {before} to {choice.label or 'the usual'}."
    journal.add(connection, company.id, None, now, told, who=who)


def _present(connection: Connection, company: Company, key: str) -> str:
    """What is chosen now, in QuickBooks' own name."""
    shown = {setting.key: setting.shown for setting in offered(connection, company)}
    return shown.get(key) or "the usual"


def choices_of(facts: Facts, key: str) -> tuple[Choice, ...]:
    """What a setting may be. Raises Refusal where there is none of that name."""
    if key == INCOME_ACCOUNT:
        return tuple(Choice(account.id, account.name) for account in facts.income_accounts)
    if key.startswith(DEPOSIT) and key.removeprefix(DEPOSIT) in KNOWN_METHODS:
        return (USUAL, *deposit_places(facts))
    if key == filed.SETTING:
        return (*filed_answers(facts), ASK_AGAIN)
    if key.startswith(TAX) and len(key) <= LONGEST_KEY:
        return (ASK_AGAIN, *_fitting_codes(facts, key))
    raise Refusal(
        "There is no such setting. There are first_day, income_account, deposit.METHOD (such as "
        "deposit.card), tax.RATES.PROVINCE (such as tax.13.ON or tax.untaxed.abroad), "
        "filed_period, item.PRODUCT and customer.CLIENT.CURRENCY."
    )


def _fitting_codes(facts: Facts, key: str) -> Iterator[Choice]:
    """The tax codes with the rates that the key names."""
    rates, _, _ = key.removeprefix(TAX).rpartition(".")
    for code in facts.tax_codes:
        told = "+".join(f"{percent:f}" for percent in code.percents) or "untaxed"
        if told == rates:
            yield Choice(code.id, code.name)


def choice_named(wanted: str, choices: Sequence[Choice]) -> Choice:
    for choice in choices:
        if wanted == choice.word or wanted.casefold() == choice.label.casefold():
            return choice
    names = "; ".join(choice.label for choice in choices) or "none"
    raise Refusal(f"QuickBooks has nothing active of that name here. There are: {names}.")
