"""Queries say exactly what was meant, whatever the text that is looked for."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbdesk.practice.intuit import query as practice
from qbdesk.sync.quickbooks.queries import (
    ACTIVE_OR_NOT,
    Condition,
    contains,
    escaped,
    position,
    query,
    starting_at,
)


def test_a_query_names_entity_conditions_and_page() -> None:
    statement = query("Customer", [contains("PrimaryEmailAddr", "a@x.test"), ACTIVE_OR_NOT])
    assert statement == (
        "SELECT * FROM Customer WHERE PrimaryEmailAddr LIKE '%a@x.test%' AND "
        "Active IN (true, false) STARTPOSITION 1 MAXRESULTS 1000"
    )


def test_columns_start_and_limit_can_be_chosen() -> None:
    statement = query("Invoice", columns=("Id", "MetaData.CreateTime"), start=11, limit=10)
    assert statement == (
        "SELECT Id, MetaData.CreateTime FROM Invoice STARTPOSITION 11 MAXRESULTS 10"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (7, "'7'"),
        (Decimal("1E+3"), "'1000'"),
        (date(2026, 3, 1), "'2026-03-01'"),
        (datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "'2026-03-01T09:30:00+00:00'"),
        ("O'Brien \\ Sons", "'O\\'Brien \\\\ Sons'"),
    ],
)
def test_every_kind_of_value_has_its_own_spelling(value: Any, written: str) -> None:
    statement = query("Customer", [Condition("DisplayName", "=", value)])
    assert f"DisplayName = {written} STARTPOSITION" in statement


def test_control_characters_and_half_characters_become_spaces() -> None:
    assert escaped("a\x00b\tc\nd\x7fe\ud800f") == "a b c d e f"


@given(st.text())
def test_a_parser_reads_back_the_very_text_that_was_looked_for(text: str) -> None:
    statement = query("Customer", [Condition("DisplayName", "=", text), ACTIVE_OR_NOT])
    parsed = practice.parse(statement)
    undone = escaped(text).replace("\\'", "'").replace("\\\\", "\\")
    assert [condition.name for condition in parsed.conditions] == ["DisplayName", "Active"]
    assert parsed.conditions[0].values == (undone,)


def test_the_next_page_is_the_same_statement_from_a_later_position() -> None:
    tricky = query("Customer", [Condition("DisplayName", "=", " STARTPOSITION 1 MAXRESULTS 2")])
    later = starting_at(tricky, 1001)
    assert position(later) == (1001, 1000)
    assert starting_at(later, 1) == tricky


@pytest.mark.parametrize(
    "bad",
    [
        lambda: query("Customer; DROP"),
        lambda: query("Invoice", [Condition("PrivateNote", "=", "x")]),
        lambda: query("Customer", [Condition("PrimaryEmailAddr.Address", "=", "x")]),
        lambda: query("Payment", [Condition("DocNumber", "=", "x")]),
        lambda: query("Customer", [Condition("Id = '1' AND Id", "=", "x")]),
        lambda: query("Customer", columns="Id FROM Invoice"),
        lambda: query("Customer", columns=()),
        lambda: query("Customer", start=0),
        lambda: query("Customer", limit=1001),
        lambda: query("Customer", limit=0),
        lambda: query("Customer", [Condition("Id", "IN", ())]),
        lambda: query("Customer", [Condition("Id", "IN", "12")]),
        lambda: query("Customer", [Condition("Id", "=", ("1", "2"))]),
        lambda: query("Customer", [Condition("MetaData.CreateTime", ">", datetime(2026, 1, 1))]),
        lambda: position("SELECT * FROM Customer"),
    ],
)
def test_what_intuit_would_refuse_is_never_sent(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        bad()


def test_what_is_looked_for_is_not_printed() -> None:
    assert "x.test" not in repr(contains("PrimaryEmailAddr", "a@x.test"))
