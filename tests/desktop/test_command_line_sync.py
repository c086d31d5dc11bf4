"""sync and everything that decides about invoices, from a script's point of view."""

import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import Desk, Practice, at_once, secrets_of, side_by_side, started

__all__ = ["started"]
pytestmark = pytest.mark.desktop

SIGN_IN = ("access_expires_at", "refresh_expires_at", "last_refresh_at")
HOSTILE = {
    "number": "=1+1|[red]<b>",
    "name": "Ev\x1b[2Jil \u202egnp.exe [bold]Ltd[/bold] <script>\u2028next",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A company with 100 invoices that were posted by one pass."""
    with Practice("--invoices", "100") as practice:
        desk = Desk(tmp_path_factory.mktemp("full"), practice).connected()
        start = time.perf_counter()
        done = desk.run("sync", "--json")
        took = time.perf_counter() - start
        assert (done.status, done.err) == (0, "")
        told = done.json()
        assert set(told) == {"company", "synced", "waiting", "needs_attention", "requests"}
        assert set(told["requests"]) == {"reads", "writes", "batches"}
        assert all(type(number) is int for number in told["requests"].values())
        counts = (told["company"], told["synced"], told["waiting"], told["needs_attention"])
        assert counts == ("books", 100, 0, 0)
        assert took < 30
        yield desk


def tables(home: Path) -> dict[str, list[Any]]:
    """All rows of the ledger, without what counts requests and how long the sign-in lasts."""
    with closing(sqlite3.connect(f"file:{home / 'ledger.db'}?mode=ro", uri=True)) as ledger:
        names = [name for (name,) in ledger.execute("SELECT name FROM sqlite_master")]
        ledger.row_factory = sqlite3.Row
        return {
            name: [
                {key: row[key] for key in row.keys() if key not in SIGN_IN}  # noqa: SIM118
                for row in ledger.execute(f'SELECT * FROM "{name}"')
            ]
            for name in names
            if "request" not in name and not name.startswith(("sqlite", "ix_", "uq_"))
        }


def without_email(practice: Practice, number: str) -> dict[str, Any]:
    """One more invoice that a person has to look at."""
    document = practice.documents()[0]
    customer = {**document["customer"], "id": f"c-{number}", "email": None}
    return {**document, "id": f"held-{number}", "number": number, "customer": customer}


def test_one_hundred_invoices_are_in_quickbooks_once_each(full: Desk) -> None:
    practice = full.practice
    assert practice.numbers() == sorted(row["number"] for row in practice.documents())
    assert practice.look("books")["open_invoices"] == []


def test_invoices_and_status_have_the_shape_that_scripts_rely_on(full: Desk) -> None:
    everything, synced, held, status = at_once(
        lambda: full.run("invoices", "books", "--json"),
        lambda: full.run("invoices", "--status", "synced", "--json"),
        lambda: full.run("invoices", "books", "--status", "needs_attention", "--json"),
        lambda: full.run("status", "--json"),
    )
    rows = everything.json()
    assert (len(rows), synced.json(), held.json()) == (100, rows, [])
    keys = "source_id number status message choices quickbooks_invoice_id quickbooks_payment_id"
    assert all(list(row) == keys.split() for row in rows)
    assert {row["source_id"] for row in rows} == {d["id"] for d in full.practice.documents()}
    assert all(row["quickbooks_invoice_id"] and row["quickbooks_payment_id"] for row in rows)
    (told,) = status.json()
    needed = "company environment test_server connected token last_pass counts"
    assert set(needed.split()) <= set(told)
    assert (told["company"], told["environment"], told["test_server"]) == ("books", "sandbox", True)
    assert told["connected"] is True
    assert 50 <= told["token"]["access_minutes"] <= 60
    assert 99 <= told["token"]["refresh_days"] <= 101
    assert told["counts"]["synced"] == 100
    assert full.run("invoices", "books", "--status", "nonsense").status == 2


def test_an_invoice_that_is_queued_again_is_not_doubled(full: Desk) -> None:
    ids = [row.source_id for row in full.rows()[:3]]
    refused = full.run("resync", "books", ids[0], "no-such-id")
    assert refused.status == 2
    assert "no-such-id" in refused.sentence()
    assert "qbdesk invoices books" in refused.sentence()
    assert full.rows("waiting") == []
    assert full.run("resync", "books", *ids).status == 0
    assert [row.source_id for row in full.rows("waiting")] == ids
    before = full.practice.counts()
    done = full.run("sync", "books", "--json")
    assert (done.status, done.json()["waiting"]) == (0, 0)
    assert done.json()["requests"]["writes"] + done.json()["requests"]["batches"] == 0
    assert full.practice.counts() == before


def test_the_journal_tells_what_was_done_and_who_decided(full: Desk) -> None:
    last = full.rows()[-1].source_id
    assert full.run("ignore", "books", last, "--note", "paid in cash").status == 0
    (row,) = full.rows("ignored")
    assert row.source_id == last
    journal, table, none = at_once(
        lambda: full.run("journal", "books", last, "--json"),
        lambda: full.run("journal", "books", last),
        lambda: full.run("journal", "books", "no-such-id"),
    )
    assert all(list(entry) == ["at", "who", "text", "details"] for entry in journal.json())
    assert any("Payment written" in entry["text"] for entry in journal.json())
    assert "paid in cash" in journal.json()[-1]["text"]
    assert "paid in cash" in table.out
    assert none.status == 2


def test_settings_are_shown_and_changed(full: Desk) -> None:
    wrong = full.run("settings", "books", "income_account", "No such account")
    half = full.run("settings", "books", "income_account")
    unknown = full.run("settings", "books", "colour", "red")
    assert [done.status for done in (wrong, half, unknown)] == [2, 2, 2]
    assert "There are:" in wrong.sentence()
    assert "There is no such setting." in unknown.sentence()
    other = wrong.err.rpartition("There are: ")[2].rstrip(".\n").split("; ")[0]
    changed = full.run("settings", "books", "income_account", other)
    assert changed.status == 0
    assert other in changed.out
    assert other in full.run("settings", "books").out


@side_by_side()
def test_a_preview_writes_nothing(desk: Desk) -> None:
    practice = desk.practice
    ledger, tokens = tables(desk.home), desk.tokens()
    books = practice.look("books")
    done = desk.run("sync", "--preview")
    assert (done.status, done.err) == (0, "")
    assert all(document["number"] in done.out for document in practice.documents())
    after = practice.look("books")
    assert (after["counts"], after["trial_balance"]) == (books["counts"], books["trial_balance"])
    assert after["requests"]["writes"] == books["requests"]["writes"]
    assert after["requests"]["batches"] == books["requests"]["batches"]
    assert tables(desk.home) == ledger
    assert desk.tokens() == tokens
    assert desk.run("sync", "--json").json()["synced"] == 3
    again = desk.run("sync", "--preview")
    assert (again.status, again.out) == (0, "books: nothing to post.\n")


@side_by_side()
def test_a_preview_is_told_as_json_by_month(desk: Desk) -> None:
    done = desk.run("sync", "books", "--preview", "--json")
    assert (done.status, done.err) == (0, "")
    told = done.json()
    documents = desk.practice.documents()
    assert (told["company"], told["synced"], told["waiting"]) == ("books", 0, len(documents))
    assert told["requests"]["writes"] == 0
    assert {row["source_id"] for row in told["invoices"]} == {each["id"] for each in documents}
    posted = [line for line in told["lines"] if line["kind"] == "post"]
    assert sum(line["count"] for line in posted) == len(documents)
    months = {each["issue_date"][:7] for each in documents}
    posts = {m["month"] for m in told["months"] for e in m["lines"] if e["kind"] == "post"}
    assert posts == months


@side_by_side()
def test_the_control_totals_are_printed_saved_and_part_of_the_status(desk: Desk) -> None:
    practice = desk.practice
    practice.show(without_email(practice, "HELD-1"))
    assert desk.run("sync").status == 1
    table, told = at_once(
        lambda: desk.run("totals", "books"), lambda: desk.run("totals", "books", "--json")
    )
    as_json = told.json()
    assert "Of 4 invoices that the source showed: 3 synced, 1 held." in table.out
    assert "Still open in QuickBooks: none." in table.out
    totals = {line["kind"]: line for line in as_json["lines"]}
    assert (totals["count"]["source"], totals["count"]["quickbooks"]) == (3, 3)
    assert (totals["gross"]["difference"], as_json["agree"]) == ("0.00", True)
    (status,) = desk.run("status", "--json").json()
    assert status["control_totals"]["lines"] == as_json["lines"]
    assert status["control_totals"]["current"] is True

    file = desk.home / "totals.csv"
    assert desk.run("totals", "books", "--csv", str(file)).status == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbfControl totals,books,all time")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    wrong, nowhere, nobody = at_once(
        lambda: desk.run("totals", "books", "--month", "2026-13"),
        lambda: desk.run("totals", "books", "--csv", str(desk.home / "no" / "file.csv")),
        lambda: desk.run("totals", "nobody"),
    )
    assert [done.status for done in (wrong, nowhere, nobody)] == [2, 2, 2]
    assert "YYYY-MM" in wrong.sentence()
    assert "not saved" in nowhere.sentence()


@side_by_side()
def test_the_status_says_that_source_and_quickbooks_differ(desk: Desk) -> None:
    assert "differ" not in desk.run("status").err
    automated = {"country": "US", "sales_tax": "us_automated", "automated_tax_rate": "20"}
    desk.practice.change("switches", automated)
    assert desk.run("sync").status == 1
    told = "books: source and QuickBooks differ. See where: qbdesk totals books."
    assert told in desk.run("status").err


@side_by_side()
def test_the_status_is_1_exactly_while_something_needs_attention(desk: Desk) -> None:
    practice = desk.practice
    one, two, three = (without_email(practice, f"HELD-{n}") for n in (1, 2, 3))
    practice.show(one, two, three)
    done = desk.run("sync", "--json")
    assert done.status == 1
    assert (done.json()["synced"], done.json()["needs_attention"]) == (3, 3)
    rows = desk.rows("needs_attention")
    assert all(row.message and row.choices for row in rows)
    assert practice.look("books")["counts"]["Invoice"] == 3
    again = desk.run("sync", "--json")
    assert (again.status, again.json()["needs_attention"]) == (1, 3)

    bad = desk.run("resolve", "books", "held-HELD-1", "no_such_choice")
    assert bad.status == 2
    assert "does not offer that choice" in bad.sentence()
    assert "qbdesk invoices books" in bad.sentence()
    aside = desk.run("resolve", "books", "held-HELD-1", "ignore")
    assert (aside.status, aside.out) == (2, "")
    assert "qbdesk ignore books held-HELD-1" in aside.sentence()
    assert "  ID held-HELD-1\n" in desk.run("invoices").out
    word, both = rows[0].choices[-1].word, ("held-HELD-1", "held-HELD-3")
    assert desk.run("resolve", "books", *both, word).status == 0
    assert desk.run("ignore", "books", "held-HELD-2", "--note", "by hand").status == 0
    assert desk.run("sync", "--json").status == 1
    for document in (one, three):
        customer = {**document["customer"], "email": "somebody@example.com"}
        practice.show({**document, "customer": customer})
    done = desk.run("sync", "--json")
    assert (done.status, done.json()["synced"], done.json()["needs_attention"]) == (0, 2, 0)


@side_by_side()
def test_a_paused_company_is_left_alone_and_says_so(desk: Desk) -> None:
    practice = desk.practice
    assert desk.run("pause", "books").status == 0
    done = desk.run("sync", "--json")
    assert done.status == 0
    assert "books is paused" in done.sentence()
    assert "qbdesk resume books" in done.err
    assert done.json()["synced"] == 0
    assert practice.counts() == (0, 0)
    assert desk.run("status", "--json").json()[0]["paused"] is True
    assert desk.run("resume", "books").status == 0
    assert desk.run("sync", "--json").json()["synced"] == 3


@side_by_side()
def test_one_line_for_each_company_and_the_worst_of_them_counts(desk: Desk) -> None:
    practice = desk.practice
    assert desk.add("signed out").status == 0
    held = without_email(practice, "HELD-1")
    practice.show(held)
    done = desk.run("sync", "--json")
    assert done.status == 2
    assert done.sentence().startswith("signed out: Not connected to QuickBooks")
    lines = done.out.splitlines()
    assert len(lines) == 2
    assert '"company": "books", "synced": 3' in lines[0]
    assert '"company": "signed out", "synced": 0' in lines[1]
    assert desk.run("sync", "books", "--json").status == 1
    unknown = desk.run("sync", "nobody", "--json")
    assert (unknown.status, unknown.out) == (2, "")
    assert "nobody" in unknown.sentence()


@side_by_side()
def test_nothing_secret_is_left_after_disconnect_and_remove(desk: Desk) -> None:
    practice = desk.practice
    assert desk.run("sync").status == 0
    assert len(desk.tokens()) == 1
    assert desk.run("disconnect", "books").status == 0
    (told,) = desk.run("status", "--json").json()
    assert (told["connected"], told["token"]) == (False, {"access_minutes": 0, "refresh_days": 0})
    assert desk.tokens() == []
    done = desk.run("sync", "--json")
    assert done.status == 2
    assert "Connect the company first" in done.sentence()
    assert done.json()["synced"] == 0
    assert desk.connect().status == 0
    assert len(desk.tokens()) == 1
    assert desk.run("remove", "books").status == 0
    assert desk.run("status", "--json").json() == []
    assert desk.in_keyring() == []
    # Added anew, with a ledger of its own: what was posted is found, and not posted again.
    desk.connected()
    before = practice.counts()
    done = desk.run("sync", "--json")
    assert (done.status, done.json()["waiting"], practice.counts()) == (0, 0, before)


def cannot_be_served(desk: Desk, **switches: str) -> None:
    """Status 2, a sentence, and every invoice still there to be posted."""
    desk.practice.change("switches", switches)
    done = desk.run("sync", "--json")
    assert done.status == 2
    assert done.sentence().startswith("books: ")
    assert done.json()["needs_attention"] == 0
    assert desk.practice.counts() == (0, 0)
    (told,) = desk.run("status", "--json").json()
    assert told["message"] in done.err


@side_by_side()
def test_a_source_that_is_down_for_long_ends_with_2(desk: Desk) -> None:
    cannot_be_served(desk, feed_mode="down")


@side_by_side()
def test_a_source_that_refuses_its_token_ends_with_2(desk: Desk) -> None:
    cannot_be_served(desk, feed_mode="unauthorised")


@side_by_side()
def test_a_subscription_that_has_ended_ends_with_2(desk: Desk) -> None:
    cannot_be_served(desk, subscription_status="EXPIRED")
    assert {row.status for row in desk.rows()} == {"waiting"}


@side_by_side()
def test_a_sign_in_that_quickbooks_ended_is_said_and_status_2(desk: Desk) -> None:
    practice = desk.practice
    practice.change("disconnect", {})
    done = desk.run("sync", "--json")
    assert done.status == 2
    assert "sign" in done.sentence().lower()
    assert done.json()["waiting"] == 3
    assert desk.run("status", "--json").json()[0]["connected"] is False


@side_by_side()
def test_what_an_invoice_says_is_text_and_nothing_else(desk: Desk) -> None:
    practice = desk.practice
    document = practice.documents()[0]
    customer = {**document["customer"], "id": "evil", "name": HOSTILE["name"]}
    evil = {**document, "id": "evil\x1b]0;id\x07", "number": HOSTILE["number"]}
    practice.show({**evil, "customer": customer})
    held = {**without_email(practice, "[link=x]\x1b[31mred"), "id": "held"}
    practice.show(held)
    done = desk.run("sync")
    assert done.status == 1
    table, journal, tables = at_once(
        lambda: desk.run("invoices"),
        lambda: desk.run("journal", "books", evil["id"]),
        lambda: desk.run("invoices", "--json"),
    )
    for printed in (table, journal, done):
        assert not any(sign in printed.out + printed.err for sign in "\x1b\x07\u202e\u2028")
    assert "=1+1|[red]<b>" in table.out
    assert "[bold]Ltd[/bold]" in table.out.replace("\n", "")
    assert "\\u001b[2J" in table.out
    assert len(tables.out.splitlines()) == 1
    assert {row["number"] for row in tables.json()} >= {HOSTILE["number"], held["number"]}


def test_no_secret_and_no_customer_leaves_the_keyring_and_the_ledger(full: Desk) -> None:
    full.run("sync", "--json", QBDESK_CLIENT_SECRET=None, QBDESK_SOURCE_TOKEN=None)
    full.run("status")
    secrets = secrets_of(full.practice)
    texts = [*full.printed, *(file.read_bytes().decode("latin-1") for file in full.files())]
    assert sum(len(text) for text in texts) > 100_000
    assert not [secret for secret in secrets if any(secret in text for text in texts)]
    names = {document["customer"]["name"] for document in full.practice.documents()}
    others = [file for file in full.files() if file.suffix != ".db"]  # ledger and backups
    assert {file.name for file in others} >= {"qbdesk.log"}
    for file in others:
        assert not [name for name in names if name in file.read_text()]
    for file in full.files():
        if file.name.endswith((".db", ".log")):
            assert file.stat().st_mode & 0o077 == 0
