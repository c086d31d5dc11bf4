"""Companies: who is connected to what, and how the last pass went."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from qbdesk.sync.ledger.tables import company, setting
from qbdesk.sync.quickbooks.hosts import Environment
from qbdesk.sync.views import TokenHealth


@dataclass(frozen=True)
class Company:
    """One QuickBooks company together with the source that feeds it."""

    id: int
    name: str
    active: bool
    source: str
    source_url: str
    from_date: date
    tenant_id: str
    tenant_name: str
    tenant_environment: Environment
    time_zone: str
    cursor: str | None
    client_id: str | None
    redirect_uri: str | None
    realm_id: str | None
    environment: Environment | None
    company_name: str | None
    country: str | None
    home_currency: str | None
    income_account_id: str | None
    income_account_name: str | None
    connected: bool
    test_server: bool
    mismatch_agreed: bool
    paused: bool
    trouble: str | None
    trouble_kind: str | None
    access_expires_at: datetime | None
    refresh_expires_at: datetime | None
    last_refresh_at: datetime | None
    last_pass_at: datetime | None
    preflight_at: datetime | None
    findings: list[dict[str, str]]
    created_at: datetime
    cursor_etag: str | None = None
    tenant_at: datetime | None = None
    compared_at: datetime | None = None
    comparing_since: datetime | None = None
    comparing_cursor: str | None = None
    appointed_at: datetime | None = None
    due_at: datetime | None = None
    failures: int = 0

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def token_health(self) -> TokenHealth:
        return TokenHealth(self.access_expires_at, self.refresh_expires_at, self.last_refresh_at)

    @property
    def live_mismatch(self) -> bool:
        """A live source with a sandbox company, or a test source with a production one."""
        return self.environment is not None and self.environment != self.tenant_environment


def _company(row: Row[Any]) -> Company:
    return Company(**cast("dict[str, Any]", row._mapping))


# What every pass asks many times is built once.
_EVERYONE = select(company).where(company.c.active).order_by(company.c.id)
_NOT_PAUSED = select(company).where(company.c.paused.is_(False)).order_by(company.c.id)
_NAMED = select(company).where(company.c.name == bindparam("name"), company.c.active)
_BY_ID = select(company).where(company.c.id == bindparam("id"))
_CHANGE = update(company).where(company.c.id == bindparam("of_id"))
_SETTINGS = (
    select(setting.c.key, setting.c.value)
    .where(setting.c.company_id == bindparam("company_id"))
    .order_by(setting.c.key)
)


def _one(connection: Connection, statement: Select[Any], **values: Any) -> Company | None:
    row = connection.execute(statement, values).one_or_none()
    return None if row is None else _company(row)


def everyone(connection: Connection) -> list[Company]:
    """The companies in use, in the order they were added."""
    return [_company(row) for row in connection.execute(_EVERYONE)]


def not_paused(connection: Connection) -> list[Company]:
    """Also those off the list: connected again, they go on as they were."""
    return [_company(row) for row in connection.execute(_NOT_PAUSED)]


def named(connection: Connection, name: str) -> Company | None:
    return _one(connection, _NAMED, name=name)


def get(connection: Connection, company_id: int) -> Company:
    found = _one(connection, _BY_ID, id=company_id)
    if found is None:
        raise LookupError(company_id)
    return found


def put_away(connection: Connection, name: str, realm_id: str, environment: str) -> Company | None:
    """The ledger of an earlier connection of this company, if there is one."""
    return _one(
        connection,
        select(company).where(
            company.c.name == name,
            company.c.active.is_(False),
            company.c.realm_id == realm_id,
            company.c.environment == environment,
        ),
    )


def add(connection: Connection, **values: Any) -> Company:
    defaults = {
        "active": True,
        "connected": False,
        "test_server": False,
        "mismatch_agreed": False,
        "paused": False,
        "failures": 0,
        "findings": [],
    }
    result = connection.execute(insert(company).values(**{**defaults, **values}))
    assert result.inserted_primary_key is not None
    return get(connection, result.inserted_primary_key[0])


def change(connection: Connection, company_id: int, **values: Any) -> None:
    connection.execute(_CHANGE, {"of_id": company_id, **values})


def settings(connection: Connection, company_id: int) -> dict[str, str]:
    rows = connection.execute(_SETTINGS, {"company_id": company_id})
    return {row.key: row.value for row in rows}


def chosen(connection: Connection, company_id: int) -> tuple[str | None, dict[str, str]]:
    """All that a person has chosen for the company: its income account, and its settings."""
    return get(connection, company_id).income_account_id, settings(connection, company_id)


def change_setting(connection: Connection, company_id: int, key: str, value: str) -> None:
    here = (setting.c.company_id == company_id) & (setting.c.key == key)
    if connection.execute(update(setting).where(here).values(value=value)).rowcount == 0:
        connection.execute(insert(setting).values(company_id=company_id, key=key, value=value))
