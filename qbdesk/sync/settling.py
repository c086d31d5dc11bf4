"""Writes of unknown fate: settled by looking, never by hoping (see ARCHITECTURE, "Intent")."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import simplejson
from sqlalchemy import Connection

from qbdesk.sync.ledger import attempts, steps
from qbdesk.sync.ledger.database import Ledger
from qbdesk.sync.ledger.steps import StepRecord, StepState
from qbdesk.sync.operations import StepKind, marker
from qbdesk.sync.planner.knowledge import Knowledge
from qbdesk.sync.planner.plan import is_proven_absent
from qbdesk.sync.quickbooks.client import QuickBooks
from qbdesk.sync.quickbooks.objects import (
    CustomerObject,
    Entity,
    InvoiceObject,
    ItemObject,
    PaymentMethodObject,
    PaymentObject,
)
from qbdesk.sync.quickbooks.queries import ACTIVE_OR_NOT, Condition, query
from qbdesk.sync.recording import WHAT, Recorder, Wanted


class Settler:
    """Looks for steps without an answer, and says what was found."""

    def __init__(
        self,
        ledger: Ledger,
        quickbooks: QuickBooks,
        known: Knowledge,
        recorder: Recorder,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._quickbooks = quickbooks
        self._known = known
        self._recorder = recorder
        self._clock = clock

    async def settle(self, doubtful: Sequence[tuple[StepRecord, Wanted]]) -> None:
        """Looks for each step once. Raises QuickBooksError, Unreachable."""
        for step, wanted in doubtful:
            found = await self._look_for(step)
            with self._ledger.begin() as connection:
                if found is None:
                    self._absent(connection, step)
                else:
                    self._recorder.confirm(connection, step, found, fresh=False)
                    self._recorder.learn(connection, wanted, StepKind(step.kind), found)
                    told = f"{WHAT[StepKind(step.kind)]} found in QuickBooks as Id {found.id}."
                    attempts.add(connection, step, self._clock(), "found", None, told)

    def _absent(self, connection: Connection, step: StepRecord) -> None:
        now = self._clock()
        looked = _looked(step, now)
        # The look right after the attempt never proves anything, however short the settle time.
        second = step.absent_at is not None
        proven = second and is_proven_absent(looked, self._known.settle)
        steps.change(
            connection,
            step.id,
            state=StepState.INTENT if proven else StepState.UNKNOWN,
            ended_at=looked.ended_at,
            absent_at=now,
        )
        told = "Not in QuickBooks"
        told += "; it may be sent again." if proven else " yet; looked for once more later."
        attempts.add(connection, step, now, "absent", None, told)

    async def _look_for(self, step: StepRecord) -> Entity | None:
        ways = {
            StepKind.CUSTOMER: self._customer,
            StepKind.ITEM: self._item,
            StepKind.METHOD: self._method,
            StepKind.INVOICE: self._invoice,
            StepKind.REPAIR: self._repair,
            StepKind.PAYMENT: self._payment,
        }
        # A correction that is out of date is none any more: its invoice has another version.
        earlier = () if step.kind == StepKind.REPAIR else step.earlier
        for left in (step.body, *(each.body for each in earlier)):
            body = simplejson.loads(left, use_decimal=True)
            found = await ways[StepKind(step.kind)](body, step.operation)
            if found is not None:
                return found
        return None

    async def _customer(self, body: dict[str, Any], _operation: str) -> Entity | None:
        name, email = body["DisplayName"], body["PrimaryEmailAddr"]["Address"].casefold()
        statement = query("Customer", [Condition("DisplayName", "=", name), ACTIVE_OR_NOT])
        for found in await self._quickbooks.query(statement, CustomerObject, "Customer"):
            same_email = email in (address.casefold() for address in found.emails())
            if found.active and same_email and found.display_name.casefold() == name.casefold():
                return found
        return None

    async def _item(self, body: dict[str, Any], _operation: str) -> Entity | None:
        statement = query("Item", [Condition("Name", "=", body["Name"])])
        found = await self._quickbooks.query(statement, ItemObject, "Item")
        return next((entry for entry in found if entry.active), None)

    async def _method(self, body: dict[str, Any], _operation: str) -> Entity | None:
        statement = query("PaymentMethod", [Condition("Name", "=", body["Name"])])
        found = await self._quickbooks.query(statement, PaymentMethodObject, "PaymentMethod")
        return next((entry for entry in found if entry.active), None)

    async def _invoice(self, body: dict[str, Any], operation: str) -> Entity | None:
        statement = query("Invoice", [Condition("DocNumber", "=", body["DocNumber"])])
        found = await self._quickbooks.query(statement, InvoiceObject, "Invoice")
        self._known.numbers.pop(body["DocNumber"].casefold(), None)
        mark = self._mark(operation)
        return next((entry for entry in found if mark in entry.private_note), None)

    async def _repair(self, body: dict[str, Any], _operation: str) -> Entity | None:
        """An update that was carried out has raised the invoice's version."""
        found = await self._quickbooks.read(f"invoice/{body['Id']}", InvoiceObject, "Invoice")
        return found if found is not None and found.sync_token != body["SyncToken"] else None

    async def _payment(self, body: dict[str, Any], operation: str) -> Entity | None:
        customer = body["CustomerRef"]["value"]
        statement = query("Payment", [Condition("CustomerRef", "=", customer)])
        found = await self._quickbooks.query(statement, PaymentObject, "Payment")
        mark = self._mark(operation)
        return next((entry for entry in found if mark in entry.private_note), None)

    def _mark(self, operation: str) -> str:
        return marker(self._known.realm_id, self._known.source_key, operation)


def _looked(step: StepRecord, now: datetime) -> StepRecord:
    """The step with this look written into it; an attempt cut off by a crash has ended by now."""
    return replace(step, ended_at=step.ended_at or now, absent_at=now)
