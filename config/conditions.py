"""The conditions of routes, compiled at load: a mistake is found before a record is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from pydantic import ValidationError

from config import compile as compiled
from config.condition import ConditionEntry
from config.declared import Declared
from config.entry import Entry
from config.model import KindEntry
from config.problem import Place, Problem, problem
from config.tree import Table, Text, plain
from pipelines.plan import Kind, Route, Threshold

_Entry = TypeVar("_Entry", bound=Entry)
_OF_AN_EVENT = r"\bchanged\.\w+|\bwas\.\w+|\bis_new\b|\bdeleted\b"
_WAITING = re.compile(rf"{_OF_AN_EVENT}|\bnow\b")
_LISTED = re.compile(_OF_AN_EVENT)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a condition, and at which character of it, counted from 1."""

    sentence: str
    column: int


FaultOf: TypeAlias = Callable[[Route, Kind], Fault | None]


def fault_of(route: Route, kind: Kind) -> Fault | None:
    """Compile the condition of a route for real; None when it is sound."""
    # Loads the CEL engine, which only those need who check conditions.
    from pipelines.expressions import ConditionInvalid, compile_condition  # noqa: PLC0415

    try:
        compile_condition(route, kind)
    except ConditionInvalid as error:
        return Fault(str(error), error.column)
    return None


def condition_problems(root: Table, declared: Declared, find: FaultOf) -> Iterator[Problem]:
    """Judge the conditions and thresholds of all routes, whatever else is wrong with a route."""
    kinds = {
        f"{source}.{name}": _kind(source, name, entry, declared)
        for source, of_source in root.tables("sources")
        for name, entry in of_source.tables("kinds")
    }
    known: dict[tuple[str, str], tuple[Threshold, Place]] = {}
    for name, table, refused in _conditions(root):
        entry = _valid(ConditionEntry, _condition_part(table), declared)
        kind = kinds.get(entry.from_) if entry else None
        if entry is None or kind is None:
            continue
        route = compiled.route(name, entry, {field.name: field.type for field in kind.fields})
        yield from _contradictions(entry.from_, route, table.table("thresholds"), known)
        when = table.entries.get("when")
        if isinstance(when, Text) and refused is not None:
            yield from _of_a_moment(when, refused)
        fault = find(route, kind) if isinstance(when, Text) else None
        if isinstance(when, Text) and fault is not None:
            yield problem(when.at(fault.column), fault.sentence)


def _conditions(root: Table) -> Iterator[tuple[str, Table, re.Pattern[str] | None]]:
    """Give all that has a condition, each with what the condition must not name, as it is asked of a lasting state."""
    for name, table in root.tables("routes"):
        yield name, table, _WAITING if table.entries.keys() & {"after", "by", "expects"} else None
        if table.table("expects").entries:
            yield name, table.table("expects"), _WAITING
    for name, table in root.tables("summaries"):
        yield name, table, _LISTED


def _of_a_moment(when: Text, refused: re.Pattern[str]) -> Iterator[Problem]:
    """Find what is true for a moment only, in a condition that is to last."""
    from pipelines.expressions import bare  # noqa: PLC0415 - loads the CEL engine

    found = refused.search(bare(when.value))
    if found is not None:
        yield problem(
            when.at(found.start() + 1),
            f"this condition is asked of a state that lasts: '{found[0]}' is of a moment",
        )


def _contradictions(
    kind: str, route: Route, table: Table, known: dict[tuple[str, str], tuple[Threshold, Place]]
) -> Iterator[Problem]:
    # The conditions of one kind share their names, so that a record is measured once for all routes.
    for threshold in route.thresholds:
        place = table.keys[threshold.name]
        earlier, there = known.setdefault((kind, threshold.name), (threshold, place))
        if earlier != threshold:
            yield problem(place, f"'{threshold.name}' means something else at {there}: give one of them another name")


def _condition_part(route: Table) -> Table:
    keys = {field.alias or name for name, field in ConditionEntry.model_fields.items()}
    return Table({key: entry for key, entry in route.entries.items() if key in keys}, route.place)


def _kind(source: str, name: str, table: Table, declared: Declared) -> Kind | None:
    entry = _valid(KindEntry, table, declared)
    return compiled.kind(source, name, entry) if entry else None


def _valid(model: type[_Entry], table: Table, declared: Declared) -> _Entry | None:
    try:
        return model.model_validate(plain(table), context=declared)
    except ValidationError:
        # The whole file is validated too, and tells of it.
        return None
