"""practice-server, add, connect, and what the environment may say."""

import json
import os
import re
import subprocess
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from command_line import QBDESK, Desk, Done, Practice, at_once, secrets_of, side_by_side, started

__all__ = ["started"]
pytestmark = pytest.mark.desktop

COMMANDS = (
    ("status", "--json"),
    ("sync", "--json"),
    ("sync", "--preview"),
    ("invoices", "--json"),
    ("resync", "books", "x"),
    ("resolve", "books", "x", "keep"),
    ("ignore", "books", "x", "--note", "n"),
    ("journal", "books", "x"),
    ("settings", "books"),
    ("pause", "books"),
    ("resume", "books"),
    ("disconnect", "books"),
    ("remove", "books"),
    ("connect", "books", "--client-id", "i", "--redirect-uri", "https://a.example/", "--paste"),
    ("add", "books", "--url", "https://a.example", "--from", "2026-01-01"),
)


def test_the_practice_server_says_where_it_is_and_ends_on_sigterm() -> None:
    practice = Practice("--invoices", "2")
    needed = "intuit_url source_url source_token client_id client_secret redirect_uri realm_id"
    assert set(needed.split()) <= set(practice.told)
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", practice.told["intuit_url"])
    assert len(practice.documents()) == 2
    assert practice.end() == Done(0, "", "")


def test_help_is_there_at_once() -> None:
    took = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([QBDESK, "--help"], check=True, capture_output=True)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.5


@side_by_side(connected=False)
def test_adding_says_what_was_added(desk: Desk) -> None:
    done = desk.add()
    assert (done.status, done.err) == (0, "")
    day = desk.practice.told["from"]
    assert done.out == f"Added books: Maple Street Services (practice), from {day}.\n"
    (told,) = desk.run("status", "--json").json()
    assert (told["company"], told["connected"], told["last_pass"]) == ("books", False, None)


@side_by_side()
def test_adding_a_company_that_is_there_keeps_its_first_day_or_waits_with_an_earlier_one(
    desk: Desk,
) -> None:
    told = desk.practice.told
    here = ("add", "books", "--url", told["source_url"])
    source, day = "Maple Street Services (practice)", date.fromisoformat(told["from"])
    renewed = "books: token of the invoicing system entered again; address and first day as before."
    assert desk.run(*here) == Done(0, f"{renewed}\n", "")
    earlier, later = (f"{day + timedelta(days=days)}" for days in (-30, 1))
    moved = desk.run(*here, "--from", earlier)
    assert (moved.status, moved.out) == (0, f"Changed books: {source}, from {earlier}.\n")
    assert "books is paused, since an earlier day brings more invoices." in moved.sentence()
    assert "qbdesk resume books" in moved.sentence()
    assert desk.run("status", "--json").json()[0]["paused"]
    ahead = desk.run(*here, "--from", later)
    assert f"What was paid before {later} and is not in QuickBooks yet" in ahead.sentence()


@side_by_side(connected=False)
def test_what_cannot_be_added_is_said_in_a_sentence_and_nothing_is_kept(desk: Desk) -> None:
    practice = desk.practice
    url, day = practice.told["source_url"], practice.told["from"]

    def add(*options: str, **environ: str | None) -> Done:
        return desk.run("add", "books", *options, **environ)

    refused = at_once(
        lambda: add("--url", url, "--from", day, QBDESK_SOURCE_TOKEN="wrong"),
        lambda: add("--url", "http://invoicing.example.com", "--from", day),
        lambda: add("--url", "invoicing.example.com", "--from", day),
        lambda: add("--url", "http://127.0.0.1:1", "--from", day, "--source", "psychic"),
        lambda: add("--url", url),
        lambda: add("--url", url, "--from", "2026-02-30"),
        lambda: add("--url", url, "--from", "20260201"),
        lambda: add("--url", url, "--from", day, QBDESK_SOURCE_TOKEN=None),
    )
    said = (
        r"not accepted",
        r"https://",
        r"https://",
        r"reads feed for now, not “psychic”",
        r"There is no company books yet.*--from",
        r"calendar",
        r"YYYY-MM-DD",
        r"QBDESK_SOURCE_TOKEN",
    )
    for done, word in zip(refused, said, strict=True):
        assert (done.status, done.out) == (2, "")
        assert re.search(word, done.sentence())
    assert desk.run("status", "--json").json() == []
    assert desk.run("add", "", "--url", url, "--from", day).status == 2


