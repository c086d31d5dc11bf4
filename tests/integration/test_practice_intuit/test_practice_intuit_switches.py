"""The rarer behaviours of QuickBooks, each behind a switch of its own."""

import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal

import anyio
import pytest

from qbdesk.practice import wire
from qbdesk.practice.intuit.wording import FRENCH_DETAILS, FRENCH_MESSAGES, MESSAGES

FINANCE = "{http://schema.intuit.com/finance/v3}"


def without_json(practice, accept: str | None) -> None:
    del practice.http.headers["accept"]
    if accept is not None:
        practice.http.headers["accept"] = accept


# Answers in XML


@pytest.mark.parametrize("accept", [None, "application/xml"])
async def test_whoever_does_not_ask_for_json_is_answered_in_xml(practice, accept):
    customer = await practice.customer("Ärger & <Söhne>")
    made = await practice.invoice(customer["Id"])
    without_json(practice, accept)
    answer = await practice.get(f"invoice/{made['Id']}")
    assert answer.headers["content-type"].startswith("application/xml")
    invoice = ET.fromstring(answer.content).find(f"{FINANCE}Invoice")
    assert invoice is not None
    assert invoice.get("domain") == "QBO"
    assert invoice.findtext(f"{FINANCE}TotalAmt") == "113.00"
    reference = invoice.find(f"{FINANCE}CustomerRef")
    assert reference is not None
    assert (reference.text, reference.get("name")) == (customer["Id"], "Ärger & <Söhne>")
    assert len(invoice.findall(f"{FINANCE}Line")) == 2


async def test_a_fault_in_xml_has_its_code_as_an_attribute(practice):
    without_json(practice, None)
    answer = await practice.get("invoice/999")
    error = ET.fromstring(answer.content).find(f"{FINANCE}Fault/{FINANCE}Error")
    assert answer.status_code == 400
    assert error is not None
    assert error.get("code") == "610"


async def test_without_the_switch_every_answer_is_json(practice, code_of):
    practice.switches.xml_without_accept = False
    without_json(practice, None)
    assert code_of(await practice.get("invoice/999")) == "610"


# Limits


async def test_more_than_ten_at_one_time_are_429(practice):
    practice.switches.most_in_flight = 10
    release = anyio.Event()

    async def wait(_: float) -> None:
        await release.wait()

    practice.company._sleep = wait
    practice.company.faults.add("slow", times=None)
    statuses: list[int] = []

    async def ask() -> None:
        statuses.append((await practice.get("preferences")).status_code)
        release.set()

    async with anyio.create_task_group() as group:
        for _ in range(11):
            group.start_soon(ask)
    assert sorted(statuses) == [200] * 10 + [429]
    assert (await practice.get("preferences")).status_code == 200


async def test_a_throttle_can_come_in_the_gateways_json(practice, code_of):
    practice.switches.throttled_in_json = True
    practice.switches.retry_after = 7
    practice.company.faults.add("throttled")
    answer = await practice.get("preferences")
    assert (answer.status_code, code_of(answer)) == (429, "3001")
    assert answer.json()["fault"]["type"] == "SERVICE"
    assert answer.headers["retry-after"] == "7"


async def test_reads_and_batches_end_with_the_months_allowance_and_writes_do_not(practice):
    practice.switches.monthly_reads = 2
    assert (await practice.get("preferences")).status_code == 200
    await practice.batch([{"bId": "1", "Query": "SELECT * FROM Term"}])
    assert (await practice.get("preferences")).status_code == 429
    assert (await practice.post("batch", {"BatchItemRequest": []})).status_code == 429
    await practice.customer()
    practice.clock.advance(30 * 24 * 3600)
    practice.sign_in()
    assert (await practice.get("preferences")).status_code == 200


# Request ids


async def test_a_requestid_with_another_content_can_be_600(practice, code_of):
    bodies = [{"DisplayName": "One"}, {"DisplayName": "Two"}]
    first = await practice.made("Customer", bodies[0], requestid="r-1")
    assert (await practice.made("Customer", bodies[1], requestid="r-1"))["Id"] == first["Id"]
    practice.switches.request_id_other_content = "refused"
    assert code_of(await practice.post("customer", bodies[1], requestid="r-1")) == "600"
    assert (await practice.made("Customer", bodies[0], requestid="r-1"))["Id"] == first["Id"]


