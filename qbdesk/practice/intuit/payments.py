"""Payments: money received, applied to invoices of the same customer (Intuit: Payment)."""

from collections import defaultdict
from decimal import Decimal

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.intuit import linking, validate
from qbdesk.practice.intuit.refusals import RefusedError, business, missing, not_found
from qbdesk.practice.wire import ZERO, cents, decimal

_DEPOSIT_TYPES = ("Bank", "Other Current Asset", "Cash and Cash Equivalents", "Credit Card")
_COMPUTED = ("UnappliedAmt", "MetaData", "Id", "SyncToken", "sparse", "domain", "status")


def save(books: Books, old: Entity | None, body: Entity) -> Entity:
    """Creates (old is None) or updates a payment; an update has to be a full one."""
    payment = {k: v for k, v in validate.cleaned(body).items() if k not in _COMPUTED}
    total = decimal(payment.get("TotalAmt"))
    if total is None:
        raise missing("TotalAmt")
    if total < ZERO:
        raise RefusedError("2290", "Transaction amount must be 0 or greater.", "TotalAmt")
    customer = validate.referenced(books, "Customer", payment, "CustomerRef", needed=True)
    assert customer is not None
    payment["TotalAmt"] = cents(total)
    payment["CustomerRef"] = validate.reference(customer)
    today = books.clock().date().isoformat()
    payment["TxnDate"] = str(payment.get("TxnDate") or today)[:10]
    validate.check_open_period(books, payment["TxnDate"])
    validate.referenced(books, "PaymentMethod", payment, "PaymentMethodRef")
    validate.settle_currency(books, payment, customer)
    _settle_deposit(books, payment)
    amounts = _applications(books, payment, customer)
    payment["Line"] = []
    payment.setdefault("ProcessPayment", False)
    if old is None:
        kept = books.add("Payment", payment)
    else:
        check_changeable(books, old)
        linking.unlink(books, old)
        kept = books.replace("Payment", {**payment, "Id": old["Id"]})
    linking.link(books, kept, amounts)
    return kept


def _settle_deposit(books: Books, payment: Entity) -> None:
    """Without an account the money lands in Undeposited Funds."""
    account = validate.referenced(books, "Account", payment, "DepositToAccountRef")
    if account is None:
        account = books.entities["Account"][books.account("UndepositedFunds")]
    elif account["AccountType"] not in _DEPOSIT_TYPES:
        detail = "You need to select a different type of account for the deposit."
        raise business(detail, "DepositToAccountRef")
    home = books.switches.home_currency
    held_in = (account.get("CurrencyRef") or {}).get("value", home)
    if held_in not in (home, (payment.get("CurrencyRef") or {}).get("value")):
        raise business(validate.OTHER_CURRENCY, "DepositToAccountRef")
    payment["DepositToAccountRef"] = {"value": account["Id"]}


def _applications(books: Books, payment: Entity, customer: Entity) -> dict[str, Decimal]:
    """Invoice Id -> amount, from the lines; only invoices of this customer's family."""
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in payment.get("Line") or ():
        amount = decimal(line.get("Amount"))
        if amount is None:
            raise missing("Line.Amount")
        if amount < ZERO:
            raise RefusedError("2290", "Transaction amount must be 0 or greater.", "Line.Amount")
        if len(line.get("LinkedTxn") or ()) != 1:
            raise missing("Line.LinkedTxn")
        target = line["LinkedTxn"][0]
        if target.get("TxnType") != "Invoice":
            raise RefusedError("620", f"Transaction cannot be linked : {target.get('TxnType')}")
        invoice = books.get("Invoice", str(target.get("TxnId")))
        if invoice is None:
            raise not_found()
        if _family(books, invoice["CustomerRef"]["value"]) != _family(books, customer["Id"]):
            raise RefusedError(
                "620", "Transaction cannot be linked : it belongs to another customer"
            )
        amounts[invoice["Id"]] += cents(amount)
    if sum(amounts.values(), ZERO) > payment["TotalAmt"]:
        raise business("The amount applied is more than the payment.", "TotalAmt")
    return dict(amounts)


def _family(books: Books, customer_id: str) -> str:
    """A job is paid by its parent: the topmost customer stands for all."""
    customer = books.entities["Customer"][customer_id]
    while customer.get("ParentRef"):
        customer = books.entities["Customer"][customer["ParentRef"]["value"]]
    return str(customer["Id"])


def check_changeable(books: Books, payment: Entity) -> None:
    validate.check_open_period(books, payment["TxnDate"])
    if payment["Id"] in books.deposited:
        detail = "Deposited Transaction cannot be changed : delete the deposit first."
        raise RefusedError("6540", detail)


def void(books: Books, payment: Entity) -> Entity:
    """Amount 0, no lines; the invoices it paid are open again."""
    check_changeable(books, payment)
    linking.unlink(books, payment)
    note = f"Voided - {payment['PrivateNote']}" if payment.get("PrivateNote") else "Voided"
    zeroes = {"TotalAmt": ZERO, "Line": [], "PrivateNote": note}
    kept = books.replace("Payment", {**payment, **zeroes})
    linking.settle_payment(books, kept)
    return kept


def delete(books: Books, payment: Entity) -> None:
    check_changeable(books, payment)
    linking.unlink(books, payment)
    books.post(payment["Id"], payment["CustomerRef"]["value"], ZERO, {})
    books.remove("Payment", payment["Id"])
