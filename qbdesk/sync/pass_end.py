"""The end of a pass: written down, told once, and the next one appointed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from qbdesk.sync import rulings
from qbdesk.sync.clients import Surroundings
from qbdesk.sync.errors import LedgerDamaged, LedgerTrouble, Trouble, where
from qbdesk.sync.ledger import companies, invoices
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.posting import CompanyStopped
from qbdesk.sync.quickbooks.client import QuickBooksError, Unreachable
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.quickbooks.oauth import KeysRefused, SignInEnded, SignInUnreachable
from qbdesk.sync.schedule import next_time, pause_after
from qbdesk.sync.sources.source import SourceUnreachable
from qbdesk.sync.vault import KeyringLocked
from qbdesk.sync.verdicts import Tally
from qbdesk.sync.views import (
    CompanyChanged,
    Event,
    PassResult,
    Requests,
    State,
    Status,
    Warned,
)

log = logging.getLogger(__name__)

OWN_FAULT = (
    "Something went wrong in qbdesk itself. Nothing was lost: press Sync now, and if it happens "
    "again, look into the log."
)
_OFFLINE = (SourceUnreachable, Unreachable, SignInUnreachable, KeyringLocked)
_SIGNED_OUT = (SignInEnded, KeysRefused)


@dataclass(frozen=True)
class Stop:
    """Why a pass did not come to its end.

    Attributes:
        kind: What the company's state is now; None where a person stopped it.
    """

    sentence: str
    kind: State | None


@dataclass(frozen=True)
class Appointment:
    """The next pass of a company, appointed at the end of the last one."""

    appointed_at: datetime
    due_at: datetime
    failures: int


class PassEnd:
    """What is left to do when a pass over a company has ended, however it did."""

    def __init__(self, around: Surroundings, hears: Callable[[Event], None]) -> None:
        self._around = around
        self._hears = hears
        # What the ledger could not take (a full disk): without it a pass would begin at once again.
        self._unwritten: dict[str, Appointment] = {}

    def next_time(self, company: Company) -> datetime:
        """When the next pass by the schedule is due; now, or later."""
        kept = self._unwritten.get(company.name)
        if kept is None or (company.appointed_at and company.appointed_at > kept.appointed_at):
            return next_time(company.appointed_at, company.due_at, self._around.clock())
        return next_time(kept.appointed_at, kept.due_at, self._around.clock())

    def of(
        self,
        company: Company,
        tally: Tally,
        requests: Requests,
        stop: Stop | None,
        *,
        whole: bool,
        go_on: bool = False,
    ) -> PassResult:
        """Writes it down, appoints the next pass and tells it all.

        Args:
            company: As it was when the pass began.
            whole: False where the company was left (paused, removed) on the way.
            go_on: It is due at once: only the program's end has stopped the pass.
        """
        following = self._following(company, tally, stop, go_on=go_on)
        try:
            self._write_down(company, tally, stop, following, whole=whole)
        except (SQLAlchemyError, LedgerTrouble, LedgerDamaged) as error:
            # A full disk, for example. The next pass finds in the ledger what was done in this one.
            log.error("No end written: %s at %s", type(error).__name__, where(error))
            stop = stop if stop and stop.kind else Stop(_told(error), State.ATTENTION)
            following = self._following(company, tally, stop, go_on=go_on)
            self._unwritten[company.name] = following
        else:
            self._unwritten.pop(company.name, None)
        self._warn(company, tally, stop, following.failures)
        self._hears(CompanyChanged(company.name))
        return self.result(company, tally, requests, stop)

    def _following(
        self, company: Company, tally: Tally, stop: Stop | None, *, go_on: bool
    ) -> Appointment:
        around, now = self._around, self._around.clock()
        earlier = self._unwritten.get(company.name) or company
        failed = stop is not None and stop.kind is not None
        failures = earlier.failures + 1 if failed else 0
        wait = pause_after(around.interval, tally.poll_seconds, failures, around.chance())
        return Appointment(now, now if go_on else now + wait, failures)

    def _write_down(
        self,
        company: Company,
        tally: Tally,
        stop: Stop | None,
        following: Appointment,
        *,
        whole: bool,
    ) -> None:
        kind = None if stop is None else stop.kind
        trouble = stop.sentence if stop is not None and kind else None
        values: dict[str, Any] = {"trouble": trouble, "trouble_kind": kind}
        values["failures"] = following.failures
        if stop is None and whole:
            values["last_pass_at"] = following.appointed_at
        with self._around.ledger.begin() as connection:
            invoices.rest(connection, company.id)
            if companies.get(connection, company.id).appointed_at == company.appointed_at:
                values["appointed_at"] = following.appointed_at
                values["due_at"] = following.due_at
            # Else somebody has asked for another pass while this one was running.
            if tally.chosen != companies.chosen(connection, company.id):
                # What was held meanwhile was held by the settings that the pass began with.
                held, now = invoices.held(connection, company.id), following.appointed_at
                rulings.requeue(connection, held, now)
                values |= {"appointed_at": now, "due_at": now}
            companies.change(connection, company.id, **values)

    def _warn(self, company: Company, tally: Tally, stop: Stop | None, failures: int) -> None:
        """One notification per pass: what is newly held, or that the connection is lost."""
        if stop is not None and stop.kind and failures == 1:
            lost = stop.kind in (State.OFFLINE, State.SIGNED_OUT)
            title = "Connection lost" if lost else "Posting has stopped"
            self._hears(Warned(company.name, f"{company.name}: {title}", stop.sentence))
        elif tally.newly_held:
            number = len(tally.newly_held)
            what = "invoice needs" if number == 1 else "invoices need"
            first = next(iter(tally.newly_held.values()))
            sentence = first if number == 1 else f"{first} And {number - 1} more."
            ids = tuple(tally.newly_held)
            title = f"{company.name}: {number} {what} attention"
            self._hears(Warned(company.name, title, sentence, ids))

    def result(
        self, company: Company, tally: Tally, requests: Requests, stop: Stop | None
    ) -> PassResult:
        """The pass in figures, with the company's totals after it."""
        counts: dict[Status, int] = {}
        stopped = None if stop is None else stop.sentence
        try:
            with self._around.ledger.begin() as connection:
                counts = invoices.counts(connection, company.id)
        except (SQLAlchemyError, LedgerTrouble, LedgerDamaged) as error:
            log.error("Nothing counted: %s at %s", type(error).__name__, where(error))
            stopped = stopped or _told(error)
        waiting = counts.get(Status.WAITING, 0) + counts.get(Status.POSTING, 0)
        held = counts.get(Status.NEEDS_ATTENTION, 0)
        return PassResult(company.name, tally.synced, waiting, held, requests, stopped)


def stop_for(error: Trouble) -> Stop:
    """What a pass that met with this means for the company."""
    return Stop(str(error), _kind_of(error))


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, Trouble) else OWN_FAULT


def _kind_of(error: Trouble) -> State:
    if isinstance(error, _OFFLINE):
        return State.OFFLINE
    if isinstance(error, _SIGNED_OUT) or (isinstance(error, CompanyStopped) and error.signed_out):
        return State.SIGNED_OUT
    if isinstance(error, QuickBooksError) and error.fault.kind is FaultKind.TRY_AGAIN:
        return State.OFFLINE
    return State.ATTENTION