async def test_a_refusal_can_be_answered_from_memory_too(practice, code_of):
    practice.switches.remember_refusals = True
    vendor = await practice.made("Vendor", {"DisplayName": "Acme"})
    body = {"DisplayName": "Acme"}
    assert code_of(await practice.post("customer", body, requestid="r-1")) == "6240"
    await practice.made("Vendor", {**vendor, "Active": False})
    assert code_of(await practice.post("customer", body, requestid="r-1")) == "6240"
    await practice.made("Customer", body, requestid="r-2")


# Sign-in


async def test_a_rotated_refresh_token_can_live_for_a_while(visitor):
    landed = visitor.company.sign_in.consent()
    first = (await visitor.exchange(landed)).json()["refresh_token"]
    visitor.switches.old_refresh_lifetime = 86_400
    visitor.clock.advance(86_400)
    second = (await visitor.refresh(first)).json()["refresh_token"]
    assert second != first
    assert (await visitor.refresh(first)).json()["refresh_token"] == second
    visitor.clock.advance(86_399)
    assert (await visitor.refresh(first)).status_code == 200
    visitor.clock.advance(86_400)
    assert (await visitor.refresh(first)).json()["error"] == "invalid_grant"


async def test_a_new_consent_can_end_the_ones_before_it(visitor):
    tokens = [
        (await visitor.exchange(visitor.company.sign_in.consent())).json()["refresh_token"]
        for _ in range(2)
    ]
    assert (await visitor.refresh(tokens[0])).status_code == 200
    visitor.switches.one_grant = True
    third = (await visitor.exchange(visitor.company.sign_in.consent())).json()["refresh_token"]
    assert [(await visitor.refresh(token)).status_code for token in (*tokens, third)] == [
        *(400, 400),
        200,
    ]


async def test_the_discovery_document_names_addresses_that_are_there(visitor):
    for name in ("openid_sandbox_configuration", "openid_configuration"):
        found = (await visitor.http.get(f"/developer/.well-known/{name}")).json()
        for endpoint in ("token_endpoint", "revocation_endpoint"):
            answer = await visitor.http.post(found[endpoint], auth=("app-id", "wrong"))
            assert answer.json() == {"error": "invalid_client"}
        assert (await visitor.http.get(found["authorization_endpoint"])).status_code == 400


# Queries


async def test_an_order_by_id_is_ignored_unless_it_is_switched_on(practice):
    for name in ("A", "B", "C"):
        await practice.customer(name)

    async def names() -> str:
        found = await practice.query("SELECT * FROM Customer ORDERBY Id DESC")
        return "".join(each["DisplayName"] for each in found["Customer"])

    assert await names() == "ABC"
    practice.switches.order_by_id = True
    assert await names() == "CBA"


async def test_addresses_can_be_asked_for_as_a_list(practice):
    practice.switches.email_in = True
    for name in ("a", "b", "c"):
        await practice.customer(name, PrimaryEmailAddr={"Address": f"{name}@x.test"})
    listed = "PrimaryEmailAddr IN ('a@x.test', 'C@x.test')"
    found = await practice.query(f"SELECT * FROM Customer WHERE {listed}")
    assert [each["DisplayName"] for each in found["Customer"]] == ["a", "c"]


async def test_a_query_can_lag_behind_what_was_made(practice):
    practice.switches.query_lag = 30
    customer = await practice.customer()
    assert await practice.query("SELECT * FROM Customer") == {}
    assert len((await practice.query("SELECT * FROM Term"))["Term"]) == 3
    assert (await practice.seen("Customer", customer["Id"]))["DisplayName"] == "Acme Ltd"
    practice.clock.advance(30)
    assert len((await practice.query("SELECT * FROM Customer"))["Customer"]) == 1


