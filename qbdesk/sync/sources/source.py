"""What every source of paid invoices offers, and what can go wrong with one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from qbdesk.sync.errors import Trouble
from qbdesk.sync.model import Tenant


class SourceUnreachable(Trouble):
    """The source is down, slow or answers rubbish; it may pass by itself."""


class SourceRefused(Trouble):
    """The source does not accept the token: only a person can help."""


@dataclass(frozen=True)
class Page:
    """Some rows as they came, and the place to go on from once they are stored.

    Attributes:
        etag: Of this very page, where asking at `cursor` would bring it once more.
    """

    rows: tuple[Any, ...]
    cursor: str
    etag: str | None = None


class Source(Protocol):
    """A place where invoices get paid. Reading it never changes it."""

    async def tenant(self) -> Tenant:
        """Who the token belongs to. Raises SourceUnreachable, SourceRefused."""
        ...

    async def invoice(self, source_id: str) -> Any | None:
        """One row as it stands now; None: the source knows no such invoice.

        Raises SourceUnreachable, SourceRefused.
        """
        ...

    def pages(
        self, cursor: str | None, since: datetime, etag: str | None = None
    ) -> AsyncIterator[Page]:
        """Everything from the cursor on, or paid since then where there is none yet.

        Nothing comes where the page at the cursor is still the one of `etag`.

        The next page is asked for only when the consumer comes back, that is: has stored this one.
        Raises SourceUnreachable, SourceRefused.
        """
        ...
