"""`GET /cdc`: what changed since a moment, deletions included (Intuit: "Change data capture")."""

from datetime import timedelta
from typing import Any

from qbdesk.practice.books.books import Books, Entity
from qbdesk.practice.intuit import shapes
from qbdesk.practice.intuit.entities import readable_kind
from qbdesk.practice.intuit.query import invalid
from qbdesk.practice.intuit.refusals import business, missing
from qbdesk.practice.intuit.search import moment_of

LOOK_BACK = timedelta(days=30)
MOST_OBJECTS = 1000
_EXCLUDED = ("TaxAgency", "TaxCode", "TaxRate")
# Seen on the wire: a block of payments may come without `startPosition`.
_WITHOUT_START = ("Payment",)


def answer(books: Books, wanted: str | None, changed_since: str | None) -> list[dict[str, Any]]:
    """The `CDCResponse`: one block per kind asked for, empty where nothing changed."""
    if not wanted:
        raise missing("entities")
    if not changed_since:
        raise missing("changedSince")
    since = moment_of(changed_since)
    if since < books.clock() - LOOK_BACK:
        raise business("changedSince must not be more than 30 days ago.", "changedSince")
    kinds = [readable_kind(name.strip().lower()) for name in wanted.split(",")]
    for kind in kinds:
        if kind in _EXCLUDED:
            raise invalid(f"Entity {kind} is not supported by change data capture")
    left = MOST_OBJECTS
    blocks = []
    for kind in kinds:
        changed = _changed(books, kind, since)[:left]
        left -= len(changed)
        blocks.append(_block(kind, changed))
    return [{"QueryResponse": blocks}]


def _changed(books: Books, kind: str, since: Any) -> list[Entity]:
    alive = [
        shapes.as_answered(books.switches, entity)
        for entity in books.of(kind)
        if moment_of(entity["MetaData"]["LastUpdatedTime"]) >= since
    ]
    dead = [
        {"domain": "QBO", "status": "Deleted", "Id": key, "MetaData": {"LastUpdatedTime": when}}
        for deleted_kind, key, when in books.deleted
        if deleted_kind == kind and moment_of(when) >= since
    ]
    return [*alive, *dead]


def _block(kind: str, changed: list[Entity]) -> dict[str, Any]:
    if not changed:
        return {}
    block: dict[str, Any] = {kind: changed}
    if kind not in _WITHOUT_START:
        block["startPosition"] = 1
    return {**block, "maxResults": len(changed), "totalCount": len(changed)}
