"""Writes tests/fixtures/ledger-VERSION.sql: a ledger of that version with something in it.

Run it again for as long as a version is not released; a ledger of a released version is left as it
is, for ever: `.venv/bin/python scripts/ledger_fixture.py VERSION...`.
"""

import sqlite3
import sys
import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from qbdesk.sync.ledger import companies, invoices, journal, memory, steps
from qbdesk.sync.ledger.database import Ledger, new_engine, upgrade
from qbdesk.sync.ledger.requests import RequestLedger
from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.views import Status

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
NOW = datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC)


def fill(file: Path, version: str) -> None:
    engine = new_engine(file)
    upgrade(engine, file, version=version)
    ledger = Ledger(engine, file)
    with ledger.begin() as connection:
        company = companies.add(
            connection,
            name="Maple",
            source="feed",
            source_url="https://billing.example.com",
            from_date=date(2026, 1, 1),
            tenant_id="t1",
            tenant_name="Maple “Billing” Léger",
            tenant_environment="sandbox",
            time_zone="America/Toronto",
            cursor="c-17",
            realm_id="9130",
            environment="sandbox",
            findings=[{"level": "mind", "sentence": "A sentence.", "advice": "Some advice."}],
            created_at=NOW,
        )
        for number, status in enumerate((Status.SYNCED, Status.NEEDS_ATTENTION, Status.WAITING)):
            shown = dict(
                company_id=company.id,
                source_id=f"inv-{number}",
                revision=number + 1,
                document='{"id": "inv"}',
                posted_document='{"id": "inv"}' if status is Status.SYNCED else None,
                status=status,
                number=f"N-{number}",
                number_key=f"n-{number}",
                customer="Ärger & Söhne",
                customer_key="arger & sohne",
                amount=Decimal("1234.505"),
                currency="CAD",
                paid_on=date(2026, 11, 1),
                method="Card",
                fees="3.10",
                choices=[["keep", "Leave it"]],
                answers={"customer": "use:1"},
                quickbooks_payment_ids=["7", "8"],
                seen_at=NOW,
                changed_at=NOW,
            )
            invoices.add(connection, [shown])
            row = invoices.ids(connection, company.id, [f"inv-{number}"])[f"inv-{number}"]
            journal.add(connection, company.id, row, NOW, "Seen for the first time.", who="Ann")
            step = steps.add(
                connection,
                company_id=company.id,
                invoice_id=row,
                kind="invoice",
                operation=f"invoice:inv-{number}",
                generation=0,
                request_id=f"qd1i{number}",
                path="invoice",
                body=b'{"DocNumber": "N"}',
                state=StepState.CONFIRMED,
                ended_at=NOW,
                quickbooks_id=str(number),
                answer={"total": "1234.505"},
            )
            steps.add_attempt(connection, step.id, NOW, "confirmed", "tid-1", "Written.")
        memory.remember(connection, company.id, "customer", "c1 CAD", {"id": "1"})
        companies.change_setting(connection, company.id, "deposit.card", "35")
    RequestLedger(ledger, "9130").add(NOW.timestamp(), "read")
    ledger.close()


def main() -> None:
    for version in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "ledger.db"
            fill(file, version)
            dump = "\n".join(sqlite3.connect(file).iterdump())
        (FIXTURES / f"ledger-{version}.sql").write_text(f"{dump}\n", "utf-8")


if __name__ == "__main__":
    main()
