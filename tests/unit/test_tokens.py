"""Staying signed in: one refresh at a time, and no rotated token is ever lost."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from filelock import FileLock

from qbdesk.sync.quickbooks.hosts import intuit_hosts
from qbdesk.sync.quickbooks.oauth import (
    AppKeys,
    KeysRefused,
    SignInEnded,
    SignInUnreachable,
    TokenSet,
)
from qbdesk.sync.quickbooks.tokens import TokenHealth, TokenKeeper
from qbdesk.sync.vault import KeyringLocked, MemoryVault, SecretTooLong, Vault

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = AppKeys("client-1", "canary-secret")


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


class Intuit:
    """The sign-in service at its strictest: each refresh rotates, and a rotated-away token is dead.

    `good` are the refresh tokens that it takes; `trouble` answers instead, once the work is done.
    """

    def __init__(self) -> None:
        self.good = {"canary-refresh-1"}
        self.rotates = True
        self.life = 3600
        self.asked: list[str] = []
        self.revoked: list[str] = []
        self.trouble: Callable[[], httpx.Response] | None = None
        self.busy = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()
        self._number = 1

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/revoke"):
            self.revoked.append(request.content.decode())
            return self._answer(httpx.Response(200))
        sent = parse_qs(request.content.decode())["refresh_token"][0]
        self.asked.append(sent)
        self.busy += 1
        assert self.busy == 1, "two refreshes at once: Intuit may end the sign-in"
        self.arrived.set()
        await self.gate.wait()
        await asyncio.sleep(0)
        self.busy -= 1
        if sent not in self.good:
            return self._answer(httpx.Response(400, json={"error": "invalid_grant"}))
        if self.rotates:
            self._number += 1
            self.good = {f"canary-refresh-{self._number}"}
        tokens = {
            "access_token": f"canary-access-{len(self.asked)}",
            "refresh_token": next(iter(self.good)),
            "expires_in": self.life,
            "x_refresh_token_expires_in": 8726400,
        }
        return self._answer(httpx.Response(200, json=tokens))

    def _answer(self, answer: httpx.Response) -> httpx.Response:
        return answer if self.trouble is None else self.trouble()


class WatchedVault(MemoryVault):
    """A vault that raises `trouble`, and calls `on_read` and `on_store` first."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: Exception | None = None
        self.on_read: Callable[[], None] = lambda: None
        self.on_store: Callable[[], None] = lambda: None
        self.stores = 0

    def refresh_tokens(self, company_key: str) -> list[str]:
        self.on_read()
        return super().refresh_tokens(company_key)

    def store_refresh_token(self, company_key: str, token: str) -> None:
        self.stores += 1
        self.on_store()
        if self.trouble is not None:
            raise self.trouble
        super().store_refresh_token(company_key, token)

    def begin(self, company_key: str, token: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        super().begin(company_key, token)


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.intuit = Intuit()
        self.vault = WatchedVault()
        self.vault.begin("acme", "canary-refresh-1")
        self.keys: AppKeys | None = KEYS
        self.health: TokenHealth | None = None
        self.lock = folder / "acme.lock"
        self.slept = 0.0
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self.intuit))

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await asyncio.sleep(0)

    def record(self, health: TokenHealth) -> None:
        self.health = health

    def keeper(self, vault: Vault | None = None) -> TokenKeeper:
        """As after a restart: nothing in memory."""
        return TokenKeeper(
            self.http,
            intuit_hosts("http://127.0.0.1:1"),
            lambda: self.keys,
            vault or self.vault,
            "acme",
            clock=self.clock,
            lock=self.lock,
            record=self.record,
            load=lambda: self.health,
            sleep=self.sleep,
        )

    def tokens(self, number: str = "new") -> TokenSet:
        return TokenSet(
            access_token=f"canary-access-{number}",
            access_expires_at=self.clock.now + timedelta(hours=1),
            refresh_token=f"canary-refresh-{number}",
            refresh_expires_at=self.clock.now + timedelta(days=101),
            hard_expires_at=self.clock.now + timedelta(days=50),
        )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    await world.http.aclose()


