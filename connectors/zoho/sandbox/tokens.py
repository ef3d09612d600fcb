"""Access tokens, refresh tokens and grant codes: who runs as whom, with which scopes, where and for how long."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.zoho.sandbox.people import User
from connectors.zoho.sandbox.settings import Settings
from connectors.zoho.sandbox.switches import Switches

REFRESH_TOKENS_OF_A_USER = 20


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody agreed to: these scopes, as this user, in this data centre."""

    user: User
    scopes: frozenset[str]
    centre: str


@dataclass(slots=True)
class Access:
    """One access token. `until` is monotonic seconds."""

    grant: Grant
    refresh: str
    until: float


@dataclass(slots=True)
class Code:
    """A grant code: good once, for its client's redirect address."""

    grant: Grant
    redirect_uri: str
    until: float


@dataclass(slots=True)
class Fuse:
    """The tokens that one refresh token made of late (monotonic seconds)."""

    made: list[float] = field(default_factory=list)


class Tokens:
    """Everything that the accounts servers of all data centres remember.

    See https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html
    """

    def __init__(self, settings: Settings, switches: Callable[[], Switches]) -> None:
        self._settings = settings
        self._switches = switches
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Grant] = {}
        self._codes: dict[str, Code] = {}
        self._fuses: dict[str, Fuse] = {}

    def issue_code(self, grant: Grant, redirect_uri: str) -> str:
        """Return a new grant code."""
        code = _make()
        self._codes[code] = Code(grant, redirect_uri, time.monotonic() + self._settings.code_seconds)
        return code

    def take_code(self, code: str) -> Code | None:
        """Return what a grant code stands for, once and in time."""
        found = self._codes.pop(code, None)
        return found if found is not None and found.until > time.monotonic() else None

    def issue_refresh(self, grant: Grant, token: str = "") -> str:
        """Return a new refresh token, or this one; the 21st of a user ends the oldest."""
        own = [known for known, other in self._refresh.items() if other.user == grant.user]
        for old in own[: max(0, len(own) - REFRESH_TOKENS_OF_A_USER + 1)]:
            self.revoke(old)
        token = token or _make()
        self._refresh[token] = grant
        return token

    def granted(self, refresh: str) -> Grant | None:
        """Return what a refresh token stands for."""
        return self._refresh.get(refresh)

    def revoke(self, refresh: str) -> None:
        """Make a refresh token and its access tokens worthless."""
        self._refresh.pop(refresh, None)
        for token in self._of(refresh):
            del self._access[token]

    def open(self, refresh: str) -> str | None:
        """Return a new access token of a refresh token, None while its fuse is blown."""
        now = time.monotonic()
        fuse = self._fuses.setdefault(refresh, Fuse())
        self._forget(fuse, now)
        if len(fuse.made) >= self._settings.fuse_tokens:
            return None
        fuse.made.append(now)
        living = self._of(refresh)
        for token in living[: max(0, len(living) - self._switches().live_tokens + 1)]:
            del self._access[token]
        token = _make()
        self._access[token] = Access(self._refresh[refresh], refresh, now + self._settings.token_seconds)
        return token

    def grant_of(self, token: str, centre: str) -> Grant | None:
        """Return whose token this is; None when it is unknown, expired or of another data centre."""
        known = self._access.get(token)
        if known is None or known.grant.centre != centre or known.until <= time.monotonic():
            return None
        return known.grant

    def expire(self, user: User | None) -> int:
        """End the access tokens of one user, or all, and return how many; refresh tokens stay good."""
        ended = [token for token, a in self._access.items() if user in {None, a.grant.user}]
        for token in ended:
            del self._access[token]
        return len(ended)

    def mend(self) -> None:
        """Forget how many tokens were made."""
        self._fuses.clear()

    def _of(self, refresh: str) -> list[str]:
        return [token for token, access in self._access.items() if access.refresh == refresh]

    def _forget(self, fuse: Fuse, now: float) -> None:
        """Drop what lies before the window. A-ZOHO-52: whether the window stands or rolls is not said."""
        horizon = now - self._settings.fuse_seconds
        if self._switches().fuse_window == "rolling":
            fuse.made = [moment for moment in fuse.made if moment > horizon]
        elif fuse.made and fuse.made[0] <= horizon:
            fuse.made.clear()


def _make() -> str:
    return f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
