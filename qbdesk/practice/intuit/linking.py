"""What ties payments to invoices: balances, links on both sides, credit left over."""

from decimal import Decimal

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.books.ledger import Posting
from qbdesk.practice.wire import ZERO, cents


def linked_invoice(line: Entity) -> str:
    return str(line["LinkedTxn"][0]["TxnId"])


def settle_invoice(books: Books, invoice: Entity) -> None:
    """Balance and LinkedTxn of an invoice, from the payments that name it.

    Where the invoice has become smaller than what was paid, the payments give back the difference.
    """
    left = invoice["TotalAmt"]
    links = []
    payments = _payments_of(books, invoice)
    for payment in payments:
        before = left
        for line in _lines_for(invoice, payment):
            line["Amount"] = min(line["Amount"], left)
            left -= line["Amount"]
        if left != before:
            links.append({"TxnId": payment["Id"], "TxnType": "Payment"})
    invoice["Balance"] = left
    invoice["LinkedTxn"] = links
    if "HomeTotalAmt" in invoice:
        invoice["HomeBalance"] = _in_home_currency(invoice, left)
    # What one payment settles in home currency depends on those before it.
    for payment in payments:
        settle_payment(books, payment)


def _lines_for(invoice: Entity, payment: Entity) -> list[Entity]:
    return [line for line in payment["Line"] if linked_invoice(line) == invoice["Id"]]


def _in_home_currency(transaction: Entity, amount: Decimal) -> Decimal:
    return cents(amount * transaction.get("ExchangeRate", Decimal(1)))


def _payments_of(books: Books, invoice: Entity) -> list[Entity]:
    """Only the payments already linked can name it: the link is kept on both sides."""
    payments = books.entities["Payment"]
    keys = [link["TxnId"] for link in invoice["LinkedTxn"] if link["TxnType"] == "Payment"]
    return [payments[key] for key in keys if key in payments]


def settle_payment(books: Books, payment: Entity) -> None:
    """UnappliedAmt, and the payment's posting: a deposit against accounts receivable."""
    payment["Line"] = [line for line in payment["Line"] if line["Amount"]]
    applied = sum((line["Amount"] for line in payment["Line"]), ZERO)
    payment["UnappliedAmt"] = payment["TotalAmt"] - applied
    customer = payment["CustomerRef"]["value"]
    books.post(payment["Id"], customer, -payment["TotalAmt"], _posting(books, payment))


def _posting(books: Books, payment: Entity) -> Posting:
    deposited = _in_home_currency(payment, payment["TotalAmt"])
    settled = _in_home_currency(payment, payment["UnappliedAmt"])
    for invoice_id in dict.fromkeys(map(linked_invoice, payment["Line"])):
        settled += _settled(books, books.entities["Invoice"][invoice_id], payment)
    posting: Posting = {payment["DepositToAccountRef"]["value"]: deposited}
    receivable = books.account("AccountsReceivable")
    posting[receivable] = posting.get(receivable, ZERO) - settled
    exchange = books.account("ExchangeGainOrLoss")
    posting[exchange] = posting.get(exchange, ZERO) + settled - deposited
    return posting


def _settled(books: Books, invoice: Entity, payment: Entity) -> Decimal:
    """What a payment takes off an invoice in home currency, at the invoice's rate.

    Counted from balance to balance: parts rounded one by one could leave a cent of an invoice that
    is paid.
    """
    left = invoice["TotalAmt"]
    for other in _payments_of(books, invoice):
        before = left
        left -= sum((line["Amount"] for line in _lines_for(invoice, other)), ZERO)
        if other["Id"] == payment["Id"]:
            return _in_home_currency(invoice, before) - _in_home_currency(invoice, left)
    return ZERO


def link(books: Books, payment: Entity, amounts: dict[str, Decimal]) -> None:
    """Applies a payment to invoices, never to more than is owed, and bumps their SyncTokens."""
    for invoice_id, amount in amounts.items():
        invoice = dict(books.entities["Invoice"][invoice_id])
        applied = min(amount, invoice["Balance"])
        if applied <= ZERO:
            continue
        payment["Line"].append(
            {"Amount": applied, "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]}
        )
        own = {"TxnId": payment["Id"], "TxnType": "Payment"}
        invoice["LinkedTxn"] = [*(x for x in invoice["LinkedTxn"] if x != own), own]
        settle_invoice(books, books.replace("Invoice", invoice))
    settle_payment(books, payment)


def unlink(books: Books, payment: Entity) -> None:
    """Takes a payment off all its invoices, whose balances and SyncTokens rise again."""
    lines, payment["Line"] = payment["Line"], []
    for invoice_id in dict.fromkeys(linked_invoice(line) for line in lines):
        invoice = dict(books.entities["Invoice"][invoice_id])
        invoice["LinkedTxn"] = [x for x in invoice["LinkedTxn"] if x["TxnId"] != payment["Id"]]
        settle_invoice(books, books.replace("Invoice", invoice))


def release_invoice(books: Books, invoice: Entity) -> None:
    """Takes all payments off an invoice; they stay with their customer as credit."""
    for payment in _payments_of(books, invoice):
        changed = dict(payment)
        changed["Line"] = [x for x in payment["Line"] if linked_invoice(x) != invoice["Id"]]
        settle_payment(books, books.replace("Payment", changed))


def apply_credit(books: Books, invoice: Entity) -> None:
    """AutoApplyPayments: QuickBooks uses the customer's leftover payments by itself."""
    customer = invoice["CustomerRef"]["value"]
    for payment in books.indexed("Payment", "CustomerRef", customer) or ():
        if payment["UnappliedAmt"] > ZERO:
            link(books, payment, {invoice["Id"]: payment["UnappliedAmt"]})
