"""Does its one reader want to hear it? Somebody may mute what is told to them alone, for a while."""

from __future__ import annotations

from datetime import datetime

from pipelines.plan import OWN, Lane, Route
from pipelines.stages.supersede import Waiting

PRESSING = frozenset({Lane.URGENT, Lane.APPROVAL})
"""What nobody can mute: others count on it that it is seen."""


def muted_as(route: Route) -> str:
    """Return the name under which a route is muted: the steps of an escalation are muted with the route they belong to."""
    return (route.wait.escalates if route.wait else "") or route.name


def mutable(route: Route) -> bool:
    """Tell whether a person may mute a route: not what is urgent, asks for a decision or is about the program itself."""
    return route.source != OWN and route.lane not in PRESSING and route.decide is None


def muting(route: Route, one: Waiting, now: datetime) -> datetime | None:
    """Return until when its reader mutes a waiting fact, at `now` (aware); None: it is told."""
    if one.muted is None or now >= one.muted or not mutable(route) or one.notice.lane in PRESSING:
        return None
    return one.muted
