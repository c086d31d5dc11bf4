"""Queries, batches and change data capture."""

from decimal import Decimal

import pytest

from qbdesk.practice.books.chart import AGENCIES


async def test_a_query_pages_by_position_and_says_where_it_is(practice):
    for number in range(1, 8):
        await practice.customer(f"Customer {number}")
    page = await practice.query(
        "select * from Customer orderby DisplayName startposition 4 maxresults 3"
    )
    assert [row["DisplayName"] for row in page["Customer"]] == [
        "Customer 4",
        "Customer 5",
        "Customer 6",
    ]
    assert (page["startPosition"], page["maxResults"]) == (4, 3)
    last = await practice.query("select Id from Customer startposition 7 maxresults 3")
    assert len(last["Customer"]) == 1
    assert "DisplayName" not in last["Customer"][0]
    assert await practice.query("select * from Customer startposition 8") == {}
    assert await practice.query("select count(*) from Customer") == {"totalCount": 7}


async def test_a_query_without_maxresults_answers_a_hundred(practice):
    for number in range(101):
        practice.books.add("Customer", {"DisplayName": f"C {number}", "Active": True})
    assert (await practice.query("select * from Customer"))["maxResults"] == 100


@pytest.mark.parametrize(
    ("name", "written"),
    [("O'Brien & Sons", r"O\'Brien & Sons"), ("Œuvre 100%", "Œuvre 100%"), ("a\\b", r"a\\b")],
)
async def test_names_with_special_characters_are_found_escaped(practice, name, written):
    await practice.customer(name)
    found = await practice.query(f"select * from Customer where DisplayName = '{written}'")
    assert [row["DisplayName"] for row in found["Customer"]] == [name]


async def test_an_unescaped_apostrophe_breaks_the_query(practice, code_of):
    answer = await practice.get("query", query="select * from Customer where DisplayName='O'Brien'")
    assert (answer.status_code, code_of(answer)) == (400, "4000")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("", "2020"),
        ("select", "4000"),
        ("select * from Customer where Id > > '1'", "4000"),
        ("select * from Customer where Id = '1' or Id = '2'", "4000"),
        ("select * from Customer startposition 0", "4001"),
        ("select * from Unicorn", "4001"),
        ("select * from Customer where PrimaryEmailAddr.Address = 'a@x.test'", "4001"),
        ("select * from Customer where PrimaryEmailAddr in ('a@x.test')", "4001"),
        ("select * from Customer where AcctNum = '1'", "4001"),
        ("select * from Invoice where PrivateNote = 'x'", "4001"),
        ("select * from Invoice where TotalAmt = '1'", "4001"),
        ("select * from Vendor where PrimaryEmailAddr = 'a@x.test'", "4001"),
    ],
)
async def test_what_the_query_language_lacks_is_refused(practice, code_of, statement, code):
    answer = await practice.get("query", query=statement)
    assert (answer.status_code, code_of(answer)) == (400, code)


async def test_an_address_among_several_is_found_by_like_only(practice):
    await practice.customer(PrimaryEmailAddr={"Address": "a@x.test, Ap@Acme.test"})
    select = "select * from Customer where PrimaryEmailAddr"
    assert await practice.query(f"{select} = 'ap@acme.test'") == {}
    found = await practice.query(f"{select} like '%ap@acme.test%'")
    assert len(found["Customer"]) == 1


