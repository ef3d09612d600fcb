"""The connectors' side of sources and destinations: their own settings, checked by their own models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError

from config.problem import Place, Problem, problem
from config.references import References
from config.reported import reported
from config.shape import Shapes, below, keys, shapes
from config.tree import Items, Node, Table, Text, plain
from config.values import moment
from connectors import registry
from connectors.contract import Connector, Delivers, KnowsPeople, Lists, Pulls, Reads, Receives, Subscribes

_MAPPED_PATHS = ("path", "currency_path", "unit_path")


@dataclass(frozen=True, slots=True)
class Connection:
    """A connector with its validated settings; `references` are the secrets as written, by key path."""

    connector: Connector
    settings: BaseModel
    references: Mapping[str, str]


class Connectors:
    """The built-in connectors and those of the modules that the configuration names."""

    def __init__(self, root: Table) -> None:
        self.problems: list[Problem] = []
        self._found: dict[str, Connector] = {}
        listed = root.entries.get("connectors")
        for module in listed.items if isinstance(listed, Items) else ():
            if isinstance(module, Text):
                self._add(module)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, built-in ones first."""
        return (*registry.names(), *(name for name in self._found if name not in registry.names()))

    def get(self, name: str) -> Connector:
        """Return a connector. Raises ConnectorMissing."""
        return self._found.get(name) or registry.connector(name)

    def _add(self, module: Text) -> None:
        try:
            found = registry.from_module(module.value)
        except registry.ConnectorMissing as error:
            self.problems.append(problem(module.place, str(error)))
            return
        if found.name in self.names:
            self.problems.append(problem(module.place, f"there is already a connector '{found.name}'"))
        else:
            self._found[found.name] = found


