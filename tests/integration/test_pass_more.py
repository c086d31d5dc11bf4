"""Longer stories: many companies, two programs at once, limits, French books, odd decisions."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from invoices import GST, HST_ON, customer, document, line, payment
from office import NAME, PATIENCE, Office, OpenOffice
from sqlalchemy import Connection

from qbdesk.sync import rulings
from qbdesk.sync.ledger import companies
from qbdesk.sync.ledger.companies import Company
from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.views import Event, Progress, State, Status


def test_more_than_one_load_of_invoices_goes_through(open_office: OpenOffice) -> None:
    office = open_office(invoices=0)
    office.show(*(document(f"inv-{n}") for n in range(310)))
    assert office.sync().synced == 310
    assert office.count("Invoice", "Payment", "Customer") == (310, 310, 1)


def test_intuits_limits_hold_nobody_up_and_lose_nothing(open_office: OpenOffice) -> None:
    office = open_office(invoices=40, limits=True)
    office.world.company.books.clock = office.clock
    office.world.company.clock = office.clock
    office.world.company.limits._clock = office.clock
    result = office.sync()
    assert (result.synced, result.stopped) == (40, None)
    assert office.world.company.requests.throttled == 0


def test_a_french_company_is_served_alike(open_office: OpenOffice) -> None:
    office = open_office(language="fr")
    office.enter("vendor", {"DisplayName": "Harbour Condo Corp"})
    assert office.post(document()).synced == 1


def test_two_programs_on_one_home_take_turns(office: Office) -> None:
    first = office.service
    office.show(*(document(f"inv-{n}") for n in range(3)))
    second = office.open()
    passes = [first.sync(NAME), second.sync(NAME)]
    results = [running.result(PATIENCE)[0] for running in passes]
    assert sum(result.synced for result in results) == 3
    assert office.count("Invoice", "Payment") == (3, 3)


def test_two_passes_asked_for_at_once_post_once(office: Office) -> None:
    office.show(document())
    passes = [office.service.sync(NAME), office.service.sync(NAME)]
    assert sum(running.result(PATIENCE)[0].synced for running in passes) == 1
    assert office.count("Invoice") == (1,)


def test_a_posted_invoice_that_is_queued_again_is_looked_at_and_not_doubled(
    office: Office,
) -> None:
    office.post(document())
    result = office.resync()
    assert (result.needs_attention, result.requests.writes) == (0, 0)
    assert office.status() is Status.SYNCED
    assert office.count("Invoice", "Payment") == (1, 1)


def test_all_companies_are_served_one_after_the_other(office: Office) -> None:
    office.add("Second")
    office.connect("Second", "same_source")
    office.show(document())
    results = office.service.sync(None).result(PATIENCE)
    assert [result.company for result in results] == [NAME, "Second"]
    # The same QuickBooks company twice: what carries our mark is ours, whoever wrote it.
    assert office.count("Invoice", "Payment") == (1, 1)


def test_a_deposit_account_that_is_gone_holds_the_payment_until_another_is_chosen(
    office: Office,
) -> None:
    office.set("deposit.card", "Card Clearing")
    account = office.books.named("Account", "Card Clearing")
    fields = ("Id", "Name", "AccountType", "AccountSubType", "SyncToken")
    office.enter("account", {**{k: account[k] for k in fields}, "Active": False})
    office.post(document(payments=[payment("113.00", method="card")]))
    assert office.status() is Status.NEEDS_ATTENTION
    office.set("deposit.card", "Chequing")
    assert office.sync().synced == 1
    assert office.trial_balance()["Chequing"] == Decimal(113)
    assert office.count("Invoice", "Payment") == (1, 1)


@pytest.mark.parametrize("allow_discount", [True, False])
@pytest.mark.parametrize("rates", [(HST_ON,), (GST,)])
def test_a_discount_that_lowers_the_tax_comes_out_to_the_cent_or_is_held(
    open_office: OpenOffice, allow_discount: bool, rates: tuple[tuple[str, str, str], ...]
) -> None:
    office = open_office(allow_discount=allow_discount)
    percent = Decimal(rates[0][2])
    net = Decimal("90.00")
    tax = (net * percent / 100).quantize(Decimal("0.01"))
    rows = [line("1", "60.00", rates=rates), line("1", "40.00", rates=rates)]
    total = net + tax
    shown = document(lines=rows, discount="10.00", payments=[payment(total)])
    shown["tax"][0] |= {"amount": f"{tax}", "taxable_amount": "90.00"}
    shown |= {"tax_total": f"{tax}", "total": f"{total}", "balance_due": "0.00"}
    place = {"region": "ON" if rates == (HST_ON,) else "AB", "country": "CA"}
    shown["customer"] = customer(billing_address=place)
    for row in shown["lines"]:
        share = Decimal(row["amount"]) * percent / 1000
        row["taxes"][0]["amount"] = row["tax_amount"] = (
            f"{(Decimal(row['tax_amount']) - share).quantize(Decimal('0.01'))}"
        )
    result = office.post(shown)
    if result.synced:
        (invoice,) = office.entities("Invoice")
        assert (invoice["TotalAmt"], invoice["Balance"]) == (total, 0)
    else:
        assert office.row().message.startswith(("Spot-check", "The invoice does not add up"))
        assert office.count("Payment") == (0,)


def test_lines_of_two_taxes_share_a_discount_to_the_cent(office: Office) -> None:
    rows = [line("1", "66.67", rates=(HST_ON,)), line("1", "33.33", rates=())]
    office.set("tax.untaxed.home", "Exempt")
    # 10 % off: 6.67 of the first, 3.33 of the second.
    rows[0]["taxes"][0]["amount"] = rows[0]["tax_amount"] = "7.80"
    shown = document(lines=rows, discount="10.00", payments=[payment("97.80")])
    office.post(shown)
    assert office.row().message == ""
    assert office.entities("Invoice")[0]["TotalAmt"] == Decimal("97.80")


def test_an_ignored_invoice_whose_answer_was_in_doubt_is_taken_over_when_it_comes_back(
    open_office: OpenOffice,
) -> None:
    office = open_office(settle_seconds=300, request_ids="ignored")
    office.fault("request_lost", "POST invoice")
    office.post(document())
    office.service.ignore(NAME, ["inv-1"], "", "Ann").result(PATIENCE)
    office.clock.advance(hours=1)
    assert office.sync().waiting == 0
    assert office.resync().synced == 1
    assert office.count("Invoice", "Payment") == (1, 1)


@pytest.mark.parametrize("number", ["N\t1", "N\x001", " N-1", "N-1 "])
def test_a_number_that_quickbooks_could_not_be_asked_for_is_held(
    office: Office, number: str
) -> None:
    office.post(document(number=number))
    assert office.status() is Status.NEEDS_ATTENTION
    assert "number" in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)


def test_odd_numbers_are_found_again_after_a_lost_answer(open_office: OpenOffice) -> None:
    numbers = ["N'1", "N\\", "N\\'1", "№ 7", "N-é", "%", "a,b"]
    office = open_office(settle_seconds=300, request_ids="ignored", refuse_duplicate_numbers=False)
    office.fault("reply_lost", "POST invoice", times=len(numbers))
    shown = (document(f"inv-{at}", number=number) for at, number in enumerate(numbers))
    assert office.post(*shown).synced == len(numbers)
    assert sorted(entry["DocNumber"] for entry in office.entities("Invoice")) == sorted(numbers)


def test_odd_names_are_found_again_after_a_lost_answer(open_office: OpenOffice) -> None:
    names = ["O'Neill \\ Sons", "Müller & Söhne", "a  b", "x" * 500, "名前", "😀 Ltd", 'Q"uote']
    office = open_office(settle_seconds=300, request_ids="ignored")
    office.fault("reply_lost", "POST customer", times=len(names))
    clients = (
        customer(id=f"c{at}", name=name, email=f"{at}@example.com") for at, name in enumerate(names)
    )
    shown = (document(f"inv-{at}", client=client) for at, client in enumerate(clients))
    assert office.post(*shown).synced == len(names)
    assert office.count("Customer") == (len(names),)


def test_a_method_that_was_put_away_is_said_and_not_repeated_for_ever(office: Office) -> None:
    method = office.enter("paymentmethod", {"Name": "e-Transfer"})
    kept = {name: method[name] for name in ("Id", "Name", "SyncToken")}
    office.enter("paymentmethod", {**kept, "Active": False})
    result = office.post(document())
    assert (result.stopped, result.waiting) == (None, 0)
    assert office.status() in (Status.SYNCED, Status.NEEDS_ATTENTION)


def test_an_item_of_ours_that_was_put_away_is_made_anew_under_another_name(
    office: Office,
) -> None:
    office.post(document("a"))
    item = next(entry for entry in office.entities("Item") if entry["Name"] == "Paid invoices")
    kept = {name: item[name] for name in ("Id", "Name", "Type", "IncomeAccountRef", "SyncToken")}
    office.enter("item", {**kept, "Active": False})
    office.post(document("b"))
    assert office.resync("b").synced == 1


def test_the_ledger_of_a_long_name_of_a_home_is_found(open_office: OpenOffice) -> None:
    office = open_office()
    home = Path(office.home)
    assert (home / "ledger.db").exists()
    assert not any(
        "practice-client-secret" in path.read_text("utf-8", "replace")
        for path in home.rglob("*")
        if path.is_file()
    )


def test_nothing_of_an_invoice_and_no_secret_stands_in_the_log(office: Office) -> None:
    office.fault("reply_lost", "POST invoice")
    office.post(document(client=customer(name="Very Secret Client")))
    office.service.stop()
    told = (office.home / "log" / "qbdesk.log").read_text("utf-8")
    tokens = office._vault.refresh_tokens(NAME)
    for secret in (
        "Very Secret Client",
        "accounts@harbour",
        "113.00",
        "practice-source-token",
        "practice-client-secret",
        *tokens,
    ):
        assert secret not in told


class OtherProgram:
    """Another program on the same ledger, which acts when a pass tells how far it has come."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.ledger = open_ledger(office.home / "ledger.db")

    def act_on_progress(self, act: Callable[[Connection, Company], None]) -> None:
        """Acts each time once the customer has been written."""

        def hear(event: Event) -> None:
            if isinstance(event, Progress) and self.office.count("Customer") == (1,):
                with self.ledger.begin() as connection:
                    company = companies.named(connection, NAME)
                    assert company is not None
                    act(connection, company)

        self.office.service.subscribe(hear)


@pytest.fixture
def other(office: Office) -> Iterator[OtherProgram]:
    program = OtherProgram(office)
    yield program
    program.ledger.close()


def test_what_a_person_ignores_while_a_pass_is_running_is_not_posted(
    office: Office, other: OtherProgram
) -> None:
    other.act_on_progress(
        lambda connection, company: rulings.ignore(
            connection, company, ["inv-1"], "by hand", "Ann", office.clock()
        )
    )
    office.post(document())
    assert office.status() is Status.IGNORED
    assert office.count("Invoice", "Payment") == (0, 0)


def test_a_company_paused_while_a_pass_is_running_is_paused_and_nothing_is_wrong(
    office: Office, other: OtherProgram
) -> None:
    other.act_on_progress(
        lambda connection, company: companies.change(connection, company.id, paused=True)
    )
    result = office.post(document())
    assert (result.stopped, result.waiting) == (None, 1)
    assert office.view().state is State.PAUSED
    assert office.count("Invoice", "Payment") == (0, 0)
