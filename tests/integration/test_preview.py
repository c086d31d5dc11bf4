"""What the preview says before anything is posted, and that it comes true (bookkeeping rule 34)."""

from decimal import Decimal
from typing import Any

from invoices import GST, PST_BC, customer, document, line, payment
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.reports import Kind, MonthPlan, PlanKind, Preview
from qbdesk.sync.views import Progress, State, Status

VANCOUVER = {"line1": "1 Main St", "city": "Vancouver", "region": "BC", "country": "CA"}


def preview(office: Office) -> Preview:
    return office.service.preview(NAME).result(PATIENCE)


def told(plan: MonthPlan, kind: PlanKind) -> dict[str, tuple[int, Decimal]]:
    return {line.label: (line.count, line.amount) for line in plan.of(kind)}


def everything(office: Office) -> tuple[int, ...]:
    return office.count("Customer", "Item", "PaymentMethod", "Invoice", "Payment")


def backlog(office: Office) -> list[dict[str, Any]]:
    """Two months: new and known customers, one asked about, one there, one without an email."""
    known = office.enter_customer("Harbour Condo Corp", "accounts@harbour.example.com")
    office.enter_invoice(known, "N-there")
    for name in ("Twin one", "Twin two"):
        office.enter_customer(name, "twins@example.com")
    office.set("deposit.card", office.account("Chequing"))
    office.set("tax.5+7.BC", office.tax_code("GST/PST BC"))
    in_bc = customer(id="c2", name="Pacific", email="bc@example.com", billing_address=VANCOUVER)
    return [
        document(
            "old",
            issue_date="2026-10-05",
            lines=[line("1", "50.00")],
            payments=[payment("56.50", method="card")],
        ),
        document("new", lines=[line("2", "50.00"), line("1", "20.00")]),
        document("bc", client=in_bc, lines=[line(rates=[GST, PST_BC])]),
        document("bc2", client=in_bc, lines=[line(rates=[GST, PST_BC])]),
        document("there"),
        document("twin", client=customer(id="c3", name="Somebody", email="twins@example.com")),
        document("nobody", client=customer(id="c4", email=None)),
        document("open", status="open", payments=[], paid_at=None),
    ]


def test_the_preview_tells_each_month_and_writes_nothing(office: Office) -> None:
    office.show(*backlog(office))
    before = everything(office)
    found = preview(office)
    assert everything(office) == before
    assert (found.requests.writes, found.requests.batches) == (0, 0)
    assert [month.month for month in found.months] == ["2026-10", "2026-11"]
    october, november = found.months
    assert told(october, PlanKind.POST) == {"": (1, Decimal("56.50"))}
    assert told(november, PlanKind.POST) == {"": (3, Decimal("359.60"))}
    assert told(november, PlanKind.TAX) == {
        "GST/PST BC": (2, Decimal("24.00")),
        "HST ON": (1, Decimal("15.60")),
    }
    assert {e.label: e.base for e in november.of(PlanKind.TAX)} == {
        "GST/PST BC": 200,
        "HST ON": 120,
    }
    (income,) = told(found.whole, PlanKind.INCOME)
    account = office.view().income_account
    assert income == account
    assert told(found.whole, PlanKind.INCOME)[income] == (4, Decimal("370.00"))
    # The payment of an invoice counts in the month of the day it was paid.
    assert told(november, PlanKind.DEPOSIT)["Chequing"] == (1, Decimal("56.50"))
    assert told(found.whole, PlanKind.PAYMENT) == {"": (1, Decimal("113.00"))}
    assert told(found.whole, PlanKind.DEPOSIT)["Undeposited Funds"] == (4, Decimal("472.60"))
    assert (found.new_customers, found.matched_customers, found.doubtful_customers) == (1, 1, 1)
    held = [line.count for line in found.whole.of(PlanKind.HELD)]
    assert held == [1, 1]
    assert [line.count for line in found.whole.of(PlanKind.IGNORED)] == [1]


