"""Files of cases, read against the configuration that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from config.bridge import Blueprint
from config.casebook.case import Case, Message, Situation, Untold
from config.casebook.entries import CaseEntry, CasesFile, MessageEntry, SituationEntry
from config.casebook.typed import Unreadable, values
from config.declared import near, unknown
from config.entry import Entry
from config.load import SyntaxInvalid, read
from config.problem import ConfigurationInvalid, Place, Problem, problem
from config.reported import reported
from config.tree import Node, Table, Text, plain
from connectors.contract import Record, Value
from pipelines.plan import Route
from pipelines.verdict import Reason

_Entry = TypeVar("_Entry", bound=Entry)
_EARLIER = timedelta(hours=1)
"""How much older a state is that was known before, unless the stamps say otherwise."""


def read_cases(path: Path, blueprint: Blueprint) -> tuple[Case, ...]:
    """Read the cases of a file. Raises ConfigurationInvalid with everything that is wrong with it."""
    root = _root(path)
    file = _validated(CasesFile, root, blueprint)
    reader = _Reader(blueprint)
    table = root.table("cases")
    found = [
        reader.case(name, table.keys[name], table.table(name), (entry, file.at)) for name, entry in file.cases.items()
    ]
    return tuple(each for each in reader.sound(found) if each is not None)


def read_situation(path: Path, blueprint: Blueprint, now: datetime) -> Situation:
    """Read a file with one situation; without a moment of its own it is of `now`. Raises ConfigurationInvalid."""
    root = _root(path)
    entry = _validated(SituationEntry, root, blueprint)
    reader = _Reader(blueprint)
    (found,) = reader.sound([reader.situation(root, entry, entry.at or now)])
    if found is None:
        raise TypeError("a file without problems has a situation")
    return found


def _root(path: Path) -> Table:
    try:
        node = read(path)
    except SyntaxInvalid as error:
        raise ConfigurationInvalid(tuple(error.problems)) from error
    if not isinstance(node, Table):
        raise ConfigurationInvalid((problem(node.place, "the file must be a mapping with keys"),))
    return node


def _validated(model: type[_Entry], root: Table, blueprint: Blueprint) -> _Entry:
    try:
        return model.model_validate(plain(root), context=blueprint.names)
    except ValidationError as error:
        raise ConfigurationInvalid(tuple(sorted(set(reported(error, model, root, root.place))))) from None


_Read = TypeVar("_Read")


class _Reader:
    """Reads what depends on the mapping and the routes; collects what is wrong."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._draft = blueprint
        self._routes = {route.name: route for route in blueprint.plan.routes}
        self._problems: list[Problem] = []

    def sound(self, found: list[_Read]) -> list[_Read]:
        if self._problems:
            raise ConfigurationInvalid(tuple(sorted(set(self._problems))))
        return found

    def case(self, name: str, place: Place, table: Table, given: tuple[CaseEntry, datetime | None]) -> Case | None:
        entry, usual = given
        at = entry.at or usual
        if at is None:
            self._note(place, "'at' is missing here, and at the top of the file: at which moment is it?")
            return None
        expect = table.table("expect")
        expected = {
            route: self._of_route(route, expect.keys[route], expect.entries[route], entry.record.from_)
            for route in entry.expect
        }
        situation = self.situation(table, entry, at)
        return None if situation is None else Case(name, place, situation, expected)

    def situation(self, table: Table, entry: SituationEntry, at: datetime) -> Situation | None:
        source, _, kind = entry.record.from_.partition(".")
        specs, what = self._draft.plan.kinds[source, kind].fields, entry.record.from_
        try:
            read = values(table.table("record").table("fields"), specs, what)
            before = None if entry.was is None else {**read, **values(table.table("was"), specs, what)}
        except Unreadable as error:
            self._problems += error.problems
            return None
        given = entry.record
        stamp = given.changed or at
        record = Record(source, kind, given.id, "case", stamp, {} if given.deleted else read, given.number, given.url)
        record = replace(record, deleted=given.deleted)
        states = (record,) if before is None else (_earlier(record, before), record)
        audience = {name: frozenset(classes) for name, classes in entry.audience.items()}
        return Situation(states, at, audience, entry.first_pull)

    def _of_route(self, name: str, key: Place, node: Node, kind: str) -> Untold | Mapping[str, Untold | Message]:
        route = self._routes[name]
        if f"{route.source}.{route.kind}" != kind:
            self._note(key, f"it tells of {route.source}.{route.kind}, and the record is {kind}")
        if isinstance(node, Text):
            return self._untold(node)
        if not isinstance(node, Table):
            self._note(key, "write a reason, or what is read by destination: {sales: told}")
            return {}
        found = {}
        for to, expected in node.entries.items():
            if to not in route.to:
                self._note(node.keys[to], unknown(to, route.to, f"destination of {name}"))
            found[to] = self._of_destination(route, node.keys[to], expected)
        return found

    def _of_destination(self, route: Route, key: Place, node: Node) -> Untold | Message:
        if isinstance(node, Text):
            return self._untold(node)
        try:
            entry = MessageEntry.model_validate(plain(node))
        except ValidationError as error:
            self._problems += reported(error, MessageEntry, node, key)
            return Message(key)
        for name in entry.withheld or ():
            if name not in route.fields:
                self._note(key, unknown(name, route.fields, f"field that {route.name} shows"))
        return Message(key, entry.title, entry.text, entry.contains, entry.lacks, entry.withheld)

    def _untold(self, node: Text) -> Untold:
        reason, _, detail = node.value.partition(" ")
        known = [str(each) for each in Reason]
        if reason not in known:
            self._note(node.place, f"'{reason}' is no reason: {near(reason, known)}")
            return Untold(Reason.TOLD, "", node.place)
        return Untold(Reason(reason), detail.strip(), node.place)

    def _note(self, place: Place, sentence: str) -> None:
        self._problems.append(problem(place, sentence))


def _earlier(record: Record, fields: Mapping[str, Value]) -> Record:
    return replace(record, version="before", stamp=record.stamp - _EARLIER, fields=fields, deleted=False)
