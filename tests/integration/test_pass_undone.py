"""An old answer, a late query or a word of the source never passes for money in the books."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from invoices import customer, document, payment
from meddling import MeddledWorld, Raw
from office import Office, OpenOffice

from qbdesk.practice.intuit import payments
from qbdesk.sync.views import Status


@pytest.fixture
def meddled(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "home", MeddledWorld(invoices=0, seed=7), 300)
    office.add()
    office.connect()
    yield office
    office.close()


def clients(number: int) -> list[dict[str, Any]]:
    return [
        document(f"inv-{n}", client=customer(id=f"c{n}", name=f"Client {n}", email=f"{n}@x.com"))
        for n in range(number)
    ]


def delete_everything_posted(office: Office) -> None:
    for kind in ("Payment", "Invoice"):
        for entry in office.entities(kind):
            told = {name: entry[name] for name in ("Id", "SyncToken")}
            office.enter(f"{kind.lower()}?operation=delete", told)


def installed_anew(office: Office, folder: Path) -> None:
    office.open(folder / "new", vault=False)
    office.add()
    office.connect()
    office.sync()


@pytest.mark.parametrize("number", [1, 12])
def test_what_was_deleted_in_quickbooks_does_not_pass_for_posted_with_an_empty_ledger(
    open_office: OpenOffice, tmp_path: Path, number: int
) -> None:
    office = open_office(settle_seconds=300)
    office.world.company.books.clock = office.world.company.clock = office.clock
    office.post(*clients(number))
    delete_everything_posted(office)
    office.clock.advance(minutes=5)
    installed_anew(office, tmp_path)
    # QuickBooks gave the old successes once more, under the very same request ids.
    assert office.count("Invoice", "Payment") == (0, 0)
    assert {row.status for row in office.rows()} == {Status.NEEDS_ATTENTION}
    assert "somebody has deleted it in QuickBooks" in office.row("inv-0").message
    office.resolve("post_again", "inv-0")
    assert office.count("Invoice") == (1,)


def paid_by_hand_a_moment_before(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bookkeeper records the payment while ours is on its way."""
    save = payments.save

    def after_the_bookkeeper(books: Any, old: Any, body: Any) -> Any:
        monkeypatch.setattr(payments, "save", save)
        save(books, None, {**body, "PrivateNote": ""})
        return save(books, old, body)

    monkeypatch.setattr(payments, "save", after_the_bookkeeper)


def try_again(office: Office) -> None:
    office.resync()


def change_a_setting(office: Office) -> None:
    office.set("deposit.card", "Card Clearing")
    office.by_schedule()


@pytest.mark.parametrize("again", [try_again, change_a_setting])
def test_a_payment_that_its_invoice_did_not_take_stays_in_sight_until_it_is_put_right(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch, again: Callable[[Office], None]
) -> None:
    office = open_office(settle_seconds=300)
    paid_by_hand_a_moment_before(office, monkeypatch)
    office.post(document())
    assert "113.00 CAD of a payment that qbdesk posted was not taken" in office.row().message
    again(office)
    assert "113.00 CAD of a payment that qbdesk posted was not taken" in office.row().message
    (ours,) = [entry for entry in office.entities("Payment") if entry["UnappliedAmt"]]
    office.enter("payment?operation=delete", {n: ours[n] for n in ("Id", "SyncToken")})
    office.resync()
    assert office.status() is Status.SYNCED
    assert (office.count("Payment"), office.entities("Invoice")[0]["Balance"]) == ((1,), 0)


def test_an_invoice_entered_by_hand_is_read_by_its_id_before_it_is_paid(meddled: Office) -> None:
    client = meddled.enter_customer("Harbour Condo Corp", "accounts@harbour.example.com")
    invoice = meddled.enter_invoice(client, "N-inv-1")
    meddled.enter_payment(client, 113, invoice["Id"])

    def late(path: str, told: Raw) -> Raw:
        """A query that has not heard of the payment yet."""
        if not path.endswith("/query") or b"N-inv-1" not in told.body:
            return told
        return Raw(
            told.status,
            told.content_type,
            told.body.replace(b'"Balance":0.00', b'"Balance":113.00'),
        )

    world = meddled.world
    assert isinstance(world, MeddledWorld)
    world.meddler.change = late
    meddled.post(document())
    assert meddled.count("Invoice", "Payment") == (1, 1)
    assert "0.00 CAD is open on the invoice in QuickBooks" in meddled.row().message


def test_two_payments_of_one_id_are_held_and_neither_is_lost(office: Office) -> None:
    office.post(document(payments=[payment("13.00", id="a"), payment("100.00", id="a")]))
    assert office.status() is Status.NEEDS_ATTENTION
    assert "Two payments of the invoice bear the same id" in office.row().message
    assert office.count("Invoice", "Payment") == (0, 0)


def test_a_second_payment_of_the_same_id_that_comes_later_is_not_taken_for_the_first(
    office: Office,
) -> None:
    office.fault("refused", "POST payment", code="6000")
    office.post(document())
    office.post(document(payments=[payment("13.00", id="a"), payment("100.00", id="a")]))
    office.resync()
    office.resolve("keep")
    office.resync()
    assert office.status() is Status.NEEDS_ATTENTION
    assert office.count("Invoice", "Payment") == (1, 0)


def test_ids_that_hold_colons_are_told_apart(office: Office) -> None:
    other = customer(id="c2", name="Second Client", email="second@x.com")
    office.post(
        document("1", payments=[payment("113.00", id="23:1")]),
        document("1:23", number="N-2", client=other, payments=[payment("113.00", id="1")]),
    )
    assert [row.status for row in office.rows()] == [Status.SYNCED] * 2
    assert office.count("Invoice", "Payment") == (2, 2)
    assert {entry["Balance"] for entry in office.entities("Invoice")} == {0}
