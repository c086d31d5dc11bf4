"""The Accounting API over HTTP: who may ask, how often, and what is answered in which envelope."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from qbdesk.practice import wire
from qbdesk.practice.clock import intuit_time
from qbdesk.practice.intuit import (
    batch,
    cdc,
    entities,
    faults,
    profile,
    refusals,
    request_ids,
    search,
    shapes,
    xml_answers,
)
from qbdesk.practice.intuit.company import PracticeCompany
from qbdesk.practice.intuit.limits import Nature
from qbdesk.practice.intuit.refusals import RefusedError, missing, not_found
from qbdesk.practice.intuit.writes import perform_write

LONGEST_ADDRESS = 4000
JSON = "application/json;charset=UTF-8"
_QUERY_TYPES = ("application/text", "text/plain")


@dataclass(frozen=True)
class Call:
    """One request to the company, read off the wire.

    Attributes:
        path: What follows the realm, such as ("invoice", "12").
    """

    method: str
    path: tuple[str, ...]
    params: dict[str, str]
    content_type: str
    body: bytes

    @property
    def resource(self) -> str:
        return self.path[0].lower() if self.path else ""

    @property
    def nature(self) -> Nature:
        if self.resource == "batch":
            return "batch"
        return "write" if self.method == "POST" and self.resource != "query" else "read"

    @property
    def words(self) -> frozenset[str]:
        operation = self.params.get("operation", "")
        words = (self.method, *self.path, self.nature, operation)
        return frozenset(word.casefold() for word in words if word)


async def serve(request: Request, host: str) -> Response:
    """Answers one request to the API host with that first label."""
    company: PracticeCompany = request.app.state.company
    if request.method == "GET" and len(str(request.url)) > LONGEST_ADDRESS:
        return refusals.edge(414, "Request-URI Too Large")
    call = Call(
        request.method,
        tuple(part for part in request.path_params["rest"].split("/") if part),
        dict(request.query_params),
        request.headers.get("content-type", "").partition(";")[0].strip().lower(),
        await request.body(),
    )
    _count(company, call)
    known = company.knows(host, request.path_params["realm"])
    refusal = _refused_at_the_gate(company, request.headers, call, known=known)
    if refusal is not None:
        return refusal
    with company.limits.in_flight() as has_room:
        if not has_room:
            return company.throttled()
        accept = request.headers.get("accept", "")
        return await faults.answered(
            company, call.words, lambda: _in_format(company, accept, _perform(company, call))
        )


def _count(company: PracticeCompany, call: Call) -> None:
    counts = company.requests
    if call.nature == "batch":
        counts.batches += 1
    elif call.nature == "write":
        counts.writes += 1
    else:
        counts.reads += 1


def _refused_at_the_gate(
    company: PracticeCompany, headers: Headers, call: Call, *, known: bool
) -> Response | None:
    """401, 403 or 429 from in front of the accounting service, or None."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    state = company.sign_in.access_state(token) if scheme.lower() == "bearer" else "unknown"
    if state == "unknown":
        return company.unauthorised("Malformed bearer token: too short or too long")
    if state in ("expired", "revoked"):
        return company.unauthorised(f"Token {state}: {token[:4]}")
    if state == "disconnected" or not known:
        return company.forbidden()
    if company.limits.exceeded(call.nature):
        return company.throttled()
    return None


def _in_format(company: PracticeCompany, accept: str, answer: Response) -> Response:
    """XML is what Intuit speaks unless it is asked for JSON."""
    wants_xml = not accept or ("xml" in accept and "json" not in accept)
    if not (wants_xml and company.switches.xml_without_accept):
        return answer
    return xml_answers.in_xml(answer)


def _perform(company: PracticeCompany, call: Call) -> Response:
    try:
        text = _posted(company, call) if call.method == "POST" else _got(company, call)
    except RefusedError as refused:
        time = intuit_time(company.clock())
        return refusals.fault_answer(refused, company.switches.language, time)
    return Response(text, media_type=JSON)


def _posted(company: PracticeCompany, call: Call) -> str:
    if call.path == ("query",):
        if call.content_type not in _QUERY_TYPES:
            raise entities.unsupported(f"Content type {call.content_type}")
        return _queried(company, _text(call.body))
    request_id = call.params.get("requestid")
    if call.path == ("batch",):
        return batch.answer(company, _json(call.body), request_id)
    request_ids.check(request_id)
    sent = call.resource, call.params.get("operation"), call.body
    return company.request_ids.once(request_id, "", sent, lambda: _written(company, call))


def _written(company: PracticeCompany, call: Call) -> str:
    if len(call.path) != 1:
        raise entities.unsupported(f"Operation {'/'.join(call.path)}")
    kind = entities.writable_kind(call.resource)
    include = frozenset(call.params.get("include", "").casefold().split(","))
    operation = call.params.get("operation", "").casefold()
    content = perform_write(company, kind, _json(call.body), operation, include)
    return f"{{{content},{_time(company)}}}"


def _got(company: PracticeCompany, call: Call) -> str:
    if call.path == ("query",):
        return _queried(company, call.params.get("query", ""))
    content = _document(company, call)
    return f"{{{content},{_time(company)}}}"


def _document(company: PracticeCompany, call: Call) -> str:
    books, resource = company.books, call.resource
    if resource == "cdc":
        changed = cdc.answer(books, call.params.get("entities"), call.params.get("changedSince"))
        return _member("CDCResponse", changed)
    if resource == "preferences":
        return _member("Preferences", profile.preferences(books))
    if resource == "exchangerate":
        currency = call.params.get("sourcecurrencycode", "")
        rate = profile.exchange_rate(books, currency, call.params.get("asofdate"))
        return _member("ExchangeRate", rate)
    if len(call.path) != 2:
        raise entities.unsupported(f"Operation {'/'.join(call.path)}")
    if resource == "companyinfo":
        # By the realm, as the reference says, or by the object's own Id, as many clients do.
        company_info = profile.company_info(books)
        if call.path[1] not in (books.realm_id, company_info["Id"]):
            raise not_found()
        return _member("CompanyInfo", company_info)
    kind = entities.readable_kind(resource)
    entity = entities.read(books, kind, call.path[1])
    if kind == "TaxAgency":
        entity = profile.tax_agency(books, entity)
    return _member(kind, shapes.as_answered(company.switches, entity))


def _queried(company: PracticeCompany, statement: str) -> str:
    if not statement.strip():
        raise missing("query")
    answer = search.answer(company.books, statement)
    return f"{{{_member('QueryResponse', answer)},{_time(company)}}}"


def _member(name: str, value: Any) -> str:
    return f'"{name}":{wire.dumps(value)}'


def _time(company: PracticeCompany) -> str:
    return _member("time", intuit_time(company.clock()))


def _json(body: bytes) -> Any:
    try:
        return wire.loads(_text(body))
    except wire.NotJsonError as error:
        raise shapes.unsupported("failed to parse json object; a property") from error


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise entities.unsupported("An encoding other than UTF-8") from error
