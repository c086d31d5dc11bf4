"""Limits, replays and everything that can go wrong between a client and the practice company."""

import asyncio
import socket
from datetime import timedelta

import httpx
import pytest
import uvicorn
from defusedxml import ElementTree

from qbdesk.practice.clock import intuit_time

REALM_ROOT = "/sandbox-quickbooks/v3/company/{}"


@pytest.fixture
async def real_http(practice):
    """The practice company on a real port of this machine, and a signed-in client of it."""
    config = uvicorn.Config(practice.app, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        headers = {"authorization": practice.http.headers["authorization"]}
        root = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=root, headers=headers) as client:
            yield client
        server.should_exit = True
        await serving


def address_of(practice, resource: str) -> str:
    return f"{REALM_ROOT.format(practice.company.realm_id)}/{resource}"


def customers(practice) -> list[str]:
    return [entity["DisplayName"] for entity in practice.books.of("Customer")]


# Limits


async def test_more_than_ten_requests_in_a_second_are_429_as_xml_until_the_second_is_over(practice):
    practice.switches.limits = True
    for _ in range(10):
        assert (await practice.get("preferences")).status_code == 200
    practice.clock.advance(0.5)
    refused = await practice.get("preferences")
    assert refused.status_code == 429
    assert refused.headers["content-type"].startswith("application/xml")
    assert "retry-after" not in refused.headers
    error = ElementTree.fromstring(refused.content).find(".//{*}Error")
    assert error.attrib["code"] == "3001"
    practice.clock.advance(0.5)
    assert (await practice.get("preferences")).status_code == 200
    assert practice.company.requests.throttled == 1


async def test_more_than_five_hundred_requests_in_a_minute_are_refused(practice):
    practice.switches.limits = True
    for _ in range(500):
        practice.clock.advance(0.1)
        assert (await practice.get("preferences")).status_code == 200
    practice.clock.advance(5)
    practice.switches.retry_after = 30
    refused = await practice.get("preferences")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    practice.clock.advance(5.1)
    assert (await practice.get("preferences")).status_code == 200


async def test_more_than_forty_batches_in_a_minute_are_refused_single_requests_are_not(
    practice,
):
    practice.switches.limits = True
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}]}
    for _ in range(40):
        practice.clock.advance(1)
        assert (await practice.post("batch", body)).status_code == 200
    practice.clock.advance(1)
    assert (await practice.post("batch", body)).status_code == 429
    assert (await practice.get("preferences")).status_code == 200


async def test_requests_are_counted_by_kind(practice):
    await practice.customer()
    await practice.query("select * from Customer")
    await practice.batch([{"bId": "1", "Query": "select * from Term"}])
    await practice.http.post(
        address_of(practice, "query"),
        content="select * from Customer",
        headers={"content-type": "application/text"},
    )
    counts = (await practice.http.get("/practice/books")).json()["requests"]
    assert counts == {"reads": 2, "writes": 1, "batches": 1, "refreshes": 0, "throttled": 0}


async def test_an_address_of_more_than_four_thousand_characters_stops_at_the_edge(practice):
    refused = await practice.get("query", query="select * from Term" + " " * 4000)
    assert refused.status_code == 414
    assert refused.headers["content-type"].startswith("text/html")
    short = await practice.get("query", query="select * from Term" + " " * 3700)
    assert short.status_code == 200


# Replays


async def test_the_same_requestid_is_done_once_and_answered_twice(practice):
    first = await practice.post("customer", {"DisplayName": "Acme"}, requestid="r-1")
    practice.clock.advance(3000)
    again = await practice.post("customer", {"DisplayName": "Acme"}, requestid="r-1")
    assert again.content == first.content
    assert customers(practice) == ["Acme"]


async def test_a_replay_answers_the_original_even_after_it_was_deleted(practice):
    invoice = await practice.invoice((await practice.customer())["Id"])
    body = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": 10}
    first = await practice.post("payment", body, requestid="r-1")
    payment = first.json()["Payment"]
    gone = {"Id": payment["Id"], "SyncToken": "0"}
    await practice.made("Payment", gone, operation="delete")
    assert (await practice.post("payment", body, requestid="r-1")).content == first.content
    assert not practice.books.entities["Payment"]


