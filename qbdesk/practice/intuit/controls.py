"""`/practice/...`: what a script needs to make things go wrong and to look into the books.

Not part of Intuit: no sign-in, and only ever served on this machine.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qbdesk.practice import wire
from qbdesk.practice.intuit.company import PracticeCompany
from qbdesk.practice.intuit.entities import READABLE
from qbdesk.practice.wire import ZERO


async def switches(request: Request) -> Response:
    company: PracticeCompany = request.app.state.company
    if request.method == "POST":
        body = await request.body()
        refusal = _refusal(lambda: company.switches.change(_object(body)))
        if refusal is not None:
            return refusal
    return _answer(asdict(company.switches))


async def faults(request: Request) -> Response:
    """POST adds one fault (the arguments of `Faults.add`), GET lists, DELETE clears."""
    company: PracticeCompany = request.app.state.company
    if request.method == "POST":
        body = await request.body()
        refusal = _refusal(lambda: company.faults.add(**_object(body)))
        if refusal is not None:
            return refusal
    elif request.method == "DELETE":
        company.faults.clear()
    return _answer(company.faults.listed())


async def books(request: Request) -> Response:
    company: PracticeCompany = request.app.state.company
    open_fields = ("Id", "DocNumber", "CustomerRef", "TxnDate", "TotalAmt", "Balance")
    return _answer(
        {
            "company": company.books.company_name,
            "realm_id": company.realm_id,
            "trial_balance": company.books.trial_balance(),
            "counts": {kind: len(held) for kind, held in company.books.entities.items()},
            "open_invoices": [
                {name: invoice.get(name) for name in open_fields}
                for invoice in company.books.of("Invoice")
                if invoice["Balance"] != ZERO
            ],
            "requests": asdict(company.requests),
        }
    )


async def entities(request: Request) -> Response:
    company: PracticeCompany = request.app.state.company
    kind = READABLE.get(request.path_params["kind"].lower())
    if kind is None:
        return _answer({"error": "There is no such kind of entity."}, status=404)
    return _answer(list(company.books.of(kind)))


async def disconnect(request: Request) -> Response:
    """The user disconnects the app inside QuickBooks."""
    company: PracticeCompany = request.app.state.company
    company.sign_in.disconnect()
    return _answer({})


ROUTES = [
    Route("/practice/switches", switches, methods=["GET", "POST"]),
    Route("/practice/faults", faults, methods=["GET", "POST", "DELETE"]),
    Route("/practice/books", books, methods=["GET"]),
    Route("/practice/entities/{kind}", entities, methods=["GET"]),
    Route("/practice/disconnect", disconnect, methods=["POST"]),
]


def _object(body: bytes) -> dict[str, Any]:
    value = wire.loads(body)
    if not isinstance(value, dict):
        raise ValueError("A JSON object is expected.")
    return value


def _refusal(change: Callable[[], object]) -> Response | None:
    try:
        change()
    except (ValueError, TypeError) as error:
        return _answer({"error": str(error)}, status=400)
    return None


def _answer(value: Any, *, status: int = 200) -> Response:
    return Response(wire.dumps(value), status_code=status, media_type="application/json")
