"""`POST /batch`: up to 30 operations, serial, and blind to each other (Intuit: "Batch")."""

from typing import Any

from qbdesk.practice import wire
from qbdesk.practice.clock import intuit_time
from qbdesk.practice.intuit import entities, request_ids, search, shapes
from qbdesk.practice.intuit.company import PracticeCompany
from qbdesk.practice.intuit.refusals import RefusedError, missing
from qbdesk.practice.intuit.writes import perform_write

MOST_ITEMS = 30
_BESIDES = ("bId", "operation", "optionsData")


def answer(company: PracticeCompany, body: Any, request_id: str | None) -> str:
    """The JSON text of a `BatchItemResponse`; a refused item answers with its own Fault."""
    items = _checked_items(body, request_id)
    with company.books.hiding_new():
        texts = [_item(company, item, request_id) for item in items]
    time = wire.dumps(intuit_time(company.clock()))
    return f'{{"BatchItemResponse":[{",".join(texts)}],"time":{time}}}'


def _checked_items(body: Any, request_id: str | None) -> list[dict[str, Any]]:
    request_ids.check(request_id, request_ids.LONGEST_OF_BATCH)
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise missing("BatchItemRequest")
    if len(items) > MOST_ITEMS:
        raise RefusedError("1040", f"Batch size exceeds limit : at most {MOST_ITEMS} items.")
    ids = [item.get("bId") for item in items]
    if not all(isinstance(item_id, str) and item_id for item_id in ids):
        raise missing("BatchItemRequest.bId")
    if len(set(ids)) < len(ids):
        raise RefusedError("2030", "Invalid ID : a bId occurs twice in the batch", "bId")
    longest = request_ids.LONGEST_BATCH_ITEM
    if request_id is not None and any(len(item_id) > longest for item_id in ids):
        raise RefusedError("2130", f"bId should be at most {longest} characters long.", "bId")
    return items


def _item(company: PracticeCompany, item: dict[str, Any], request_id: str | None) -> str:
    try:
        content = company.request_ids.once(
            request_id, item["bId"], item, lambda: _perform(company, item)
        )
    except RefusedError as refused:
        content = f'"Fault":{wire.dumps(refused.fault(company.switches.language))}'
    return f'{{{content},"bId":{wire.dumps(item["bId"])}}}'


def _perform(company: PracticeCompany, item: dict[str, Any]) -> str:
    names = [name for name in item if name not in _BESIDES]
    if len(names) != 1:
        raise shapes.unsupported("A batch item holds exactly one entity or query")
    if names[0] == "Query":
        return f'"QueryResponse":{wire.dumps(search.answer(company.books, str(item["Query"])))}'
    kind = names[0]
    if kind not in entities.WRITABLE.values():
        raise shapes.unsupported(f'Unrecognized field "{kind}"')
    operation = str(item.get("operation") or "create")
    # The schema calls it name-value pairs; the name is left out by some.
    options = str(item.get("optionsData") or "").casefold().removeprefix("include=")
    include = frozenset(options.split(","))
    return perform_write(company, kind, item[kind], operation, include)
