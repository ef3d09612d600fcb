"""What a message is to ask: of whom, by matches of the ledger, when it is put together."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from connectors.contract import Addresses, Delivers, Draft, Shows
from pipelines.approval import Holding, deciders
from pipelines.plan import Decide, Destination, Plan, Route, destination_of
from pipelines.stages.muted import muted_as
from pipelines.stages.supersede import Waiting
from worker.ledger import matches, mutes
from worker.ledger.cards import Asked


def with_people(connection: Connection, plan: Plan, channel: object, waiting: Sequence[Waiting]) -> Sequence[Waiting]:
    """Return what waits with the channel's people that matter to it, as they are matched now.

    Of what asks for a decision those are who decide; of the rest it is told whether it is its one reader's own change,
    and until when they mute it.
    """
    if not waiting:
        return waiting
    waiting = _muted(connection, plan, channel, waiting)
    asking = {route.name: route.decide for route in plan.routes if route.decide is not None}
    reader = channel.reader if isinstance(channel, Addresses) else ""
    named = {one.id: _named(one, asking.get(one.notice.route), reader) for one in waiting}
    by_source: dict[str, set[str]] = {}
    for one in waiting:
        by_source.setdefault(one.notice.source, set()).update(named[one.id])
    known = {source: matches.users(connection, source, users) for source, users in by_source.items() if users}
    return [_with_people(one, named[one.id], known, asking, reader) for one in waiting] if known else waiting


def _muted(connection: Connection, plan: Plan, channel: object, waiting: Sequence[Waiting]) -> Sequence[Waiting]:
    reader = channel.reader if isinstance(channel, Addresses) else ""
    name = destination_of(waiting[0].notice.destination) if waiting else ""
    application = plan.destinations[name].application if name in plan.destinations else ""
    known = mutes.of(connection, application, reader) if reader and application else {}
    if not known:
        return waiting
    names = {route.name: muted_as(route) for route in plan.routes}
    return [replace(one, muted=known.get(names.get(one.notice.route, ""))) for one in waiting]


def _named(one: Waiting, asks: Decide | None, reader: str) -> tuple[str, ...]:
    """Return the source's users whose match matters to a fact."""
    if asks is not None:
        return deciders(asks, one.notice.fields)
    return (one.notice.by,) if reader and one.notice.by else ()


def _with_people(
    one: Waiting,
    named: Sequence[str],
    known: Mapping[str, Mapping[str, str]],
    asking: Container[str],
    reader: str,
) -> Waiting:
    users = known.get(one.notice.source, {})
    people = tuple(dict.fromkeys(users[user] for user in named if user in users))
    if one.notice.route in asking:
        return replace(one, deciders=people)
    return replace(one, own=reader in people)


def asked(channel: Delivers, draft: Draft, route: Route | None, destination: Destination) -> Asked | None:
    """Return what a message asks, None where it has no buttons."""
    if not draft.buttons or not isinstance(channel, Shows) or route is None or route.decide is None:
        return None
    return Asked(
        deciders=draft.deciders,
        verbs=tuple(button.id for button in draft.buttons),
        holding=Holding(route.decide.compared, route.equals),
        place=channel.pressed_in,
        company=channel.company,
        aside=channel.aside,
        zone=destination.zone,
        locale=destination.locale,
    )
