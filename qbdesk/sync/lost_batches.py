"""What left in one batch and has to go again: together, later, one by one, or put apart first."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from qbdesk.sync.ledger.steps import StepRecord, StepState, Tries
from qbdesk.sync.planner.decisions import Post
from qbdesk.sync.quickbooks import payloads

BATCH = "batch?requestid="  # how the path of a batch begins
TURNED_AWAY = 2  # answers without a success, until what was in a batch leaves one by one


class Fate(StrEnum):
    """What becomes of entries that were in one batch, got no answer and were proven absent."""

    TOGETHER = "together"  # the very same batch leaves again
    LATER = "later"  # the others are still to come: they wait for them
    SINGLY = "singly"  # nothing of the batch can come late: each leaves by itself
    APART = "apart"  # each leaves by itself, and so only when nothing comes late any more


def fate(
    path: str,
    found: Sequence[tuple[Post, StepRecord]],
    members: Sequence[StepRecord],
    to_come: Collection[int],
    tries: Mapping[int, Tries],
) -> Fate:
    """The one place that decides it. QuickBooks knows a batch by the batch's request id alone, so
    that only the very same batch is safe from its earlier self.

    Args:
        found: What is wanted again now.
        members: All that left by this path last, in the order of their ids, as the batch had them.
        to_come: Those of the others that will be wanted again, as far as can be known.
        tries: How the found ones fared.
    """
    if any(each.state in (StepState.CONFIRMED, StepState.REJECTED) for each in members):
        return Fate.SINGLY
    if all(tries[step.id].no_late_commit for _, step in found):
        return Fate.SINGLY
    # One that was answered is turned away for one of its entries, maybe.
    again = all(
        step.body == payloads.body(post.payload) and tries[step.id].batches < TURNED_AWAY
        for post, step in found
    )
    if not again or path != batch_path([each.request_id for each in members]):
        return Fate.APART
    missing = {each.id for each in members} - {step.id for _, step in found}
    if not missing:
        return Fate.TOGETHER
    return Fate.LATER if missing <= set(to_come) else Fate.APART


def batch_id(request_ids: Sequence[str]) -> str:
    """The same for the same writes in the same order."""
    return f"qdb{hashlib.sha256(''.join(request_ids).encode()).hexdigest()[:32]}"


def batch_path(request_ids: Sequence[str]) -> str:
    """By which the steps of a batch know each other."""
    return f"{BATCH}{batch_id(request_ids)}"
