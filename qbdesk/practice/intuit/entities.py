"""Reading and writing one entity, whatever its kind (Intuit: create, update, void, delete)."""

from collections.abc import Callable

from qbdesk.practice.books.books import KINDS, Books, Entity
from qbdesk.practice.intuit import invoices, names, payments, shapes
from qbdesk.practice.intuit.refusals import RefusedError, missing, not_found, stale

READABLE = {kind.lower(): kind for kind in KINDS}
WRITABLE = {kind.lower(): kind for kind in (*names.NAME_KINDS, "Invoice", "Payment")}
_SAVING = ("", "create", "update")


def unsupported(what: str) -> RefusedError:
    return RefusedError("500", f"Unsupported Operation : {what} is not supported.")


def readable_kind(resource: str) -> str:
    if resource not in READABLE:
        raise unsupported(f"Operation {resource}")
    return READABLE[resource]


def writable_kind(resource: str) -> str:
    if resource not in WRITABLE:
        raise unsupported(f"Operation {resource}")
    return WRITABLE[resource]


def read(books: Books, kind: str, entity_id: str) -> Entity:
    entity = books.get(kind, entity_id)
    if entity is not None:
        return entity
    _check_id(entity_id)
    raise not_found()


def write(books: Books, kind: str, body: Entity, operation: str, include: frozenset[str]) -> Entity:
    """Carries out one write and returns what is answered under the kind's name.

    Args:
        operation: "create", "update", "void", "delete"; "" is what the Id says.
        include: `void` of a payment, `autodocnumber`, `allowduplicatedocnum`.
    """
    shapes.check(kind, body)
    if operation == "delete":
        return _delete(books, kind, body)
    if operation == "void" and kind == "Invoice":
        return invoices.void(books, _current(books, kind, body))
    if operation in _SAVING and kind == "Payment" and "void" in include:
        return _void_payment(books, body)
    if operation not in _SAVING:
        raise unsupported(f"Operation {operation} on {kind}")
    creates = operation == "create" or (operation == "" and body.get("Id") is None)
    old = None if creates else _current(books, kind, body)
    if kind == "Invoice":
        return invoices.save(books, old, body, include)
    if kind == "Payment":
        return payments.save(books, old, body)
    return names.save(books, kind, old, body)


def _current(books: Books, kind: str, body: Entity) -> Entity:
    """The entity a change is meant for, if the sender has seen its latest state."""
    entity_id = body.get("Id")
    if entity_id is None:
        raise missing("Id")
    _check_id(str(entity_id))
    entity = books.get(kind, str(entity_id))
    if entity is None:
        raise not_found()
    if body.get("SyncToken") is None:
        raise missing("SyncToken")
    if str(body["SyncToken"]) != entity["SyncToken"]:
        raise stale()
    return entity


def _check_id(entity_id: str) -> None:
    if not (entity_id.isascii() and entity_id.isdecimal()):
        raise RefusedError("2030", f"Id should be a valid number. Supplied value:{entity_id}", "Id")


def _void_payment(books: Books, body: Entity) -> Entity:
    payment = _current(books, "Payment", body)
    if not books.switches.sparse_void and "TotalAmt" not in body:
        raise missing("TotalAmt")
    return payments.void(books, payment)


_DELETE: dict[str, Callable[[Books, Entity], None]] = {
    "Invoice": invoices.delete,
    "Payment": payments.delete,
}


def _delete(books: Books, kind: str, body: Entity) -> Entity:
    # Customers, items and their like are put away with Active false, never deleted.
    if kind not in _DELETE:
        raise unsupported(f"Operation delete on {kind}")
    entity = _current(books, kind, body)
    _DELETE[kind](books, entity)
    return {"status": "Deleted", "domain": "QBO", "Id": entity["Id"]}
