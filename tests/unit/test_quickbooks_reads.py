"""Reads repeat themselves while that helps, page through everything, and say why they gave up."""

import json
import logging
import re
import traceback
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from quickbooks_support import REALM, ROOT, TID, Desk, Tokens, capital, lower_case, xml

from qbdesk.sync.errors import Trouble
from qbdesk.sync.quickbooks.client import QuickBooks, QuickBooksError, Unreachable
from qbdesk.sync.quickbooks.faults import FaultKind
from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.quickbooks.limits import Counts
from qbdesk.sync.quickbooks.objects import CustomerObject, InvoiceObject
from qbdesk.sync.quickbooks.queries import Condition, contains, query

ANN = query("Customer", [contains("PrimaryEmailAddr", "ann@x.test")])
MARKS_OF_A_LEAK = re.compile(r"Fischer|1,234|ann(@|%40)x|access-1")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with httpx.AsyncClient() as http:
        yield Desk(http)


def customers(*ids: int) -> httpx.Response:
    rows = [{"Id": str(each), "DisplayName": f"Fischer {each}"} for each in ids]
    response: dict[str, object] = {"Customer": rows} if rows else {}
    return httpx.Response(200, json={"QueryResponse": response, "time": "2026"})


async def find(desk: Desk, statement: str = ANN) -> list[str]:
    found = await desk.quickbooks.query(statement, CustomerObject, "Customer")
    return [each.id for each in found]


