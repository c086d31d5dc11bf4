"""Keeps one company signed in: refreshes in time, alone, and loses no rotated token."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import httpx
from filelock import FileLock, Timeout

from qbdesk.sync.quickbooks import oauth
from qbdesk.sync.quickbooks.hosts import Hosts
from qbdesk.sync.quickbooks.oauth import (
    SIGN_IN_AGAIN,
    AppKeys,
    KeysRefused,
    SignInEnded,
    SignInUnreachable,
    TokenSet,
)
from qbdesk.sync.vault import Vault, VaultError, in_time
from qbdesk.sync.views import TokenHealth

T = TypeVar("T")

_MARGIN = timedelta(minutes=5)  # a token is refreshed so long before its end, at most
_LOCK_POLL = 0.1  # seconds
_LOCK_PATIENCE = 90.0  # seconds; a refresh and the keyring calls around it each end within 30


class Aside(Protocol):
    """Runs a call that may block (a keyring, say) without holding up the loop."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True)
class _Held:
    """Tokens in memory and the moment of their making. Their repr hides the secrets."""

    tokens: TokenSet
    made_at: datetime

    def left(self, now: datetime) -> timedelta:
        return self.tokens.access_expires_at - now

    def fresh(self, now: datetime) -> bool:
        life = self.tokens.access_expires_at - self.made_at
        return self.left(now) > min(_MARGIN, life / 4)


