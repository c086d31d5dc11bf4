"""Answers and requests that get lost: looked for, taken over, never doubled."""

from decimal import Decimal
from pathlib import Path

import pytest
from invoices import customer, document, payment
from office import NAME, Office, OpenOffice

from qbdesk.sync.views import PassResult, Status

WRITES = ("customer", "item", "paymentmethod", "invoice", "payment")


def _three() -> list[dict[str, object]]:
    return [
        document(f"inv-{n}", client=customer(id=f"c{n}", name=f"Client {n}", email=f"{n}@x.com"))
        for n in range(3)
    ]


def _twelve() -> list[dict[str, object]]:
    return [
        document(f"inv-{n}", client=customer(id=f"c{n}", name=f"Client {n}", email=f"{n}@x.com"))
        for n in range(12)
    ]


def _assert_each_once(office: Office, number: int) -> None:
    assert office.count("Customer", "Invoice", "Payment") == (number, number, number)
    items = [item for item in office.entities("Item") if item["Name"] == "Paid invoices"]
    methods = [m for m in office.entities("PaymentMethod") if m["Name"] == "e-Transfer"]
    assert (len(items), len(methods)) == (1, 1)
    assert {entry["Balance"] for entry in office.entities("Invoice")} == {Decimal(0)}


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        *((write, "reply_lost") for write in WRITES),
        *(("invoice", kind) for kind in ("garbage", "empty", "cut_off")),
    ],
)
def test_a_lost_answer_is_found_and_taken_over_in_the_same_pass(
    open_office: OpenOffice, write: str, kind: str
) -> None:
    office = open_office(settle_seconds=300)
    office.fault(kind, f"POST {write}")
    result = office.post(document())
    assert (result.synced, result.waiting, result.needs_attention) == (1, 0, 0)
    _assert_each_once(office, 1)


@pytest.mark.parametrize("request_ids", ["honoured", "ignored"])
def test_lost_answers_of_whole_batches_are_settled_item_by_item(
    open_office: OpenOffice, request_ids: str
) -> None:
    office = open_office(settle_seconds=300, request_ids=request_ids)
    for _ in range(3):
        office.fault("reply_lost", "POST batch")
    result = office.post(*_twelve())
    assert (result.synced, result.waiting, result.needs_attention) == (12, 0, 0)
    _assert_each_once(office, 12)


def test_a_503_that_hides_a_success_is_looked_through(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    office.fault("unavailable", "POST invoice", after_commit=True)
    office.fault("server_error", "POST payment", after_commit=True)
    assert office.post(document()).synced == 1
    _assert_each_once(office, 1)


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        ("customer", "request_lost"),
        ("invoice", "request_lost"),
        ("payment", "request_lost"),
        ("invoice", "unavailable"),
        ("payment", "server_error"),
    ],
)
def test_a_lost_request_waits_for_the_settle_time_and_is_then_sent_again(
    open_office: OpenOffice, write: str, kind: str
) -> None:
    office = open_office(settle_seconds=300)
    office.fault(kind, f"POST {write}")
    first = office.post(document())
    assert (first.synced, first.waiting, first.stopped) == (0, 1, None)
    assert "nothing is posted twice" in office.row().message
    # Too early: it is not even looked for.
    assert (office.sync().waiting, office.count("Payment")) == (1, (0,))
    office.clock.advance(seconds=301)
    assert office.sync().synced == 1
    _assert_each_once(office, 1)


def test_a_lost_batch_waits_and_goes_again_as_it_was(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300, request_ids="ignored")
    office.fault("request_lost", "POST batch", times=2)
    assert office.post(*_twelve()).waiting == 12
    office.clock.advance(seconds=301)
    office.sync()
    office.clock.advance(seconds=301)
    office.sync()
    assert office.view().counts == {Status.SYNCED: 12}
    _assert_each_once(office, 12)


def test_a_batch_that_is_carried_out_long_after_it_was_given_up_doubles_nothing(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300, refuse_duplicate_numbers=False)
    office.world.company.books.clock = office.world.company.clock = office.clock
    office.post(*_twelve())
    office.fault("commit_late", "POST batch", seconds=320)
    more = [{**each, "id": f"more-{n}", "number": f"M-{n}"} for n, each in enumerate(_twelve())]
    office.post(*more[:11])
    office.clock.advance(seconds=301)
    # A new client's invoice takes as many rounds as one that is looked for once more.
    office.post({**more[11], "customer": customer(id="new", name="New", email="new@x.com")})
    office.clock.advance(seconds=301)
    office.sync()
    office.world.company.catch_up()
    assert office.count("Invoice", "Payment") == (24, 24)


@pytest.mark.parametrize("write", ["customer", "invoice", "payment"])
def test_what_is_committed_late_is_found_and_not_sent_again(
    open_office: OpenOffice, write: str
) -> None:
    office = open_office(settle_seconds=300, request_ids="ignored")
    office.world.company.books.clock = office.clock
    office.world.company.clock = office.clock
    office.fault("commit_late", f"POST {write}", seconds=200)
    assert office.post(document()).waiting == 1
    office.clock.advance(seconds=301)
    assert office.sync().synced == 1
    _assert_each_once(office, 1)


