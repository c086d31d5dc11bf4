"""Many writes in one request: Intuit's batch, made of the writes' own bytes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from qbdesk.sync.quickbooks.faults import fault_in
from qbdesk.sync.quickbooks.outcomes import Outcome, Write, from_answer, from_fault, unknown

MOST_ITEMS = 30  # Intuit: "Batch operations", recommended maximum
LONGEST_REQUEST_ID = 36  # characters; longer ones are not honoured for a batch
_OPERATIONS = ("create", "update", "delete")


def batch_body(writes: Sequence[Write]) -> bytes:
    """The batch's JSON. An item's `bId` is its place, so the same writes give the same bytes.

    Raises:
        ValueError: None or too many, or a write that cannot be part of a batch.
    """
    if not 0 < len(writes) <= MOST_ITEMS:
        raise ValueError(f"A batch holds 1 to {MOST_ITEMS} writes.")
    items = (_item(str(place), write) for place, write in enumerate(writes, 1))
    return b'{"BatchItemRequest":[' + b",".join(items) + b"]}"


def _item(place: str, write: Write) -> bytes:
    operation = write.params.get("operation", "create")
    if operation not in _OPERATIONS or set(write.params) - {"operation"}:
        raise ValueError("This write must be sent by itself.")
    head = f'{{"bId":"{place}","operation":"{operation}","{write.entity}":'
    return head.encode() + write.body + b"}"


def batch_outcomes(
    answer: Mapping[str, Any], writes: Sequence[Write], http_status: int, tid: str | None
) -> list[Outcome]:
    """One outcome per write, in their order. What the answer does not tell apart is unknown."""
    listed = answer.get("BatchItemResponse")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    seen = Counter(str(item.get("bId")) for item in items)
    by_place = {str(item.get("bId")): item for item in items}
    outcomes: list[Outcome] = []
    for place, write in enumerate(writes, 1):
        if seen[str(place)] == 1:
            outcomes.append(_outcome(by_place[str(place)], write, http_status, tid))
        else:
            outcomes.append(unknown("QuickBooks' answer leaves this entry out.", tid, http_status))
    return outcomes


def _outcome(item: Mapping[str, Any], write: Write, http_status: int, tid: str | None) -> Outcome:
    fault = fault_in(item, http_status, tid)
    if fault is None:
        return from_answer(item, write.entity, http_status, tid)
    return from_fault(fault)
