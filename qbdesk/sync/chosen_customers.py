"""Which customer a person chose for a client: listed with the settings, asked again on demand."""

from sqlalchemy import Connection

from qbdesk.sync.errors import Refusal
from qbdesk.sync.ledger import memory
from qbdesk.sync.quickbooks import text
from qbdesk.sync.views import Choice, Setting

CUSTOMER = "customer."
ASK_AGAIN = Choice("", "Ask again with the next invoice")


def offered(connection: Connection, company_id: int) -> list[Setting]:
    """Rule 6: an answer about a client counts for all its invoices, until it is taken back."""
    return [
        Setting(
            _setting_key(key),
            f"“{text.one_line(value['source_name'], 40)}” is customer",
            value["id"],
            (Choice(value["id"], value["name"]), ASK_AGAIN),
        )
        for key, value in memory.recall(connection, company_id, "customer").items()
        if value.get("chosen")
    ]


def choice(connection: Connection, company_id: int, key: str, value: str) -> Choice:
    """What may be chosen: to be asked again, or what stands.

    Raises:
        Refusal: Nothing was answered for this client, or `value` is neither.
    """
    found = next((one for one in offered(connection, company_id) if one.key == key), None)
    if found is None:
        raise Refusal("No customer was chosen for this client; qbdesk settings lists who was.")
    chosen = next((one for one in found.choices if value in (one.word, one.label)), None)
    if chosen is None:
        raise Refusal('Another customer is chosen when the next invoice asks: give "" here.')
    return chosen


def take_back(connection: Connection, company_id: int, key: str, chosen: Choice) -> None:
    """The client's next invoice asks again; what is posted stays as it is."""
    if chosen == ASK_AGAIN:
        memory.forget(connection, company_id, "customer", _memory_key(key))


def _setting_key(key: str) -> str:
    client, _, currency = key.rpartition(" ")
    return f"{CUSTOMER}{client}.{currency}"


def _memory_key(key: str) -> str:
    client, _, currency = key.removeprefix(CUSTOMER).rpartition(".")
    return f"{client} {currency}"
