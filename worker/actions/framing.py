"""What a message is to ask: of whom, by matches of the ledger, when it is put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from connectors.contract import Addresses, Delivers, Draft, Shows
from pipelines.approval import Holding, deciders
from pipelines.plan import Destination, Plan, Route
from pipelines.stages.supersede import Waiting
from worker.ledger import matches
from worker.ledger.cards import Asked


def with_people(connection: Connection, plan: Plan, channel: object, waiting: Sequence[Waiting]) -> list[Waiting]:
    """Return what waits with the channel's people that matter to it, as they are matched now.

    Of what asks for a decision those are who decide; of the rest it is told whether it is its one reader's own change.
    """
    routes = {route.name: route for route in plan.routes if route.decide is not None}
    reader = channel.reader if isinstance(channel, Addresses) else ""
    people = [_with_deciders(connection, routes.get(one.notice.route), one) for one in waiting]
    return [_with_reader(connection, reader, one) for one in people] if reader else people


def _with_reader(connection: Connection, reader: str, one: Waiting) -> Waiting:
    by = one.notice.by
    return replace(one, own=bool(by) and matches.users(connection, one.notice.source, [by]).get(by) == reader)


def _with_deciders(connection: Connection, route: Route | None, one: Waiting) -> Waiting:
    if route is None or route.decide is None:
        return one
    named = deciders(route.decide, one.notice.fields)
    known = matches.users(connection, one.notice.source, named)
    return replace(one, deciders=tuple(dict.fromkeys(known[user] for user in named if user in known)))


def asked(channel: Delivers, draft: Draft, route: Route | None, destination: Destination) -> Asked | None:
    """Return what a message asks, None where it has no buttons."""
    if not draft.buttons or not isinstance(channel, Shows) or route is None or route.decide is None:
        return None
    return Asked(
        deciders=draft.deciders,
        verbs=tuple(button.id for button in draft.buttons),
        holding=Holding(route.decide.compared, route.equals),
        place=channel.place,
        aside=channel.aside,
        zone=destination.zone,
        locale=destination.locale,
    )
