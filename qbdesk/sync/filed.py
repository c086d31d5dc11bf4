"""Invoices of a filed tax period (rule 4): how each was dated, and what its note says of that."""

import re
from datetime import date
from enum import StrEnum

SETTING = "filed_period"


class Filed(StrEnum):
    """How an invoice with tax is dated whose return is filed already. The first two are answers."""

    ISSUE_DATE = "issue_date"  # its tax is a late entry of the next return
    FIRST_OPEN_DAY = "first_open_day"
    PERHAPS = "perhaps"  # its issue date; QuickBooks does not tell whether its return is filed


_WORDS = {
    Filed.ISSUE_DATE: "Dated {}, in a filed tax period",
    Filed.FIRST_OPEN_DAY: "Issued {}, in a filed tax period",
    Filed.PERHAPS: "Dated {}, in a tax period that may be filed",
}
# Nothing hangs on how QuickBooks gives line breaks back.
_NOTES = {
    how: re.compile(rf"\b{words.format('[0-9]{4}-[0-9]{2}-[0-9]{2}')}")
    for how, words in _WORDS.items()
}


def note(how: Filed, day: date) -> str:
    """What stands in QuickBooks; `day` is the true date where the invoice bears another."""
    return _WORDS[how].format(day)


def told_by(private_note: str) -> Filed | None:
    """How an invoice was dated when it was posted; None: its period was not filed then. What was
    filed, or answered otherwise, since does not count."""
    return next((how for how, words in _NOTES.items() if words.search(private_note)), None)