def unreachable() -> httpx.Response:
    raise httpx.ReadError("cut off, canary")


async def test_one_refresh_serves_until_five_minutes_before_the_end(world: World) -> None:
    keeper = world.keeper()
    first = await keeper.access_token()
    world.clock.pass_by(minutes=54, seconds=59)
    assert await keeper.access_token() == first
    assert len(world.intuit.asked) == 1
    world.clock.pass_by(seconds=1)
    assert await keeper.access_token() != first


async def test_a_short_token_is_refreshed_in_the_last_quarter_of_its_life(world: World) -> None:
    world.intuit.life = 8
    keeper = world.keeper()
    first = await keeper.access_token()
    world.clock.pass_by(seconds=5.9)
    assert await keeper.access_token() == first
    world.clock.pass_by(seconds=0.1)
    assert await keeper.access_token() != first


async def test_a_token_that_never_lives_is_handed_out_once_and_not_refreshed_for_ever(
    world: World,
) -> None:
    world.intuit.life = 0
    keeper = world.keeper()
    assert await keeper.access_token() == "canary-access-1"
    assert await keeper.access_token() == "canary-access-2"


async def test_a_rotated_token_is_in_the_vault_before_the_access_token_is_used(
    world: World,
) -> None:
    keeper = world.keeper()
    world.vault.trouble = KeyringLocked()
    with pytest.raises(KeyringLocked):
        await keeper.access_token()
    world.vault.trouble = None
    await keeper.access_token()
    assert world.vault.refresh_tokens("acme") == ["canary-refresh-2", "canary-refresh-1"]


async def test_a_token_that_the_keyring_would_not_take_is_kept_until_it_does(world: World) -> None:
    """Intuit has rotated: the one good token is in memory, and asking again would end it all."""
    keeper = world.keeper()
    world.vault.trouble = KeyringLocked()
    for _ in range(3):
        with pytest.raises(KeyringLocked):
            await keeper.access_token()
    world.vault.trouble = None
    assert await keeper.access_token() == "canary-access-1"
    assert world.intuit.asked == ["canary-refresh-1"]
    assert world.vault.refresh_tokens("acme")[0] == "canary-refresh-2"


async def test_an_access_token_that_ended_while_the_keyring_was_locked_is_not_handed_out(
    world: World,
) -> None:
    keeper = world.keeper()
    world.vault.trouble = KeyringLocked()
    with pytest.raises(KeyringLocked):
        await keeper.access_token()
    world.vault.trouble = None
    world.clock.pass_by(hours=2)
    assert await keeper.access_token() == "canary-access-2"
    assert world.intuit.asked == ["canary-refresh-1", "canary-refresh-2"]


async def test_a_token_too_long_for_the_keyring_is_said_and_loses_nothing(world: World) -> None:
    world.vault.trouble = SecretTooLong(2000, 1280)
    with pytest.raises(SecretTooLong):
        await world.keeper().access_token()
    assert world.vault.refresh_tokens("acme") == ["canary-refresh-1"]


async def test_a_lost_answer_is_passing_and_the_token_is_kept(world: World) -> None:
    world.intuit.rotates = False
    world.intuit.trouble = unreachable
    keeper = world.keeper()
    with pytest.raises(SignInUnreachable):
        await keeper.access_token()
    assert world.vault.refresh_tokens("acme") == ["canary-refresh-1"]
    world.intuit.trouble = None
    assert await keeper.access_token() == "canary-access-2"


async def test_when_the_newest_token_is_dead_the_one_before_is_tried_once(world: World) -> None:
    world.vault.store_refresh_token("acme", "canary-refresh-dead")
    assert await world.keeper().access_token() == "canary-access-2"
    assert world.intuit.asked == ["canary-refresh-dead", "canary-refresh-1"]
    assert world.vault.refresh_tokens("acme")[0] == "canary-refresh-2"


