"""What was learnt of a company and need not be read again: reads are metered by Intuit."""

from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from qbdesk.sync.ledger.tables import memory

REBUILT = "rebuilt"  # whether QuickBooks was asked for all that qbdesk had posted

_KIND = (memory.c.company_id == bindparam("company")) & (memory.c.kind == bindparam("of_kind"))
_HERE = _KIND & (memory.c.key == bindparam("of_key"))
_RECALL = select(memory.c.key, memory.c.value).where(_KIND)
_CHANGE = update(memory).where(_HERE)
_FORGET = delete(memory).where(_HERE)


def recall(connection: Connection, company_id: int, kind: str) -> dict[str, Any]:
    rows = connection.execute(_RECALL, {"company": company_id, "of_kind": kind})
    return {row.key: row.value for row in rows}


def remember(connection: Connection, company_id: int, kind: str, key: str, value: Any) -> None:
    here = {"company": company_id, "of_kind": kind, "of_key": key}
    if connection.execute(_CHANGE, {**here, "value": value}).rowcount == 0:
        row = {"company_id": company_id, "kind": kind, "key": key, "value": value}
        connection.execute(insert(memory), row)


def forget(connection: Connection, company_id: int, kind: str, key: str) -> None:
    connection.execute(_FORGET, {"company": company_id, "of_kind": kind, "of_key": key})


def forget_kind(connection: Connection, kind: str) -> None:
    """What is remembered of this kind is forgotten, for every company."""
    connection.execute(delete(memory).where(memory.c.kind == kind))
