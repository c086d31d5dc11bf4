"""Intuit's sign-in (OAuth 2.0, authorization code): consent address, landing, and three calls.

No PKCE: Intuit documents none, every client has a secret, and its answer to an unknown parameter of
the consent page is not known.
"""

import asyncio
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qbdesk.sync.errors import Refusal, Trouble
from qbdesk.sync.quickbooks.hosts import Hosts

M = TypeVar("M", bound=BaseModel)

SCOPE = "com.intuit.quickbooks.accounting"
DEADLINE = 30.0  # seconds for one whole call; httpx' own time-outs never add up a slow drip
_LARGEST_ANSWER = 65_536  # bytes; a token answer has about 5,000
_LONGEST_ADDRESS = 4_096  # characters; Intuit's code has at most 512
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class AppKeys:
    """The keys of one Intuit app; a pair belongs to sandbox or to production companies."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Landing:
    """What the consent page handed back: a code for one exchange, and the company chosen."""

    code: str = field(repr=False)
    realm_id: str


@dataclass(frozen=True)
class TokenSet:
    """Tokens as Intuit gave them, with the moments (UTC) at which they end."""

    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime  # rolling: each refresh moves it
    hard_expires_at: datetime | None  # five years after consent, whatever is refreshed


class ConsentRefused(Refusal):
    """The browser did not come back with a usable consent; the text says why, for people."""


class SignInTrouble(Trouble):
    """A call of Intuit's sign-in service failed. `tid` is Intuit's own name for the call."""

    def __init__(self, sentence: str, tid: str | None = None) -> None:
        super().__init__(sentence)
        self.tid = tid


class SignInEnded(SignInTrouble):
    """Intuit takes this sign-in no longer (`invalid_grant`): a person must sign in again."""


class KeysRefused(SignInTrouble):
    """Intuit does not know the app keys (`invalid_client`, `unauthorized_client`)."""


class SignInUnreachable(SignInTrouble):
    """Passing: no answer, or none that makes sense. The tokens are as good as before."""


SIGN_IN_AGAIN = (
    "QuickBooks has ended the sign-in of this company. Nothing is posted until somebody signs in "
    "again, and nothing is lost: invoices wait. Press Sign in again."
)
_CODE_USED = (
    "QuickBooks did not take this sign-in: it was used before, or it took too long. Nothing was "
    "changed. Start again with Connect."
)
_INCOMPLETE = (
    "The address that came back from QuickBooks is not complete. Nothing was changed. Copy the "
    "whole address of the last page, or start again."
)
_KEYS = (
    "Intuit does not accept the app keys (client ID and client secret). Nothing is posted until "
    "they are right. Compare both with the page “Keys & credentials” of your Intuit app, and note "
    "that development keys and production keys differ; then connect again."
)
_NO_ANSWER = (
    "Intuit's sign-in service cannot be reached. Nothing is lost, invoices wait, and qbdesk tries "
    "again by itself. If it goes on, check the internet connection."
)
_NO_SENSE = (
    "Intuit's sign-in service gave no answer that qbdesk understands. Nothing is lost, invoices "
    "wait, and qbdesk tries again by itself."
)


def authorize_url(hosts: Hosts, keys: AppKeys | str, redirect_uri: str, state: str) -> str:
    """The address of Intuit's consent page; `keys` or just their client id."""
    parameters = {
        "client_id": keys if isinstance(keys, str) else keys.client_id,
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{hosts.authorize}?{urlencode(parameters)}"


def new_state() -> str:
    """256 random bits that tie the answer of the consent page to this one attempt."""
    return secrets.token_urlsafe(32)


def lands_on(address: str, redirect_uri: str) -> bool:
    """Whether `address` is the redirect address: same scheme, host, port and path, nobody's name
    in front of the host. Query and fragment play no part."""
    here, there = _split(address), _split(redirect_uri)
    return here is not None and there is not None and _place(here) == _place(there)


def read_landing(address: str, redirect_uri: str, state: str) -> Landing:
    """Reads the address that the browser landed on, intercepted or pasted by a person.

    Raises ConsentRefused with a sentence that quotes nothing of the address.
    """
    address = address.strip().removeprefix("<").removesuffix(">").strip()
    if not lands_on(address, redirect_uri):
        raise ConsentRefused(
            "This is not the address that QuickBooks sends the browser to after the sign-in. "
            "Nothing was changed. Copy the whole address of the last page, or start again."
        )
    found = _parameters(urlsplit(address).query)
    if "error" in found:
        raise ConsentRefused(_denial(found["error"]))
    if not hmac.compare_digest(found.get("state", "").encode(), state.encode()):
        raise ConsentRefused(
            "This address belongs to another sign-in than the one that was just started. Nothing "
            "was changed. Start again, and use the page that opens then."
        )
    code, realm_id = found.get("code", ""), found.get("realmId", "")
    if not re.fullmatch(r"[!-~]{1,512}", code) or not re.fullmatch(r"[0-9]{1,32}", realm_id):
        raise ConsentRefused(_INCOMPLETE)
    return Landing(code, realm_id)


async def exchange_code(
    http: httpx.AsyncClient,
    hosts: Hosts,
    keys: AppKeys,
    redirect_uri: str,
    code: str,
    now: datetime,
) -> TokenSet:
    """Exchanges the code for tokens. Once only: a second time may end what the first one gave.

    Raises SignInEnded (used or expired code), KeysRefused or SignInUnreachable.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return await _tokens(http, hosts, keys, form, now, ended=_CODE_USED)


async def refresh(
    http: httpx.AsyncClient, hosts: Hosts, keys: AppKeys, refresh_token: str, now: datetime
) -> TokenSet:
    """Fresh tokens. The refresh token may be a new one, and then the one sent is dead.

    Raises SignInEnded, KeysRefused or SignInUnreachable (the token sent may still be good).
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return await _tokens(http, hosts, keys, form, now, ended=SIGN_IN_AGAIN)


async def revoke(http: httpx.AsyncClient, hosts: Hosts, keys: AppKeys, token: str) -> bool:
    """Asks Intuit to end the sign-in behind a token; whether Intuit says that it did."""
    request = http.build_request(
        "POST", hosts.revoke, json={"token": token}, headers={"Accept": "application/json"}
    )
    try:
        return (await _answer(http, keys, request)).status == 200
    except SignInUnreachable:
        return False


def _split(address: str) -> SplitResult | None:
    # Before urlsplit, which drops line breaks and tabs from the middle of an address.
    if not re.fullmatch(rf"[!-~]{{1,{_LONGEST_ADDRESS}}}", address):
        return None
    try:
        split = urlsplit(address)
        _ = split.port
    except ValueError:
        return None
    return split if split.hostname and "@" not in split.netloc else None


def _place(split: SplitResult) -> tuple[str, str | None, int | None, str]:
    port = split.port if split.port is not None else _PORTS.get(split.scheme)
    return split.scheme, split.hostname, port, split.path or "/"


def _parameters(query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=32)
    except ValueError:
        pairs = None
    if pairs is None or len(dict(pairs)) != len(pairs):
        raise ConsentRefused(_INCOMPLETE)
    return dict(pairs)


def _denial(error: str) -> str:
    if error == "access_denied":
        return (
            "The sign-in was cancelled at QuickBooks. Nothing was changed. Connect again when you "
            "want to, and allow access at the end."
        )
    return (
        "QuickBooks refused the sign-in. Nothing was changed. Check in your Intuit app that it may "
        "use the Accounting scope and that the redirect address is the same, then connect again."
    )


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes = field(repr=False)
    tid: str | None


# Visible ASCII only: the token becomes a header.
_Token = Annotated[str, Field(pattern=r"^[!-~]+$", strict=True)]
_Seconds = Annotated[int, Field(ge=0, le=10**9)]


class _TokenAnswer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: _Token = Field(repr=False)
    refresh_token: _Token = Field(repr=False)
    # What Intuit documents, where an answer leaves it out: refusing it would lose its new token.
    expires_in: _Seconds = 3_600
    x_refresh_token_expires_in: _Seconds = 8_640_000
    x_refresh_token_hard_expires_in: _Seconds | None = None


class _ErrorAnswer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    error: str


async def _tokens(
    http: httpx.AsyncClient,
    hosts: Hosts,
    keys: AppKeys,
    form: dict[str, str],
    now: datetime,
    *,
    ended: str,
) -> TokenSet:
    headers = {"Accept": "application/json", "x-include-refresh-token-hard-expires-in": "true"}
    request = http.build_request("POST", hosts.token, data=form, headers=headers)
    answer = await _answer(http, keys, request)
    if answer.status != 200:
        raise _refusal(answer, ended)
    read = _parsed(_TokenAnswer, answer)
    hard = read.x_refresh_token_hard_expires_in
    return TokenSet(
        access_token=read.access_token,
        access_expires_at=now + timedelta(seconds=read.expires_in),
        refresh_token=read.refresh_token,
        refresh_expires_at=now + timedelta(seconds=read.x_refresh_token_expires_in),
        hard_expires_at=None if hard is None else now + timedelta(seconds=hard),
    )


def _refusal(answer: _Answer, ended: str) -> SignInTrouble:
    # 5xx and 429 are passing whatever their body claims; a token is never given up for them.
    if not 400 <= answer.status < 500 or answer.status == 429:
        return SignInUnreachable(_NO_ANSWER, answer.tid)
    error = _parsed(_ErrorAnswer, answer).error
    if error == "invalid_grant":
        return SignInEnded(ended, answer.tid)
    if error in ("invalid_client", "unauthorized_client"):
        return KeysRefused(_KEYS, answer.tid)
    return SignInUnreachable(_NO_SENSE, answer.tid)


def _parsed(model: type[M], answer: _Answer) -> M:
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        pass
    raise SignInUnreachable(_NO_SENSE, answer.tid)


async def _answer(http: httpx.AsyncClient, keys: AppKeys, request: httpx.Request) -> _Answer:
    """One call with the keys, its whole duration and size bounded.

    The exceptions of httpx carry the request with its secrets, so they are not passed on.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            auth = httpx.BasicAuth(keys.client_id, keys.client_secret)
            response = await http.send(request, auth=auth, stream=True, follow_redirects=False)
            try:
                return _Answer(response.status_code, await _body(response), _tid(response))
            finally:
                await response.aclose()
    except (httpx.HTTPError, TimeoutError):
        pass
    raise SignInUnreachable(_NO_ANSWER)


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _LARGEST_ANSWER:
            return b""  # no JSON, so it will not be understood
    return body


def _tid(response: httpx.Response) -> str | None:
    tid = response.headers.get("intuit_tid", "")
    return tid if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", tid) else None
