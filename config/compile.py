"""A validated file as the values that the rest of the product uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from config.connection import Connection
from config.cron import parse
from config.fields import CellEntry, FieldEntry
from config.model import (
    AttestationEntry,
    BridgeFile,
    ConditionEntry,
    DecideEntry,
    DestinationEntry,
    KindEntry,
    RouteEntry,
    SourceEntry,
)
from config.operators import Operators, operators, with_own
from config.schedule import Schedule, interval
from config.values import bound
from connectors.contract import Connector, Hearing, Lists, Pulls, Reads, Subscribes, Verb
from pipelines.matching import Keys
from pipelines.plan import (
    PUBLIC,
    Attestation,
    Decide,
    Destination,
    FieldMap,
    FieldType,
    Kind,
    Plan,
    Route,
    Threshold,
    WhenUnknown,
)
from pipelines.quiet import Quiet
from pipelines.silence import Hours, Weekday

_POLL = interval(timedelta(seconds=60))
_NIGHT = Schedule(parse("5 2 * * *"), jitter=timedelta(minutes=50), zone=ZoneInfo("Asia/Hong_Kong"))


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """A source: its connector, the connector's validated settings, and the names of its kinds.

    `polls` is when a round of pulling begins, by kind; empty for a source that only receives. `reconcile` is when it is compared
    with the ledger; None for a source that cannot list what it has. `silence` are the hours in which its silence is a
    fault; None: it never is. `push`: it is subscribed to. `people` is how its users are matched; None: they are not.
    """

    name: str
    connector: Connector
    settings: BaseModel
    polls: Mapping[str, Schedule]
    reconcile: Schedule | None
    kinds: tuple[str, ...]
    silence: Hours | None = None
    push: bool = False
    people: Keys | None = None


@dataclass(frozen=True, slots=True)
class DestinationConfig:
    """A destination: its connector and the connector's validated settings."""

    name: str
    connector: Connector
    settings: BaseModel


@dataclass(frozen=True, slots=True)
class ApplicationConfig:
    """An application that speaks to us: how its client is made, and the validated settings for that.

    `people` is when all its people are read; None: nobody is matched with them. `locale` is the language of its answers
    where no other is known, a Babel name; `answers_a_minute` how many of them one person gets.
    """

    name: str
    hearing: Hearing
    settings: BaseModel
    people: Schedule | None = None
    locale: str = "en"
    answers_a_minute: int = 10


@dataclass(frozen=True, slots=True)
class RetentionConfig:
    """How long payloads and trail are kept, and when what has had its time is cleared away."""

    payloads: timedelta
    trail: timedelta
    runs: Schedule


@dataclass(frozen=True, slots=True)
class Bridge:
    """A whole configuration: the plan for the stages, and what clients of sources and destinations are built from.

    `content` is what was written, all files in one, with the names of its secrets and never their values.
    """

    plan: Plan
    sources: Mapping[str, SourceConfig]
    destinations: Mapping[str, DestinationConfig]
    retention: RetentionConfig
    operators: Operators = field(default_factory=Operators)
    content: bytes = b""
    applications: Mapping[str, ApplicationConfig] = field(default_factory=dict)


def bridge(file: BridgeFile, connections: Mapping[tuple[str, str], Connection]) -> Bridge:
    """Make the values of a file that has no problems."""
    sources = {name: _source(name, entry, connections["sources", name]) for name, entry in file.sources.items()}
    destinations = {
        name: DestinationConfig(name, connection.connector, connection.settings)
        for (section, name), connection in connections.items()
        if section == "destinations"
    }
    asked = {source.people.application for source in sources.values() if source.people is not None}
    applications = {
        name: ApplicationConfig(
            name,
            connection.connector.hearing,
            connection.settings,
            file.applications[name].people.schedule if name in asked else None,
            file.applications[name].locale,
            file.applications[name].answers_a_minute,
        )
        for (section, name), connection in connections.items()
        if section == "applications" and connection.connector.hearing is not None
    }
    told = operators(file.operators) if file.operators else Operators()
    silent = [name for name, source in sources.items() if source.silence is not None]
    plan = with_own(_plan(file), told.destination, silent)
    plan = replace(plan, fingerprint=_fingerprint(plan, sources, connections))
    kept = RetentionConfig(file.retention.payloads, file.retention.trail, file.retention.runs.schedule)
    return Bridge(plan, sources, destinations, kept, told, applications=applications)


def kind(source: str, name: str, entry: KindEntry) -> Kind:
    """Make the mapping of one kind."""
    return Kind(source, name, tuple(_field(each, value) for each, value in entry.fields.items()), entry.start)


def route(name: str, entry: ConditionEntry, fields: Mapping[str, FieldType]) -> Route:
    """Make a route that has only a condition; `fields` are the types of the mapped fields."""
    source, _, kind_name = entry.from_.partition(".")
    return Route(
        name=name,
        source=source,
        kind=kind_name,
        to=(),
        title="",
        fields=(),
        when=entry.when,
        equals=dict(entry.equals),
        thresholds=tuple(
            Threshold(threshold, field, compare, bound(fields[field], text))
            for threshold, compared in entry.thresholds.items()
            for field, comparison in compared.items()
            for compare, text in comparison.items()
        ),
    )


