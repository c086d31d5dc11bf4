"""Whose invoice it is: bookkeeping rules 5 to 8."""

from datetime import date
from typing import Any

from invoices import customer, document, payment
from office import Office, OpenOffice

from qbdesk.sync.views import Status

EMAIL = "accounts@harbour.example.com"
NAME = "Harbour Condo Corp"


def _customer_of(office: Office, number: str) -> str:
    (invoice,) = [entry for entry in office.entities("Invoice") if entry["DocNumber"] == number]
    return str(invoice["CustomerRef"]["value"])


def _change(office: Office, customer_id: str, **fields: Any) -> None:
    kept = office.books.get("Customer", customer_id)
    office.enter(
        "customer", {"Id": customer_id, "SyncToken": kept["SyncToken"], "sparse": True, **fields}
    )


def test_a_client_is_known_again_by_the_sources_id_when_the_email_has_changed(
    office: Office,
) -> None:
    office.post(document("a"))
    office.post(document("b", client=customer(email="new@harbour.example.com")))
    assert office.count("Customer", "Invoice") == (1, 2)
    assert _customer_of(office, "N-a") == _customer_of(office, "N-b")


def test_a_client_is_known_by_email_whatever_its_case(office: Office) -> None:
    there = office.enter_customer("H. C. Corporation", "Accounts@HARBOUR.example.com")
    office.post(document())
    assert _customer_of(office, "N-inv-1") == there
    assert office.count("Customer") == (1,)


def test_nothing_of_an_existing_customer_is_overwritten(office: Office) -> None:
    there = office.enter_customer("H. C. Corporation", EMAIL)
    before = dict(office.books.get("Customer", there))
    office.post(document())
    after = office.books.get("Customer", there)
    assert (after["DisplayName"], after["SyncToken"]) == ("H. C. Corporation", before["SyncToken"])


def test_an_email_among_several_of_one_customer_counts(office: Office) -> None:
    there = office.enter_customer("H. C.", f"boss@example.com, {EMAIL}")
    office.post(document())
    assert _customer_of(office, "N-inv-1") == there


def test_an_email_within_a_longer_one_does_not_count(office: Office) -> None:
    office.enter_customer("Not me", f"x{EMAIL}")
    office.post(document())
    assert office.count("Customer") == (2,)


def test_of_several_with_the_email_the_one_whose_name_fits_is_taken(office: Office) -> None:
    office.enter_customer("Somebody", EMAIL)
    fitting = office.enter_customer("harbour  condo corp", EMAIL)
    office.post(document())
    assert _customer_of(office, "N-inv-1") == fitting


def test_of_a_family_with_one_email_the_parent_is_taken(office: Office) -> None:
    parent = office.enter_customer("Head office", EMAIL)
    for name in ("Tower 1", "Tower 2"):
        office.enter_customer(name, EMAIL, Job=True, ParentRef={"value": parent})
    office.post(document())
    assert _customer_of(office, "N-inv-1") == parent


def test_several_unrelated_customers_of_one_email_are_asked_about_once(office: Office) -> None:
    one, two = (office.enter_customer(name, EMAIL) for name in ("One", "Two"))
    office.post(document("a"), document("b"))
    assert {office.status("a"), office.status("b")} == {Status.NEEDS_ATTENTION}
    assert office.choices("a") == [f"use:{one}", f"use:{two}", "new_customer", "try_again"]
    assert office.count("Invoice") == (0,)
    # The answer counts for the client's other invoices, also for later ones.
    assert office.resolve(f"use:{two}", "a").synced == 2
    assert office.post(document("c")).synced == 1
    assert {_customer_of(office, f"N-{key}") for key in "abc"} == {two}


def test_whom_a_client_was_said_to_be_is_listed_and_can_be_asked_again(office: Office) -> None:
    one, two = (office.enter_customer(name, EMAIL) for name in ("One", "Two"))
    office.post(document("a"), document("other", client=customer(id="c9", email="9@example.com")))
    office.resolve(f"use:{one}", "a")
    (setting,) = [
        entry
        for entry in office.service.settings("Maple").result(10)
        if entry.key.startswith("customer.")
    ]
    assert (setting.key, setting.label, setting.shown) == (
        "customer.cus_1.CAD",
        f"“{NAME}” is customer",
        "One",
    )
    office.set(setting.key, "")
    assert setting.key not in office.settings()
    told = office.service.journal("Maple").result(10)[-1].text
    assert told == f"Setting {setting.key} changed from One to Ask again with the next invoice."
    office.post(document("b"))
    assert "Several customers in QuickBooks" in office.row("b").message
    assert office.resolve(f"use:{two}", "b").synced == 1
    # What was posted before stays where it is.
    assert (_customer_of(office, "N-a"), _customer_of(office, "N-b")) == (one, two)


