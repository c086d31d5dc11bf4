"""The end of a pass: written down, told once, and the next one appointed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from qbdesk.sync.clients import Surroundings
from qbdesk.sync.errors import Trouble, where
from qbdesk.sync.ledger import companies, invoices
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.posting import CompanyStopped
from qbdesk.sync.quickbooks.client import QuickBooksError, Unreachable
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.quickbooks.oauth import KeysRefused, SignInEnded, SignInUnreachable
from qbdesk.sync.schedule import SHORTEST, USUAL, Schedule, back_off
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


class PassEnd:
    """What is left to do when a pass over a company has ended, however it did.

    Args:
        failures: Passes in a row that could not be served, by company.
    """

    def __init__(
        self, around: Surroundings, schedule: Schedule, hears: Callable[[Event], None]
    ) -> None:
        self._around = around
        self._schedule = schedule
        self._hears = hears
        self._failures: dict[str, int] = {}

    def of(
        self,
        company: Company,
        tally: Tally,
        requests: Requests,
        stop: Stop | None,
        *,
        whole: bool,
    ) -> PassResult:
        """Writes it down, appoints the next pass and tells it all.

        Args:
            whole: False where the company was left (paused, removed) on the way.
        """
        try:
            self._write_down(company, stop, whole=whole)
        except SQLAlchemyError as error:
            # A full disk, for example. The next pass finds in the ledger what was done in this one.
            log.error("No end written: %s at %s", type(error).__name__, where(error))
            stop = stop if stop and stop.kind else Stop(OWN_FAULT, State.ATTENTION)
        finally:
            failed = stop is not None and stop.kind is not None
            failures = self._failures.get(company.name, 0) + 1 if failed else 0
            self._failures[company.name] = failures
            wait = self._pause_after(tally, failures)
            self._schedule.at(company.name, self._around.clock() + wait)
        self._warn(company, tally, stop, failures)
        self._hears(CompanyChanged(company.name))
        return self.result(company, tally, requests, stop)

    def _write_down(self, company: Company, stop: Stop | None, *, whole: bool) -> None:
        kind = None if stop is None else stop.kind
        trouble = stop.sentence if stop is not None and kind else None
        values: dict[str, Any] = {"trouble": trouble, "trouble_kind": kind}
        if stop is None and whole:
            values["last_pass_at"] = self._around.clock()
        with self._around.ledger.begin() as connection:
            invoices.rest(connection, company.id)
            companies.change(connection, company.id, **values)

    def _pause_after(self, tally: Tally, failures: int) -> timedelta:
        """Until the next pass by the schedule: as the source wishes, longer after failures."""
        wished = USUAL if tally.poll_seconds is None else timedelta(seconds=tally.poll_seconds)
        wait = self._around.interval or max(wished, SHORTEST)
        return max(wait, back_off(failures)) if failures else wait

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
        except SQLAlchemyError as error:
            log.error("Nothing counted: %s at %s", type(error).__name__, where(error))
            stopped = stopped or OWN_FAULT
        waiting = counts.get(Status.WAITING, 0) + counts.get(Status.POSTING, 0)
        held = counts.get(Status.NEEDS_ATTENTION, 0)
        return PassResult(company.name, tally.synced, waiting, held, requests, stopped)


def stop_for(error: Trouble) -> Stop:
    """What a pass that met with this means for the company."""
    return Stop(str(error), _kind_of(error))


def _kind_of(error: Trouble) -> State:
    if isinstance(error, _OFFLINE):
        return State.OFFLINE
    if isinstance(error, _SIGNED_OUT) or (isinstance(error, CompanyStopped) and error.signed_out):
        return State.SIGNED_OUT
    if isinstance(error, QuickBooksError) and error.fault.kind is FaultKind.TRY_AGAIN:
        return State.OFFLINE
    return State.ATTENTION
