"""What the program and its consent window say to each other: one JSON line each way, no Qt.

The request comes on the window's standard input and the answer leaves on its standard output, so
that neither the address nor the code in it ever stands in a process list.
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
LINE_LIMIT = 16 * 1024
"""The longest request or answer, in bytes, its line end included."""

TIMEOUT_SECONDS = 600.0


def _address(text: str) -> str:
    parts = urlsplit(text)  # raises ValueError for a host or port that is none
    if not parts.hostname or (parts.port is None and parts.netloc.endswith(":")):
        raise ValueError("an address with a host is needed")
    if parts.scheme != "https" and not (
        parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    ):
        raise ValueError("only https is used, or http on this machine")
    if parts.username is not None or parts.fragment:
        raise ValueError("an address without a user name and without a fragment is needed")
    return text


def _loopback_root(text: str) -> str:
    parts = urlsplit(_address(text))
    if parts.hostname not in LOOPBACK_HOSTS or parts.path not in {"", "/"} or parts.query:
        raise ValueError("a test server is the root of an address on this machine")
    return text


Address = Annotated[str, Field(max_length=8192, repr=False), AfterValidator(_address)]


class _Message(BaseModel):
    # An address can hold a code: no error text may quote what was sent.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def line(self) -> bytes:
        """Return the message as it goes over the pipe: one line of JSON, its end included."""
        return self.model_dump_json().encode() + b"\n"


class ConsentRequest(_Message):
    """One sign-in: where it starts, and the address that ends it.

    `intuit_root` is the root of a test server on this machine that stands in for Intuit's hosts,
    or None. `timeout_seconds` counts from the moment the window opens.
    """

    authorize_url: Address
    redirect_uri: Address
    intuit_root: Annotated[str, AfterValidator(_loopback_root)] | None = None
    timeout_seconds: float = Field(default=TIMEOUT_SECONDS, gt=0, le=3600)


class Landed(_Message):
    """Intuit sent the browser to the redirect address; `address` is that address in full."""

    outcome: Literal["landed"] = "landed"
    address: str = Field(repr=False)


class Closed(_Message):
    """The person closed the window or pressed Cancel."""

    outcome: Literal["closed"] = "closed"


class BrowserWanted(_Message):
    """The person wants to sign in with their own browser instead."""

    outcome: Literal["browser"] = "browser"


class TimedOut(_Message):
    """Nobody finished the sign-in in time."""

    outcome: Literal["timeout"] = "timeout"


class Unavailable(_Message):
    """The window cannot be shown here; `why` is a sentence for the person."""

    outcome: Literal["unavailable"] = "unavailable"
    why: str = Field(min_length=1, max_length=1000)


Outcome = Landed | Closed | BrowserWanted | TimedOut | Unavailable

_OUTCOMES: TypeAdapter[Outcome] = TypeAdapter(Annotated[Outcome, Field(discriminator="outcome")])


def read_outcome(line: bytes) -> Outcome:
    """Return the answer in one line of the window's output.

    Raises:
        ValueError: the line is not one of the five answers.
    """
    return _OUTCOMES.validate_json(line)