async def test_a_bad_address_on_an_old_invoice_breaks_queries_that_do_not_name_it(
    practice, code_of
):
    customer = await practice.customer()
    bad = {"BillEmail": {"Address": "nobody"}}
    refused = await practice.post("invoice", practice.invoice_body(customer["Id"], "1", **bad))
    assert code_of(refused) == "2210"
    practice.switches.bad_email_breaks_queries = True
    made = await practice.invoice(customer["Id"], "1", **bad)
    by_number = "SELECT * FROM Invoice WHERE DocNumber = 'INV-2'"
    assert code_of(await practice.get("query", query=by_number)) == "4002"
    assert (await practice.seen("Invoice", made["Id"]))["DocNumber"] == "1"


# Names, numbers, dates, addresses


async def test_a_customer_who_owes_cannot_be_put_away(practice, code_of):
    customer = await practice.customer()
    invoice = await practice.invoice(customer["Id"])
    owing = await practice.seen("Customer", customer["Id"])
    body = {**owing, "Active": False}
    assert code_of(await practice.post("customer", body)) == "6220"
    account = practice.books.entities["Account"]["1"]
    assert account["CurrentBalance"] == Decimal("100.00")
    assert code_of(await practice.post("account", {**account, "Active": False})) == "6220"
    await practice.payment(invoice, "113.00")
    assert (await practice.made("Customer", body))["Active"] is False


async def test_a_balance_can_be_put_away_where_that_is_switched_on(practice):
    practice.switches.put_away_with_balance = True
    customer = await practice.customer()
    await practice.invoice(customer["Id"])
    owing = await practice.seen("Customer", customer["Id"])
    assert (await practice.made("Customer", {**owing, "Active": False}))["Active"] is False


@pytest.mark.parametrize(
    ("custom", "refuse", "automatic", "refused"),
    [
        (True, True, False, True),
        (True, False, True, False),
        (False, True, False, False),
        (False, True, True, True),
        (False, False, True, False),
    ],
)
async def test_a_number_used_twice_is_refused_by_custom_numbers_and_preference(
    practice, code_of, custom, refuse, automatic, refused
):
    practice.switches.custom_numbers = custom
    practice.switches.refuse_duplicate_numbers = refuse
    practice.switches.check_automatic_numbers = automatic
    customer = await practice.customer()
    body = practice.invoice_body(customer["Id"], "INV-1")
    await practice.made("Invoice", body)
    again = await practice.post("invoice", body)
    assert again.status_code == (400 if refused else 200)
    if refused:
        assert code_of(again) == "6140"
        await practice.made("Invoice", body, include="allowduplicatedocnum")


async def test_a_due_date_left_out_follows_the_terms(practice):
    with_terms = await practice.customer("With terms", SalesTermRef={"value": "2"})
    without = await practice.customer("Without terms")

    async def due(customer: dict, number: str, **fields) -> str:
        return (await practice.invoice(customer["Id"], number, **fields))["DueDate"]

    assert await due(with_terms, "1") == "2026-10-30"
    assert await due(with_terms, "2", SalesTermRef={"value": "3"}) == "2026-11-29"
    practice.switches.terms_of_customer = True
    assert await due(with_terms, "3") == "2026-11-14"
    assert await due(without, "4") == "2026-11-29"
    assert await due(with_terms, "5", DueDate="2026-12-24") == "2026-12-24"


async def test_countries_come_back_in_three_letters_and_places_on_earth_not_at_all(practice):
    sent = {"Line1": "1 Main", "Country": "US", "Lat": "30.2", "Long": "-97.7"}
    customer = await practice.customer(BillAddr=sent)
    assert customer["BillAddr"] == {"Line1": "1 Main", "Country": "USA"}
    invoice = await practice.invoice(customer["Id"], ShipAddr={**sent, "Country": "Freedonia"})
    assert invoice["BillAddr"]["Country"] == "USA"
    assert invoice["ShipAddr"] == {"Line1": "1 Main", "Country": "Freedonia"}
    practice.switches.iso3_countries = False
    assert (await practice.customer("Other", BillAddr=sent))["BillAddr"]["Country"] == "US"


