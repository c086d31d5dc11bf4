"""After the computer has slept, requests go out on new connections, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from qbdesk.app import http_client
from qbdesk.practice.serve import PracticeServer
from qbdesk.practice.world import SOURCE_TOKEN, PracticeWorld

MANY = 150  # invoices; their page does not come in one piece


class Computer:
    """Its clocks: the one that counts seconds stands still while it sleeps."""

    def __init__(self, server: PracticeServer) -> None:
        self._slept = 0.0
        self._seconds = 0.0
        self._url = httpx.URL(f"{server.source_url}/v1/invoices")
        self.http = http_client(lambda: self._seconds + self._slept, lambda: self._seconds)

    def sleep(self) -> None:
        self._slept += 3600

    def work(self) -> None:
        self._seconds += 3600

    async def begin(self, host: str = "127.0.0.1") -> httpx.Response:
        """A request whose answer is on its way."""
        headers = {"authorization": f"Bearer {SOURCE_TOKEN}"}
        params = {"status": "paid", "paid_since": "2020-01-01T00:00:00Z", "limit": "200"}
        url = self._url.copy_with(host=host)
        request = self.http.build_request("GET", url, headers=headers, params=params)
        return await self.http.send(request, stream=True)

    async def ask(self, host: str = "127.0.0.1") -> int:
        """The port of this computer that a whole request went out from."""
        answer = await self.begin(host)
        await answer.aread()
        assert answer.status_code == 200
        return port(answer)

    async def ask_at_once(self) -> set[int]:
        """The ports that requests of the same moment to two hosts went out from."""
        hosts = ["127.0.0.1", "localhost"] * 4
        return set(await asyncio.gather(*map(self.ask, hosts)))


def port(answer: httpx.Response) -> int:
    return int(answer.extensions["network_stream"].get_extra_info("client_addr")[1])


@pytest.fixture
async def computer() -> AsyncIterator[Computer]:
    with PracticeServer(PracticeWorld(invoices=MANY, seed=7)) as server:
        opened = Computer(server)
        async with opened.http:
            yield opened


async def test_after_sleep_a_request_goes_out_on_a_new_connection(computer: Computer) -> None:
    before = await computer.ask()
    computer.sleep()
    after = await computer.ask()
    assert after != before
    assert await computer.ask() == after


async def test_requests_of_the_same_moment_all_go_out_on_new_connections_after_sleep(
    computer: Computer,
) -> None:
    before = await computer.ask_at_once()
    assert len(before) > 1
    computer.sleep()
    assert before.isdisjoint(await computer.ask_at_once())


async def test_what_a_cancelled_request_has_not_closed_the_next_one_does(
    computer: Computer,
) -> None:
    before = await computer.ask_at_once()
    computer.sleep()
    cancelled = asyncio.ensure_future(computer.ask())
    await asyncio.sleep(0)  # it has begun to close them
    cancelled.cancel()
    assert before.isdisjoint(await computer.ask_at_once())
    assert cancelled.cancelled()


async def test_while_the_computer_is_awake_no_connection_is_dropped(computer: Computer) -> None:
    before = await computer.ask()
    computer.work()
    assert await computer.ask() == before


async def test_what_is_on_the_wire_when_the_computer_wakes_still_gets_its_answer(
    computer: Computer,
) -> None:
    under_way = await computer.begin()
    computer.sleep()
    assert await computer.ask() != port(under_way)
    await under_way.aread()
    assert len(under_way.json()["data"]) == MANY
