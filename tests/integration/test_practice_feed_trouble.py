"""The practice invoicing system on a bad day, and what a script can make it do."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from qbdesk.practice.feed.feed import Document
from qbdesk.practice.serve import PracticeServer
from qbdesk.practice.world import PracticeWorld

PAID = "/v1/invoices?status=paid"
RESULT = {
    "invoice_revision": 1,
    "outcome": "synced",
    "occurred_at": "2026-03-10T16:00:00.000Z",
    "target": {"system": "quickbooks_online", "invoice_id": "42"},
    "client": {"name": "qbdesk", "version": "1.0.0"},
}


class Now:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def world(now: Now) -> PracticeWorld:
    return PracticeWorld(invoices=10, clock=now)


@pytest.fixture
def feed(world: PracticeWorld) -> Iterator[httpx.Client]:
    with PracticeServer(world) as server:
        headers = {"Authorization": f"Bearer {server.describe()['source_token']}"}
        with httpx.Client(base_url=server.source_url, headers=headers) as client:
            yield client


def _code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _turn(feed: httpx.Client, **switches: Any) -> None:
    assert feed.post("/practice/switches", json=switches).json() == switches


@pytest.mark.parametrize(
    ("mode", "refusal"),
    [
        ("down", (503, "unavailable")),
        ("unauthorised", (401, "unauthorized")),
        ("forbidden", (403, "forbidden")),
    ],
)
def test_a_mode_refuses_every_request_until_it_is_turned_off(
    feed: httpx.Client, mode: str, refusal: tuple[int, str]
) -> None:
    _turn(feed, feed_mode=mode)
    for path in (PAID, "/v1/tenant", "/v1/invoices/x"):
        assert _code(feed.get(path)) == refusal
    _turn(feed, feed_mode="fine")
    assert feed.get(PAID).is_success


def test_rate_limited_lets_through_whoever_waits_as_long_as_asked(
    feed: httpx.Client, now: Now
) -> None:
    _turn(feed, feed_mode="rate_limited", feed_seconds=1.5)
    refused = feed.get(PAID)
    assert _code(refused) == (429, "rate-limited")
    assert refused.headers["retry-after"] == "2"
    now.moment += timedelta(seconds=2)
    assert feed.get(PAID).is_success
    assert feed.get(PAID).status_code == 429


def test_slow_takes_its_time_and_then_answers(feed: httpx.Client) -> None:
    _turn(feed, feed_mode="slow", feed_seconds=0.2)
    before = time.monotonic()
    assert feed.get(PAID).is_success
    assert time.monotonic() - before >= 0.2


def test_rubbish_is_a_200_in_html(feed: httpx.Client) -> None:
    _turn(feed, feed_mode="rubbish")
    answer = feed.get(PAID)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_expired_ends_the_cursors_handed_out_before_and_no_others(feed: httpx.Client) -> None:
    old = feed.get(PAID).json()["next_cursor"]
    _turn(feed, feed_mode="expired")
    assert _code(feed.get(f"{PAID}&cursor={old}")) == (410, "cursor-expired")
    new = feed.get(f"{PAID}&paid_since=2026-01-01T00:00:00Z").json()["next_cursor"]
    assert feed.get(f"{PAID}&cursor={new}").is_success
    _turn(feed, feed_mode="fine")
    assert _code(feed.get(f"{PAID}&cursor={old}")) == (410, "cursor-expired")


def test_with_duplicates_each_page_repeats_the_last_item_of_the_page_before(
    feed: httpx.Client,
) -> None:
    _turn(feed, feed_duplicates=True)
    first = feed.get(f"{PAID}&limit=4").json()
    second = feed.get(f"{PAID}&limit=4&cursor={first['next_cursor']}").json()
    assert second["data"][0] == first["data"][-1]
    assert len(second["data"]) == 5


def test_shuffled_pages_hold_the_same_items_in_another_order(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    in_order = [one["id"] for one in world.feed.invoices()]
    _turn(feed, feed_shuffled=True)
    shuffled = [item["id"] for item in feed.get(PAID).json()["data"]]
    assert shuffled != in_order
    assert sorted(shuffled) == sorted(in_order)


def test_with_drift_answers_carry_what_no_contract_mentions(feed: httpx.Client) -> None:
    known = set(feed.get(PAID).json()["data"][0])
    _turn(feed, drift=True)
    assert set(feed.get(PAID).json()["data"][0]) > known


def test_a_script_puts_an_invoice_that_then_is_in_the_feed(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    end = feed.get(PAID).json()["next_cursor"]
    document = {**world.feed.invoices()[0], "id": "by-hand"}
    answer = feed.post("/practice/invoices", json=[document, document])
    assert answer.json()["data"] == [
        {"id": "by-hand", "revision": 1},
        {"id": "by-hand", "revision": 2},
    ]
    (item,) = feed.get(f"{PAID}&cursor={end}").json()["data"]
    assert (item["id"], item["revision"]) == ("by-hand", 2)


def test_raw_rows_are_shown_character_by_character(feed: httpx.Client) -> None:
    end = feed.get(PAID).json()["next_cursor"]
    rows = '[{"id": "broken", "revision": "x", "total": 0.10}, null, "not an invoice", 12.50]'
    assert feed.post("/practice/invoices?raw=1", content=rows).json() == {"shown": 4}
    text = feed.get(f"{PAID}&cursor={end}").text
    assert (
        '"data":[{"id":"broken","revision":"x","total":0.10},null,"not an invoice",12.50]' in text
    )


@pytest.mark.parametrize("body", ["{", "[1]", "{}", '{"id": 7}'])
def test_what_is_no_invoice_is_taken_as_a_raw_row_only(
    feed: httpx.Client, world: PracticeWorld, body: str
) -> None:
    assert _code(feed.post("/practice/invoices", content=body)) == (400, "invalid-request")
    assert len(world.feed.invoices()) == 10


@pytest.mark.parametrize("body", ["[]", '{"no_such_switch": 1}', '{"feed_mode": "tired"}'])
def test_a_switch_that_is_none_is_refused(feed: httpx.Client, body: str) -> None:
    assert _code(feed.post("/practice/switches", content=body)) == (400, "invalid-request")


def _report(
    feed: httpx.Client, invoice: str, result: Document, key: str = "key-0001"
) -> httpx.Response:
    path = f"/v1/invoices/{invoice}/sync-results"
    return feed.post(path, json=result, headers={"Idempotency-Key": key})


def test_a_sync_result_is_stored_once_per_key_and_changes_nothing_in_the_feed(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    before, invoice = feed.get(PAID).content, world.feed.invoices()[0]["id"]
    first = _report(feed, invoice, RESULT)
    assert first.status_code == 201
    assert first.json().items() >= RESULT.items()
    again = _report(feed, invoice, RESULT)
    assert (again.status_code, again.json()) == (201, first.json())
    assert world.feed.sync_results == [first.json()]
    assert feed.get(PAID).content == before


def test_a_key_used_for_another_result_is_refused(feed: httpx.Client, world: PracticeWorld) -> None:
    first, second = (one["id"] for one in world.feed.invoices()[:2])
    _report(feed, first, RESULT)
    changed = {**RESULT, "outcome": "held"}
    assert _code(_report(feed, first, changed)) == (422, "idempotency-mismatch")
    assert _code(_report(feed, second, RESULT)) == (422, "idempotency-mismatch")


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "posted"},
        {"outcome": "failed"},
        {"invoice_revision": 0},
        {"invoice_revision": "1"},
        {"occurred_at": "2026-03-10"},
        {"target": {}},
        {"client": {"name": "qbdesk"}},
    ],
)
def test_a_sync_result_against_the_contract_is_refused(
    feed: httpx.Client, world: PracticeWorld, change: Document
) -> None:
    invoice = world.feed.invoices()[0]["id"]
    assert _code(_report(feed, invoice, {**RESULT, **change})) == (400, "invalid-request")
    assert world.feed.sync_results == []


def test_a_sync_result_needs_a_key_and_a_known_invoice(
    feed: httpx.Client, world: PracticeWorld
) -> None:
    invoice = world.feed.invoices()[0]["id"]
    assert _code(_report(feed, invoice, RESULT, key="short")) == (400, "invalid-request")
    bare = feed.post(f"/v1/invoices/{invoice}/sync-results", json=RESULT)
    assert _code(bare) == (400, "invalid-request")
    assert _code(_report(feed, "nobody", RESULT)) == (404, "not-found")


def test_sync_results_can_be_turned_off(feed: httpx.Client, world: PracticeWorld) -> None:
    _turn(feed, feed_sync_results=False)
    assert feed.get("/v1/tenant").json()["features"]["sync_results"] is False
    invoice = world.feed.invoices()[0]["id"]
    assert _code(_report(feed, invoice, RESULT)) == (501, "not-implemented")
