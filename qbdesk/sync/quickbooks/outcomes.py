"""What a write to QuickBooks is, and the four things that can become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qbdesk.sync.quickbooks.faults import Fault, FaultKind

ENTITIES: Mapping[str, str] = {
    "account": "Account",
    "customer": "Customer",
    "invoice": "Invoice",
    "item": "Item",
    "payment": "Payment",
    "paymentmethod": "PaymentMethod",
}
_LONGEST_REQUEST_ID = 50  # characters (Intuit: "Idempotent requests")


@dataclass(frozen=True)
class Write:
    """One write, to the byte.

    Attributes:
        path: "invoice", "customer", "item", "payment", "paymentmethod" or "account".
        body: The JSON object to send, UTF-8. The very same bytes leave again where one try is
            repeated.
        request_id: Intuit's `requestid`, at most 50 characters.
        params: More query parameters; an update says {"operation": "update"}, which a batch needs.

    Raises:
        ValueError: A path or request id that QuickBooks does not have.
    """

    path: str
    body: bytes = field(repr=False)
    request_id: str
    params: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path not in ENTITIES:
            raise ValueError("There is no such kind of write.")
        if not 0 < len(self.request_id) <= _LONGEST_REQUEST_ID:
            raise ValueError("A request id has 1 to 50 characters.")

    @property
    def entity(self) -> str:
        return ENTITIES[self.path]


@dataclass(frozen=True)
class Confirmed:
    """Carried out. `entity` is QuickBooks' own answer; it has at least a non-empty text "Id".

    Attributes:
        told_at: When QuickBooks said so, by its own clock; None: it did not tell.
    """

    entity: dict[str, Any] = field(repr=False)
    tid: str | None
    told_at: datetime | None = None


@dataclass(frozen=True)
class Refused:
    """Certainly not carried out: QuickBooks said no."""

    fault: Fault


@dataclass(frozen=True)
class NotSent:
    """Certainly not carried out: no byte of it left this computer."""

    why: str


@dataclass(frozen=True)
class Unknown:
    """It may or may not have been carried out; only looking can tell.

    Attributes:
        status: The HTTP status of the answer that leaves it open; None: no answer came, or one
            that tells no more.
        code: QuickBooks' own, where that leaves it open: a first copy may be under way still.
    """

    why: str
    tid: str | None
    status: int | None = None
    code: str = ""


Outcome = Confirmed | Refused | NotSent | Unknown

_LOOK_FIRST = (
    "It is not known whether it was entered in QuickBooks; the program looks before it sends "
    "anything again."
)


def unknown(why: str, tid: str | None, status: int | None = None, code: str = "") -> Unknown:
    """An open outcome, with what it means for the books."""
    return Unknown(f"{why} {_LOOK_FIRST}", tid, status, code)


def from_fault(fault: Fault) -> Outcome:
    """What a fault says about the write. After a 5xx nothing is certain, whatever its code, nor
    after a 4xx with a code of QuickBooks' own that leaves it open."""
    if fault.kind is FaultKind.THROTTLED:
        return Refused(fault)
    if fault.http_status >= 500 or fault.kind is FaultKind.TRY_AGAIN:
        return unknown(fault.sentence, fault.tid, fault.http_status, fault.code)
    return Refused(fault)


def from_answer(
    answer: Mapping[str, Any], entity: str, http_status: int, tid: str | None
) -> Outcome:
    """What an answer without a fault says about the write."""
    found = answer.get(entity)
    if isinstance(found, dict) and isinstance(found.get("Id"), str) and found["Id"]:
        return Confirmed(found, tid)
    return unknown("QuickBooks' answer does not say what was entered.", tid, http_status)
