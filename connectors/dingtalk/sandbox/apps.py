"""The applications of the company: credentials, what each may call, and where its pushes go."""

from __future__ import annotations

import hashlib
import secrets
from typing import Literal

import msgspec

CORP_ID = "dingsandboxcorp"
DEMO_CLIENT_ID = "dingsandboxapp"


class Keys(msgspec.Struct, frozen=True):
    """What an HTTP event push is signed and encrypted with: `aes_key` has 43 letters and digits."""

    token: str
    aes_key: str


class Callback(msgspec.Struct):
    """The address for HTTP event pushes. While a rotation lasts, `previous` keys take turns with the present ones.

    `owner` is the last part of each plaintext: the Client ID unless another is set. `until` is Unix seconds.
    """

    url: str
    keys: Keys
    owner: str = ""
    previous: Keys | None = None
    until: float = 0.0


class App(msgspec.Struct):
    """An internal application with its robot.

    `lacks` are permissions that it was not given; `ips` the only addresses that may call (empty: all);
    `robot_url` is where people's words to the robot are posted when it does not use Stream.
    """

    client_id: str
    client_secret: str
    agent_id: int
    name: str = "dingbridge"
    robot_code: str = ""
    robot: Literal["active", "stopped", "no_single_chats"] = "active"
    mode: Literal["stream", "http"] = "stream"
    callback: Callback | None = None
    robot_url: str = ""
    events: list[str] = msgspec.field(default_factory=lambda: ["*"])
    lacks: list[str] = msgspec.field(default_factory=list)
    ips: list[str] = msgspec.field(default_factory=list)

    @property
    def robotcode(self) -> str:
        """The robotCode, which is the Client ID unless another is set."""
        return self.robot_code or self.client_id

    def hears(self, event: str) -> bool:
        """Tell whether the application subscribed to an event type."""
        return "*" in self.events or event in self.events


class Token(msgspec.Struct):
    """A token of an application; `until` is Unix seconds."""

    value: str
    client_id: str
    until: float


class Apps:
    """The applications by Client ID, and the tokens that they hold."""

    def __init__(self) -> None:
        """Start with the demo's application."""
        demo = App(DEMO_CLIENT_ID, hashlib.sha256(b"dingtalk sandbox app").hexdigest(), 100_000_001)
        self.by_id: dict[str, App] = {demo.client_id: demo}
        self._tokens: dict[str, Token] = {}
        self._current: dict[str, Token] = {}

    def of_robot(self, robot_code: str) -> App | None:
        """Return the application whose robot this is."""
        return next((app for app in self.by_id.values() if app.robotcode == robot_code), None)

    def of_agent(self, agent_id: int) -> App | None:
        """Return the application with an agent id."""
        return next((app for app in self.by_id.values() if app.agent_id == agent_id), None)

    def with_secret(self, client_id: str, client_secret: str) -> App | None:
        """Return the application if the secret is right."""
        app = self.by_id.get(client_id)
        return app if app and secrets.compare_digest(app.client_secret.encode(), client_secret.encode()) else None

    def issue(self, app: App, now: float, life: float, *, renews: bool) -> Token:
        """Return the application's token: the same one while it is valid, with its time begun anew when it `renews`."""
        token = self._current.get(app.client_id)
        if token is None or token.until <= now:
            token = Token(secrets.token_hex(16), app.client_id, now + life)
            self._current[app.client_id] = self._tokens[token.value] = token
        elif renews:
            token.until = now + life
        return token

    def token(self, value: str) -> Token | None:
        """Return a token that was ever given out, also one that is over."""
        return self._tokens.get(value)

    def expire(self) -> int:
        """End all tokens now, and return how many were valid."""
        ended = len(self._current)
        for token in self._current.values():
            token.until = 0.0
        self._current.clear()
        return ended
