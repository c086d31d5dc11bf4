"""The bodies of our writes, as Intuit's API wants them. Money leaves as exact JSON numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import simplejson

from qbdesk.sync.model import Address, Customer, Line, PaidInvoice, Payment
from qbdesk.sync.money import ZERO, rounded, times
from qbdesk.sync.quickbooks import text

MOST_DIGITS = 7  # Intuit: decimals of Qty and UnitPrice


@dataclass(frozen=True)
class RateAmount:
    """The source's own tax for one of QuickBooks' rates."""

    rate_id: str
    percent: Decimal
    amount: Decimal
    net: Decimal


@dataclass(frozen=True)
class Taxes:
    """How an invoice's lines are taxed in QuickBooks.

    Attributes:
        codes: One tax code Id per line, in order; None: the company uses no sales tax.
        calculation: Intuit's GlobalTaxCalculation, outside the US.
        group: US manual sales tax: the Id of the tax group.
        amounts: Sent where a person chose the source's tax over QuickBooks' own.
        total: The same in the US, where only the sum can be sent.
        ship_to: US automated sales tax reads the ship-to address.
    """

    codes: tuple[str, ...] | None = None
    calculation: str | None = None
    group: str | None = None
    amounts: tuple[RateAmount, ...] = ()
    total: Decimal | None = None
    ship_to: bool = False


def body(payload: dict[str, Any]) -> bytes:
    """The exact bytes of a payload: the same payload always gives the same bytes."""
    return simplejson.dumps(payload, use_decimal=True, sort_keys=True, ensure_ascii=False).encode()


def display_name(wanted: str) -> str:
    return text.name(wanted, text.DISPLAY_NAME)


def customer(client: Customer, name: str, currency: str | None) -> dict[str, Any]:
    """A new customer (Intuit: Customer). `currency` only where several are in use."""
    payload: dict[str, Any] = {
        "DisplayName": name,
        "PrimaryEmailAddr": {"Address": (client.email or "").strip()},
        "PreferredDeliveryMethod": "None",
    }
    if client.company:
        payload["CompanyName"] = text.name(client.company, text.COMPANY_NAME)
    phone = text.one_line(client.phone or "", text.PHONE)
    if phone:
        payload["PrimaryPhone"] = {"FreeFormNumber": phone}
    if client.billing_address:
        payload |= _filled({"BillAddr": address(client.billing_address)})
    if currency:
        payload["CurrencyRef"] = {"value": currency}
    return payload


def address(place: Address) -> dict[str, str]:
    lines = [place.line1, place.line2]
    if place.freeform and not any(lines):
        lines = list(place.freeform.splitlines()[:5])
    fields = {
        f"Line{number}": text.one_line(line or "", text.ADDRESS_LINE)
        for number, line in enumerate(lines, start=1)
    }
    fields["City"] = text.one_line(place.city or "", text.PLACE)
    fields["CountrySubDivisionCode"] = text.one_line(place.region or "", text.PLACE)
    fields["PostalCode"] = text.one_line(place.postal_code or "", text.POSTAL_CODE)
    fields["Country"] = place.country or ""
    return _filled(fields)


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def service_item(name: str, income_account_id: str) -> dict[str, Any]:
    """The one service that invoice lines stand on (Intuit: Item)."""
    return {
        "Name": name,
        "Type": "Service",
        "IncomeAccountRef": {"value": income_account_id},
        "Description": "Income from paid invoices",
    }


def payment_method(name: str) -> dict[str, Any]:
    return {"Name": name}


def invoice(
    paid: PaidInvoice,
    *,
    customer_id: str,
    line_items: Sequence[str],
    discount_item: str,
    taxes: Taxes,
    issue_date: date,
    note: str,
    use_discount_line: bool,
    exchange_rate: Decimal | None,
    currency: str | None,
) -> dict[str, Any]:
    """A new invoice (Intuit: Invoice), dated as the source has it (rule 1).

    QuickBooks never mails or collects for us (rule 13).

    Args:
        line_items: The item of each line.
        discount_item: What a discount stands on where it is no discount line.
    """
    payload: dict[str, Any] = {
        "CustomerRef": {"value": customer_id},
        "DocNumber": paid.number,
        "TxnDate": issue_date.isoformat(),
        "DueDate": (paid.due_date or issue_date).isoformat(),
        "Line": [
            *_lines(paid, line_items, taxes),
            *_discount(paid, discount_item, taxes, use_discount_line=use_discount_line),
        ],
        "PrivateNote": note,
        "BillEmail": {"Address": (paid.customer.email or "").strip()},
        "EmailStatus": "NotSet",
        "AllowOnlineCreditCardPayment": False,
        "AllowOnlineACHPayment": False,
    }
    memo = text.paragraphs(paid.memo or "", text.CUSTOMER_MEMO)
    if memo:
        payload["CustomerMemo"] = {"value": memo}
    if paid.customer.billing_address:
        place = address(paid.customer.billing_address)
        payload |= _filled({"BillAddr": place, "ShipAddr": place if taxes.ship_to else {}})
    if taxes.calculation:
        payload["GlobalTaxCalculation"] = taxes.calculation
    payload |= _filled({"TxnTaxDetail": _tax_detail(paid, taxes)})
    if (taxes.ship_to or taxes.group) and use_discount_line:
        payload["ApplyTaxAfterDiscount"] = True
    return payload | _currency(currency, exchange_rate)


def _currency(currency: str | None, exchange_rate: Decimal | None) -> dict[str, Any]:
    if currency is None:
        return {}
    fields: dict[str, Any] = {"CurrencyRef": {"value": currency}}
    if exchange_rate is not None:
        fields["ExchangeRate"] = exchange_rate
    return fields


def _tax_detail(paid: PaidInvoice, taxes: Taxes) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if taxes.group:
        detail["TxnTaxCodeRef"] = {"value": taxes.group}
    if taxes.total is not None:
        detail["TotalTax"] = taxes.total
    if taxes.amounts:
        detail["TotalTax"] = paid.tax_total
        detail["TaxLine"] = [_tax_line(amount) for amount in taxes.amounts]
    return detail


def _tax_line(amount: RateAmount) -> dict[str, Any]:
    return {
        "Amount": amount.amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": amount.rate_id},
            "PercentBased": True,
            "TaxPercent": amount.percent,
            "NetAmountTaxable": amount.net,
        },
    }


def _lines(paid: PaidInvoice, items: Sequence[str], taxes: Taxes) -> list[dict[str, Any]]:
    parts = zip(paid.lines, items, _codes(paid, taxes), strict=True)
    return [_line(line, paid, item_id, code) for line, item_id, code in parts]


def _codes(paid: PaidInvoice, taxes: Taxes) -> Sequence[str | None]:
    return taxes.codes or [None] * len(paid.lines)


def _discount(
    paid: PaidInvoice, item_id: str, taxes: Taxes, *, use_discount_line: bool
) -> list[dict[str, Any]]:
    if not paid.discount:
        return []
    if use_discount_line:
        discount = {"PercentBased": False}
        detail = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": discount}
        return [{"Amount": paid.discount, **detail}]
    return _discount_by_code(paid, item_id, _codes(paid, taxes))


def _line(line: Line, paid: PaidInvoice, item_id: str, code: str | None) -> dict[str, Any]:
    """One line carrying the source's amount (rule 11); quantity and price only where they give it
    exactly."""
    detail: dict[str, Any] = {"ItemRef": {"value": item_id}}
    description = line.description
    product = line.product.name if line.product else ""
    if product and product.strip() not in description:
        description = f"{product}: {description}" if description.strip() else product
    if _is_exact(line, paid):
        detail |= {"Qty": line.quantity, "UnitPrice": line.unit_price}
    else:
        told = f"{line.quantity:f} × {line.unit_price:f}"
        if line.discount:
            told += f", less {line.discount}"
        shortened = description.rstrip()[: text.DESCRIPTION - len(told) - 3]
        description = f"{shortened} ({told})".strip()
    if code is not None:
        detail["TaxCodeRef"] = {"value": code}
    if line.service_date:
        detail["ServiceDate"] = line.service_date.isoformat()
    amount = line.amount
    if paid.tax_behavior == "inclusive" and line.tax_amount:
        detail["TaxInclusiveAmt"] = line.amount
        amount = line.amount - line.tax_amount
    payload = {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
        "Description": text.paragraphs(description, text.DESCRIPTION),
    }
    return payload if payload["Description"] else {k: payload[k] for k in list(payload)[:3]}


def _is_exact(line: Line, paid: PaidInvoice) -> bool:
    """Intuit refuses an amount that is not quantity times price (6070), and an eighth decimal."""
    few_digits = all(
        -int(number.as_tuple().exponent) <= MOST_DIGITS
        for number in (line.quantity, line.unit_price)
    )
    taxed_inclusive = paid.tax_behavior == "inclusive" and line.tax_amount != ZERO
    product = rounded(times(line.quantity, line.unit_price), paid.currency)
    return few_digits and not taxed_inclusive and product == line.amount


def discount_shares(paid: PaidInvoice, codes: Sequence[str | None]) -> dict[str | None, Decimal]:
    """The invoice's own discount per tax code, pro rata; the last takes the cent that rounding
    leaves (bookkeeping rule 11)."""
    by_code: dict[str | None, Decimal] = {}
    for line, code in zip(paid.lines, codes, strict=True):
        by_code[code] = by_code.get(code, ZERO) + line.amount
    shares, left = {}, paid.discount
    for position, (code, amount) in enumerate(by_code.items(), start=1):
        last = position == len(by_code)
        share = paid.discount * amount / paid.subtotal if paid.subtotal else paid.discount
        shares[code] = left if last else rounded(share, paid.currency)
        left -= shares[code]
    return shares


def _discount_by_code(
    paid: PaidInvoice, item_id: str, codes: Sequence[str | None]
) -> list[dict[str, Any]]:
    """The invoice's own discount as one negative line per tax code."""
    lines = []
    for code, part in discount_shares(paid, codes).items():
        detail: dict[str, Any] = {"ItemRef": {"value": item_id}}
        if code is not None:
            detail["TaxCodeRef"] = {"value": code}
        if part:
            lines.append(
                {
                    "Amount": -part,
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": detail,
                    "Description": "Discount",
                }
            )
    return lines