def test_an_answer_about_a_client_that_was_never_asked_about_cannot_be_taken_back(
    office: Office,
) -> None:
    office.post(document("a"))
    for key, value in (("customer.cus_1.CAD", ""), ("customer.nobody.CAD", "")):
        refusal = office.service.change_setting("Maple", key, value).exception(10)
        assert "No customer was chosen for this client" in str(refusal)


def test_a_new_customer_may_be_chosen_instead(office: Office) -> None:
    for name in ("One", "Two"):
        office.enter_customer(name, EMAIL)
    office.post(document())
    assert office.resolve("new_customer").synced == 1
    assert office.count("Customer") == (3,)


def test_a_second_client_of_another_name_with_the_same_email_is_asked_about(
    office: Office,
) -> None:
    office.post(document("a"))
    office.post(document("b", client=customer(id="cus_2", name="Tower Two")))
    assert office.status("b") is Status.NEEDS_ATTENTION
    assert "Another client of a different name has the same email" in office.row("b").message
    assert f"In QuickBooks “{NAME}” is customer “{NAME}”." in office.row("b").message
    assert office.resolve("new_customer", "b").synced == 1
    assert _customer_of(office, "N-a") != _customer_of(office, "N-b")


def test_two_new_clients_with_one_email_do_not_become_one_unasked(office: Office) -> None:
    office.post(document("a"), document("b", client=customer(id="cus_2", name="Tower Two")))
    # The first gets a customer of its own name, whatever is said of the second.
    assert (office.status("a"), office.status("b")) == (Status.SYNCED, Status.NEEDS_ATTENTION)
    assert [entry["DisplayName"] for entry in office.entities("Customer")] == [NAME]


def test_clients_of_different_names_whose_email_a_customer_has_are_each_asked_about(
    office: Office,
) -> None:
    there = office.enter_customer("Property Manager Ltd", EMAIL)
    office.post(document("a"), document("b", client=customer(id="cus_2", name="Tower Two")))
    assert {office.status("a"), office.status("b")} == {Status.NEEDS_ATTENTION}
    assert office.count("Invoice") == (0,)
    assert office.resolve(f"use:{there}", "a").synced == 1
    assert office.resolve("new_customer", "b").synced == 1


def test_the_same_client_under_two_ids_is_one_customer(office: Office) -> None:
    office.post(document("a"), document("b", client=customer(id="cus_2")))
    assert office.count("Customer", "Invoice") == (1, 2)


def test_the_same_client_under_two_ids_is_one_customer_before_a_query_finds_it(
    open_office: OpenOffice,
) -> None:
    office = open_office(query_lag=60)
    office.post(document("a"))
    office.post(document("b", client=customer(id="cus_2")))
    assert office.count("Customer", "Invoice") == (1, 2)


def test_a_name_that_a_vendor_bears_gets_a_suffix(office: Office) -> None:
    office.enter("vendor", {"DisplayName": NAME})
    assert office.post(document()).synced == 1
    (made,) = office.entities("Customer")
    assert made["DisplayName"] == f"{NAME} (customer)"


def test_a_name_whose_suffix_is_taken_as_well_gets_another(office: Office) -> None:
    office.enter("vendor", {"DisplayName": NAME})
    office.enter("vendor", {"DisplayName": f"{NAME} (customer)"})
    assert office.post(document()).synced == 1
    (made,) = office.entities("Customer")
    assert made["DisplayName"].startswith(NAME)


def test_a_name_of_a_customer_with_another_email_gets_a_suffix(office: Office) -> None:
    office.enter_customer(NAME, "other@example.com")
    assert office.post(document()).synced == 1
    names = {entry["DisplayName"] for entry in office.entities("Customer")}
    assert names == {NAME, f"{NAME} ({EMAIL})"}