class Connections:
    """All connections of a file, by section and name; `problems` are what kept the others from being made."""

    def __init__(self, root: Table, connectors: Connectors, environ: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self.made: dict[tuple[str, str], Connection] = {}
        self._applications = dict(root.tables("applications"))
        for section in ("sources", "applications", "destinations"):
            for name, entry in root.tables(section):
                self._connect((section, name), entry, connectors, environ)

    def _connect(self, name: tuple[str, str], entry: Table, connectors: Connectors, environ: Mapping[str, str]) -> None:
        written = entry.entries.get("connector")
        if not isinstance(written, Text) or written.value not in connectors.names:
            return
        try:
            connector = connectors.get(written.value)
        except registry.ConnectorMissing as error:
            self.problems.append(problem(written.place, str(error)))
            return
        settings, model = entry.table("settings"), connector.settings
        if name[0] == "applications":
            if connector.hearing is None:
                self.problems.append(problem(written.place, f"'{connector.name}' has no applications that answer"))
                return
            model = connector.hearing.settings
        elif name[0] == "sources":
            self.problems += _source_problems(entry, connector, written.place)
            self.problems += self._people_problems(entry, connectors)
            settings = _with_kinds(entry, connector)
        else:
            self.problems += _destination_problems(connector, written.place)
        validated = self._validated(model, settings, references := References(environ))
        if validated is not None:
            self.made[name] = Connection(connector, validated, references.written)

    def _people_problems(self, source: Table, connectors: Connectors) -> Iterator[Problem]:
        people = source.table("people")
        named = people.entries.get("application")
        application = self._applications.get(named.value) if isinstance(named, Text) else None
        if application is None or not isinstance(named, Text):
            return
        name = application.text("connector") or ""
        hearing = connectors.get(name).hearing if name in connectors.names else None
        if hearing is not None and KnowsPeople not in hearing.fulfils:
            yield problem(named.place, f"'{name}' cannot be asked who its people are")

    def _validated(self, model: type[BaseModel], settings: Table, references: References) -> BaseModel | None:
        resolved = references.resolve(settings, shapes(model))
        self.problems += references.problems
        try:
            return model.model_validate(plain(resolved))
        except ValidationError as error:
            for each in reported(error, model, resolved, settings.place):
                if not any(_holds(each.key_path, failed) for failed in references.failed):
                    self.problems.append(replace(each, sentence=references.hide(each.sentence)))
        return None


def _holds(outer: str, inner: str) -> bool:
    # A validator that looks at several keys at once would complain again of a secret that could not be fetched.
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _source_problems(source: Table, connector: Connector, place: Place) -> Iterator[Problem]:
    if not connector.fulfils & {Pulls, Receives}:
        yield problem(place, f"'{connector.name}' brings no records: it cannot be a source")
    elif Pulls not in connector.fulfils and "poll" in source.keys:
        yield problem(source.keys["poll"], f"'{connector.name}' is not pulled, it receives: remove this key")
    if "reconcile" in source.keys and not {Lists, Pulls, Reads} <= connector.fulfils:
        yield problem(source.keys["reconcile"], f"'{connector.name}' cannot list what it has: remove this key")
    if "push" in source.keys and Subscribes not in connector.fulfils:
        yield problem(source.keys["push"], f"'{connector.name}' cannot be subscribed to: remove this key")
    settings = source.table("settings")
    reads_kinds = "kinds" in keys(shapes(connector.settings))
    if reads_kinds and "kinds" in settings.keys:
        yield problem(settings.keys["kinds"], "is made from the kinds of the source: remove it here")
    for _, kind in source.tables("kinds"):
        if Pulls not in connector.fulfils and "poll" in kind.keys:
            yield problem(kind.keys["poll"], f"'{connector.name}' is not pulled, it receives: remove this key")
        read = kind.table("read")
        if "read" in kind.keys and not reads_kinds:
            yield problem(kind.keys["read"], f"'{connector.name}' has no settings for single kinds: remove this key")
        for key in read.keys.keys() & {"fields", "start"}:
            yield problem(read.keys[key], "is taken from the kind itself: remove it here")


def _destination_problems(connector: Connector, place: Place) -> Iterator[Problem]:
    if Delivers not in connector.fulfils:
        yield problem(place, f"'{connector.name}' does not deliver: it cannot be a destination")


def _with_kinds(source: Table, connector: Connector) -> Table:
    settings = source.table("settings")
    expected = below(shapes(connector.settings), "kinds")
    if not expected:
        return settings
    kinds: dict[str, Node] = {}
    places: dict[str, Place] = {}
    for name, kind in source.tables("kinds"):
        place = source.table("kinds").keys[name]
        places[name] = replace(place, key_path=f"{place.key_path}.read")
        kinds[name] = _read_settings(kind, places[name], below(expected, name))
    here = source.keys.get("kinds", source.place)
    return replace(
        settings,
        entries={**settings.entries, "kinds": Table(kinds, here, places)},
        keys={**settings.keys, "kinds": here},
    )


def _read_settings(kind: Table, place: Place, expected: Shapes) -> Table:
    read = kind.table("read")
    entries = {**read.entries, "fields": Items(_paths(kind), place)}
    start = kind.entries.get("start")
    if isinstance(start, Text) and "start" in keys(expected) and _is_moment(start.value):
        entries["start"] = start
    return Table(entries, place, {**dict.fromkeys(entries, place), **read.keys})


def _is_moment(text: str) -> bool:
    try:
        moment(text)
    except ValueError:
        return False
    return True


def _paths(kind: Table) -> tuple[Text, ...]:
    """Return the paths that are read, once each; a column's stands behind its table's: `item.quantity`."""
    found: dict[str, Text] = {}
    for _, field in kind.tables("fields"):
        columns = [column for _, column in field.tables("columns")]
        for text in _texts(field) if not columns else []:
            found.setdefault(text.value, text)
        for column in columns:
            for text in _texts(column):
                path = f"{field.text('path')}.{text.value}"
                found.setdefault(path, replace(text, value=path))
    return tuple(found[path] for path in sorted(found))


def _texts(field: Table) -> list[Text]:
    return [text for key in _MAPPED_PATHS if isinstance(text := field.entries.get(key), Text)]
