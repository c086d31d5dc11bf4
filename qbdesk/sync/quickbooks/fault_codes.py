"""Intuit's error codes: what each means for the books, and what a person can do about it.

Codes as in Intuit's "QuickBooks Online error codes" and seen in real answers. The numbers stay
here; people only read the sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What an error answer asks of the program."""

    TRY_AGAIN = "try_again"  # passes by itself; whether a write was carried out may be unknown
    THROTTLED = "throttled"  # not carried out; wait, then the same again
    SIGN_IN = "sign_in"  # not carried out; the access token is no longer accepted
    COMPANY = "company"  # nothing of this company can go on
    DECIDE = "decide"  # refused; a person must decide about this invoice
    STALE = "stale"  # refused; the object has changed: read it again
    OUR_BUG = "our_bug"  # refused; what was sent should never have been sent


@dataclass(frozen=True)
class Meaning:
    """What an error code means.

    Attributes:
        sentence: What happened and what it means, for a bookkeeper.
        press: What to do about it.
    """

    kind: FaultKind
    sentence: str
    press: str


# What to press; the same words wherever the same thing helps.
_NOTHING = "Nothing needs to be done: qbdesk tries again by itself."
_CORRECT_SOURCE = "Correct the invoice where it was made, then press Try again."
_SETTINGS = "Check the settings of the company here and in QuickBooks, then press Try again."
_IN_QUICKBOOKS = "Put it right in QuickBooks, then press Try again."
_RECONNECT = "Press Reconnect and sign in to QuickBooks again."
_SUPPORT = "Press Try again; if it stays, open its Journal and send it to the makers of qbdesk."
_LOOK = "Look at the customer, the item, the accounts and the tax codes, then press Try again."


def _again(sentence: str) -> Meaning:
    return Meaning(FaultKind.TRY_AGAIN, sentence, _NOTHING)


def _sign_in() -> Meaning:
    sentence = "QuickBooks no longer accepts this program's sign-in. Nothing was entered."
    return Meaning(FaultKind.SIGN_IN, sentence, _RECONNECT)


def _company(sentence: str, press: str) -> Meaning:
    return Meaning(FaultKind.COMPANY, sentence, press)


def _decide(sentence: str, press: str) -> Meaning:
    return Meaning(FaultKind.DECIDE, sentence, press)


def _bug(what: str) -> Meaning:
    sentence = f"QuickBooks refused it because {what}. Nothing was entered; the fault is ours."
    return Meaning(FaultKind.OUR_BUG, sentence, _SUPPORT)


_STALE = Meaning(
    FaultKind.STALE,
    "Somebody changed this in QuickBooks at the same moment. Nothing was entered.",
    "Press Try again: qbdesk then looks at it afresh.",
)
_NO_ACCESS = _company(
    "The person who connected this company may not do this in QuickBooks. Nothing was entered.",
    "Ask the company's administrator for access in QuickBooks, or connect as somebody who has it.",
)
_WRONG_DATE = _decide(
    "QuickBooks cannot take a date of this invoice. Nothing was entered.", _CORRECT_SOURCE
)
_WRONG_NUMBER = _decide(
    "A number of this invoice is too large, too small or too exact for QuickBooks. "
    "Nothing was entered.",
    _CORRECT_SOURCE,
)
_WRONG_TAX = _decide(
    "QuickBooks does not accept the sales tax of this invoice: a tax code is missing, unknown or "
    "not meant for it. Nothing was entered.",
    "Check the company's tax codes here and in QuickBooks, then press Try again.",
)

