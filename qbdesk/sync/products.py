"""The map from what the source sells to the products and services of QuickBooks."""

from sqlalchemy import Connection

from qbdesk.sync.errors import Refusal
from qbdesk.sync.ledger import memory
from qbdesk.sync.planner.items import ITEM, item_setting
from qbdesk.sync.quickbooks.client import QuickBooks
from qbdesk.sync.quickbooks.objects import ItemObject
from qbdesk.sync.quickbooks.queries import Condition, query
from qbdesk.sync.views import Choice

LONGEST_PRODUCT = 200
USUAL = Choice("", "The usual service")
_CHOSEN = "chosen item"


def choices(connection: Connection, company_id: int) -> tuple[Choice, ...]:
    """The usual service, and every item that has been chosen once."""
    chosen = memory.recall(connection, company_id, _CHOSEN)
    return (USUAL, *(Choice(item_id, name) for item_id, name in chosen.items()))


def remember(connection: Connection, company_id: int, item: Choice) -> None:
    memory.remember(connection, company_id, _CHOSEN, item.word, item.label)


def setting_key(key: str) -> str:
    """`item.PRODUCT` as it is kept: without case, blanks made one.

    Raises:
        Refusal: It names no product, or is too long to be one.
    """
    product = " ".join(key.removeprefix(ITEM).split())
    if not product or len(product) > LONGEST_PRODUCT or not product.isprintable():
        raise Refusal(
            "Name the product, or the whole text of the line, as the invoicing system shows it: "
            f"item.PRODUCT, with at most {LONGEST_PRODUCT} characters."
        )
    return item_setting(product)


async def find(quickbooks: QuickBooks, wanted: str) -> Choice:
    """The active product or service of this name (`Parent:Child` for one within another).

    A number may be a name as well as an Id: it is the name of the one that bears it, if any does.

    Raises:
        Refusal: There is none, there are several, or it cannot take a line's amount.
        QuickBooksError, Unreachable: As the client's reads do.
    """
    last = wanted.rpartition(":")[2].strip()
    active = await _active(quickbooks, Condition("Name", "=", last))
    named = [item for item in active if item.full_name.casefold() == wanted.casefold()]
    found = named or [item for item in active if item.name.casefold() == wanted.casefold()]
    if not found and wanted.isascii() and wanted.isdigit():
        found = await _active(quickbooks, Condition("Id", "=", wanted))
    if not found:
        raise Refusal(f"QuickBooks has no active product or service called “{wanted[:100]}”.")
    if len(found) > 1:
        names = ", ".join(sorted(item.full_name for item in found))
        raise Refusal(f"QuickBooks has several of that name. Name one of them in full: {names}.")
    (item,) = found
    if not item.takes_an_amount:
        raise Refusal(
            f"“{item.full_name}” is stock, a bundle or has no income account, so qbdesk does not "
            "post to it. Choose a service or a non-stock product."
        )
    return Choice(item.id, item.full_name)


async def _active(quickbooks: QuickBooks, condition: Condition) -> list[ItemObject]:
    found = await quickbooks.query(query("Item", [condition]), ItemObject, "Item")
    return [item for item in found if item.active]
