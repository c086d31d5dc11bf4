"""Adding a company, or one that is there again: what is said, and what the journal tells."""

import pytest
from office import NAME, PATIENCE, SOURCE_TOKEN, Office

from qbdesk.sync.sources.source import SourceUnreachable

NOWHERE = "http://127.0.0.1:1"


def test_an_address_where_nothing_answers_is_told_with_what_came_of_it(office: Office) -> None:
    before = (office.view(), office.journal(None))
    asked = office.service.add_company(NAME, "feed", NOWHERE, SOURCE_TOKEN, None, "Ann")
    with pytest.raises(SourceUnreachable) as failed:
        asked.result(PATIENCE)
    assert str(failed.value) == (
        f"The invoicing system cannot be reached at {NOWHERE}, so nothing was added or changed. "
        "Check the address."
    )
    assert (office.view(), office.journal(None)) == before


@pytest.mark.parametrize(("mode", "what"), [("down", "cannot be reached"), ("rubbish", "can read")])
def test_nothing_is_said_to_go_on_by_itself_where_nothing_was_added(
    office: Office, mode: str, what: str
) -> None:
    office.world.switches.feed_mode = mode  # type: ignore[assignment]
    with pytest.raises(SourceUnreachable, match=f"{what}.*nothing was added or changed"):
        office.add("Other")
    assert [view.name for view in office.service.companies().result(PATIENCE)] == [NAME]


def test_another_address_is_told_with_the_one_before_and_not_as_another_first_day(
    office: Office,
) -> None:
    before = office.view().source_url
    other = before.replace("127.0.0.1", "localhost")
    asked = office.service.add_company(NAME, "feed", other, SOURCE_TOKEN, None, "Ann")
    assert asked.result(PATIENCE).source_url == other
    entry = office.journal(None)[-1]
    told = f"Token of the invoicing system entered again, for {other}. Before: {before}."
    assert (entry.who, entry.text) == ("Ann", told)
