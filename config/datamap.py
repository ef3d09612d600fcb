"""Which fields go where: one row for each field and each destination that it may reach, in an order that stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from config.bridge import Blueprint
from config.compile import DestinationConfig
from connectors.contract import KnowsAudience, Site
from connectors.settings_types import duration_text
from pipelines.case import KindProgram, program
from pipelines.plan import OWN, PUBLIC, Attestation, Destination, FieldMap, Policy, Route

NEWEST = "newest state, sealed, for as long as the record is known"
NOT_HERE = "not known here"
"""Of a destination whose address is a secret that this machine does not have."""


class Reach(StrEnum):
    """What a destination reads of a field."""

    SHOWN = "shown"
    CLEARED = "shown while all are cleared"
    """Where the readers can be listed; where they cannot, a word on them decides."""
    ATTESTED = "shown while attested"
    WITHHELD = "withheld"
    POINTER = "pointer"
    NOWHERE = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of one kind and one destination of one route; without a route, `route` and what follows is empty.

    A column of a table stands below it, as `lines.item`. `read_by` are the routes whose conditions look at it, whether
    they show it or not. `payloads` is how long earlier states and messages are kept, sealed.
    """

    source: str
    kind: str
    field: str
    path: str
    label: str
    type: str
    data_class: str
    read_by: tuple[str, ...]
    stored: str
    payloads: str
    route: str = ""
    mode: str = ""
    policy: str = ""
    destination: str = ""
    reach: Reach = Reach.NOWHERE
    attested_by: str = ""
    attested_until: str = ""
    channel: str = ""
    destination_kind: str = ""
    host: str = ""
    region: str = ""
    locale: str = ""


def data_map(blueprint: Blueprint) -> list[Row]:
    """Return the map of a configuration, sorted; the same configuration gives the same rows on any day."""
    programs = program(blueprint.plan)
    found = [row for key, of in programs.items() if key[0] != OWN for row in _of_kind(blueprint, of)]
    return sorted(found, key=lambda row: (row.source, row.kind, row.field, row.route, row.destination))


def _of_kind(blueprint: Blueprint, of: KindProgram) -> Iterator[Row]:
    for field in of.kind.fields:
        read_by = tuple(sorted(each.route.name for each in of.routes if field.name in each.needs))
        showing = [each.route for each in of.routes if field.name in each.route.fields]
        for name, path, spec in _cells(field):
            row = Row(
                source=of.kind.source,
                kind=of.kind.kind,
                field=name,
                path=path,
                label=spec.label,
                type=spec.type,
                data_class=field.data_class,
                read_by=read_by,
                stored=NEWEST,
                payloads=duration_text(blueprint.retention.payloads),
            )
            reached = [_reached(row, blueprint, route, to) for route in showing for to in _told(route)]
            yield from reached or [row]


def _cells(field: FieldMap) -> Iterator[tuple[str, str, FieldMap]]:
    yield field.name, field.path, field
    for column in field.columns:
        yield f"{field.name}.{column.name}", f"{field.path}.{column.path}", column


def _told(route: Route) -> tuple[str, ...]:
    return (*route.to, route.details) if route.details else route.to


def _reached(row: Row, blueprint: Blueprint, route: Route, name: str) -> Row:
    destination, configured = blueprint.plan.destinations[name], blueprint.destinations[name]
    attested = _attested(row.data_class, route, destination)
    site = _site(configured)
    return replace(
        row,
        route=route.name,
        mode=route.mode,
        policy=route.policy,
        destination=name,
        reach=_reach(
            row.data_class,
            route,
            attested=attested is not None,
            ruled=row.data_class in blueprint.plan.clearances.ruled and _has_readers(destination, configured),
        ),
        attested_by=attested.by if attested else "",
        attested_until=attested.until.isoformat() if attested else "",
        channel=configured.connector.title,
        destination_kind=site.kind,
        host=site.host,
        region=site.region,
        locale=destination.locale,
    )


def _reach(data_class: str, route: Route, *, attested: bool, ruled: bool) -> Reach:
    if route.policy is Policy.POINTER:
        return Reach.POINTER
    if data_class == PUBLIC:
        return Reach.SHOWN
    if ruled:
        return Reach.CLEARED
    return Reach.ATTESTED if attested else Reach.WITHHELD


def _has_readers(destination: Destination, of: DestinationConfig) -> bool:
    """Tell whether anybody can be asked who reads a destination, and whose people they are is known."""
    return bool(destination.application) and KnowsAudience in of.connector.fulfilled(of.settings)


def _attested(data_class: str, route: Route, destination: Destination) -> Attestation | None:
    """Return the word by which a field that is not public is shown; of two the one that holds longer."""
    if route.policy is Policy.POINTER or data_class == PUBLIC:
        return None
    words = (destination.attestation, destination.verified)
    fitting = (word for word in words if word is not None and data_class in word.classes)
    return max(fitting, key=lambda word: word.until, default=None)


def _site(of: DestinationConfig) -> Site:
    if of.connector.site is None:
        return Site("", "", "")
    found = of.connector.site(of.settings)
    return found if of.whole else replace(found, host=NOT_HERE, region=NOT_HERE)
