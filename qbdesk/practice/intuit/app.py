"""Intuit's hosts as one app: the first label of a host's name is the first part of the path."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qbdesk.practice.dated import Dated
from qbdesk.practice.intuit import accounting, controls, discovery, oauth, pages
from qbdesk.practice.intuit.company import API_HOSTS, PracticeCompany

SITES = {"production": "qbo", "sandbox": "sandbox"}
Endpoint = Callable[[Request], Awaitable[Response]]


def intuit_app(company: PracticeCompany) -> Starlette:
    """The practice company as Intuit serves it, with `/practice/...` beside it."""
    app = Starlette(
        routes=[
            Route("/appcenter/connect/oauth2", oauth.authorize, methods=["GET", "POST"]),
            Route("/oauth/oauth2/v1/tokens/bearer", oauth.token, methods=["POST"]),
            Route("/developer/v2/oauth2/tokens/revoke", oauth.revoke, methods=["POST"]),
            Route("/developer/.well-known/openid_sandbox_configuration", discovery.document),
            Route("/developer/.well-known/openid_configuration", discovery.document),
            *(
                Route(
                    f"/{host}/v3/company/{{realm}}/{{rest:path}}",
                    _accounting_of(host),
                    methods=["GET", "POST"],
                )
                for host in API_HOSTS
            ),
            Route("/{site}/app/invoice", _show_invoice),
            *controls.ROUTES,
        ],
        middleware=[
            Middleware(Dated, clock=lambda: company.clock()),
            Middleware(_EveryAnswer, company=company),
        ],
    )
    app.state.company = company
    return app


def _accounting_of(host: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await accounting.serve(request, host)

    return endpoint


async def _show_invoice(request: Request) -> Response:
    """QuickBooks' own page of an invoice, by the site of the company's environment."""
    company: PracticeCompany = request.app.state.company
    wanted = request.query_params.get("txnId", "")
    invoice = company.books.entities["Invoice"].get(wanted)
    if invoice is None or request.path_params["site"] != SITES[company.switches.environment]:
        return pages.problem("There is no such invoice in this practice company.")
    return pages.invoice(company.books.company_name, invoice)


class _EveryAnswer:
    """Late changes come due before a request is looked at; every answer carries `intuit_tid`."""

    def __init__(self, app: ASGIApp, company: PracticeCompany) -> None:
        self._app = app
        self._company = company

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._company.catch_up()

        async def send_traced(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["intuit_tid"] = self._company.new_trace_id()
            await send(message)

        await self._app(scope, receive, send_traced)
