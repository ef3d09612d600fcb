"""May everybody who reads this destination see this field? A group gets only what all of it is cleared for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from connectors.contract import Value
from pipelines.notice import Notice
from pipelines.plan import PUBLIC, Destination, Kind, Policy, Route


@dataclass(frozen=True, slots=True)
class Cleared:
    """The fields that may be shown, and the names of those withheld, in the notice's order."""

    fields: Mapping[str, Value]
    withheld: tuple[str, ...]


def classes_of(destination: Destination, today: date) -> frozenset[str]:
    """Return the data classes that may go to a destination whose members cannot be listed.

    Without an attestation, or outside its days, that is `public` alone.
    """
    words = (destination.attestation, destination.verified)
    valid = (word.classes for word in words if word is not None and word.on <= today <= word.until)
    return frozenset({PUBLIC}).union(*valid)


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
