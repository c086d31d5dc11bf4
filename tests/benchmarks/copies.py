"""A big ledger out of a small one: each invoice again and again, with its steps and its journal."""

import sqlite3
from pathlib import Path

# What makes a row another row. `:n` counts the copies; {shift} is how far apart their ids are.
_CHANGED = {
    "paid_invoice": {
        "id": "id + :n * {shift}",
        "source_id": "source_id || '-' || :n",
        "number": "number || '-' || :n",
        "number_key": "number_key || '-' || :n",
        "customer": "customer || ' ' || (:n % 97)",
        "customer_key": "customer_key || ' ' || (:n % 97)",
        "amount": "amount + :n * 10",
        "paid_on": "date(paid_on, '-' || (:n % 1000) || ' days')",
    },
    "step": {
        "id": "id + :n * {shift}",
        "invoice_id": "invoice_id + :n * {shift}",
        "operation": "operation || '-' || :n",
    },
    "attempt": {"id": "id + :n * {shift}", "step_id": "step_id + :n * {shift}"},
    "journal": {"id": "id + :n * {shift}", "invoice_id": "invoice_id + :n * {shift}"},
}
_SHIFT = 10_000  # more than any of these tables has rows


def multiply(file: Path, copies: int) -> None:
    """Puts so many copies of every invoice into a closed ledger. Not safe against power loss."""
    database = sqlite3.connect(file)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
        database.execute(f"PRAGMA {pragma}")
    indexes = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    for table, changed in _CHANGED.items():
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        chosen = ", ".join(changed.get(name, name).format(shift=_SHIFT) for name in names)
        database.execute(f"CREATE TEMP TABLE small AS SELECT * FROM {table}")
        for number in range(1, copies + 1):
            database.execute(f"INSERT INTO {table} SELECT {chosen} FROM small", {"n": number})
        database.execute("DROP TABLE small")
        database.commit()
    for _, statement in indexes:
        database.execute(statement)
    database.commit()
    database.close()
