"""The payments of an invoice: method, account, date and reference (bookkeeping rules 23 to 27)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from qbdesk.sync.model import PaidInvoice, Payment
from qbdesk.sync.money import ZERO, shown
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner.decisions import Finish, Hold, Look, Post, Subject, Wait
from qbdesk.sync.planner.knowledge import Case, Knowledge
from qbdesk.sync.preflight import Facts
from qbdesk.sync.quickbooks import payloads, text
from qbdesk.sync.views import Choice, Status

KNOWN_METHODS = {
    "card": "Credit card",
    "bank_debit": "Bank debit",
    "bank_transfer": "Bank transfer",
    "qb_payments": "QuickBooks Payments",
    "e_transfer": "e-Transfer",
    "cheque": "Cheque",
    "cash": "Cash",
    "paypal": "PayPal",
    "other": "Other",
}
BY_INTUIT = "qb_payments"
BY_INTUIT_REASON = "quickbooks_payments"
RECORDED = Choice("recorded", "QuickBooks has recorded it itself: leave it as it is there")
RECORDED_THERE = "Recorded in QuickBooks by QuickBooks Payments itself, by decision."
POST = "post"  # or post:ACCOUNT
MOST_PLACES = 6
LOOK_FOR_INTUIT = timedelta(days=3)
# Paid out later, in one sum and less a fee: these wait on an account of their own (rule 25).
CLEARED_LATER = ("card", "paypal", "bank_debit")
_OTHER_SPELLINGS = {"cheque": ("check", "chèque"), "credit card": ("card",), "cash": ("argent",)}


@dataclass(frozen=True)
class Method:
    """The payment method in QuickBooks that stands for a source's word."""

    name: str
    spellings: tuple[str, ...]


def method_of(payment: Payment) -> Method:
    """The tenant's own wording where there is one, else the method's usual name.

    A wording with digits in it (“Visa ending in 4242”) names one card or account, not a method: a
    list of payment methods with every client's card in it helps nobody.
    """
    usual = KNOWN_METHODS.get(payment.method, payment.method)
    label = text.one_line(payment.method_label or "", text.METHOD_NAME)
    if not label or any(sign.isdigit() for sign in label):
        label = usual
    name = text.name(label, text.METHOD_NAME)
    return Method(name, (name.casefold(), *_OTHER_SPELLINGS.get(name.casefold(), ())))


def shown_method(invoice: PaidInvoice) -> str:
    """The methods as the table shows them."""
    return ", ".join(dict.fromkeys(method_of(payment).name for payment in invoice.received))


def shown_fees(invoice: PaidInvoice) -> str:
    """What the processors kept, as far as the source knows; never posted."""
    sums: dict[str, Decimal] = {}
    for fee in (payment.fee for payment in invoice.received):
        if fee is not None:
            sums[fee.currency] = sums.get(fee.currency, ZERO) + fee.amount
    return ", ".join(shown(amount, currency) for currency, amount in sums.items())


def first_question(
    invoice: PaidInvoice, known: Knowledge, case: Case
) -> Hold | Wait | Finish | None:
    """QuickBooks Payments is never posted to Undeposited Funds by itself (rule 25): what Intuit
    recorded is looked for in every pass of three days, then a person is asked."""
    by_intuit = any(payment.method == BY_INTUIT for payment in invoice.received)
    answer = case.answers.get(BY_INTUIT_REASON, "")
    if not by_intuit or answer.startswith(POST) or f"deposit.{BY_INTUIT}" in known.settings:
        return None
    if answer == RECORDED.word:
        return Finish(Status.ALREADY_IN_QUICKBOOKS, RECORDED_THERE)
    until = case.seen_at + LOOK_FOR_INTUIT
    if case.now < until:
        day = until.astimezone(known.zone).date()
        return Wait(
            "Paid by QuickBooks Payments, which usually records invoice and money by itself. "
            f"qbdesk looks for them in QuickBooks until {day}; then it asks you."
        )
    return Hold(
        BY_INTUIT_REASON,
        "Paid by QuickBooks Payments, which usually records the money by itself, and no such "
        "invoice was found in QuickBooks. Look there first; posting it too would book it twice.",
        (RECORDED, *_places(known)),
    )


