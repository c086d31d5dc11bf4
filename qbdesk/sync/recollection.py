"""What the ledger remembers of a company, brought together for the planner."""

from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from qbdesk.sync.ledger import companies, memory
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.planner.knowledge import Knowledge, KnownCustomer
from qbdesk.sync.preflight import Facts, findings

FACTS_LAST = timedelta(days=1)
OPENING_DAY = "opening_day"  # kind of memory


def keep_facts(connection: Connection, company: Company, facts: Facts, now: datetime) -> None:
    """Remembers a preflight and what it found."""
    memory.remember(connection, company.id, "facts", "facts", facts.model_dump(mode="json"))
    found = findings(facts, company.income_account_id)
    told = [{"level": f.level, "sentence": f.sentence, "advice": f.advice} for f in found]
    companies.change(connection, company.id, preflight_at=now, findings=told)


def recent_facts(connection: Connection, company: Company, now: datetime) -> Facts | None:
    """The last preflight, if it is not older than a day (nor from a clock that was set back)."""
    at = company.preflight_at
    if at is None or not timedelta(0) <= now - at <= FACTS_LAST:
        return None
    return last_facts(connection, company)


def last_facts(connection: Connection, company: Company) -> Facts | None:
    """The last preflight, however old."""
    kept = memory.recall(connection, company.id, "facts").get("facts")
    return None if kept is None else Facts.model_validate(kept)


def source_key(company: Company) -> str:
    """The source and its tenant: part of the name of every write."""
    return f"{company.source}:{company.tenant_id}"


def remember_opening_day(connection: Connection, company: Company) -> None:
    """Before an earlier first day is chosen for books that were fed: their opening balances stay as
    they are (rule 3)."""
    if company.last_pass_at is not None:
        day = _opening_day(connection, company).isoformat()
        memory.remember(connection, company.id, OPENING_DAY, "", day)


def _opening_day(connection: Connection, company: Company) -> date:
    kept = memory.recall(connection, company.id, OPENING_DAY).get("")
    return max(company.from_date, date.fromisoformat(kept)) if kept else company.from_date


def knowledge(
    connection: Connection, company: Company, facts: Facts, settle: timedelta
) -> Knowledge:
    """All that is known before anything is looked up."""
    assert company.realm_id is not None
    known = Knowledge(
        realm_id=company.realm_id,
        source_key=source_key(company),
        from_date=company.from_date,
        opening_day=_opening_day(connection, company),
        zone=company.zone,
        income_account_id=company.income_account_id or "",
        facts=facts,
        settings=companies.settings(connection, company.id),
        settle=settle,
        items=memory.recall(connection, company.id, "item"),
        methods=memory.recall(connection, company.id, "method"),
    )
    for key, value in memory.recall(connection, company.id, "customer").items():
        client, _, currency = key.rpartition(" ")
        made = bool(value.get("made"))
        customer = KnownCustomer(value["id"], value["name"], remembered=True, made=made)
        known.customers[client, currency] = customer
        known.email_owners.setdefault(value["email"], {})[client] = value["source_name"]
    return known
