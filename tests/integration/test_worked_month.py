"""A worked month: what has to be asked is answered once, and the books are right to the cent."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import worked_month_books
from office import NAME, PATIENCE, Office, OpenOffice
from worked_month import ACCOUNTS, UNDEPOSITED, ZERO, Month, Question, Shown
from worked_month_canada import CANADA
from worked_month_us import UNITED_STATES

from qbdesk.sync.views import PassResult, Status

FIRST_DAY = date(2026, 10, 1)
ROUNDS = 4  # a question, another one behind it, one that is asked three days later, and the rest
# All that the journal says of an invoice that goes by itself.
BY_ITSELF = re.compile(
    r"Seen for the first time, revision 1\."
    r"|(Customer|Product or service|Payment method|Invoice|Payment) written to QuickBooks as "
    r"Id \d+\."
    r"|In QuickBooks and paid: nothing more to do\."
)


@dataclass
class Worked:
    """One company after its month.

    Attributes:
        first: What the first pass did.
        again: What another pass did, when all was at rest.
        asked: Source id -> the messages with which it needed attention.
    """

    month: Month
    office: Office
    first: PassResult
    again: PassResult
    asked: dict[str, list[str]] = field(default_factory=dict)

    def of_ours(self) -> Iterator[tuple[Shown, dict[str, Any]]]:
        """Each invoice that qbdesk posted, as expected and as it is in QuickBooks."""
        there = {entry["DocNumber"]: entry for entry in self.office.entities("Invoice")}
        for shown in self.month.shown:
            if shown.invoice:
                yield shown, there[shown.document["number"]]


@pytest.fixture(scope="module", params=[CANADA, UNITED_STATES], ids=lambda month: month.name)
def worked(request: pytest.FixtureRequest, open_shared_office: OpenOffice) -> Worked:
    month: Month = request.param
    office = open_shared_office(**month.switches)
    office.books.clock = lambda: datetime(2026, 11, 3, 14, tzinfo=UTC)
    month.arranged(office)
    office.add(from_date=FIRST_DAY)
    office.sync()
    for method, account in ACCOUNTS.items():
        office.set(f"deposit.{method}", account)
    first = office.post(*(shown.document for shown in month.shown if not shown.late))
    work = Worked(month, office, first, first)
    work.asked = _answered(office, [shown for shown in month.shown if not shown.late])
    office.world.switches.change({"auto_apply_credit": True})
    late = [shown for shown in month.shown if shown.late or shown.revised]
    office.post(*(shown.revised or shown.document for shown in late))
    work.asked |= _answered(office, late)
    office.world.switches.change({"auto_apply_credit": False})
    office.sync()
    work.again = office.sync()
    return work


def _answered(office: Office, month: list[Shown]) -> dict[str, list[str]]:
    """The bookkeeper takes question by question until only those are left that have no answer."""
    asked: dict[str, list[str]] = {shown.key: [] for shown in month}
    for _ in range(ROUNDS):
        for shown in month:
            row = office.row(shown.key)
            if row.status is Status.NEEDS_ATTENTION and row.message not in asked[shown.key]:
                asked[shown.key].append(row.message)
        for shown in month:
            _answer(office, shown, asked[shown.key])
        office.sync()
        office.clock.advance(days=3, minutes=1)  # for what Intuit may have recorded itself
    return asked


def _answer(office: Office, shown: Shown, asked: list[str]) -> None:
    row = office.row(shown.key)
    if row.status is not Status.NEEDS_ATTENTION or len(asked) > len(shown.questions):
        return
    question: Question = shown.questions[len(asked) - 1]
    if question.mended is not None:
        question.mended(office)
    if question.answer:
        words = [c.word for c in row.choices if c.label.startswith(question.answer)]
        assert len(words) == 1, (shown.key, question.answer, row.choices)
        office.service.resolve(NAME, shown.key, words[0], "Ann").result(PATIENCE)


# ---- the books ----


def test_the_trial_balance_is_what_the_source_says(worked: Worked) -> None:
    balance = {name: amount for name, amount in worked.office.trial_balance().items() if amount}
    assert balance == worked_month_books.trial_balance(worked.month)


def test_nothing_is_owed_but_what_is_held_and_what_others_entered(worked: Worked) -> None:
    owed = {
        entry["DocNumber"]: entry["Balance"]
        for entry in worked.office.entities("Invoice")
        if entry["Balance"]
    }
    assert owed == worked.month.left_open
    held = {row.number for row in worked.office.rows() if row.status is Status.NEEDS_ATTENTION}
    entered = {entry.number for entry in worked.month.entered}
    assert owed.keys() - entered <= held


def test_no_money_is_left_unapplied(worked: Worked) -> None:
    assert {entry["UnappliedAmt"] for entry in worked.office.entities("Payment")} == {ZERO}


def test_undeposited_funds_and_each_clearing_account_hold_their_methods_money(
    worked: Worked,
) -> None:
    balance, expected = (
        worked.office.trial_balance(),
        worked_month_books.trial_balance(worked.month),
    )
    for account in (UNDEPOSITED, *ACCOUNTS.values()):
        assert balance[account] == expected[account] > ZERO


def test_the_tax_return_says_what_was_taxed_and_charged_at_each_rate(worked: Worked) -> None:
    names = {rate["Id"]: rate["Name"] for rate in worked.office.entities("TaxRate")}
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for _, entry in worked.of_ours():
        for line in entry["TxnTaxDetail"].get("TaxLine", ()):
            detail = line["TaxLineDetail"]
            automated = f"{detail['TaxPercent']:f} %"
            name = names.get(detail.get("TaxRateRef", {}).get("value"), automated)
            net, tax = found.get(name, (ZERO, ZERO))
            found[name] = (net + detail["NetAmountTaxable"], tax + line["Amount"])
    found.pop("GST/HST (ZR)", None)  # told by its code
    assert found == worked_month_books.by_rate(worked.month)


def test_each_tax_code_has_its_own_sales(worked: Worked) -> None:
    names = {code["Id"]: code["Name"] for code in worked.office.entities("TaxCode")}
    found: Counter[str] = Counter()
    for _, entry in worked.of_ours():
        for line in entry["Line"]:
            if line["DetailType"] == "SalesItemLineDetail":
                code = line["SalesItemLineDetail"]["TaxCodeRef"]["value"]
                found[names[code]] += line["Amount"]
            elif line["DetailType"] == "DiscountLineDetail":
                # It stands alone on invoices of one code.
                found[names[code]] -= line["Amount"]
    assert dict(found) == worked_month_books.by_code(worked.month)


# ---- each invoice and payment ----


def test_each_invoice_bears_the_sources_number_dates_amounts_and_customer(worked: Worked) -> None:
    customers = {entry["Id"]: entry["DisplayName"] for entry in worked.office.entities("Customer")}
    for shown, entry in worked.of_ours():
        doc = shown.booked
        day = shown.issued or doc["issue_date"]
        assert (entry["TxnDate"], entry["DueDate"]) == (day, doc["due_date"])
        assert entry["TotalAmt"] == Decimal(doc["total"])
        currency = entry.get("CurrencyRef", {"value": worked.month.home})
        assert currency["value"] == doc["currency"]
        name = shown.customer or doc["customer"]["name"]
        assert customers[entry["CustomerRef"]["value"]] == name


def test_each_invoice_names_its_source_and_carries_the_mark(worked: Worked) -> None:
    for shown, entry in worked.of_ours():
        doc, note = shown.document, entry["PrivateNote"]
        for told in (doc["number"], f"id {doc['id']}", doc["url"], "[qbdesk:v1:"):
            assert told in note
        if shown.issued:
            assert doc["issue_date"] in note


def test_quickbooks_mails_and_collects_nothing(worked: Worked) -> None:
    for _, entry in worked.of_ours():
        assert entry["EmailStatus"] == "NotSet"
        flags = ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment", "AllowOnlinePayment")
        assert not any(entry[flag] for flag in flags)


def test_income_goes_to_the_account_that_was_confirmed(worked: Worked) -> None:
    accounts = {
        line["SalesItemLineDetail"]["ItemAccountRef"]["value"]
        for _, entry in worked.of_ours()
        for line in entry["Line"]
        if line["DetailType"] == "SalesItemLineDetail"
    }
    assert accounts == {worked.office.account(worked_month_books.INCOME)}


def test_each_payment_of_the_source_is_one_with_its_day_method_reference_and_account(
    worked: Worked,
) -> None:
    office = worked.office
    numbers = {entry["Id"]: entry["DocNumber"] for entry in office.entities("Invoice")}
    methods = {entry["Id"]: entry["Name"] for entry in office.entities("PaymentMethod")}
    accounts = {entry["Id"]: entry["Name"] for entry in office.entities("Account")}
    found = []
    for entry in office.entities("Payment"):
        if "[qbdesk:v1:" not in entry.get("PrivateNote", ""):
            continue
        (line,) = entry["Line"]
        found.append(
            (
                numbers[line["LinkedTxn"][0]["TxnId"]],
                f"{entry['TotalAmt']:.2f}",
                entry["TxnDate"],
                methods[entry["PaymentMethodRef"]["value"]],
                entry.get("PaymentRefNum", ""),
                accounts[entry["DepositToAccountRef"]["value"]],
            )
        )
    assert sorted(found) == worked_month_books.money(worked.month)


# ---- what was asked ----


def test_what_is_plain_goes_from_paid_to_synced_without_a_person(worked: Worked) -> None:
    plain = [shown for shown in worked.month.shown if shown.is_plain]
    assert len(plain) > 100
    for shown in plain:
        row = worked.office.row(shown.key)
        assert (row.status, row.message) == (Status.SYNCED, "")
        told = [entry.text for entry in worked.office.journal(shown.key)]
        assert [text for text in told if not BY_ITSELF.fullmatch(text)] == []


def test_each_question_is_asked_when_its_rule_says_so_and_never_otherwise(worked: Worked) -> None:
    for shown in worked.month.shown:
        asked = worked.asked[shown.key]
        expected = [question.words for question in shown.questions]
        assert len(asked) == len(expected), (shown.key, asked)
        for words, message in zip(expected, asked, strict=True):
            assert words in message, shown.key


def test_whatever_has_no_answer_stays_held_and_everything_else_is_at_rest(worked: Worked) -> None:
    for shown in worked.month.shown:
        row = worked.office.row(shown.key)
        if shown.paid:
            assert row.status is Status.SYNCED, (shown.key, row.message)
            assert shown.said in row.message
        elif row.status is Status.NEEDS_ATTENTION:
            assert not shown.questions[-1].answer, (shown.key, row.message)
        else:
            assert row.status in (Status.ALREADY_IN_QUICKBOOKS, Status.IGNORED)


def test_every_decision_is_in_the_journal_with_who_and_what_it_was_about(worked: Worked) -> None:
    for shown in worked.month.shown:
        decided = [e for e in worked.office.journal(shown.key) if e.text.startswith("Decided: ")]
        taken = [question for question in shown.questions if question.answer]
        assert len(decided) == len(taken), shown.key
        for entry, question in zip(decided, taken, strict=True):
            assert entry.who == "Ann"
            assert entry.text.startswith(f"Decided: {question.answer}")
            assert question.words in entry.details


def test_the_control_totals_name_what_is_held_and_what_has_changed_and_nothing_else(
    worked: Worked,
) -> None:
    totals = worked.office.service.totals(NAME).result(PATIENCE)
    month = worked.month.shown
    unpaid = {shown.document["number"] for shown in month if shown.invoice and not shown.paid}
    assert {entry.number for entry in totals.still_open} == unpaid
    other = {shown.document["number"] for shown in month if shown.made or shown.revised}
    assert {entry.number for entry in totals.differing} - unpaid == other - unpaid


def test_another_pass_posts_nothing_and_costs_a_few_reads(worked: Worked) -> None:
    again = worked.again
    assert (again.synced, again.requests.writes, again.requests.batches) == (0, 0, 0)
    assert again.requests.reads <= 6
