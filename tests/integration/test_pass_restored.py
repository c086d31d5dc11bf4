"""A ledger that knows less than QuickBooks: an old copy, another computer's, a backup, none."""

import asyncio
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from invoices import customer, document, payment
from office import FROM, NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.errors import LedgerDamaged
from qbdesk.sync.ledger import backups, marks, restoring
from qbdesk.sync.lookups import Lookups
from qbdesk.sync.quickbooks.client import QuickBooks
from qbdesk.sync.views import PassResult, Status, Warned


def clients(count: int, first: int = 0) -> list[dict[str, object]]:
    return [
        document(f"inv-{n}", client=customer(id=f"c{n}", name=f"Client {n}", email=f"{n}@x.com"))
        for n in range(first, first + count)
    ]


def by_schedule(office: Office) -> PassResult:
    """The settings of QuickBooks, read at connecting, are not read again."""
    office.view()  # it is open by then
    service = office.service
    assert service._loop is not None
    running = service._engine.run_pass(NAME, afresh=False)
    return asyncio.run_coroutine_threadsafe(running, service._loop).result(PATIENCE)


class Copy:
    """A copy of the ledger that somebody made by hand, and puts back later."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.file = office.home / "ledger.db"
        self._kept = office.home.parent / "kept.db"
        self._stop()
        shutil.copy(self.file, self._kept)
        office.open()

    def put_back(self) -> None:
        self._stop()
        shutil.copy(self._kept, self.file)
        self._office.open()

    def _stop(self) -> None:
        self._office.service.stop()


def told_of_an_older_ledger(office: Office) -> bool:
    told = [e for e in office.events if isinstance(e, Warned) and "older ledger" in e.title]
    assert all("decided here since then is forgotten, too" in warned.sentence for warned in told)
    return bool(told)


def assert_each_once(office: Office, number: int) -> None:
    assert_each_once_in_quickbooks(office, number)
    assert office.view().counts == {Status.SYNCED: number}


def assert_each_once_in_quickbooks(office: Office, number: int) -> None:
    assert office.count("Customer", "Invoice", "Payment") == (number, number, number)
    assert {entry["Balance"] for entry in office.entities("Invoice")} == {0}


def note(office: Office) -> str:
    return office.service.totals(NAME).result(PATIENCE).note


def assert_totals_agree(office: Office) -> None:
    found = office.service.totals(NAME).result(PATIENCE)
    assert found.note == ""
    assert {line.difference for line in found.lines} == {0}
    assert (found.still_open_count, found.differing_count) == (0, 0)


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """QuickBooks does not keep its word here: a request id that comes again makes a second one."""
    opened = open_office(settle_seconds=300, request_ids="ignored")
    opened.sync()  # the books have been read once
    return opened


@pytest.mark.parametrize("count", [2, 12])
def test_what_was_posted_after_an_old_copy_was_made_is_taken_over_and_never_doubled(
    office: Office, count: int
) -> None:
    office.post(*clients(2))
    copy = Copy(office)
    assert office.post(*clients(count, first=2)).synced == count
    office.clock.advance(days=3)
    copy.put_back()
    result = office.sync()
    assert (result.synced, result.requests.writes, result.requests.batches) == (count, 0, 0)
    assert told_of_an_older_ledger(office)
    assert_each_once(office, count + 2)
    assert "with qbdesk's own mark" in office.journal("inv-2")[1].text


def test_an_invoice_whose_number_has_changed_since_is_held_and_not_posted_again(
    office: Office,
) -> None:
    copy = Copy(office)
    office.post(document())
    office.post(document(revision=2, number="N-other"))
    copy.put_back()
    office.sync()
    assert "the number was N-inv-1, now N-other" in office.row().message
    assert office.count("Invoice", "Payment") == (1, 1)


def test_an_invoice_that_got_another_number_in_quickbooks_is_not_posted_again(
    office: Office,
) -> None:
    copy = Copy(office)
    office.post(document())
    (entry,) = office.entities("Invoice")
    same = {"Id": entry["Id"], "SyncToken": entry["SyncToken"], "sparse": True}
    office.enter("invoice", {**same, "DocNumber": "By hand"})
    copy.put_back()
    office.sync()
    assert office.status() is Status.NEEDS_ATTENTION
    assert office.count("Invoice", "Payment") == (1, 1)
    office.resolve("keep")
    assert office.status() is Status.SYNCED


@pytest.mark.parametrize("write", ["customer", "invoice", "payment"])
def test_a_copy_made_in_the_middle_of_a_posting_goes_on_with_what_came_of_it(
    office: Office, write: str
) -> None:
    office.fault("request_lost", f"POST {write}")
    assert office.post(document()).waiting == 1
    copy = Copy(office)
    office.clock.advance(seconds=301)
    assert office.sync().synced == 1
    copy.put_back()
    assert office.sync().requests.writes == 0
    assert_each_once(office, 1)
    assert_totals_agree(office)


@pytest.mark.parametrize("write", ["invoice", "payment"])
def test_what_was_refused_when_the_copy_was_made_and_posted_later_is_taken_over(
    office: Office, write: str
) -> None:
    office.fault("refused", f"POST {write}", code="6000")
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION
    copy = Copy(office)
    assert office.resync().synced == 1
    copy.put_back()
    assert office.sync().requests.writes == 0
    assert_each_once(office, 1)


def test_a_payment_that_is_taken_over_after_its_invoice_was_made_is_no_difference(
    office: Office,
) -> None:
    office.fault("refused", "POST payment", code="6000")
    office.post(document())
    office.service.ignore(NAME, ["inv-1"], "by hand", "Ann").result(PATIENCE)
    copy = Copy(office)
    assert office.resync().synced == 1
    copy.put_back()
    office.sync()
    assert office.status() is Status.IGNORED
    assert "it was taken over" in str(office.journal())
    assert_totals_agree(office)


def test_what_a_person_ignores_stays_ignored_but_is_known_to_be_there(office: Office) -> None:
    office.fault("refused", "POST invoice", code="6000")
    office.post(document())
    office.service.ignore(NAME, ["inv-1"], "by hand", "Ann").result(PATIENCE)
    copy = Copy(office)
    assert office.resync().synced == 1
    copy.put_back()
    office.sync()
    assert office.status() is Status.IGNORED
    assert office.resync().requests.writes == 0
    assert_each_once(office, 1)


def test_a_payment_of_two_that_was_posted_since_is_not_posted_again(office: Office) -> None:
    parts = [payment("13.00", id="a"), payment("100.00", id="b")]
    office.fault("request_lost", "POST payment", times=2)
    office.post(document(payments=parts))
    copy = Copy(office)
    office.clock.advance(seconds=301)
    office.sync()
    copy.put_back()
    office.sync()
    assert office.count("Invoice", "Payment") == (1, 2)
    assert office.status() is Status.SYNCED
    assert_totals_agree(office)


def test_an_old_copy_that_is_put_back_under_a_running_pass_stops_it_before_the_next_write(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.show(*clients(2))
    office.fault("unavailable", "query", times=4)
    assert office.sync().waiting == 2
    file = office.home / "ledger.db"
    old = file.read_bytes()
    write = QuickBooks.write

    async def and_meanwhile(*sent: Any) -> Any:
        outcome = await write(*sent)
        file.write_bytes(old)
        return outcome

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(QuickBooks, "write", and_meanwhile)
        assert office.sync().synced == 0
    assert office.count("Invoice", "Payment") == (0, 0)
    office.sync()
    assert_each_once(office, 2)


def test_an_old_copy_that_is_put_back_while_a_pass_only_reads_is_noticed_as_well(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.post(*clients(1))
    office.show(*clients(2, first=1))
    office.fault("unavailable", "query", times=4)
    assert office.sync().waiting == 2
    file = office.home / "ledger.db"
    old = file.read_bytes()
    office.service.ignore(NAME, ["inv-2"], "later", "Ann").result(PATIENCE)
    office.sync()
    office.service.resync(NAME, ["inv-2"], "Ann").result(PATIENCE)
    mark = marks.read(file)
    assert mark is not None
    look = Lookups.answer

    async def and_meanwhile(*asked: Any) -> None:
        await look(*asked)
        file.write_bytes(old)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Lookups, "answer", and_meanwhile)
        office.sync()
    now = marks.read(file)
    assert now is not None
    assert not now.is_behind(mark)
    assert office.count("Invoice", "Payment") == (2, 2)
    office.sync()
    assert_each_once(office, 3)


# ---- no alarm, and no reads, without need ----


def reads(office: Office) -> int:
    return office.sync().requests.reads


def test_a_ledger_that_was_only_closed_and_opened_is_not_read_again(office: Office) -> None:
    office.post(*clients(2))
    usual = reads(office)
    office.service.stop()
    office.open()
    assert reads(office) == usual
    assert not told_of_an_older_ledger(office)


def test_a_kill_between_ledger_and_mark_is_no_alarm(office: Office) -> None:
    office.post(*clients(1))
    before = marks.read(office.home / "ledger.db")
    assert before is not None
    office.post(*clients(1, first=1))
    office.sync()
    usual = reads(office)
    marks.write(office.home / "ledger.db", before)
    assert reads(office) == usual
    assert not told_of_an_older_ledger(office)


def test_a_ledger_from_another_computer_is_not_trusted_to_be_the_newest(
    office: Office, tmp_path: Path
) -> None:
    office.post(*clients(1))
    usual = reads(office)
    marks.beside(office.home / "ledger.db").unlink()
    assert reads(office) == usual + 2
    assert reads(office) == usual


def begin_from(office: Office, day: date) -> None:
    """Chosen, looked at, and then posted from."""
    office.add(from_date=day)
    office.service.resume(NAME).result(PATIENCE)


def test_an_earlier_first_day_is_read_from_there(office: Office) -> None:
    office.post(*clients(1))
    usual = reads(office)
    begin_from(office, date(2025, 6, 1))
    assert reads(office) == usual + 2
    begin_from(office, date(2025, 7, 1))
    assert reads(office) == usual


def test_a_lost_ledger_of_many_invoices_costs_few_reads(office: Office, tmp_path: Path) -> None:
    assert office.post(*clients(40)).synced == 40
    office.open(tmp_path / "new computer", vault=False)
    office.add()
    assert note(office) == ""
    office.connect()
    assert "The next pass reads it." in note(office)
    result = office.sync()
    assert (result.synced, result.requests.writes, result.requests.batches) == (40, 0, 0)
    assert result.requests.reads <= 12
    assert_each_once(office, 40)
    assert_totals_agree(office)


def test_where_quickbooks_refuses_the_list_each_invoice_is_looked_for_by_its_number(
    office: Office,
) -> None:
    copy = Copy(office)
    office.post(*clients(2))
    copy.put_back()
    office.fault("refused", "query", code="4002")
    result = by_schedule(office)
    assert (result.synced, result.requests.writes) == (2, 0)
    assert_each_once(office, 2)
    assert note(office) == ""
    usual = reads(office)
    office.clock.advance(days=1)
    assert reads(office) == usual + 2
    assert reads(office) == usual
    office.service.begin_from(NAME, FROM - timedelta(days=1), "Ann").result(PATIENCE)
    assert "The first pass after you resume it reads it." in note(office)


def test_while_quickbooks_does_not_answer_nothing_is_posted_from_an_old_copy(
    office: Office,
) -> None:
    copy = Copy(office)
    office.post(*clients(1))
    copy.put_back()
    office.show(*clients(1, first=1))
    office.fault("unavailable", "query", times=None)
    result = office.sync()
    assert result.stopped is not None
    assert office.count("Invoice") == (1,)


# ---- damaged ----


def spoil(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(8192)
        opened.write(b"x" * 8192)


@pytest.mark.parametrize("chosen", ["backup", "empty"])
def test_after_a_damaged_ledger_nothing_is_posted_before_a_person_decides_and_nothing_twice(
    office: Office, chosen: str
) -> None:
    office.post(*clients(2))
    office.clock.advance(days=1)
    office.post(*clients(1, first=2))
    before = office.ids()
    office.take_numbers_away()
    office.service.stop()
    spoil(office.home / "ledger.db")
    service = office.open()
    assert isinstance(service.sync(NAME).exception(PATIENCE), LedgerDamaged)
    # The office's clock is a day ahead of the computer's, which orders them.
    newest = max(service.backups().result(PATIENCE), key=lambda backup: backup.made_at)
    assert (newest.companies, newest.invoices) == (1, 2)
    service.restore(newest.name if chosen == "backup" else None).result(PATIENCE)
    office.show(*clients(1, first=3))
    if chosen == "empty":
        office.add()
        office.connect()
    else:
        assert office.sync().requests.writes == 0
        assert_each_once_in_quickbooks(office, 3)
        service.resume(NAME, "Ann").result(PATIENCE)
    assert office.sync().requests.writes == 3
    assert before.items() <= office.ids().items()
    assert_each_once(office, 4)
    assert_totals_agree(office)
    assert "in order" in str(service.restore(None).exception(PATIENCE))


def restore(office: Office, backup: str) -> None:
    """By the command, while the window is closed."""
    office.service.stop()
    restoring.restore(office.home / "ledger.db", backup)
    office.open()


@pytest.mark.parametrize("known_to_the_backup", [True, False])
def test_what_was_ignored_after_a_backup_is_not_posted_before_a_person_has_decided_again(
    office: Office, known_to_the_backup: bool
) -> None:
    office.post(*clients(1))

    def two_wait() -> None:
        office.fault("unavailable", "query", times=4)
        assert office.post(*clients(2, first=1)).waiting == 2

    if known_to_the_backup:
        two_wait()
    backup = backups.make(office.home / "ledger.db", office.clock())
    if not known_to_the_backup:
        two_wait()
    office.service.ignore(NAME, ["inv-2"], "a sales receipt, by hand", "Ann").result(PATIENCE)
    assert office.sync().synced == 1
    restore(office, backup.name)
    assert "The first pass after you resume it reads it." in note(office)
    assert by_schedule(office).requests.writes == 0
    assert office.count("Invoice", "Payment") == (2, 2)
    assert office.view().paused
    (_, _, line) = office.journal(None)
    assert (line.who, line.text) == ("qbdesk", restoring.PAUSED)
    assert office.view().sentence == restoring.PAUSED
    found = office.service.preview(NAME).result(PATIENCE)
    assert [row.source_id for row in found.rows if row.status is Status.WAITING] == ["inv-2"]
    office.service.ignore(NAME, ["inv-2"], "a sales receipt, by hand", "Ann").result(PATIENCE)
    office.service.resume(NAME, "Ann").result(PATIENCE)
    office.sync()
    assert office.count("Invoice", "Payment") == (2, 2)
    assert office.view().counts == {Status.SYNCED: 2, Status.IGNORED: 1}
    office.service.pause(NAME, "Ann").result(PATIENCE)
    assert office.view().sentence.startswith("Paused. Nothing is posted")
    assert note(office) == ""


def test_an_invoice_that_the_ledger_does_not_know_can_be_ignored_while_paused_only(
    office: Office,
) -> None:
    office.post(*clients(1))
    refused = office.service.ignore(NAME, ["inv-9"], "", "Ann").exception(PATIENCE)
    assert "has no invoice with the id 'inv-9'" in str(refused)
    office.service.pause(NAME, "Ann").result(PATIENCE)
    both = ["inv-9", "inv-0", "inv-9"]
    assert office.service.ignore(NAME, both, "by hand", "Ann").result(PATIENCE) == ("inv-9",)
    told = office.journal(None)[-1]
    assert (told.who, told.text) == (
        "Ann",
        "The invoice with the id 'inv-9' is ignored as soon as the source shows it.",
    )
    assert told.details == "Ignored by Ann: by hand"
    assert office.status("inv-0") is Status.IGNORED
    office.service.resume(NAME, "Ann").result(PATIENCE)
    office.post(*clients(1, first=9))
    assert office.status("inv-9") is Status.IGNORED
    assert ("Ann", "Ignored by Ann: by hand") in [
        (entry.who, entry.text) for entry in office.journal("inv-9")
    ]
    assert office.count("Invoice") == (1,)


def test_an_invoice_that_was_ignored_before_it_was_read_can_be_taken_back(office: Office) -> None:
    office.post(*clients(1))
    office.service.pause(NAME, "Ann").result(PATIENCE)
    office.service.ignore(NAME, ["inv-9"], "", "Ann").result(PATIENCE)
    refused = office.service.resync(NAME, ["inv-9", "inv-8"], "Ann").exception(PATIENCE)
    assert "has no invoice with the id 'inv-8'" in str(refused)
    both = ["inv-0", "inv-9"]
    assert office.service.resync(NAME, both, "Ann").result(PATIENCE) == ("inv-9",)
    told = office.journal(None)[-1]
    assert (told.who, told.text) == (
        "Ann",
        "The invoice with the id 'inv-9' is not to be ignored any more.",
    )
    office.service.resume(NAME, "Ann").result(PATIENCE)
    office.post(*clients(1, first=9))
    assert office.status("inv-9") is Status.SYNCED


def test_a_company_that_was_paused_when_the_backup_was_made_stays_so_without_another_word(
    office: Office,
) -> None:
    office.service.pause(NAME, "Ann").result(PATIENCE)
    backup = backups.make(office.home / "ledger.db", office.clock())
    office.service.resume(NAME, "Ann").result(PATIENCE)
    restore(office, backup.name)
    assert office.view().paused
    assert [entry.text for entry in office.journal(None)][2:] == ["Paused."]


# ---- daily backups ----


def test_a_pass_makes_a_backup_a_day(office: Office) -> None:
    file = office.home / "ledger.db"
    for _ in range(2):
        office.sync()
    assert len(backups.there(file, office.clock())) == 1
    office.clock.advance(days=1)
    office.sync()
    assert len(backups.there(file, office.clock())) == 2


def test_a_backup_that_cannot_be_made_is_one_warning_and_posting_goes_on(office: Office) -> None:
    folder = office.home / "backups"
    shutil.rmtree(folder)
    folder.write_bytes(b"a file where the folder should be")
    assert office.post(*clients(1)).synced == 1
    (warning,) = office.view().ledger_findings
    assert "No backup of the ledger could be made. Posting goes on." in warning.sentence
    assert warning in office.view().findings
    folder.unlink()
    office.sync()
    assert backups.there(office.home / "ledger.db", office.clock()) == []  # not at every pass
    office.clock.advance(hours=1)
    office.sync()
    assert office.view().ledger_findings == ()


def test_a_backup_from_the_future_is_not_the_newest_and_does_not_keep_others_from_being_made(
    office: Office,
) -> None:
    file = office.home / "ledger.db"
    office.clock.advance(days=1)
    office.clock.set_forward(days=3000)
    office.sync()
    office.clock.set_forward(days=-3000)
    assert office.view().ledger_findings == ()
    for _ in range(2):
        office.sync()
    today, yesterday, wrong = backups.there(file, office.clock())
    assert yesterday.made_at < today.made_at < wrong.made_at
    assert office.view().ledger_findings == ()
    for backup in (today, yesterday):
        backup.file.unlink()
    (warning,) = office.view().ledger_findings
    assert "No backup of the ledger could be made. Posting goes on." in warning.sentence
