"""The cards that were made, what each person sees of them, and the addresses for their callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.dingtalk.sandbox.cards.templates import DEMO, Template


@dataclass(slots=True)
class Delivery:
    """A card in one conversation, at an index of the chat log. With `recipients` only they see it there."""

    space_type: str
    space_id: str
    conversation: str
    index: int
    carrier_id: str
    recipients: tuple[str, ...] = ()
    at: Mapping[str, str] = field(default_factory=dict)
    quiet: bool = False
    alert: str = ""


@dataclass(slots=True)
class Card:
    """One card. Everybody sees `data`, over it what `private` and then `personal` hold for them.

    `personal` is what the answer to a person's own click changed, which nobody else sees.
    """

    out_track_id: str
    client_id: str
    template: Template
    at: float
    data: dict[str, str] = field(default_factory=dict)
    private: dict[str, dict[str, str]] = field(default_factory=dict)
    personal: dict[str, dict[str, str]] = field(default_factory=dict)
    callback_type: str = ""
    route_key: str = ""
    user_id_type: int = 1
    spaces: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    updates: int = 0
    clicks_open: int = 0
    updated_in_callback: int = 0

    def seen_by(self, user: str) -> dict[str, str]:
        """Return the variables as one person sees them; without a person, what all see."""
        return {**self.data, **self.private.get(user, {}), **self.personal.get(user, {})}

    def replace(self, data: Mapping[str, str], *, by_key: bool) -> None:
        """Change what everybody sees: some keys, or all of it. It also covers what a click showed one person."""
        if by_key:
            self.data.update(data)
            for own in self.personal.values():
                for key in data:
                    own.pop(key, None)
        else:
            self.data = dict(data)
            self.personal.clear()

    def replace_private(self, user: str, data: Mapping[str, str], *, by_key: bool) -> None:
        """Change what one person alone sees."""
        present = self.private.setdefault(user, {})
        if not by_key:
            present.clear()
        present.update(data)


class Route(msgspec.Struct, frozen=True):
    """Where the clicks of HTTP cards go."""

    url: str
    secret: str


class Deck:
    """Cards by outTrackId, templates by id, routes by key."""

    def __init__(self) -> None:
        """Start with the demo's templates."""
        self.cards: dict[str, Card] = {}
        self.templates: dict[str, Template] = {one.id: one for one in DEMO}
        self.routes: dict[str, Route] = {}
        self._at_index: dict[int, tuple[Card, Delivery]] = {}

    def deliver(self, card: Card, delivery: Delivery) -> None:
        """Note a delivery."""
        card.deliveries.append(delivery)
        self._at_index[delivery.index] = (card, delivery)

    def at_index(self, index: int) -> tuple[Card, Delivery] | None:
        """Return the card that is shown at an index of the chat log."""
        return self._at_index.get(index)
