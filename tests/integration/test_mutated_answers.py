"""Damaged answers of QuickBooks, of its sign-in and of the feed: nothing crashes, nothing is lost.

`make fuzz` runs the same for longer: QBDESK_TEST_SEED and QBDESK_TEST_ANSWERS say which and how
many answers arrive at the client. The seed stands in every failure.
"""

import json
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from bare_client import Clock, NoLog, Tokens
from invoices import customer, document, line, payment
from meddling import MeddledWorld, Raw
from mutations import HTML, mutated
from office import NAME, Office
from pydantic import ValidationError

from qbdesk.practice.world import PracticeWorld
from qbdesk.sync import reading
from qbdesk.sync.operations import StepKind
from qbdesk.sync.preflight import examine
from qbdesk.sync.quickbooks import answers, oauth
from qbdesk.sync.quickbooks.client import (
    Confirmed,
    Outcome,
    QuickBooks,
    QuickBooksError,
    Refused,
    Unknown,
    Unreachable,
    Write,
)
from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.quickbooks.json_reader import NotJson, read_json
from qbdesk.sync.quickbooks.limits import Limiter
from qbdesk.sync.quickbooks.objects import (
    CustomerObject,
    Entity,
    InvoiceObject,
    ItemObject,
    PaymentMethodObject,
    PaymentObject,
)
from qbdesk.sync.quickbooks.queries import query
from qbdesk.sync.sources.feed import FeedSource
from qbdesk.sync.sources.source import SourceRefused, SourceUnreachable
from qbdesk.sync.views import Status

figures = logging.getLogger("figures")
SEED = os.environ.get("QBDESK_TEST_SEED", "1")
ANSWERS = int(os.environ.get("QBDESK_TEST_ANSWERS", "3000"))
WORLDS = max(1, ANSWERS // 10_000)
HOSTS = intuit_hosts("http://127.0.0.1:9")
KEYS = oauth.AppKeys("id", "secret")
NOW = datetime(2026, 11, 25, tzinfo=UTC)
TROUBLES = (
    QuickBooksError,
    Unreachable,
    SourceUnreachable,
    SourceRefused,
    oauth.SignInTrouble,
)
BASIS: dict[str, tuple[StepKind, type[Entity]]] = {
    "customer": (StepKind.CUSTOMER, CustomerObject),
    "item": (StepKind.ITEM, ItemObject),
    "invoice": (StepKind.INVOICE, InvoiceObject),
    "payment": (StepKind.PAYMENT, PaymentObject),
    "paymentmethod": (StepKind.METHOD, PaymentMethodObject),
}


def shown(number: int) -> list[dict[str, Any]]:
    """So many paid invoices of a few clients, with more than one line and payment."""
    found = []
    for at in range(number):
        client = customer(id=f"cus_{at % 9}", name=f"Client {at % 9}", email=f"c{at % 9}@a.example")
        parts = [payment("13.00", id="a"), payment("213.00", id="b", method="cash")]
        found.append(
            document(f"inv-{at}", client=client, lines=[line(), line("2", "50")], payments=parts)
        )
    return found


# ---- the client, answer by answer ----


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Raw]]:
    """Undamaged answers by what asked for them, as a whole pass got them, and faults."""
    heard: dict[str, list[Raw]] = {}

    def listen(path: str, answer: Raw) -> Raw:
        heard.setdefault(_asked(path), []).append(answer)
        return answer

    world = MeddledWorld(invoices=0, seed=7)
    office = Office(tmp_path_factory.mktemp("heard"), world, 0)
    world.meddler.change = listen
    try:
        office.add()
        office.connect()
        office.post(*shown(2))
        office.post(*shown(30))
        for entry in office.entities("Invoice")[:3]:
            client = entry["CustomerRef"]["value"]
            office.enter_payment(client, 1.0)
    finally:
        office.close()
    few = {kind: found[:12] for kind, found in heard.items()}
    assert {"tenant", "invoices", "query", "invoice", "payment", "batch", "bearer"} <= set(few)
    return {kind: found + FAULTS for kind, found in few.items()}


def _asked(path: str) -> str:
    parts = path.rstrip("/").split("/")
    return "companyinfo" if "companyinfo" in parts else parts[-1]


FAULTS = [
    Raw(
        400,
        b"application/json",
        b'{"Fault":{"Error":[{"Message":"m","Detail":"d","code":"6240","element":"x"}],'
        b'"type":"ValidationFault"},"time":"2026-11-02T09:00:00.000-08:00"}',
    ),
    Raw(
        401,
        b"application/json",
        b'{"warnings":null,"fault":{"error":[{"message":"m","detail":"d","code":"3200",'
        b'"element":null}],"type":"AUTHENTICATION"},"queryResponse":null}',
    ),
    Raw(
        429,
        b"application/xml",
        b'<?xml version="1.0"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3">'
        b'<Fault type="SERVICE"><Error code="3001"><Message>m</Message></Error></Fault>'
        b"</IntuitResponse>",
    ),
    Raw(503, b"text/html", HTML),
]


