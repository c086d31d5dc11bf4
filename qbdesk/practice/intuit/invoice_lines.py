"""The lines of an invoice: what each must say, and which account its income belongs to."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.intuit import validate
from qbdesk.practice.intuit.refusals import RefusedError, business, invalid_reference, missing
from qbdesk.practice.wire import ZERO, cents, decimal

SHIPPING_ITEM = "SHIPPING_ITEM_ID"
MOST_LINES = 10_000
MOST_TAXED_LINES = 750
SEVEN_PLACES = Decimal("0.0000001")
PSEUDO_CODES = ("TAX", "NON")


def check_lines(books: Books, body: Entity) -> list[Entity]:
    """The invoice's own lines, completed as QuickBooks completes them; the subtotal comes later."""
    lines = [
        line for line in body.get("Line") or () if line.get("DetailType") != "SubTotalLineDetail"
    ]
    if not lines:
        raise missing("Line")
    if len(lines) > MOST_LINES:
        raise business(f"A transaction has at most {MOST_LINES} lines.")
    kept = [_check_line(books, body, dict(line)) for line in lines]
    if not any(line["DetailType"] == "SalesItemLineDetail" for line in kept):
        raise business("You must specify at least one product or service line.")
    if sum(line["DetailType"] == "DiscountLineDetail" for line in kept) > 1:
        raise business("A transaction has at most one discount line.")
    for number, line in enumerate(kept, start=1):
        line["Id"] = str(number)
        line["LineNum"] = number
    return kept


def _check_line(books: Books, body: Entity, line: Entity) -> Entity:
    kind = line.get("DetailType")
    if kind is None:
        raise missing("Line.DetailType")
    if kind == "DescriptionOnly":
        return line
    if kind == "SalesItemLineDetail":
        return _check_sales_line(books, body, line)
    if kind == "DiscountLineDetail":
        return _check_discount(books, line)
    raise RefusedError("5030", f"Feature Not Supported Error : {kind}", "Line.DetailType")


def _check_sales_line(books: Books, body: Entity, line: Entity) -> Entity:
    if "SalesItemLineDetail" not in line:
        raise missing("Line.SalesItemLineDetail")
    amount = decimal(line.get("Amount"))
    if amount is None:
        raise missing("Line.Amount")
    detail = dict(line["SalesItemLineDetail"])
    line["Amount"] = cents(amount)
    line["SalesItemLineDetail"] = detail
    _check_product(detail, amount)
    _settle_item(books, detail)
    _settle_tax_code(books, body, detail)
    validate.referenced(books, "Class", detail, "ClassRef", path="Line.SalesItemLineDetail.")
    return line


def _check_product(detail: Entity, amount: Decimal) -> None:
    """Amount = UnitPrice x Qty, rounded to the cent; else 6070."""
    for name in ("Qty", "UnitPrice"):
        number = decimal(detail.get(name))
        if number is not None:
            detail[name] = _seven_places(number)
    if "Qty" not in detail or "UnitPrice" not in detail:
        return
    # python-quickbooks sends 0 for what it was not given, and Intuit takes the amount.
    if detail["Qty"] == ZERO and detail["UnitPrice"] == ZERO:
        del detail["Qty"], detail["UnitPrice"]
        return
    product = cents(detail["Qty"] * detail["UnitPrice"])
    if product not in (cents(amount), tax_inclusive_amount(detail)):
        detail_text = f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount}"
        raise RefusedError("6070", detail_text, "Line.Amount")


def tax_inclusive_amount(detail: Entity) -> Decimal | None:
    """A line's TaxInclusiveAmt; None for the 0 that python-quickbooks sends for lack of one."""
    amount = decimal(detail.get("TaxInclusiveAmt"))
    return cents(amount) if amount else None


def _seven_places(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -7:
        return number.quantize(SEVEN_PLACES, ROUND_HALF_UP)
    return number


def _settle_item(books: Books, detail: Entity) -> None:
    path = "Line.SalesItemLineDetail."
    if (detail.get("ItemRef") or {}).get("value") == SHIPPING_ITEM:
        if not books.switches.allow_shipping:
            raise invalid_reference(f"{path}ItemRef")
        account = books.entities["Account"][books.account("ShippingFreightDelivery")]
        detail["ItemAccountRef"] = validate.reference(account)
        return
    if not detail.get("ItemRef"):
        if not books.switches.default_item:
            raise missing(f"{path}ItemRef")
        detail["ItemRef"] = {"value": books.default_item}
    item = validate.referenced(books, "Item", detail, "ItemRef", path=path, needed=True)
    assert item is not None
    if item["Type"] == "Category":
        raise RefusedError("2500", "Categories cannot be used in transactions.", f"{path}ItemRef")
    detail["ItemRef"] = validate.reference(item)
    detail["ItemAccountRef"] = item["IncomeAccountRef"]


def _settle_tax_code(books: Books, body: Entity, detail: Entity) -> None:
    path = "Line.SalesItemLineDetail."
    code = (detail.get("TaxCodeRef") or {}).get("value")
    if books.switches.country == "US":
        if code is not None and code not in PSEUDO_CODES:
            raise invalid_reference(f"{path}TaxCodeRef")
        detail["TaxCodeRef"] = {"value": code or "NON"}
        return
    if books.switches.sales_tax == "none":
        if code is not None:
            raise invalid_reference(f"{path}TaxCodeRef")
        return
    if body.get("GlobalTaxCalculation") == "NotApplicable":
        if body.get("TxnTaxDetail"):
            raise RefusedError("6170", "TxnTaxDetail must not be given with NotApplicable")
        raise business("Make sure all your transactions have a GST/HST rate before you save.")
    if code is None:
        raise business("Make sure all your transactions have a GST/HST rate before you save.")
    validate.referenced(books, "TaxCode", detail, "TaxCodeRef", path=path)


def _check_discount(books: Books, line: Entity) -> Entity:
    if not books.switches.allow_discount:
        raise business("Discounts are turned off for this company.", "Line.DetailType")
    detail: dict[str, Any] = dict(line.get("DiscountLineDetail") or {})
    percent_based = detail.get("PercentBased") in (True, "true")
    name = "DiscountPercent" if percent_based else "Amount"
    value = decimal(detail.get(name) if percent_based else line.get(name))
    if value is None:
        raise missing(f"Line.{name}")
    if value < ZERO:
        raise RefusedError("2290", "Discount must not be negative.", f"Line.{name}")
    path = "Line.DiscountLineDetail."
    account = validate.referenced(books, "Account", detail, "DiscountAccountRef", path=path)
    account = account or books.entities["Account"][books.account("DiscountsRefundsGiven")]
    detail["DiscountAccountRef"] = validate.reference(account)
    detail["PercentBased"] = percent_based
    if percent_based:
        detail["DiscountPercent"] = value
    else:
        line["Amount"] = cents(value)
    return {**line, "DiscountLineDetail": detail}
