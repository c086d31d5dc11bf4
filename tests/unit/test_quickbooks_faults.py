"""QuickBooks' error answers, from the raw bytes to the sentence a bookkeeper reads."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quickbooks_support import TID, capital, lower_case, xml

from qbdesk.sync.quickbooks.fault_codes import MEANINGS
from qbdesk.sync.quickbooks.faults import Fault, FaultKind, fault_in, read_fault

PRIVATE = "Fischer GmbH owes 1,234.56"
JSON = "application/json;charset=UTF-8"
XML = "application/xml"

# code: (what the program does about it, what the sentence must tell)
EXPECTED = {
    "3001": (FaultKind.THROTTLED, "asks for a pause"),
    "3100": (FaultKind.COMPANY, "does not let this program into the company"),
    "3200": (FaultKind.SIGN_IN, "no longer accepts this program's sign-in"),
    "5010": (FaultKind.STALE, "changed this in QuickBooks at the same moment"),
    "610": (FaultKind.DECIDE, "deleted or made inactive"),
    "620": (FaultKind.DECIDE, "would not tie the payment to the invoice"),
    "2010": (FaultKind.OUR_BUG, "sent a field that it does not know"),
    "2020": (FaultKind.OUR_BUG, "a field that it asks for was missing"),
    "2050": (FaultKind.DECIDE, "longer or shorter than QuickBooks accepts"),
    "2500": (FaultKind.DECIDE, "does not exist in this QuickBooks company"),
    "6000": (FaultKind.DECIDE, "A rule of this QuickBooks company forbids it"),
    "6070": (FaultKind.OUR_BUG, "quantity times price is not the amount"),
    "6140": (FaultKind.DECIDE, "already has an entry with this number"),
    "6190": (FaultKind.COMPANY, "subscription of this company has ended"),
    "6200": (FaultKind.DECIDE, "period that is closed in QuickBooks"),
    "6210": (FaultKind.DECIDE, "closed with a password"),
    "6240": (FaultKind.DECIDE, "name is already used"),
    "6250": (FaultKind.DECIDE, "does not accept this customer for a sale"),
    "6540": (FaultKind.DECIDE, "part of a bank deposit"),
    "10000": (FaultKind.TRY_AGAIN, "had an error of its own"),
    "120": (FaultKind.COMPANY, "may not do this in QuickBooks"),
    "4002": (FaultKind.DECIDE, "could not carry out a search"),
    "7001": (FaultKind.COMPANY, "does not serve this company here"),
}
ENVELOPES: dict[str, tuple[int, str, Callable[[str, str], bytes]]] = {
    "the accounting service's answer": (400, JSON, capital),
    "an answer that calls itself a success": (200, JSON, capital),
    "the gateway's answer": (400, JSON, lower_case),
    "an XML answer": (400, XML, xml),
    "an XML answer that calls itself JSON": (400, JSON, xml),
    "an answer without a content type": (400, "", capital),
}


def read(status: int, content_type: str, body: bytes, tid: str | None = TID) -> Fault:
    fault = read_fault(status, content_type, body, tid)
    assert fault is not None
    return fault


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("code", EXPECTED)
def test_each_code_has_its_sentence_in_every_envelope(code: str, envelope: str) -> None:
    status, content_type, write = ENVELOPES[envelope]
    fault = read(status, content_type, write(code, PRIVATE))
    kind, words = EXPECTED[code]
    assert (fault.code, fault.kind, fault.http_status, fault.tid) == (code, kind, status, TID)
    assert words in fault.sentence
    assert fault.press.endswith(".")
    assert fault.private_detail == PRIVATE
    for shown in (str(fault), repr(fault), fault.press):
        assert "Fischer" not in shown
        assert "1,234" not in shown


@pytest.mark.parametrize("code", MEANINGS)
def test_no_sentence_shows_a_code_or_json(code: str) -> None:
    meaning = MEANINGS[code]
    for text in (meaning.sentence, meaning.press):
        assert re.fullmatch(r"[A-Z][^{}\[\]0-9_]*\.", text)


@pytest.mark.parametrize("code", [code for code, each in MEANINGS.items() if each.kind == "decide"])
def test_a_refusal_that_a_person_decides_about_always_offers_something_to_do(code: str) -> None:
    assert re.search(r"[Pp]ress", MEANINGS[code].press)


# Answers as they were seen on the wire.


def test_a_throttle_in_xml_is_understood() -> None:
    body = (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<IntuitResponse '
        b'time="2018-01-01" xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE">'
        b'<Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429'
        b"</Message><Detail>The request limit was reached.  Try again later</Detail></Error>"
        b"</Fault></IntuitResponse>"
    )
    assert read(429, XML, body).kind is FaultKind.THROTTLED


@pytest.mark.parametrize("status", [200, 400, 403, 429, 503])
def test_the_throttle_code_means_throttle_under_any_status(status: int) -> None:
    assert read(status, JSON, lower_case("3001")).kind is FaultKind.THROTTLED


def test_an_expired_token_in_the_gateways_envelope_is_a_sign_in_fault() -> None:
    body = json.dumps(
        {
            "warnings": None,
            "fault": {
                "error": [
                    {
                        "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                        "detail": "Token expired: AB01",
                        "code": "3200",
                        "element": None,
                    }
                ],
                "type": "AUTHENTICATION",
            },
            "batchItemResponse": [],
            "time": 1730024394085,
        }
    ).encode()
    fault = read(401, JSON, body)
    assert (fault.kind, fault.code, fault.element) == (FaultKind.SIGN_IN, "3200", "")
    assert "AB01" not in repr(fault)


def test_a_french_company_is_understood_by_the_code() -> None:
    detail = "Numéro de document en double : TxnType=Facture"
    fault = read(400, JSON, capital("6140", detail))
    assert "already has an entry with this number" in fault.sentence


def test_the_field_at_fault_is_kept() -> None:
    assert read(400, JSON, capital("6070", element="Line.Amount")).element == "Line.Amount"
    assert read(400, XML, xml("6070", element="Line.Amount")).element == "Line.Amount"


def test_what_only_poses_as_a_field_is_dropped() -> None:
    assert read(400, JSON, capital("6070", element=PRIVATE)).element == ""


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_code_that_is_a_number_is_read_as_well(status: int) -> None:
    body = b'{"Fault":{"Error":[{"code":6240}],"type":"ValidationFault"}}'
    assert read(status, JSON, body).code == "6240"


# Several errors in one answer.


@pytest.mark.parametrize(
    ("codes", "decides"),
    [
        (("6240", "6190"), "6190"),
        (("6000", "3200"), "3200"),
        (("5010", "6240"), "6240"),
        (("6240", "2010"), "2010"),
        (("6240", "10000"), "10000"),
        (("3001", "10000"), "10000"),
        (("6140", "6240"), "6140"),
    ],
)
def test_of_several_errors_the_most_serious_decides(codes: tuple[str, str], decides: str) -> None:
    errors = [{"code": code, "Detail": f"detail {code}"} for code in codes]
    body = json.dumps({"Fault": {"Error": errors, "type": "ValidationFault"}}).encode()
    fault = read(400, JSON, body)
    assert fault.code == decides
    assert fault.private_detail == "\n".join(f"detail {code}" for code in codes)


# Codes that nobody has told us about.


def test_an_unknown_refusal_is_said_honestly_with_quickbooks_reference_number() -> None:
    fault = read(400, JSON, capital("6999", PRIVATE))
    assert fault.kind is FaultKind.DECIDE
    assert fault.sentence == (
        "QuickBooks refused this for a reason that this program does not know. Nothing was "
        f"entered. QuickBooks' reference number is {TID}."
    )


def test_without_a_reference_number_none_is_mentioned() -> None:
    fault = read(400, JSON, capital("6999"), tid=None)
    assert "reference" not in fault.sentence
    assert fault.tid is None


def test_a_reference_number_that_is_none_is_not_shown() -> None:
    fault = read(400, JSON, capital("6999"), tid="<b>Fischer</b>")
    assert fault.tid is None
    assert "Fischer" not in fault.sentence


@pytest.mark.parametrize(
    ("status", "fault_type", "kind"),
    [
        (400, "SystemFault", FaultKind.TRY_AGAIN),
        (400, "SERVICE", FaultKind.TRY_AGAIN),
        (400, "", FaultKind.TRY_AGAIN),
        (400, "AuthenticationFault", FaultKind.SIGN_IN),
        (400, "AuthorizatonFault", FaultKind.COMPANY),
        (400, "ValidationFault", FaultKind.DECIDE),
        (500, "ValidationFault", FaultKind.TRY_AGAIN),
        (401, "SERVICE", FaultKind.SIGN_IN),
        (403, "SERVICE", FaultKind.COMPANY),
        (429, "SERVICE", FaultKind.THROTTLED),
    ],
)
def test_an_unknown_code_is_judged_by_status_and_type(
    status: int, fault_type: str, kind: FaultKind
) -> None:
    assert read(status, JSON, capital("9999", kind=fault_type)).kind is kind


# Answers that QuickBooks did not word.


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_page_passes_by_itself(status: int) -> None:
    fault = read(status, "text/html", b"<html><body><h1>503 Service Unavailable</h1></body></html>")
    assert fault.kind is FaultKind.TRY_AGAIN
    assert fault.sentence.startswith("QuickBooks is not available at the moment.")


@pytest.mark.parametrize(("status", "kind"), [(401, FaultKind.SIGN_IN), (429, FaultKind.THROTTLED)])
def test_some_statuses_say_enough_without_a_body(status: int, kind: FaultKind) -> None:
    assert read(status, "", b"").kind is kind


@pytest.mark.parametrize("status", [302, 403, 407])
def test_a_page_of_the_office_network_is_not_taken_for_quickbooks_refusal(status: int) -> None:
    fault = read(status, "text/html", b"<html>Blocked by policy</html>")
    assert fault.kind is FaultKind.TRY_AGAIN
    assert "a firewall, a proxy or a sign-in page" in fault.sentence


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"garbage",
        b"null",
        b"[]",
        b'"text"',
        b'{"Invoice":{"Id":"1"',
        b'{"Invoice":{"Id":"1","TotalAmt":NaN}}',
        b'{"Invoice":{"Id":"1","TotalAmt":1e999999999}}',
        b'{"Invoice":{"Id":"1","TotalAmt":1e99999999999999999999}}',
        b'{"Invoice":{"Id":"1","TotalAmt":' + b"9" * 5000 + b"}}",
        b'{"Invoice":{"Id":"\xff"}}',
        b"[" * 100_000,
        b"<html><body>Welcome to the hotel</body></html>",
        b"<IntuitResponse><Invoice/></IntuitResponse>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><IntuitResponse>&a;</IntuitResponse>',
        b'<?xml version="1.0" encoding="nonsense"?><IntuitResponse/>',
        b"<",
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_an_unreadable_answer_leaves_the_outcome_open(status: int, body: bytes) -> None:
    fault = read(status, JSON, body)
    assert (fault.kind, fault.code) == (FaultKind.TRY_AGAIN, "")
    assert "did not arrive in one piece" in fault.sentence


@pytest.mark.parametrize(
    "body",
    [
        b'{"Invoice":{"Id":"1"},"time":"2026-01-01"}',
        b'{"fault":null,"Fault":null,"QueryResponse":{}}',
        b'\xef\xbb\xbf {"QueryResponse":{}}',
    ],
)
def test_a_success_answer_is_no_fault(body: bytes) -> None:
    assert read_fault(200, JSON, body, TID) is None


def test_an_answer_without_a_fault_is_no_success_under_an_error_status() -> None:
    assert read(400, JSON, b'{"Invoice":{"Id":"1"}}').kind is FaultKind.TRY_AGAIN


@pytest.mark.parametrize(
    "fault",
    ["x", [1], {"Error": []}, {"Error": None}, {"Error": ["x"]}, {"type": "ValidationFault"}],
)
def test_a_fault_without_errors_is_still_a_fault(fault: object) -> None:
    found = fault_in({"Fault": fault}, 400, TID)
    assert found is not None
    assert found.kind is FaultKind.TRY_AGAIN


BODIES = [capital("6240", PRIVATE), lower_case("3200", PRIVATE), xml("3001", PRIVATE)]


@given(st.sampled_from(BODIES), st.data(), st.sampled_from([200, 400, 401, 403, 429, 500]))
def test_damaged_answers_never_raise_and_never_show_what_was_in_them(
    body: bytes, data: st.DataObject, status: int
) -> None:
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 8)))
    damaged = body[:start] + data.draw(st.binary(max_size=8)) + body[end:]
    fault = read_fault(status, data.draw(st.sampled_from([JSON, XML, ""])), damaged, TID)
    if fault is not None:
        assert "Fischer" not in repr(fault) + str(fault) + fault.press


@given(st.binary(), st.integers(100, 599), st.text(max_size=20), st.none() | st.text(max_size=30))
def test_no_bytes_at_all_make_reading_fail(
    body: bytes, status: int, content_type: str, tid: str | None
) -> None:
    fault = read_fault(status, content_type, body, tid)
    assert fault is None or fault.sentence.endswith(".")