def payment(
    received: Payment,
    *,
    customer_id: str,
    invoice_id: str,
    paid_on: date,
    method_id: str,
    deposit_account_id: str | None,
    note: str,
    exchange_rate: Decimal | None,
    currency: str | None,
) -> dict[str, Any]:
    """Money received for exactly one invoice, gross (Intuit: Payment; rule 23)."""
    link = {"TxnId": invoice_id, "TxnType": "Invoice"}
    payload: dict[str, Any] = {
        "CustomerRef": {"value": customer_id},
        "TotalAmt": received.amount,
        "TxnDate": paid_on.isoformat(),
        "PaymentMethodRef": {"value": method_id},
        "PrivateNote": note,
        "Line": [{"Amount": received.amount, "LinkedTxn": [link]}],
    }
    reference = reference_number(received)
    if reference:
        payload["PaymentRefNum"] = reference
    if deposit_account_id:
        payload["DepositToAccountRef"] = {"value": deposit_account_id}
    return payload | _currency(currency, exchange_rate)


def reference_number(received: Payment) -> str:
    """The payer's reference, else the end of the processor's id (bookkeeping rule 26)."""
    if received.reference and received.reference.strip():
        return text.one_line(received.reference, text.REFERENCE)
    return text.one_line(received.processor_ref or "", 255)[-text.REFERENCE :]


def note(parts: Sequence[str], marker: str) -> str:
    """A PrivateNote (rule 14): what a person may want to know, and our mark, which is never cut."""
    told = text.paragraphs("\n".join(part for part in parts if part), text.PRIVATE_NOTE)
    return f"{told[: text.PRIVATE_NOTE - len(marker) - 1]}\n{marker}".strip()
