"""A group as DingTalk has it, and what lets its members be listed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """What lets us list a group's members. A custom robot's webhook does not."""

    SCENE = "scene"
    """The group was made from the application's template."""
    INSTALLED = "installed"
    """The application's cool app was installed in the group."""
    MADE = "made"
    """The application made the group."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group, and what lets us list it. `conversation` is its openConversationId, `chat` its chatid where we made it."""

    way: Way
    conversation: str = ""
    cool_app: str = ""
    chat: str = ""

    @classmethod
    def of(cls, conversation: str, cool_app: str | None, chat: str | None) -> Group:
        """Return a group of the settings: one that says nothing more is taken for one of the application's template."""
        way = Way.MADE if chat else Way.INSTALLED if cool_app else Way.SCENE
        return cls(way, conversation, cool_app or "", chat or "")