class Wire(httpx.AsyncBaseTransport):
    """Answers every request with these bytes, and counts."""

    def __init__(self) -> None:
        self.answer = FAULTS[0]
        self.answered = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.answered += 1
        headers = [(b"Content-Type", self.answer.content_type), (b"intuit_tid", b"1-abc")]

        async def body() -> AsyncIterator[bytes]:
            yield self.answer.body

        return httpx.Response(self.answer.status, headers=headers, content=body())


class Asker:
    """Everything that the program asks, over one wire. What is not a documented error comes out."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        clock = Clock()
        limiter = Limiter(NoLog(), wall=clock.time, monotonic=clock.time, sleep=clock.sleep)
        self._http = http
        self._quickbooks = QuickBooks(
            http, HOSTS, "sandbox", "913", Tokens(), limiter, sleep=clock.sleep
        )
        self._source = FeedSource(http, "http://127.0.0.1:9", "token", sleep=clock.sleep)
        self._ways: dict[str, Callable[[], Awaitable[object]]] = {
            "tenant": self._source.tenant,
            "invoices": self._pages,
            "bearer": self._refresh,
            "batch": self._batch,
            "companyinfo": lambda: examine(self._quickbooks),
            "preferences": self._quickbooks.preferences,
            "exchangerate": lambda: self._quickbooks.exchange_rate("USD", date(2026, 11, 1)),
        }

    async def ask(self, kind: str, random: Random) -> str:
        """What a person would be told; "" when the answer was taken."""
        try:
            if kind in BASIS:
                await self._write(kind)
            elif kind == "query":
                await self._query(random)
            else:
                await self._ways.get(kind, self._quickbooks.preferences)()
        except TROUBLES as error:
            return str(error)
        return ""

    async def _query(self, random: Random) -> None:
        entity, found = random.choice(
            [("Customer", CustomerObject), ("Invoice", InvoiceObject), ("Payment", PaymentObject)]
        )
        for entry in await self._quickbooks.query(query(entity), found, entity):
            answers.kept(entry, NOW, fresh=False)

    async def _write(self, path: str) -> None:
        self._check(await self._quickbooks.write(Write(path, b"{}", "r1")), *BASIS[path])

    async def _batch(self) -> None:
        writes = [Write("invoice", b"{}", f"r{at}") for at in range(30)]
        for outcome in await self._quickbooks.batch(writes, request_id="b1"):
            self._check(outcome, *BASIS["invoice"])

    def _check(self, outcome: Outcome, kind: StepKind, found: type[Entity]) -> None:
        """Once an answer came, a write is never taken for one that did not leave."""
        assert isinstance(outcome, Confirmed | Refused | Unknown)
        if not isinstance(outcome, Confirmed):
            return
        try:
            entry = found.model_validate(outcome.entity)
        except ValidationError:
            return  # in doubt: it is looked for
        kept = answers.kept(entry, NOW, fresh=True)
        if kind is StepKind.INVOICE:
            answers.PostedInvoice.model_validate(kept)
        elif kind is StepKind.PAYMENT:
            answers.unapplied(kept)

    async def _pages(self) -> None:
        seen = 0
        async for page in self._source.pages(None, NOW):
            for raw in page.rows:
                row = reading.read(raw)
                assert row.source_id
                assert row.invoice is not None or row.problem
            seen += 1
            if seen == 3:
                return

    async def _refresh(self) -> None:
        await oauth.refresh(self._http, HOSTS, KEYS, "token", NOW)


async def test_no_damaged_answer_is_more_than_the_client_can_say_in_a_sentence(
    corpus: dict[str, list[Raw]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "qbdesk")  # a line for each answer would fill the memory
    wire, random = Wire(), Random(f"{SEED}:client")
    kinds = sorted(corpus)
    async with httpx.AsyncClient(transport=wire) as http:
        asker = Asker(http)
        for at in range(ANSWERS):
            kind = random.choice(kinds)
            wire.answer = mutated(random, random.choice(corpus[kind]))
            try:
                told = await asker.ask(kind, random)
                assert told == "" or told.endswith("."), told
            except Exception as error:
                error.add_note(f"seed {SEED}, answer {at} to {kind}: {wire.answer}"[:2000])
                raise
    assert wire.answered >= ANSWERS
    figures.warning("seed %s: %s damaged answers to the client", SEED, wire.answered)


@pytest.mark.parametrize("zone", ["x" * 300, "America", "../../etc/passwd", "\x00", ""])
async def test_a_time_zone_that_is_none_is_told_in_a_sentence(
    corpus: dict[str, list[Raw]], zone: str
) -> None:
    whole = corpus["tenant"][0]
    tenant = json.loads(whole.body) | {"timezone": zone}
    wire = Wire()
    wire.answer = replace(whole, body=json.dumps(tenant).encode())
    async with httpx.AsyncClient(transport=wire) as http:
        with pytest.raises(SourceUnreachable, match="cannot read"):
            await FeedSource(http, "http://127.0.0.1:9", "token").tenant()


# ---- whole passes ----

MANY = 60
PASSES = 12


@pytest.fixture(params=range(WORLDS))
def meddled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Office, Random]]:
    office = Office(tmp_path, MeddledWorld(invoices=0, seed=7), 300)
    office.add()
    office.connect()
    yield office, Random(f"{SEED}:{request.param}:pass")
    office.close()


def test_whatever_answers_were_damaged_everything_ends_in_quickbooks_once(
    meddled: tuple[Office, Random],
) -> None:
    office, random = meddled
    world = office.world
    assert isinstance(world, MeddledWorld)
    damaged = 0

    def damage(path: str, answer: Raw) -> Raw:
        nonlocal damaged
        # Where most is at stake: what a write came to, and the rows of the source.
        if random.random() > (0.6 if _asked(path) in (*BASIS, "batch", "invoices") else 0.15):
            return answer
        changed = mutated(random, answer)
        if not _is_damaged(answer, changed):
            return answer
        damaged += 1
        return changed

    documents = shown(MANY)
    for at in range(PASSES):
        office.show(*documents[at * 5 : at * 5 + 5])
        world.meddler.change = damage
        result = office.sync()
        assert "went wrong in qbdesk itself" not in (result.stopped or ""), f"seed {SEED}"
        office.clock.advance(seconds=301)
    world.meddler.change = None
    assert damaged >= PASSES * 4, f"seed {SEED}"
    figures.warning("seed %s: %s damaged answers in %s passes", SEED, damaged, PASSES)
    _calm_down(office)
    _everything_is_there_once(office, world)


def _is_damaged(before: Raw, after: Raw) -> bool:
    """Damage that can be seen. A server that lies in good form is believed, whoever it is."""
    try:
        told, tells = read_json(before.body), read_json(after.body)
    except NotJson:
        return True
    return not _lies(told, tells)


def _lies(told: Any, tells: Any) -> bool:
    """Another value of the same type, or fewer rows."""
    if type(told) is not type(tells):
        return False
    if isinstance(told, dict):
        return any(name in tells and _lies(told[name], tells[name]) for name in told)
    if isinstance(told, list):
        pairs = zip(told, tells, strict=False)
        return len(told) != len(tells) or any(_lies(one, other) for one, other in pairs)
    return bool(told != tells)


def _calm_down(office: Office) -> None:
    """The damage is over: the source is read from the start, and a person presses Try again."""
    office.add(from_date=date(2025, 12, 1))
    office.service.resume(NAME).result(60)
    for _ in range(4):
        office.clock.advance(seconds=301)
        office.sync()
        for row in office.rows():
            if row.status is Status.NEEDS_ATTENTION and row.source_id.startswith("inv-"):
                office.service.resolve(NAME, row.source_id, "try_again", "Ann").result(60)
    result = office.sync()
    assert result.stopped is None, f"seed {SEED}: {result.stopped}"


def _everything_is_there_once(office: Office, world: PracticeWorld) -> None:
    rows = {row.source_id: row for row in office.rows()}
    told = {key: (row.status, row.message) for key, row in rows.items() if key.startswith("inv-")}
    wrong = {key: each for key, each in told.items() if each[0] is not Status.SYNCED}
    assert (len(told), wrong) == (MANY, {}), f"seed {SEED}"
    # A row that came without its id is kept and held for what it is.
    assert {row.status for key, row in rows.items() if key not in told} <= {Status.NEEDS_ATTENTION}
    numbers = sorted(entry["DocNumber"] for entry in office.entities("Invoice"))
    assert numbers == sorted(row["number"] for row in world.feed.invoices()), f"seed {SEED}"
    assert {entry["Balance"] for entry in office.entities("Invoice")} == {Decimal(0)}
    assert office.count("Invoice", "Payment") == (MANY, 2 * MANY), f"seed {SEED}"
    assert {entry["UnappliedAmt"] for entry in office.entities("Payment")} == {Decimal(0)}
    emails = [entry["PrimaryEmailAddr"]["Address"] for entry in office.entities("Customer")]
    assert len(emails) == len(set(emails)) == 9, f"seed {SEED}"
    assert [e["Name"] for e in office.entities("Item")].count("Paid invoices") == 1