async def test_a_requestid_is_forgotten_after_its_time(practice, code_of):
    practice.switches.request_id_ttl = 60
    await practice.post("customer", {"DisplayName": "Acme"}, requestid="r-1")
    practice.clock.advance(61)
    again = await practice.post("customer", {"DisplayName": "Acme"}, requestid="r-1")
    assert code_of(again) == "6240"


async def test_requestids_can_be_ignored(practice, code_of):
    practice.switches.request_ids = "ignored"
    await practice.post("customer", {"DisplayName": "Acme"}, requestid="r-1")
    again = await practice.post("customer", {"DisplayName": "Acme"}, requestid="r-1")
    assert code_of(again) == "6240"


async def test_a_refusal_is_not_remembered(practice, code_of):
    refused = await practice.post("customer", {"DisplayName": "A:B"}, requestid="r-1")
    assert code_of(refused) == "2040"
    taken = await practice.post("customer", {"DisplayName": "A B"}, requestid="r-1")
    assert taken.json()["Customer"]["DisplayName"] == "A B"


@pytest.mark.parametrize("request_id", ["", "x" * 51, "with blank", "naïve"])
async def test_an_ill_formed_requestid_is_2130(practice, code_of, request_id):
    refused = await practice.post("customer", {"DisplayName": "Acme"}, requestid=request_id)
    assert (refused.status_code, code_of(refused)) == (400, "2130")
    assert customers(practice) == []


# Faults


async def test_a_lost_reply_leaves_the_change_in_the_books(practice):
    practice.company.faults.add("reply_lost", matching="POST customer")
    assert (await practice.get("preferences")).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        await practice.customer()
    assert customers(practice) == ["Acme Ltd"]
    assert (await practice.get("customer/1")).status_code == 200


async def test_a_lost_request_leaves_nothing(practice):
    practice.company.faults.add("request_lost", matching="write")
    with pytest.raises(httpx.RemoteProtocolError):
        await practice.customer()
    assert customers(practice) == []


async def test_over_real_http_the_connection_closes_without_an_answer(practice, real_http):
    practice.company.faults.add("reply_lost", matching="POST customer")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await real_http.post(address_of(practice, "customer"), json={"DisplayName": "Acme"})
    answer = await real_http.get(address_of(practice, "customer/1"))
    assert answer.json()["Customer"]["DisplayName"] == "Acme"


async def test_a_late_commit_lands_when_the_clock_gets_there(practice):
    practice.company.faults.add("commit_late", matching="POST customer", seconds=120)
    with pytest.raises(httpx.RemoteProtocolError):
        await practice.customer()
    practice.clock.advance(119)
    assert await practice.query("select * from Customer") == {}
    due = practice.clock.now + timedelta(seconds=1)
    practice.clock.advance(60)
    (found,) = (await practice.query("select * from Customer"))["Customer"]
    assert found["DisplayName"] == "Acme Ltd"
    assert found["MetaData"]["CreateTime"] == intuit_time(due)


