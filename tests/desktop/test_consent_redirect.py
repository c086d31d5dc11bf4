"""The redirect is caught however it comes, and never reaches the network."""

import pytest
from consent_support import (
    START,
    Answer,
    Attempt,
    CallbackServer,
    PageServer,
    click_in_the_page,
    press,
    redirect_to,
)
from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.desktop

GRANTED = "code=AB%2Fcd&state=s&realmId=1"
WHOLE_PAGE_LINK = (
    '<a href="{}" target="_blank" style="position:fixed;inset:0;background:#def">Sign in</a>'
)


def by_302(intuit: PageServer, target: str) -> None:
    intuit.answer(START, redirect_to(target))


def by_form(intuit: PageServer, target: str) -> None:
    intuit.answer(
        START,
        '<form method="post" action="/sign-in"><input name="user" value="u"></form>'
        "<script>document.forms[0].submit()</script>",
    )
    intuit.answer("/sign-in", redirect_to(target))


def by_script(intuit: PageServer, target: str) -> None:
    intuit.answer(START, f'<script>location = "{target}"</script>')


def by_meta_refresh(intuit: PageServer, target: str) -> None:
    intuit.answer(START, f'<meta http-equiv="refresh" content="0; url={target}">')


@pytest.mark.parametrize("way", [by_302, by_form, by_script, by_meta_refresh])
def test_a_redirect_lands_with_its_full_address_and_nothing_is_sent_to_it(
    attempt: Attempt, intuit: PageServer, callback: CallbackServer, way: object
) -> None:
    assert callable(way)
    way(intuit, f"{callback.address}?{GRANTED}")

    attempt.open(intuit.request(callback.address))

    assert attempt.outcome() == ("landed", f"{callback.address}?{GRANTED}")
    assert callback.connections() == 0
    assert intuit.was_asked()


def test_a_denied_sign_in_lands_too(
    attempt: Attempt, intuit: PageServer, callback: CallbackServer
) -> None:
    denied = f"{callback.address}?error=access_denied&state=s"
    by_302(intuit, denied)

    attempt.open(intuit.request(callback.address))

    assert attempt.outcome() == ("landed", denied)


def test_the_redirect_address_may_be_one_that_cannot_be_reached_at_all(
    attempt: Attempt, intuit: PageServer
) -> None:
    by_302(intuit, f"https://books.invalid/qbdesk/callback?{GRANTED}")

    attempt.open(intuit.request("https://BOOKS.invalid:443/qbdesk/callback"))

    assert attempt.outcome() == ("landed", f"https://books.invalid/qbdesk/callback?{GRANTED}")


def test_a_frame_that_goes_to_the_redirect_address_is_ignored_and_stays_silent(
    attempt: Attempt, intuit: PageServer, callback: CallbackServer
) -> None:
    intuit.answer(
        START,
        '<iframe src="/in-a-frame"></iframe>'
        f"<script>setTimeout(() => location = '{callback.address}?code=page', 1000)</script>",
    )
    intuit.answer("/in-a-frame", redirect_to(f"{callback.address}?code=frame"))

    attempt.open(intuit.request(callback.address))

    assert attempt.outcome() == ("landed", f"{callback.address}?code=page")
    assert intuit.was_asked("/in-a-frame")
    assert callback.connections() == 0


def test_a_redirect_address_that_is_too_long_to_be_true_is_not_believed(
    attempt: Attempt, intuit: PageServer, callback: CallbackServer
) -> None:
    by_302(intuit, f"{callback.address}?code={'c' * 20_000}")

    attempt.open(intuit.request(callback.address))

    assert attempt.outcome()[0] == "unavailable"
    assert callback.connections() == 0


def test_a_popup_follows_the_same_rules_and_can_end_the_sign_in(
    qtbot: QtBot, attempt: Attempt, intuit: PageServer, callback: CallbackServer
) -> None:
    intuit.answer(START, WHOLE_PAGE_LINK.format("/popup"))
    intuit.answer(
        "/popup", f"<script>setTimeout(() => location = '{callback.address}?code=p', 300)</script>"
    )
    attempt.open(intuit.request(callback.address))
    attempt.wait_for(intuit)

    def clicked() -> bool:
        if not intuit.was_asked("/popup"):
            click_in_the_page()
        return intuit.was_asked("/popup")

    qtbot.waitUntil(clicked, timeout=20_000)

    assert attempt.outcome() == ("landed", f"{callback.address}?code=p")
    assert callback.connections() == 0


def test_a_path_that_only_resembles_the_redirect_address_is_not_taken_for_it(
    attempt: Attempt, intuit: PageServer, callback: CallbackServer
) -> None:
    by_302(intuit, f"{callback.address}/more?{GRANTED}")
    attempt.open(intuit.request(callback.address))
    attempt.wait_for(intuit)

    press("alt+b")

    assert attempt.outcome() == ("browser",)
    assert callback.connections() == 0


def test_another_host_is_never_connected_to_and_the_browser_is_offered(
    attempt: Attempt, intuit: PageServer, elsewhere: CallbackServer, callback: CallbackServer
) -> None:
    by_302(intuit, f"{elsewhere.root}/sign-in")
    attempt.open(intuit.request(callback.address))
    attempt.wait_for(intuit)

    press("alt+b")

    assert attempt.outcome() == ("browser",)
    assert elsewhere.connections() == 0


def test_a_second_sign_in_knows_nothing_of_the_first(
    attempt: Attempt, intuit: PageServer, callback: CallbackServer
) -> None:
    intuit.answer(
        START,
        Answer(
            302,
            headers={
                "Location": f"{callback.address}?{GRANTED}",
                "Set-Cookie": "person=first; Max-Age=90000; Path=/",
            },
        ),
    )
    for _ in range(2):
        attempt.heard.clear()
        attempt.open(intuit.request(callback.address))
        assert attempt.outcome()[0] == "landed"

    assert intuit.cookies == ["", ""]
