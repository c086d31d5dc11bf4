"""What the commands about invoices print for people."""

import pytest
from invoices import TEXAS, customer, document, line
from office import Office

from qbdesk.commands.invoices import print_rows
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
