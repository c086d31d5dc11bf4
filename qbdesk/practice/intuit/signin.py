"""Who may use the company: codes, access tokens, refresh tokens and how they end.

Intuit: "Set up OAuth 2.0" and its FAQ. A refresh token changes about once a day and its old value
dies at once; a code exchanged twice kills what the first exchange gave.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from qbdesk.practice.clock import Clock
from qbdesk.practice.switches import Switches

AccessState = Literal["valid", "expired", "revoked", "disconnected", "unknown"]


class SignInRefusedError(Exception):
    """The token endpoint's "no": `{"error": ..., "error_description": ...}`."""

    def __init__(self, error: str, description: str | None = None, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


def invalid_grant(description: str | None = None) -> SignInRefusedError:
    return SignInRefusedError("invalid_grant", description)


@dataclass
class Grant:
    """One consent, with everything that was issued under it."""

    consented: datetime
    refresh_token: str
    refresh_since: datetime
    refresh_token_before: str = ""
    access_until: dict[str, datetime] = field(default_factory=dict)
    ended: Literal["", "revoked", "disconnected"] = ""


@dataclass
class _Code:
    issued: datetime
    grant: Grant | None = None


@dataclass(frozen=True)
class Tokens:
    """An answer of the token endpoint; lifetimes in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    refresh_hard_expires_in: int


class SignIn:
    """The sign-in state of one company and the one app registered for it."""

    def __init__(
        self,
        switches: Switches,
        clock: Clock,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
    ) -> None:
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self._client_secret = client_secret
        self._switches = switches
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._grants: list[Grant] = []
        self._by_refresh_token: dict[str, Grant] = {}
        self._by_access_token: dict[str, Grant] = {}
        self._issued = 0

    def is_client(self, client_id: str, client_secret: str) -> bool:
        return client_id == self.client_id and hmac.compare_digest(
            client_secret.encode(), self._client_secret.encode()
        )

    def consent(self) -> str:
        """The user pressed Connect: a new one-time code."""
        code = self._new("XAB1")
        self._codes[code] = _Code(self._clock())
        return code

    def exchange(self, code: str, redirect_uri: str) -> Tokens:
        """Tokens for a code. Raises SignInRefusedError; a second exchange revokes the first."""
        known = self._codes.get(code)
        if known is None:
            raise invalid_grant("Invalid authorization code")
        if known.grant is not None:
            known.grant.ended = known.grant.ended or "revoked"
            raise invalid_grant("Authorization code has already been used")
        if redirect_uri != self.redirect_uri:
            raise invalid_grant("Invalid redirect uri")
        now = self._clock()
        if now - known.issued > timedelta(seconds=self._switches.code_lifetime):
            raise invalid_grant("Authorization code has expired")
        if self._switches.one_grant:
            for grant in self._grants:
                grant.ended = grant.ended or "revoked"
        known.grant = Grant(consented=now, refresh_token="", refresh_since=now)
        self._grants.append(known.grant)
        self._rotate(known.grant)
        return self._tokens(known.grant)

    def refresh(self, refresh_token: str) -> Tokens:
        """New access token, and a new refresh token once a day. Raises SignInRefusedError."""
        grant = self._by_refresh_token.get(refresh_token)
        if grant is None:
            raise invalid_grant("Incorrect or invalid refresh token")
        if refresh_token != grant.refresh_token and not self._still_works(grant, refresh_token):
            if self._switches.reuse_revokes:
                grant.ended = grant.ended or "revoked"
            raise invalid_grant("Incorrect or invalid refresh token")
        if grant.ended:
            raise invalid_grant("Token invalid")
        if self._refresh_left(grant) <= timedelta():
            raise invalid_grant("Token expired")
        if self._clock() - grant.refresh_since >= timedelta(seconds=self._switches.rotation):
            self._rotate(grant)
        return self._tokens(grant)

    def _still_works(self, grant: Grant, refresh_token: str) -> bool:
        """Whether a rotated-away token is in the day that older texts of Intuit grant it."""
        age = (self._clock() - grant.refresh_since).total_seconds()
        is_last = refresh_token == grant.refresh_token_before
        return is_last and age < self._switches.old_refresh_lifetime

    def revoke(self, token: str) -> bool:
        """Ends the grant that an access or refresh token belongs to; False if there is none."""
        grant = self._by_refresh_token.get(token) or self._by_access_token.get(token)
        if grant is None or grant.ended:
            return False
        grant.ended = "revoked"
        return True

    def disconnect(self) -> None:
        """The user disconnects the app inside QuickBooks: every grant ends, answers are 403."""
        for grant in self._grants:
            grant.ended = grant.ended or "disconnected"

    def access_state(self, access_token: str) -> AccessState:
        grant = self._by_access_token.get(access_token)
        if grant is None:
            return "unknown"
        if grant.ended:
            return grant.ended
        return "valid" if self._clock() < grant.access_until[access_token] else "expired"

    def _rotate(self, grant: Grant) -> None:
        grant.refresh_token_before = grant.refresh_token
        grant.refresh_token = self._new("AB1")
        grant.refresh_since = self._clock()
        self._by_refresh_token[grant.refresh_token] = grant

    def _tokens(self, grant: Grant) -> Tokens:
        access_token = self._new("eyJ")
        lifetime = self._switches.access_lifetime
        grant.access_until[access_token] = self._clock() + timedelta(seconds=lifetime)
        self._by_access_token[access_token] = grant
        return Tokens(
            access_token=access_token,
            expires_in=int(lifetime),
            refresh_token=grant.refresh_token,
            refresh_expires_in=round(self._refresh_left(grant).total_seconds()),
            refresh_hard_expires_in=round(self._hard_left(grant).total_seconds()),
        )

    def _refresh_left(self, grant: Grant) -> timedelta:
        lifetime = timedelta(seconds=self._switches.refresh_lifetime)
        return min(grant.refresh_since + lifetime - self._clock(), self._hard_left(grant))

    def _hard_left(self, grant: Grant) -> timedelta:
        lifetime = timedelta(seconds=self._switches.refresh_hard_lifetime)
        return grant.consented + lifetime - self._clock()

    def _new(self, prefix: str) -> str:
        # Not random, so that a simulated world is the same every time it is played.
        self._issued += 1
        seed = f"{self.client_id}:{self._client_secret}:{prefix}:{self._issued}"
        return f"{prefix}{hashlib.sha256(seed.encode()).hexdigest()}"
