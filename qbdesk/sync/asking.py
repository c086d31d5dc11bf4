"""Questions to QuickBooks, many in one; one that it cannot answer keeps only its own invoices."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from qbdesk.sync.ledger import memory
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.parts import parts
from qbdesk.sync.ledger.steps import StepRecord
from qbdesk.sync.lookups import IN_ONE_QUESTION, Lookups, by_subject
from qbdesk.sync.planner.decisions import Hold, Look, Subject, Wait
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.planner.plan import OFTEN, OUTAGE
from qbdesk.sync.posting import CompanyStopped
from qbdesk.sync.quickbooks.client import QuickBooks, QuickBooksError
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.recording import WHOLE_COMPANY, Wanted
from qbdesk.sync.rereading import Rereader
from qbdesk.sync.settling import Settler

MOST_FAILING = 3  # questions of a pass that may fail by themselves; more are QuickBooks' trouble
FAILING = "failing"  # the memory of them: since when, in how many passes, and when at last
FORGOTTEN = timedelta(days=2)  # failures further apart have nothing to do with each other
POSTED = (Subject.INVOICE, Subject.UNPAID_INVOICE, Subject.PAID_INVOICE, Subject.PAYMENT)
WHAT = {
    Subject.NUMBER: "an invoice of this number",
    Subject.EMAIL: "customers with the client's email",
    Subject.NAME: "customers of the client's name",
    Subject.ITEM: "the product or service",
    Subject.MAPPED_ITEM: "the product or service",
    Subject.METHODS: "the payment methods",
    Subject.EXCHANGE_RATE: "the exchange rate of the day",
    Subject.PAYMENTS: "the customer's payments",
    Subject.OPEN_INVOICES: "what the customer owes",
}
FATE = "what was sent and not answered"
AGAIN = (
    "QuickBooks answers with an error when it is asked for {what}, and answers other questions. "
    "qbdesk asks again with every pass, and posts nothing more of this invoice before."
)
FOR_HOURS = (
    "For hours QuickBooks has answered with an error whenever it was asked for {what}, and has "
    "answered other questions. Nothing more of this invoice is posted. Correct unusual characters "
    "in its number or in the client's name or email, if there are any; then press Try again."
)
NOT_ASKED = (
    "QuickBooks answers several questions with an error at the moment, and was not asked about "
    "this invoice any more. qbdesk asks with the next pass, and posts nothing more of it before."
)
Unanswered = dict[Look, Hold | Wait]


class Asking:
    """Asks for what the planner wants to know, in one pass.

    Args:
        lookups: The pass' one, which remembers what it has read.

    Attributes:
        trouble: More failed than can be the questions' own fault, and the others are not asked. The
            pass is to end with it, when everything has been done that could be.
    """

    def __init__(
        self,
        ledger: Ledger,
        quickbooks: QuickBooks,
        company: Company,
        clock: Callable[[], datetime],
        lookups: Lookups,
        known: Knowledge,
        settler: Settler,
    ) -> None:
        self._ledger = ledger
        self._quickbooks = quickbooks
        self._company_id = company.id
        self._clock = clock
        self._lookups = lookups
        self._known = known
        self._settler = settler
        self._rereader = Rereader(ledger, quickbooks, company.id, clock)
        self._serves = False  # QuickBooks has answered another question after one had failed
        self._found: dict[str, Hold | Wait] = {}  # what has failed by itself in this pass
        self._failed = Counter[bool]()  # how many: of those that had failed before, of the others
        self.trouble: QuickBooksError | None = None
        with ledger.begin() as connection:
            self._failing: dict[str, Any] = memory.recall(connection, company.id, FAILING)

    async def look(self, looks: Collection[Look]) -> Unanswered:
        """Answers looks into what is known; those that QuickBooks does not answer, with what
        becomes of the invoices that want them.

        Raises:
            CompanyStopped, QuickBooksError, Unreachable: QuickBooks answers nothing.
        """
        told = await self._read_together(looks)
        left = sorted(set(looks) - told, key=_key)
        failed = {*self._failing, *self._found}
        suspect = {look for look in left if _key(look) in failed}
        unanswered: Unanswered = {}
        for subject, keys in by_subject(look for look in left if look not in suspect).items():
            for part in [[key] for key in keys] if subject in POSTED else [keys]:
                unanswered |= await self._ask(subject, part)
            self._remember(subject)
        # Last, so that they keep no other question from being asked.
        for look in sorted(suspect, key=_key):
            unanswered |= await self._ask(look.subject, [look.key])
            self._remember(look.subject)
        return unanswered

    async def settle(self, step: StepRecord, wanted: Wanted) -> Hold | Wait | None:
        """Looks for a step of unknown fate; what becomes of its invoices where that fails."""
        key = f"step {step.operation}"
        if (before := self._unasked(key)) is not None:
            return before
        try:
            await self._settler.settle([(step, wanted)])
        except QuickBooksError as error:
            return await self._left(key, FATE, error)
        self._heard([key])
        return None

    # ---- one question ----

    async def _answer(self, subject: Subject, keys: Sequence[str]) -> None:
        if subject is Subject.PAYMENT:
            await self._rereader.payment(keys[0])
        elif subject in POSTED:
            await self._rereader.one(keys[0])
        else:
            await self._lookups.answer(subject, keys)

    async def _ask(self, subject: Subject, keys: Sequence[str]) -> Unanswered:
        """One question for all keys; where it fails, by halves, until each that fails is found."""
        looks = [Look(subject, key) for key in keys]
        if (before := self._unasked(_key(looks[0]))) is not None:
            return dict.fromkeys(looks, before)
        try:
            await self._answer(subject, keys)
        except QuickBooksError as error:
            what = WHAT.get(subject, "what was posted")
            if len(keys) == 1:
                return {looks[0]: await self._left(_key(looks[0]), what, error)}
            await self._check(error)
            if self._failed[False] >= MOST_FAILING:
                self._failed[False] += 1
                return dict.fromkeys(looks, self._given_up(what, error))
        else:
            self._heard([_key(look) for look in looks])
            return {}
        half = len(keys) // 2
        return await self._ask(subject, keys[:half]) | await self._ask(subject, keys[half:])

    def _unasked(self, key: str) -> Hold | Wait | None:
        """What is said instead of asking: each question that fails takes four requests and more."""
        if key in self._found:
            return self._found[key]
        return Wait(NOT_ASKED) if self._is_enough(again=key in self._failing) else None

    def _is_enough(self, *, again: bool) -> bool:
        """So many failed that this one is not asked. Those that fail in every pass keep none from
        being asked that has never failed."""
        return self._failed[False] > MOST_FAILING or (again and self._failed[True] > MOST_FAILING)

    async def _check(self, error: QuickBooksError) -> None:
        """Whoever is out of order answers no other question either: then it is not about this one.

        Raises the error, or what another question ends in.
        """
        if error.fault.kind in WHOLE_COMPANY:
            raise stopped_or_same(error) from None
        if self._serves:
            return
        try:
            await self._quickbooks.company_info()
        except QuickBooksError as other:
            raise stopped_or_same(other) from None
        self._serves = True

    async def _left(self, key: str, what: str, error: QuickBooksError) -> Hold | Wait:
        """What becomes of the invoices that want to know what only this question can tell."""
        self._serves = False  # it may have gone out of order since
        await self._check(error)
        again = key in self._failing
        self._failed[again] += 1
        if self._is_enough(again=again):
            return self._given_up(what, error)
        self._found[key] = self._alone(key, what, error)
        return self._found[key]

    def _alone(self, key: str, what: str, error: QuickBooksError) -> Hold | Wait:
        """What QuickBooks refuses with its reason it refuses again; all else may pass."""
        if error.fault.kind is not FaultKind.TRY_AGAIN and error.fault.code:
            return Hold("look_failed", f"{error.fault.sentence} {error.fault.press}")
        since, times = self._failed_again(key)
        if times >= OFTEN and self._clock() - since >= OUTAGE:
            return Hold("look_failed", FOR_HOURS.format(what=what))
        return Wait(AGAIN.format(what=what))

    def _given_up(self, what: str, error: QuickBooksError) -> Wait:
        """So many at once say nothing of any one of them, whatever the error says."""
        self.trouble = error
        return Wait(AGAIN.format(what=what))

    # ---- what is remembered ----

    def _failed_again(self, key: str) -> tuple[datetime, int]:
        """Since when, and in how many passes, it has not been answered. A clock may be set: neither
        says enough without the other."""
        now, known = self._clock(), self._failing.get(key)
        since, times = now, 1
        if isinstance(known, dict):
            last = datetime.fromisoformat(known["last"])
            if last <= now < last + FORGOTTEN:
                since, times = datetime.fromisoformat(known["since"]), known["times"] + 1
        told = {"since": since.isoformat(), "times": times, "last": now.isoformat()}
        self._failing[key] = told
        with self._ledger.begin() as connection:
            memory.remember(connection, self._company_id, FAILING, key, told)
        return since, times

    def _heard(self, keys: Sequence[str]) -> None:
        """They were answered: what they were remembered for is over."""
        over = [key for key in keys if self._failing.pop(key, None) is not None]
        if over:
            with self._ledger.begin() as connection:
                for key in over:
                    memory.forget(connection, self._company_id, FAILING, key)

    def _remember(self, subject: Subject) -> None:
        """Reads are metered: items and payment methods are not read again in the next pass."""
        found = {
            Subject.ITEM: ("item", self._known.items),
            Subject.METHODS: ("method", self._known.methods),
        }
        if subject in found:
            kind, values = found[subject]
            with self._ledger.begin() as connection:
                for key, value in values.items():
                    memory.remember(connection, self._company_id, kind, key, value)

    # ---- posted invoices ----

    async def _read_together(self, looks: Collection[Look]) -> set[Look]:
        """The looks for posted invoices that a shared query has answered. What it refuses says
        nothing of any one of them: each is read by itself then."""
        told: set[Look] = set()
        for subject, part in () if self._is_enough(again=False) else _posted_parts(looks):
            try:
                keys = await self._rereader.together(part, paid=subject is Subject.PAID_INVOICE)
            except QuickBooksError as error:
                await self._check(error)
            else:
                told |= {Look(subject, key) for key in keys}
        return told


def _posted_parts(looks: Collection[Look]) -> Iterator[tuple[Subject, Sequence[str]]]:
    """What a query of several Ids can be asked for."""
    for subject in (Subject.UNPAID_INVOICE, Subject.PAID_INVOICE):
        ids = sorted(look.key for look in looks if look.subject is subject)
        yield from ((subject, part) for part in parts(ids, IN_ONE_QUESTION) if len(part) > 1)


def _key(look: Look) -> str:
    return f"{look.subject} {look.key}"


def stopped_or_same(error: QuickBooksError) -> QuickBooksError | CompanyStopped:
    """A read that QuickBooks refuses for the whole company stops it; else the error itself."""
    fault = error.fault
    if fault.kind not in WHOLE_COMPANY:
        return error
    signed_out = fault.kind is FaultKind.SIGN_IN
    return CompanyStopped(f"{fault.sentence} {fault.press}", signed_out=signed_out)