@side_by_side(connected=False)
def test_the_authorize_address_is_out_before_anything_is_read(desk: Desk) -> None:
    desk.add()
    seen = []

    def lands(address: str) -> str:
        seen.append(address)  # stdin is still empty and open here
        for arguments in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                text = arguments.read_bytes().decode()
            except (OSError, UnicodeDecodeError):
                continue
            assert not any(secret in text for secret in secrets_of(desk.practice))
        return desk.practice.landing(address) + "\n"

    done = desk.connect(lands=lands)
    (address,) = [line for line in done.out.splitlines() if line.startswith("http")]
    assert seen == [address]
    assert done.status == 0
    assert "Maple Street Services (practice) (sandbox, test server), CAD" in done.out
    (told,) = desk.run("status", "--json").json()
    assert told["connected"] is True
    assert told["environment"] == "sandbox"


@side_by_side(connected=False)
def test_connect_without_a_good_landing_keeps_nothing(desk: Desk) -> None:
    desk.add()
    before, ledger = desk.in_keyring(), (desk.home / "ledger.db").read_bytes()
    redirect = desk.practice.told["redirect_uri"]

    def other_state(address: str) -> str:
        return re.sub(r"state=[^&]+", "state=another", desk.practice.landing(address))

    cases = {
        "": "not the address",
        "\n": "not the address",
        "nonsense \x1b[2J\n": "not the address",
        f"{redirect}?error=access_denied&state=x\n": "cancelled at QuickBooks",
        f"{redirect}?code=c\n": "another sign-in",
        "x" * 100_000: "not the address",
    }
    works = [lambda text=text: desk.connect(lands=lambda _: text) for text in cases]
    refused = at_once(lambda: desk.connect(lands=other_state), *works)
    for done, word in zip(refused, ["another sign-in", *cases.values()], strict=True):
        assert done.status == 2
        assert word in done.sentence()
    assert desk.in_keyring() == before
    assert (desk.home / "ledger.db").read_bytes() == ledger


