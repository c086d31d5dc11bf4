"""Invoices from a file of invoice lines are what the file says, and add up."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from feed_contract import INVOICE, faults, sums_that_fail

from qbdesk.practice.feed.errors import PracticeError
from qbdesk.practice.feed.lines_file import COLUMNS, read_invoices

LONDON = ZoneInfo("Europe/London")
LINES = """\
700101,22001,"TIN BOX 7"" WIDE ",3,2011-02-01 09:15:00,4.95,15001.0,United Kingdom
700101,POST,POSTAGE,1,2011-02-01 09:16:00,18.0,15001.0,United Kingdom
C700102,22001,"TIN BOX 7"" WIDE ",-2,2011-07-01 10:00:00,4.95,15001.0,Channel Islands
700103,22002,,-5,2011-07-02 10:05:00,0.0,,EIRE
700104,22003,PAPER STAR,250,2011-07-03 10:05:00,0.001,,Unspecified
"""


def _file(folder: Path, lines: str = LINES, header: str = ",".join(COLUMNS)) -> Path:
    path = folder / "lines.csv"
    path.write_bytes(f"{header}\n{lines}".replace("\n", "\r\n").encode())
    return path


@pytest.fixture
def invoices(tmp_path: Path) -> dict[str, dict[str, Any]]:
    return {one["number"]: one for one in read_invoices(_file(tmp_path), LONDON)}


def test_there_is_one_invoice_per_number_in_the_order_of_the_file(tmp_path: Path) -> None:
    numbers = [one["number"] for one in read_invoices(_file(tmp_path), LONDON)]
    assert numbers == ["700101", "C700102", "700103", "700104"]


def test_every_invoice_keeps_the_contract(invoices: dict[str, dict[str, Any]]) -> None:
    for invoice in invoices.values():
        shown = {**invoice, "revision": 1, "updated_at": "2026-03-10T16:00:00.000Z"}
        assert faults(INVOICE, shown) == []


def test_lines_stand_as_they_were_typed(invoices: dict[str, dict[str, Any]]) -> None:
    lines = invoices["700101"]["lines"]
    assert [line["description"] for line in lines] == ['TIN BOX 7" WIDE ', "POSTAGE"]
    assert [(line["quantity"], line["unit_price"]) for line in lines] == [
        ("3", "4.95"),
        ("1", "18.0"),
    ]
    assert [line["amount"] for line in lines] == ["14.85", "18.00"]
    assert lines[0]["product"]["sku"] == "22001"
    assert invoices["700103"]["lines"][0]["description"] == ""


def test_amounts_are_rounded_half_up_and_never_minus_nothing(
    invoices: dict[str, dict[str, Any]],
) -> None:
    assert invoices["700104"]["total"] == "0.25"
    assert invoices["700103"]["lines"][0]["amount"] == "0.00"


def test_a_positive_total_was_paid_once_in_full_by_card_or_e_transfer(
    invoices: dict[str, dict[str, Any]],
) -> None:
    invoice = invoices["700101"]
    (payment,) = invoice["payments"]
    assert (payment["amount"], payment["currency"]) == ("32.85", "GBP")
    assert payment["method"] in ("card", "e_transfer")
    assert sums_that_fail(invoice) == set()
    assert sums_that_fail(invoices["700104"]) == set()


def test_nothing_to_pay_has_no_payment(invoices: dict[str, dict[str, Any]]) -> None:
    assert invoices["700103"]["payments"] == []
    assert sums_that_fail(invoices["700103"]) == set()


def test_a_negative_total_stays_negative_and_is_settled_without_a_payment(
    invoices: dict[str, dict[str, Any]],
) -> None:
    invoice = invoices["C700102"]
    assert (invoice["total"], invoice["amount_paid"]) == ("-9.90", "-9.90")
    assert (invoice["balance_due"], invoice["payments"]) == ("0.00", [])
    # No payment stands for the money that went back: this one sum cannot hold.
    assert sums_that_fail(invoice) == {"paid"}


def test_dates_are_the_files_and_its_times_are_local(
    invoices: dict[str, dict[str, Any]],
) -> None:
    winter, summer = invoices["700101"], invoices["C700102"]
    assert (winter["issue_date"], winter["due_date"]) == ("2011-02-01", "2011-02-01")
    assert winter["paid_at"] == "2011-02-01T09:15:00.000Z"
    assert summer["paid_at"] == "2011-07-01T09:00:00.000Z"


def test_customers_have_an_id_a_name_and_an_email_also_where_the_file_has_none(
    invoices: dict[str, dict[str, Any]],
) -> None:
    known, unknown = invoices["700101"]["customer"], invoices["700103"]["customer"]
    assert (known["id"], known["name"]) == ("15001", "Customer 15001")
    assert known["email"] == "customer-15001@example.com"
    assert (unknown["id"], unknown["email"]) == ("none-700103", "invoice-700103@example.com")
    assert invoices["700104"]["customer"]["id"] != unknown["id"]
    assert invoices["C700102"]["customer"]["id"] == known["id"]


@pytest.mark.parametrize(
    ("number", "code", "written"),
    [
        ("700101", "GB", "United Kingdom"),
        ("700103", "IE", "EIRE"),
        ("C700102", None, "Channel Islands"),
        ("700104", None, "Unspecified"),
    ],
)
def test_a_country_keeps_its_spelling_and_gets_its_code_where_there_is_one(
    invoices: dict[str, dict[str, Any]], number: str, code: str | None, written: str
) -> None:
    address = invoices[number]["customer"]["billing_address"]
    assert (address["country"], address["freeform"]) == (code, written)


def test_the_file_is_read_as_the_invoices_are_asked_for(tmp_path: Path) -> None:
    spoilt_later = LINES + "700105,1,X,many,2011-02-01 09:15:00,1.0,1.0,France\n"
    reader = read_invoices(_file(tmp_path, spoilt_later), LONDON)
    assert next(reader)["number"] == "700101"
    reader.close()


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("1,1,X,many,2011-02-01 09:15:00,1.0,1.0,France\n", "invoice 1, "),
        ("1,1,X,1,2011-02-01 09:15:00,free,1.0,France\n", "invoice 1, "),
        ("1,1,X,1,some day,1.0,1.0,France\n", "invoice 1, "),
        ("1,1,X\n", "invoice 1, "),
        (LINES + LINES, "lines of invoice 700101 are not together"),
    ],
)
def test_a_spoilt_file_is_refused_in_a_sentence(tmp_path: Path, lines: str, sentence: str) -> None:
    with pytest.raises(PracticeError, match=sentence):
        list(read_invoices(_file(tmp_path, lines), LONDON))


def test_a_file_of_another_shape_is_refused_with_the_columns_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(PracticeError, match="lacks the columns Country, CustomerID"):
        list(read_invoices(_file(tmp_path, header="InvoiceNo,StockCode"), LONDON))


def test_a_missing_file_and_one_in_another_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PracticeError, match="cannot be read"):
        list(read_invoices(tmp_path / "none.csv", LONDON))
    path = _file(tmp_path)
    path.write_bytes(path.read_bytes() + b"1,1,\xa3,1,2011-02-01 09:15:00,1.0,1.0,France\n")
    with pytest.raises(PracticeError, match="cannot be read"):
        list(read_invoices(path, LONDON))
