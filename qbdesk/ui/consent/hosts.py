"""Where the consent window may go, which address ends it, and how an address is shown.

Addresses are compared as Qt hands them over, already in the browser engine's own normal form: a
second parser could read the same text differently (RFC 8252 section 8.10 asks for an exact match).
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

from PySide6.QtCore import QUrl

from qbdesk.ui.consent.messages import ConsentRequest

INTUIT_DOMAIN = "intuit.com"
"""Every host below this name, all of them Intuit's own: the authorize page is at
appcenter.intuit.com, signing in and the second factor at accounts.intuit.com and
accounts.platform.intuit.com, choosing the company at appcenter.intuit.com or
quickbooks.intuit.com, and Intuit moves people between them by region and kind of account."""

_DEFAULT_PORTS = {"https": 443, "http": 80}
_ENCODED = QUrl.ComponentFormattingOption.FullyEncoded
_SHOWN_LENGTH = 300


class Origin(NamedTuple):
    """Scheme, host (lower case, punycode) and port (the scheme's own where none is written)."""

    scheme: str
    host: str
    port: int


def origin_of(url: QUrl) -> Origin:
    """Return the origin of an address; the port is -1 where the scheme has none."""
    scheme = url.scheme()
    return Origin(scheme, url.host(_ENCODED), url.port(_DEFAULT_PORTS.get(scheme, -1)))


def _path_of(url: QUrl) -> str:
    return url.path(_ENCODED) or "/"


def _is_intuit(origin: Origin) -> bool:
    below = origin.host == INTUIT_DOMAIN or origin.host.endswith("." + INTUIT_DOMAIN)
    return below and origin.scheme == "https" and origin.port == _DEFAULT_PORTS["https"]


@dataclass(frozen=True)
class Rules:
    """The two questions that every main-frame navigation is asked."""

    redirect_uri: QUrl
    intuit_root: QUrl | None

    @classmethod
    def of(cls, request: ConsentRequest) -> Self:
        """Return the rules of one sign-in."""
        root = request.intuit_root
        return cls(QUrl(request.redirect_uri), None if root is None else QUrl(root))

    def ends_at(self, url: QUrl) -> bool:
        """Say whether this is the redirect address: same scheme, host, port and path, exactly."""
        return (
            origin_of(url) == origin_of(self.redirect_uri)
            and _path_of(url) == _path_of(self.redirect_uri)
            and not url.userInfo()
        )

    def may_open(self, url: QUrl) -> bool:
        """Say whether a page may be shown: Intuit's over https, or the test server's."""
        if url.userInfo():  # "https://accounts.intuit.com@elsewhere" has no honest use here
            return False
        if self.intuit_root is not None:
            return origin_of(url) == origin_of(self.intuit_root)
        return _is_intuit(origin_of(url))


class ShownAddress(NamedTuple):
    """The parts of an address for people, in printable ASCII only."""

    scheme: str
    host: str
    path: str


def shown_address(url: QUrl) -> ShownAddress:
    """Return an address for the screen: its port only where it is unusual, never its query.

    The host is in punycode and the path percent-encoded, so nothing can imitate another letter,
    turn the reading direction or break the line.
    """
    scheme, host, port = origin_of(url)
    if port not in {-1, _DEFAULT_PORTS.get(scheme)}:
        host += f":{port}"
    return ShownAddress(_plain(scheme), _plain(host), _plain(url.path(_ENCODED)))


def _plain(text: str) -> str:
    kept = "".join(letter for letter in text if letter.isascii() and letter.isprintable())
    return kept if len(kept) <= _SHOWN_LENGTH else kept[:_SHOWN_LENGTH] + "…"
