"""What the channels are told of a commit.

The body is the one of https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html; nothing signs it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from connectors.zoho.sandbox.channels import Channel, resource_uri
from connectors.zoho.sandbox.org import Org
from connectors.zoho.sandbox.rendering import View
from connectors.zoho.sandbox.schema import Module
from connectors.zoho.sandbox.store import Event

EVENTS = {"insert": "create", "update": "edit", "delete": "delete"}


def tell(org: Org, events: Sequence[Event]) -> None:
    """Send what the channels want to know of these changes."""
    for module, group in grouped(events):
        for channel in org.channels.living():
            wanted = [e for e in group if channel.wants(module.name, EVENTS[e.operation], e.fields)]
            if wanted:
                org.post.send(channel.url, body_of(View(org, channel.user, module), channel, wanted))


def body_of(view: View, channel: Channel, events: Sequence[Event]) -> dict[str, Any]:
    """Return what a channel is told of changes of one kind in one module."""
    switches = view.org.switches
    told: dict[str, Any] = {
        "server_time": int(time.time() * 1000),
        "query_params": {},
        "module": view.module.name,
        "resource_uri": resource_uri(channel, view.module.name),
        "ids": [str(event.row.id) for event in events],
        # A-ZOHO-76: the page shows the empty list of an insert alone
        "affected_fields": [_names(event) for event in events if event.operation == "update"]
        if switches.affected_fields == "by_id"
        else [],
        "operation": events[0].operation,
        "channel_id": channel.id if switches.channel_id == "number" else str(channel.id),
        "token": channel.token,
    }
    if channel.values:
        told["affected_values"] = [_values(view, event) for event in events]
    return told


def _names(event: Event) -> dict[str, list[str]]:
    return {str(event.row.id): sorted(event.fields)}


def _values(view: View, event: Event) -> dict[str, Any]:
    shown = view.reader(sorted(event.fields))(event.row)
    return {"record_id": str(event.row.id), "values": {n: v for n, v in shown.items() if n != "id"}}


def grouped(events: Sequence[Event]) -> list[tuple[Module, list[Event]]]:
    """Return the events of one commit, those of one kind and module together, in their order."""
    groups: dict[tuple[str, str], tuple[Module, list[Event]]] = {}
    for event in events:
        groups.setdefault((event.module.name, event.operation), (event.module, []))[1].append(event)
    return list(groups.values())
