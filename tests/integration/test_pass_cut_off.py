"""A pass was cut off between invoices and payments: the next one looks at them with few reads."""

from typing import Any

from invoices import customer, document
from office import NAME, PATIENCE, Office
from test_pass_stopped import stopped_once, until

from qbdesk.sync.views import PassResult, Status

MOST_READS = 3  # the invoices; whether their customers have paid; the invoices, now paid
MANY = 60
FEW = 12  # enough to travel in batches


def cut_off(office: Office, number: int) -> None:
    """So many invoices are posted, and none is paid."""
    office.fault("slow", "POST batch", times=None, seconds=0.3)
    office.show(*(document(f"inv-{n}", client=somebody(n)) for n in range(number)))
    stopped_once(office, lambda: office.count("Invoice") == (number,))
    office.world.company.faults.clear()
    assert office.count("Payment") == (0,)


def somebody(number: int) -> dict[str, Any]:
    return customer(id=f"cus_{number}", name=f"Client {number}", email=f"{number}@example.com")


def posted(office: Office, number: int) -> dict[str, Any]:
    """What QuickBooks has of the invoice with this number."""
    doc_number = document(f"inv-{number}")["number"]
    (found,) = (each for each in office.entities("Invoice") if each["DocNumber"] == doc_number)
    return found


def all_paid_once(office: Office, result: PassResult, number: int) -> bool:
    linked = [each["Line"][0]["LinkedTxn"][0]["TxnId"] for each in office.entities("Payment")]
    return result.synced == len(set(linked)) == len(linked) == number


def test_many_posted_invoices_share_a_read_and_each_is_paid_once(office: Office) -> None:
    cut_off(office, MANY)
    result = office.by_schedule()
    assert all_paid_once(office, result, MANY)
    assert result.requests.reads <= MOST_READS


def test_what_a_person_asked_about_is_read_by_its_id_and_not_again_when_cut_off_once_more(
    office: Office,
) -> None:
    """They may have changed it just now, and a query may be late."""
    cut_off(office, FEW)
    keys = [f"inv-{n}" for n in range(FEW)]
    office.service.resync(NAME, keys, "Ann").result(PATIENCE)
    office.fault("slow", "GET query", seconds=3600)
    answers = office.answers()
    under_way = office.begun_by_schedule()
    until(lambda: not office.world.company.faults.listed())  # it asks who has paid meanwhile
    assert sum(told.split()[1].isdigit() for told in answers) == FEW
    office.service.stop_pass(NAME).result(PATIENCE)
    assert under_way.result(PATIENCE).synced == 0
    assert office.count("Payment") == (0,)
    result = office.by_schedule()
    assert all_paid_once(office, result, FEW)
    assert result.requests.reads <= MOST_READS


def test_what_somebody_deleted_or_paid_meanwhile_is_seen_among_many(office: Office) -> None:
    cut_off(office, FEW)
    gone, paid = posted(office, 3), posted(office, 4)
    office.enter("invoice?operation=delete", {n: gone[n] for n in ("Id", "SyncToken")})
    office.enter_payment(paid["CustomerRef"]["value"], float(paid["TotalAmt"]), paid["Id"])
    result = office.by_schedule()
    assert (result.synced, office.count("Payment")) == (FEW - 2, (FEW - 1,))
    assert office.status("inv-3") is office.status("inv-4") is Status.NEEDS_ATTENTION
    assert "somebody has deleted it" in office.row("inv-3").message
    assert "0.00 CAD is open on the invoice" in office.row("inv-4").message
    assert result.requests.reads <= MOST_READS + 1  # the one that the query did not give


def test_a_late_query_hides_nothing_that_was_posted(office: Office) -> None:
    cut_off(office, FEW)
    office.world.switches.query_lag = 3600
    assert all_paid_once(office, office.by_schedule(), FEW)


def test_where_the_shared_read_is_refused_each_invoice_is_read_by_itself(office: Office) -> None:
    cut_off(office, FEW)
    office.fault("refused", "GET query", code="4000")
    assert all_paid_once(office, office.by_schedule(), FEW)
