"""What the stages of decide look at: a program made once from the plan, and a case made once for each event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.contract import HIDDEN, Record, Value
from pipelines.expressions import Condition, Vocabulary
from pipelines.mapping import PYTHON, Mapped, empty, map_record, outdated
from pipelines.notice import State
from pipelines.plan import Drift, FieldMap, Kind, Mode, Plan, Route, Threshold
from pipelines.thresholds import passes
from pipelines.verdict import Reason

_JUDGED_ANEW = frozenset({Reason.REQUIRED_MISSING, Reason.DRIFT})


class PlanInvalid(Exception):
    """The plan contradicts itself. `route` is where; `str(error)` says why."""

    def __init__(self, route: str, sentence: str) -> None:
        super().__init__(sentence)
        self.route = route


@dataclass(frozen=True, slots=True)
class Event:
    """One state of a record as it arrived: `seq` is its arrival number, `baseline` marks what a first pull found.

    `doubtful` marks what may have been told before, by a ledger that is lost; `drifted` names the fields that do not
    come as they always did.
    """

    seq: int
    record: Record
    baseline: bool
    known: State | None
    doubtful: bool = False
    drifted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RouteProgram:
    """A route with its condition compiled. `needs` are the fields that condition, thresholds and address read."""

    route: Route
    condition: Condition
    needs: frozenset[str]

    @property
    def on_trial(self) -> bool:
        """Whether it decides and tells nothing."""
        return self.route.mode is Mode.SHADOW


@dataclass(frozen=True, slots=True)
class KindProgram:
    """All routes of one kind of record in the order in which they are asked, over one vocabulary.

    `named` are the fields that a condition names. `prompt` are those routes that tell at once, `waiting` the others.
    `asked` is what others than routes ask of records of this kind, by its name; `keys` are the fields by which such a
    record is looked up.
    """

    kind: Kind
    vocabulary: Vocabulary
    named: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    routes: tuple[RouteProgram, ...]
    prompt: tuple[RouteProgram, ...]
    waiting: tuple[RouteProgram, ...]
    asked: Mapping[str, RouteProgram]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """One event, read once for all routes.

    `mapped` is the whole record as it is known now: what this event did not read stands in it as it was last read.
    `was` is the previous state, of the fields that are still mapped so; `changed` names what this event changed;
    `left_out` are fields that messages go without until somebody accepts how they come.
    """

    event: Event
    now: datetime
    mapped: Mapped
    was: Mapping[str, Value]
    changed: frozenset[str]
    thresholds: Mapping[str, bool | Reason]
    activation: Any
    left_out: frozenset[str] = frozenset()

    @property
    def shown(self) -> Mapping[str, Value]:
        """The fields that a notice may carry."""
        return self.mapped.fields


def program(plan: Plan) -> dict[tuple[str, str], KindProgram]:
    """Compile a plan. Raises `ConditionInvalid` or `PlanInvalid`, which the configuration check reports first."""
    programs = {}
    for key, kind in plan.kinds.items():
        routes = sorted((r for r in plan.routes if r.of_kind == key), key=lambda r: r.fallback)
        expected = [r.expects for r in plan.routes if r.expects is not None and r.expects.asks.of_kind == key]
        asking = [one.asks for one in expected] + [one.asks for one in plan.summaries if one.asks.of_kind == key]
        named: dict[str, Threshold] = {}
        for route in (*routes, *asking):
            for threshold in route.thresholds:
                if named.setdefault(threshold.name, threshold) != threshold:
                    raise PlanInvalid(
                        route.name,
                        f"threshold {threshold.name!r} means something else in another route of {'.'.join(key)}: "
                        "give one of them another name",
                    )
        vocabulary = Vocabulary(kind, frozenset(named))
        names = frozenset(spec.name for spec in kind.fields)
        compiled = tuple(_compiled(each, vocabulary, named, names) for each in routes)
        asked = {each.name: _compiled(each, vocabulary, named, names) for each in asking}
        used = frozenset[str]().union(*(each.condition.uses for each in (*compiled, *asked.values())))
        programs[key] = KindProgram(
            kind,
            vocabulary,
            tuple(spec.name for spec in kind.fields if spec.name in used),
            tuple(named.values()),
            compiled,
            prompt=tuple(each for each in compiled if each.route.wait is None),
            waiting=tuple(each for each in compiled if each.route.wait is not None),
            asked=asked,
            keys=frozenset(one.key for one in expected),
        )
    return programs


def _compiled(
    route: Route,
    vocabulary: Vocabulary,
    thresholds: Mapping[str, Threshold],
    names: frozenset[str],
) -> RouteProgram:
    condition = vocabulary.compile(route.when)
    measured = {thresholds[name].field for name in condition.uses & thresholds.keys()}
    needs = (condition.uses & names) | measured | route.equals.keys()
    if route.by is not None:
        needs |= {route.by.field}
    if route.expects is not None:
        needs |= {route.expects.of}
    return RouteProgram(route, condition, frozenset(needs))


def open_case(of: KindProgram, event: Event, now: datetime) -> Case:
    """Map the record once and bind what the conditions of its routes name."""
    known = event.known
    read = map_record(of.kind, event.record, first=known is None)
    was = _remembered(of.kind, known)
    changed = frozenset() if event.record.deleted else _changed(read, known, was)
    mapped = _completed(of.kind, event, read, was)
    left_out: frozenset[str] = frozenset()
    if event.drifted:
        mapped = _doubted(mapped, event.drifted)
        left_out = event.drifted if of.kind.drift is Drift.FREEZE else left_out
        changed -= left_out
    measured = {t.name: _measure(t, mapped) for t in of.thresholds}
    flags = {f"changed.{name}": name in changed for name in of.named}
    flags |= {f"present.{name}": mapped.fields.get(name) is not None for name in of.named}
    flags |= {name: value for name, value in measured.items() if isinstance(value, bool)}
    flags |= {f"was.{t.name}": passes(t, was.get(t.field)) is True for t in of.thresholds}
    flags["is_new"] = known is None
    flags["deleted"] = event.record.deleted
    view = {name: mapped.fields[name] for name in of.named if name in mapped.fields}
    view |= {f"was.{name}": was.get(name) for name in of.named}
    activation = of.vocabulary.activation(now, view, flags)
    return Case(event, now, mapped, was, changed, measured, activation, left_out)


def _doubted(mapped: Mapped, drifted: frozenset[str]) -> Mapped:
    fields = {name: value for name, value in mapped.fields.items() if name not in drifted}
    return Mapped(fields, {**dict.fromkeys(drifted, Reason.DRIFT), **mapped.problems})


def _remembered(kind: Kind, known: State | None) -> dict[str, Value]:
    """Return what is known of the fields that are mapped, less what was read as another type."""
    if known is None:
        return {}
    remembered = {}
    for spec in kind.fields:
        value = known.fields.get(spec.name, HIDDEN)
        if value is None:
            remembered[spec.name] = empty(spec)
        elif type(value) is PYTHON[spec.type] and _of_columns(value, spec):
            remembered[spec.name] = value
    return remembered


def _of_columns(value: Value, spec: FieldMap) -> bool:
    """Tell whether rows hold the columns that are mapped today; what is no table holds none."""
    rows = [each for each in value if isinstance(each, Mapping)] if isinstance(value, tuple) else []
    return all(row.keys() == {column.name for column in spec.columns} for row in rows)


def _completed(kind: Kind, event: Event, read: Mapped, was: Mapping[str, Value]) -> Mapped:
    """Add to what was read what is known of the rest: its value, or why it cannot be trusted.

    A deletion reads nothing: sources seldom say what it was that they deleted. What is missing, or drifts, is judged
    anew each time, by what is required and accepted today.
    """
    known, record = event.known, event.record
    if known is None:
        return read
    trouble = {name: reason for name, reason in known.problems.items() if reason not in _JUDGED_ANEW}
    source, seen = ({}, Mapped({}, {})) if record.deleted else (record.fields, read)
    fields, problems = dict(seen.fields), dict(seen.problems)
    for spec in kind.fields:
        name = spec.name
        if spec.path in source:
            continue
        doubt = trouble.get(name) or outdated(spec, was.get(name), source)
        if doubt:
            problems[name] = doubt
        elif name in was:
            fields[name] = was[name]
            if was[name] is not None:
                problems.pop(name, None)
    return Mapped(fields, problems)


def _changed(read: Mapped, known: State | None, was: Mapping[str, Value]) -> frozenset[str]:
    """Name the fields that differ from the known state.

    A field that the known state did not read (it was mapped since) is no change: a new mapping starts silently.
    """
    if known is None:
        return frozenset(name for name, value in read.fields.items() if value is not None)
    return frozenset(
        name for name, value in read.fields.items() if (name in was and was[name] != value) or name in known.problems
    )


def _measure(threshold: Threshold, mapped: Mapped) -> bool | Reason:
    if threshold.field in mapped.problems:
        return mapped.problems[threshold.field]
    return passes(threshold, mapped.fields.get(threshold.field))