MEANINGS: Mapping[str, Meaning] = {
    "100": _sign_in(),
    "110": _sign_in(),
    "120": _NO_ACCESS,
    "130": _again("QuickBooks sent this request to the wrong place on its own side."),
    "140": _again("QuickBooks has locked this company's books for a moment."),
    "150": _again("QuickBooks is closed for maintenance at the moment."),
    "500": _bug("it does not know this kind of request"),
    "600": _again(
        "QuickBooks says that it has had this very request before. qbdesk looks for what "
        "became of it before anything is sent again."
    ),
    "610": _decide(
        "Something that this invoice uses (its customer, an item, an account or another entry) "
        "has been deleted or made inactive in QuickBooks. Nothing was entered.",
        "Make it active again in QuickBooks, then press Try again.",
    ),
    "620": _decide(
        "QuickBooks would not tie the payment to the invoice: one of them has been changed, "
        "voided or deleted, or they belong to different customers. The payment was not entered.",
        "Look at the invoice in QuickBooks, then press Try again.",
    ),
    "630": _decide(
        "QuickBooks already holds the same entry. Nothing was entered a second time.",
        "Look for it in QuickBooks, then press Try again.",
    ),
    "800": _decide(
        "QuickBooks does not allow this entry to be deleted. It is still there.", _IN_QUICKBOOKS
    ),
    "1040": _bug("too many entries were sent at once"),
    "2000": _bug("it could not make sense of what was sent"),
    "2010": _bug("it was sent a field that it does not know"),
    "2020": _bug("a field that it asks for was missing"),
    "2030": _bug("it was sent an identification that is not one"),
    "2040": _decide(
        "QuickBooks does not accept the characters of a text in this invoice. Nothing was entered.",
        _CORRECT_SOURCE,
    ),
    "2050": _decide(
        "A text of this invoice is longer or shorter than QuickBooks accepts. Nothing was entered.",
        "Shorten or complete it where the invoice was made, then press Try again.",
    ),
    "2060": _WRONG_DATE,
    "2070": _WRONG_DATE,
    "2080": _WRONG_NUMBER,
    "2090": _WRONG_NUMBER,
    "2100": _WRONG_NUMBER,
    "2110": _WRONG_NUMBER,
    "2120": _bug("it was sent an entry of the wrong kind"),
    "2130": _bug("the request was marked in a way that it does not accept"),
    "2140": _decide(
        "QuickBooks does not accept an amount of this invoice. Nothing was entered.",
        _CORRECT_SOURCE,
    ),
    "2170": _bug("it was sent a word that it does not know"),
    "2210": _decide(
        "QuickBooks does not accept the customer's e-mail address. Nothing was entered.",
        _CORRECT_SOURCE,
    ),
    "2220": _decide(
        "QuickBooks does not accept the currency of this invoice. Nothing was entered.",
        "Switch the currency on in QuickBooks, or correct the invoice, then press Try again.",
    ),
    "2250": _decide("QuickBooks found no lines on it. Nothing was entered.", _CORRECT_SOURCE),
    "2280": _decide(
        "QuickBooks does not accept the tax amount of this invoice. Nothing was entered.",
        _CORRECT_SOURCE,
    ),
    "2290": _decide(
        "QuickBooks does not take an invoice or payment below zero. Nothing was entered.",
        _CORRECT_SOURCE,
    ),
    "2300": _decide(
        "For QuickBooks the amounts do not balance. Nothing was entered.", _CORRECT_SOURCE
    ),
    "2500": _decide(
        "The customer, an item, an account or a tax code that should be used does not exist in "
        "this QuickBooks company, or cannot be used here. Nothing was entered.",
        _LOOK,
    ),
    "2600": _STALE,
    "3000": _bug("it does not accept a custom field"),
    "3001": Meaning(
        FaultKind.THROTTLED,
        "QuickBooks asks for a pause because it had many requests for this company. "
        "Nothing was entered.",
        "Nothing needs to be done: qbdesk goes on after about a minute.",
    ),
    "3100": _company(
        "QuickBooks does not let this program into the company: it was disconnected in "
        "QuickBooks, or the app's keys are for the other kind of company (Intuit's sandbox "
        "companies and real companies have different keys). Nothing was entered.",
        "Check the app's keys, then press Reconnect and sign in to QuickBooks again.",
    ),
    "3200": _sign_in(),
    "3202": _sign_in(),
    "4000": _bug("it did not understand a search"),
    "4001": _bug("it does not allow a search of this kind"),
    "4002": _decide(
        "QuickBooks could not carry out a search. This happens when something kept in the "
        "company is not valid, most often an e-mail address on an old invoice. Nothing was "
        "entered.",
        "Correct the e-mail address in QuickBooks, then press Try again.",
    ),
    "5000": _bug("it no longer offers this kind of request"),
    "5010": _STALE,
    "5020": _NO_ACCESS,
    "5030": _decide(
        "This company's QuickBooks plan or settings do not offer what the invoice needs. "
        "Nothing was entered.",
        "Switch the feature on in QuickBooks, then press Try again.",
    ),
    "6000": _decide(
        "A rule of this QuickBooks company forbids it: often a tax code that is missing on a "
        "line, or a currency while the company works with one only. Nothing was entered.",
        _SETTINGS,
    ),
    "6041": _bug("it does not accept an attached file"),
    "6070": _bug("quantity times price is not the amount of a line"),
    "6080": _decide(
        "QuickBooks needs a name for the customer and found none. Nothing was entered.",
        _CORRECT_SOURCE,
    ),
    "6090": _decide(
        "QuickBooks does not accept the discount of this invoice. Nothing was entered.",
        "Allow discounts in QuickBooks' sales settings, then press Try again.",
    ),
    "6100": _WRONG_TAX,
    "6140": _decide(
        "QuickBooks already has an entry with this number. Nothing was entered a second time.",
        "Press Try again: qbdesk looks for the entry and asks whether it is this invoice.",
    ),
    "6150": _decide(
        "QuickBooks does not accept what this customer or item belongs to. Nothing was entered.",
        _IN_QUICKBOOKS,
    ),
    "6160": _WRONG_TAX,
    "6170": _WRONG_TAX,
    "6180": _decide(
        "QuickBooks allows five levels below a customer or item, not more. Nothing was entered.",
        _IN_QUICKBOOKS,
    ),
    "6190": _company(
        "The QuickBooks subscription of this company has ended or could not be charged, so "
        "QuickBooks takes nothing new. Nothing was entered.",
        "Renew the subscription in QuickBooks, then press Sync now.",
    ),
    "6200": _decide(
        "The date lies in a period that is closed in QuickBooks. Nothing was entered.",
        "Open the period in QuickBooks, then press Try again.",
    ),
    "6210": _decide(
        "The date lies in a period that is closed with a password in QuickBooks; a few companies "
        "answer the same when the number is already used. Nothing was entered.",
        "Open the period in QuickBooks, then press Try again.",
    ),
    "6220": _decide(
        "QuickBooks does not put away a customer, item or account that still has a balance.",
        _IN_QUICKBOOKS,
    ),
    "6230": _WRONG_TAX,
    "6240": _decide(
        "The name is already used in QuickBooks, by another customer, a vendor or an employee. "
        "Nothing was entered.",
        "Press Try again: qbdesk then looks who bears the name.",
    ),
    "6250": _decide(
        "QuickBooks does not accept this customer for a sale: it has been put away, or it is no "
        "customer. Nothing was entered.",
        "Make the customer active in QuickBooks, then press Try again.",
    ),
    "6270": _decide(
        "The date lies before the day on which QuickBooks began to count the stock of an item. "
        "Nothing was entered.",
        "Change the item's starting date in QuickBooks, then press Try again.",
    ),
    "6450": _decide(
        "A payment that has been settled cannot be voided in QuickBooks. It is still there.",
        _IN_QUICKBOOKS,
    ),
    "6470": _WRONG_TAX,
    "6480": _decide(
        "This entry is matched to the bank feed in QuickBooks and cannot be changed.",
        "Undo the match in QuickBooks, then press Try again.",
    ),
    "6530": _decide(
        "A text looks like the number of a payment card, and QuickBooks does not store those. "
        "Nothing was entered.",
        _CORRECT_SOURCE,
    ),
    "6540": _decide(
        "This payment is already part of a bank deposit in QuickBooks and cannot be changed.",
        "Take it out of the deposit in QuickBooks, then press Try again.",
    ),
    "7001": _company(
        "QuickBooks does not serve this company here: its subscription has lapsed, or the app's "
        "keys are for the other kind of company (Intuit's sandbox companies and real companies "
        "have different keys). Nothing was entered.",
        "Check the subscription and the app's keys, then press Reconnect.",
    ),
    "10000": _again(
        "QuickBooks had an error of its own. It does not say whether the request was carried out."
    ),
    "10100": _bug("the answer would have been too long"),
    "10200": _company(
        "This QuickBooks company has been reset: what was entered before is no longer there.",
        "Look at the company in QuickBooks, then press Reconnect.",
    ),
}
