"""Channels: who wants to be told of what, for how long.

See https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.zoho.sandbox import moments
from connectors.zoho.sandbox.centres import api_domain
from connectors.zoho.sandbox.people import User


@dataclass(frozen=True, slots=True)
class Channel:
    """One subscription. `condition` holds, by module, the fields of which any or all (`and`) must have changed."""

    id: int
    user: User
    centre: str
    base: str
    url: str
    events: frozenset[str]
    expires: datetime
    token: str | None = None
    values: bool = False
    related: bool = True
    condition: Sequence[Mapping[str, Any]] = ()

    def modules(self) -> list[str]:
        """Return the names of the modules, sorted."""
        return sorted({event.partition(".")[0] for event in self.events})

    def wants(self, module: str, operation: str, changed: frozenset[str]) -> bool:
        """Tell whether this channel is told of a change."""
        if not {f"{module}.{operation}", f"{module}.all"} & self.events:
            return False
        chosen = [c["field_selection"] for c in self.condition if c["module"]["api_name"] == module]
        return operation == "delete" or all(_selected(one, changed) for one in chosen)


def _selected(selection: Mapping[str, Any], changed: frozenset[str]) -> bool:
    if "field" in selection:
        return selection["field"].get("api_name") in changed
    results = [_selected(part, changed) for part in selection.get("group", ())]
    return all(results) if selection.get("group_operator") == "and" else any(results)


class Channels:
    """All channels of the organisation that have not ended."""

    def __init__(self) -> None:
        self._channels: dict[int, Channel] = {}

    def living(self, user: User | None = None) -> list[Channel]:
        """Return the channels of one user, or all."""
        now = moments.now()
        self._channels = {n: c for n, c in self._channels.items() if c.expires > now}
        return [c for c in self._channels.values() if user in {None, c.user}]

    def find(self, channel_id: int | None, user: User) -> Channel | None:
        """Return a user's channel."""
        return next((c for c in self.living(user) if c.id == channel_id), None)

    def put(self, channel: Channel) -> None:
        """Write a channel over the one of the same id."""
        self._channels[channel.id] = channel

    def end(self, channel_id: int) -> None:
        """Forget a channel."""
        self._channels.pop(channel_id, None)


def resource_uri(channel: Channel, module: str) -> str:
    """Return the address of a module in the data centre of a channel."""
    return f"{api_domain(channel.base, channel.centre)}/crm/v8/{module}"
