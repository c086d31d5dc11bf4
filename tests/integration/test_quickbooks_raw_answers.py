"""Damage on the wire itself: whatever arrives after a write has left, it is never "not sent"."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bare_client import Clock, NoLog, Tokens
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qbdesk.app import http_client
from qbdesk.sync.quickbooks.client import (
    Confirmed,
    Outcome,
    QuickBooks,
    QuickBooksError,
    Refused,
    Unknown,
    Unreachable,
    Write,
)
from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.quickbooks.limits import Limiter
from qbdesk.sync.quickbooks.objects import CustomerObject
from qbdesk.sync.quickbooks.queries import query

BODY = b'{"Customer":{"Id":"9","DisplayName":"Fischer"},"time":"2026-01-02"}'
FAULT = b'{"Fault":{"Error":[{"code":"6240","Detail":"Fischer"}],"type":"ValidationFault"}}'


def raw(status: bytes, body: bytes, *headers: bytes) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, length, b"", body])


ANSWERS = [
    raw(b"200 OK", BODY, b"Content-Type: application/json", b"intuit_tid: 1-abc"),
    raw(b"400 Bad Request", FAULT, b"Content-Type: application/json;charset=UTF-8"),
    raw(b"401 Unauthorized", b"", b'WWW-Authenticate: Bearer realm="Intuit"'),
    raw(b"302 Found", b"", b"Location: http://127.0.0.1/login", b"Set-Cookie: a=b; Domain=x"),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    b"4\r\n\x1f\x8b\x08\x00\r\n0\r\n\r\n",
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    answer = draw(st.sampled_from(ANSWERS))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(answer)))
        end = draw(st.integers(start, min(len(answer), start + 4)) | st.just(len(answer)))
        answer = answer[:start] + draw(st.binary(max_size=4)) + answer[end:]
    return answer


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[QuickBooks]:
    """A client of a server that reads each request whole, sends these bytes and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    hosts = intuit_hosts(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    clock = Clock()
    limiter = Limiter(NoLog(), wall=clock.time, monotonic=clock.time, sleep=clock.sleep)
    async with server, http_client() as http:
        yield QuickBooks(
            http, hosts, "sandbox", "913", Tokens(), limiter, deadline=10, sleep=clock.sleep
        )


# An example opens real connections; its time is the machine's business.
on_the_wire = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)


@on_the_wire
@given(damaged())
async def test_a_write_that_left_is_confirmed_refused_or_unknown_whatever_comes_back(
    answer: bytes,
) -> None:
    write = Write("customer", b'{"DisplayName":"Fischer"}', "r1")
    async with answering(answer) as quickbooks:
        outcomes: list[Outcome] = [await quickbooks.write(write)]
        outcomes += await quickbooks.batch([write], request_id="b1")
    for outcome in outcomes:
        assert isinstance(outcome, Confirmed | Refused | Unknown)
        assert "Fischer" not in repr(outcome)


WILD_COOKIE = (
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/login\r\n"
    b"Set-Cookie: \x80 Domain=x\r\nContent-Length: 0\r\n\r\n"
)


@on_the_wire
@given(damaged())
@example(WILD_COOKIE)
async def test_a_read_raises_nothing_but_the_two_documented_errors(answer: bytes) -> None:
    async with answering(answer) as quickbooks:
        try:
            shown = repr(await quickbooks.query(query("Customer"), CustomerObject, "Customer"))
        except (QuickBooksError, Unreachable) as error:
            shown = f"{error!r} {error}"
    assert "Fischer" not in shown


async def test_the_same_server_undamaged_confirms() -> None:
    async with answering(ANSWERS[0]) as quickbooks:
        outcome = await quickbooks.write(Write("customer", b"{}", "r1"))
    assert isinstance(outcome, Confirmed)
    assert (outcome.entity["Id"], outcome.tid) == ("9", "1-abc")
