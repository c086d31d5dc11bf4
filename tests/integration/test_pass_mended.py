"""Bad moments of a pass: what one part cannot do stops neither the others nor the next pass."""

import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from invoices import customer, document
from office import NAME, PATIENCE, Office, OpenOffice
from sqlalchemy import Connection

from qbdesk.app import open_service
from qbdesk.sync import rulings, waves
from qbdesk.sync.clients import Surroundings
from qbdesk.sync.errors import Refusal, Trouble
from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import Ledger, open_ledger
from qbdesk.sync.views import Event, Progress, State, Status, Warned


def clients(count: int, first: int = 0) -> list[dict[str, object]]:
    """One invoice each of so many clients."""
    return [
        document(
            f"inv-{n}",
            number=f"A{n}",
            client=customer(id=f"c{n}", name=f"Client {n}", email=f"{n}@example.com"),
        )
        for n in range(first, first + count)
    ]


@pytest.mark.parametrize("trouble", ["unavailable", "server_error", "request_lost"])
def test_quickbooks_out_of_order_in_the_middle_of_a_pass_holds_no_invoice(
    office: Office, trouble: str
) -> None:
    office.show(*clients(5))
    office.fault(trouble, "query", times=None)
    result = office.by_schedule()
    assert result.stopped
    assert (result.waiting, result.needs_attention) == (5, 0)
    assert office.view().state is State.OFFLINE
    office.world.company.faults.clear()
    assert office.sync().synced == 5


def test_an_invoice_of_which_nothing_can_be_looked_up_is_held_once_and_nothing_is_posted(
    office: Office,
) -> None:
    office.show(document())
    office.fault("refused", "query", times=None, code="4002")
    result = office.by_schedule()
    assert (result.stopped, result.needs_attention) == (None, 1)
    assert "qbdesk itself" not in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)
    assert [entry.text for entry in office.journal()].count(office.row().message) == 1


