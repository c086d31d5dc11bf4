"""Intuit's sign-in over HTTP: consent, token and revoke ("OAuth 2.0", discovery document)."""

import base64
import binascii
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from qbdesk.practice import wire
from qbdesk.practice.intuit import faults, pages
from qbdesk.practice.intuit.company import PracticeCompany
from qbdesk.practice.intuit.signin import SignInRefusedError, Tokens, invalid_grant

HARD_EXPIRY_HEADER = "x-include-refresh-token-hard-expires-in"
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


async def authorize(request: Request) -> Response:
    """The consent page; a client that does not read HTML is sent on at once."""
    company: PracticeCompany = request.app.state.company
    params = dict(request.query_params)
    trouble = _trouble(company, params)
    if trouble:
        return pages.problem(trouble)
    scopes = params.get("scope", "").split()
    if not scopes or any(scope not in pages.PERMISSIONS for scope in scopes):
        return _leave(company, params, {"error": "invalid_scope"})
    if request.method == "POST":
        decision = _form(await request.body()).get("decision")
        return _decided(company, params, connect=decision == "connect")
    if "text/html" in request.headers.get("accept", ""):
        return pages.consent(company.books.company_name, scopes)
    return _decided(company, params, connect=not company.switches.deny_consent, by_script=True)


def _trouble(company: PracticeCompany, params: dict[str, str]) -> str:
    if params.get("client_id") != company.sign_in.client_id:
        return "The client_id query parameter value is invalid."
    if params.get("redirect_uri") != company.sign_in.redirect_uri:
        return (
            "The redirect_uri query parameter value is invalid. Make sure it is listed in the "
            "Redirect URIs section of your app's keys tab."
        )
    if params.get("response_type") != "code":
        return "The response_type query parameter value is invalid."
    return "" if params.get("state") else "The state query parameter is missing."


def _decided(
    company: PracticeCompany, params: dict[str, str], *, connect: bool, by_script: bool = False
) -> Response:
    answer = {"error": "access_denied"}
    if connect:
        answer = {"code": company.sign_in.consent(), "realmId": company.realm_id}
    return _leave(company, params, answer, by_script=by_script)


def _leave(
    company: PracticeCompany,
    params: dict[str, str],
    answer: dict[str, str],
    *,
    by_script: bool = False,
) -> Response:
    address = company.sign_in.redirect_uri
    joint = "&" if urlsplit(address).query else "?"
    query = urlencode({**answer, "state": params["state"]})
    by = "302" if by_script else company.switches.redirect_by
    return pages.leave_for(f"{address}{joint}{query}", by)


async def token(request: Request) -> Response:
    """The token endpoint: a code or a refresh token for an access token."""
    company: PracticeCompany = request.app.state.company
    form = _form(await request.body())
    grant_type = form.get("grant_type", "")
    if grant_type == "refresh_token":
        company.requests.refreshes += 1
    with_hard_expiry = request.headers.get(HARD_EXPIRY_HEADER, "").lower() == "true"

    def perform() -> Response:
        _check_client(company, request, form)
        tokens = _granted(company, grant_type, form)
        return _token_answer(tokens, with_hard_expiry=with_hard_expiry)

    words = frozenset(("post", "tokens", "bearer", grant_type))
    return await faults.answered(company, words, lambda: _or_refused(perform))


def _granted(company: PracticeCompany, grant_type: str, form: dict[str, str]) -> Tokens:
    if grant_type == "authorization_code":
        if not form.get("code") or not form.get("redirect_uri"):
            raise SignInRefusedError("invalid_request")
        return company.sign_in.exchange(form["code"], form["redirect_uri"])
    if grant_type == "refresh_token":
        if not form.get("refresh_token"):
            raise invalid_grant()
        return company.sign_in.refresh(form["refresh_token"])
    raise SignInRefusedError("unsupported_grant_type")


async def revoke(request: Request) -> Response:
    """Ends the grant of an access or refresh token: 200 and nothing more, else 400."""
    company: PracticeCompany = request.app.state.company
    body = await request.body()

    def perform() -> Response:
        _check_client(company, request, {})
        try:
            sent = wire.loads(body)
        except (wire.NotJsonError, UnicodeDecodeError) as error:
            raise SignInRefusedError("invalid_request") from error
        value = sent.get("token") if isinstance(sent, dict) else None
        if not isinstance(value, str) or not company.sign_in.revoke(value):
            raise SignInRefusedError("invalid_request")
        return Response(status_code=200)

    words = frozenset(("post", "tokens", "revoke"))
    return await faults.answered(company, words, lambda: _or_refused(perform))


def _or_refused(perform: Callable[[], Response]) -> Response:
    try:
        return perform()
    except SignInRefusedError as refused:
        body = {"error": refused.error}
        if refused.description is not None:
            body = {"error_description": refused.description, **body}
        return Response(
            wire.dumps(body), refused.status, headers=_NO_STORE, media_type="application/json"
        )


def _check_client(company: PracticeCompany, request: Request, form: dict[str, str]) -> None:
    """client_secret_basic or client_secret_post; there are no clients without a secret."""
    known = _basic(request.headers.get("authorization", ""))
    if known is None:
        known = form.get("client_id", ""), form.get("client_secret", "")
    if not company.sign_in.is_client(*known):
        raise SignInRefusedError("invalid_client", status=401)


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _token_answer(tokens: Tokens, *, with_hard_expiry: bool) -> Response:
    body = {
        "token_type": "bearer",
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_in": tokens.expires_in,
        "x_refresh_token_expires_in": tokens.refresh_expires_in,
    }
    if with_hard_expiry:
        body["x_refresh_token_hard_expires_in"] = tokens.refresh_hard_expires_in
    return Response(wire.dumps(body), headers=_NO_STORE, media_type="application/json")


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