async def test_a_sixth_level_of_customers_is_6180(practice, code_of):
    body = {"DisplayName": "Level 1"}
    for level in range(2, 7):
        parent = await practice.made("Customer", body)
        body = {"DisplayName": f"Level {level}", "Job": True, "ParentRef": {"value": parent["Id"]}}
    assert code_of(await practice.post("customer", body)) == "6180"


# Currencies


async def test_exchange_rates_can_differ_from_day_to_day_and_be_missing(practice, code_of):
    practice.switches.multicurrency = True

    async def rate(day: str) -> Decimal:
        answer = await practice.get("exchangerate", sourcecurrencycode="USD", asofdate=day)
        return wire.loads(answer.content)["ExchangeRate"]["Rate"]

    assert await rate("2026-10-30") == await rate("2026-10-31")
    practice.switches.daily_rates = True
    first = await rate("2026-10-30")
    assert first != await rate("2026-10-31")
    assert first == await rate("2026-10-30")
    practice.switches.day_without_rate = date(2026, 10, 30)
    missing = await practice.get("exchangerate", sourcecurrencycode="USD", asofdate="2026-10-30")
    assert code_of(missing) == "610"


async def test_a_missing_rate_can_be_the_one_of_its_day(practice):
    practice.switches.multicurrency = practice.switches.daily_rates = True
    practice.switches.missing_rate_is_one = False
    customer = await practice.customer(CurrencyRef={"value": "USD"})
    invoice = await practice.invoice(customer["Id"])
    assert invoice["ExchangeRate"] == practice.books.rate_on("USD", date(2026, 10, 30))
    payment = await practice.payment(invoice, "113.00")
    assert payment["ExchangeRate"] == practice.books.rate_on("USD", date(2026, 11, 1))
    assert sum(practice.books.trial_balance().values()) == 0


async def test_a_deposit_goes_to_an_account_in_home_currency_or_the_invoices_own(practice, code_of):
    practice.switches.multicurrency = True
    customer = await practice.customer(CurrencyRef={"value": "USD"})
    invoice = await practice.invoice(customer["Id"], ExchangeRate=Decimal("1.40"))
    accounts = {}
    for currency in ("CAD", "USD", "EUR"):
        body = {"Name": f"Bank {currency}", "AccountType": "Bank"}
        made = await practice.made("Account", {**body, "CurrencyRef": {"value": currency}})
        accounts[currency] = {"DepositToAccountRef": {"value": made["Id"]}}
    wrong = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": 13, **accounts["EUR"]}
    assert code_of(await practice.post("payment", wrong)) == "6000"
    for currency in ("CAD", "USD"):
        await practice.payment(invoice, "13.00", ExchangeRate="1.41", **accounts[currency])


async def test_an_account_of_another_currency_needs_several_currencies(practice, code_of):
    body = {"Name": "Dollars", "AccountType": "Bank", "CurrencyRef": {"value": "USD"}}
    assert code_of(await practice.post("account", body)) == "6000"


# Faults


@pytest.mark.parametrize("code", sorted(MESSAGES, key=int))
async def test_any_fault_code_can_be_had(practice, code_of, code):
    practice.company.faults.add("refused", "POST customer", code=code)
    refused = await practice.post("customer", {"DisplayName": "Acme"})
    assert (refused.status_code, code_of(refused)) == (400, code)
    await practice.customer()


async def test_french_texts_share_no_sentence_with_english_ones():
    assert FRENCH_MESSAGES.keys() <= MESSAGES.keys()
    assert FRENCH_DETAILS.keys() <= FRENCH_MESSAGES.keys()
    assert not set(FRENCH_MESSAGES.values()) & set(MESSAGES.values())


async def test_a_french_detail_does_not_repeat_the_english_one(practice):
    practice.switches.language = "fr"
    await practice.made("Vendor", {"DisplayName": "Acme"})
    refused = (await practice.post("customer", {"DisplayName": "Acme"})).json()
    assert refused["Fault"]["Error"][0] == {
        "Message": FRENCH_MESSAGES["6240"],
        "Detail": FRENCH_DETAILS["6240"],
        "code": "6240",
        "element": "",
    }