async def test_a_query_is_a_get_with_its_statement(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(f"{ROOT}query").mock(return_value=customers(1, 2))
    assert await find(desk) == ["1", "2"]
    request = respx_mock.calls.last.request
    assert dict(request.url.params) == {"query": ANN, "minorversion": "75"}
    assert request.headers["authorization"] == "Bearer access-1"
    assert desk.limiter.counts == Counts(reads=1)


async def test_nothing_found_is_an_empty_list(desk: Desk, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(f"{ROOT}query").mock(return_value=customers())
    assert await find(desk) == []


async def test_a_full_page_asks_for_the_next_one(desk: Desk, respx_mock: respx.MockRouter) -> None:
    pages = [customers(*range(1, 1001)), customers(*range(1001, 2001)), customers(2000, 2001)]
    route = respx_mock.get(f"{ROOT}query").mock(side_effect=pages)
    assert await find(desk) == [str(each) for each in range(1, 2002)]
    starts = [
        call.request.url.params["query"].partition("STARTPOSITION ")[2] for call in route.calls
    ]
    assert starts == ["1 MAXRESULTS 1000", "1001 MAXRESULTS 1000", "2001 MAXRESULTS 1000"]


async def test_a_server_that_ignores_the_position_does_not_keep_us_for_ever(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(f"{ROOT}query").mock(return_value=customers(*range(1, 1001)))
    assert len(await find(desk)) == 1000
    assert respx_mock.calls.call_count == 2


async def test_whoever_asked_for_a_few_gets_a_few(desk: Desk, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(f"{ROOT}query").mock(return_value=customers(1, 2))
    assert await find(desk, query("Customer", limit=2)) == ["1", "2"]
    assert respx_mock.calls.call_count == 1


@pytest.mark.parametrize(("length", "method"), [(3700, "GET"), (3900, "POST")])
async def test_an_address_stays_under_4000_characters(
    desk: Desk, respx_mock: respx.MockRouter, length: int, method: str
) -> None:
    route = respx_mock.route(url__startswith=f"{ROOT}query").mock(return_value=customers(1))
    statement = query("Customer", [Condition("DisplayName", "=", "x" * length)])
    assert await find(desk, statement) == ["1"]
    request = route.calls.last.request
    assert request.method == method
    assert len(str(request.url)) < 4000
    if method == "POST":
        assert request.content.decode() == statement
        assert request.headers["content-type"] == "application/text"
        assert dict(request.url.params) == {"minorversion": "75"}
    assert desk.limiter.counts == Counts(reads=1)


async def test_company_and_preferences_are_read(desk: Desk, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(f"{ROOT}companyinfo/{REALM}").mock(
        return_value=httpx.Response(200, json={"CompanyInfo": {"CompanyName": "Maple"}})
    )
    respx_mock.get(f"{ROOT}preferences").mock(
        return_value=httpx.Response(
            200, json={"Preferences": {"TaxPrefs": {"UsingSalesTax": True}}}
        )
    )
    assert (await desk.quickbooks.company_info()).company_name == "Maple"
    assert (await desk.quickbooks.preferences()).tax_prefs.using_sales_tax


@pytest.mark.parametrize(
    ("answer", "rate"),
    [
        (httpx.Response(200, content=b'{"ExchangeRate":{"Rate":1.4912}}'), Decimal("1.4912")),
        (httpx.Response(200, content=b'{"ExchangeRate":{"Rate":0}}'), None),
        (httpx.Response(200, content=b'{"ExchangeRate":{}}'), None),
        (httpx.Response(400, content=capital("610")), None),
    ],
)
async def test_an_exchange_rate_is_exact_or_none(
    desk: Desk, respx_mock: respx.MockRouter, answer: httpx.Response, rate: Decimal | None
) -> None:
    respx_mock.get(f"{ROOT}exchangerate").mock(return_value=answer)
    assert await desk.quickbooks.exchange_rate("EUR", date(2026, 1, 2)) == rate
    params = respx_mock.calls.last.request.url.params
    assert (params["sourcecurrencycode"], params["asofdate"]) == ("EUR", "2026-01-02")


async def test_an_object_that_is_gone_is_none(desk: Desk, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(f"{ROOT}invoice/145").mock(
        return_value=httpx.Response(400, content=capital("610"))
    )
    assert await desk.quickbooks.read("invoice/145", InvoiceObject, "Invoice") is None


@pytest.mark.parametrize(
    "path", ["../x", "invoice/1?x=1", "invoice//1", "invoice/", "Invoice/1", ""]
)
async def test_an_id_from_outside_cannot_make_another_address(desk: Desk, path: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        await desk.quickbooks.read(path, InvoiceObject, "Invoice")


def test_a_realm_from_outside_cannot_make_another_address(desk: Desk) -> None:
    with pytest.raises(ValueError, match="no QuickBooks company id"):
        QuickBooks(
            httpx.AsyncClient(), intuit_hosts(None), "sandbox", "1/../2", Tokens(), desk.limiter
        )


TRANSIENT = [
    httpx.ConnectError("x"),
    httpx.ReadTimeout("x"),
    httpx.RemoteProtocolError("x"),
    httpx.Response(503, html="<html></html>"),
    httpx.Response(500, content=capital("10000")),
    httpx.Response(200, content=b""),
    httpx.Response(200, content=b'{"QueryResponse":{"Customer":[{"Id":"1"'),
]


@pytest.mark.parametrize("trouble", TRANSIENT)
async def test_a_passing_trouble_is_sat_out(
    desk: Desk, respx_mock: respx.MockRouter, trouble: Exception | httpx.Response
) -> None:
    answers = [trouble, trouble, trouble, customers(1)]
    respx_mock.get(f"{ROOT}query").mock(side_effect=answers)
    assert await find(desk) == ["1"]
    assert desk.slept == [1, 2, 4]
    assert [seconds for seconds, _ in desk.waits] == [1, 2, 4]


async def test_desks_that_met_the_same_trouble_do_not_come_back_in_the_same_second(
    respx_mock: respx.MockRouter,
) -> None:
    busy = httpx.Response(503, html="", headers={"retry-after": "90"})
    answers = [httpx.ConnectError("x"), busy, customers(1)]
    respx_mock.get(f"{ROOT}query").mock(side_effect=answers)
    async with httpx.AsyncClient() as http:
        unlucky = Desk(http, chance=1.0)
        assert await find(unlucky) == ["1"]
    assert unlucky.slept == [1.5, 135]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "90"}, 90),
        ({"retry-after": "999999"}, 600),
        ({"retry-after": "soon"}, 1),
        ({"retry-after": "0"}, 1),
    ],
)
async def test_the_pause_that_an_unavailable_server_asks_for_is_waited_out(
    desk: Desk, respx_mock: respx.MockRouter, headers: dict[str, str], seconds: float
) -> None:
    busy = httpx.Response(503, headers=headers, html="<html></html>")
    respx_mock.get(f"{ROOT}query").mock(side_effect=[busy, customers(1)])
    assert await find(desk) == ["1"]
    assert [waited for waited, _ in desk.waits] == [seconds]


@pytest.mark.parametrize("trouble", TRANSIENT)
async def test_a_trouble_that_stays_is_said_after_four_tries(
    desk: Desk, respx_mock: respx.MockRouter, trouble: Exception | httpx.Response
) -> None:
    respx_mock.get(f"{ROOT}query").mock(side_effect=[trouble] * 4)
    with pytest.raises(Trouble) as given_up:
        await find(desk)
    expected = Unreachable if isinstance(trouble, Exception) else QuickBooksError
    assert isinstance(given_up.value, expected)
    assert str(given_up.value).endswith(".")
    assert respx_mock.calls.call_count == 4


async def test_a_refused_read_is_said_at_once(desk: Desk, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(f"{ROOT}query").mock(
        return_value=httpx.Response(400, content=capital("4002", "bad e-mail ann@x.test"))
    )
    with pytest.raises(QuickBooksError) as refusal:
        await find(desk)
    assert refusal.value.fault.kind is FaultKind.DECIDE
    assert str(refusal.value) == refusal.value.fault.sentence
    assert respx_mock.calls.call_count == 1


async def test_a_refused_token_is_renewed_once(desk: Desk, respx_mock: respx.MockRouter) -> None:
    unauthorised = httpx.Response(401, content=lower_case("3200", kind="AUTHENTICATION"))
    respx_mock.get(f"{ROOT}query").mock(side_effect=[unauthorised, customers(1)])
    assert await find(desk) == ["1"]
    assert desk.tokens.refusals == ["access-1"]


async def test_a_token_that_is_refused_twice_ends_the_read(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(f"{ROOT}query").mock(return_value=httpx.Response(401))
    with pytest.raises(QuickBooksError) as refusal:
        await find(desk)
    assert refusal.value.fault.kind is FaultKind.SIGN_IN
    assert respx_mock.calls.call_count == 2


async def test_a_throttle_is_waited_out_and_announced(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    throttled = httpx.Response(429, content=xml("3001"), headers={"retry-after": "20"})
    respx_mock.get(f"{ROOT}query").mock(side_effect=[throttled, throttled, customers(1)])
    assert await find(desk) == ["1"]
    assert [seconds for seconds, _ in desk.waits] == [20, 20]


async def test_a_used_up_allowance_is_not_waited_for_for_ever(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(f"{ROOT}query").mock(return_value=httpx.Response(429))
    with pytest.raises(QuickBooksError) as refusal:
        await find(desk)
    assert refusal.value.fault.kind is FaultKind.THROTTLED
    assert respx_mock.calls.call_count == 5


async def test_our_own_limit_is_announced_when_it_takes_longer_than_a_moment(
    desk: Desk, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(f"{ROOT}query").mock(return_value=customers(1))
    for _ in range(491):
        await find(desk)
    assert [why for _, why in desk.waits][-1] == (
        "QuickBooks takes only so many requests a minute; the program goes on by itself."
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"QueryResponse": {"Customer": [{"DisplayName": "Fischer"}]}},
        {"QueryResponse": {"Customer": [{"Id": "1", "Active": "Fischer"}]}},
        {"QueryResponse": {"Customer": ["Fischer"]}},
        {"QueryResponse": {"Customer": {"Fischer": 1}}},
        {"QueryResponse": ["Fischer"]},
        {"time": "Fischer"},
    ],
)
async def test_an_answer_of_an_unknown_shape_is_said_without_quoting_it(
    desk: Desk, respx_mock: respx.MockRouter, answer: object
) -> None:
    response = httpx.Response(200, json=answer, headers={"intuit_tid": TID})
    respx_mock.get(f"{ROOT}query").mock(return_value=response)
    with pytest.raises(QuickBooksError) as refusal:
        await find(desk)
    fault = refusal.value.fault
    assert fault.kind is FaultKind.OUR_BUG
    assert fault.sentence == (
        "QuickBooks' answer looks different from what this program knows. "
        f"QuickBooks' reference number is {TID}."
    )
    assert refusal.value.__context__ is None


@pytest.mark.parametrize("answer", [{"QueryResponse": []}, {"time": "now"}])
async def test_an_answer_that_once_lacks_what_was_asked_for_is_asked_for_again(
    desk: Desk, respx_mock: respx.MockRouter, answer: object
) -> None:
    respx_mock.get(f"{ROOT}query").mock(
        side_effect=[httpx.Response(200, json=answer), customers(1)]
    )
    assert len(await find(desk)) == 1


async def test_neither_log_nor_traceback_shows_who_was_asked_about(
    desk: Desk, respx_mock: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    refusal = httpx.Response(
        400, content=capital("6000", "Fischer owes 1,234"), headers={"intuit_tid": TID}
    )
    respx_mock.get(f"{ROOT}query").mock(
        side_effect=[customers(1), refusal, *[httpx.ReadError("Fischer")] * 4]
    )
    shown = [repr(await desk.quickbooks.query(ANN, CustomerObject, "Customer"))]
    for _ in range(2):
        with pytest.raises(Trouble) as trouble:
            await find(desk)
        shown += traceback.format_exception(trouble.value)
    # respx logs nothing itself, so httpx' own line is provoked too.
    logging.getLogger("httpx").info(
        "HTTP Request: %s %s", "GET", httpx.URL(ROOT, params={"q": ANN})
    )
    assert not MARKS_OF_A_LEAK.search("\n".join([caplog.text, *shown]))
    assert TID in caplog.text


ROWS = json.dumps(
    {"QueryResponse": {"Customer": [{"Id": "1", "DisplayName": "Fischer", "Balance": 1.5}]}}
).encode()


@given(st.data(), st.sampled_from([200, 400, 401, 403, 404, 429, 500]))
async def test_a_damaged_answer_raises_nothing_but_the_two_documented_errors(
    data: st.DataObject, status: int
) -> None:
    body = data.draw(st.sampled_from([ROWS, capital("610"), lower_case("3001"), xml("3200")]))
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 6)) | st.just(len(body)))
    body = body[:start] + data.draw(st.binary(max_size=6)) + body[end:]
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=body))
    async with httpx.AsyncClient(transport=transport) as http:
        quickbooks = Desk(http).quickbooks
        try:
            shown = repr(await quickbooks.query(ANN, CustomerObject, "Customer"))
        except (QuickBooksError, Unreachable) as error:
            shown = f"{error!r} {error}"
    assert "Fischer" not in shown
