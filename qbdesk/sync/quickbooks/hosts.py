"""Where Intuit lives: its own hosts, or one test server on this machine that stands in for all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import quote

from qbdesk.sync.errors import Refusal

Environment = Literal["production", "sandbox"]
PageKind = Literal["invoice", "payment", "customer"]

_AUTHORIZE = "appcenter.intuit.com/connect/oauth2"
_TOKEN = "oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
_REVOKE = "developer.api.intuit.com/v2/oauth2/tokens/revoke"
_API: Mapping[Environment, str] = {
    "production": "quickbooks.api.intuit.com",
    "sandbox": "sandbox-quickbooks.api.intuit.com",
}
_WEB: Mapping[Environment, str] = {
    "production": "qbo.intuit.com/app",
    "sandbox": "sandbox.qbo.intuit.com/app",
}
_PAGES: Mapping[PageKind, str] = {
    "invoice": "invoice?txnId=",
    "payment": "recvpayment?txnId=",
    "customer": "customerdetail?nameId=",
}
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\]):([0-9]{1,5})/?")


class BadTestServer(Refusal, ValueError):
    """QBDESK_INTUIT_URL names something that is no server on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "QBDESK_INTUIT_URL must name a test server on this computer, such as "
            "http://127.0.0.1:8080. Correct it, or remove it to work with QuickBooks itself."
        )


@dataclass(frozen=True)
class Hosts:
    """Addresses of the sign-in, token, revocation, Accounting API and QuickBooks' own pages,
    without a closing slash."""

    authorize: str
    token: str
    revoke: str
    api: Mapping[Environment, str]
    pages: Mapping[Environment, str]
    test_server_root: str | None

    @property
    def test_server(self) -> bool:
        return self.test_server_root is not None

    def web_link(self, environment: Environment, kind: PageKind, entity_id: str) -> str:
        """The page of QuickBooks that shows one invoice, payment or customer to a person."""
        return f"{self.pages[environment]}/{_PAGES[kind]}{quote(entity_id, safe='')}"


def intuit_hosts(test_server: str | None) -> Hosts:
    """Intuit's hosts, or the same paths below a test server.

    Args:
        test_server: The value of QBDESK_INTUIT_URL; None where it is not set. An empty value is
            refused as well: a script that meant a test server must not reach real books.

    Raises:
        BadTestServer: It is anything but plain http on loopback with a port.
    """
    root = None if test_server is None else _loopback_root(test_server)

    def address(host_and_path: str) -> str:
        if root is None:
            return f"https://{host_and_path}"
        host, slash, path = host_and_path.partition("/")
        return f"{root}/{host.partition('.')[0]}{slash}{path}"

    api = MappingProxyType({environment: address(host) for environment, host in _API.items()})
    pages = MappingProxyType({environment: address(host) for environment, host in _WEB.items()})
    return Hosts(address(_AUTHORIZE), address(_TOKEN), address(_REVOKE), api, pages, root)


def _loopback_root(text: str) -> str:
    match = _LOOPBACK.fullmatch(text)
    if match is None or not 0 < int(match[1]) < 65536:
        raise BadTestServer
    return text.removesuffix("/")
