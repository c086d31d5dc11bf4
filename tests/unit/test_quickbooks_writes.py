"""What becomes of a write: confirmed, refused, not sent, or honestly unknown."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from quickbooks_support import (
    ROOT,
    TID,
    Desk,
    capital,
    invoice_write,
    lower_case,
    xml,
)

from qbdesk.sync.quickbooks import exchange
from qbdesk.sync.quickbooks.client import (
    Confirmed,
    NotSent,
    Outcome,
    QuickBooks,
    Refused,
    Unknown,
    Write,
)
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.quickbooks.limits import Counts

INVOICE = b'{"Invoice":{"Id":"145","SyncToken":"0","TotalAmt":26.10},"time":"2026-01-02"}'
LOOK_FIRST = "the program looks before it sends anything again."


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with httpx.AsyncClient() as http:
        yield Desk(http)


def reply(status: int, body: bytes, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    json_type = {"content-type": "application/json", "intuit_tid": TID}
    return httpx.Response(status, content=body, headers={**json_type, **named})


async def test_a_confirmed_write_carries_quickbooks_answer_with_exact_amounts(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.post(f"{ROOT}invoice").mock(return_value=reply(200, INVOICE))
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, Confirmed)
    assert (outcome.entity["Id"], outcome.tid) == ("145", TID)
    assert outcome.entity["TotalAmt"] == Decimal("26.10")
    request = route.calls.last.request
    assert request.content == invoice_write().body
    assert dict(request.url.params) == {"requestid": "qd1i0001", "minorversion": "75"}
    assert request.headers["authorization"] == "Bearer access-1"
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"


async def test_an_operation_is_a_parameter_of_the_write(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.post(f"{ROOT}payment").mock(
        return_value=reply(200, b'{"Payment":{"status":"Deleted","Id":"33"}}')
    )
    write = Write("payment", b'{"Id":"33"}', "r", {"operation": "delete", "minorversion": "3"})
    assert isinstance(await desk.quickbooks.write(write), Confirmed)
    assert dict(route.calls.last.request.url.params) == {
        "operation": "delete",
        "minorversion": "75",
        "requestid": "r",
    }


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("private"),
        httpx.ConnectTimeout("private"),
        httpx.PoolTimeout("private"),
        httpx.ProxyError("407 private"),
    ],
)
async def test_a_write_that_never_left_is_not_sent(
    desk: Desk, respx_mock: respx.MockRouter, error: Exception
) -> None:
    respx_mock.post(f"{ROOT}invoice").mock(side_effect=error)
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, NotSent)
    assert "private" not in repr(outcome)
    assert outcome.why.endswith(".")
    assert respx_mock.calls.call_count == 1


async def test_a_server_that_cannot_prove_who_it_is_is_named_as_such() -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        # The chain that httpx and httpcore make of a certificate nobody vouches for.
        raise httpx.ConnectError("[SSL]") from ssl.SSLCertVerificationError("self-signed")

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as http:
        outcome = await Desk(http).quickbooks.write(invoice_write())
    assert isinstance(outcome, NotSent)
    assert "could not prove that it is Intuit's" in outcome.why


@pytest.mark.parametrize(
    "error",
    [
        httpx.WriteError("private"),
        httpx.WriteTimeout("private"),
        httpx.ReadError("private"),
        httpx.ReadTimeout("private"),
        httpx.CloseError("private"),
        httpx.RemoteProtocolError("private"),
        httpx.LocalProtocolError("private"),
        httpx.DecodingError("private"),
        OSError("private"),
        EOFError("private"),
    ],
)
async def test_a_write_that_broke_off_later_is_unknown_and_is_not_repeated(
    desk: Desk, respx_mock: respx.MockRouter, error: Exception
) -> None:
    respx_mock.post(f"{ROOT}invoice").mock(side_effect=error)
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, Unknown)
    assert outcome.why.endswith(LOOK_FIRST)
    assert "private" not in repr(outcome)
    assert respx_mock.calls.call_count == 1


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(503, html="<html>503</html>"),
        httpx.Response(502, content=b""),
        reply(500, capital("10000", kind="SystemFault")),
        reply(500, capital("6240")),
        reply(400, capital("10000", kind="SystemFault")),
        reply(400, capital("600")),
        reply(200, b""),
        reply(204, b""),
        reply(302, b"", location="http://hotel.test/"),
        reply(302, b"", location="http://["),
        httpx.Response(200, html="<html>Welcome</html>"),
        reply(200, INVOICE[:20]),
        reply(200, b'{"time":"2026"}'),
        reply(200, b'{"Invoice":null}'),
        reply(200, b'{"Invoice":{"SyncToken":"0"}}'),
        reply(200, b'{"Invoice":{"Id":""}}'),
        reply(200, b'{"Invoice":{"Id":7}}'),
        reply(200, b'{"Payment":{"Id":"7"}}'),
        httpx.Response(
            200, stream=httpx.ByteStream(b"not gzip"), headers={"content-encoding": "gzip"}
        ),
        reply(400, b"garbage"),
    ],
)
async def test_an_answer_that_proves_nothing_leaves_the_write_unknown(
    desk: Desk, respx_mock: respx.MockRouter, response: httpx.Response
) -> None:
    respx_mock.post(f"{ROOT}invoice").mock(return_value=response)
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, Unknown)
    assert outcome.why.endswith(LOOK_FIRST)
    assert respx_mock.calls.call_count == 1


async def test_even_an_unknown_outcome_keeps_the_reference_number(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    respx_mock.post(f"{ROOT}invoice").mock(return_value=reply(200, b"{"))
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, Unknown)
    assert outcome.tid == TID


@pytest.mark.parametrize("status", [200, 400])
async def test_a_refusal_is_refused_even_under_http_200(
    desk: Desk, respx_mock: respx.MockRouter, status: int
) -> None:
    body = capital("6240", "Another customer is Fischer GmbH")
    respx_mock.post(f"{ROOT}invoice").mock(return_value=reply(status, body))
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, Refused)
    assert (outcome.fault.kind, outcome.fault.tid) == (FaultKind.DECIDE, TID)
    assert "Fischer" not in repr(outcome)


async def test_after_a_401_the_same_bytes_leave_under_the_same_request_id(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    answers = [reply(401, lower_case("3200", kind="AUTHENTICATION")), reply(200, INVOICE)]
    route = respx_mock.post(f"{ROOT}invoice").mock(side_effect=answers)
    assert isinstance(await desk.quickbooks.write(invoice_write()), Confirmed)
    first, second = (call.request for call in route.calls)
    assert first.content == second.content
    assert first.url == second.url
    assert desk.tokens.refusals == ["access-1"]
    assert second.headers["authorization"] == "Bearer access-2"


async def test_a_second_401_is_the_end_of_it(desk: Desk, respx_mock: respx.MockRouter) -> None:
    respx_mock.post(f"{ROOT}invoice").mock(return_value=httpx.Response(401))
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, Refused)
    assert outcome.fault.kind is FaultKind.SIGN_IN
    assert respx_mock.calls.call_count == 2


async def test_no_access_to_the_company_is_refused_at_once(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    respx_mock.post(f"{ROOT}invoice").mock(return_value=reply(403, lower_case("3100")))
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, Refused)
    assert outcome.fault.kind is FaultKind.COMPANY
    assert respx_mock.calls.call_count == 1


async def test_after_a_throttle_the_same_write_goes_on_a_minute_later(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    throttle = httpx.Response(
        429, content=xml("3001", kind="SERVICE"), headers={"content-type": "application/xml"}
    )
    route = respx_mock.post(f"{ROOT}invoice").mock(side_effect=[throttle, reply(200, INVOICE)])
    assert isinstance(await desk.quickbooks.write(invoice_write()), Confirmed)
    first, second = (call.request for call in route.calls)
    assert (first.content, first.url) == (second.content, second.url)
    assert sum(desk.slept) == 60
    assert desk.waits == [(60.0, "QuickBooks asked for a pause; the program goes on by itself.")]
    assert desk.limiter.counts == Counts(writes=2)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0"}, 1),
        ({"retry_after": "-5"}, 60),
        ({"retry_after": "soon"}, 60),
        ({"retry_after": "999999999"}, 3600),
        ({"retry_after": "9" * 400}, 60),
        (
            {
                "retry_after": "Mon, 02 Nov 2026 09:00:30 GMT",
                "date": "Mon, 02 Nov 2026 09:00:00 GMT",
            },
            30,
        ),
        ({"retry_after": "Mon, 02 Nov 2026 09:00:30 GMT"}, 60),
        ({"retry_after": "Mon, 99 Nov 2026 09:00:30 GMT", "date": "x"}, 60),
    ],
)
async def test_a_throttle_waits_as_long_as_quickbooks_asks(
    desk: Desk, respx_mock: respx.MockRouter, headers: dict[str, str], seconds: float
) -> None:
    throttle = reply(429, lower_case("3001"), **headers)
    respx_mock.post(f"{ROOT}invoice").mock(side_effect=[throttle, reply(200, INVOICE)])
    await desk.quickbooks.write(invoice_write())
    assert sum(desk.slept) == seconds


async def test_a_throttle_without_end_is_given_up_as_refused(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    respx_mock.post(f"{ROOT}invoice").mock(return_value=httpx.Response(429))
    outcome = await desk.quickbooks.write(invoice_write())
    assert isinstance(outcome, Refused)
    assert outcome.fault.kind is FaultKind.THROTTLED
    assert respx_mock.calls.call_count == 5
    assert sum(desk.slept) == 4 * 60
    assert desk.limiter.pause_left == 60


class Endless(httpx.AsyncByteStream):
    """An answer that drips for ever, or is longer than anything."""

    def __init__(self, part: bytes, pause: float) -> None:
        self._part = part
        self._pause = pause
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(self._pause)
            yield self._part

    async def aclose(self) -> None:
        self.closed = True


async def test_a_slow_drip_ends_at_the_deadline(respx_mock: respx.MockRouter) -> None:
    stream = Endless(b"{", 0.005)
    response = httpx.Response(200, stream=stream, headers={"intuit_tid": TID})
    respx_mock.post(f"{ROOT}invoice").mock(return_value=response)
    async with asyncio.timeout(5), httpx.AsyncClient() as http:
        outcome = await Desk(http, deadline=0.05).quickbooks.write(invoice_write())
    assert isinstance(outcome, Unknown)
    assert outcome.why.startswith("QuickBooks took too long to answer.")
    assert outcome.tid == TID
    assert stream.closed


async def test_an_answer_without_end_is_cut_short(
    desk: Desk, respx_mock: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", 1000)
    stream = Endless(b"{" * 100, 0)
    respx_mock.post(f"{ROOT}invoice").mock(return_value=httpx.Response(200, stream=stream))
    assert isinstance(await desk.quickbooks.write(invoice_write()), Unknown)
    assert stream.closed


async def test_stopping_leaves_at_once_and_closes_the_connection(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    stream = Endless(b"{", 0.001)
    respx_mock.post(f"{ROOT}invoice").mock(return_value=httpx.Response(200, stream=stream))
    writing = asyncio.ensure_future(desk.quickbooks.write(invoice_write()))
    await asyncio.sleep(0.02)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert stream.closed


class SignedOut:
    async def access_token(self) -> str:
        raise PermissionError("Sign in again.")

    async def refused(self, token: str) -> None:
        raise AssertionError("Nothing was sent.")


async def test_what_the_token_source_says_passes_through_before_anything_is_sent(
    respx_mock: respx.MockRouter, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.tokens, "access_token", SignedOut().access_token)
    with pytest.raises(PermissionError):
        await desk.quickbooks.write(invoice_write())
    assert respx_mock.calls.call_count == 0
    assert desk.limiter.counts == Counts()


@pytest.mark.parametrize(
    ("path", "request_id"),
    [("invoice/1", "r"), ("estimate", "r"), ("invoice", ""), ("item", "r" * 51)],
)
def test_a_write_that_quickbooks_does_not_know_cannot_be_made(path: str, request_id: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Write(path, b"{}", request_id)


def test_a_write_that_is_printed_does_not_show_its_content() -> None:
    write = Write("customer", b'{"DisplayName":"Fischer GmbH"}', "r")
    assert "Fischer" not in repr(write)
    assert "Fischer" not in repr(Confirmed({"DisplayName": "Fischer"}, TID))


# Batches

TWO = [
    Write("customer", b'{"DisplayName":"Ann"}', "r1"),
    Write("invoice", b'{"Id":"7","TotalAmt":1.10}', "r2", {"operation": "update"}),
]


async def batch_of_two(desk: Desk, respx_mock: respx.MockRouter, **answer: Any) -> list[Outcome]:
    respx_mock.post(f"{ROOT}batch").mock(**answer)
    return await desk.quickbooks.batch(TWO, request_id="qd1b0001")


async def test_a_batch_is_made_of_the_writes_own_bytes(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    items = b'{"bId":"2","Invoice":{"Id":"7"}},{"bId":"1","Customer":{"Id":"9"}}'
    answer = reply(200, b'{"BatchItemResponse":[' + items + b"]}")
    first, second = await batch_of_two(desk, respx_mock, return_value=answer)
    assert isinstance(first, Confirmed)
    assert isinstance(second, Confirmed)
    assert (first.entity["Id"], second.entity["Id"]) == ("9", "7")
    request = respx_mock.calls.last.request
    assert request.content == (
        b'{"BatchItemRequest":['
        b'{"bId":"1","operation":"create","Customer":{"DisplayName":"Ann"}},'
        b'{"bId":"2","operation":"update","Invoice":{"Id":"7","TotalAmt":1.10}}]}'
    )
    assert request.url.params["requestid"] == "qd1b0001"
    assert desk.limiter.counts == Counts(batches=1)


async def test_each_item_of_a_batch_has_its_own_outcome(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    refusal = json.loads(capital("6240", "Fischer"))
    items = [{"bId": "1", "Fault": refusal["Fault"]}, {"bId": "2", "Invoice": {"Id": "7"}}]
    answer = reply(200, json.dumps({"BatchItemResponse": items}).encode())
    first, second = await batch_of_two(desk, respx_mock, return_value=answer)
    assert isinstance(first, Refused)
    assert first.fault.code == "6240"
    assert isinstance(second, Confirmed)


@pytest.mark.parametrize(
    "items",
    [
        b"",
        b'{"bId":"3","Customer":{"Id":"9"}}',
        b'{"bId":1,"Customer":{"Id":""}}',
        b'{"bId":"1","Customer":{"Id":"9"}},{"bId":"1","Customer":{"Id":"10"}}',
        b'{"bId":"1","Invoice":{"Id":"9"}}',
        b'{"bId":"1","Fault":{"Error":[{"code":"10000"}],"type":"SystemFault"}}',
        b"null,7",
    ],
)
async def test_an_item_that_the_answer_leaves_open_is_unknown(
    desk: Desk, respx_mock: respx.MockRouter, items: bytes
) -> None:
    answer = reply(200, b'{"BatchItemResponse":[' + items + b"]}")
    outcomes = await batch_of_two(desk, respx_mock, return_value=answer)
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]


@pytest.mark.parametrize("body", [b"{}", b'{"BatchItemResponse":null}', b'{"BatchItemResponse":7}'])
async def test_an_answer_without_items_leaves_all_unknown(
    desk: Desk, respx_mock: respx.MockRouter, body: bytes
) -> None:
    outcomes = await batch_of_two(desk, respx_mock, return_value=reply(200, body))
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"side_effect": httpx.ConnectError("x")}, NotSent),
        ({"side_effect": httpx.ReadTimeout("x")}, Unknown),
        ({"return_value": httpx.Response(503, html="<html></html>")}, Unknown),
        ({"return_value": reply(400, capital("1040"))}, Refused),
        ({"return_value": reply(200, capital("6190"))}, Refused),
        ({"return_value": reply(403, lower_case("3100"))}, Refused),
    ],
)
async def test_what_happens_to_the_batch_happens_to_every_item(
    desk: Desk, respx_mock: respx.MockRouter, answer: dict[str, Any], outcome: type[Outcome]
) -> None:
    outcomes = await batch_of_two(desk, respx_mock, **answer)
    assert [type(each) for each in outcomes] == [outcome, outcome]
    assert respx_mock.calls.call_count == 1


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (500, capital("10000"), "10000"),
        (400, capital("10000"), "10000"),
        (400, capital("600"), "600"),
        (413, b"<html>", ""),
    ],
)
async def test_a_4xx_that_leaves_it_open_in_quickbooks_own_words_is_told_from_one_that_does_not(
    desk: Desk, respx_mock: respx.MockRouter, status: int, body: bytes, code: str
) -> None:
    first, _ = await batch_of_two(desk, respx_mock, return_value=reply(status, body))
    assert isinstance(first, Unknown)
    assert (first.status, first.code) == (status, code)


async def test_an_item_that_is_throttled_pauses_what_comes_next(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    fault = json.loads(lower_case("3001"))["fault"]
    items = [{"bId": "1", "fault": fault}, {"bId": "2", "Invoice": {"Id": "7"}}]
    answer = reply(200, json.dumps({"BatchItemResponse": items}).encode())
    first, second = await batch_of_two(desk, respx_mock, return_value=answer)
    assert isinstance(first, Refused)
    assert first.fault.kind is FaultKind.THROTTLED
    assert isinstance(second, Confirmed)
    assert desk.limiter.pause_left == 60


@pytest.mark.parametrize(
    ("writes", "request_id"),
    [
        ([], "r"),
        (TWO * 16, "r"),
        (TWO, ""),
        (TWO, "r" * 37),
        ([Write("payment", b"{}", "r", {"operation": "void"})], "r"),
        ([Write("payment", b"{}", "r", {"include": "void"})], "r"),
    ],
)
async def test_a_batch_that_quickbooks_would_not_take_is_never_sent(
    desk: Desk, writes: list[Write], request_id: str
) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        await desk.quickbooks.batch(writes, request_id=request_id)
    assert desk.limiter.counts == Counts()


# Damaged answers

BATCH = (
    b'{"BatchItemResponse":[{"bId":"1","Customer":{"Id":"9"}},{"bId":"2","Invoice":{"Id":"7"}}]}'
)
ANSWERS = [INVOICE, BATCH, capital("6240", "Fischer"), lower_case("3200"), xml("10000"), b""]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from(ANSWERS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 6)) | st.just(len(body)))
        body = body[:start] + draw(st.binary(max_size=6)) + body[end:]
    return body


@given(
    damaged(),
    st.sampled_from([200, 200, 201, 302, 400, 401, 403, 429, 500, 503]),
    st.sampled_from(["application/json", "application/xml", "text/html", ""]),
)
async def test_a_damaged_answer_never_raises_and_never_makes_a_write_not_sent(
    body: bytes, status: int, content_type: str
) -> None:
    response = httpx.Response(status, content=body, headers={"content-type": content_type})
    transport = httpx.MockTransport(lambda _request: response)
    async with httpx.AsyncClient(transport=transport) as http:
        quickbooks: QuickBooks = Desk(http).quickbooks
        outcomes = [await quickbooks.write(invoice_write())]
        outcomes += await quickbooks.batch(TWO, request_id="b")
    for outcome in outcomes:
        assert isinstance(outcome, Confirmed | Refused | Unknown)
        assert "Fischer" not in repr(outcome)
        if isinstance(outcome, Confirmed):
            assert 200 <= status < 300
