"""Intuit's query language as the practice company reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbdesk.practice.intuit.query import Condition, parse
from qbdesk.practice.intuit.refusals import RefusedError


def test_a_whole_statement_is_taken_apart():
    query = parse(
        "SELECT Id, MetaData.CreateTime FROM Invoice WHERE Balance > '0' AND DocNumber LIKE 'A%' "
        "ORDERBY TxnDate DESC, Id STARTPOSITION 11 MAXRESULTS 10;"
    )
    assert (query.entity, query.names) == ("Invoice", ("Id", "MetaData.CreateTime"))
    assert query.conditions == [
        Condition("Balance", ">", ("0",)),
        Condition("DocNumber", "LIKE", ("A%",)),
    ]
    assert query.order == [("TxnDate", True), ("Id", False)]
    assert (query.start, query.limit) == (11, 10)


def test_keywords_may_be_small_and_order_by_two_words():
    query = parse("select count(*) from Customer where Active in (true, false) order by Id asc")
    assert query.count
    assert query.conditions == [Condition("Active", "IN", ("true", "false"))]


def test_never_more_than_a_thousand_are_answered():
    assert parse("select * from Item maxresults 5000").limit == 1000


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_survives_its_escaping(text):
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    query = parse(f"select * from Customer where DisplayName = '{escaped}'")
    assert query.conditions[0].values == (text,)


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        ("select * from Customer where Id > > '1'", 35),
        ("select * from Customer where Id = '1' or Id = '2'", 39),
        ("select * from Customer where Name = 'O'Brien'", 45),
        ("select * from Customer where", 29),
        ("select * from Customer where Id != '1'", 33),
        ("select * from Customer maxresults 1.5", 35),
        ("select * from Customer limit 3", 24),
    ],
)
def test_a_mistake_is_4000_and_says_where(statement, column):
    with pytest.raises(RefusedError) as refused:
        parse(statement)
    assert refused.value.code == "4000"
    assert f"column {column}." in refused.value.detail
