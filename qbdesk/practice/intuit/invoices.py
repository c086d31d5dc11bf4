"""Invoices: numbers, tax, totals, and what they do to the books (Intuit: Invoice)."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.books.chart import DEFAULT_TERMS
from qbdesk.practice.books.ledger import Posting
from qbdesk.practice.intuit import invoice_lines, linking, taxes, validate
from qbdesk.practice.intuit.refusals import RefusedError, business, missing
from qbdesk.practice.wire import ZERO, cents

HUNDRED = Decimal(100)
AUTO_GENERATE = "AUTO_GENERATE"
# What the server alone decides; whatever a client sends back of it is overwritten.
_COMPUTED = (
    *("TotalAmt", "Balance", "HomeTotalAmt", "HomeBalance", "LinkedTxn", "MetaData", "Id"),
    *("SyncToken", "sparse", "domain", "status", "AutoDocNumber", "InvoiceLink"),
)


def save(books: Books, old: Entity | None, body: Entity, include: frozenset[str]) -> Entity:
    """Creates (old is None) or updates an invoice."""
    sparse = old is not None and body.get("sparse") in (True, "true")
    number_was_sent = "DocNumber" in body
    fields = validate.cleaned({**_kept(old, body), **body} if sparse and old else body)
    asked_for_number = fields.get("AutoDocNumber") in (True, "true") or "autodocnumber" in include
    invoice = {name: value for name, value in fields.items() if name not in _COMPUTED}
    customer = validate.referenced(books, "Customer", invoice, "CustomerRef", needed=True)
    assert customer is not None
    invoice["CustomerRef"] = validate.reference(customer)
    _settle_dates(books, invoice, old, customer)
    if not number_was_sent or asked_for_number or invoice.get("DocNumber") == AUTO_GENERATE:
        _settle_number(books, invoice, old, asked=asked_for_number)
    _check_number(books, invoice, old, include)
    taxed_abroad = books.switches.country != "US" and books.switches.sales_tax != "none"
    if taxed_abroad and not invoice.get("GlobalTaxCalculation"):
        raise missing("GlobalTaxCalculation")
    for name in ("BillEmail", "BillEmailCc", "BillEmailBcc"):
        if not books.switches.bad_email_breaks_queries:
            validate.check_email(invoice, name)
    for kind, name in (("Class", "ClassRef"), ("Department", "DepartmentRef")):
        validate.referenced(books, kind, invoice, name)
    rate = validate.settle_currency(books, invoice, customer)
    _inherit(books, invoice, customer)
    posting = _work_out(books, invoice, rate)
    return _keep(books, old, invoice, posting)


def _kept(old: Entity, body: Entity) -> Entity:
    """What a sparse update leaves as it was; new lines are taxed anew, under the same code."""
    if "Line" not in body:
        return old
    code = old["TxnTaxDetail"].get("TxnTaxCodeRef")
    return {**old, "TxnTaxDetail": {"TxnTaxCodeRef": code} if code else {}}


def _settle_dates(books: Books, invoice: Entity, old: Entity | None, customer: Entity) -> None:
    today = books.clock().date().isoformat()
    invoice["TxnDate"] = str(invoice.get("TxnDate") or (old or {}).get("TxnDate") or today)[:10]
    usual = customer.get("SalesTermRef") or {"value": DEFAULT_TERMS}
    if books.switches.terms_of_customer and not invoice.get("DueDate"):
        invoice.setdefault("SalesTermRef", usual)
    term = validate.referenced(books, "Term", invoice, "SalesTermRef")
    if not invoice.get("DueDate"):
        days = term["DueDays"] if term else 0
        due = date.fromisoformat(invoice["TxnDate"]) + timedelta(days=int(days))
        invoice["DueDate"] = due.isoformat()
    validate.check_open_period(books, invoice["TxnDate"])
    if old is not None:
        validate.check_open_period(books, old["TxnDate"])


def _settle_number(books: Books, invoice: Entity, old: Entity | None, *, asked: bool) -> None:
    """With custom numbers an omitted number stays empty; without, it is the next one."""
    wants = asked or invoice.get("DocNumber") == AUTO_GENERATE or not books.switches.custom_numbers
    if old is not None and not asked:
        if old.get("DocNumber") and "DocNumber" not in invoice:
            invoice["DocNumber"] = old["DocNumber"]
    elif wants:
        books.number_sequence += 1
        while books.invoices_numbered(str(books.number_sequence)):
            books.number_sequence += 1
        invoice["DocNumber"] = str(books.number_sequence)


def _check_number(
    books: Books, invoice: Entity, old: Entity | None, include: frozenset[str]
) -> None:
    number = invoice.get("DocNumber")
    switches = books.switches
    checks = switches.refuse_duplicate_numbers and (
        switches.custom_numbers or switches.check_automatic_numbers
    )
    if not number or not checks or "allowduplicatedocnum" in include:
        return
    for other in books.invoices_numbered(number):
        if old is None or other["Id"] != old["Id"]:
            raise RefusedError(
                "6140",
                "Duplicate Document Number Error : You must specify a different number. This "
                f"number has already been used. DocNumber={number} is assigned to "
                f"TxnType=Invoice with TxnId={other['Id']}",
                "DocNumber",
            )


def _inherit(books: Books, invoice: Entity, customer: Entity) -> None:
    """QuickBooks copies addresses from the customer onto the invoice."""
    validate.settle_addresses(books, invoice)
    for name in ("BillAddr", "ShipAddr"):
        if not invoice.get(name) and customer.get(name):
            invoice[name] = customer[name]
    if books.switches.sales_tax == "us_automated":
        invoice["ShipFromAddr"] = taxes.SHIP_FROM
    invoice.setdefault("PrintStatus", "NeedToPrint")
    invoice.setdefault("EmailStatus", "NotSet")
    invoice.setdefault("ApplyTaxAfterDiscount", False)
    invoice.setdefault("CustomField", [])
    for name in ("AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment"):
        invoice.setdefault(name, False)
    invoice.setdefault("AllowOnlineACHPayment", False)


def _work_out(books: Books, invoice: Entity, rate: Decimal) -> Posting:
    """Fills in subtotal, tax and totals, and returns what the invoice does to the accounts."""
    lines = invoice_lines.check_lines(books, invoice)
    sales = [line for line in lines if line["DetailType"] == "SalesItemLineDetail"]
    gross = _gross_of_inclusive(books, invoice, sales)
    subtotal = sum((line["Amount"] for line in sales), ZERO)
    discount = _discount(lines, subtotal)
    invoice["Line"] = lines
    tax = taxes.work_out(books, invoice, discount)
    if tax.lines and len(sales) > invoice_lines.MOST_TAXED_LINES:
        raise business(f"A taxable invoice has at most {invoice_lines.MOST_TAXED_LINES} lines.")
    for position, contained in tax.inclusive.items():
        detail = lines[position]["SalesItemLineDetail"]
        detail["TaxInclusiveAmt"] = lines[position]["Amount"]
        lines[position]["Amount"] -= contained
    net = sum((line["Amount"] for line in sales), ZERO)
    total = net - discount + tax.total
    if total < ZERO:
        raise RefusedError("2290", "Transaction amount must be 0 or greater.", "TotalAmt")
    subtotal_line: Entity = {"Amount": net if gross else subtotal}
    invoice["Line"] = [*lines, {**subtotal_line, **_SUBTOTAL}]
    _write_tax(books, invoice, tax)
    invoice["TotalAmt"] = cents(total)
    if books.switches.multicurrency:
        invoice["HomeTotalAmt"] = cents(total * rate)
    return _posting(books, lines, tax, cents(total), rate)


_SUBTOTAL = {"DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}


def _gross_of_inclusive(books: Books, invoice: Entity, sales: list[Entity]) -> bool:
    """TaxInclusive: a line's gross is TaxInclusiveAmt where given and heeded, else its Amount."""
    if invoice.get("GlobalTaxCalculation") != "TaxInclusive":
        return False
    for line in sales:
        amount = invoice_lines.tax_inclusive_amount(line["SalesItemLineDetail"])
        if amount is not None and books.switches.tax_inclusive_amounts:
            line["Amount"] = amount
    return True


