"""What was learnt of a company and need not be read again: reads are metered by Intuit."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from qbdesk.sync.ledger.tables import memory

REBUILT = "rebuilt"  # whether QuickBooks was asked for all that qbdesk had posted


def recall(connection: Connection, company_id: int, kind: str) -> dict[str, Any]:
    rows = connection.execute(
        select(memory.c.key, memory.c.value).where(
            memory.c.company_id == company_id, memory.c.kind == kind
        )
    )
    return {row.key: row.value for row in rows}


def remember(connection: Connection, company_id: int, kind: str, key: str, value: Any) -> None:
    here = (memory.c.company_id == company_id) & (memory.c.kind == kind) & (memory.c.key == key)
    if connection.execute(update(memory).where(here).values(value=value)).rowcount == 0:
        row = {"company_id": company_id, "kind": kind, "key": key, "value": value}
        connection.execute(insert(memory).values(**row))


def forget(connection: Connection, company_id: int, kind: str, key: str) -> None:
    here = (memory.c.company_id == company_id) & (memory.c.kind == kind) & (memory.c.key == key)
    connection.execute(delete(memory).where(here))


def forget_kind(connection: Connection, kind: str) -> None:
    """What is remembered of this kind is forgotten, for every company."""
    connection.execute(delete(memory).where(memory.c.kind == kind))
