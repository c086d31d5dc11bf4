"""One state for the whole program: the worst of all companies. Icon, tooltip, menu and window
header are all made from it, so that they can never disagree."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from qbdesk.sync.views import CompanyView, State

# Worst first. What only a person can mend outranks what mends itself; a pass that runs does not
# hide that something is held.
PRIORITY = (
    State.SIGNED_OUT,
    State.ATTENTION,
    State.OFFLINE,
    State.SYNCING,
    State.PAUSED,
    State.IDLE,
)


@dataclass(frozen=True)
class Overall:
    """How all companies together are doing.

    Attributes:
        company: Whose state it is; None while there is no company.
        sentence: That company's own sentence.
        several: Whether there is more than one company, so that its name has to be said.
    """

    state: State
    company: str | None
    sentence: str
    last_pass_at: datetime | None
    several: bool
    all_paused: bool


NOTHING_YET = Overall(State.SIGNED_OUT, None, "", None, several=False, all_paused=False)


def overall(companies: Iterable[CompanyView]) -> Overall:
    """The worst company's state; of equals the first by name."""
    known = sorted(companies, key=lambda view: view.name)
    if not known:
        return NOTHING_YET
    worst = min(known, key=lambda view: PRIORITY.index(view.state))
    passes = [view.last_pass_at for view in known if view.last_pass_at]
    return Overall(
        state=worst.state,
        company=worst.name,
        sentence=worst.sentence,
        last_pass_at=max(passes, default=None),
        several=len(known) > 1,
        all_paused=all(view.paused for view in known),
    )
