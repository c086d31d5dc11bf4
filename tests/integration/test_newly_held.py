"""What is held is told once: when it is new, or held for another reason than before."""

import pytest
from invoices import TEXAS, customer, document, line
from office import Office

from qbdesk.sync.views import Status, Warned

ABROAD = {"client": customer(billing_address=TEXAS), "lines": [line(rates=())]}


def warned(office: Office) -> list[tuple[str, ...]]:
    """The invoices of each notification so far."""
    return [event.source_ids for event in office.events if isinstance(event, Warned)]


def sync_and_hold_again(office: Office) -> None:
    """A pass that looks at the held invoice once more."""
    before = len(office.journal())
    office.sync()
    assert office.status() is Status.NEEDS_ATTENTION
    assert len(office.journal()) > before


def save_a_setting(office: Office, account: str = "Card Clearing") -> None:
    office.set("deposit.card", office.account(account))


def delete_invoice(office: Office) -> None:
    """Somebody deletes the only invoice in QuickBooks, and its payment first."""
    for kind in ("Payment", "Invoice"):
        (entry,) = office.entities(kind)
        path = f"{kind.lower()}?operation=delete"
        office.enter(path, {name: entry[name] for name in ("Id", "SyncToken")})


@pytest.fixture
def held(office: Office) -> Office:
    """One invoice is held, and a notification has said so."""
    office.post(document(client=customer(email=None)))
    assert warned(office) == [("inv-1",)]
    return office


def test_saved_settings_raise_no_notification_about_what_is_still_held(held: Office) -> None:
    for account in ("Card Clearing", "Chequing"):
        save_a_setting(held, account)
        sync_and_hold_again(held)
    assert warned(held) == [("inv-1",)]


def test_connecting_again_raises_no_notification_about_what_is_still_held(held: Office) -> None:
    held.connect()
    sync_and_hold_again(held)
    assert warned(held) == [("inv-1",)]


def test_trying_again_in_vain_raises_no_notification(held: Office) -> None:
    held.resolve("try_again")
    assert held.status() is Status.NEEDS_ATTENTION
    assert warned(held) == [("inv-1",)]


def test_a_restart_raises_no_notification_about_what_is_still_held(held: Office) -> None:
    save_a_setting(held)
    held.service.stop()
    held.open()
    sync_and_hold_again(held)
    assert warned(held) == [("inv-1",)]


def test_only_the_new_one_of_several_held_is_told(held: Office) -> None:
    save_a_setting(held)
    held.show(document("inv-2", client=customer(id="cus_2", email=None)))
    sync_and_hold_again(held)
    assert warned(held) == [("inv-1",), ("inv-2",)]


def test_what_quickbooks_refuses_once_more_is_told_once(office: Office) -> None:
    office.fault("refused", "POST invoice", times=2)
    office.post(document())
    save_a_setting(office)
    sync_and_hold_again(office)
    assert not office.world.company.faults.waiting
    assert warned(office) == [("inv-1",)]


def test_an_invoice_held_for_another_reason_than_before_is_told_again(office: Office) -> None:
    office.post(document(**ABROAD))
    client = office.enter_customer("Somebody else")
    office.enter_invoice(client, office.row().number)
    office.set("tax.untaxed.abroad", office.tax_code("Zero-rated"))
    sync_and_hold_again(office)
    assert "already" in office.row().message
    assert warned(office) == [("inv-1",), ("inv-1",)]


def test_what_was_put_right_and_goes_wrong_once_more_is_told_again(office: Office) -> None:
    office.post(document())
    for _ in range(2):
        delete_invoice(office)
        office.resync()
        assert office.status() is Status.NEEDS_ATTENTION
        assert office.resolve("post_again").synced == 1
    assert warned(office) == [("inv-1",), ("inv-1",)]


def test_a_row_that_cannot_be_read_is_told_once(office: Office) -> None:
    office.world.feed.raw({"id": "broken", "number": "N-9"})
    office.sync()
    assert warned(office) == [("broken",)]
    save_a_setting(office)
    office.sync()
    assert warned(office) == [("broken",)]