def test_what_the_preview_said_comes_true(office: Office) -> None:
    office.show(*backlog(office))
    said = preview(office)
    office.sync()
    done = office.service.totals(NAME).result(PATIENCE)
    there = {(line.kind, line.label): line.quickbooks for line in done.lines}
    planned = told(said.whole, PlanKind.POST)[""]
    only_paid = told(said.whole, PlanKind.PAYMENT)[""]
    assert there[Kind.COUNT, ""] == planned[0] + only_paid[0]
    assert there[Kind.GROSS, ""] == planned[1] + only_paid[1]
    for account in ("Chequing", "Undeposited Funds"):
        assert there[Kind.PAID, account] == told(said.whole, PlanKind.DEPOSIT)[account][1]
    held = [row for row in office.rows() if row.status is Status.NEEDS_ATTENTION]
    assert len(held) == sum(line.count for line in said.whole.of(PlanKind.HELD))
    assert [row.message for row in said.rows if row.status is Status.NEEDS_ATTENTION] == [
        row.message for row in sorted(held, key=lambda row: row.source_id != "twin")
    ]


def test_after_a_sync_the_preview_has_nothing_to_say_of_what_is_at_rest(office: Office) -> None:
    office.post(document(), document("open", status="open", payments=[], paid_at=None))
    found = preview(office)
    assert found.whole.lines == ()
    assert len(found.rows) == 2


def test_months_that_are_closed_are_marked_and_what_is_dated_in_them_is_held(
    open_office: OpenOffice,
) -> None:
    office = open_office(book_close_date="2026-11-05")
    office.show(document("a", issue_date="2026-10-05"), document("b", issue_date="2026-11-03"))
    found = preview(office)
    assert [(month.month, month.closed) for month in found.months] == [
        ("2026-10", "closed"),
        ("2026-11", "partly"),
    ]
    (held,) = found.whole.of(PlanKind.HELD)
    assert (held.count, "closed" in held.label) == (2, True)


def test_a_preview_does_not_look_like_a_pass(office: Office) -> None:
    states: list[State] = []
    office.show(document())
    heard = office.service.subscribe(
        lambda _: states.append(office.service._desk.view(office.service._company(NAME)).state)
    )
    office.events.clear()
    preview(office)
    heard()
    progress = [event for event in office.events if isinstance(event, Progress)]
    assert "Planning for Maple Street Services (practice)" in [each.sentence for each in progress]
    assert not any(each.writes for each in progress)
    assert State.SYNCING not in states


def test_a_hundred_invoices_cost_few_reads(open_office: OpenOffice) -> None:
    office = open_office(invoices=100)
    found = preview(office)
    assert len(found.rows) == 100
    assert found.requests.reads <= 12


def test_a_company_connected_for_a_preview_posts_nothing_until_it_is_resumed(
    open_office: OpenOffice,
) -> None:
    office = open_office(connected=False)
    offer = office.offer()
    assert offer.income_account is not None
    confirmed = office.service.confirm_connect(
        NAME, offer.income_account.id, frozenset(), paused=True
    ).result(PATIENCE)
    assert (confirmed.connected, confirmed.paused) == (True, True)
    office.show(document())
    assert office.sync().synced == 0
    assert told(preview(office).whole, PlanKind.POST) == {"": (1, Decimal("113.00"))}
    assert office.count("Invoice") == (0,)
    office.service.resume(NAME).result(PATIENCE)
    assert office.sync().synced == 1


def test_a_write_of_unknown_fate_is_told_apart_from_what_would_be_posted(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300)
    office.fault("request_lost", "POST invoice", times=9)
    office.post(document())
    office.clock.advance(seconds=301)
    found = preview(office)
    assert found.whole.of(PlanKind.POST) == ()
    (line_,) = found.whole.of(PlanKind.WAITING)
    assert "looked for in QuickBooks" in line_.label
