"""The practice invoicing system over real HTTP keeps docs/paid-invoice-feed.openapi.yaml."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from qbdesk.practice.serve import PracticeServer
from qbdesk.practice.world import SOURCE_TOKEN, PracticeWorld

CONTRACT = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "paid-invoice-feed.openapi.yaml").read_text("utf-8")
)
INVOICES = 23


@pytest.fixture
def world() -> PracticeWorld:
    return PracticeWorld(invoices=INVOICES)


@pytest.fixture
def feed(world: PracticeWorld) -> Iterator[httpx.Client]:
    with _client_of(world) as client:
        yield client


@pytest.fixture(scope="module")
def idle_feed() -> Iterator[httpx.Client]:
    """For tests that only ask: one server for all of them."""
    with _client_of(PracticeWorld(invoices=INVOICES)) as client:
        yield client


@contextmanager
def _client_of(world: PracticeWorld) -> Iterator[httpx.Client]:
    """A client of that world's feed that carries its token."""
    with PracticeServer(world) as server:
        headers = {"Authorization": f"Bearer {server.describe()['source_token']}"}
        with httpx.Client(base_url=server.source_url, headers=headers) as client:
            yield client


def _keeps(schema: str, document: Any) -> bool:
    rules = {"$ref": f"#/components/schemas/{schema}", "components": CONTRACT["components"]}
    return bool(Draft202012Validator(rules).is_valid(document))


