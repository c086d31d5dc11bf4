"""The journal of a company: who did what with it, when, and what stood there before."""

import hashlib

from invoices import TEXAS, customer, document, line
from office import NAME, PATIENCE, Office, OpenOffice


def told(office: Office) -> list[tuple[str, str]]:
    return [(entry.who, entry.text) for entry in office.journal(None)]


def test_a_company_is_added_connected_paused_resumed_and_disconnected_by_somebody(
    office: Office,
) -> None:
    office.service.pause(NAME, "Ann").result(PATIENCE)
    office.service.resume(NAME, "Ben").result(PATIENCE)
    office.service.disconnect(NAME, "Cleo").result(PATIENCE)
    added, connected, *later = told(office)
    assert "Posts what was paid from 2026-01-01 on" in added[1]
    assert f"(sandbox, company {office.world.realm_id})" in connected[1]
    assert [who for who, _ in later] == ["Ann", "Ben", "Cleo"]
    assert [text for _, text in later][:2] == ["Paused.", "Resumed."]
    assert later[2][1].startswith("Disconnected from ")


def test_a_change_of_a_setting_says_what_stood_there_before(office: Office) -> None:
    choices = {setting.key: setting for setting in office.service.settings(NAME).result(PATIENCE)}
    first, second, *_ = [c for c in choices["deposit.card"].choices if c.word]
    office.service.change_setting(NAME, "deposit.card", first.word, "Ann").result(PATIENCE)
    office.service.change_setting(NAME, "deposit.card", second.word, "Ben").result(PATIENCE)
    assert told(office)[-2:] == [
        ("Ann", f"Setting deposit.card changed from Undeposited Funds to {first.label}."),
        ("Ben", f"Setting deposit.card changed from {first.label} to {second.label}."),
    ]


def test_an_answer_that_becomes_a_setting_is_told_of_the_company_too(office: Office) -> None:
    office.post(document(client=customer(billing_address=TEXAS), lines=[line(rates=())]))
    office.resolve(f"tax_code:{office.tax_code('Zero-rated')}")
    who, text = told(office)[-1]
    assert who == "Ann"
    assert text.startswith("Setting tax.untaxed.abroad changed from nothing to ")


def test_every_write_is_told_with_its_answer_its_reference_and_the_hash_of_its_bytes(
    open_office: OpenOffice,
) -> None:
    office = open_office()
    office.post(document())
    (entry,) = [e for e in office.journal() if e.text.startswith("Invoice written")]
    answer, tid, operation, digest = entry.details.split(", ")
    assert (answer, operation) == ("confirmed", "invoice:inv-1")
    assert tid.startswith("intuit_tid ")
    assert len(digest.removeprefix("SHA-256 ")) == hashlib.sha256().digest_size * 2
