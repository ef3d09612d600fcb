"""Is this route meant? Equality first, then the fields that the condition needs, then the condition."""

from __future__ import annotations

from connectors.contract import Choice, Ref, Value
from pipelines.case import Case, RouteProgram
from pipelines.verdict import Reason, Verdict


def match(of: RouteProgram, case: Case) -> Verdict | None:
    """Pass, or `FILTERED` by the named check; a field that cannot be trusted holds rather than decides."""
    return _equals(of, case) or _readable(of, case) or _when(of, case)


def _equals(of: RouteProgram, case: Case) -> Verdict | None:
    route = of.route
    for name, wanted in route.equals.items():
        if name in case.mapped.problems:
            return Verdict(route.name, case.mapped.problems[name], name)
        if as_text(case.shown.get(name)) != wanted:
            return Verdict(route.name, Reason.FILTERED, f"equals:{name}")
    return None


def _readable(of: RouteProgram, case: Case) -> Verdict | None:
    route, problems = of.route, case.mapped.problems
    if problems:
        for name in sorted(of.needs & problems.keys()):
            return Verdict(route.name, problems[name], name)
    for threshold in route.thresholds:
        measured = case.thresholds[threshold.name]
        if isinstance(measured, Reason) and threshold.name in of.condition.uses:
            return Verdict(route.name, measured, threshold.field)
    return None


def _when(of: RouteProgram, case: Case) -> Verdict | None:
    held = of.condition.holds(case.activation)
    if held is True:
        return None
    if held is False:
        return Verdict(of.route.name, Reason.FILTERED, "when")
    return Verdict(of.route.name, Reason.CONDITION_FAILED, held)


def as_text(value: Value) -> str:
    """Return a value as `equals` compares it: a choice by its code, a reference by its id."""
    match value:
        case None:
            return ""
        case Choice():
            return value.code
        case Ref():
            return value.id
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
