"""Where the consent window may go, what ends it, and what it shows of an address."""

import pytest
from PySide6.QtCore import QUrl

from qbdesk.ui.consent.hosts import Rules, shown_address

REDIRECT = "https://books.example.com/qbdesk/callback"
TEST_SERVER = "http://127.0.0.1:8123"


def rules(redirect_uri: str = REDIRECT, intuit_root: str | None = None) -> Rules:
    return Rules(QUrl(redirect_uri), None if intuit_root is None else QUrl(intuit_root))


@pytest.mark.parametrize(
    "address",
    [
        "https://appcenter.intuit.com/connect/oauth2?state=s",
        "https://accounts.intuit.com/app/sign-in",
        "https://oauth.platform.intuit.com/op/v1",
        "https://ACCOUNTS.Intuit.com:443/",
        "https://intuit.com/",
    ],
)
def test_intuits_own_pages_may_be_opened(address: str) -> None:
    assert rules().may_open(QUrl(address))


@pytest.mark.parametrize(
    "address",
    [
        "http://accounts.intuit.com/",
        "https://accounts.intuit.com:8443/",
        "https://notintuit.com/",
        "https://intuit.com.example.com/",
        "https://accounts.intuit.com.",
        "https://accounts.intuit.com@example.com/",
        "https://someone@accounts.intuit.com/",
        "https://example.com/accounts.intuit.com",
        "https://accounts。intuit。com.example/",
        "https://accounts.іntuit.com/",  # a Cyrillic letter
        "https://accounts.google.com/",
        "data:text/html,accounts.intuit.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "mailto:help@intuit.com",
        "https:///",
        "",
    ],
)
def test_everything_else_is_refused(address: str) -> None:
    assert not rules().may_open(QUrl(address))


def test_with_a_test_server_only_that_server_may_be_opened() -> None:
    testing = rules(intuit_root=TEST_SERVER + "/")
    assert testing.may_open(QUrl(TEST_SERVER + "/appcenter/connect/oauth2"))
    assert not testing.may_open(QUrl("http://127.0.0.1:8124/appcenter/connect/oauth2"))
    assert not testing.may_open(QUrl("https://127.0.0.1:8123/"))
    assert not testing.may_open(QUrl("http://localhost:8123/"))
    assert not testing.may_open(QUrl("https://appcenter.intuit.com/"))


@pytest.mark.parametrize(
    ("redirect_uri", "address"),
    [
        (REDIRECT, REDIRECT),
        (REDIRECT, REDIRECT + "?code=c&state=s#there"),
        (REDIRECT, "https://BOOKS.example.com:443/qbdesk/callback?error=access_denied"),
        ("https://books.example.com", "https://books.example.com/?code=c"),
        ("http://localhost:80/callback", "http://localhost/callback?code=c"),
        ("https://bücher.example/callback", "https://xn--bcher-kva.example/callback?code=c"),
    ],
)
def test_the_redirect_address_ends_the_sign_in(redirect_uri: str, address: str) -> None:
    assert rules(redirect_uri).ends_at(QUrl(address))


@pytest.mark.parametrize(
    "address",
    [
        "http://books.example.com/qbdesk/callback?code=c",
        "https://books.example.com:8443/qbdesk/callback?code=c",
        "https://www.books.example.com/qbdesk/callback?code=c",
        "https://books.example.com./qbdesk/callback?code=c",
        "https://books.example.com/qbdesk/callback/?code=c",
        "https://books.example.com/qbdesk/Callback?code=c",
        "https://books.example.com/qbdesk/callback2?code=c",
        "https://books.example.com/?code=c",
        "https://someone@books.example.com/qbdesk/callback?code=c",
    ],
)
def test_an_address_that_only_resembles_the_redirect_address_does_not(address: str) -> None:
    assert not rules().ends_at(QUrl(address))


def test_of_an_address_the_origin_and_path_are_shown_and_never_the_query() -> None:
    shown = shown_address(QUrl("https://accounts.intuit.com:443/sign-in?code=canary#canary"))
    assert shown == ("https", "accounts.intuit.com", "/sign-in")
    assert shown_address(QUrl("http://127.0.0.1:8123/x")).host == "127.0.0.1:8123"
    assert shown_address(QUrl("about:blank")) == ("about", "", "blank")


def test_letters_that_imitate_or_turn_the_reading_direction_are_shown_in_code() -> None:
    shown = shown_address(QUrl("https://accounts.іntuit.com/\u202egnp.\u2066\x07exe"))
    assert shown.host == "accounts.xn--ntuit-m2e.com"
    assert "".join(shown).isascii()
    assert "".join(shown).isprintable()


def test_an_endless_path_is_cut() -> None:
    assert len(shown_address(QUrl("https://intuit.com/" + "a" * 5000)).path) == 301
