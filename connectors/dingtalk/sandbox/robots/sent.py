"""What application robots sent, by processQueryKey, and who read it."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field

SINGLE = "single:"


def single_chat(robot_code: str, user: str) -> str:
    """Return the conversation of one person with a robot."""
    return f"{SINGLE}{robot_code}:{user}"


@dataclass(slots=True)
class Sending:
    """One send of a robot. `shown` maps each person of a 1:1 send, or the group, to the index in the chat log."""

    key: str
    robot: str
    at: float
    group: str = ""
    shown: dict[str, int] = field(default_factory=dict)
    read: dict[str, float] = field(default_factory=dict)
    recalled: bool = False


@dataclass(slots=True)
class Ding:
    """One DING of a robot, and where in the chat log it is shown."""

    id: str
    robot: str
    shown: list[int] = field(default_factory=list)


class Sent:
    """All sends by their key, and DINGs by their id."""

    def __init__(self) -> None:
        """Start with none."""
        self._by_key: dict[str, Sending] = {}
        self._by_index: dict[int, Sending] = {}
        self.dings: dict[str, Ding] = {}

    def begin(self, robot: str, at: float, group: str = "") -> Sending:
        """Return a new send."""
        # the vendor's keys are base64 too, so they need encoding in a query
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        sending = self._by_key[key] = Sending(key, robot, at, group)
        return sending

    def note(self, sending: Sending, to: str, index: int) -> None:
        """Note where a send is shown."""
        sending.shown[to] = index
        self._by_index[index] = sending

    def get(self, key: str) -> Sending | None:
        """Return the send with a key."""
        return self._by_key.get(key)

    def at_index(self, index: int) -> Sending | None:
        """Return the send that is shown at an index of the chat log."""
        return self._by_index.get(index)