async def test_when_both_are_dead_the_sign_in_has_ended_and_a_person_is_told(world: World) -> None:
    world.vault.store_refresh_token("acme", "canary-refresh-dead")
    world.intuit.good = set()
    with pytest.raises(SignInEnded, match="Press Sign in again"):
        await world.keeper().access_token()
    assert world.intuit.asked == ["canary-refresh-dead", "canary-refresh-1"]
    assert len(world.vault.refresh_tokens("acme")) == 2


async def test_with_one_dead_token_the_sign_in_has_ended_after_one_question(world: World) -> None:
    world.intuit.good = set()
    with pytest.raises(SignInEnded):
        await world.keeper().access_token()
    assert world.intuit.asked == ["canary-refresh-1"]


async def test_a_token_that_another_program_stored_meanwhile_is_used(world: World) -> None:
    def rotated_elsewhere() -> None:
        if world.intuit.asked and world.intuit.good == {"canary-refresh-1"}:
            world.intuit.good = {"canary-refresh-elsewhere"}
            world.vault.store_refresh_token("acme", "canary-refresh-elsewhere")

    world.vault.begin("acme", "canary-refresh-old")
    world.vault.on_read = rotated_elsewhere
    assert await world.keeper().access_token() == "canary-access-2"
    assert world.intuit.asked == ["canary-refresh-old", "canary-refresh-elsewhere"]


async def test_without_a_stored_sign_in_intuit_is_not_asked(world: World) -> None:
    world.vault.forget("acme")
    with pytest.raises(SignInEnded):
        await world.keeper().access_token()
    assert world.intuit.asked == []


async def test_many_callers_share_one_refresh(world: World) -> None:
    keeper = world.keeper()
    tokens = await asyncio.gather(*(keeper.access_token() for _ in range(20)))
    assert set(tokens) == {"canary-access-1"}
    assert len(world.intuit.asked) == 1


