"""Intuit's sign-in: the consent address, the landing, and calls that leak and lose nothing."""

import asyncio
import base64
import gzip
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from qbdesk.sync.quickbooks import oauth
from qbdesk.sync.quickbooks.hosts import Hosts, intuit_hosts
from qbdesk.sync.quickbooks.oauth import (
    AppKeys,
    ConsentRefused,
    KeysRefused,
    Landing,
    SignInEnded,
    SignInUnreachable,
    authorize_url,
    lands_on,
    new_state,
    read_landing,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = AppKeys("client-1", "canary-secret")
REDIRECT = "https://books.example.com/qb/landing"
STATE = "state-of-this-attempt"
GOOD = f"{REDIRECT}?code=AB11canarycode&state={STATE}&realmId=4620816365"
TOKENS = {
    "token_type": "bearer",
    "access_token": "canary-access",
    "refresh_token": "canary-refresh-2",
    "expires_in": 3600,
    "x_refresh_token_expires_in": 8726400,
    "x_refresh_token_hard_expires_in": 157680000,
}

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def intuit(answer: Answer) -> AsyncIterator[tuple[httpx.AsyncClient, Hosts, list[bytes]]]:
    """A server on this machine that hands every request to `answer` and then hangs up."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        request = head + await reader.readexactly(length)
        seen.append(request)
        try:
            await answer(request, writer)
            await writer.drain()
        except ConnectionError:
            pass  # the client has had enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, httpx.AsyncClient() as http:
        yield http, intuit_hosts(f"http://127.0.0.1:{port}"), seen


def says(status: int, body: bytes | dict[str, object], *headers: str) -> Answer:
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", "intuit_tid: tid-1"]

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join([*lines, *headers, "", ""]).encode() + content)

    return answer


def test_the_consent_address_asks_for_the_books_and_nothing_else() -> None:
    address = urlsplit(authorize_url(intuit_hosts(None), KEYS, REDIRECT, STATE))
    assert address._replace(query="").geturl() == "https://appcenter.intuit.com/connect/oauth2"
    assert parse_qs(address.query) == {
        "client_id": ["client-1"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": [REDIRECT],
        "state": [STATE],
    }
    assert authorize_url(intuit_hosts(None), "client-1", REDIRECT, STATE) == address.geturl()


def test_states_are_long_and_never_the_same() -> None:
    states = {new_state() for _ in range(1000)}
    assert len(states) == 1000
    assert min(map(len, states)) >= 43  # 256 bits in base64


@pytest.mark.parametrize(
    "address",
    [
        GOOD,
        f"  <{GOOD}>\r\n",
        f"< {GOOD} >",
        GOOD.replace("https://books", "HTTPS://BOOKS"),
        GOOD.replace(".com/", ".com:443/"),
        f"{GOOD}#/",
        f"{GOOD}&iss=https%3A%2F%2Fintuit.com",
    ],
)
def test_a_good_landing_is_read_from_the_view_and_from_a_paste(address: str) -> None:
    assert read_landing(address, REDIRECT, STATE) == Landing("AB11canarycode", "4620816365")


def test_a_landing_at_the_root_of_a_development_server_is_read() -> None:
    address = f"http://localhost:8080/?code=c&state={STATE}&realmId=1"
    assert read_landing(address, "http://localhost:8080", STATE).realm_id == "1"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "yes",
        "https://",
        GOOD.replace("https", "http"),
        GOOD.replace("books.example.com", "books.example.com.evil.net"),
        GOOD.replace("books.example.com", "evil.net"),
        GOOD.replace("books.example.com", "books.example.com:8443"),
        GOOD.replace("books.example.com", "books.example.com:99999"),
        GOOD.replace("books.example.com", "books.example.com@evil.net"),
        GOOD.replace("books.example.com", "evil.net\\@books.example.com"),
        GOOD.replace("books.example.com", "someone@books.example.com"),
        GOOD.replace("books.example.com", "[books"),
        GOOD.replace("books.example.com", "bооks.example.com"),  # Cyrillic
        GOOD.replace("/landing", "/landing/"),
        GOOD.replace("/landing", "/Landing"),
        GOOD.replace("/landing", "/x/../landing"),
        GOOD.replace("/landing", "/land\ting"),
        GOOD.replace("/landing", "/land\ning"),
        GOOD + "&x=" + "y" * 5000,
        f"https://evil.net/?next={GOOD}",
    ],
)
def test_any_other_address_is_refused(address: str) -> None:
    assert not lands_on(address, REDIRECT)
    with pytest.raises(ConsentRefused, match="not the address"):
        read_landing(address, REDIRECT, STATE)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("error=access_denied&state=" + STATE, "cancelled"),
        ("error=access_denied", "cancelled"),
        ("error=invalid_scope&state=" + STATE, "Accounting scope"),
        (f"code=c&realmId=1&state={STATE}x", "another sign-in"),
        (f"code=c&realmId=1&state={STATE[:-1]}", "another sign-in"),
        ("code=c&realmId=1&state=%C3%A9", "another sign-in"),
        ("code=c&realmId=1", "another sign-in"),
        (f"realmId=1&state={STATE}", "not complete"),
        (f"code=c&state={STATE}", "not complete"),
        (f"code=&realmId=1&state={STATE}", "not complete"),
        (f"code=c&realmId=&state={STATE}", "not complete"),
        (f"code=c&code=d&realmId=1&state={STATE}", "not complete"),
        (f"code=c&realmId=1&realmId=2&state={STATE}", "not complete"),
        (f"code=c&realmId=1&state={STATE}&state={STATE}", "not complete"),
        (f"code=c&realmId=1%2F..%2F2&state={STATE}", "not complete"),
        (f"code=c&realmId=%D9%A1&state={STATE}", "not complete"),
        (f"code=c%0D%0Ax&realmId=1&state={STATE}", "not complete"),
        (f"code={'c' * 513}&realmId=1&state={STATE}", "not complete"),
        (f"code=c&realmId={'1' * 33}&state={STATE}", "not complete"),
        (f"code=%FF&realmId=1&state={STATE}", "not complete"),
        ("&".join(f"p{number}=1" for number in range(50)), "not complete"),
        ("", "another sign-in"),
    ],
)
def test_a_landing_without_a_usable_consent_is_refused(query: str, words: str) -> None:
    with pytest.raises(ConsentRefused, match=words) as caught:
        read_landing(f"{REDIRECT}?{query}", REDIRECT, STATE)
    assert "othing was changed" in str(caught.value)
    assert STATE not in str(caught.value)


async def test_the_code_is_exchanged_for_tokens_with_their_ends() -> None:
    async with intuit(says(200, TOKENS)) as (http, hosts, seen):
        tokens = await oauth.exchange_code(http, hosts, KEYS, REDIRECT, "AB11code", NOW)
    assert tokens == oauth.TokenSet(
        access_token="canary-access",
        access_expires_at=NOW + timedelta(hours=1),
        refresh_token="canary-refresh-2",
        refresh_expires_at=NOW + timedelta(days=101),
        hard_expires_at=NOW + timedelta(days=1825),
    )
    head, _, body = seen[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /oauth/oauth2/v1/tokens/bearer HTTP/1.1")
    basic = base64.b64encode(b"client-1:canary-secret").decode()
    assert f"Authorization: Basic {basic}" in head
    assert "x-include-refresh-token-hard-expires-in: true" in head
    assert parse_qs(body) == {
        "grant_type": ["authorization_code"],
        "code": ["AB11code"],
        "redirect_uri": [REDIRECT],
    }


async def test_a_refresh_sends_the_refresh_token_alone() -> None:
    async with intuit(says(200, TOKENS)) as (http, hosts, seen):
        await oauth.refresh(http, hosts, KEYS, "canary-refresh-1", NOW)
    assert parse_qs(seen[0].decode().partition("\r\n\r\n")[2]) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["canary-refresh-1"],
    }


async def test_an_answer_without_ends_gets_those_that_intuit_documents() -> None:
    bare = {"access_token": "a", "refresh_token": "r"}
    async with intuit(says(200, bare)) as (http, hosts, _):
        tokens = await oauth.refresh(http, hosts, KEYS, "canary-refresh-1", NOW)
    assert tokens.access_expires_at == NOW + timedelta(hours=1)
    assert tokens.refresh_expires_at == NOW + timedelta(days=100)
    assert tokens.hard_expires_at is None


GRANT = {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}


async def _hangs_up(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")


async def _drips(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


_BOMB = gzip.compress(b" " * 3_000_000 + json.dumps(TOKENS).encode())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says(400, GRANT), SignInEnded),
        (says(401, GRANT), SignInEnded),
        (says(400, {"error": "invalid_client"}), KeysRefused),
        (says(401, {"error": "invalid_client"}), KeysRefused),
        (says(400, {"error": "unauthorized_client"}), KeysRefused),
        (says(400, {"error": "invalid_request"}), SignInUnreachable),
        (says(400, {"error": ["invalid_grant"]}), SignInUnreachable),
        (says(401, b"<html>Unauthorized</html>"), SignInUnreachable),
        (says(400, b"invalid_grant"), SignInUnreachable),
        (says(429, GRANT), SignInUnreachable),
        (says(500, GRANT), SignInUnreachable),
        (says(503, b"<html>down</html>"), SignInUnreachable),
        (says(302, TOKENS, "Location: /elsewhere"), SignInUnreachable),
        (says(307, TOKENS, "Location: /elsewhere"), SignInUnreachable),
        (says(200, b""), SignInUnreachable),
        (says(200, b"<html>a hotel's sign-in page</html>"), SignInUnreachable),
        (says(200, b"[]"), SignInUnreachable),
        (says(200, {**TOKENS, "access_token": None}), SignInUnreachable),
        (says(200, {**TOKENS, "access_token": 5}), SignInUnreachable),
        (says(200, {**TOKENS, "access_token": "canary\r\nX: y"}), SignInUnreachable),
        (says(200, {**TOKENS, "refresh_token": ""}), SignInUnreachable),
        (says(200, {**TOKENS, "expires_in": -1}), SignInUnreachable),
        (says(200, {**TOKENS, "expires_in": 10**30}), SignInUnreachable),
        (says(200, b" " * 70_000 + json.dumps(TOKENS).encode()), SignInUnreachable),
        (says(200, _BOMB, "Content-Encoding: gzip"), SignInUnreachable),
        (says(200, b"no gzip", "Content-Encoding: gzip"), SignInUnreachable),
        (_hangs_up, SignInUnreachable),
        (_drips, SignInUnreachable),
    ],
)
async def test_every_failure_is_told_apart_and_quotes_no_secret(
    answer: Answer,
    expected: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(oauth, "DEADLINE", 0.4)
    caplog.set_level(logging.DEBUG)
    async with intuit(answer) as (http, hosts, seen):
        with pytest.raises(expected) as caught:
            await oauth.refresh(http, hosts, KEYS, "canary-refresh-1", NOW)
        assert len(seen) == 1
    error = caught.value
    assert type(error) is expected
    assert error.__cause__ is None
    assert error.__context__ is None
    _no_canary(repr(error), str(error), repr(vars(error)), caplog.text)


async def test_intuits_name_of_the_call_is_kept_for_its_support() -> None:
    async with intuit(says(400, GRANT)) as (http, hosts, _):
        with pytest.raises(SignInEnded) as caught:
            await oauth.refresh(http, hosts, KEYS, "canary-refresh-1", NOW)
    assert caught.value.tid == "tid-1"


async def test_a_code_used_twice_is_said_in_its_own_words() -> None:
    async with intuit(says(400, GRANT)) as (http, hosts, _):
        with pytest.raises(SignInEnded, match="Start again with Connect"):
            await oauth.exchange_code(http, hosts, KEYS, REDIRECT, "canary-code", NOW)


async def test_no_connection_is_passing() -> None:
    async with intuit(says(200, TOKENS)) as (http, hosts, _):
        pass
    async with httpx.AsyncClient() as http:
        with pytest.raises(SignInUnreachable, match="cannot be reached"):
            await oauth.refresh(http, hosts, KEYS, "canary-refresh-1", NOW)


async def test_nothing_secret_stands_in_a_log_or_in_a_printed_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with intuit(says(200, TOKENS)) as (http, hosts, _):
        tokens = await oauth.exchange_code(http, hosts, KEYS, REDIRECT, "canary-code", NOW)
        assert await oauth.revoke(http, hosts, KEYS, tokens.refresh_token)
    assert caplog.records  # httpx does log
    landing = read_landing(GOOD, REDIRECT, STATE)
    _no_canary(caplog.text, repr(tokens), repr(KEYS), repr(landing), repr([tokens, KEYS]))
    assert repr(replace(tokens, access_token="other")) == repr(tokens)


@pytest.mark.parametrize(
    ("answer", "revoked"),
    [
        (says(200, b""), True),
        (says(400, {"error": "invalid_token"}), False),
        (says(302, b"", "Location: /elsewhere"), False),
        (says(503, b""), False),
        (_drips, False),
    ],
)
async def test_revoking_says_whether_intuit_did(
    answer: Answer, revoked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "DEADLINE", 0.4)
    async with intuit(answer) as (http, hosts, seen):
        assert await oauth.revoke(http, hosts, KEYS, "canary-refresh-1") is revoked
    head, _, body = seen[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /developer/v2/oauth2/tokens/revoke HTTP/1.1")
    assert "Authorization: Basic" in head
    assert json.loads(body) == {"token": "canary-refresh-1"}


def _no_canary(*texts: str) -> None:
    for text in texts:
        assert "canary" not in text