async def test_what_is_inactive_is_only_found_when_asked_for(practice):
    customer = await practice.customer()
    change = {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    await practice.made("Customer", change)
    assert await practice.query("select * from Customer") == {}
    found = await practice.query("select * from Customer where Active in (true, false)")
    assert found["Customer"][0]["DisplayName"] == "Acme Ltd (deleted)"


async def test_an_invoice_is_found_by_its_number_with_exact_money(practice):
    await practice.invoice((await practice.customer())["Id"], "INV-7")
    found = await practice.query("select * from Invoice where DocNumber in ('INV-6', 'inv-7')")
    assert found["Invoice"][0]["TotalAmt"] == Decimal("113.00")
    open_ones = await practice.query("select * from Invoice where Balance > '0'")
    assert len(open_ones["Invoice"]) == 1


async def test_a_long_query_goes_by_post(practice):
    await practice.customer()
    address = f"/sandbox-quickbooks/v3/company/{practice.company.realm_id}/query"
    names = ", ".join(f"'Customer {number}'" for number in range(500))
    answer = await practice.http.post(
        address,
        content=f"select * from Customer where DisplayName in ('Acme Ltd', {names})",
        headers={"content-type": "application/text"},
    )
    assert answer.json()["QueryResponse"]["maxResults"] == 1


async def test_a_posted_query_has_to_say_that_it_is_text(practice, code_of):
    assert code_of(await practice.post("query", "select * from Customer")) == "500"


async def test_the_chart_answers_what_a_set_up_asks(practice):
    undeposited = await practice.query(
        "select * from Account where AccountSubType = 'UndepositedFunds'"
    )
    assert [row["Name"] for row in undeposited["Account"]] == ["Undeposited Funds"]
    income = await practice.query("select * from Account where AccountType = 'Income'")
    assert {"Services", "Uncategorized Income"} <= {row["Name"] for row in income["Account"]}
    assert all(row["Active"] for row in income["Account"])
    banks = await practice.query("select * from Account where AccountType = 'Bank'")
    assert "Card Clearing" in {row["Name"] for row in banks["Account"]}


# Batches


def creation(number: int) -> dict:
    return {
        "bId": str(number),
        "operation": "create",
        "Customer": {"DisplayName": f"C {number}"},
    }


async def test_thirty_items_go_in_one_batch_and_come_back_in_order(practice):
    answers = await practice.batch([creation(number) for number in range(30)])
    assert [answer["bId"] for answer in answers] == [str(number) for number in range(30)]
    assert [answer["Customer"]["DisplayName"] for answer in answers][29] == "C 29"
    assert practice.company.requests.batches == 1


async def test_thirty_one_items_are_too_many(practice, code_of):
    body = {"BatchItemRequest": [creation(number) for number in range(31)]}
    refused = await practice.post("batch", body)
    assert (refused.status_code, code_of(refused)) == (400, "1040")
    assert not practice.books.entities["Customer"]


async def test_a_refused_item_does_not_stop_the_others(practice):
    items = [creation(1), {**creation(1), "bId": "2"}, creation(3)]
    answers = await practice.batch(items)
    assert answers[1]["Fault"]["Error"][0]["code"] == "6240"
    assert [answer["bId"] for answer in answers if "Customer" in answer] == ["1", "3"]


async def test_items_do_not_see_what_earlier_ones_of_their_batch_made(practice):
    invoice = practice.invoice_body("1", "INV-1")
    answers = await practice.batch(
        [
            creation(1),
            {"bId": "2", "operation": "create", "Invoice": invoice},
            {"bId": "3", "Query": "select * from Customer"},
        ]
    )
    assert answers[0]["Customer"]["Id"] == "1"
    assert answers[1]["Fault"]["Error"][0]["code"] == "2500"
    assert answers[2]["QueryResponse"] == {}
    assert (await practice.query("select * from Customer"))["maxResults"] == 1


async def test_changes_voids_and_deletes_go_in_batches_too(practice):
    customer = await practice.customer()
    first = await practice.invoice(customer["Id"], "INV-1")
    second = await practice.invoice(customer["Id"], "INV-2")
    payment = await practice.payment(first, "113.00")
    key = {"Id": payment["Id"], "SyncToken": "0", "sparse": True}
    answers = await practice.batch(
        [
            {"bId": "a", "operation": "update", "optionsData": "include=void", "Payment": key},
            {"bId": "b", "operation": "delete", "Invoice": {"Id": second["Id"], "SyncToken": "0"}},
        ]
    )
    assert answers[0]["Payment"]["TotalAmt"] == 0
    assert answers[1]["Invoice"]["status"] == "Deleted"


async def test_a_batch_sent_again_under_its_requestid_is_answered_from_memory(practice):
    items = [creation(1), {**creation(2), "Customer": {"DisplayName": ""}}]
    first = await practice.batch(items, requestid="batch-1")
    again = await practice.batch([items[0], creation(2), creation(3)], requestid="batch-1")
    assert again[0] == first[0]
    assert "Fault" in first[1]
    assert [answer["Customer"]["DisplayName"] for answer in again[1:]] == ["C 2", "C 3"]


@pytest.mark.parametrize(
    ("request_id", "b_id"), [("r" * 37, "1"), ("r", "1" * 11)], ids=["long requestid", "long bId"]
)
async def test_batches_replay_under_short_ids_only(practice, code_of, request_id, b_id):
    body = {"BatchItemRequest": [{**creation(1), "bId": b_id}]}
    refused = await practice.post("batch", body, requestid=request_id)
    assert (refused.status_code, code_of(refused)) == (400, "2130")


@pytest.mark.parametrize(
    "items",
    [
        None,
        [1],
        [{"operation": "create", "Customer": {"DisplayName": "A"}}],
        [{"bId": "1", "Query": "select * from Term"}, {"bId": "1", "Query": "select * from Term"}],
    ],
    ids=["no list", "no objects", "no bId", "bId twice"],
)
async def test_an_ill_formed_batch_is_refused_whole(practice, items):
    answer = await practice.post("batch", {"BatchItemRequest": items})
    assert answer.status_code == 400
    assert not practice.books.entities["Customer"]


async def test_an_item_of_a_kind_that_cannot_be_written_is_2010(practice):
    answers = await practice.batch(
        [{"bId": "1", "operation": "create", "Unicorn": {}}, {"bId": "2", "operation": "create"}]
    )
    assert [answer["Fault"]["Error"][0]["code"] for answer in answers] == ["2010", "2010"]


async def test_with_an_ended_subscription_a_batch_still_reads(practice):
    practice.switches.subscription_status = "SUSPENDED"
    answers = await practice.batch([creation(1), {"bId": "2", "Query": "select * from Term"}])
    assert answers[0]["Fault"]["Error"][0]["code"] == "6190"
    assert answers[1]["QueryResponse"]["maxResults"] == 3


# Change data capture


async def changes(practice, since: str, kinds: str = "Invoice,Payment") -> list[dict]:
    answer = await practice.get("cdc", entities=kinds, changedSince=since)
    assert answer.status_code == 200, answer.text
    return answer.json()["CDCResponse"][0]["QueryResponse"]


async def test_changes_since_a_moment_hold_what_was_made_changed_and_deleted(practice):
    customer = await practice.customer()
    old = await practice.invoice(customer["Id"], "INV-1")
    gone = await practice.invoice(customer["Id"], "INV-2")
    practice.clock.advance(60)
    since = practice.clock().isoformat()
    await practice.made("Invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
    payment = await practice.payment(old, "113.00")
    invoices, payments = await changes(practice, since)
    assert [(row["Id"], row.get("status")) for row in invoices["Invoice"]] == [
        (old["Id"], None),
        (gone["Id"], "Deleted"),
    ]
    assert (invoices["startPosition"], invoices["totalCount"]) == (1, 2)
    assert [row["Id"] for row in payments["Payment"]] == [payment["Id"]]
    assert "startPosition" not in payments
    assert await changes(practice, since, "Customer") == [{}]


async def test_a_voided_payment_is_no_deleted_one(practice):
    invoice = await practice.invoice((await practice.customer())["Id"])
    payment = await practice.payment(invoice, "113.00")
    await practice.made("Payment", payment, operation="update", include="void")
    blocks = await changes(practice, "2026-11-01T00:00:00-08:00", "Payment")
    assert blocks[0]["Payment"][0]["TotalAmt"] == 0
    assert "status" not in blocks[0]["Payment"][0]


@pytest.mark.parametrize(
    ("kinds", "since"),
    [
        ("", "2026-11-01"),
        ("Invoice", ""),
        ("Invoice", "2026-10-01"),
        ("Invoice", "yesterday"),
        ("TaxCode", "2026-11-01"),
        ("Unicorn", "2026-11-01"),
    ],
)
async def test_changes_are_refused_beyond_what_is_kept(practice, kinds, since):
    answer = await practice.get("cdc", entities=kinds, changedSince=since)
    assert answer.status_code == 400
    assert "Fault" in answer.json()


async def test_an_agency_says_up_to_which_day_its_tax_on_sales_is_filed(practice):
    agencies = (await practice.query("SELECT * FROM TaxAgency"))["TaxAgency"]
    assert len(agencies) == len(AGENCIES)
    assert not any("LastFileDate" in agency for agency in agencies)
    practice.switches.change({"last_file_date": "2026-09-30"})
    manitoba = practice.books.named("TaxAgency", "Manitoba Finance")
    manitoba["TaxTrackedOnSales"] = False
    agencies = (await practice.query("SELECT * FROM TaxAgency"))["TaxAgency"]
    filed = {agency["DisplayName"]: agency.get("LastFileDate") for agency in agencies}
    assert filed == dict.fromkeys(AGENCIES, "2026-09-30") | {"Manitoba Finance": None}
    key = next(agency["Id"] for agency in agencies if agency["DisplayName"] == "Revenu Québec")
    one = (await practice.get(f"taxagency/{key}")).json()["TaxAgency"]
    assert (one["LastFileDate"], one["TaxTrackedOnPurchases"]) == ("2026-09-30", True)
