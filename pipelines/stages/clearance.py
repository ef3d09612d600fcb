"""May everybody who reads this destination see this field? A group gets only what all of it is cleared for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from connectors.contract import Value
from pipelines.notice import Notice
from pipelines.plan import PUBLIC, Attestation, Destination, Kind, Policy, Route


@dataclass(frozen=True, slots=True)
class Cleared:
    """The fields that may be shown, and the names of those withheld, in the notice's order."""

    fields: Mapping[str, Value]
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """The data classes that may go to a destination now, and those that a word allowed to the group as it was before."""

    classes: frozenset[str]
    lost: frozenset[str] = frozenset()


def allowed(destination: Destination, today: date) -> Allowed:
    """Return what may go to a destination. Without a word of somebody, or outside its days, that is `public` alone.

    A word is on a group as it was then: renamed, with another owner or with somebody from outside it is another one.
    While somebody from outside is in it, no word counts. A class that has clearances goes to readers who can be listed
    only when each of them is cleared for it, whatever anybody's word on them is.
    """
    audience = destination.audience
    decided = audience.decided if audience is not None else frozenset[str]()
    words = _words(destination, today)
    holding = [word for word in words if audience is None or audience.outlives(word.at or audience.attested_at)]
    granted = frozenset[str]().union(*(word.classes for word in holding)) - decided
    lost = frozenset[str]().union(*(word.classes for word in words)) - decided - granted - {PUBLIC}
    if audience is not None and audience.outsiders:
        return Allowed(frozenset({PUBLIC}), lost)
    return Allowed(granted | {PUBLIC} | (audience.shared if audience is not None else frozenset()), lost)


def depends(
    notice: Notice, kind: Kind, destination: Destination, today: date, ruled: frozenset[str] = frozenset()
) -> bool:
    """Tell whether a notice holds a field that goes out only by who the readers are: by a word on them, or `ruled`."""
    promised = ruled.union(*(word.classes for word in _words(destination, today))) - {PUBLIC}
    return bool(promised) and any(spec.name in notice.fields for spec in kind.fields if spec.data_class in promised)


def lost(notice: Notice, kind: Kind, may: Allowed) -> bool:
    """Tell whether a notice holds a field that a word let through while the group was as it was."""
    return any(spec.name in notice.fields for spec in kind.fields if spec.data_class in may.lost)


def _words(destination: Destination, today: date) -> list[Attestation]:
    words = (destination.attestation, destination.verified)
    return [word for word in words if word is not None and word.on <= today <= word.until]


def disclose(notice: Notice, route: Route, kind: Kind, classes: frozenset[str]) -> Cleared:
    """Return what the route's policy of today shows of a notice to readers who are cleared for `classes`."""
    if route.policy is Policy.POINTER:
        # nothing is withheld from a message that shows no field to anybody
        return Cleared({}, ())
    return clear(notice, kind, classes)


def clear(notice: Notice, kind: Kind, classes: frozenset[str]) -> Cleared:
    """Split the fields of a notice into what `classes` may see and what is withheld.

    The class of a field is that of today's `kind`; a field that is no longer mapped has none and is withheld.
    """
    of = {spec.name: spec.data_class for spec in kind.fields}
    shown = {name: value for name, value in notice.fields.items() if of.get(name) in classes}
    withheld = tuple(name for name in notice.fields if name not in shown)
    return Cleared(shown, withheld)
