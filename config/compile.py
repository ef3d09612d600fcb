"""A validated file as the values that the rest of the product uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from config.address import PersonEntry, TableEntry
from config.clearing import application, clearances
from config.condition import ConditionEntry
from config.connection import Connection
from config.cron import parse
from config.fields import CellEntry, FieldEntry
from config.model import (
    AttestationEntry,
    BridgeFile,
    DecideEntry,
    KindEntry,
    RouteEntry,
    SourceEntry,
)
from config.operators import Operators, operators, with_own
from config.schedule import Schedule, interval
from config.summary import Scheduled, kind_of, scheduled, with_summaries
from config.values import bound
from config.waiting import ExpectsEntry
from connectors.contract import Connector, Hearing, Lists, Pulls, Reads, Subscribes, Verb
from pipelines.matching import Keys
from pipelines.plan import (
    PUBLIC,
    Attestation,
    Conversion,
    Decide,
    Destination,
    Expects,
    FieldMap,
    FieldType,
    Kind,
    Plan,
    Route,
    Silence,
    Threshold,
    Wait,
    WhenUnknown,
)
from pipelines.quiet import Personal
from pipelines.silence import Hours

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
    """A destination: its connector and the connector's validated settings.

    `whole` is False where stand-ins are among its secrets: then nothing can be sent, and its address may be another.
    """

    name: str
    connector: Connector
    settings: BaseModel
    whole: bool = True

    @property
    def personal(self) -> bool:
        """Whether it reaches single people whom routes name, because its settings name nobody."""
        return self.connector.addressed(self.settings, "anybody") is not None


@dataclass(frozen=True, slots=True)
class ApplicationConfig:
    """An application that speaks to us: how its client is made, and the validated settings for that.

    `people` is when all its people are read; None: nobody is matched with them. `locale` is the language of its answers
    where no other is known, a Babel name; `answers_a_minute` how many of them one person gets; `longest_mute` how
    long one person may mute what a route tells them alone.
    """

    name: str
    hearing: Hearing
    settings: BaseModel
    people: Schedule | None = None
    locale: str = "en"
    answers_a_minute: int = 10
    longest_mute: timedelta = timedelta(days=1)


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
    summaries: Mapping[str, Scheduled] = field(default_factory=dict)


def bridge(file: BridgeFile, connections: Mapping[tuple[str, str], Connection]) -> Bridge:
    """Make the values of a file that has no problems."""
    sources = {name: _source(name, entry, connections["sources", name]) for name, entry in file.sources.items()}
    made = plan(file)
    asked = {source.people.application for source in sources.values() if source.people is not None}
    asked |= {each.application for each in made.clearances.of}
    asked |= {name for name, each in made.personal.items() if each.zones}
    applications = {
        name: ApplicationConfig(
            name,
            connection.connector.hearing,
            connection.settings,
            file.applications[name].people.schedule if name in asked else None,
            file.applications[name].locale,
            file.applications[name].answers_a_minute,
            file.applications[name].longest_mute,
        )
        for (section, name), connection in connections.items()
        if section == "applications" and connection.connector.hearing is not None
    }
    told = operators(file.operators) if file.operators else Operators()
    listed = scheduled(file.summaries)
    made = replace(made, fingerprint=_fingerprint(made, sources, listed, connections))
    kept = retention(file)
    return Bridge(made, sources, destinations(connections), kept, told, applications=applications, summaries=listed)


def retention(file: BridgeFile) -> RetentionConfig:
    """Make what a file says of keeping and forgetting."""
    return RetentionConfig(file.retention.payloads, file.retention.trail, file.retention.runs.schedule)


def plan(file: BridgeFile) -> Plan:
    """Make the plan of a file that has no problems, without the fingerprint."""
    silent = [name for name, source in file.sources.items() if source.silence is not None]
    return with_own(_with_summaries(_plan(file), file), file.operators.destination if file.operators else None, silent)


def destinations(connections: Mapping[tuple[str, str], Connection]) -> dict[str, DestinationConfig]:
    """Make the destinations among the connections, by name."""
    return {
        name: DestinationConfig(name, connection.connector, connection.settings, connection.whole)
        for (section, name), connection in connections.items()
        if section == "destinations"
    }


def kind(source: str, name: str, entry: KindEntry, units: Mapping[str, str] | None = None) -> Kind:
    """Make the mapping of one kind; `units` are the names of the file's own units by code."""
    fields = tuple(_field(each, value, units or {}) for each, value in entry.fields.items())
    return Kind(source, name, fields, entry.start, entry.drift)


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
    units = {code: unit.name for code, unit in file.units.items()}
    kinds = {
        (source, name): kind(source, name, each, units)
        for source, entry in file.sources.items()
        for name, each in entry.kinds.items()
    }
    destinations = {
        name: Destination(
            name,
            entry.zone,
            entry.locale,
            _attestation(entry.attestation),
            application=application(file, entry),
            quiet=entry.quiet.made(entry.zone) if entry.quiet else None,
        )
        for name, entry in file.destinations.items()
    }
    routes = tuple(each for name, entry in file.routes.items() for each in _routes(name, entry, kinds))
    silences = tuple(
        Silence(name, each.until, each.owner, each.reason, each.routes, each.destinations)
        for name, each in file.silences.items()
    )
    personal = {
        name: Personal(entry.budget.made if entry.budget else None, dict(entry.zones))
        for name, entry in file.applications.items()
        if entry.budget or entry.zones
    }
    return Plan("", kinds, routes, destinations, silences, clearances=clearances(file), personal=personal)


