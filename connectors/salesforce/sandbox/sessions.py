"""Access tokens: who runs as whom, and for how long."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from connectors.salesforce.sandbox.settings import Settings


@dataclass(slots=True)
class Session:
    """One session. `renewed` is when its time last began anew (monotonic seconds)."""

    user_id: str
    renewed: float


class Sessions:
    """All living sessions and refresh tokens of the org."""

    def __init__(self, org_id: str, settings: Settings) -> None:
        self._org_id = org_id
        self._settings = settings
        self._sessions: dict[str, Session] = {}
        self._refresh: dict[str, str] = {}

    def open(self, user_id: str) -> str:
        """Return a new access token for this user."""
        token = f"{self._org_id[:15]}!AQ{secrets.token_urlsafe(60)}"
        self._sessions[token] = Session(user_id, time.monotonic())
        return token

    def user(self, token: str) -> str | None:
        """Return whose token this is, None when it is unknown or has expired.

        Use prolongs a session only in the second half of its time (A-SALESFORCE-60), see
        https://help.salesforce.com/s/articleView?id=sf.security_networksettings.htm
        """
        session = self._sessions.get(token)
        if session is None:
            return None
        age = time.monotonic() - session.renewed
        if age >= self._settings.session_seconds:
            del self._sessions[token]
            return None
        if age > self._settings.session_seconds / 2:
            session.renewed = time.monotonic()
        return session.user_id

    def expire(self, user_id: str | None) -> int:
        """End the sessions of one user, or all, and return how many; refresh tokens stay good."""
        ended = [token for token, s in self._sessions.items() if user_id in {None, s.user_id}]
        for token in ended:
            del self._sessions[token]
        return len(ended)

    def close(self, token: str) -> bool:
        """End one session, and tell whether there was one."""
        return self._sessions.pop(token, None) is not None

    def issue_refresh(self, user_id: str) -> str:
        """Return a new refresh token for this user."""
        token = f"5Aep861{secrets.token_urlsafe(48)}"
        self._refresh[token] = user_id
        return token

    def refresh_user(self, token: str) -> str | None:
        """Return whose refresh token this is."""
        return self._refresh.get(token)

    def revoke_refresh(self, token: str) -> bool:
        """Make a refresh token worthless, and tell whether it was one."""
        return self._refresh.pop(token, None) is not None