def _source(name: str, entry: SourceEntry, connection: Connection) -> SourceConfig:
    polls: dict[str, Schedule] = {}
    reconcile = silence = None
    if Pulls in connection.connector.fulfils:
        usual = entry.poll.schedule if entry.poll else _POLL
        polls = {kind: each.poll.schedule if each.poll else usual for kind, each in entry.kinds.items()}
    if {Lists, Pulls, Reads} <= connection.connector.fulfils:
        reconcile = entry.reconcile.schedule if entry.reconcile else _NIGHT
    if (hours := entry.silence) is not None:
        silence = Hours(hours.after, hours.zone, hours.from_, hours.to, frozenset(hours.days))
    connector, kinds = connection.connector, tuple(entry.kinds)
    push = Subscribes in connector.fulfils and (entry.push or Pulls not in connector.fulfils)
    return SourceConfig(name, connector, connection.settings, polls, reconcile, kinds, silence, push, _keys(entry))


def _keys(entry: SourceEntry) -> Keys | None:
    people = entry.people
    return Keys(people.application, people.kind or "", dict(people.match), people.by) if people else None


def _plan(file: BridgeFile) -> Plan:
    kinds = {
        (source, name): kind(source, name, each)
        for source, entry in file.sources.items()
        for name, each in entry.kinds.items()
    }
    destinations = {
        name: Destination(name, entry.zone, entry.locale, _attestation(entry.attestation), quiet=_quiet(entry))
        for name, entry in file.destinations.items()
    }
    routes = tuple(_route(name, entry, kinds) for name, entry in file.routes.items())
    return Plan(fingerprint="", kinds=kinds, routes=routes, destinations=destinations)


def _field(name: str, entry: FieldEntry) -> FieldMap:
    columns = tuple(_cell(each, column) for each, column in entry.columns.items())
    return replace(_cell(name, entry), data_class=entry.data_class, columns=columns)


def _cell(name: str, entry: CellEntry) -> FieldMap:
    return FieldMap(
        name=name,
        path=entry.path,
        type=entry.type,
        label=entry.label or name.replace("_", " "),
        required=entry.required,
        currency=entry.currency or "",
        currency_path=entry.currency_path or "",
        unit=entry.unit or "",
        unit_path=entry.unit_path or "",
    )


def _attestation(entry: AttestationEntry | None) -> Attestation | None:
    return Attestation(entry.by, entry.on, entry.until, frozenset(entry.classes)) if entry else None


def _quiet(entry: DestinationEntry) -> Quiet | None:
    given = entry.quiet
    if given is None:
        return None
    budget = given.budget
    days = given.days or (tuple(Weekday)[:5] if given.calendar else tuple(Weekday))
    return Quiet(
        zone=given.zone or entry.zone,
        hours=given.hours,
        days=frozenset(days),
        calendar=given.calendar or "",
        most=budget.messages if budget else 0,
        per=budget.per if budget else timedelta(hours=1),
        gather=given.gather or timedelta(0),
    )


def _route(name: str, entry: RouteEntry, kinds: Mapping[tuple[str, str], Kind]) -> Route:
    source, _, kind_name = entry.from_.partition(".")
    types = {field.name: field.type for field in kinds[source, kind_name].fields}
    return replace(
        route(name, entry, types),
        to=entry.to,
        title=entry.title,
        fields=entry.fields,
        format=entry.format,
        lane=entry.lane,
        mode=entry.mode,
        merge=entry.merge,
        mentions=entry.mentions,
        required=entry.required,
        decide=_decide(entry.decide, entry.fields) if entry.decide else None,
        when_unknown=entry.when_unknown or _when_unknown(entry, kinds[source, kind_name]),
    )


def _when_unknown(entry: RouteEntry, kind: Kind) -> WhenUnknown:
    shown = {field.data_class for field in kind.fields if field.name in entry.fields}
    return WhenUnknown.AGAIN if shown <= {PUBLIC} else WhenUnknown.HOLD


def _decide(entry: DecideEntry, fields: tuple[str, ...]) -> Decide:
    compared = tuple(dict.fromkeys((entry.by, *(entry.compared or fields))))
    return Decide(entry.by, tuple(Verb(each) for each in entry.actions), compared)


def _fingerprint(
    plan: Plan, sources: Mapping[str, SourceConfig], connections: Mapping[tuple[str, str], Connection]
) -> str:
    content = {
        "plan": asdict(plan),
        "polls": {name: source.polls for name, source in sources.items()},
        "reconcile": {name: source.reconcile for name, source in sources.items()},
        "push": {name: source.push for name, source in sources.items()},
        "people": {name: source.people and asdict(source.people) for name, source in sources.items()},
        "connections": {
            name: (connection.connector.name, connection.settings.model_dump(), connection.references)
            for name, connection in connections.items()
        },
    }
    text = json.dumps(_canonical(content), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    # Secrets are written as asterisks by their own str(); a secret's reference stands beside them.
    match value:
        case Mapping():
            return sorted(([_canonical(key), _canonical(each)] for key, each in value.items()), key=str)
        case AbstractSet():
            return sorted((_canonical(each) for each in value), key=str)
        case list() | tuple():
            return [_canonical(each) for each in value]
        case None | bool() | int():
            return value
        case _:
            return str(value)
