"""Did somebody order silence? For a while, with a name to ask: a planned import, a group that is being moved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipelines.plan import OWN, Route, Silence, destination_of


def silencing(silences: Iterable[Silence], route: Route, destination: str, now: datetime) -> Silence | None:
    """Return the silence that keeps this route from telling this destination at `now` (aware), None without one.

    What the program tells of itself is never silenced: a fault would go unseen.
    """
    if route.source == OWN:
        return None
    # the steps of an escalation are silent with the route that they belong to
    name = (route.wait.escalates if route.wait else "") or route.name
    return next((each for each in silences if now < each.until and _meant(each, name, destination)), None)


def _meant(silence: Silence, route: str, recipient: str) -> bool:
    return route in (silence.routes or (route,)) and destination_of(recipient) in (
        silence.destinations or (destination_of(recipient),)
    )
