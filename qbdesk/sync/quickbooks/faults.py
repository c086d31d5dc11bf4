"""Reads QuickBooks' error answers, in every shape they come in, into what a person needs to know.

An answer is judged by its code and status, never by its words: those come in the company's own
language, and they may name customers and amounts.
"""

import re
import xml.etree.ElementTree as ET  # only names the element type; defusedxml does the parsing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import defusedxml.ElementTree as SafeET

from qbdesk.sync.quickbooks.fault_codes import MEANINGS, FaultKind, Meaning
from qbdesk.sync.quickbooks.json_reader import NotJson, read_json

__all__ = ["Fault", "FaultKind", "fault_in", "misread", "read_answer", "read_fault"]

_CODE = re.compile(r"[0-9]{1,6}")
_ELEMENT = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]]{0,99}")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_LONGEST_DETAIL = 4000

# Of several errors in one answer the first of these decides. What leaves the outcome open comes
# before every plain refusal.
_SERIOUSNESS = (
    FaultKind.COMPANY,
    FaultKind.SIGN_IN,
    FaultKind.TRY_AGAIN,
    FaultKind.THROTTLED,
    FaultKind.OUR_BUG,
    FaultKind.DECIDE,
    FaultKind.STALE,
)


@dataclass(frozen=True)
class Fault:
    """One error answer. Shown, printed or logged it says its sentence and nothing private.

    Attributes:
        code: Intuit's code, such as "6240"; "" when the answer had none.
        sentence: What happened and what it means, for a bookkeeper.
        press: What to do about it.
        element: The field at fault in Intuit's names, such as "Line.Amount"; often "".
        http_status: The HTTP status; faults are known to come with 200.
        tid: Intuit's reference number of the request, for their support.
        private_detail: Intuit's own words. May name customers and amounts: journal only.
    """

    code: str
    kind: FaultKind
    sentence: str
    press: str
    element: str
    http_status: int
    tid: str | None
    private_detail: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class _Error:
    """One error of an answer, before anybody knows what it means."""

    code: str
    element: str
    detail: str


def read_fault(http_status: int, content_type: str, body: bytes, tid: str | None) -> Fault | None:
    """What is wrong with an answer; None if it is a success answer. Raises nothing."""
    answer = read_answer(http_status, content_type, body, tid)
    return answer if isinstance(answer, Fault) else None


def read_answer(
    http_status: int, content_type: str, body: bytes, tid: str | None
) -> Fault | dict[str, Any]:
    """A success answer's JSON object, or what is wrong with the answer. Raises nothing.

    Known shapes of a fault: capital `Fault` (also under HTTP 200), the gateway's lower-case
    `fault`, XML, and HTML from a server in front of QuickBooks. Whatever cannot be read is a fault
    as well.
    """
    tid = clean_tid(tid)
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if "html" in content_type.lower() or not text:
        return _by_status(http_status, tid)
    if text.startswith(b"<"):
        found = _errors_in_xml(text)
        return _by_status(http_status, tid) if found is None else _fault(found, http_status, tid)
    try:
        document = read_json(text)
    except NotJson:
        return _by_status(http_status, tid)
    if not isinstance(document, dict):
        return _by_status(http_status, tid)
    fault = fault_in(document, http_status, tid)
    if fault is None and not 200 <= http_status < 300:
        return _by_status(http_status, tid)
    return fault or document


def fault_in(document: Mapping[str, Any], http_status: int, tid: str | None) -> Fault | None:
    """The fault that a JSON answer, or one item of a batch's answer, carries; None: it has none."""
    found = document.get("Fault") or document.get("fault")
    if not found:
        return None
    errors, fault_type = [], ""
    if isinstance(found, dict):
        fault_type = _text(found.get("type"))
        listed = found.get("Error") or found.get("error")
        entries = listed if isinstance(listed, list) else [listed]
        errors = [_error(entry) for entry in entries if isinstance(entry, dict)]
    return _fault((errors, fault_type), http_status, clean_tid(tid))


def misread(http_status: int, tid: str | None) -> Fault:
    """The fault of a success answer that lacks what every such answer has."""
    return Fault(
        code="",
        kind=FaultKind.OUR_BUG,
        sentence="QuickBooks' answer looks different from what this program knows."
        + _with_reference(tid),
        press="Press Sync now; if it stays, send the reference number to the makers of qbdesk.",
        element="",
        http_status=http_status,
        tid=tid,
    )


def clean_tid(tid: str | None) -> str | None:
    """Intuit's reference number as it may be shown; None for what does not look like one."""
    return tid if tid is not None and _REFERENCE.fullmatch(tid) else None


