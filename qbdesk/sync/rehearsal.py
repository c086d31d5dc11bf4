"""A pass that is played through: what it would write is noted, and nothing leaves.

Customers, items and payment methods are taken for made, so that the planner goes on as it would.
At the first write of the invoice itself it has said all there is to show, and stops.
"""

from collections.abc import Sequence

from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.outlook import Outlook
from qbdesk.sync.planner.decisions import Decision, Post, Settle, Wait
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.posting import each_once
from qbdesk.sync.quickbooks import answers
from qbdesk.sync.recording import Recorder, Wanted

WOULD_POST = "Ready: it would be posted."
WOULD_LOOK = "A write has no answer yet: it would be looked for in QuickBooks first."


class Rehearsal:
    """Attributes:
    outlook: What was decided, added up.
    """

    def __init__(self) -> None:
        self.outlook = Outlook()
        self._made: list[str] = []

    def end(self, invoice: PaidInvoice, decision: Decision, known: Knowledge) -> Wait | None:
        """How it ends where the next thing done would be a write of the invoice itself, which is
        noted, or a look for one of unknown fate; None: it goes on."""
        if not isinstance(decision, tuple):
            return None
        own = [entry for entry in decision if isinstance(entry, Post) and not entry.shared]
        if own:
            self.outlook.plan(invoice, own, self._made, known)
            return Wait(WOULD_POST)
        in_doubt = any(isinstance(entry, Settle) for entry in decision)
        return Wait(WOULD_LOOK) if in_doubt else None

    def make(self) -> str:
        """The Id of something that QuickBooks would make."""
        self._made.append(f"new-{len(self._made) + 1}")
        return self._made[-1]


class RehearsedPoster:
    """Takes the place of the poster: every shared write is answered at once, from what was sent.

    Args:
        ledger: A copy, which is thrown away.
    """

    def __init__(self, rehearsal: Rehearsal, ledger: Ledger, recorder: Recorder) -> None:
        self._rehearsal = rehearsal
        self._ledger = ledger
        self._recorder = recorder

    async def send(self, wanted: Sequence[Wanted], *, more_to_come: bool = False) -> set[str]:
        """At once, whether more is to come or not: nothing waits for another."""
        del more_to_come
        with self._ledger.begin() as connection:
            for entry in each_once(wanted):
                kind = entry.post.kind
                body = {**entry.post.payload, "Id": self._rehearsal.make()}
                found = answers.OBJECTS[kind].model_validate(body)
                self._recorder.learn(connection, entry, kind, found)
        return set()
