"""Messages that ask for a decision: their buttons, and what they show once somebody decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a message: `id` says what whoever presses it decides, `label` stands on it."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Showing:
    """What a message shows from now on of the decision that it asks for.

    `standing` is for everybody. While it is `open`, the `deciders` (user ids) have the buttons; otherwise nobody has.
    `notes` are what single people alone are told; whoever of the deciders is not named is told nothing any more.
    """

    standing: str
    deciders: tuple[str, ...]
    open: bool
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Aside:
    """By which names of the channel one person alone is told something, and loses the buttons."""

    note: str
    may_decide: str