def test_a_name_of_a_customer_without_an_email_is_asked_about_and_may_be_linked(
    office: Office,
) -> None:
    there = office.enter_customer(NAME)
    office.post(document())
    assert "of this name without an email" in office.row().message
    assert office.choices() == [f"use:{there}", "new_customer", "try_again"]
    assert office.resolve(f"use:{there}").synced == 1
    assert _customer_of(office, "N-inv-1") == there
    assert office.count("Customer") == (1,)


def test_a_name_of_a_customer_without_an_email_may_be_another_client(office: Office) -> None:
    office.enter_customer(NAME)
    office.post(document())
    assert office.resolve("new_customer").synced == 1
    assert office.count("Customer") == (2,)


def test_a_customer_put_away_is_left_alone_and_that_is_said(office: Office) -> None:
    there = office.enter_customer("H. C.", EMAIL)
    _change(office, there, Active=False)
    assert office.post(document()).synced == 1
    assert _customer_of(office, "N-inv-1") != there
    assert "put away in QuickBooks" in office.row().message


def test_a_customer_put_away_after_its_first_invoice_holds_nobody_up_for_ever(
    office: Office,
) -> None:
    office.post(document("a"))
    _change(office, _customer_of(office, "N-a"), Active=False)
    office.post(document("b"))
    if office.status("b") is Status.NEEDS_ATTENTION:
        office.resolve("try_again", "b")
    assert office.status("b") is Status.SYNCED


def test_in_a_company_of_several_currencies_a_client_has_a_customer_for_each(
    open_office: OpenOffice,
) -> None:
    office = open_office(multicurrency=True)
    dollars = payment("113.00", currency="USD")
    office.post(document("a"))
    office.post(document("b", currency="USD", payments=[dollars]))
    assert office.status("b") is Status.SYNCED
    found = {
        entry["DisplayName"]: entry["CurrencyRef"]["value"] for entry in office.entities("Customer")
    }
    assert found == {NAME: "CAD", f"{NAME} (USD)": "USD"}
    usd = next(e for e in office.entities("Invoice") if e["DocNumber"] == "N-b")
    assert usd["CurrencyRef"]["value"] == "USD"
    assert usd["ExchangeRate"]
    assert f"this client has a second one for USD, “{NAME} (USD)”" in office.row("b").message


def test_a_foreign_invoice_takes_its_issue_days_rate_and_a_payment_its_own_days(
    open_office: OpenOffice,
) -> None:
    office = open_office(multicurrency=True, daily_rates=True)
    dollars = payment("113.00", currency="USD")
    assert office.post(document(currency="USD", payments=[dollars])).synced == 1
    rates = [office.entities(kind)[0]["ExchangeRate"] for kind in ("Invoice", "Payment")]
    days = (date(2026, 11, 1), date(2026, 11, 10))
    assert rates == [office.books.rate_on("USD", day) for day in days]
    assert rates[0] != rates[1]
    assert office.trial_balance()["Exchange Gain or Loss"] != 0


def test_a_day_without_a_rate_is_held_until_one_is_entered(open_office: OpenOffice) -> None:
    office = open_office(multicurrency=True, day_without_rate="2026-11-10")
    office.post(document(currency="USD", payments=[payment("113.00", currency="USD")]))
    assert "no exchange rate for USD" in office.row().message
    assert office.count("Customer", "Invoice") == (0, 0)
    office.world.switches.change({"day_without_rate": None})
    assert office.resolve("try_again").synced == 1


def test_customers_are_found_beyond_the_first_thousand(office: Office) -> None:
    # So many unknown addresses that all customers are read page by page.
    for number in range(2100):
        office.books.add(
            "Customer",
            {
                "DisplayName": f"Customer {number}",
                "FullyQualifiedName": f"Customer {number}",
                "Active": True,
                "Balance": 0,
                "PrimaryEmailAddr": {"Address": f"{number}@example.com"},
                "CurrencyRef": {"value": "CAD"},
            },
        )
    wanted = (0, 998, 999, 1000, 1001, 1997, 1998, 1999, 2000, 2001, 2050, 2099)
    office.post(
        *(
            document(
                f"inv-{n}",
                client=customer(id=f"c{n}", name=f"Client {n}", email=f"{n}@example.com"),
            )
            for n in wanted
        )
    )
    assert office.count("Customer", "Invoice") == (2100, len(wanted))
