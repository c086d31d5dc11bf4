"""The name of every write, for ever: request id and marker are derived from it, never drawn.

Derived, so that a second desk, a fresh installation or a lost ledger comes to the very same ones
and QuickBooks (or a look at the marker) shows that the work is done.
"""

import base64
import hashlib
from enum import StrEnum

MARKER_START = "[qbdesk:v1:"
_COLON = "%"  # no id of a source holds one


class StepKind(StrEnum):
    """The kinds of write, in the order of the waves they travel in."""

    CUSTOMER = "customer"
    ITEM = "item"
    METHOD = "paymentmethod"
    INVOICE = "invoice"
    REPAIR = "repair"
    PAYMENT = "payment"

    @property
    def path(self) -> str:
        """Where it is sent to at Intuit."""
        return "invoice" if self is StepKind.REPAIR else str(self)


DOCUMENTS = (StepKind.INVOICE, StepKind.REPAIR, StepKind.PAYMENT)  # what moves money in the books


def invoice_operation(source_id: str) -> str:
    return f"{StepKind.INVOICE}:{source_id}"


def payment_operation(source_id: str, payment_id: str) -> str:
    # Ids of a source may hold colons, and "a:b" with "c" is not "a" with "b:c".
    return f"{StepKind.PAYMENT}:{source_id.replace(':', _COLON)}:{payment_id}"


def payment_id_of(operation: str) -> str:
    """The source's id of the payment that an operation stands for."""
    return operation.split(":", 2)[2]


_LETTERS = {
    StepKind.CUSTOMER: "c",
    StepKind.ITEM: "s",
    StepKind.METHOD: "m",
    StepKind.INVOICE: "i",
    StepKind.REPAIR: "u",
    StepKind.PAYMENT: "p",
}


def _digest(*parts: str) -> str:
    # A length before each part: no two lists of parts can give the same text.
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return base64.b32encode(hashlib.sha256(told.encode()).digest()).decode().lower()


def request_id(
    realm_id: str, source_key: str, kind: StepKind, operation: str, generation: int
) -> str:
    """36 characters: Intuit takes 50, and 36 within a batch."""
    letter = _LETTERS[kind]
    return f"qd1{letter}{_digest(realm_id, source_key, operation, str(generation))[:32]}"


def marker(realm_id: str, source_key: str, operation: str) -> str:
    """What the note of an invoice or payment ends with; the same for every generation."""
    return f"{MARKER_START}{_digest(realm_id, source_key, operation)[:20]}]"
