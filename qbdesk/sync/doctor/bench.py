"""What the probes work with: a client, names for what they make, and putting it all away again."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from qbdesk.sync.preflight import Facts, TaxCodeFact
from qbdesk.sync.quickbooks import payloads
from qbdesk.sync.quickbooks.client import (
    Confirmed,
    NotSent,
    Outcome,
    QuickBooks,
    QuickBooksError,
    Refused,
    Unreachable,
    Write,
)
from qbdesk.sync.quickbooks.objects import CustomerObject, Entity, InvoiceObject, ItemObject
from qbdesk.sync.quickbooks.outcomes import ENTITIES

PREFIX = "qbdesk probe"
_OBJECTS: Mapping[str, type[Entity]] = {
    "customer": CustomerObject,
    "item": ItemObject,
    "invoice": InvoiceObject,
}
_ADDRESS = {"Line1": "1 Main St", "City": "Austin", "CountrySubDivisionCode": "TX"}


class NotMade(Exception):
    """Something a probe needs was not made; the text says what was seen instead."""


@dataclass
class Bench:
    """One run of the probes.

    Attributes:
        tokens: The access token and the refresh token of the sign-in.
        elapsed: Seconds on a clock that never jumps.
        made: What has to be put away again: (path, Id) -> name.
    """

    quickbooks: QuickBooks
    facts: Facts
    income_account_id: str
    tokens: Callable[[], Awaitable[tuple[str, str]]]
    now: datetime
    elapsed: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    _counted: int = 0
    _item: str | None = None
    _customer: str | None = None

    # ---- names ----

    def new_name(self) -> str:
        """Used by no other run, and short enough for an invoice number (21 characters)."""
        self._counted += 1
        run = f"{int(self.now.timestamp()):x}"[-5:]
        return f"{PREFIX} {run}-{self._counted}"

    def new_request_id(self) -> str:
        return self.new_name().replace(" ", "-")

    # ---- writes ----

    async def send(
        self, path: str, body: Mapping[str, Any], request_id: str | None = None
    ) -> Outcome:
        """Sends one write; what it makes is put away at the end."""
        content = payloads.body(dict(body))
        outcome = await self.quickbooks.write(
            Write(path, content, request_id or self.new_request_id())
        )
        if isinstance(outcome, Confirmed) and "Id" not in body:
            name = str(body.get("DisplayName") or body.get("Name") or body.get("DocNumber"))
            self.made[path, str(outcome.entity["Id"])] = name
        return outcome

    async def make(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What QuickBooks answers to a write that has to pass. Raises NotMade."""
        return confirmed(await self.send(path, body))

    async def read(self, path: str, entity_id: str) -> Entity:
        """Raises NotMade, QuickBooksError, Unreachable."""
        kind, name = _OBJECTS[path], ENTITIES[path]
        found = await self.quickbooks.read(f"{path}/{entity_id}", kind, name)
        if found is None:
            raise NotMade("It was gone again right after it was made.")
        return found

    async def customer(self) -> str:
        """The Id of the customer of the probes' invoices, made once."""
        if self._customer is None:
            made = await self.make("customer", {"DisplayName": self.new_name()})
            self._customer = str(made["Id"])
        return self._customer

    async def item(self) -> str:
        """The Id of the item of the probes' invoices, made once."""
        if self._item is None:
            payload = payloads.service_item(self.new_name(), self.income_account_id)
            self._item = str((await self.make("item", payload))["Id"])
        return self._item

    # ---- invoices ----

    async def invoice_body(self, *, taxed: bool = False, **more: Any) -> dict[str, Any]:
        """One line of 100.00; taxed as this company can, else not at all where that is possible."""
        detail: dict[str, Any] = {"ItemRef": {"value": await self.item()}}
        body: dict[str, Any] = {
            "CustomerRef": {"value": await self.customer()},
            "DocNumber": self.new_name(),
            "TxnDate": self.now.date().isoformat(),
            "EmailStatus": "NotSet",
        }
        code = self.tax_code(taxed=taxed)
        if self.facts.country == "US":
            detail["TaxCodeRef"] = {"value": "TAX" if taxed else "NON"}
            if taxed and code is not None:
                body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code.id}}
            body["ShipAddr"] = _ADDRESS
        elif self.facts.using_sales_tax:
            body["GlobalTaxCalculation"] = "TaxExcluded"
            if code is not None:
                detail["TaxCodeRef"] = {"value": code.id}
        line = {
            "Amount": 100,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }
        return {**body, "Line": [line], **more}

    def tax_code(self, *, taxed: bool) -> TaxCodeFact | None:
        """The first tax code with rates, or without any; None: there is none to name."""
        codes = (code for code in self.facts.tax_codes if bool(any(code.percents)) is taxed)
        return next(codes, None)

    # ---- the end ----

    async def put_away(self) -> list[str]:
        """Voids the invoices, then makes the rest inactive; names of what would not go."""
        left = []
        for (path, entity_id), name in reversed(self.made.items()):
            try:
                await self._put_away(path, entity_id)
            except (NotMade, QuickBooksError, Unreachable):
                left.append(name)
        return left

    async def _put_away(self, path: str, entity_id: str) -> None:
        found = await self.read(path, entity_id)
        body: dict[str, Any] = {"Id": found.id, "SyncToken": found.sync_token}
        params = {"operation": "void"}
        if path != "invoice":
            body |= {"sparse": True, "Active": False, **_named(found)}
            params = {}
        write = Write(path, payloads.body(body), self.new_request_id(), params)
        confirmed(await self.quickbooks.write(write))


def confirmed(outcome: Outcome) -> dict[str, Any]:
    """The answer to a write that passed. Raises NotMade."""
    if isinstance(outcome, Confirmed):
        return outcome.entity
    raise NotMade(told(outcome))


def told(outcome: Outcome) -> str:
    """What became of a write, for whoever reads the probes."""
    if isinstance(outcome, Confirmed):
        return f"made as Id {outcome.entity['Id']}"
    if isinstance(outcome, Refused):
        fault = outcome.fault
        return f"refused with code {fault.code or 'none'}, HTTP {fault.http_status}"
    return "not sent" if isinstance(outcome, NotSent) else "no certain answer"


def _named(found: BaseModel) -> dict[str, str]:
    if isinstance(found, CustomerObject):
        return {"DisplayName": found.display_name}
    return {"Name": found.name} if isinstance(found, ItemObject) else {}