def _discount(lines: list[Entity], subtotal: Decimal) -> Decimal:
    for line in lines:
        if line["DetailType"] == "DiscountLineDetail":
            detail = line["DiscountLineDetail"]
            if detail["PercentBased"]:
                line["Amount"] = cents(subtotal * detail["DiscountPercent"] / HUNDRED)
            return Decimal(line["Amount"])
    return ZERO


def _write_tax(books: Books, invoice: Entity, tax: taxes.Tax) -> None:
    detail: dict[str, Any] = {"TotalTax": tax.total}
    code = (invoice.get("TxnTaxDetail") or {}).get("TxnTaxCodeRef")
    # Automated tax neither heeds nor echoes a code.
    if code and books.switches.sales_tax == "us_manual":
        detail["TxnTaxCodeRef"] = code
    if tax.lines:
        detail["TaxLine"] = tax.lines
    invoice["TxnTaxDetail"] = detail


def _posting(
    books: Books, lines: list[Entity], tax: taxes.Tax, total: Decimal, rate: Decimal
) -> Posting:
    posting: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line["DetailType"] == "SalesItemLineDetail":
            account = line["SalesItemLineDetail"]["ItemAccountRef"]["value"]
            posting[account] -= cents(line["Amount"] * rate)
        elif line["DetailType"] == "DiscountLineDetail":
            account = line["DiscountLineDetail"]["DiscountAccountRef"]["value"]
            posting[account] += cents(line["Amount"] * rate)
    for account, amount in tax.owed.items():
        posting[account] -= cents(amount * rate)
    posting[books.account("AccountsReceivable")] += cents(total * rate)
    # Lines rounded one by one in home currency may miss the rounded total by a cent.
    posting[books.account("ExchangeGainOrLoss")] -= sum(posting.values(), ZERO)
    return dict(posting)


