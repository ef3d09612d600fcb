"""What a source itself lets a destination's readers see of one record: of whom it is asked, and what its answer clears."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from pipelines.notice import Notice
from pipelines.plan import PUBLIC, Destination, FieldMap, Kind, Policy, Route


@dataclass(frozen=True, slots=True)
class Sought:
    """A record of which a source is asked what these people may read, by user id, since its arrival `seq`.

    `apart`: it is told to each of them by what they may read; otherwise to all or to none.
    """

    seq: int
    users: frozenset[str]
    apart: bool = False

    def __or__(self, other: Sought) -> Sought:
        return Sought(max(self.seq, other.seq), self.users | other.users, self.apart or other.apart)


def sought(destination: Destination, notice: Notice, route: Route, kind: Kind) -> Sought | None:
    """Return of whom the source is to be asked before a notice goes to a destination; None: of nobody."""
    audience = destination.audience
    if audience is None or not audience.asked or audience.cleared is None or route.policy is Policy.POINTER:
        return None
    needed = _needed(notice, route, kind, audience.asked).keys()
    users = frozenset(user for user, classes in audience.cleared.items() if not needed <= classes)
    return Sought(notice.seq, users, route.policy is Policy.SPLIT) if users else None


def of_record(destination: Destination, notice: Notice, route: Route, kind: Kind) -> Destination:
    """Return a destination with its readers as they are cleared for the record that a notice tells of."""
    audience = destination.audience
    sight = audience.sees.get(notice.subject) if audience is not None else None
    if audience is None or not sight or not audience.asked:
        return destination
    return replace(destination, audience=audience.of_record(sight, _needed(notice, route, kind, audience.asked)))


def shown(notice: Notice, kind: Kind, withheld: Collection[str]) -> frozenset[str]:
    """Return the data classes beside `public` that a message shows of a notice, less the fields that it withholds."""
    told = (spec for spec in kind.fields if spec.name in notice.fields and spec.name not in withheld)
    return frozenset(spec.data_class for spec in told) - {PUBLIC}


def _needed(notice: Notice, route: Route, kind: Kind, classes: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return the fields that somebody must be able to read for each class of which a notice has something, as paths.

    That is all of this class that the route shows: what one message leaves out, the next may tell.
    """
    told = [spec for spec in kind.fields if spec.name in {*route.fields, *notice.fields}]
    held = {spec.data_class for spec in told if spec.name in notice.fields}
    return {
        name: frozenset(path for spec in told if spec.data_class == name for path in _paths(spec))
        for name in classes
        if name in held
    }


def _paths(spec: FieldMap) -> Iterator[str]:
    yield from filter(None, (spec.path, spec.currency_path, spec.unit_path))
    for column in spec.columns:
        yield from (f"{spec.path}.{path}" for path in _paths(column))