async def test_many_callers_share_one_failure(world: World) -> None:
    world.intuit.good = set()
    keeper = world.keeper()
    outcomes = await asyncio.gather(
        *(keeper.access_token() for _ in range(5)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {SignInEnded}
    assert len(world.intuit.asked) == 1


async def test_two_keepers_of_one_company_take_turns_and_both_stay_signed_in(world: World) -> None:
    first, second = world.keeper(), world.keeper()
    for _ in range(5):
        await asyncio.gather(first.access_token(), second.access_token())
        world.clock.pass_by(hours=1)
    assert world.intuit.asked == [f"canary-refresh-{number}" for number in range(1, 11)]


async def test_a_lock_held_elsewhere_is_waited_for_and_then_given_up_without_loss(
    world: World,
) -> None:
    keeper = world.keeper()
    with FileLock(world.lock), pytest.raises(SignInUnreachable, match="Another qbdesk"):
        await keeper.access_token()
    assert world.slept == pytest.approx(90, abs=1)
    assert world.intuit.asked == []
    assert await keeper.access_token() == "canary-access-1"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_trouble_that_passes_keeps_the_sign_in(world: World, status: int) -> None:
    world.intuit.rotates = False
    world.intuit.trouble = lambda: httpx.Response(status, text="<html>")
    keeper = world.keeper()
    with pytest.raises(SignInUnreachable):
        await keeper.access_token()
    assert world.vault.refresh_tokens("acme") == ["canary-refresh-1"]
    world.intuit.trouble = None
    await keeper.access_token()


async def test_while_intuit_is_unreachable_the_present_token_serves_to_its_end(
    world: World,
) -> None:
    keeper = world.keeper()
    token = await keeper.access_token()
    world.intuit.trouble = unreachable
    world.clock.pass_by(minutes=59)
    assert await keeper.access_token() == token
    assert len(world.intuit.asked) == 2
    world.clock.pass_by(minutes=1)
    with pytest.raises(SignInUnreachable):
        await keeper.access_token()


async def test_a_token_that_quickbooks_refused_is_replaced(world: World) -> None:
    keeper = world.keeper()
    first = await keeper.access_token()
    await keeper.refused(first)
    second = await keeper.access_token()
    assert second != first
    await keeper.refused(first)  # the same answer, come late
    assert await keeper.access_token() == second


async def test_missing_and_wrong_app_keys_are_said_and_cost_no_token(world: World) -> None:
    keeper = world.keeper()
    world.keys = None
    with pytest.raises(KeysRefused, match="not on this computer"):
        await keeper.access_token()
    world.keys = KEYS
    world.intuit.trouble = lambda: httpx.Response(401, json={"error": "invalid_client"})
    with pytest.raises(KeysRefused, match="does not accept the app keys"):
        await keeper.access_token()
    assert world.vault.refresh_tokens("acme") == ["canary-refresh-1"]


async def test_a_caller_that_is_stopped_does_not_cut_off_the_refresh(world: World) -> None:
    keeper = world.keeper()
    world.intuit.gate.clear()
    caller = asyncio.create_task(keeper.access_token())
    await world.intuit.arrived.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    world.intuit.gate.set()
    await keeper.finish()
    assert world.vault.refresh_tokens("acme")[0] == "canary-refresh-2"


async def test_the_end_of_the_sign_in_is_recorded_without_secrets(world: World) -> None:
    keeper = world.keeper()
    assert keeper.health() == TokenHealth()
    await keeper.access_token()
    assert keeper.health() == TokenHealth(
        access_expires_at=START + timedelta(hours=1),
        refresh_expires_at=START + timedelta(days=101),
        last_refresh_at=START,
    )


async def test_the_final_end_counts_when_it_comes_before_the_rolling_one(world: World) -> None:
    keeper = world.keeper()
    await keeper.adopt(world.tokens())
    assert keeper.health().refresh_expires_at == START + timedelta(days=50)


async def test_an_adopted_sign_in_replaces_the_one_before(world: World) -> None:
    keeper = world.keeper()
    await keeper.access_token()
    await keeper.adopt(world.tokens())
    assert await keeper.access_token() == "canary-access-new"
    assert world.vault.refresh_tokens("acme") == ["canary-refresh-new"]


async def test_a_sign_in_that_the_keyring_refuses_is_not_adopted_and_can_be_again(
    world: World,
) -> None:
    keeper, tokens = world.keeper(), world.tokens()
    world.vault.trouble = KeyringLocked()
    with pytest.raises(KeyringLocked):
        await keeper.adopt(tokens)
    assert keeper.health() == TokenHealth()
    world.vault.trouble = None
    await keeper.adopt(tokens)
    assert await keeper.access_token() == "canary-access-new"


async def test_a_sign_in_adopted_during_a_refresh_wins(world: World) -> None:
    keeper = world.keeper()
    world.intuit.gate.clear()
    caller = asyncio.create_task(keeper.access_token())
    await world.intuit.arrived.wait()
    adopting = asyncio.create_task(keeper.adopt(world.tokens()))
    await asyncio.sleep(0.02)
    world.intuit.gate.set()
    await asyncio.gather(caller, adopting)
    assert await keeper.access_token() == "canary-access-new"
    assert world.vault.refresh_tokens("acme") == ["canary-refresh-new"]


async def test_disconnecting_forgets_and_ends_the_sign_in_at_intuit(world: World) -> None:
    keeper = world.keeper()
    await keeper.access_token()
    assert await keeper.disconnect()
    assert world.vault.refresh_tokens("acme") == []
    assert world.intuit.revoked == ['{"token":"canary-refresh-2"}']
    assert keeper.health() == TokenHealth()
    with pytest.raises(SignInEnded):
        await keeper.access_token()


@pytest.mark.parametrize("missing_keys", [False, True])
async def test_disconnecting_forgets_even_when_intuit_cannot_be_told(
    world: World, missing_keys: bool
) -> None:
    keeper = world.keeper()
    await keeper.access_token()
    world.intuit.trouble = unreachable
    world.keys = None if missing_keys else KEYS
    assert not await keeper.disconnect()
    assert world.vault.refresh_tokens("acme") == []


async def test_disconnecting_during_a_refresh_forgets_at_once_and_for_good(world: World) -> None:
    keeper = world.keeper()
    world.intuit.gate.clear()
    caller = asyncio.create_task(keeper.access_token())
    await world.intuit.arrived.wait()
    leaving = asyncio.create_task(keeper.disconnect())
    while world.vault.refresh_tokens("acme"):  # before Intuit has answered
        await asyncio.sleep(0.01)
    world.intuit.gate.set()
    with pytest.raises(SignInEnded):
        await caller
    assert await leaving
    assert '{"token":"canary-refresh-2"}' in world.intuit.revoked
    assert world.vault.stores == 0
    assert world.vault.refresh_tokens("acme") == []
    with pytest.raises(SignInEnded):
        await keeper.access_token()


async def test_disconnecting_while_a_new_token_is_being_stored_forgets_it_too(
    world: World,
) -> None:
    storing, unlocked = threading.Event(), threading.Event()

    def slowly() -> None:
        storing.set()
        unlocked.wait(10)

    keeper, world.vault.on_store = world.keeper(), slowly
    caller = asyncio.create_task(keeper.access_token())
    await asyncio.to_thread(storing.wait, 10)
    leaving = asyncio.create_task(keeper.disconnect())
    while world.vault.refresh_tokens("acme"):
        await asyncio.sleep(0.01)
    unlocked.set()
    await asyncio.gather(caller, leaving)
    assert world.vault.refresh_tokens("acme") == []
    assert world.intuit.revoked[0] == '{"token":"canary-refresh-2"}'
    assert keeper.health() == TokenHealth()
    with pytest.raises(SignInEnded):
        await keeper.access_token()


async def test_a_token_that_another_process_stores_during_disconnecting_is_deleted_too(
    world: World,
) -> None:
    keeper = world.keeper()
    with FileLock(world.lock):
        leaving = asyncio.create_task(keeper.disconnect())
        while world.slept == 0:
            await asyncio.sleep(0)
        assert world.vault.refresh_tokens("acme") == []
        world.vault.store_refresh_token("acme", "canary-refresh-other")
    assert await leaving
    assert world.vault.refresh_tokens("acme") == []
    assert world.intuit.revoked == ['{"token":"canary-refresh-other"}']


async def test_no_token_stands_in_any_exception_printed_value_or_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    errors: list[BaseException] = []
    for good, trouble in (
        (set(), None),
        ({"canary-refresh-1"}, unreachable),
        ({"canary-refresh-1"}, lambda: httpx.Response(200, text='{"access_token": "canary"}')),
        ({"canary-refresh-1"}, lambda: httpx.Response(400, text='{"error": "canary"}')),
    ):
        world.intuit.good, world.intuit.trouble = good, trouble
        with pytest.raises((SignInEnded, SignInUnreachable)) as caught:
            await world.keeper().access_token()
        errors.append(caught.value)
    world.intuit.trouble = None
    world.vault.begin("acme", next(iter(world.intuit.good)))
    keeper = world.keeper()
    await keeper.access_token()
    assert len(errors) == 4
    for error in errors:
        chain: BaseException | None = error
        while chain is not None:
            assert "canary" not in repr(chain) + str(chain) + repr(vars(chain))
            chain = chain.__context__
    assert "canary" not in caplog.text + repr(keeper) + repr(vars(keeper)["_held"])
