"""What only Intuit can answer: one probe each, for `qbdesk doctor --probe`.

A probe asks a sandbox company and says what was seen; docs/quickbooks.md says what hangs on it.
"""

from enum import StrEnum
from typing import Self


class Probe(StrEnum):
    """The probes, in the order they run. The value is the name that people and scripts see."""

    question: str

    def __new__(cls, name: str, question: str) -> Self:
        probe = str.__new__(cls, name)
        probe._value_ = name
        probe.question = question
        return probe

    TOKEN_LENGTHS = "token-lengths", "How many characters have access and refresh token?"
    REQUESTID_TWICE = "requestid-twice", "Is a customer sent twice under one requestid made once?"
    REQUESTID_OTHER_BODY = (
        "requestid-other-body",
        "What becomes of another customer under a requestid that was used?",
    )
    REQUESTID_AFTER_FAULT = (
        "requestid-after-fault",
        "Once the reason of a fault is gone, do the same bytes under the same requestid pass?",
    )
    QUERY_LAG = "query-lag", "How long after its creation is a customer found by a query?"
    EMAIL_IN = "email-in", "Is PrimaryEmailAddr IN (...) a valid query?"
    ORDER_BY_ID = "order-by-id", "Is ORDERBY Id obeyed?"
    DUPLICATE_NUMBER = (
        "duplicate-number",
        "Does an invoice with a number that is taken pass, under the present preference?",
    )
    PRIVATE_NOTE = (
        "private-note",
        "Does a PrivateNote come back as it was sent, and how long may it be?",
    )
    DISCOUNT_TAX_AFTER = (
        "discount-tax-after",
        "What is taxed of 100.00 less a DiscountLine of 10.00, with ApplyTaxAfterDiscount?",
    )
    DISCOUNT_TAX_BEFORE = (
        "discount-tax-before",
        "What is taxed of 100.00 less a DiscountLine of 10.00, without ApplyTaxAfterDiscount?",
    )
    TAX_INCLUSIVE = "tax-inclusive", "Is TaxInclusiveAmt taken as a line's gross?"
    TAX_LINE = "tax-line", "Is a tax amount that is a cent off QuickBooks' own taken as sent?"
