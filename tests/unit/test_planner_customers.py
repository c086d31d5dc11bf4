"""Whose invoice it is, decided from what is known (rules 5 to 8)."""

from typing import Any

import pytest
from invoices import customer, paid
from known import case, customer_object, knowledge, step

from qbdesk.sync.ledger.steps import StepState
from qbdesk.sync.planner.customers import resolve
from qbdesk.sync.planner.decisions import Hold, Look, Post, Subject
from qbdesk.sync.planner.knowledge import Knowledge, KnownCustomer
from qbdesk.sync.quickbooks.objects import CustomerObject

EMAIL = "accounts@harbour.example.com"
NAME = "Harbour Condo Corp"
OPERATION = "customer:cus_1:CAD"


def _known(*found: CustomerObject, **facts: Any) -> Knowledge:
    known = knowledge(**facts)
    known.customers.clear()
    known.by_email[EMAIL] = found
    return known


def _id(decision: object) -> str:
    assert isinstance(decision, KnownCustomer), decision
    return decision.id


def test_who_was_posted_for_before_comes_first() -> None:
    known = _known(customer_object("9", "Other", EMAIL))
    known.customers["cus_1", "CAD"] = KnownCustomer("58", NAME)
    assert _id(resolve(paid(), known, case())) == "58"


def test_an_email_nobody_has_looked_for_is_looked_for() -> None:
    known = _known()
    known.by_email.clear()
    assert resolve(paid(), known, case()) == Look(Subject.EMAIL, EMAIL)


def test_the_email_counts_without_case_and_blanks() -> None:
    known = _known(customer_object("9", "Other", EMAIL))
    upper = paid(client=customer(email=f" {EMAIL.upper()} "))
    assert _id(resolve(upper, known, case())) == "9"


def test_a_family_gives_its_parent_and_two_families_a_question() -> None:
    parent = customer_object("1", "Head", EMAIL)
    child = customer_object("2", "Tower", EMAIL, FullyQualifiedName="Head:Tower")
    assert _id(resolve(paid(), _known(child, parent), case())) == "1"
    stranger = customer_object("3", "Else", EMAIL)
    assert isinstance(resolve(paid(), _known(parent, child, stranger), case()), Hold)
    only_children = [
        customer_object(str(n), f"T{n}", EMAIL, FullyQualifiedName=f"Head:T{n}") for n in (4, 5)
    ]
    assert isinstance(resolve(paid(), _known(*only_children), case()), Hold)


def test_a_family_name_that_only_begins_alike_is_no_family() -> None:
    parent = customer_object("1", "Head", EMAIL)
    cousin = customer_object("2", "Tower", EMAIL, FullyQualifiedName="Headland:Tower")
    assert isinstance(resolve(paid(), _known(parent, cousin), case()), Hold)


def test_the_company_name_fits_as_well() -> None:
    known = _known(customer_object("1", "Ann", EMAIL), customer_object("2", "HCC Ltd", EMAIL))
    client = customer(name="Ann Smith", company="hcc  ltd")
    assert _id(resolve(paid(client=client), known, case())) == "2"


def test_nobody_with_the_email_means_a_new_customer() -> None:
    made = resolve(paid(), _known(), case())
    assert isinstance(made, Post)
    assert (made.operation, made.shared, made.alone_with) == (OPERATION, True, EMAIL)
    assert made.payload["DisplayName"] == NAME
    assert "CurrencyRef" not in made.payload


def test_an_inactive_one_is_left_alone() -> None:
    assert isinstance(
        resolve(paid(), _known(customer_object("1", "Old", EMAIL, Active=False)), case()), Post
    )


def test_another_currency_is_another_customer_named_so() -> None:
    there = customer_object("1", NAME, EMAIL, CurrencyRef={"value": "USD"})
    made = resolve(paid(), _known(there, multicurrency=True), case())
    assert isinstance(made, Post)
    assert made.payload["DisplayName"] == f"{NAME} (CAD)"
    assert made.payload["CurrencyRef"] == {"value": "CAD"}


def test_answers_are_followed() -> None:
    known = _known(customer_object("1", "One", EMAIL), customer_object("2", "Two", EMAIL))
    assert _id(resolve(paid(), known, case(answers={"customer": "use:2"}))) == "2"
    assert isinstance(resolve(paid(), known, case(answers={"customer": "new_customer"})), Post)
    # One that is gone since is asked about again.
    assert isinstance(resolve(paid(), known, case(answers={"customer": "use:77"})), Hold)


def _taken(generation: int = 0) -> dict[str, Any]:
    refused = step(
        OPERATION, StepState.REJECTED, kind="customer", fault_code="6240", generation=generation
    )
    return {"steps": {OPERATION: refused}}


def test_a_taken_name_is_looked_for() -> None:
    assert resolve(paid(), _known(), case(**_taken())) == Look(Subject.NAME, NAME)


@pytest.mark.parametrize(
    ("generation", "suffix"), [(0, "customer"), (1, "customer 2"), (2, "customer 3")]
)
def test_a_name_of_somebody_else_gets_one_suffix_after_the_other(
    generation: int, suffix: str
) -> None:
    known = _known()
    known.by_name[NAME.casefold()] = None
    made = resolve(paid(), known, case(**_taken(generation)))
    assert isinstance(made, Post)
    assert made.payload["DisplayName"] == f"{NAME} ({suffix})"


def test_a_name_that_the_client_itself_has_taken_meanwhile_is_the_client() -> None:
    known = _known()
    known.by_name[NAME.casefold()] = customer_object("9", NAME, EMAIL)
    assert _id(resolve(paid(), known, case(**_taken()))) == "9"
    new = resolve(paid(), known, case(answers={"customer": "new_customer"}, **_taken()))
    assert isinstance(new, Post), "a person wants another"


@pytest.mark.parametrize(
    "other", [{"Active": False}, {"CurrencyRef": {"value": "USD"}}], ids=["inactive", "currency"]
)
def test_a_customer_of_that_name_who_cannot_have_the_invoice_is_somebody_else(
    other: dict[str, Any],
) -> None:
    known = _known()
    known.by_name[NAME.casefold()] = customer_object("9", NAME, EMAIL, **other)
    assert isinstance(resolve(paid(), known, case(**_taken())), Post)


def test_a_long_name_keeps_its_suffix() -> None:
    known = _known()
    known.by_name["x" * 500] = None
    made = resolve(paid(client=customer(name="x" * 500)), known, case(**_taken()))
    assert isinstance(made, Post)
    assert made.payload["DisplayName"].endswith(" (customer)")
    assert len(made.payload["DisplayName"]) <= 500


def test_clients_of_different_names_with_one_email_are_asked_about() -> None:
    known = _known(customer_object("1", NAME, EMAIL))
    known.email_owners[EMAIL] = {"cus_1": NAME, "cus_2": "Tower Two"}
    held = resolve(paid(), known, case())
    assert isinstance(held, Hold)
    known.email_owners[EMAIL] = {"cus_1": NAME, "cus_2": NAME.upper()}
    assert _id(resolve(paid(), known, case())) == "1"
