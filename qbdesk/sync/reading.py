"""One row of the source, read as far as it can be: nothing that was shown disappears."""

import hashlib
import logging
from dataclasses import dataclass, replace
from typing import Any

import simplejson
from pydantic import ValidationError

from qbdesk.sync.errors import where
from qbdesk.sync.model import LARGEST_REVISION, PaidInvoice

log = logging.getLogger(__name__)

_LONGEST_ID = 128
_OWN_FAULT = (
    "qbdesk itself could not take in this invoice as the source shows it. It is kept as it came, "
    "and nothing is posted from it; if it stays so, look into the log."
)
UNFORESEEN = (ValueError, ArithmeticError)  # an overflow is the latter


@dataclass(frozen=True)
class Row:
    """One row of a page, read as far as it can be.

    Attributes:
        source_id: The source's own id; where it has none, one made from its content.
        invoice: None where the row does not validate; `problem` then says why.
    """

    source_id: str
    revision: int
    document: str
    invoice: PaidInvoice | None
    problem: str


def read(raw: Any) -> Row:
    """Reads one row; nothing that the source showed disappears."""
    document = simplejson.dumps(raw, use_decimal=True, sort_keys=True)
    try:
        invoice = PaidInvoice.model_validate(raw)
    except ValidationError as error:
        return Row(_identity(raw, document), _revision(raw), document, None, _problem(error))
    except UNFORESEEN as error:
        return unforeseen(Row(_identity(raw, document), _revision(raw), document, None, ""), error)
    return Row(invoice.id, invoice.revision, document, invoice, "")


def unforeseen(row: Row, error: Exception) -> Row:
    """One row that nobody foresaw must not keep the others from being read."""
    log.error("A row could not be taken in by %s at %s", type(error).__name__, where(error))
    return replace(row, invoice=None, problem=_OWN_FAULT)


def read_document(document: str) -> Row:
    """A row as the ledger keeps it."""
    return read(simplejson.loads(document, use_decimal=True))


def _identity(raw: Any, document: str) -> str:
    told = raw.get("id") if isinstance(raw, dict) else None
    if isinstance(told, str) and 0 < len(told) <= _LONGEST_ID and told.isprintable():
        return told
    return f"unreadable-{hashlib.sha256(document.encode()).hexdigest()[:16]}"


def _revision(raw: Any) -> int:
    told = raw.get("revision") if isinstance(raw, dict) else None
    if not isinstance(told, int) or isinstance(told, bool):
        return 0
    return told if 0 < told <= LARGEST_REVISION else 0


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = " ".join(_words(part) for part in first["loc"]) or "the row"
    told = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        what = f"“{where}” is missing"
    elif told != first["msg"] and told.startswith("is not "):
        what = f"“{where}” {told}"
    else:
        what = f"“{where}” {_NOT_AS_AGREED.get(first['type'], 'is not what it should be')}"
    return (
        f"The source shows this invoice in a form that cannot be trusted: {what}. It is kept as it "
        "came, and nothing is posted from it; correct it in the invoicing system."
    )


_NOT_AS_AGREED = {
    "string_pattern_mismatch": "is not written as it should be",
    "string_too_long": "is too long",
    "string_too_short": "is empty",
    "too_long": "has too many entries",
    "greater_than_equal": "is too small",
}


def _words(part: str | int) -> str:
    return str(part + 1) if isinstance(part, int) else part.replace("_", " ")
