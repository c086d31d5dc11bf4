"""A practice company whose clock only tests move, and a client that speaks to it over ASGI."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from qbdesk.practice import wire
from qbdesk.practice.books.books import Books
from qbdesk.practice.books.chart import open_books
from qbdesk.practice.intuit.app import intuit_app
from qbdesk.practice.intuit.company import PracticeCompany
from qbdesk.practice.switches import Switches

CLIENT = ("app-id", "app-secret")
REDIRECT = "http://localhost:8765/callback"
REALM = "9130350000000001"
SCOPE = "com.intuit.quickbooks.accounting"
ROOT = f"/sandbox-quickbooks/v3/company/{REALM}"
TOKEN_PATH = "/oauth/oauth2/v1/tokens/bearer"
REVOKE_PATH = "/developer/v2/oauth2/tokens/revoke"


class ManualClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Practice:
    """The company and a signed-in client of it."""

    def __init__(self, switches: Switches) -> None:
        self.clock = ManualClock()
        self.slept: list[float] = []
        self.books = Books(REALM, "Maple & Sons <Ltd>", switches, self.clock)
        open_books(self.books)
        self.company = PracticeCompany(
            self.books,
            client_id=CLIENT[0],
            client_secret=CLIENT[1],
            redirect_uri=REDIRECT,
            sleep=self._sleep,
        )
        self.switches = switches
        self.app = intuit_app(self.company)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://practice.test"
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def sign_in(self) -> None:
        tokens = self.company.sign_in.exchange(self.company.sign_in.consent(), REDIRECT)
        self.http.headers["authorization"] = f"Bearer {tokens.access_token}"

    async def consent(self, *, accept: str = "*/*", **changes: str) -> httpx.Response:
        return await self.http.get(
            "/appcenter/connect/oauth2",
            params=consent_params(**changes),
            headers={"accept": accept},
        )

    async def decide(self, decision: str, **changes: str) -> httpx.Response:
        address = httpx.URL("/appcenter/connect/oauth2", params=consent_params(**changes))
        return await self.http.post(address, data={"decision": decision})

    async def exchange(self, code: str, redirect_uri: str = REDIRECT) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return await self.http.post(TOKEN_PATH, data=form, auth=CLIENT)

    async def refresh(self, token: str, **headers: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return await self.http.post(TOKEN_PATH, data=form, auth=CLIENT, headers=headers)

    async def revoke(self, token: str) -> httpx.Response:
        return await self.http.post(REVOKE_PATH, json={"token": token}, auth=CLIENT)

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.http.get(f"{ROOT}/{path}", params=params)

    async def post(self, path: str, body: Any, **params: str) -> httpx.Response:
        return await self.http.post(
            f"{ROOT}/{path}",
            params=params,
            content=wire.dumps(body),
            headers={"content-type": "application/json"},
        )

    async def made(self, kind: str, body: Any, **params: str) -> dict[str, Any]:
        """Posts an entity that has to be taken, and returns it with exact money."""
        response = await self.post(kind.lower(), body, **params)
        content = exactly(response)
        assert kind in content, response.text
        return content[kind]

    async def query(self, statement: str) -> dict[str, Any]:
        response = await self.get("query", query=statement)
        assert response.status_code == 200, response.text
        return exactly(response)["QueryResponse"]

    async def batch(self, items: list[dict[str, Any]], **params: str) -> list[dict[str, Any]]:
        response = await self.post("batch", {"BatchItemRequest": items}, **params)
        assert response.status_code == 200, response.text
        return exactly(response)["BatchItemResponse"]

    async def customer(self, name: str = "Acme Ltd", **fields: Any) -> dict[str, Any]:
        return await self.made("Customer", {"DisplayName": name, **fields})

    async def invoice(self, customer_id: str, number: str = "INV-1", **fields: Any) -> Any:
        return await self.made("Invoice", self.invoice_body(customer_id, number, **fields))

    def invoice_body(self, customer_id: str, number: str, **fields: Any) -> dict[str, Any]:
        """100.00 with 13 % HST on top."""
        code = self.books.named("TaxCode", "HST ON")
        detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": code["Id"]}}
        line = {
            "Amount": Decimal("100.00"),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }
        return {
            "CustomerRef": {"value": customer_id},
            "DocNumber": number,
            "TxnDate": "2026-10-30",
            "GlobalTaxCalculation": "TaxExcluded",
            "Line": [line],
            **fields,
        }

    async def payment(self, invoice: dict[str, Any], amount: str, **fields: Any) -> dict[str, Any]:
        return await self.made("Payment", payment_body(invoice, amount, **fields))

    async def seen(self, kind: str, entity_id: str) -> dict[str, Any]:
        response = await self.get(f"{kind.lower()}/{entity_id}")
        return exactly(response)[kind]


def consent_params(**changes: str) -> dict[str, str]:
    params = {
        "client_id": CLIENT[0],
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": REDIRECT,
        "state": "s-1",
    }
    return {name: value for name, value in {**params, **changes}.items() if value}


def payment_body(invoice: dict[str, Any], amount: str, **fields: Any) -> dict[str, Any]:
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    return {
        "CustomerRef": invoice["CustomerRef"],
        "TotalAmt": Decimal(amount),
        "TxnDate": "2026-11-01",
        "Line": [{"Amount": Decimal(amount), "LinkedTxn": [link]}],
        **fields,
    }


def exactly(response: httpx.Response) -> Any:
    return wire.loads(response.content)


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture
async def visitor(switches: Switches) -> AsyncIterator[Practice]:
    """A client that has not signed in."""
    practice = Practice(switches)
    async with practice.http:
        yield practice


@pytest.fixture
def practice(visitor: Practice) -> Practice:
    """A client that has signed in."""
    visitor.sign_in()
    return visitor


@pytest.fixture
def code_of():
    """The fault code of an answer, whatever its envelope."""

    def code(response: httpx.Response) -> str:
        body = response.json()
        if "Fault" in body:
            return body["Fault"]["Error"][0]["code"]
        return body["fault"]["error"][0]["code"]

    return code