def _places(known: Knowledge) -> Iterator[Choice]:
    """Where money that Intuit did not record may be posted to."""
    for account in known.facts.accounts:
        if account.holds_undeposited_funds:
            yield Choice(POST, f"It is not in QuickBooks: post it to “{account.name}”")
    banks = [account for account in known.facts.accounts if account.type == "Bank"]
    for account in banks[:MOST_PLACES]:
        label = f"It is not in QuickBooks: post it to “{account.name}”"
        yield Choice(f"{POST}:{account.id}", label)


def account_question(invoice: PaidInvoice, known: Knowledge, case: Case) -> Hold | None:
    """The accounts are there and active (rule 12), and money is kept in an account of the home
    currency or of the invoice's own (rule 29)."""
    if known.income_account_id not in [account.id for account in known.facts.income_accounts]:
        return Hold(
            "income_account",
            "The default income account is not there or not active in QuickBooks any more. Choose "
            "another one in the settings, or make it active again.",
        )
    there = [account.id for account in known.facts.accounts]
    fitting = (None, known.facts.home_currency, invoice.currency)
    for payment in invoice.received:
        wanted = deposit_account(payment, known, case)
        if wanted is not None and wanted not in there:
            return Hold(
                "deposit_account",
                "The account chosen for this payment's method is not there or not active in "
                "QuickBooks any more. Choose another one in the settings.",
            )
        account = next((a for a in known.facts.accounts if a.id == wanted), None)
        if account is not None and account.currency not in fitting:
            return Hold(
                "deposit_currency",
                f"The account “{account.name}” is kept in {account.currency}, and this payment is "
                f"in {invoice.currency}. Choose another account for it in the settings.",
            )
    return None


def find_methods(invoice: PaidInvoice, known: Knowledge) -> list[Look | Post]:
    """What is missing before the payments can name their methods."""
    missing = {
        method.name.casefold(): method
        for method in map(method_of, invoice.received)
        if _method_id(method, known) is None
    }
    if missing and not known.methods_looked:
        return [Look(Subject.METHODS)]
    return [
        Post(
            StepKind.METHOD,
            f"method:{key}",
            payloads.payment_method(method.name),
            shared=True,
            alone_with=f"method:{key}",
        )
        for key, method in missing.items()
    ]


def _method_id(method: Method, known: Knowledge) -> str | None:
    return next((known.methods[name] for name in method.spellings if name in known.methods), None)


def method_id(payment: Payment, known: Knowledge) -> str:
    found = _method_id(method_of(payment), known)
    assert found is not None, "find_methods comes first"
    return found


def deposit_account(payment: Payment, known: Knowledge, case: Case | None = None) -> str | None:
    """Where the money is kept; None: QuickBooks' own default, Undeposited Funds."""
    if case is not None and payment.method == BY_INTUIT:
        account = case.answers.get(BY_INTUIT_REASON, "").partition(":")[2]
        if account:
            return account
    return account_for(payment.method, known.settings, known.facts)


def account_for(method: str, settings: Mapping[str, str], facts: Facts) -> str | None:
    """The account that payments of this method are put into (rule 25)."""
    chosen = settings.get(f"deposit.{method}")
    if chosen:
        return chosen
    return next((a.id for a in facts.accounts if a.holds_undeposited_funds), None)


def remarks(invoice: PaidInvoice, known: Knowledge) -> list[str]:
    """What the user should know of payments that were posted all the same."""
    told = []
    for payment in invoice.received:
        if payment.method not in KNOWN_METHODS:
            told.append(
                f"The payment method “{text.one_line(payment.method, 60)}” is not known; it was "
                "posted to Undeposited Funds."
            )
        elif payment.method in CLEARED_LATER and f"deposit.{payment.method}" not in known.settings:
            told.append(
                f"{KNOWN_METHODS[payment.method]} payouts arrive net of fees "
                "and will not match Undeposited Funds; choose a clearing account in the settings."
            )
        if len((payment.reference or "").strip()) > text.REFERENCE:
            told.append("The payment's reference was cut to 21 characters.")
    return list(dict.fromkeys(told))
