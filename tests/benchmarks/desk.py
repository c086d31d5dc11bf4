"""qbdesk at work: the real service on a ledger file, connected to a practice company."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from skipping import SkippingClock, WatchedTransport

from qbdesk.app import no_cookies, open_service
from qbdesk.sync.clients import Surroundings
from qbdesk.sync.service import Service
from qbdesk.sync.views import PassResult

NAME = "Maple"
PATIENCE = 7200.0  # seconds
FROM = date(2026, 1, 1)


class Desk:
    """`watched`: the clock skips no wait while requests are under way."""

    def __init__(
        self, home: Path, place: dict[str, Any], clock: SkippingClock, *, watched: bool = True
    ) -> None:
        usual = open_service(
            home, environ={"QBDESK_INTUIT_URL": place["intuit_url"]}, in_memory=True
        )
        opened = usual._open

        async def with_our_clock() -> Surroundings:
            around = await opened()
            await around.http.aclose()
            transport = WatchedTransport(clock) if watched else None
            return replace(
                around,
                clock=clock,
                monotonic=clock.monotonic,
                sleep=clock.sleep,
                http=httpx.AsyncClient(transport=transport, cookies=no_cookies()),
            )

        self.service = Service(with_our_clock, scheduled=False)
        self.service.start()
        self._place = place

    def connect(self, redirect: Callable[[str], str]) -> None:
        """Adds the company and signs in; `redirect` opens an address and tells where it leads."""
        place, service = self._place, self.service
        service.add_company(NAME, "feed", place["source_url"], place["source_token"], FROM).result(
            PATIENCE
        )
        asked = service.begin_connect(
            NAME, place["client_id"], place["client_secret"], place["redirect_uri"]
        ).result(PATIENCE)
        offer = service.finish_connect(NAME, redirect(asked.authorize_url)).result(PATIENCE)
        assert offer.income_account is not None
        service.confirm_connect(NAME, offer.income_account.id, frozenset()).result(PATIENCE)

    def sync(self) -> PassResult:
        (result,) = self.service.sync(NAME).result(PATIENCE)
        return result

    def pass_by_schedule(self) -> PassResult:
        """One pass as the schedule starts it: what is known of the company still counts."""
        engine = self.service._engine
        return self.service._submit(engine.run_pass(NAME, afresh=False)).result(PATIENCE)

    def close(self) -> None:
        self.service.stop()


def over_http(address: str) -> str:
    return str(httpx.get(address).headers["location"])
