"""The clearances of a file as a whole: of whose people they are, whether they can be known, and as values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from config.clearances import RolesEntry
from config.connection import Connection
from config.declared import unknown
from config.model import BridgeFile, DestinationEntry, PeopleEntry
from config.problem import Place, Problem, problem
from config.tree import Items, Node, Table, Text
from connectors.contract import Authorises, KnowsPeople
from pipelines.clearances import Clearance, Clearances, SourceRoles
from pipelines.plan import PUBLIC, FieldType

_ROLE_TYPES = frozenset({FieldType.TEXT, FieldType.CHOICE, FieldType.REF, FieldType.LIST})

Made = Mapping[tuple[str, str], Connection]


def clearances(file: BridgeFile) -> Clearances:
    """Make the values of a file that has no problems."""
    return Clearances(
        tuple(
            Clearance(name, _of(file, entry.application), entry.roles, entry.departments, entry.people, entry.by_source)
            for name, entry in file.clearances.items()
        ),
        tuple(
            SourceRoles(name, people.application, people.kind or "", people.roles.by, dict(people.roles.clear))
            for name, source in file.sources.items()
            if (people := source.people) is not None and people.roles is not None
        ),
    )


def application(file: BridgeFile, entry: DestinationEntry) -> str:
    """Return the application whose people read a destination; empty where it is none, or one of several."""
    if entry.application is not None:
        return entry.application
    of_connector = _of_connector(file, entry.connector)
    return of_connector[0] if len(of_connector) == 1 else ""


def clearance_problems(root: Table, file: BridgeFile, made: Made) -> Iterator[Problem]:
    """Judge the clearances of a file whose entries are sound each by itself."""
    for name in file.clearances:
        yield from _of_class(root, file, made, name)
    for name, source in file.sources.items():
        if source.people is not None and source.people.roles is not None:
            place = root.table("sources").table(name).table("people")
            yield from _of_roles(place, file, name, source.people, source.people.roles)
    yield from _of_destinations(root, file)


def _of(file: BridgeFile, named: str | None) -> str:
    return named or (next(iter(file.applications)) if len(file.applications) == 1 else "")


def _of_connector(file: BridgeFile, connector: str) -> list[str]:
    return [name for name, each in file.applications.items() if each.connector == connector]


def _of_class(root: Table, file: BridgeFile, made: Made, name: str) -> Iterator[Problem]:
    entry, table = file.clearances[name], root.table("clearances")
    whose = _of(file, entry.application)
    if not whose:
        yield problem(table.keys[name], _unnamed(file))
    elif not _can_be_asked(made.get(("applications", whose))):
        place = table.table(name).keys.get("application", table.keys[name])
        yield problem(place, f"'{file.applications[whose].connector}' cannot be asked who its people are")
    if not (entry.roles or entry.departments or entry.people or entry.by_source or _by_role(file, name)):
        said = "nobody could ever see it: name roles, departments or people, or let a source's roles clear it"
        yield problem(table.keys[name], said)
    if entry.by_source:
        yield from _of_sources(table.table(name).keys["by_source"], file, made, name, whose)


def _of_sources(place: Place, file: BridgeFile, made: Made, name: str, whose: str) -> Iterator[Problem]:
    """Judge whether each source that has fields of a class can be asked what a person may read of it."""
    for source, entry in file.sources.items():
        of_class = [
            f"{kind}.{each}"
            for kind, mapped in entry.kinds.items()
            for each, field in mapped.fields.items()
            if field.data_class == name
        ]
        if not of_class:
            continue
        said, connection = f"{source} has fields of this class ({', '.join(of_class)})", made.get(("sources", source))
        if connection is not None and Authorises not in connection.connector.fulfilled(connection.settings):
            way = "clear people by roles, departments or people, or give these fields another class"
            yield problem(place, f"{said}, and '{entry.connector}' cannot be asked who may read them: {way}")
        elif entry.people is None:
            yield problem(place, f"{said}, and who its users are is not known: say it under sources.{source}.people")
        elif whose and entry.people.application != whose:
            yield problem(place, f"{said}, and its users are people of '{entry.people.application}', not of '{whose}'")


def _unnamed(file: BridgeFile) -> str:
    if not file.applications:
        return "there is no application whose people could be asked for: name one under applications"
    return f"name the application whose people they are: {', '.join(file.applications)}"


def _can_be_asked(connection: Connection | None) -> bool:
    # of one that could not be made it is said elsewhere
    hearing = connection.connector.hearing if connection is not None else None
    return hearing is None or KnowsPeople in hearing.fulfils


def _by_role(file: BridgeFile, name: str) -> bool:
    given = (source.people.roles for source in file.sources.values() if source.people is not None)
    return any(name in classes for roles in given if roles is not None for classes in roles.clear.values())


def _of_roles(place: Table, file: BridgeFile, source: str, people: PeopleEntry, roles: RolesEntry) -> Iterator[Problem]:
    table = place.table("roles")
    if people.kind is None:
        yield problem(place.keys["roles"], "roles stand in the records of users: they go with kind")
        return
    fields = file.sources[source].kinds[people.kind].fields
    if roles.by not in fields:
        yield problem(table.keys["by"], unknown(roles.by, fields, f"field of {source}.{people.kind}"))
    elif fields[roles.by].type not in _ROLE_TYPES:
        yield problem(table.keys["by"], f"'{roles.by}' is {fields[roles.by].type}: a role is text, choice, ref or list")
    for role, classes in roles.clear.items():
        for number, name in enumerate(classes):
            at = _item(table.table("clear").entries[role], number)
            if name not in file.clearances:
                yield problem(at, f"'{name}' has no entry in clearances: without one nobody is asked what they may see")
            elif (whose := _of(file, file.clearances[name].application)) not in {"", people.application}:
                yield problem(at, f"who may see '{name}' is said of the people of '{whose}', not of these")


def _item(node: Node, number: int) -> Place:
    found = node.items[number] if isinstance(node, Items) else node
    return found.place


def _of_destinations(root: Table, file: BridgeFile) -> Iterator[Problem]:
    reached = _reached(file)
    for name, entry in file.destinations.items():
        key, among = root.table("destinations").keys[name], _of_connector(file, entry.connector)
        written = root.table("destinations").table(name).entries.get("application")
        if isinstance(written, Text) and written.value not in among:
            yield problem(written.place, unknown(written.value, among, f"application of {entry.connector}"))
        if entry.application is None and len(among) > 1 and (classes := reached[name]):
            said = f"it may be told what is {', '.join(sorted(classes))}, which goes only to people who are cleared"
            yield problem(key, f"{said}: name the application whose people read it: {', '.join(among)}")


def _reached(file: BridgeFile) -> Mapping[str, set[str]]:
    """Return which classes with an entry in `clearances` each destination may be told."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in file.routes.values():
        to = entry.to if isinstance(entry.to, tuple) else entry.to.destinations
        details = (entry.details,) if entry.details is not None else ()
        for name in (*to, *details, *(each for step in entry.escalate for each in step.to)):
            found[name] |= _classes(file, entry.from_, entry.fields)
    for summary in file.summaries.values():
        for name in summary.to:
            found[name] |= _classes(file, summary.from_, summary.fields)
    return found


def _classes(file: BridgeFile, of: str, fields: Sequence[str]) -> set[str]:
    source, _, kind = of.partition(".")
    mapped = file.sources[source].kinds[kind].fields
    return {mapped[name].data_class for name in fields} & file.clearances.keys() - {PUBLIC}
