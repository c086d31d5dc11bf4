"""The change log of the practice invoicing system keeps what the contract promises."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbdesk.practice.feed.feed import Change, Feed, Tenant, paid_before
from qbdesk.practice.switches import Switches

NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)


def _feed() -> Feed:
    return Feed(Tenant("tenant-1", "Practice"), "token", Switches(), lambda: NOON)


def _everything(_: Change) -> bool:
    return True


def _read(feed: Feed, position: int = 0, limit: int = 2) -> tuple[list[Any], int]:
    """Every row after a position, page by page, and the position at the end."""
    rows: list[Any] = []
    more = True
    while more:
        page, position, more = feed.after(position, _everything, limit)
        rows += [change.row for change in page]
    return rows, position


def test_a_new_invoice_has_revision_1_and_each_change_raises_it() -> None:
    feed = _feed()
    assert feed.put({"id": "a", "total": "1.00"})["revision"] == 1
    assert feed.put({"id": "a", "total": "2.00"})["revision"] == 2
    assert feed.invoice("a")["total"] == "2.00"


def test_a_changed_invoice_appears_once_more_at_the_end_in_its_then_current_state() -> None:
    feed = _feed()
    for key in ("a", "b"):
        feed.put({"id": key, "status": "paid"})
    _, position = _read(feed)
    feed.put({"id": "a", "status": "refunded"})
    assert [(row["id"], row["status"]) for row in _read(feed, position)[0]] == [("a", "refunded")]
    assert [row["id"] for row in _read(feed)[0]] == ["b", "a"]


def test_the_feed_keeps_its_own_copy_of_what_was_put() -> None:
    feed = _feed()
    document: dict[str, Any] = {"id": "a", "lines": [{"amount": "1.00"}]}
    feed.put(document)
    document["lines"][0]["amount"] = "9.00"
    assert feed.invoice("a")["lines"] == [{"amount": "1.00"}]


@pytest.mark.parametrize("document", [{}, {"id": ""}, {"id": 7}])
def test_an_invoice_without_an_id_cannot_be_put(document: dict[str, Any]) -> None:
    feed = _feed()
    with pytest.raises(ValueError, match="needs an id"):
        feed.put(document)
    assert feed.head == 0


@pytest.mark.parametrize("row", [None, 7, "text", [], {}, {"id": "a", "revision": "x"}])
def test_a_raw_row_is_shown_as_it_is(row: Any) -> None:
    feed = _feed()
    feed.raw(row)
    assert _read(feed)[0] == [row]


def test_a_raw_row_replaces_nothing_and_hides_no_invoice_of_the_same_id() -> None:
    feed = _feed()
    feed.put({"id": "a", "total": "1.00"})
    feed.raw({"id": "a", "revision": 1, "total": "9.00"})
    assert [row["total"] for row in _read(feed)[0]] == ["1.00", "9.00"]
    assert feed.invoice("a")["total"] == "1.00"


@given(
    puts=st.lists(st.sampled_from("abcde"), max_size=30),
    limit=st.integers(1, 4),
    stop=st.integers(0, 30),
)
def test_whoever_keeps_following_the_position_ends_with_the_newest_revision_of_everything(
    puts: list[str], limit: int, stop: int
) -> None:
    feed, seen = _feed(), {}
    for key in puts[:stop]:
        feed.put({"id": key})
    rows, position = _read(feed, limit=limit)
    for key in puts[stop:]:
        feed.put({"id": key})
    rows += _read(feed, position, limit)[0]
    for row in rows:
        assert row["revision"] > seen.get(row["id"], 0)
        seen[row["id"]] = row["revision"]
    assert seen == {key: puts.count(key) for key in puts}


@pytest.mark.parametrize(
    ("row", "before"),
    [
        ({"paid_at": "2026-03-10T15:59:59Z"}, True),
        ({"paid_at": "2026-03-10T16:00:00Z"}, False),
        ({"paid_at": "2026-03-10"}, True),
        ({"paid_at": "yesterday"}, False),
        ({"paid_at": None}, False),
        ("text", False),
    ],
)
def test_only_a_row_known_to_be_paid_earlier_counts_as_such(row: Any, before: bool) -> None:
    assert paid_before(row, NOON) is before