def _error(entry: Mapping[str, Any]) -> _Error:
    fields = {str(name).lower(): value for name, value in entry.items()}
    return _Error(
        code=_text(fields.get("code")),
        element=_text(fields.get("element")),
        detail=_text(fields.get("detail")) or _text(fields.get("message")),
    )


def _text(value: object) -> str:
    """Codes are strings, but a number in their place says the same."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if isinstance(value, str) or is_number else ""


def _errors_in_xml(text: bytes) -> tuple[list[_Error], str] | None:
    """The errors of an IntuitResponse; None if it is no such answer, a web page for example."""
    try:
        root = SafeET.fromstring(text)
    except (ET.ParseError, ValueError, LookupError):
        return None
    if _local_name(root) != "IntuitResponse":
        return None
    errors, fault_type = [], ""
    for element in root.iter():
        if _local_name(element) == "Fault":
            fault_type = element.get("type", "")
        elif _local_name(element) == "Error":
            words = {_local_name(child).lower(): child.text or "" for child in element}
            errors.append(_error({**words, **element.attrib}))
    return errors, fault_type


def _local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _fault(found: tuple[list[_Error], str], http_status: int, tid: str | None) -> Fault:
    errors, fault_type = found
    if not errors:
        return _by_status(http_status, tid)
    judged = [(error, _meaning(error, fault_type, http_status, tid)) for error in errors]
    error, meaning = min(judged, key=lambda pair: _SERIOUSNESS.index(pair[1].kind))
    return Fault(
        code=error.code if _CODE.fullmatch(error.code) else "",
        kind=meaning.kind,
        sentence=meaning.sentence,
        press=meaning.press,
        element=error.element if _ELEMENT.fullmatch(error.element) else "",
        http_status=http_status,
        tid=tid,
        private_detail=_joined(each.detail for each in errors),
    )


def _joined(details: Iterable[str]) -> str:
    return "\n".join(detail for detail in details if detail)[:_LONGEST_DETAIL]


def _meaning(error: _Error, fault_type: str, http_status: int, tid: str | None) -> Meaning:
    known = MEANINGS.get(error.code)
    if known is not None:
        return known
    by_status = _STATUS_MEANINGS.get(http_status)
    if by_status is not None:
        return by_status
    if "authenti" in fault_type.lower():
        return _STATUS_MEANINGS[401]
    if "authori" in fault_type.lower():
        return _STATUS_MEANINGS[403]
    reference = _with_reference(tid)
    if "validation" in fault_type.lower() and http_status < 500:
        return Meaning(
            FaultKind.DECIDE,
            "QuickBooks refused this for a reason that this program does not know. Nothing was "
            f"entered.{reference}",
            "Look at the invoice and the company in QuickBooks, then press Try again.",
        )
    return Meaning(
        FaultKind.TRY_AGAIN,
        f"QuickBooks answered with an error that this program does not know.{reference}",
        "Nothing needs to be done: the program tries again by itself.",
    )


def _with_reference(tid: str | None) -> str:
    return f" QuickBooks' reference number is {tid}." if tid else ""


def _by_status(http_status: int, tid: str | None) -> Fault:
    """The fault of an answer that QuickBooks itself did not word, or that cannot be read."""
    # A bare 403 is a firewall's or proxy's more often than QuickBooks', which gives its reason.
    meaning = None if http_status == 403 else _STATUS_MEANINGS.get(http_status)
    if meaning is None:
        meaning = Meaning(FaultKind.TRY_AGAIN, _unreadable(http_status, tid), _PASSES)
    return Fault(
        code="",
        kind=meaning.kind,
        sentence=meaning.sentence,
        press=meaning.press,
        element="",
        http_status=http_status,
        tid=tid,
    )


def _unreadable(http_status: int, tid: str | None) -> str:
    if http_status >= 500:
        return "QuickBooks is not available at the moment." + _with_reference(tid)
    if http_status in (403, 407) or 300 <= http_status < 400:
        return (
            "Something between this computer and QuickBooks (a firewall, a proxy or a sign-in "
            "page of the network) answered instead of QuickBooks."
        )
    return "The answer did not arrive in one piece or is not QuickBooks' own." + (
        _with_reference(tid)
    )


_PASSES = "Nothing needs to be done: the program tries again by itself."
_STATUS_MEANINGS: Mapping[int, Meaning] = {
    401: MEANINGS["3200"],
    403: MEANINGS["3100"],
    429: MEANINGS["3001"],
}
