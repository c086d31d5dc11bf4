"""What a month's books have to say, worked out from the source's documents and double entry alone.

Nothing of qbdesk takes part in it.
"""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from invoices import Document
from worked_month import ACCOUNTS, UNDEPOSITED, ZERO, Month, Shown, rounded

TORONTO = ZoneInfo("America/Toronto")  # where the practice tenant lives
RECEIVABLE = "Accounts Receivable (A/R)"
INCOME = "Services"
DISCOUNTS = "Discounts given"
EXCHANGE = "Exchange Gain or Loss"
METHODS = {
    "card": "Credit card",
    "bank_debit": "Bank debit",
    "bank_transfer": "Bank transfer",
    "e_transfer": "e-Transfer",
    "cheque": "Cheque",
    "cash": "Cash",
    "paypal": "PayPal",
    "other": "Other",
    "qb_payments": "QuickBooks Payments",
    "barter": "barter",
}


def trial_balance(month: Month) -> dict[str, Decimal]:
    """Account -> balance, debits positive, by double entry from the source's documents."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for shown in month.shown:
        for account, amount in [*_invoice(shown, month), *_payments(shown, month)]:
            found[account] += amount
    for entry in month.entered:
        came_in = entry.paid + entry.unapplied
        found[RECEIVABLE] += entry.net + entry.tax - came_in
        found[INCOME] -= entry.net
        found[month.taxes[month.home_tax][1]] -= entry.tax
        found[UNDEPOSITED] += came_in
    return {account: amount for account, amount in found.items() if amount}


def _invoice(shown: Shown, month: Month) -> list[tuple[str, Decimal]]:
    if not shown.invoice:
        return []
    doc = shown.booked
    rate = _rate(month, doc["currency"], shown.issued or doc["issue_date"])
    contained = doc["tax_behavior"] == "inclusive"
    entries = [(RECEIVABLE, rounded(Decimal(doc["total"]) * rate))]
    for row in doc["lines"]:
        net = Decimal(row["amount"]) - (Decimal(row["tax_amount"]) if contained else ZERO)
        entries.append((INCOME, -rounded(net * rate)))
    given = DISCOUNTS if shown.discount_line else INCOME
    entries.append((given, rounded(Decimal(doc["discount"]) * rate)))
    for tax in doc["tax"]:
        account = month.taxes[tax["name"]][1]
        entries.append((account, -rounded(Decimal(tax["amount"]) * rate)))
    # A cent that rounding in home currency leaves.
    return [*entries, (EXCHANGE, -sum((amount for _, amount in entries), ZERO))]


def _payments(shown: Shown, month: Month) -> list[tuple[str, Decimal]]:
    """Money at its own day's rate, the receivable at the invoice's: exchange takes the difference.

    No invoice in another currency is paid in parts here."""
    if not shown.paid:
        return []
    doc = shown.booked
    at_issue = _rate(month, doc["currency"], shown.issued or doc["issue_date"])
    entries = []
    for row, day in zip(_came_in(doc), days_received(shown), strict=True):
        amount = Decimal(row["amount"])
        money = rounded(amount * _rate(month, doc["currency"], day))
        owed = rounded(amount * at_issue)
        entries += [
            (ACCOUNTS.get(row["method"], UNDEPOSITED), money),
            (RECEIVABLE, -owed),
            (EXCHANGE, owed - money),
        ]
    return entries


def _rate(month: Month, currency: str, day: str) -> Decimal:
    return Decimal(1) if currency == month.home else month.rates[currency, day]


def _came_in(doc: Document) -> list[Document]:
    return [row for row in doc["payments"] if row["status"] == "succeeded"]


def days_received(shown: Shown) -> list[str]:
    moments = (datetime.fromisoformat(row["paid_at"]) for row in _came_in(shown.document))
    return list(shown.received) or [str(at.astimezone(TORONTO).date()) for at in moments]


def money(month: Month) -> list[tuple[str, ...]]:
    """Every payment: number of the invoice, amount, day, method, reference, deposit account."""
    found = []
    for shown in month.shown:
        rows = zip(_came_in(shown.document), days_received(shown), strict=True)
        for row, day in rows if shown.paid else ():
            own = row["reference"] or (row["processor_ref"] or "")[-21:]
            account = ACCOUNTS.get(row["method"], UNDEPOSITED)
            method = METHODS[row["method"]]
            number = shown.number or shown.document["number"]
            found.append((number, row["amount"], day, method, own, account))
    return sorted(found)


def by_rate(month: Month) -> dict[str, tuple[Decimal, Decimal]]:
    """QuickBooks' tax rate -> what was taxed, and the tax, in the invoices' own currencies."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for shown in month.shown:
        for tax in shown.booked["tax"] if shown.invoice else ():
            name = month.taxes[tax["name"]][0]
            net, amount = found.get(name, (ZERO, ZERO))
            net += _taxable(shown, tax)
            found[name] = (net, amount + Decimal(tax["amount"]))
    return found


def _taxable(shown: Shown, tax: Document) -> Decimal:
    """What a rate is charged on: lines less their part of the discount, without contained tax."""
    doc, net = shown.booked, ZERO
    part = Decimal(doc["discount"]) / Decimal(doc["subtotal"]) if Decimal(doc["subtotal"]) else ZERO
    for row in doc["lines"]:
        if tax["tax_rate_id"] in [entry["tax_rate_id"] for entry in row["taxes"]]:
            contained = doc["tax_behavior"] == "inclusive"
            net += Decimal(row["amount"]) - (Decimal(row["tax_amount"]) if contained else ZERO)
            net -= rounded(Decimal(row["amount"]) * part)
    return net


def by_code(month: Month) -> dict[str, Decimal]:
    """QuickBooks' tax code -> net sales under it, a discount taken off."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for shown in month.shown:
        doc = shown.booked
        contained = doc["tax_behavior"] == "inclusive"
        subtotal = Decimal(doc["subtotal"])
        part = Decimal(doc["discount"]) / subtotal if subtotal else ZERO
        rows = zip(doc["lines"], shown.codes, strict=True) if shown.invoice else ()
        for row, code in rows:
            amount = Decimal(row["amount"])
            found[code] += amount - (Decimal(row["tax_amount"]) if contained else ZERO)
            found[code] -= rounded(amount * part)
    return dict(found)
