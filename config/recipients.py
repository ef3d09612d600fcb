"""Whom routes tell one to one: which destinations reach single people, and which fields name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.address import PersonEntry, TableEntry
from config.clearing import application
from config.connection import Connection
from config.declared import near, unknown
from config.entry import NAMING
from config.model import BridgeFile, RouteEntry
from config.problem import Place, Problem, problem
from config.tree import Table

Made = Mapping[tuple[str, str], Connection]
_NOBODY = (
    "the settings of '{name}' name no reader: tell people whom a field names by it, {{person: owner, by: {name}, ...}}"
)
_READERS = "'{name}' has readers of its own: name a destination whose settings name nobody{hint}"


def recipient_problems(root: Table, file: BridgeFile, made: Made) -> Iterator[Problem]:
    """Judge whom routes, their escalations, summaries and operators tell, as far as their destinations could be made."""
    personal = {name: _is_personal(one) for (section, name), one in made.items() if section == "destinations"}
    check = _Recipients(root, file, personal)
    for name, route in file.routes.items():
        entry = root.table("routes").table(name)
        yield from check.told(route, route.to, entry.keys["to"])
        for step in route.escalate:
            yield from check.told(route, step.to, entry.keys["escalate"])
        if route.details is not None:
            yield from check.reaches(route.details, entry.keys["details"])
    for name, summary in file.summaries.items():
        yield from check.named(summary.to, root.table("summaries").table(name).keys["to"])
    if file.operators is not None and file.operators.destination is not None:
        yield from check.named((file.operators.destination,), root.table("operators").keys["destination"])


def _is_personal(one: Connection) -> bool:
    return one.connector.addressed(one.settings, "anybody") is not None


class _Recipients:
    """What a file says of destinations, `personal` by name."""

    def __init__(self, root: Table, file: BridgeFile, personal: Mapping[str, bool]) -> None:
        self._root = root
        self._file = file
        self._personal = personal

    def told(
        self, route: RouteEntry, to: tuple[str, ...] | TableEntry | PersonEntry, place: Place
    ) -> Iterator[Problem]:
        if isinstance(to, tuple):
            yield from self.named(to, place)
        elif isinstance(to, TableEntry):
            yield from self.named(to.destinations, place)
        else:
            yield from self.reaches(to.by, place)
            yield from self.named(to.otherwise, place)
            yield from self._field(route, to.field, place)
            yield from self._together(route, to.by, place)

    def named(self, destinations: tuple[str, ...], place: Place) -> Iterator[Problem]:
        for name in destinations:
            if self._personal.get(name, False):
                yield problem(place, _NOBODY.format(name=name))

    def reaches(self, name: str, place: Place) -> Iterator[Problem]:
        if not self._personal.get(name, True):
            others = [each for each, personal in self._personal.items() if personal]
            yield problem(place, _READERS.format(name=name, hint=f": {near(name, others)}" if others else ""))

    def _field(self, route: RouteEntry, name: str, place: Place) -> Iterator[Problem]:
        source, _, kind = route.from_.partition(".")
        found = self._file.sources.get(source)
        fields = found.kinds[kind].fields if found is not None and kind in found.kinds else {}
        if found is None or kind not in found.kinds:
            return
        if name not in fields:
            yield problem(place, unknown(name, fields, f"field of {route.from_}"))
        elif fields[name].type not in NAMING:
            yield problem(place, f"'{name}' is {fields[name].type}: people are named by a ref, a text or a list")
        elif found.people is None:
            yield problem(place, f"nobody knows who the users of '{source}' are: write sources.{source}.people")

    def _together(self, route: RouteEntry, name: str, place: Place) -> Iterator[Problem]:
        """Judge whether those whom a field names are people of the application that the destination reaches."""
        found = self._file.sources.get(route.from_.partition(".")[0])
        people = found.people.application if found is not None and found.people is not None else ""
        reached = application(self._file, self._file.destinations[name]) if name in self._file.destinations else ""
        if people and reached and people != reached:
            yield problem(place, f"its users are people of '{people}', and '{name}' reaches those of '{reached}'")
        elif people and not reached:
            yield problem(place, f"say whose people '{name}' reaches: write destinations.{name}.application")
