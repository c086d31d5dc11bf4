"""Intuit's error answers, in each of the shapes they come in (Intuit: "Handling common errors")."""

from typing import Any

from starlette.responses import HTMLResponse, Response

from qbdesk.practice import wire
from qbdesk.practice.intuit.wording import FRENCH_DETAILS, FRENCH_MESSAGES, MESSAGES


class RefusedError(Exception):
    """The Accounting API's "no": becomes a `Fault` of type ValidationFault.

    Attributes:
        code: Intuit's error code, a string in JSON.
        detail: What is wrong, in Intuit's words where they are known.
        element: The property at fault, such as "Line.Amount"; often empty.
        status: HTTP status; 6190 is known to come with 200.
    """

    def __init__(self, code: str, detail: str = "", element: str = "", status: int = 400) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.element = element
        self.status = status

    def fault(self, language: str) -> dict[str, Any]:
        message = MESSAGES.get(self.code, "Error")
        detail = self.detail
        if language == "fr":
            detail = FRENCH_DETAILS.get(self.code, detail)
            detail = detail.replace("TxnType=Invoice", "TxnType=Facture").replace(
                MESSAGES["6140"], FRENCH_MESSAGES["6140"]
            )
            message = FRENCH_MESSAGES.get(self.code, message)
        kind = "SystemFault" if self.code == "10000" else "ValidationFault"
        error = {"Message": message, "Detail": detail, "code": self.code, "element": self.element}
        return {"Error": [error], "type": kind}


def missing(name: str) -> RefusedError:
    return RefusedError("2020", f"Required parameter {name} is missing in the request", name)


def invalid_reference(name: str) -> RefusedError:
    return RefusedError("2500", f"Invalid Reference Id : {name}", name)


def inactive(name: str) -> RefusedError:
    detail = (
        "Object Not Found : Something you're trying to use has been made inactive. Check the "
        "fields with accounts, customers, items, vendors or employees."
    )
    return RefusedError("610", detail, name)


def not_found() -> RefusedError:
    return RefusedError("610", "Object Not Found : Another user has deleted this transaction.")


def business(detail: str, element: str = "") -> RefusedError:
    return RefusedError("6000", f"Business Validation Error: {detail}", element)


def closed_period(*, password: bool) -> RefusedError:
    code = "6210" if password else "6200"
    return RefusedError(
        code, f"{MESSAGES[code]} : The account period has closed and the date is in it."
    )


def stale() -> RefusedError:
    return RefusedError(
        "5010",
        "Stale Object Error : You and API API were working on this at the same time. "
        "API API finished before you did, so your work was not saved.",
    )


def no_subscription() -> RefusedError:
    detail = (
        "Subscription period has ended or canceled or there was a billing problem : You can't add "
        "data to QuickBooks Online because your subscription has ended."
    )
    return RefusedError("6190", detail, status=200)


def fault_answer(refused: RefusedError, language: str, time: str) -> Response:
    body = {"Fault": refused.fault(language), "time": time}
    return Response(
        wire.dumps(body), status_code=refused.status, media_type="application/json;charset=UTF-8"
    )


def gateway(
    status: int, code: str, word: str, detail: str | None, kind: str, now_ms: int
) -> Response:
    """The gateway's envelope: lower-case keys, all else null (seen for 401 and 403)."""
    message = f"message={word}; errorCode={int(code):06d}; statusCode={status}"
    error = {"message": message, "detail": detail, "code": code, "element": None}
    body: dict[str, Any] = {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": now_ms,
        "status": None,
        "cdcresponse": [],
    }
    headers = {}
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="Intuit", error="invalid_token"'
    return Response(
        wire.dumps(body), status_code=status, headers=headers, media_type="application/json"
    )


LIMIT_REACHED = "The request limit was reached.  Try again later"


def throttled(time: str) -> Response:
    """A 429 from the gateway: XML, whatever the client said it accepts."""
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<IntuitResponse time="{time}" xmlns="http://schema.intuit.com/finance/v3">'
        '<Fault type="SERVICE"><Error code="3001">'
        "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
        f"<Detail>{LIMIT_REACHED}</Detail>"
        "</Error></Fault></IntuitResponse>"
    )
    return Response(body, status_code=429, media_type="application/xml")


def edge(status: int, title: str) -> Response:
    """502, 503 and 504 come from a proxy that speaks HTML only."""
    page = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return HTMLResponse(page, status_code=status)
