"""Invoices of a filed tax period (rule 4): the two answers, and what the note says under each."""

import re
from datetime import date
from enum import StrEnum

SETTING = "filed_period"
_WORDS = "in a filed tax period"
# Nothing hangs on how QuickBooks gives line breaks back.
_NOTE = re.compile(rf"\b(Issued|Dated) [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}, {_WORDS}")


class Filed(StrEnum):
    """How an invoice with tax is dated whose return is filed already."""

    ISSUE_DATE = "issue_date"  # its tax is a late entry of the next return
    FIRST_OPEN_DAY = "first_open_day"


def note(answer: Filed, issued: date) -> str:
    """What stands in QuickBooks; `issued` is the true date where the invoice bears another."""
    return f"{'Issued' if answer is Filed.FIRST_OPEN_DAY else 'Dated'} {issued}, {_WORDS}"


def told_by(private_note: str) -> Filed | None:
    """The answer under which an invoice was posted; None: its period was not filed then. What was
    filed, or answered otherwise, since does not count."""
    found = _NOTE.search(private_note)
    if found is None:
        return None
    return Filed.FIRST_OPEN_DAY if found[1] == "Issued" else Filed.ISSUE_DATE
