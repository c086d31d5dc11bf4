"""What is held, what is ignored, and what is posted all the same with a word about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from invoices import TEXAS, Document, customer, document, line, payment
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.views import PassResult, Status


def _with(**changes: Any) -> Document:
    return document(**changes)


def _credit() -> Document:
    parts = [payment("100.00")]
    return document(payments=parts, credit_applied="13.00", balance_due="0.00")


def _refunded() -> Document:
    parts = [payment("113.00", refunded_amount="13.00")]
    changes = {"amount_paid": "100.00", "balance_due": "13.00", "status": "partially_refunded"}
    return document(payments=parts, **changes)


def _foreign_payment() -> Document:
    return document(payments=[payment("113.00", currency="USD")])


def _pending() -> Document:
    return document(payments=[payment("113.00"), payment("5.00", id="p2", status="pending")])


def _huge() -> Document:
    return document(lines=[line("1", "99999999999.01", rates=())])


HELD: dict[str, tuple[Document, str]] = {
    "no email": (_with(client=customer(email=None)), "Could not find customer email"),
    "a blank email": (_with(client=customer(email="  ")), "Could not find customer email"),
    "a malformed email": (_with(client=customer(email="nobody@nowhere")), "not a valid address"),
    "two emails in one": (_with(client=customer(email="a@b.com,c@d.com")), "not a valid address"),
    "another currency": (
        _with(currency="USD", payments=[payment("113.00", currency="USD")]),
        "Currency mismatch",
    ),
    "a total that does not add up": (_with(total="113.10"), "does not add up"),
    "a line that does not add up": (
        _with(lines=[{**line(), "quantity": "2"}]),
        "quantity times its price",
    ),
    "tax that does not add up": (_with(tax_total="12.00"), "does not add up"),
    "a balance that is open": (
        _with(payments=[payment("100.00")], balance_due="13.00"),
        "is open",
    ),
    "a long number": (_with(number="N" * 22), "longer than the 21 characters"),
    "a blank number": (_with(number="   "), "has no number"),
    "no lines": (_with(lines=[]), "has no lines"),
    "a negative total": (
        _with(lines=[line("-1", "100.00", rates=())], payments=[payment("-100.00")]),
        "negative",
    ),
    "a credit": (_credit(), "settled from the client's credit"),
    "a part refunded": (_refunded(), "13.00 CAD was given back"),
    "a pending payment": (_pending(), "has not arrived yet"),
    "a payment in another currency": (_foreign_payment(), "A payment came in USD"),
    "too large an amount": (_huge(), "larger than QuickBooks takes"),
    "an amount with half a cent": (_with(subtotal="100.005"), "to the cent"),
    "unmatched payments": (_with(amount_paid="112.00"), "does not add up"),
}


@dataclass(frozen=True)
class Pass:
    """One office after one pass over all of these."""

    office: Office
    result: PassResult
    before: tuple[int, ...]


LISTS = ("Customer", "Item", "PaymentMethod", "Account", "Invoice", "Payment")


def _numbered(cases: Iterable[Document]) -> list[Document]:
    """As documents of one feed: each with an id of its own, and a number where it has ours."""
    shown = []
    for position, case in enumerate(cases):
        number = f"N-{position}" if case["number"] == "N-inv-1" else case["number"]
        shown.append({**case, "id": f"inv-{position}", "number": number})
    return shown


@pytest.fixture(scope="module")
def held(open_shared_office: OpenOffice) -> Pass:
    office = open_shared_office()
    before = office.count(*LISTS)
    result = office.post(*_numbered(shown for shown, _ in HELD.values()))
    return Pass(office, result, before)


@pytest.mark.parametrize("what", HELD)
def test_held_with_a_sentence_and_something_to_press(held: Pass, what: str) -> None:
    key = f"inv-{list(HELD).index(what)}"
    assert held.office.status(key) is Status.NEEDS_ATTENTION
    assert HELD[what][1] in held.office.row(key).message
    assert "try_again" in held.office.choices(key)


def test_a_held_invoice_leaves_no_customer_and_nothing_else_behind(held: Pass) -> None:
    assert held.result.stopped is None
    assert (held.result.synced, held.result.needs_attention) == (0, len(HELD))
    assert held.office.count(*LISTS) == held.before
    assert (held.result.requests.writes, held.result.requests.batches) == (0, 0)


def test_tax_where_the_company_has_none_is_held(open_office: OpenOffice) -> None:
    office = open_office(sales_tax="none")
    office.post(document())
    assert "sales tax is off in QuickBooks" in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)


def test_of_two_new_invoices_with_one_number_the_first_is_posted_and_the_second_held(
    office: Office,
) -> None:
    result = office.post(document("a", number="N-1"), document("b", number="n-1"))
    assert (result.synced, result.needs_attention) == (1, 1)
    assert office.status("a") is Status.SYNCED
    assert "the same number" in office.row("b").message


def test_a_number_used_by_another_invoice_in_quickbooks_is_held_with_both_shown(
    office: Office,
) -> None:
    other = office.enter_customer("Somebody Else", "else@example.com")
    office.enter_invoice(other, "N-inv-1", 200)
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION
    assert "226.00 CAD" in office.row().message
    assert "113.00 CAD" in office.row().message
    assert office.count("Customer", "Invoice") == (1, 1)


BROKEN: dict[str, Any] = {
    "a text": "hello",
    "nothing": None,
    "a list": [1, 2],
    "a number": 12,
    "without an id": {"number": "N-9"},
    "a hostile id": {"id": "a\nb", "number": "N-9"},
    "a huge id": {"id": "x" * 5000},
    "an amount as a number": {**document(revision=1), "total": 113},
    "a missing customer": {k: v for k, v in document().items() if k != "customer"},
    "dates that do not exist": document(issue_date="2026-02-30"),
    "a time that programs write for none": document(
        payments=[payment("113.00", paid_at="0001-01-01T00:00:00Z")]
    ),
    "a time that programs write for ever": document(paid_at="9999-12-31T23:59:59Z", payments=[]),
    "half a character": {"id": "\ud800", "number": "\ud83d"},
    "a lost surrogate in a name": document(client=customer(name="Bad \ud800 name", email=None)),
    "too long a number": document(number="N" * 65),
    "a revision beyond all bounds": document(revision=2**64),
    "status as a list": document(status=["paid"]),
    "amounts deep inside": {"id": "deep", "lines": [[[[{"a": [1.5, 10**30]}]]]]},
}


def test_rows_that_do_not_validate_are_kept_and_held_and_stop_nobody(office: Office) -> None:
    for position, row in enumerate(BROKEN.values()):
        named = isinstance(row, dict) and row.get("id") == "inv-1"
        office.world.feed.raw({**row, "id": f"broken-{position}"} if named else row)
    result = office.post(document("good"))
    assert (result.stopped, result.synced, result.needs_attention) == (None, 1, len(BROKEN))
    held = [entry for entry in office.rows() if entry.source_id != "good"]
    assert {entry.status for entry in held} == {Status.NEEDS_ATTENTION}
    assert all(entry.message for entry in held)
    # Nor are they others in the next pass.
    assert office.sync().needs_attention == len(BROKEN)
    assert len(office.rows()) == len(BROKEN) + 1


HOSTILE: dict[str, Document] = {
    "numbers far too large to multiply": document(
        lines=[{**line(), "quantity": "9" * 15, "unit_price": "9" * 15}]
    ),
    "long fractions": document(
        lines=[line("0.123456789012", "123456789012345.123456789012", rates=())]
    ),
    "control characters in the number": document(number="N\t\x001"),
    "a quote and a backslash in the number": document(number="N'1\\"),
    "a number in another script": document(number="発票‮7"),
    "an unknown status": document(status="half_paid"),
    "a name of nothing but controls": document(client=customer(name="\x01\x02")),
    "an email of another script": document(client=customer(email="müller@bücher.example")),
    "an email with a wildcard": document(client=customer(email="%_@example.com")),
    "an address that is long": document(
        client=customer(billing_address={"line1": "x" * 500, "postal_code": "y" * 32})
    ),
    "a web address of another kind": document(url="javascript:alert(1)"),
    "a line of nothing": document(lines=[line("0", "0"), line()]),
    "a thousand lines": document(lines=[line(rates=()) for _ in range(1000)]),
    "a name of blanks": document(client=customer(name="   ")),
    "a method of another script": document(payments=[payment("113.00", method="現金 ‮")]),
    "a method of blanks": document(payments=[payment("113.00", method="")]),
    "a long method": document(payments=[payment("113.00", method="m" * 900)]),
    "an amount with an exponent's worth of zeros": document(
        lines=[line("1", "0.000000000001", rates=())]
    ),
}


@pytest.fixture(scope="module")
def strange(open_shared_office: OpenOffice) -> Pass:
    office = open_shared_office()
    before = office.count(*LISTS)
    client = customer(id="good", name="Good", email="good@example.com")
    shown = [
        {**case, "customer": {**case["customer"], "id": f"cus_{position}"}}
        for position, case in enumerate(_numbered(HOSTILE.values()))
    ]
    return Pass(office, office.post(*shown, document("good", client=client)), before)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_strange_invoice_is_posted_whole_or_held(strange: Pass, what: str) -> None:
    row = strange.office.row(f"inv-{list(HOSTILE).index(what)}")
    if row.status is Status.SYNCED:
        posted = strange.office.books.get("Invoice", row.quickbooks_invoice_id)
        assert (posted["TotalAmt"], posted["Balance"]) == (row.amount, 0)
        assert posted["DocNumber"] == row.number
    else:
        assert row.status in (Status.NEEDS_ATTENTION, Status.IGNORED)
        assert row.message


def test_strange_invoices_stop_no_other(strange: Pass) -> None:
    assert (strange.result.stopped, strange.result.waiting) == (None, 0)
    assert strange.office.status("good") is Status.SYNCED


IGNORED = {
    "open": ({"status": "open", "paid_at": None}, "The invoice is open at the source"),
    "void": ({"status": "void"}, "voided"),
    "refunded": ({"status": "refunded"}, "refunded in full"),
    "unknown": ({"status": "teleported"}, "unknown state “teleported”"),
    "integrated": (
        {"external_refs": [{"system": "quickbooks_online", "type": "invoice", "id": "77"}]},
        "into QuickBooks itself",
    ),
    "early": ({"paid_at": "2025-12-31T12:00:00Z"}, "Paid before 2026-01-01"),
}


def test_what_is_first_seen_as_anything_but_paid_is_ignored_and_said(office: Office) -> None:
    office.sync()  # what changes later is shown whenever it was paid
    result = office.post(*(document(key, **changes) for key, (changes, _) in IGNORED.items()))
    assert (result.synced, result.needs_attention, result.waiting) == (0, 0, 0)
    for key, (_, sentence) in IGNORED.items():
        assert office.status(key) is Status.IGNORED
        assert sentence in office.row(key).message
    assert office.count("Customer", "Invoice") == (0, 0)


def test_what_was_ignored_is_posted_once_it_is_paid(office: Office) -> None:
    office.sync()
    office.post(document(status="open", paid_at=None))
    assert office.post(document()).synced == 1


REMARKED: dict[str, tuple[Document, str]] = {
    "an unknown payment method": (
        document(payments=[payment("113.00", method="barter")]),
        "“barter” is not known",
    ),
    "a name with a colon": (
        document(client=customer(name="Harbour: Tower 2")),
        "became spaces",
    ),
    "a long memo": (document(memo="m" * 1500), "memo was cut to 1000"),
    "a long phone": (document(client=customer(phone="1" * 40)), "phone number was cut to 30"),
    "a long reference": (
        document(payments=[payment("113.00", reference="r" * 30)]),
        "cut to 21",
    ),
    "controls in a memo": (document(memo="a\x07b"), "Control characters in the memo"),
    "controls in a line": (document(lines=[line(description="a\x07b")]), "in a line's text"),
    "markup": (document(memo="<b>Thank you</b>"), "sent as text"),
    "a formula": (document(client=customer(name='=HYPERLINK("http://x")')), "sent as text"),
    "letters that turn the text round": (
        document(lines=[line(description="abc ‮ def")]),
        "sent as text",
    ),
}


@pytest.fixture(scope="module")
def remarked(open_shared_office: OpenOffice) -> Pass:
    office = open_shared_office()
    shown = [
        {**case, "customer": {**case["customer"], "id": f"cus_{p}", "email": f"{p}@example.com"}}
        for p, case in enumerate(_numbered(case for case, _ in REMARKED.values()))
    ]
    return Pass(office, office.post(*shown), ())


@pytest.mark.parametrize("what", REMARKED)
def test_posted_all_the_same_and_said(remarked: Pass, what: str) -> None:
    row = remarked.office.row(f"inv-{list(REMARKED).index(what)}")
    assert row.status is Status.SYNCED
    assert REMARKED[what][1] in row.message
    assert remarked.office.books.get("Invoice", row.quickbooks_invoice_id)["Balance"] == Decimal(0)


def test_what_is_held_is_not_sent_again_until_something_changes(office: Office) -> None:
    office.post(document(client=customer(email=None)))
    again = office.sync()
    assert (again.needs_attention, again.requests.writes) == (1, 0)
    told = [entry.text for entry in office.journal()]
    office.sync()
    assert [entry.text for entry in office.journal()] == told


def test_a_held_invoice_is_posted_once_the_source_has_mended_it(office: Office) -> None:
    office.post(document(client=customer(email=None)))
    assert office.post(document()).synced == 1
    assert office.row().message == ""
    assert office.sync().needs_attention == 0


def test_trying_again_posts_what_has_been_mended_in_quickbooks(open_office: OpenOffice) -> None:
    office = open_office(sales_tax="canada", book_close_date=None)
    office.world.switches.sales_tax = "none"
    office.post(document())
    assert office.status() is Status.NEEDS_ATTENTION
    office.world.switches.sales_tax = "canada"
    assert office.sync().synced == 0
    assert office.resolve("try_again").synced == 1


def test_a_choice_that_is_not_offered_is_refused(office: Office) -> None:
    office.post(document(client=customer(email=None)))
    refusal = office.service.resolve("Maple", "inv-1", "post_again", "Ann").exception(10)
    assert "does not offer that choice" in str(refusal)


def test_an_invoice_that_a_person_ignores_stays_ignored(office: Office) -> None:
    office.post(document(client=customer(email=None)))
    office.service.ignore("Maple", ["inv-1"], "entered by hand", "Ann").result(10)
    assert office.status() is Status.IGNORED
    assert "Ignored by Ann: entered by hand" in office.row().message
    office.show(document())
    assert office.sync().synced == 0
    assert office.status() is Status.IGNORED
    assert [entry.who for entry in office.journal() if "Ignored" in entry.text] == ["Ann"]
    assert office.resync().synced == 1


CLOSED = {"issue_date": "2026-03-15", "due_date": "2026-04-15"}


def test_a_closed_period_is_held_and_dated_the_first_open_day_if_a_person_says_so(
    open_office: OpenOffice,
) -> None:
    office = open_office(book_close_date="2026-03-31")
    office.post(document(**CLOSED))
    assert "closed up to 2026-03-31" in office.row().message
    assert office.choices() == ["first_open_day:2026-04-01", "try_again"]
    assert office.count("Customer", "Invoice") == (0, 0)
    assert office.resolve("first_open_day:2026-04-01").synced == 1
    (invoice,) = office.entities("Invoice")
    assert invoice["TxnDate"] == "2026-04-01"
    assert "2026-03-15" in invoice["PrivateNote"]


def test_when_more_is_closed_after_the_answer_it_is_asked_again_and_not_dated_later_still(
    open_office: OpenOffice,
) -> None:
    office = open_office(book_close_date="2026-03-31")
    office.post(document(**CLOSED))
    office.world.switches.change({"book_close_date": "2026-04-30"})
    assert office.resolve("first_open_day:2026-04-01").synced == 0
    assert office.choices() == ["first_open_day:2026-05-01", "try_again"]
    assert office.resolve("first_open_day:2026-05-01").synced == 1
    assert office.entities("Invoice")[0]["TxnDate"] == "2026-05-01"


def test_a_closed_period_that_was_opened_is_posted_with_its_true_date(
    open_office: OpenOffice,
) -> None:
    office = open_office(book_close_date="2026-03-31")
    office.post(document(**CLOSED))
    office.world.switches.book_close_date = None
    assert office.resolve("try_again").synced == 1
    assert office.entities("Invoice")[0]["TxnDate"] == "2026-03-15"


def test_one_answer_counts_for_all_that_are_held_for_the_same_reason(
    open_office: OpenOffice,
) -> None:
    office = open_office(book_close_date="2026-03-31")
    keys = ["a", "b", "c"]
    without = customer(id="cus_2", email=None)
    office.post(*(document(key, **CLOSED) for key in keys), document("other", client=without))
    alike = office.service.alike(NAME, "a").result(PATIENCE)
    assert alike == {"first_open_day:2026-04-01": ("b", "c"), "try_again": ("b", "c")}
    office.service.resolve_all(NAME, keys, "first_open_day:2026-04-01", "Ann").result(PATIENCE)
    result = office.sync()
    assert (result.synced, result.needs_attention) == (3, 1)
    assert {entry["TxnDate"] for entry in office.entities("Invoice")} == {"2026-04-01"}
    for key in keys:
        (decided,) = [entry for entry in office.journal(key) if entry.text.startswith("Decided")]
        assert decided.who == "Ann"


def test_an_answer_that_one_of_them_does_not_offer_decides_nothing(open_office: OpenOffice) -> None:
    office = open_office(book_close_date="2026-03-31")
    office.post(document("a", **CLOSED), document("b", client=customer(id="cus_2", email=None)))
    asked = office.service.resolve_all(NAME, ["a", "b"], "first_open_day:2026-04-01", "Ann")
    assert "Invoice N-b does not offer that choice" in str(asked.exception(PATIENCE))
    assert office.sync().needs_attention == 2


def test_what_is_asked_once_a_company_needs_no_answer_for_all(office: Office) -> None:
    texan = customer(billing_address=TEXAS)
    office.post(*(document(key, client=texan, lines=[line(rates=())]) for key in ("a", "b")))
    assert office.service.alike(NAME, "a").result(PATIENCE) == {}
    # Several may be named all the same.
    zero = f"tax_code:{office.tax_code('Zero-rated')}"
    office.service.resolve_all(NAME, ["a", "b"], zero, "Ann").result(PATIENCE)
    assert office.sync().synced == 2
    told = [e.text for e in office.service.journal(NAME).result(PATIENCE) if "tax." in e.text]
    assert len(told) == 1
    assert told[0].startswith("Setting tax.untaxed.abroad changed from nothing to ")


def test_a_payment_of_a_closed_period_holds_its_invoice(open_office: OpenOffice) -> None:
    office = open_office(book_close_date="2026-11-10")
    office.post(document(issue_date="2026-11-20", due_date="2026-11-20"))
    assert "closed up to 2026-11-10" in office.row().message
    assert office.resolve("first_open_day:2026-11-11").synced == 1
    assert office.entities("Payment")[0]["TxnDate"] == "2026-11-11"
    assert "2026-11-10" in office.entities("Payment")[0]["PrivateNote"]


def test_money_that_intuit_took_itself_is_not_posted_without_a_word(office: Office) -> None:
    first = office.post(document(payments=[payment("113.00", method="qb_payments")]))
    assert (first.waiting, first.needs_attention) == (1, 0)
    assert "QuickBooks Payments" in office.row().message
    office.clock.advance(days=2)
    assert office.sync().waiting == 1
    office.clock.advance(days=1, minutes=1)
    assert office.sync().needs_attention == 1
    assert office.count("Customer", "Invoice", "Payment") == (0, 0, 0)
    assert [choice.label for choice in office.row().choices] == [
        "QuickBooks has recorded it itself: leave it as it is there",
        "It is not in QuickBooks: post it to “Undeposited Funds”",
        "It is not in QuickBooks: post it to “Chequing”",
        "It is not in QuickBooks: post it to “Card Clearing”",
        "Try again",
    ]


@pytest.fixture
def not_found(office: Office) -> Office:
    """An invoice paid by QuickBooks Payments that was looked for in vain."""
    office.post(document(payments=[payment("113.00", method="qb_payments")]))
    office.clock.advance(days=3, minutes=1)
    office.sync()
    return office


def test_money_that_intuit_did_not_record_goes_to_the_account_that_is_chosen(
    not_found: Office,
) -> None:
    assert not_found.resolve(f"post:{not_found.account('Chequing')}").synced == 1
    assert not_found.trial_balance()["Chequing"] == Decimal("113.00")


def test_money_that_intuit_did_not_record_goes_to_undeposited_funds_on_a_persons_word_alone(
    not_found: Office,
) -> None:
    assert not_found.resolve("post").synced == 1
    assert not_found.trial_balance()["Undeposited Funds"] == Decimal("113.00")


def test_money_that_intuit_recorded_elsewhere_is_left_there_on_a_persons_word(
    not_found: Office,
) -> None:
    assert not_found.resolve("recorded").needs_attention == 0
    assert not_found.status() is Status.ALREADY_IN_QUICKBOOKS
    assert not_found.count("Customer", "Invoice", "Payment") == (0, 0, 0)


def test_untaxed_lines_abroad_are_asked_once_for_all(office: Office) -> None:
    texan = customer(billing_address=TEXAS)
    office.post(*(document(f"inv-{n}", client=texan, lines=[line(rates=())]) for n in (1, 2)))
    assert office.sync().needs_attention == 2
    assert "Zero-rated" in office.row("inv-1").choices[0].label
    zero = office.tax_code("Zero-rated")
    assert office.resolve(f"tax_code:{zero}").synced == 2
    later = document("inv-3", client=texan, lines=[line(rates=())])
    assert office.post(later).synced == 1
