"""Why a route tells nothing of a state, with the values that it looked at."""

from __future__ import annotations

from pipelines.plan import Route
from pipelines.verdict import HELD, Reason, Verdict
from worker.explain.sentences import WHY_HELD
from worker.explain.story import Voice
from worker.explain.values import Seen, labels
from worker.trial.rule import Ruled

_WHOLE = {
    Reason.BASELINE: "it is what a source's first pull finds, before the `start` of its kind",
    Reason.UNCHANGED: "nothing that is read has changed",
    Reason.OLDER: "a newer state is known already",
    Reason.SHADOW: "the route is on trial (shadow)",
}


def why(of: Ruled, route: Route, verdict: Verdict) -> str:
    """Return a clause for a verdict other than TOLD."""
    named = labels(of.of)
    if verdict.reason in HELD:
        return held(verdict.reason, named.get(verdict.detail, verdict.detail), "")
    if verdict.reason is not Reason.FILTERED:
        return _WHOLE.get(verdict.reason, str(verdict.reason))
    seen = Seen(of.of, route, of.case, Voice(of.at, "UTC"))
    check, _, name = verdict.detail.partition(":")
    if check == "equals":
        return f"{named[name]} had to be {route.equals[name]} and was {seen.field(name)}"
    return f"its rule `when: {route.when}` is not met: {seen.rule()}"


def held(reason: Reason, label: str, destination: str) -> str:
    """Return the clause for a reason to hold."""
    return WHY_HELD[reason].format(label=label, destination=destination)
