"""The channels by which destinations are told, and by which single people of those are whose settings name nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from config.compile import DestinationConfig
from connectors.contract import Budget, Delivers, Services
from pipelines.plan import WITHIN, destination_of, person_of

KEPT = 2_048
"""People whose channels are kept; another one is made again when it is asked for."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A destination's client and its quotas; the first is its own."""

    name: str
    client: Delivers
    budgets: tuple[Budget, ...]


def channel_of(recipient: str) -> str:
    """Return the name of the channel that a recipient belongs to: one of many people ends with a slash."""
    return f"{destination_of(recipient)}{WITHIN}" if person_of(recipient) else recipient


class Channels(Mapping[str, Channel]):
    """Channels by recipient. What it lists are destinations and, with a slash behind the name, all people of one."""

    def __init__(
        self, named: Mapping[str, Channel], personal: Mapping[str, Channel], to: Callable[[str, str], Delivers]
    ) -> None:
        """Take what has readers of its own and what reaches single people, by name; `to` makes a person's client."""
        self._listed = {**named, **{f"{name}{WITHIN}": channel for name, channel in personal.items()}}

        @lru_cache(maxsize=KEPT)
        def made(recipient: str) -> Channel:
            channel = self._listed[channel_of(recipient)]
            return replace(channel, name=recipient, client=to(channel.name, person_of(recipient)))

        self._made = made

    def __getitem__(self, recipient: str) -> Channel:
        """Return the channel of a recipient. Raises KeyError."""
        return self._made(recipient) if person_of(recipient) else self._listed[recipient]

    def __iter__(self) -> Iterator[str]:
        """List destinations, and those of people with a slash."""
        return iter(self._listed)

    def __len__(self) -> int:
        """Count them."""
        return len(self._listed)


def channels(destinations: Mapping[str, DestinationConfig], services: Services) -> Channels:
    """Return the channels of a configuration's destinations. Nothing is sent before a client's first call."""
    named: dict[str, Channel] = {}
    personal: dict[str, Channel] = {}
    for name, each in destinations.items():
        client = each.connector.build(name, each.settings, services)
        if isinstance(client, Delivers):
            found = personal if each.personal else named
            found[name] = Channel(name, client, tuple(client.budgets()))

    def to(name: str, user: str) -> Delivers:
        one = destinations[name]
        client = one.connector.build(name, one.connector.addressed(one.settings, user), services)
        if not isinstance(client, Delivers):
            raise TypeError(f"the connector '{one.connector.name}' delivers to destinations and not to single people")
        return client

    return Channels(named, personal, to)