def _page(feed: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = feed.get("/v1/invoices", params={"status": "paid", **query})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert isinstance(page, dict)
    return page


def _read(feed: httpx.Client, **query: Any) -> tuple[list[dict[str, Any]], str]:
    """Every item from there on, and the cursor at the end."""
    page = _page(feed, **query)
    items = page["data"]
    limit = {"limit": query["limit"]} if "limit" in query else {}
    while page["has_more"]:
        page = _page(feed, cursor=page["next_cursor"], **limit)
        items += page["data"]
    return items, page["next_cursor"]


def _refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem, which is one of the contract's."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert _keeps("Problem", problem)
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


@pytest.mark.parametrize("limit", [1, 7, 23, 200])
def test_following_the_cursor_gives_every_invoice_once_in_the_order_of_change(
    feed: httpx.Client, world: PracticeWorld, limit: int
) -> None:
    items, _ = _read(feed, limit=limit)
    assert [item["id"] for item in items] == [one["id"] for one in world.feed.invoices()]


def test_a_page_keeps_the_contract(idle_feed: httpx.Client) -> None:
    assert _keeps("InvoicePage", _page(idle_feed))
    assert _keeps("InvoicePage", _page(idle_feed, cursor=_page(idle_feed)["next_cursor"]))


def test_a_cursor_keeps_its_place_when_invoices_come_and_change(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    first = _page(feed, limit=10)
    changed = {**first["data"][0], "memo": "Changed"}
    world.feed.put(changed)
    world.turn_one_paid()
    rest, _ = _read(feed, cursor=first["next_cursor"])
    ids = [item["id"] for item in first["data"] + rest]
    assert len(set(ids)) == INVOICES + 1
    assert ids.count(changed["id"]) == 2


def test_a_late_change_appears_again_with_a_higher_revision_and_its_new_status(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    items, end = _read(feed)
    world.feed.put({**items[3], "status": "refunded"})
    (again,), _ = _read(feed, cursor=end)
    assert (again["id"], again["status"]) == (items[3]["id"], "refunded")
    assert again["revision"] == items[3]["revision"] + 1


def test_at_the_end_the_page_is_empty_and_its_cursor_goes_on(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    _, end = _read(feed)
    page = _page(feed, cursor=end)
    assert (page["data"], page["has_more"]) == ([], False)
    new = world.turn_one_paid()
    assert [item["id"] for item in _page(feed, cursor=page["next_cursor"])["data"]] == [new["id"]]


def test_paid_since_leaves_out_what_was_paid_earlier_and_shows_every_later_change(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    times = sorted(one["paid_at"] for one in world.feed.invoices())
    since = times[INVOICES // 2]
    items, end = _read(feed, paid_since=since, limit=3)
    assert sorted(item["paid_at"] for item in items) == [at for at in times if at >= since]
    early = next(one for one in world.feed.invoices() if one["paid_at"] < since)
    world.feed.put(early)
    assert [item["id"] for item in _read(feed, cursor=end)[0]] == [early["id"]]


def test_a_reader_in_the_middle_of_paid_since_misses_no_change_either(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    since = sorted(one["paid_at"] for one in world.feed.invoices())[INVOICES // 2]
    page = _page(feed, paid_since=since, limit=1)
    early = next(one for one in world.feed.invoices() if one["paid_at"] < since)
    world.feed.put(early)
    assert early["id"] in [item["id"] for item in _read(feed, cursor=page["next_cursor"])[0]]


def test_while_there_is_more_a_link_leads_to_it(idle_feed: httpx.Client) -> None:
    url: str | None = "/v1/invoices?status=paid&limit=10&paid_since=2020-01-01T00:00:00Z"
    seen = []
    while url is not None:
        answer = idle_feed.get(url)
        seen += [item["id"] for item in answer.json()["data"]]
        assert ("next" in answer.links) is answer.json()["has_more"]
        url = answer.links["next"]["url"] if "next" in answer.links else None
    assert len(seen) == len(set(seen)) == INVOICES


def test_an_answer_says_when_to_ask_again_and_how_to_quote_it(idle_feed: httpx.Client) -> None:
    headers = idle_feed.get("/v1/invoices", params={"status": "paid"}).headers
    assert headers["x-poll-interval"] == "5"
    assert headers["x-request-id"]


def test_the_etag_of_an_unchanged_page_is_answered_with_304(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    query = {"status": "paid", "cursor": _read(feed)[1]}
    etag = feed.get("/v1/invoices", params=query).headers["etag"]
    unchanged = feed.get("/v1/invoices", params=query, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["x-poll-interval"] == "5"
    world.turn_one_paid()
    assert feed.get("/v1/invoices", params=query, headers={"If-None-Match": etag}).is_success


def test_a_limit_above_200_is_lowered(feed: httpx.Client, world: PracticeWorld) -> None:
    for _ in range(200):
        world.turn_one_paid()
    assert len(_page(feed, limit=1000)["data"]) == 200
    assert len(_page(feed)["data"]) == 50


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "invalid-request"),
        ("status=open", "invalid-request"),
        ("status=paid&limit=0", "invalid-request"),
        ("status=paid&limit=1001", "invalid-request"),
        ("status=paid&limit=ten", "invalid-request"),
        ("status=paid&paid_since=2026-01-01", "invalid-request"),
        ("status=paid&paid_since=yesterday", "invalid-request"),
        ("status=paid&cursor=djE6MTA0Mg", "invalid-cursor"),
        ("status=paid&cursor=", "invalid-cursor"),
        ("status=paid&cursor=%F0%9F%98%80", "invalid-cursor"),
        ("status=paid&cursor=djE6MTo5OTk5OjA6", "invalid-cursor"),
        ("status=paid&cursor=x&paid_since=2026-01-01T00:00:00Z", "cursor-with-filter"),
    ],
)
def test_a_query_the_contract_does_not_know_is_refused(
    idle_feed: httpx.Client, query: str, code: str
) -> None:
    assert _refused(idle_feed.get(f"/v1/invoices?{query}")) == (400, code)


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"Basic {SOURCE_TOKEN}", "Bearer"])
@pytest.mark.parametrize("path", ["/v1/invoices?status=paid", "/v1/tenant", "/v1/invoices/x"])
def test_without_its_token_nothing_is_shown(
    idle_feed: httpx.Client, path: str, authorization: str | None
) -> None:
    url = f"{idle_feed.base_url}{path.removeprefix('/')}"
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = httpx.get(url, headers=headers)
    assert _refused(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_one_invoice_can_be_read_and_its_etag_follows_its_revision(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    wanted = world.feed.invoices()[0]
    path = f"/v1/invoices/{wanted['id']}"
    answer = feed.get(path)
    assert answer.json() == wanted
    etag = {"If-None-Match": answer.headers["etag"]}
    assert feed.get(path, headers=etag).status_code == 304
    world.feed.put(wanted)
    assert feed.get(path, headers=etag).json()["revision"] == wanted["revision"] + 1
    assert _refused(feed.get("/v1/invoices/nobody")) == (404, "not-found")


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_the_tenant_is_of_the_companys_environment_and_currency(
    feed: httpx.Client, world: PracticeWorld, environment: Any
) -> None:
    world.switches.environment = environment
    tenant = feed.get("/v1/tenant").json()
    assert _keeps("Tenant", tenant)
    assert (tenant["environment"], tenant["currency"]) == (environment, "CAD")
    assert tenant["timezone"] == "America/Toronto"


def test_money_on_the_wire_is_text(idle_feed: httpx.Client) -> None:
    numbers: list[str] = []

    def remember(text: str) -> float:
        numbers.append(text)
        return float(text)

    json.loads(idle_feed.get("/v1/invoices?status=paid").text, parse_float=remember)
    assert numbers == []
