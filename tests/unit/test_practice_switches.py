"""The switches of the practice world, set from JSON."""

from datetime import date
from decimal import Decimal

import pytest

from qbdesk.practice.switches import Switches


def test_switches_take_values_of_their_own_type():
    switches = Switches()
    switches.change(
        {
            "country": "US",
            "book_close_date": "2026-03-31",
            "automated_tax_rate": 7.25,
            "limits": True,
            "requests_per_second": 3,
            "request_id_ttl": 5,
            "redirect_by": "meta",
        }
    )
    assert switches.country == "US"
    assert switches.book_close_date == date(2026, 3, 31)
    assert switches.automated_tax_rate == Decimal("7.25")
    assert switches.limits is True
    assert switches.requests_per_second == 3
    assert switches.request_id_ttl == 5
    assert switches.redirect_by == "meta"


def test_what_may_be_nothing_can_be_set_to_nothing():
    switches = Switches(book_close_date=date(2026, 3, 31))
    switches.change({"book_close_date": None})
    assert switches.book_close_date is None


@pytest.mark.parametrize(
    "values",
    [
        {"weather": "fine"},
        {"limits": "yes"},
        {"limits": None},
        {"country": 7},
        {"redirect_by": "pigeon"},
        {"book_close_date": "31/03/2026"},
        {"requests_per_second": "many"},
        {"access_lifetime": True},
    ],
)
def test_an_impossible_value_changes_nothing_at_all(values):
    switches = Switches()
    with pytest.raises(ValueError, match=next(iter(values))):
        switches.change({"language": "fr", **values})
    assert switches == Switches()
