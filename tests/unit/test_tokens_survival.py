"""Staying signed in with a failing keyring, and with two programs on one sign-in."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError, PasswordSetError

from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.quickbooks.oauth import AppKeys
from qbdesk.sync.quickbooks.tokens import TokenKeeper
from qbdesk.sync.vault import KeyringVault, VaultError


class FailingKeyring(KeyringBackend):
    """Fails once, at a given call; before or after its effect."""

    def __init__(self, *, after_effect: bool) -> None:
        self.entries: dict[str, str] = {}
        self.after_effect = after_effect
        self.calls = 0
        self.fail_at = 0

    def _before(self) -> None:
        self.calls += 1
        if not self.after_effect:
            self._after()

    def _after(self) -> None:
        if self.calls == self.fail_at:
            self.fail_at = 0
            raise PasswordSetError("no")

    def get_password(self, service: str, username: str) -> str | None:
        self._before()
        self._after()
        return self.entries.get(service)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._before()
        self.entries[service] = password
        self._after()

    def delete_password(self, service: str, username: str) -> None:
        self._before()
        if self.entries.pop(service, None) is None:
            raise PasswordDeleteError("none")
        self._after()


class StrictIntuit:
    """Takes the newest refresh token alone; notes when one is presented that is dead, or two come
    at once."""

    def __init__(self) -> None:
        self.number = 1
        self.busy = False
        self.complaints: list[str] = []

    async def refresh(self, form: str) -> tuple[int, dict[str, object]]:
        sent = parse_qs(form)["refresh_token"][0]
        if self.busy:
            self.complaints.append("two at once")
        self.busy = True
        await asyncio.sleep(0.005)
        self.busy = False
        if sent != f"refresh-{self.number}":
            self.complaints.append(f"dead token {sent}")
            return 400, {"error": "invalid_grant"}
        self.number += 1
        return 200, {
            "access_token": f"access-{self.number}",
            "refresh_token": f"refresh-{self.number}",
            "expires_in": 3600,
        }

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        status, answer = await self.refresh(request.content.decode())
        return httpx.Response(status, json=answer)


def keeper(http: httpx.AsyncClient, vault: KeyringVault, folder: Path) -> TokenKeeper:
    return TokenKeeper(
        http,
        intuit_hosts("http://127.0.0.1:1"),
        lambda: AppKeys("client", "secret"),
        vault,
        "acme",
        clock=lambda: datetime(2026, 3, 1, tzinfo=UTC),
        lock=folder / "acme.lock",
        record=lambda health: None,
        load=lambda: None,
    )


@pytest.mark.parametrize("after_effect", [False, True])
async def test_whichever_keyring_call_fails_during_a_refresh_the_company_stays_signed_in(
    tmp_path: Path, after_effect: bool
) -> None:
    for call in range(1, 50):
        ring, intuit = FailingKeyring(after_effect=after_effect), StrictIntuit()
        vault = KeyringVault(tmp_path, ring)
        vault.begin("acme", "refresh-1")
        async with httpx.AsyncClient(transport=httpx.MockTransport(intuit)) as http:
            running = keeper(http, vault, tmp_path)
            ring.fail_at = ring.calls + call
            try:
                await running.access_token()
            except VaultError:
                await running.access_token()
            never_failed = ring.fail_at > 0
            ring.fail_at = 0
            restarted = keeper(http, KeyringVault(tmp_path, ring), tmp_path)
            assert await restarted.access_token() == "access-3"
        assert intuit.complaints == []
        if never_failed:
            assert call == 8  # after four reads, the idle slot's, writing and reading back
            return
    pytest.fail("it never came to an end")


_PROGRAM = """
import asyncio, json, pathlib, sys
from datetime import UTC, datetime
import httpx
from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.quickbooks.oauth import AppKeys
from qbdesk.sync.quickbooks.tokens import TokenKeeper
from qbdesk.sync.vault import MemoryVault

folder, root = pathlib.Path(sys.argv[1]), sys.argv[2]

class SharedVault(MemoryVault):
    def refresh_tokens(self, company_key):
        return json.loads((folder / "tokens.json").read_text())
    def store_refresh_token(self, company_key, token):
        tokens = [token, *self.refresh_tokens(company_key)][:2]
        (folder / "tokens.json").write_text(json.dumps(tokens))

async def main():
    async with httpx.AsyncClient() as http:
        keeper = TokenKeeper(
            http, intuit_hosts(root), lambda: AppKeys("client", "secret"), SharedVault(), "acme",
            clock=lambda: datetime.now(UTC), lock=folder / "acme.lock",
            record=lambda health: None, load=lambda: None,
        )
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for _ in range(10):
            await keeper.refused(await keeper.access_token())

asyncio.run(main())
"""


@asynccontextmanager
async def served(intuit: StrictIntuit) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        status, answer = await intuit.refresh((await reader.readexactly(length)).decode())
        body = json.dumps(answer).encode()
        lines = (f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "", "")
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_two_programs_on_one_sign_in_never_refresh_at_once_nor_with_a_dead_token(
    tmp_path: Path,
) -> None:
    (tmp_path / "tokens.json").write_text('["refresh-1"]')
    intuit, pipe = StrictIntuit(), asyncio.subprocess.PIPE
    async with served(intuit) as root:
        programs = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", _PROGRAM, str(tmp_path), root, stdin=pipe, stdout=pipe
            )
            for _ in range(2)
        ]
        for program in programs:
            assert program.stdout is not None
            assert await program.stdout.readline() == b"ready\n"
        await asyncio.gather(*(program.communicate(b"go\n") for program in programs))
    assert [program.returncode for program in programs] == [0, 0]
    assert intuit.complaints == []
    assert intuit.number == 21  # ten refreshes each
