"""What the commands about invoices print for people."""

import pytest
from invoices import TEXAS, customer, document, line
from office import NAME, PATIENCE, Office

from qbdesk.commands.invoices import print_ignored, print_preview, print_queued, print_rows
from qbdesk.sync.views import Status


def test_below_a_held_invoice_stand_its_id_and_what_each_choice_means(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    abroad = customer(id="c2", email="texas@example.com", billing_address=TEXAS)
    office.post(document("inv-1"), document("inv-2", client=abroad, lines=[line(rates=())]))
    assert office.status("inv-2") is Status.NEEDS_ATTENTION
    print_rows(office.rows(), choices=True)
    _, reason, told = capsys.readouterr().out.partition(office.row("inv-2").message)
    assert reason
    chosen = office.tax_code("Zero-rated")
    lines = told.splitlines()
    assert lines[1] == "  ID inv-2"
    assert any(line.startswith(f"  tax_code:{chosen}: ") and "Zero-rated" in line for line in lines)
    assert "try_again" not in "".join(lines[:-1])
    assert "qbdesk resolve COMPANY ID CHOICE" in lines[-1]
    print_rows(office.rows())
    assert "ID inv-2" not in capsys.readouterr().out


def previewed(office: Office, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    print_preview(office.service, NAME, as_json=False)
    return capsys.readouterr().out


def test_a_preview_lists_what_is_found_in_quickbooks_until_that_is_known(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    client = office.enter_customer("Harbour Condo Corp", "accounts@harbour.example.com")
    there = office.enter_invoice(client, "N-inv-1")
    office.enter_payment(client, 113, there["Id"])
    office.show(document("inv-1"))
    sums, listed = previewed(office, capsys).rsplit("\n\n", 1)
    assert "Already in QuickBooks" in sums
    assert ["N-inv-1" in listed, "already in QuickBooks" in listed] == [True, True]
    office.sync()
    assert office.status() is Status.ALREADY_IN_QUICKBOOKS
    assert previewed(office, capsys) == f"{NAME}: nothing to post.\n"
    office.show(document("inv-2"))
    listed = previewed(office, capsys)
    assert ["N-inv-2" in listed, "N-inv-1" in listed] == [True, False]


def test_the_preview_of_a_paused_company_ends_with_how_to_post(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.show(document())
    assert "qbdesk resume" not in previewed(office, capsys)
    office.service.pause(NAME).result(PATIENCE)
    assert f"Then post it: qbdesk resume {NAME}" in previewed(office, capsys).splitlines()[-1]


def test_what_is_ignored_before_it_was_read_is_named_so_that_a_wrong_id_is_noticed(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.post(document("inv-1"))
    office.service.pause(NAME).result(PATIENCE)
    ids = ["inv-1", "imv-2", "inv-1"]
    capsys.readouterr()
    print_ignored(ids, office.service.ignore(NAME, ids, "", "Ann").result(PATIENCE))
    assert capsys.readouterr().out.splitlines() == [
        "1 ignored.",
        "imv-2: not read from the source yet; it is ignored as soon as the source shows it. "
        "Check the id.",
    ]
    print_queued(ids, office.service.resync(NAME, ids, "Ann").result(PATIENCE))
    assert capsys.readouterr().out.splitlines() == [
        "1 queued; the next pass posts.",
        "imv-2: not read from the source yet; it is not to be ignored any more.",
    ]