def _with_summaries(plan: Plan, file: BridgeFile) -> Plan:
    asks = {}
    for name, entry in file.summaries.items():
        source, _, kind_name = entry.from_.partition(".")
        types = {field.name: field.type for field in plan.kinds[source, kind_name].fields}
        asks[name] = route(kind_of(name), entry, types)
    return with_summaries(plan, file.summaries, asks)


def _field(name: str, entry: FieldEntry, units: Mapping[str, str]) -> FieldMap:
    columns = tuple(_cell(each, column, units) for each, column in entry.columns.items())
    return replace(_cell(name, entry, units), data_class=entry.data_class, columns=columns)


def _cell(name: str, entry: CellEntry, units: Mapping[str, str]) -> FieldMap:
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
        default=entry.default,
        style=entry.format,
        decimals=entry.decimals,
        units=units if entry.type is FieldType.QUANTITY else {},
        convert={unit: Conversion(each.to, each.factor) for unit, each in entry.convert.items()},
    )


def _attestation(entry: AttestationEntry | None) -> Attestation | None:
    return Attestation(entry.by, entry.on, entry.until, frozenset(entry.classes)) if entry else None


def _route(name: str, entry: RouteEntry, kinds: Mapping[tuple[str, str], Kind]) -> Route:
    source, _, kind_name = entry.from_.partition(".")
    types = {field.name: field.type for field in kinds[source, kind_name].fields}
    return replace(
        route(name, entry, types),
        **_to(entry.to),
        ends=not entry.continue_,
        fallback=entry.fallback,
        wait=_wait(entry),
        expects=_expects(name, entry.expects, kinds),
        title=entry.title,
        fields=entry.fields,
        format=entry.format,
        lane=entry.lane,
        mode=entry.mode,
        merge=entry.merge,
        mentions=entry.mentions,
        required=entry.required,
        policy=entry.policy,
        details=entry.details or "",
        decide=_decide(entry.decide, entry.fields) if entry.decide else None,
        when_unknown=entry.when_unknown or _when_unknown(entry, kinds[source, kind_name]),
    )


def _when_unknown(entry: RouteEntry, kind: Kind) -> WhenUnknown:
    shown = {field.data_class for field in kind.fields if field.name in entry.fields}
    return WhenUnknown.AGAIN if shown <= {PUBLIC} else WhenUnknown.HOLD


def _decide(entry: DecideEntry, fields: tuple[str, ...]) -> Decide:
    compared = tuple(dict.fromkeys((entry.by, *(entry.compared or fields))))
    return Decide(entry.by, tuple(Verb(each) for each in entry.actions), compared)


def _routes(name: str, entry: RouteEntry, kinds: Mapping[tuple[str, str], Kind]) -> Iterator[Route]:
    """Make a route and the steps of its escalation, whose names have a dot, which stands in no name of the file."""
    told = _route(name, entry, kinds)
    yield told
    # a step of a route that tells changes asks nothing of its own: that nothing changed since is what it waits for
    asks = told if told.wait else replace(told, when="true", equals={}, thresholds=())
    asks = replace(asks, by=None, ends=False)
    for number, step in enumerate(entry.escalate, 1):
        wait = Wait(after=step.after, escalates=name)
        title = step.title or told.title
        yield replace(asks, name=f"{name}.escalation-{number}", **_to(step.to), title=title, wait=wait, ends=False)


def _to(entry: TableEntry | PersonEntry | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(entry, tuple):
        return {"to": entry, "by": None}
    return {"to": entry.destinations, "by": entry.value}


def _expects(name: str, entry: ExpectsEntry | None, kinds: Mapping[tuple[str, str], Kind]) -> Expects | None:
    if entry is None:
        return None
    source, _, kind_name = entry.from_.partition(".")
    types = {field.name: field.type for field in kinds[source, kind_name].fields}
    return Expects(entry.key, entry.of or entry.key, route(f"{name}.expects", entry, types))


def _wait(entry: RouteEntry) -> Wait | None:
    if entry.by is not None:
        return Wait(by=entry.by.value)
    if entry.expects is not None:
        return Wait(after=entry.expects.within)
    return None if entry.after is None else Wait(after=entry.after)


def _fingerprint(
    plan: Plan,
    sources: Mapping[str, SourceConfig],
    listed: Mapping[str, Scheduled],
    connections: Mapping[tuple[str, str], Connection],
) -> str:
    content = {
        "plan": asdict(plan),
        "polls": {name: source.polls for name, source in sources.items()},
        "reconcile": {name: source.reconcile for name, source in sources.items()},
        "summaries": {name: each.schedule for name, each in listed.items()},
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
