"""What left in one batch and has to go again: together, later, one by one, or put apart first."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from qbdesk.sync.ledger.attempts import Tries
from qbdesk.sync.ledger.steps import BATCH, StepRecord
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner.decisions import Post
from qbdesk.sync.quickbooks import payloads

# How often the very same batch leaves without a success before its entries leave one by one: with
# an answer that turns it away, maybe for one of them, and without any.
MOST_ANSWERED, MOST_LOST = 2, 4
# QuickBooks takes a name once, so that what is known by its name is not doubled.
_NAMED = (StepKind.CUSTOMER, StepKind.ITEM, StepKind.METHOD)


class Fate(StrEnum):
    """What becomes of entries that were in one batch, got no answer and were proven absent."""

    TOGETHER = "together"  # the very same batch leaves again
    LATER = "later"  # the others are still to come: they wait for them
    SINGLY = "singly"  # nothing of the batch can come late: each leaves by itself
    LOOK_AGAIN = "look again"  # it was carried out: what is absent after one more settle time
    APART = "apart"  # each leaves by itself, and so only when nothing comes late any more


def fate(
    path: str,
    found: Sequence[tuple[Post, StepRecord]],
    members: Sequence[StepRecord],
    to_come: Collection[int],
    tries: Mapping[int, Tries],
    *,
    has_run: bool,
) -> Fate:
    """The one place that decides it. QuickBooks knows a batch by the batch's request id alone, so
    that only the very same batch is safe from its earlier self.

    Args:
        found: What is wanted again now.
        members: All that left by this path last, in the order of their ids, as the batch had them.
        to_come: Those of the others that will be wanted again, as far as can be known.
        tries: How the found ones fared.
        has_run: It is known to have been carried out, in part at least.
    """
    if has_run:
        return Fate.LOOK_AGAIN
    if all(tries[step.id].no_late_commit for _, step in found):
        return Fate.SINGLY
    same = all(step.body == payloads.body(post.payload) for post, step in found)
    named = same and all(each.kind in _NAMED for each in members)
    apart = Fate.SINGLY if named else Fate.APART
    again = same and all(_may_leave_again(tries[step.id]) for _, step in found)
    if not again or path != batch_path([each.request_id for each in members]):
        return apart
    missing = {each.id for each in members} - {step.id for _, step in found}
    if not missing:
        return Fate.TOGETHER
    return Fate.LATER if missing <= set(to_come) else apart


def _may_leave_again(fared: Tries) -> bool:
    return fared.batches_answered < MOST_ANSWERED and fared.batches_lost < MOST_LOST


def batch_id(request_ids: Sequence[str]) -> str:
    """The same for the same writes in the same order."""
    return f"qdb{hashlib.sha256(''.join(request_ids).encode()).hexdigest()[:32]}"


def batch_path(request_ids: Sequence[str]) -> str:
    """By which the steps of a batch know each other."""
    return f"{BATCH}{batch_id(request_ids)}"