def test_while_a_customer_is_in_doubt_no_other_client_of_its_email_gets_one(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300, query_lag=60)
    office.world.company.books.clock = office.clock
    office.fault("reply_lost", "post customer")
    office.post(
        document("a", client=customer(id="c1")),
        document("b", client=customer(id="c2")),
    )
    assert office.status("a") is office.status("b") is Status.WAITING
    office.clock.advance(seconds=400)
    office.sync()
    assert office.count("Customer", "Invoice", "Payment") == (1, 2, 2)


def test_a_settle_time_begins_anew_when_the_clock_was_set_forward(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300, request_ids="ignored")
    office.world.company.books.clock = office.world.company.clock = office.clock.true
    office.fault("commit_late", "post invoice", seconds=200)
    office.post(document())
    office.clock.set_forward(hours=1)
    office.sync()
    assert office.status() is Status.WAITING
    office.clock.advance(seconds=301)
    office.sync()
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_a_clock_set_back_does_not_keep_a_lost_request_waiting(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=300)
    office.clock.set_forward(days=2)
    office.fault("request_lost", "post invoice")
    office.post(document())
    office.clock.set_forward(days=-2)
    office.sync()
    office.clock.advance(seconds=301)
    office.sync()
    assert office.status() is Status.SYNCED


def test_with_a_settle_time_of_nothing_a_lost_request_goes_again_in_the_same_pass(
    office: Office,
) -> None:
    for write in WRITES:
        office.fault("request_lost", f"POST {write}")
    assert office.post(document()).synced == 1
    _assert_each_once(office, 1)


def test_the_same_bytes_go_under_the_same_request_id(open_office: OpenOffice) -> None:
    office = open_office(settle_seconds=0, request_ids="honoured")
    office.fault("request_lost", "POST invoice")
    office.fault("reply_lost", "POST invoice")
    assert office.post(document()).synced == 1
    assert office.count("Invoice") == (1,)


@pytest.mark.parametrize("write", WRITES)
def test_a_program_killed_between_intent_and_answer_doubles_nothing(
    open_office: OpenOffice, write: str
) -> None:
    office = open_office(settle_seconds=300)
    killed = office.service
    office.fault("slow", f"POST {write}", seconds=3600)
    office.show(document())
    under_way = killed.sync(NAME)
    _until_written(office, write)
    killed.stop()
    assert under_way.done()
    office.open()
    assert office.sync().synced == 1
    _assert_each_once(office, 1)


def _until_written(office: Office, write: str) -> None:
    """Until it has arrived, and all that leaves together with it."""
    shared = {
        "customer": ("Customer", 0),
        "item": ("Item", 3),
        "paymentmethod": ("PaymentMethod", 5),
    }
    awaited = shared if write in shared else {write: (write.title(), 0)}
    for _ in range(20_000):
        if all(office.count(kind) != (before,) for kind, before in awaited.values()):
            return
        office.view()
    pytest.fail("The write did not arrive.")


@pytest.mark.parametrize("number", [3, 12])
def test_a_lost_ledger_is_made_anew_from_what_quickbooks_has(
    open_office: OpenOffice, tmp_path: Path, number: int
) -> None:
    office = open_office(request_ids="ignored")
    office.post(*_twelve()[:number])
    before = office.ids()
    office.take_numbers_away()
    result = _sync_on_a_new_computer(office, tmp_path)
    assert (result.requests.writes, result.requests.batches) == (0, 0)
    assert office.view().counts == {Status.SYNCED: number}
    assert office.ids() == before
    _assert_each_once(office, number)


def _sync_on_a_new_computer(office: Office, folder: Path) -> PassResult:
    office.open(folder / "new computer", vault=False)
    office.add()
    office.connect()
    return office.sync()


def test_a_ledger_lost_between_invoice_and_payment_posts_the_payment_only(
    open_office: OpenOffice, tmp_path: Path
) -> None:
    office = open_office(settle_seconds=300, request_ids="ignored")
    office.fault("request_lost", "POST payment")
    office.post(document())
    office.take_numbers_away()
    result = _sync_on_a_new_computer(office, tmp_path)
    assert (result.synced, result.requests.writes) == (1, 1)
    _assert_each_once(office, 1)


def test_a_ledger_lost_between_two_payments_posts_the_other_one_only(
    open_office: OpenOffice, tmp_path: Path
) -> None:
    office = open_office(settle_seconds=300, request_ids="ignored")
    office.fault("request_lost", "POST payment")
    parts = [payment("13.00", id="a"), payment("100.00", id="b")]
    office.post(document(payments=parts))
    assert office.count("Payment") == (1,)
    office.take_numbers_away()
    result = _sync_on_a_new_computer(office, tmp_path)
    assert (result.synced, result.requests.writes) == (1, 1)
    assert office.count("Invoice", "Payment") == (1, 2)
    assert office.entities("Invoice")[0]["Balance"] == Decimal(0)


def test_an_interrupted_pass_goes_on_where_it_stopped(office: Office) -> None:
    office.fault("slow", "POST invoice", seconds=3600)
    office.show(document())
    under_way = office.service.sync(NAME)
    _until_written(office, "invoice")
    office.service.stop_pass(NAME).result(10)
    (result,) = under_way.result(30)
    assert "Stopped" in (result.stopped or "")
    assert office.sync().synced == 1
    _assert_each_once(office, 1)