def test_a_doubt_that_quickbooks_refuses_to_settle_holds_that_invoice_only(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST invoice")
    office.post(*clients(1))
    office.clock.advance(hours=1)
    office.show(*clients(2, first=1))
    office.fault("refused", "query", code="4002")
    result = office.by_schedule()
    assert (result.stopped, result.synced, result.needs_attention) == (None, 2, 1)
    assert office.status("inv-0") is Status.NEEDS_ATTENTION
    assert office.resync("inv-0").synced == 1
    assert office.count("Invoice", "Payment") == (3, 3)


@pytest.mark.parametrize("count", [1, 12])
def test_writes_that_cannot_leave_the_computer_end_the_pass_after_four_tries(
    office: Office, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    office.show(*clients(count))
    http = office.service._around.http
    usual = http.send

    async def send(request: httpx.Request, **how: Any) -> httpx.Response:
        if request.method == "POST" and "/v3/company/" in request.url.path:
            raise httpx.ConnectError("down")
        return await usual(request, **how)

    monkeypatch.setattr(http, "send", send)
    office.waits.clear()
    result = office.sync()
    assert "cannot be reached" in (result.stopped or "")
    assert (result.waiting, result.needs_attention) == (count, 0)
    assert office.view().state is State.OFFLINE
    assert [wait for wait in office.waits if wait in (1, 2, 4)] == [1.0, 2.0, 4.0]
    monkeypatch.undo()
    assert office.sync().synced == count
    assert office.count("Customer", "Invoice", "Payment") == (count, count, count)


def test_a_preview_waits_for_the_pass_that_is_running(office: Office) -> None:
    office.show(document())
    running, preview = office.service.sync(NAME), office.service.preview(NAME)
    assert running.result(PATIENCE)[0].synced == 1
    assert [row.status for row in preview.result(PATIENCE).rows] == [Status.SYNCED]


def test_a_preview_that_is_stopped_says_so(office: Office) -> None:
    office.fault("slow", "preferences", seconds=30)
    preview = office.service.preview(NAME)
    while not preview.done():
        office.service.stop_pass(NAME).result(PATIENCE)
    with pytest.raises(Refusal, match="Stopped"):
        preview.result(PATIENCE)


def test_a_pause_that_quickbooks_asked_a_preview_for_is_kept_by_the_next_pass(
    office: Office,
) -> None:
    office.fault("throttled", "preferences", times=5)
    with pytest.raises(Trouble):
        office.service.preview(NAME).result(PATIENCE)
    office.waits.clear()
    result = office.post(document())
    assert (result.synced, result.requests.writes > 0) == (1, True)
    assert max(office.waits) > 30
    assert office.sync().requests.writes == 0


def test_all_customers_are_read_once_in_a_pass_however_many_loads_it_has(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "PAGE", 12)
    monkeypatch.setattr(waves, "AT_ONCE", 12)
    asked: list[str] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request.url.params.get("query", ""))

    office.service._around.http.event_hooks = {"request": [note], "response": []}
    assert office.post(*clients(36)).synced == 36
    about_all = [query for query in asked if "FROM Customer WHERE Active" in query]
    assert len(about_all) == 1
    assert not any("PrimaryEmailAddr" in query for query in asked)


class Meanwhile:
    """Another program on the same ledger, which acts once, in the middle of a pass."""

    def __init__(self, office: Office, ledger: Ledger) -> None:
        self.office = office
        self.ledger = ledger

    def act(self, act: Callable[[Connection, Company], None]) -> None:
        done: list[Event] = []

        def hear(event: Event) -> None:
            posting = isinstance(event, Progress) and event.sentence.startswith("Posting to")
            if posting and not done:
                done.append(event)
                with self.ledger.begin() as connection:
                    company = companies.named(connection, NAME)
                    assert company is not None
                    act(connection, company)

        self.office.service.subscribe(hear)


@pytest.fixture
def meanwhile(office: Office) -> Iterator[Meanwhile]:
    ledger = open_ledger(office.home / "ledger.db")
    yield Meanwhile(office, ledger)
    ledger.close()


def test_what_others_need_too_is_written_for_another_when_the_first_is_ignored_meanwhile(
    office: Office, meanwhile: Meanwhile
) -> None:
    meanwhile.act(
        lambda connection, company: rulings.ignore(
            connection, company, ["inv-0"], "by hand", "Ann", office.clock()
        )
    )
    result = office.post(*clients(4))
    assert (result.synced, result.waiting) == (3, 0)
    assert office.status("inv-0") is Status.IGNORED


class Tray:
    """A second program on the office's home, which looks at companies by itself all the time."""

    def __init__(self, office: Office) -> None:
        office.service.stop()
        self.office = office
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        environ = {"QBDESK_INTUIT_URL": office.server.intuit_url, "QBDESK_SETTLE_SECONDS": "0"}
        self.service = open_service(
            office.home,
            environ=environ,
            in_memory=True,
            scheduled=True,
            interval=timedelta(seconds=0.3),
        )
        usual = self.service._open

        async def with_the_same_keyring() -> Surroundings:
            return replace(await usual(), vault=office._vault)

        self.service._open = with_the_same_keyring
        self.service.subscribe(self._events.put)
        self.service.start()

    def wait_for(self, wanted: Callable[[], bool]) -> None:
        """Until something is so, which is looked at after every event."""
        while not wanted():
            self._events.get(timeout=PATIENCE)

    def has_posted(self, count: int) -> Callable[[], bool]:
        def wanted() -> bool:
            view = self.service.company(NAME).result(PATIENCE)
            return view.counts.get(Status.SYNCED, 0) == count

        return wanted


@pytest.fixture
def open_tray() -> Iterator[Callable[[Office], Tray]]:
    opened: list[Tray] = []

    def make(office: Office) -> Tray:
        opened.append(Tray(office))
        return opened[-1]

    yield make
    for tray in opened:
        tray.service.stop()


OpenTray = Callable[[Office], Tray]


def test_a_company_that_another_program_pauses_and_resumes_is_served_again(
    office: Office, open_tray: OpenTray
) -> None:
    office.service.pause(NAME).result(PATIENCE)
    tray = open_tray(office)
    # Its first nudge comes while the company is paused.
    tray.service.companies().result(PATIENCE)
    office.show(document())
    other = office.open()
    other.resume(NAME).result(PATIENCE)
    tray.wait_for(tray.has_posted(1))


def test_a_company_that_another_program_adds_and_connects_is_served(
    open_office: OpenOffice, open_tray: OpenTray
) -> None:
    office = open_office(connected=False)
    tray = open_tray(office)
    tray.service.companies().result(PATIENCE)
    office.open()
    office.show(document())
    office.connect()
    tray.wait_for(tray.has_posted(1))


FULL = "database or disk is full, says Harbour Condo Corp"


@pytest.fixture
def full_disk(office: Office) -> Iterator[Callable[[], None]]:
    """A ledger in which the end of a pass cannot be written, until the returned is called."""
    ledger = open_ledger(office.home / "ledger.db")
    with ledger.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full_disk BEFORE UPDATE OF trouble ON company "
            f"BEGIN SELECT RAISE(FAIL, '{FULL}'); END"
        )

    def make_room() -> None:
        with ledger.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER full_disk")

    yield make_room
    ledger.close()


def test_a_pass_whose_end_cannot_be_written_says_so_and_the_next_one_finds_its_work(
    office: Office, full_disk: Callable[[], None]
) -> None:
    result = office.post(document())
    assert "qbdesk itself" in (result.stopped or "")
    full_disk()
    assert office.sync().stopped is None
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)
    office.service.stop()
    told = (office.home / "log" / "qbdesk.log").read_text("utf-8")
    assert "IntegrityError" in told
    assert "Harbour Condo Corp" not in told


def test_the_schedule_goes_on_after_a_pass_whose_end_cannot_be_written(
    office: Office, full_disk: Callable[[], None], open_tray: OpenTray
) -> None:
    tray = open_tray(office)
    told: list[str] = []
    tray.service.subscribe(
        lambda event: told.append(event.sentence) if isinstance(event, Warned) else None
    )
    tray.wait_for(lambda: bool(told))
    assert "qbdesk itself" in told[0]
    assert tray.service.company(NAME).result(PATIENCE).next_pass_at is not None
    full_disk()


def test_what_goes_wrong_unheard_in_the_loop_is_logged_without_what_it_is_about(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("Harbour Condo Corp owes 113.00")

    loop = office.service._loop
    assert loop is not None
    loop.call_soon_threadsafe(fail)
    office.service.stop()
    told = (office.home / "log" / "qbdesk.log").read_text("utf-8")
    assert "ValueError at test_pass_mended.py" in told
    assert "Harbour" not in told + "".join(capfd.readouterr())
