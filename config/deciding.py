"""Routes that ask for decisions: what their source and destinations must be able to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.connection import Connection
from config.problem import Place, Problem, problem
from config.tree import Items, Node, Table, Text
from connectors.contract import Acts, Reads, Shows

Made = Mapping[tuple[str, str], Connection]


def decision_problems(root: Table, made: Made) -> Iterator[Problem]:
    """Judge the routes with `decide`, as far as their source and destinations could be made."""
    heard = {connection.connector.name for (section, _), connection in made.items() if section == "applications"}
    for _, route in root.tables("routes"):
        if "decide" in route.entries:
            yield from _of_source(route, made)
            for to in _texts(route.entries.get("to")):
                yield from _of_destination(to, route.keys["decide"], made, heard)


def _of_source(route: Table, made: Made) -> Iterator[Problem]:
    name = (route.text("from") or "").partition(".")[0]
    source = made.get(("sources", name))
    if source is not None and not {Acts, Reads} <= source.connector.fulfilled(source.settings):
        yield problem(
            route.keys["decide"], f"decisions cannot be carried back into '{name}': see its connector's settings"
        )


def _of_destination(to: Text, place: Place, made: Made, heard: set[str]) -> Iterator[Problem]:
    destination = made.get(("destinations", to.value))
    if destination is None:
        return
    if Shows not in destination.connector.fulfilled(destination.settings):
        yield problem(to.place, f"messages in '{to.value}' have no buttons: choose a destination of another kind")
    elif destination.connector.name not in heard:
        yield problem(place, f"nobody hears what is pressed: name an application of {destination.connector.name}")


def _texts(node: Node | None) -> tuple[Text, ...]:
    if isinstance(node, Text):
        return (node,)
    return tuple(each for each in node.items if isinstance(each, Text)) if isinstance(node, Items) else ()
