"""Every error of Intuit's, in every envelope: from its bytes to the sentence a person reads."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from invoices import document
from meddling import Instead, MeddledWorld, Meddler, Raw
from office import NAME, Office
from sqlalchemy import select

from qbdesk.sync.ledger.database import open_ledger
from qbdesk.sync.ledger.tables import step
from qbdesk.sync.views import PassResult, State, Status

PRIVATE = "Fischer owes 1234.56"  # what a detail may name: for the journal only
JSON = b"application/json;charset=UTF-8"

# Code -> words of the sentence; the invoice is held with it.
HELD = {
    "5010": "Somebody changed this in QuickBooks at the same moment",
    "610": "has been deleted or made inactive in QuickBooks",
    "620": "would not tie the payment to the invoice",
    "2010": "sent a field that it does not know",
    "2020": "a field that it asks for was missing",
    "2050": "longer or shorter than QuickBooks accepts",
    "2500": "does not exist in this QuickBooks company",
    "6000": "A rule of this QuickBooks company forbids it",
    "6070": "quantity times price is not the amount",
    "6140": "already has an entry with this number",
    "6200": "The date lies in a period that is closed",
    "6210": "closed with a password",
    "6240": "The name is already used in QuickBooks",
    "6250": "does not accept this customer for a sale",
    "6540": "already part of a bank deposit",
    "7777": "a reason that this program does not know. Nothing was entered. QuickBooks' reference "
    "number is 1-meddled-abc",
}
# ... the whole company stops with it, and its invoices wait.
STOPPED = {
    "3001": "QuickBooks asks for a pause",
    "3100": "does not let this program into the company",
    "3200": "no longer accepts this program's sign-in",
    "6190": "subscription of this company has ended or could not be charged",
}
STATUS = {"3001": 429, "3100": 403, "3200": 401, "10000": 500}
TYPES = {"3200": "AUTHENTICATION", "3100": "AuthorizationFault", "10000": "SystemFault"}


# ---- envelopes ----


def fault(code: str) -> dict[str, Any]:
    error = {"Message": "Ein Fehler", "Detail": PRIVATE, "code": code, "element": "Line.Amount"}
    return {"Error": [error], "type": TYPES.get(code, "ValidationFault")}


def capital(code: str) -> Raw:
    body = {"Fault": fault(code), "time": "2026-11-02T09:00:00.000-08:00"}
    return Raw(STATUS.get(code, 400), JSON, json.dumps(body).encode())


def under_200(code: str) -> Raw:
    return Raw(200, JSON, capital(code).body)


def lower_case(code: str) -> Raw:
    error = {"message": "message=Fehler", "detail": PRIVATE, "code": code, "element": None}
    found = {"error": [error], "type": TYPES.get(code, "ValidationFault")}
    body = {"warnings": None, "fault": found, "queryResponse": None, "time": 1762000000000}
    return Raw(STATUS.get(code, 400), b"application/json", json.dumps(body).encode())


def several(code: str) -> Raw:
    """The code that decides stands among others; a detail in another language."""
    found = fault(code)
    other = {"Message": "Hinweis", "Detail": "Ungültig", "code": "2500", "element": ""}
    body = {"Fault": {**found, "Error": [other, *found["Error"]]}}
    return Raw(STATUS.get(code, 400), JSON, json.dumps(body, ensure_ascii=False).encode())


def xml(code: str) -> Raw:
    kind = TYPES.get(code, "ValidationFault")
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="2026-11-02T09:00:00">'
        f'<Fault type="{kind}"><Error code="{code}"><Message>Erreur</Message>'
        f"<Detail>{escape(PRIVATE)}</Detail></Error></Fault></IntuitResponse>"
    )
    return Raw(STATUS.get(code, 400), b"application/xml", body.encode())


ENVELOPES: dict[str, Callable[[str], Raw]] = {
    "capital": capital,
    "under-200": under_200,
    "lower-case": lower_case,
    "xml": xml,
}


# ---- an office whose QuickBooks answers what a test wants ----


@dataclass
class Meddled:
    office: Office
    meddler: Meddler
    keys: Iterator[int]

    def new_invoice(self) -> str:
        key = f"inv-{next(self.keys)}"
        self.office.show(document(key))
        return key

    def answered(self, words: str, answer: Raw) -> PassResult:
        """One pass while every request with these words in it gets this answer."""
        self.meddler.instead = matching(words, answer)
        try:
            return self.office.sync()
        finally:
            self.meddler.instead = None

    def goes_on(self, key: str) -> None:
        """Afterwards the invoice is posted once, whatever it took."""
        for _ in range(2):
            if self.office.status(key) is Status.WAITING:
                self.office.clock.advance(seconds=301)
                self.office.sync()
        assert self.office.status(key) is Status.SYNCED
        number = self.office.row(key).number
        found = [e for e in self.office.entities("Invoice") if e["DocNumber"] == number]
        assert [entry["Balance"] for entry in found] == [0]


def matching(words: str, answer: Raw) -> Instead:
    wanted = set(words.split())
    return lambda method, path: answer if wanted <= {method, *path.split("/")} else None


@pytest.fixture(scope="module")
def meddled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meddled]:
    world = MeddledWorld(invoices=0, seed=7)
    office = Office(tmp_path_factory.mktemp("home"), world, 300)
    office.add()
    office.connect()
    keys = count()
    opened = Meddled(office, world.meddler, keys)
    first = opened.new_invoice()  # makes the customer and the item, which are not at issue here
    assert office.sync().synced == 1, office.row(first).message
    yield opened
    office.close()


# ---- what a person reads ----


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("code", HELD)
def test_a_refused_invoice_is_held_with_the_codes_own_sentence(
    meddled: Meddled, code: str, envelope: str
) -> None:
    key = meddled.new_invoice()
    result = meddled.answered("POST invoice", ENVELOPES[envelope](code))
    row = meddled.office.row(key)
    assert (row.status, result.stopped) == (Status.NEEDS_ATTENTION, None)
    assert HELD[code] in row.message
    assert PRIVATE not in row.message
    assert any(PRIVATE in entry.details for entry in meddled.office.journal(key))
    assert "try_again" in meddled.office.choices(key)


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("code", STOPPED)
def test_a_fault_of_the_whole_company_stops_it_and_its_invoices_wait(
    meddled: Meddled, code: str, envelope: str
) -> None:
    key = meddled.new_invoice()
    result = meddled.answered("POST invoice", ENVELOPES[envelope](code))
    view = meddled.office.view()
    assert meddled.office.status(key) is Status.WAITING
    assert STOPPED[code] in (result.stopped or "")
    assert STOPPED[code] in view.sentence
    assert view.state is (State.SIGNED_OUT if code == "3200" else State.ATTENTION)
    assert PRIVATE not in view.sentence
    meddled.goes_on(key)


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_an_error_of_quickbooks_own_leaves_the_invoice_in_doubt_until_it_was_looked_for(
    meddled: Meddled, envelope: str
) -> None:
    key = meddled.new_invoice()
    meddled.answered("POST invoice", ENVELOPES[envelope]("10000"))
    row = meddled.office.row(key)
    assert row.status is Status.WAITING
    assert "looks for it again" in row.message
    told = [entry.text + entry.details for entry in meddled.office.journal(key)]
    assert PRIVATE not in " ".join(told)
    meddled.goes_on(key)


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("code", ["3100", "3200", "6190", "10000"])
def test_a_read_that_is_refused_says_why_for_the_whole_company(
    meddled: Meddled, code: str, envelope: str
) -> None:
    result = meddled.answered("GET preferences", ENVELOPES[envelope](code))
    expected = STOPPED.get(code, "QuickBooks had an error of its own")
    assert expected in (result.stopped or "")
    assert expected in meddled.office.view().sentence


@pytest.mark.parametrize("code", ["3100", "3200", "6190", "10000"])
def test_of_several_errors_the_most_serious_decides(meddled: Meddled, code: str) -> None:
    key = meddled.new_invoice()
    meddled.answered("POST invoice", several(code))
    assert meddled.office.status(key) is Status.WAITING
    meddled.goes_on(key)


def test_what_was_refused_with_the_whole_company_goes_again_under_another_request_id(
    meddled: Meddled,
) -> None:
    key = meddled.new_invoice()
    meddled.answered("POST invoice", ENVELOPES["capital"]("6190"))
    meddled.goes_on(key)
    ledger = open_ledger(meddled.office.home / "ledger.db")
    with ledger.begin() as connection:
        steps = connection.execute(
            select(step.c.request_id, step.c.state)
            .where(step.c.operation == f"invoice:{key}")
            .order_by(step.c.generation)
        ).all()
    ledger.close()
    assert [each.state for each in steps] == ["retired", "confirmed"]
    assert steps[0].request_id != steps[1].request_id


NO_ENVELOPE = {
    "html-503": Raw(503, b"text/html", b"<html><body>Service Unavailable</body></html>"),
    "html-200": Raw(200, b"text/html", b"<html><body>One moment please</body></html>"),
    "html-as-json": Raw(200, JSON, b"<html><body>One moment please</body></html>"),
    "empty": Raw(200, JSON, b""),
    "empty-500": Raw(500, JSON, b""),
    "cut-off": Raw(200, JSON, b'{"Invoice":{"Id":"14'),
    "cut-off-fault": Raw(400, JSON, capital("6240").body[:40]),
    "garbage": Raw(200, JSON, b"\x00\xff\xfe garbage"),
    "other-xml": Raw(500, b"application/xml", b"<Oops><a/></Oops>"),
    "list": Raw(200, JSON, b"[]"),
    "without-id": Raw(200, JSON, b'{"Invoice":{}}'),
}


@pytest.mark.parametrize("answer", NO_ENVELOPE.values(), ids=NO_ENVELOPE)
def test_an_answer_that_says_nothing_leaves_the_invoice_in_doubt_and_it_is_posted_once(
    meddled: Meddled, answer: Raw
) -> None:
    key = meddled.new_invoice()
    meddled.answered("POST invoice", answer)
    assert meddled.office.status(key) is Status.WAITING
    assert "looks for it again" in meddled.office.row(key).message
    meddled.goes_on(key)


def test_in_a_batch_every_invoice_is_held_with_its_own_sentence(meddled: Meddled) -> None:
    keys = {meddled.new_invoice(): code for code in HELD}
    items = [{"bId": str(at), "Fault": fault(code)} for at, code in enumerate(HELD, start=1)]
    body = json.dumps({"BatchItemResponse": items, "time": "now"}).encode()
    meddled.answered("POST batch", Raw(200, JSON, body))
    for key, code in keys.items():
        assert meddled.office.status(key) is Status.NEEDS_ATTENTION
        assert HELD[code] in meddled.office.row(key).message


def test_nothing_private_of_any_answer_reached_the_log(meddled: Meddled) -> None:
    meddled.new_invoice()
    meddled.answered("POST invoice", capital("6240"))
    files = [file for file in Path(meddled.office.home).glob("log/*") if file.is_file()]
    logged = "".join(file.read_text("utf-8") for file in files)
    assert "intuit_tid 1-meddled-abc" in logged
    assert "Fischer" not in logged
    assert NAME not in logged