async def test_a_late_commit_and_its_repetition_under_one_requestid_are_one(practice):
    practice.company.faults.add("commit_late", seconds=120)
    with pytest.raises(httpx.RemoteProtocolError):
        await practice.post("customer", {"DisplayName": "Acme"}, requestid="r-1")
    await practice.post("customer", {"DisplayName": "Acme"}, requestid="r-1")
    practice.clock.advance(120)
    practice.company.catch_up()
    assert customers(practice) == ["Acme"]


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("unavailable", 503, "text/html"),
        ("server_error", 500, "application/json"),
        ("throttled", 429, "application/xml"),
        ("unauthorised", 401, "application/json"),
    ],
)
async def test_an_error_from_in_front_of_the_books_changes_nothing(
    practice, kind, status, content_type
):
    practice.company.faults.add(kind)
    answer = await practice.post("customer", {"DisplayName": "Acme"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(content_type)
    assert customers(practice) == []
    assert (await practice.post("customer", {"DisplayName": "Acme"})).status_code == 200


async def test_an_error_can_hide_a_success(practice):
    practice.company.faults.add("unavailable", after_commit=True)
    assert (await practice.post("customer", {"DisplayName": "Acme"})).status_code == 503
    assert customers(practice) == ["Acme"]


@pytest.mark.parametrize("kind", ["garbage", "empty", "cut_off"])
async def test_an_unreadable_answer_hides_a_success(practice, kind):
    practice.company.faults.add(kind)
    answer = await practice.post("customer", {"DisplayName": "Acme"})
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()
    assert customers(practice) == ["Acme"]


@pytest.mark.parametrize("kind", ["slow", "slow_drip"])
async def test_a_slow_answer_takes_its_seconds_and_is_whole(practice, kind):
    practice.company.faults.add(kind, seconds=30)
    customer = await practice.customer()
    assert customer["DisplayName"] == "Acme Ltd"
    assert sum(practice.slept) == pytest.approx(30)


async def test_a_fault_stands_as_often_as_it_was_asked_for(practice):
    practice.company.faults.add("unavailable", "GET preferences", times=2)
    answers = [(await practice.get("preferences")).status_code for _ in range(3)]
    assert answers == [503, 503, 200]
    practice.company.faults.add("unavailable", "GET preferences", times=None)
    answers = [(await practice.get("preferences")).status_code for _ in range(3)]
    assert answers == [503, 503, 503]
    practice.company.faults.clear()
    assert (await practice.get("preferences")).status_code == 200


async def test_the_sign_in_suffers_faults_too(visitor):
    sign_in = visitor.company.sign_in
    tokens = sign_in.exchange(sign_in.consent(), visitor.company.redirect_uri)
    visitor.clock.advance(86_400)
    visitor.company.faults.add("reply_lost", "refresh_token")
    with pytest.raises(httpx.RemoteProtocolError):
        await visitor.refresh(tokens.refresh_token)
    lost = await visitor.refresh(tokens.refresh_token)
    assert lost.json()["error"] == "invalid_grant"


# What scripts can do


async def test_a_script_adds_lists_and_clears_faults(practice):
    fault = {"kind": "unavailable", "matching": "POST invoice", "times": None, "seconds": 0.5}
    added = await practice.http.post("/practice/faults", json=fault)
    assert added.json() == [{**fault, "after_commit": False, "code": "6000"}]
    assert (await practice.http.get("/practice/faults")).json() == added.json()
    assert (await practice.http.delete("/practice/faults")).json() == []


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"kind":"flood"}', b'{"kind":"slow","seconds":"x"}', b'{"sort":1}']
)
async def test_a_fault_that_does_not_exist_is_refused(practice, content):
    answer = await practice.http.post("/practice/faults", content=content)
    assert answer.status_code == 400
    assert practice.company.faults.listed() == []


async def test_a_script_reads_and_changes_switches(practice):
    change = {"language": "fr", "book_close_date": "2026-09-30", "limits": True}
    changed = (await practice.http.post("/practice/switches", json=change)).json()
    assert {name: changed[name] for name in change} == change
    assert practice.switches.language == "fr"
    refused = await practice.http.post("/practice/switches", json={"language": 3, "drift": True})
    assert refused.status_code == 400
    assert (await practice.http.get("/practice/switches")).json() == changed


async def test_a_script_looks_into_the_books(practice):
    invoice = await practice.invoice((await practice.customer())["Id"])
    await practice.payment(invoice, "100.00")
    books = (await practice.http.get("/practice/books")).json()
    assert books["trial_balance"]["Undeposited Funds"] == 100
    assert [row["DocNumber"] for row in books["open_invoices"]] == ["INV-1"]
    assert books["counts"]["Payment"] == 1
    held = (await practice.http.get("/practice/entities/invoice")).json()
    assert held[0]["Balance"] == 13
    assert (await practice.http.get("/practice/entities/unicorn")).status_code == 404
