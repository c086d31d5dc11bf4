"""The feed's contract as a test can ask it: is a document of its shape, and does it add up?"""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

CONTRACT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "paid-invoice-feed.openapi.yaml").read_text("utf-8")
)
CENT = Decimal("0.01")


def validator(schema: str) -> Draft202012Validator:
    """A validator for one of the contract's schemas."""
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": CONTRACT["components"]},
        format_checker=FormatChecker(),
    )


INVOICE = validator("Invoice")


def faults(schema: Draft202012Validator, document: Any) -> list[str]:
    """What the schema has against a document, each with the place."""
    return [f"{error.json_path}: {error.message}" for error in schema.iter_errors(document)]


def sums_that_fail(invoice: dict[str, Any]) -> set[str]:
    """Which of the contract's sums an invoice with prices exclusive of tax does not keep."""
    lines, payments = invoice["lines"], invoice["payments"]
    subtotal, total = Decimal(invoice["subtotal"]), Decimal(invoice["total"])
    paid, discount = Decimal(invoice["amount_paid"]), Decimal(invoice["discount"])
    per_rate: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        for tax in line["taxes"]:
            per_rate[tax["tax_rate_id"]] += Decimal(tax["amount"])
    received = [
        Decimal(payment["amount"]) - Decimal(payment["refunded_amount"])
        for payment in payments
        if payment["status"] == "succeeded"
    ]
    kept = {
        "line": all(Decimal(line["amount"]) == _amount(line) for line in lines),
        "line tax": all(Decimal(line["tax_amount"]) == _total(line["taxes"]) for line in lines),
        "subtotal": subtotal == _total(lines),
        "total": total == subtotal - discount + _total(invoice["tax"]),
        "tax": {tax["tax_rate_id"]: Decimal(tax["amount"]) for tax in invoice["tax"]} == per_rate,
        "tax total": Decimal(invoice["tax_total"]) == _total(invoice["tax"]),
        "balance": Decimal(invoice["balance_due"])
        == total - paid - Decimal(invoice["credit_applied"]),
        "settled": Decimal(invoice["balance_due"]) == 0,
        "paid": paid == sum(received, Decimal(0)),
    }
    return {name for name, holds in kept.items() if not holds}


def _amount(line: dict[str, Any]) -> Decimal:
    product = Decimal(line["quantity"]) * Decimal(line["unit_price"])
    return product.quantize(CENT, ROUND_HALF_UP) - Decimal(line["discount"])


def _total(rows: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))