class TokenKeeper:
    """The access token of one connected company (an `AccessTokens`), for one event loop.

    Intuit changes the refresh token about once a day and may end a sign-in of which two refreshes
    happen at once. Therefore one refresh at a time, across processes too, and a new refresh token
    is in the vault, read back, before the access token that came with it is used.
    The access token lives in memory only.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        hosts: Hosts,
        keys: Callable[[], AppKeys | None],
        vault: Vault,
        company_key: str,
        *,
        clock: Callable[[], datetime],
        lock: Path,
        record: Callable[[TokenHealth], None],
        load: Callable[[], TokenHealth | None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        aside: Aside = in_time,
    ) -> None:
        """`keys` and the vault are asked through `aside`; `record` and `load` on the loop itself.

        `lock` is the file that all processes lock for this company; its folder exists.
        """
        self._http = http
        self._hosts = hosts
        self._keys = keys
        self._vault = vault
        self._company_key = company_key
        self._clock = clock
        self._lock_path = lock
        self._record = record
        self._load = load
        self._sleep = sleep
        self._aside = aside
        self._held: _Held | None = None
        self._unsaved: _Held | None = None
        self._flight: asyncio.Task[str] | None = None
        self._sign_outs = 0

    def health(self) -> TokenHealth:
        """What was recorded last, by whichever process."""
        return self._load() or TokenHealth()

    async def access_token(self) -> str:
        """An access token that is good for a while.

        Raises SignInEnded (a person must sign in again), SignInUnreachable or VaultError (passing
        or to be mended; the sign-in stays), KeysRefused.
        """
        if self._held is not None and self._held.fresh(self._clock()):
            return self._held.tokens.access_token
        try:
            return await self._refreshed()
        except (SignInUnreachable, VaultError):
            # Refreshing starts before the end, so the present token may well do for now.
            if self._held is None or self._held.left(self._clock()) <= timedelta(0):
                raise
        return self._held.tokens.access_token

    async def refused(self, token: str) -> None:
        """QuickBooks answered 401 to this token: the next access_token() refreshes."""
        if self._held is not None and self._held.tokens.access_token == token:
            self._held = None

    async def adopt(self, tokens: TokenSet) -> None:
        """Takes the tokens of a new sign-in. After an error it may be called again with the same.

        Raises VaultError: nothing was adopted. SignInUnreachable: another process is busy with
        this company's sign-in.
        """
        new = _Held(tokens, self._clock())
        async with self._alone():
            await self._aside(lambda: self._vault.begin(self._company_key, tokens.refresh_token))
            self._unsaved = None
            self._use(new)

    async def disconnect(self, *, tell: bool = True) -> bool:
        """Forgets the sign-in at once, then asks Intuit to end it; whether Intuit did.

        Args:
            tell: Not where the sign-in was with another server than this one.

        Raises VaultError when the keyring did not delete it.
        """
        self._sign_outs += 1
        tokens = [self._unsaved.tokens.refresh_token] if self._unsaved is not None else []
        self._held = self._unsaved = None
        tokens += await self._forget()
        await self.finish()
        with suppress(SignInUnreachable):
            # A refresh that was past stopping, here or in another process, has stored its token.
            async with self._alone():
                tokens = await self._forget() + tokens
        self._held = self._unsaved = None
        self._record(TokenHealth())
        return tell and await self._revoke(tokens)

    async def finish(self) -> None:
        """Waits for a refresh under way: to cut one off may cost the token that it would bring."""
        if self._flight is not None:
            await asyncio.wait([self._flight])

    async def _refreshed(self) -> str:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew())
            self._flight.add_done_callback(_heard)
        # A caller that is stopped does not stop the refresh.
        return await asyncio.shield(self._flight)

    async def _renew(self) -> str:
        async with self._alone():
            sign_outs = self._sign_outs
            if self._unsaved is not None:
                await self._save(self._unsaved)
            if self._held is not None and self._held.fresh(self._clock()):
                return self._held.tokens.access_token  # adopted or saved only now
            new = await self._from_intuit()
            if self._sign_outs != sign_outs:
                await self._revoke([new.tokens.refresh_token])
                raise SignInEnded(SIGN_IN_AGAIN)
            await self._save(new)
            return new.tokens.access_token

    async def _save(self, new: _Held) -> None:
        # Until the vault has it, memory keeps the one refresh token that is still good.
        self._unsaved = new
        token = new.tokens.refresh_token
        await self._aside(lambda: self._vault.store_refresh_token(self._company_key, token))
        self._unsaved = None
        self._use(new)

    async def _from_intuit(self) -> _Held:
        stored = await self._stored()
        if not stored:
            raise SignInEnded(SIGN_IN_AGAIN)
        keys = await self._app_keys()
        with suppress(SignInEnded):
            return await self._ask(keys, stored[0])
        second = self._second_choice(stored, await self._stored())
        if second is None:
            raise SignInEnded(SIGN_IN_AGAIN)
        return await self._ask(keys, second)

    @staticmethod
    def _second_choice(before: list[str], now: list[str]) -> str | None:
        """After the newest token was refused: one stored elsewhere meanwhile, else the one before
        (an answer that was lost may have left that one good)."""
        return next((token for token in now if token != before[0]), None)

    async def _ask(self, keys: AppKeys, refresh_token: str) -> _Held:
        now = self._clock()  # before the call, so that the token never seems to live longer
        return _Held(await oauth.refresh(self._http, self._hosts, keys, refresh_token, now), now)

    async def _app_keys(self) -> AppKeys:
        keys = await self._aside(self._keys)
        if keys is None:
            raise KeysRefused(
                "The app keys of Intuit (client ID and client secret) are not on this computer. "
                "Nothing is posted until they are; connect again and enter them."
            )
        return keys

    async def _stored(self) -> list[str]:
        return await self._aside(lambda: self._vault.refresh_tokens(self._company_key))

    async def _forget(self) -> list[str]:
        tokens = await self._stored()
        await self._aside(lambda: self._vault.forget(self._company_key))
        return tokens

    async def _revoke(self, tokens: list[str]) -> bool:
        try:
            keys = await self._app_keys()
        except (KeysRefused, VaultError):
            return False
        for token in tokens:
            if await oauth.revoke(self._http, self._hosts, keys, token):
                return True
        return False

    def _use(self, new: _Held) -> None:
        self._held = new
        ends = [new.tokens.refresh_expires_at, new.tokens.hard_expires_at]
        self._record(
            TokenHealth(
                access_expires_at=new.tokens.access_expires_at,
                refresh_expires_at=min(end for end in ends if end is not None),
                last_refresh_at=new.made_at,
            )
        )

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """The lock of this company among all processes and all keepers of this one."""
        lock = FileLock(self._lock_path, thread_local=False, mode=0o600)
        waited = 0.0
        while True:
            with suppress(Timeout):
                lock.acquire(timeout=0)
                break
            if waited >= _LOCK_PATIENCE:
                raise SignInUnreachable(
                    "Another qbdesk on this computer is busy with the sign-in of this company. "
                    "Nothing is lost; qbdesk tries again by itself."
                )
            await self._sleep(_LOCK_POLL)
            waited += _LOCK_POLL
        try:
            yield
        finally:
            lock.release()


def _heard(flight: asyncio.Task[str]) -> None:
    # With every caller gone nobody else asks, and asyncio would log the exception at length.
    if not flight.cancelled():
        flight.exception()