def _keep(books: Books, old: Entity | None, invoice: Entity, posting: Posting) -> Entity:
    invoice["LinkedTxn"] = [] if old is None else old["LinkedTxn"]
    invoice["Balance"] = invoice["TotalAmt"]
    if old is None:
        kept = books.add("Invoice", invoice)
    else:
        kept = books.replace("Invoice", {**invoice, "Id": old["Id"]})
    books.post(kept["Id"], kept["CustomerRef"]["value"], kept["TotalAmt"], posting)
    linking.settle_invoice(books, kept)
    if old is None and books.switches.auto_apply_credit:
        linking.apply_credit(books, kept)
    return kept


def void(books: Books, invoice: Entity) -> Entity:
    """Amounts become 0 and the number stays; what was paid turns into credit."""
    validate.check_open_period(books, invoice["TxnDate"])
    linking.release_invoice(books, invoice)
    lines = [_voided_line(line) for line in invoice["Line"]]
    note = f"Voided - {invoice['PrivateNote']}" if invoice.get("PrivateNote") else "Voided"
    zeroes = {
        "TotalAmt": ZERO,
        "Balance": ZERO,
        "LinkedTxn": [],
        "TxnTaxDetail": {"TotalTax": ZERO},
    }
    kept = books.replace("Invoice", {**invoice, **zeroes, "Line": lines, "PrivateNote": note})
    books.post(kept["Id"], kept["CustomerRef"]["value"], ZERO, {})
    return kept


def _voided_line(line: Entity) -> Entity:
    voided = {**line, "Amount": ZERO}
    if "SalesItemLineDetail" in line:
        voided["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "Qty": ZERO}
    return voided


def delete(books: Books, invoice: Entity) -> None:
    validate.check_open_period(books, invoice["TxnDate"])
    linking.release_invoice(books, invoice)
    books.post(invoice["Id"], invoice["CustomerRef"]["value"], ZERO, {})
    books.remove("Invoice", invoice["Id"])