@side_by_side(connected=False)
def test_bytes_that_are_no_text_are_refused_like_any_other_landing(desk: Desk) -> None:
    desk.add()
    told = desk.practice.told
    keys = ["--client-id", told["client_id"], "--redirect-uri", told["redirect_uri"]]
    done = subprocess.run(
        [QBDESK, "connect", "books", *keys, "--paste"],
        env=desk.environ,
        input=b"\xff\xfe\x00\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"not the address" in done.stderr


@side_by_side(connected=False)
def test_a_sign_in_that_was_denied_at_quickbooks_keeps_nothing(desk: Desk) -> None:
    practice = desk.practice
    desk.add()
    before = desk.in_keyring()
    practice.change("switches", {"deny_consent": True})
    done = desk.connect()
    assert done.status == 2
    assert desk.in_keyring() == before
    practice.change("switches", {"deny_consent": False})
    desk.environ["QBDESK_CLIENT_SECRET"] = "not-the-secret"
    done = desk.connect()
    assert done.status == 2
    assert "app keys" in done.err
    assert desk.in_keyring() == before
    assert desk.run("status", "--json").json()[0]["connected"] is False


@side_by_side(connected=False)
def test_connecting_again_is_a_reconnect_and_overwrites_the_tokens(desk: Desk) -> None:
    desk.connected()
    (first,) = desk.tokens()
    assert desk.connect().status == 0
    (second,) = desk.tokens()
    assert second != first


@side_by_side()
def test_another_quickbooks_company_takes_a_switch_and_has_a_ledger_of_its_own(desk: Desk) -> None:
    practice = desk.practice
    with Practice("--seed", "2") as other:
        assert desk.run("sync", "--json").json()["synced"] == 3
        ours = desk.rows()
        tokens = desk.tokens()
        done = desk.connect(to=other)
        assert done.status == 2
        assert "--switch" in done.err
        assert desk.rows() == ours
        assert desk.tokens() == tokens
        assert desk.connect("--switch", to=other).status == 0
        assert desk.rows() == []
        desk.environ["QBDESK_INTUIT_URL"] = other.told["intuit_url"]
        assert desk.run("sync", "--json").json()["synced"] == 3
        posted = other.counts()
        assert posted == practice.counts()
        assert desk.connect("--switch").status == 0
        desk.environ["QBDESK_INTUIT_URL"] = practice.told["intuit_url"]
        assert desk.rows() == ours
        assert desk.run("sync", "--json").json()["synced"] == 0
        assert practice.counts() == other.counts() == posted


@side_by_side(connected=False)
def test_a_live_source_is_not_joined_to_a_sandbox_company(desk: Desk) -> None:
    practice = desk.practice
    practice.change("switches", {"environment": "production"})
    desk.add()
    practice.change("switches", {"environment": "sandbox"})
    for options in ((), ("--switch",)):
        done = desk.connect(*options)
        assert done.status == 2
        assert "The invoices are live" in done.err
    assert desk.run("status", "--json").json()[0]["connected"] is False
    # Joined as a live one; then the company turns out to be a sandbox: sync refuses as well.
    practice.change("switches", {"environment": "production"})
    assert desk.connect().status == 0
    practice.change("switches", {"environment": "sandbox"})
    done = desk.run("sync", "--json")
    assert done.status == 2
    assert "between test and live" in done.err
    assert practice.counts() == (0, 0)


@side_by_side(connected=False)
def test_only_a_test_server_of_this_machine_is_taken_by_any_command(desk: Desk) -> None:
    works = [
        lambda arguments=arguments, url=url: desk.run(*arguments, QBDESK_INTUIT_URL=url)
        for arguments, url in zip(
            COMMANDS,
            (
                "http://quickbooks.example.com:80",
                "https://127.0.0.1:8080",
                "http://127.0.0.1.example.com:80",
                "",
                "http://user@127.0.0.1:80",
            )
            * 3,
            strict=True,
        )
    ]
    for done in at_once(*works):
        assert (done.status, done.out) == (2, "")
        assert "QBDESK_INTUIT_URL must name a test server on this computer" in done.sentence()
    assert not desk.home.exists()


@side_by_side(connected=False)
def test_the_settle_time_is_shortened_on_a_test_server_only(desk: Desk) -> None:
    alone, silly, good = at_once(
        lambda: desk.run("status", QBDESK_SETTLE_SECONDS="1", QBDESK_INTUIT_URL=None),
        lambda: desk.run("status", QBDESK_SETTLE_SECONDS="soon"),
        lambda: desk.run("status", QBDESK_SETTLE_SECONDS="1"),
    )
    assert (alone.status, silly.status, good.status) == (2, 2, 0)
    assert "on a test server only" in alone.sentence()
    assert "from 0 to 300" in silly.sentence()


@side_by_side(connected=False)
def test_a_command_that_needs_a_secret_asks_nobody_without_a_terminal(desk: Desk) -> None:
    desk.add()
    told = desk.practice.told
    keys = ("--client-id", told["client_id"], "--redirect-uri", told["redirect_uri"])
    done = desk.run("connect", "books", *keys, "--paste", text="yes\n", QBDESK_CLIENT_SECRET=None)
    assert (done.status, done.out) == (2, "")
    assert "QBDESK_CLIENT_SECRET" in done.sentence()


def test_the_practice_company_ends_by_itself_with_the_table(tmp_path: Path) -> None:
    environ = {**os.environ, "QBDESK_HOME": str(tmp_path / "home")}
    no_display = {k: v for k, v in environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}

    def practise(environ: dict[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
        command = [QBDESK, "practice", *options]
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, check=False, timeout=60
        )

    asked, alone = at_once(lambda: practise(environ, "--headless"), lambda: practise(no_display))
    for done in (asked, alone):
        assert done.returncode == 0
        assert re.search(r"^Number +Customer +Amount", done.stdout, re.MULTILINE)
        assert len(re.findall(r" synced *$", done.stdout, re.MULTILINE)) == 12
        assert "Nothing left this machine." in done.stdout
        assert done.stderr == ""
    assert "no display" in alone.stdout
    assert not (tmp_path / "home").exists()


@side_by_side(connected=False)
def test_json_is_one_line_of_ascii(desk: Desk) -> None:
    desk.add()
    done = desk.run("status", "--json")
    (line,) = done.out.splitlines()
    assert line.isascii()
    assert isinstance(json.loads(line), list)
