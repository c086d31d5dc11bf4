"""The bookkeeping rules: where each is decided, shown by a test, said on the screen, documented."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Number: where it is decided (in qbdesk), the test that reads like it, words of a sentence on the
# screen, words of its line in docs/bookkeeping.md.
RULES: dict[int, tuple[str, str, str, str]] = {
    1: (
        "sync/model.py",
        "test_a_payment_bears_the_day_it_was_paid_where_the_tenant_lives",
        "Each invoice keeps the day on which it was issued",
        "Never today, and never the UTC day",
    ),
    2: (
        "sync/planner/days.py",
        "test_a_closed_period_is_held_and_dated_the_first_open_day_if_a_person_says_so",
        "QuickBooks' books are closed up to",
        "books closed on that day",
    ),
    3: (
        "sync/planner/by_hand.py",
        "test_what_was_issued_before_the_first_day_may_be_an_opening_balance",
        "it may already be in your opening receivables",
        "may be in your opening receivables",
    ),
    4: (
        "sync/planner/days.py",
        "test_a_filed_period_is_asked_about_once_a_company_and_then_listed",
        "so a return that is filed lacks it. How are such invoices dated?",
        "tax, of a period whose sales tax return is filed",
    ),
    5: (
        "sync/planner/customers.py",
        "test_a_client_is_known_again_by_the_sources_id_when_the_email_has_changed",
        "so the customer cannot be found by it",
        "even if the email has changed",
    ),
    6: (
        "sync/planner/customers.py",
        "test_clients_of_different_names_whose_email_a_customer_has_are_each_asked_about",
        "Several customers in QuickBooks have this client's email",
        "uses the same email (a property manager, say)",
    ),
    7: (
        "sync/planner/customers.py",
        "test_a_name_of_a_customer_without_an_email_is_asked_about_and_may_be_linked",
        "QuickBooks has a customer of this name without an email",
        "by a customer without an email, you are asked whether it is the same client",
    ),
    8: (
        "sync/planner/customers.py",
        "test_in_a_company_of_several_currencies_a_client_has_a_customer_for_each",
        "A customer in QuickBooks keeps one currency",
        "A customer keeps one currency for good",
    ),
    9: (
        "sync/planner/existing.py",
        "test_of_an_unpaid_one_only_the_payment_is_posted",
        "The invoice was in QuickBooks already, unpaid; only its payment is posted",
        "same customer and total, wholly open",
    ),
    10: (
        "sync/planner/by_hand.py",
        "test_an_open_invoice_of_the_same_total_is_asked_about",
        "Looks entered by hand",
        "**under another number**",
    ),
    11: (
        "sync/quickbooks/payloads.py",
        "test_lines_and_discount_always_sum_to_the_sources_net",
        "is not its quantity times its price",
        "one negative line for each tax code, in proportion; the last one takes the cent",
    ),
    12: (
        "sync/preflight.py",
        "test_income_goes_to_the_account_that_was_confirmed",
        "Invoice lines are posted to this income account",
        "You choose it on connecting",
    ),
    13: (
        "sync/quickbooks/payloads.py",
        "test_quickbooks_never_mails_or_collects_for_us",
        "QuickBooks can mail reminders and add late fees",
        "QuickBooks mails nothing",
    ),
    14: (
        "sync/quickbooks/payloads.py",
        "test_each_invoice_names_its_source_and_carries_the_mark",
        "QuickBooks has this invoice with qbdesk's own mark",
        "Number, id and link of the source go into the private note",
    ),
    16: (
        "sync/planner/tax_codes.py",
        "test_a_code_is_used_unasked_where_rates_and_province_leave_one",
        "You are asked once; all invoices like",
        "exactly one active code has the same rates, and it fits the client's province",
    ),
    17: (
        "sync/planner/tax_codes.py",
        "test_untaxed_lines_abroad_are_asked_once_for_all",
        "no tax, for untaxed lines of",
        "Zero-rated is proposed for clients abroad and Exempt for clients that the source calls",
    ),
    18: (
        "sync/planner/tax.py",
        "test_a_difference_is_held_before_the_create_with_both_figures",
        "Spot-check: QuickBooks would work out",
        "computes QuickBooks' tax **before** anything is posted",
    ),
    19: (
        "sync/planner/repair.py",
        "test_the_tax_of_the_source_can_be_put_onto_the_same_invoice",
        "Put the tax that stands on the invoice into QuickBooks",
        "The payment is never changed: it is the money received",
    ),
    20: (
        "sync/planner/checks.py",
        "test_tax_where_the_company_has_none_is_held",
        "tax is never posted as income",
        "Tax is never posted as income, as a line, or dropped",
    ),
    21: (
        "sync/planner/tax.py",
        "test_prices_with_tax_in_them_are_never_converted_silently",
        "The prices contain the tax, which a US company in QuickBooks cannot hold",
        "**Prices that contain the tax** are held in the United States",
    ),
    23: (
        "sync/planner/after_invoice.py",
        "test_each_payment_of_the_source_is_one_with_its_day_method_reference_and_account",
        "A payment is never cut",
        "It is never cut, and no part of it may be left over",
    ),
    24: (
        "sync/planner/after_invoice.py",
        "test_a_credit_that_quickbooks_applied_by_itself_holds_the_payment",
        "client's credit to the invoice by itself",
        "QuickBooks applied a credit by itself",
    ),
    25: (
        "sync/planner/money_received.py",
        "test_money_that_intuit_did_not_record_goes_to_undeposited_funds_on_a_persons_word_alone",
        "a clearing account for each, or leave it for later",
        "Nothing goes to Undeposited Funds by itself",
    ),
    26: (
        "sync/quickbooks/payloads.py",
        "test_the_reference_is_the_payers_else_the_end_of_the_processors",
        "The payment's reference was cut to 21 characters",
        "else the end of the processor's id",
    ),
    27: (
        "sync/planner/checks.py",
        "test_what_was_settled_from_credit_or_given_back_is_held_with_the_figures",
        "was given back before qbdesk first saw the invoice",
        "partly settled from the client's credit; partly refunded when first seen",
    ),
    28: (
        "sync/planner/changes.py",
        "test_what_the_books_hold_matters_both_ways_and_is_told_with_before_and_after",
        "Changed after posting:",
        "it needs attention, with the figures before and after",
    ),
    29: (
        "sync/planner/days.py",
        "test_a_foreign_invoice_takes_its_issue_days_rate_and_a_payment_its_own_days",
        "QuickBooks has no exchange rate for",
        "with QuickBooks' rate of its issue date, each payment with the rate of its own day",
    ),
    31: (
        "sync/connecting.py",
        "test_a_second_company_on_the_same_source_is_asked_about",
        "reads the same account of the invoicing system already",
        "One account of the invoicing system feeds one QuickBooks company",
    ),
    32: (
        "sync/rulings.py",
        "test_every_decision_is_in_the_journal_with_who_and_what_it_was_about",
        "Decided: ",
        "Every decision stands in the journal",
    ),
    33: (
        "sync/totals/__init__.py",
        "test_the_totals_are_the_source_s_and_the_books_to_the_cent",
        "Control totals of {company}",
        "Source against QuickBooks",
    ),
    34: (
        "sync/preview.py",
        "test_what_the_preview_said_comes_true",
        "What would be posted to {company}",
        "`qbdesk sync --preview`",
    ),
    35: (
        "sync/preflight.py",
        "test_what_does_not_arrive_is_said_before_anything_is_confirmed",
        "Only paid invoices arrive",
        "Only paid invoices arrive",
    ),
}
_NAMED = re.compile(r"\brules? (\d+)(?: to (\d+))?(?:(?:, | and )(\d+))?")


def rules_named(text: str) -> set[int]:
    """`rule 6`, `rules 5 to 8`, `rules 2 and 29`, whatever the case."""
    found: set[int] = set()
    for first, last, other in _NAMED.findall(text.lower()):
        found |= set(range(int(first), int(last or first) + 1))
        found |= {int(other)} if other else set()
    return found


def _joined(text: str) -> str:
    """Sentences as they are read: one line, and the pieces of a Python text put together."""
    return " ".join(re.sub(r'"\s*\n\s*f?"', "", text).split())


@pytest.fixture(scope="module")
def program() -> str:
    rooms = ((ROOT / "qbdesk" / room).rglob("*.py") for room in ("sync", "ui"))
    return "\n".join(_joined(path.read_text("utf-8")) for room in rooms for path in room)


@pytest.fixture(scope="module")
def tests() -> str:
    return "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.fixture(scope="module")
def document() -> str:
    return _joined((ROOT / "docs" / "bookkeeping.md").read_text("utf-8"))


@pytest.mark.parametrize("number", RULES)
def test_each_rule_is_named_where_it_is_decided(number: int) -> None:
    assert number in rules_named((ROOT / "qbdesk" / RULES[number][0]).read_text("utf-8"))


@pytest.mark.parametrize("number", RULES)
def test_each_rule_has_a_test_that_reads_like_it(number: int, tests: str) -> None:
    assert f"def {RULES[number][1]}(" in tests


@pytest.mark.parametrize("number", RULES)
def test_each_rule_has_a_sentence_on_the_screen(number: int, program: str) -> None:
    assert RULES[number][2] in program


@pytest.mark.parametrize("number", RULES)
def test_each_rule_has_a_line_in_the_bookkeepers_document(number: int, document: str) -> None:
    assert RULES[number][3] in document
