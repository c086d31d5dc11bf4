"""What is proposed when a company is connected; a person confirms it or leaves it for later."""

from collections.abc import Mapping
from datetime import date, timedelta

from qbdesk.sync import settings
from qbdesk.sync.planner.money_received import CLEARED_LATER, KNOWN_METHODS
from qbdesk.sync.planner.tax_codes import UNTAXED, untaxed_setting
from qbdesk.sync.preflight import Facts
from qbdesk.sync.views import Choice, Proposal

ASK_LATER = Choice("", "Ask at the first such invoice")
LATER = Choice("", "Later: Undeposited Funds until then")
# Words in the name of an account that tell what waits there.
_CLEARED = {
    "card": ("card", "clearing"),
    "paypal": ("paypal",),
    "bank_debit": ("debit", "clearing"),
}
# Words in the name of a tax code; lines of clients at home are asked about (rule 17).
_CALLED = {"abroad": "zero", "exempt": "exempt"}


def clearing(facts: Facts, chosen: Mapping[str, str], *, propose: bool) -> tuple[Proposal, ...]:
    """An account for each method that is paid out later (rule 25).

    Args:
        propose: False where it was asked before: then what was left as it is stays so.
    """
    places = settings.deposit_places(facts)
    return tuple(
        Proposal(
            f"{settings.DEPOSIT}{method}",
            KNOWN_METHODS[method],
            (LATER, *places),
            chosen.get(f"{settings.DEPOSIT}{method}", ""),
            next((p.word for p in places if propose and _looks_like(p, method)), ""),
        )
        for method in CLEARED_LATER
    )


def _looks_like(place: Choice, method: str) -> bool:
    return all(word in place.label.casefold() for word in _CLEARED[method])


def untaxed(facts: Facts, chosen: Mapping[str, str], *, propose: bool) -> tuple[Proposal, ...]:
    """A tax code for lines without tax, where every line needs one (rule 17)."""
    if not facts.code_on_every_line:
        return ()
    codes = [Choice(code.id, code.name) for code in facts.tax_codes if not code.percents]
    return tuple(
        Proposal(
            key,
            f"No tax, {who}",
            (ASK_LATER, *codes),
            chosen.get(key, ""),
            _only_code_called(codes, _CALLED.get(kind)) if propose else "",
        )
        for kind, who in UNTAXED.items()
        for key in (untaxed_setting(kind),)
    )


def _only_code_called(codes: list[Choice], wanted: str | None) -> str:
    found = [code.word for code in codes if wanted and wanted in code.label.casefold()]
    return found[0] if len(found) == 1 else ""


def tax_treatment(facts: Facts) -> str:
    """How QuickBooks taxes here, and what becomes of the source's tax (rules 16 to 20)."""
    if not facts.using_sales_tax:
        return (
            "Sales tax is off in QuickBooks. Invoices without tax are posted; one that charges tax "
            "is held until sales tax is set up there."
        )
    if facts.code_on_every_line:
        taxed = [code.name for code in facts.tax_codes if code.percents]
        return (
            f"Every line gets one of QuickBooks' tax codes ({_some(taxed)}): by itself only where "
            "exactly one has the line's rates and fits the client's province, else you are asked "
            "once."
        )
    if facts.automated_tax:
        return (
            "QuickBooks works out sales tax by itself, from the client's address. Where its total "
            "is not the invoice's, to the cent, the payment waits and you are asked."
        )
    return (
        "Sales tax is set up by hand in QuickBooks: the rate that fits is used, and a total that "
        "would differ, even by a cent, is held before it is posted."
    )


def _some(names: list[str]) -> str:
    told = ", ".join(names[:4])
    return f"{told}, and {len(names) - 4} more" if len(names) > 4 else told or "none is active"


def first_day(facts: Facts, chosen: date) -> tuple[date, str]:
    """The first day of payment, and why it is another one than was chosen."""
    if facts.close_date is None or facts.close_date < chosen:
        return chosen, ""
    first_open = facts.close_date + timedelta(days=1)
    return first_open, (
        f"You chose {chosen}, but the books are closed up to {facts.close_date}: what was paid "
        "until then would be held."
    )


def checked(facts: Facts, answers: Mapping[str, str]) -> dict[str, str]:
    """What a person answered to these proposals. Raises Refusal for what was not offered."""
    asked = (*clearing(facts, {}, propose=False), *untaxed(facts, {}, propose=False))
    return {
        each.key: settings.choice_named(answers[each.key], each.choices).word
        for each in asked
        if each.key in answers
    }
