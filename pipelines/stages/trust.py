"""May what this route shows be believed? A field without currency, unit or type holds the fact.

A record that lacks a required field is held on every route, also where the route does not show that field.
"""

from __future__ import annotations

from pipelines.case import Case, RouteProgram
from pipelines.verdict import Reason, Verdict


def trust(of: RouteProgram, case: Case) -> Verdict | None:
    """Pass, or hold with the reason of the first field that could not be read."""
    route = of.route
    if case.event.record.deleted:
        return None
    for name in route.fields:
        if name in case.mapped.problems and name not in case.left_out:
            return Verdict(route.name, case.mapped.problems[name], name)
    for name, problem in case.mapped.problems.items():
        if problem is Reason.REQUIRED_MISSING:
            return Verdict(route.name, problem, name)
    for name in route.required:
        if case.mapped.fields.get(name) is None:
            return Verdict(route.name, case.mapped.problems.get(name, Reason.REQUIRED_MISSING), name)
    return None
