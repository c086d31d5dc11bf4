"""Reading the feed: page after page, patient with a source that is slow, busy or broken."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from qbdesk.sync.errors import Refusal
from qbdesk.sync.sources.feed import MOST_EMPTY_PAGES, FeedSource, checked_url
from qbdesk.sync.sources.source import Page, SourceRefused, SourceUnreachable

ROOT = "https://feed.example.com"
SINCE = datetime(2026, 1, 1, 5, tzinfo=UTC)
TENANT = {
    "id": "t1",
    "name": "Maple",
    "currency": "CAD",
    "currencies": ["CAD"],
    "timezone": "America/Toronto",
    "environment": "sandbox",
}


class Reader:
    def __init__(self, http: httpx.AsyncClient, chance: float = 0.0) -> None:
        self.waits: list[float] = []
        self.told: list[str] = []
        self.source = FeedSource(
            http,
            ROOT,
            "secret-token",
            sleep=self._sleep,
            waiting=lambda _s, why: self.told.append(why),
            chance=lambda: chance,
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def pages(self, cursor: str | None = None) -> list[Page]:
        return [page async for page in self.source.pages(cursor, SINCE)]


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    async with httpx.AsyncClient() as http:
        yield Reader(http)


def _page(*rows: Any, more: bool = False, cursor: str = "c1") -> httpx.Response:
    return httpx.Response(200, json={"data": list(rows), "has_more": more, "next_cursor": cursor})


@respx.mock
async def test_it_follows_the_cursor_to_the_end_and_names_itself(reader: Reader) -> None:
    route = respx.get(f"{ROOT}/v1/invoices").mock(
        side_effect=[_page(1, more=True, cursor="c1"), _page(2, cursor="c2")]
    )
    assert await reader.pages() == [Page((1,), "c1"), Page((2,), "c2")]
    first, second = (dict(call.request.url.params) for call in route.calls)
    assert first == {"status": "paid", "limit": "200", "paid_since": "2026-01-01T05:00:00Z"}
    assert second == {"status": "paid", "limit": "200", "cursor": "c1"}
    assert route.calls[0].request.headers["authorization"] == "Bearer secret-token"


@respx.mock
async def test_the_next_page_is_asked_for_only_when_this_one_is_stored(reader: Reader) -> None:
    route = respx.get(f"{ROOT}/v1/invoices").mock(side_effect=[_page(1, more=True), _page(2)])
    pages = reader.source.pages(None, SINCE)
    await anext(pages)
    assert route.call_count == 1
    await anext(pages)
    assert route.call_count == 2


@respx.mock
async def test_an_old_cursor_starts_anew_once(reader: Reader) -> None:
    route = respx.get(f"{ROOT}/v1/invoices").mock(side_effect=[httpx.Response(410), _page(1)])
    assert await reader.pages("old") == [Page((1,), "c1")]
    assert "paid_since" in route.calls[1].request.url.params
    respx.get(f"{ROOT}/v1/invoices").mock(return_value=httpx.Response(410))
    with pytest.raises(SourceUnreachable, match="cannot read"):
        await reader.pages("old")


@respx.mock
async def test_a_server_that_turns_in_circles_is_left(reader: Reader) -> None:
    respx.get(f"{ROOT}/v1/invoices").mock(return_value=_page(more=True, cursor="same"))
    with pytest.raises(SourceUnreachable, match="cannot read"):
        await reader.pages("same")


@respx.mock
async def test_rows_on_a_page_that_leads_to_itself_do_not_keep_the_reading_going(
    reader: Reader,
) -> None:
    route = respx.get(f"{ROOT}/v1/invoices")
    route.mock(side_effect=[_page(1, more=True, cursor=c) for c in ("a", "b", "a", "c")])
    with pytest.raises(SourceUnreachable, match="cannot read"):
        await reader.pages()
    assert route.call_count == 3


@respx.mock
async def test_empty_pages_that_promise_more_come_to_an_end(reader: Reader) -> None:
    route = respx.get(f"{ROOT}/v1/invoices")
    few = [_page(more=True, cursor=f"a{n}") for n in range(MOST_EMPTY_PAGES - 1)]
    more = [_page(more=True, cursor=f"b{n}") for n in range(MOST_EMPTY_PAGES - 1)]
    route.mock(side_effect=[*few, _page(1, more=True, cursor="x"), *more, _page(2, cursor="y")])
    assert [page.rows for page in await reader.pages() if page.rows] == [(1,), (2,)]
    route.mock(side_effect=[_page(more=True, cursor=f"c{n}") for n in range(100)])
    with pytest.raises(SourceUnreachable, match="cannot read"):
        await reader.pages()


@respx.mock
async def test_a_page_may_be_a_little_longer_than_agreed(reader: Reader) -> None:
    respx.get(f"{ROOT}/v1/invoices").mock(return_value=_page(*range(1000)))
    assert len((await reader.pages())[0].rows) == 1000


BUSY = httpx.Response(429, headers={"retry-after": "30"})
HALF_PAST = "Sat, 01 Jan 2000 00:01:30 GMT"
# The clock of this server stands decades back: both ends are read from it.
UNTIL_LATER = httpx.Response(
    429, headers={"retry-after": HALF_PAST, "date": "Sat, 01 Jan 2000 00:00:00 GMT"}
)


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([httpx.Response(500), httpx.ConnectError("x")], [1.0, 2.0]),
        ([BUSY], [30.0]),
        ([httpx.Response(429)], [1.0]),
        ([httpx.Response(429, headers={"retry-after": "999999"})], [600.0]),
        ([httpx.Response(503, headers={"retry-after": "5"})], [5.0]),
        ([UNTIL_LATER], [90.0]),
        ([httpx.Response(429, headers={"retry-after": HALF_PAST})], [1.0]),
        ([httpx.Response(200, text="<html>Welcome</html>")], [1.0]),
        ([httpx.ReadTimeout("x")], [1.0]),
    ],
)
@respx.mock
async def test_what_may_pass_is_tried_again_after_a_pause(
    reader: Reader, answers: list[Any], waits: list[float]
) -> None:
    respx.get(f"{ROOT}/v1/invoices").mock(side_effect=[*answers, _page(1)])
    assert len(await reader.pages()) == 1
    assert reader.waits == waits
    assert len(reader.told) == len(waits)


@respx.mock
async def test_four_tries_are_enough(reader: Reader) -> None:
    route = respx.get(f"{ROOT}/v1/invoices").mock(return_value=httpx.Response(502))
    with pytest.raises(SourceUnreachable, match="cannot be reached"):
        await reader.pages()
    assert (route.call_count, reader.waits) == (4, [1.0, 2.0, 4.0])


@respx.mock
async def test_desks_that_met_the_same_trouble_do_not_come_back_in_the_same_second() -> None:
    busy = httpx.Response(429, headers={"retry-after": "30"})
    respx.get(f"{ROOT}/v1/invoices").mock(side_effect=[httpx.Response(502), busy, _page(1)])
    async with httpx.AsyncClient() as http:
        unlucky = Reader(http, chance=1.0)
        assert len(await unlucky.pages()) == 1
    assert unlucky.waits == [1.5, 45.0]


@pytest.mark.parametrize(("status", "sentence"), [(401, "not accepted"), (403, "lacks the right")])
@respx.mock
async def test_a_refused_token_is_for_a_person(reader: Reader, status: int, sentence: str) -> None:
    route = respx.get(f"{ROOT}/v1/tenant").mock(return_value=httpx.Response(status))
    with pytest.raises(SourceRefused, match=sentence) as caught:
        await reader.source.tenant()
    assert route.call_count == 1
    assert "secret-token" not in repr(caught.value)


@pytest.mark.parametrize("status", [301, 302, 400, 404, 409, 410, 418])
@respx.mock
async def test_a_strange_status_is_no_answer_and_no_redirect_is_followed(
    reader: Reader, status: int
) -> None:
    headers = {"location": "https://evil.example.com/v1/tenant"}
    route = respx.get(f"{ROOT}/v1/tenant").mock(
        return_value=httpx.Response(status, headers=headers)
    )
    with pytest.raises(SourceUnreachable):
        await reader.source.tenant()
    assert route.call_count == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "America"},
        {"timezone": "/etc"},
        {"environment": "test"},
        {"currency": "Canadian"},
        {"id": ""},
    ],
)
@respx.mock
async def test_a_tenant_that_cannot_be_read_is_said(
    reader: Reader, changes: dict[str, Any]
) -> None:
    respx.get(f"{ROOT}/v1/tenant").mock(return_value=httpx.Response(200, json=TENANT | changes))
    with pytest.raises(SourceUnreachable, match="who it is"):
        await reader.source.tenant()


@respx.mock
async def test_a_tenant_says_who_it_is(reader: Reader) -> None:
    respx.get(f"{ROOT}/v1/tenant").mock(return_value=httpx.Response(200, json=TENANT))
    tenant = await reader.source.tenant()
    assert (tenant.id, tenant.timezone, tenant.environment) == ("t1", "America/Toronto", "sandbox")


@pytest.mark.parametrize(
    "body",
    [
        {"data": [], "has_more": False},
        {"data": {}, "has_more": False, "next_cursor": "c"},
        {"data": [], "has_more": "no", "next_cursor": "c"},
        {"data": [], "has_more": False, "next_cursor": "c c"},
        {"data": [], "has_more": False, "next_cursor": "c" * 513},
        {"data": [{}] * 1001, "has_more": False, "next_cursor": "c"},
        [],
        None,
    ],
)
@respx.mock
async def test_a_page_of_another_shape_is_no_page(reader: Reader, body: Any) -> None:
    respx.get(f"{ROOT}/v1/invoices").mock(return_value=httpx.Response(200, json=body))
    with pytest.raises(SourceUnreachable, match="cannot read"):
        await reader.pages()


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("https://x.example.com/", "https://x.example.com"),
        (" https://x.example.com/app ", "https://x.example.com/app"),
        ("http://127.0.0.1:8000/source", "http://127.0.0.1:8000/source"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_kept_without_its_last_slash(told: str, kept: str) -> None:
    assert checked_url(told) == kept


@pytest.mark.parametrize(
    "told",
    [
        *("http://x.example.com", "x.example.com", "https://", "https://x.com#a", ""),
        *("https://a@x.com", "https://:secret@x.com", "https://@x.com", "https://[::1"),
        *("https://x.com:99999", "https://x.com:0", "https://x.com:a", "https://x y.com"),
        *("http://localhost.example.com", "https://x.com?a=1", "https:///path"),
    ],
)
def test_an_address_that_would_show_the_token_is_refused(told: str) -> None:
    with pytest.raises(Refusal, match="https://"):
        checked_url(told)
