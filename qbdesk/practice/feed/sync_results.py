"""What clients report back about an invoice: checked, stored, and answered twice alike."""

import uuid
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from qbdesk.practice import wire
from qbdesk.practice.clock import rfc3339
from qbdesk.practice.feed.feed import Document, Feed
from qbdesk.practice.feed.problems import Problem


class Target(BaseModel):
    system: str
    environment: Literal["production", "sandbox"] | None = None
    realm_id: str | None = Field(default=None, max_length=64)
    customer_id: str | None = Field(default=None, max_length=64)
    invoice_id: str | None = Field(default=None, max_length=64)
    invoice_doc_number: str | None = Field(default=None, max_length=64)
    payment_id: str | None = Field(default=None, max_length=64)


class ReportedError(BaseModel):
    code: str = Field(pattern=r"^[a-z0-9-]{1,64}$")
    title: str = Field(max_length=300)
    detail: str | None = Field(default=None, max_length=2000)
    retryable: bool = Field(strict=True)


class Client(BaseModel):
    name: str = Field(max_length=64)
    version: str = Field(max_length=64)
    instance_id: uuid.UUID | None = None


class SyncResult(BaseModel):
    invoice_revision: int = Field(strict=True, ge=1)
    outcome: Literal["synced", "already_present", "skipped", "held", "failed"]
    occurred_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
    target: Target
    client: Client
    error: ReportedError | None = None

    @model_validator(mode="after")
    def _failed_says_why(self) -> "SyncResult":
        if self.outcome == "failed" and self.error is None:
            raise ValueError("an outcome of failed needs an error")
        return self


class SyncResults:
    """The results a feed was told, and the answers given, by Idempotency-Key."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._answered: dict[str, tuple[str, bytes, Document]] = {}

    def take(self, invoice_id: str, key: str | None, body: bytes) -> Document:
        """Stores a result, or finds the answer given before. Raises Problem."""
        if not self._feed.switches.feed_sync_results:
            raise Problem("not-implemented")
        if self._feed.invoice(invoice_id) is None:
            raise Problem("not-found")
        if key is None or not 8 <= len(key) <= 255:
            raise Problem("invalid-request", "Idempotency-Key has 8 to 255 characters.")
        if key in self._answered:
            answered_id, answered_body, stored = self._answered[key]
            if (answered_id, answered_body) != (invoice_id, body):
                raise Problem("idempotency-mismatch")
            return stored
        stored = self._store(_checked(body))
        self._answered[key] = invoice_id, body, stored
        return stored

    def _store(self, result: Document) -> Document:
        stored = {
            **result,
            "id": f"sr_{len(self._feed.sync_results) + 1}",
            "received_at": rfc3339(self._feed.clock()),
        }
        self._feed.sync_results.append(stored)
        return stored


def _checked(body: bytes) -> Document:
    try:
        result: Any = wire.loads(body)
        SyncResult.model_validate(result)
    except wire.NotJsonError:
        raise Problem("invalid-request", "The body is no JSON.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Problem("invalid-request", f"{where}: {first['msg']}") from None
    assert isinstance(result, dict)
    return result
