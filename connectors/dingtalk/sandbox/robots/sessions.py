"""Session webhooks: an address that comes with a person's words, for replies into that conversation.

https://open.dingtalk.com/document/dingstart/robot-receive-message
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation that a robot may answer into; `until` is Unix seconds."""

    robot: str
    conversation: str
    until: float


class Sessions:
    """The sessions by their token."""

    def __init__(self) -> None:
        """Start with none."""
        self._by_token: dict[str, Session] = {}

    def open(self, session: Session) -> str:
        """Return the token of a new session."""
        token = secrets.token_hex(16)
        self._by_token[token] = session
        return token

    def get(self, token: str) -> Session | None:
        """Return the session with a token."""
        return self._by_token.get(token)
