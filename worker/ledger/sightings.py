"""What mapped fields look like as they come: one row for each path, written only when something else is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from pipelines.drift import Change, Presence, Seen, Sight
from worker.ledger.engine import Ledger, lock_names
from worker.ledger.tables import sighting

_KEY = ("source", "kind", "pushed", "path")
Key = tuple[str, str, bool, str]


@dataclass(frozen=True, slots=True)
class Drifted:
    """A path that is not as it was, and that nobody has accepted yet; `since` in microseconds."""

    source: str
    kind: str
    pushed: bool
    path: str
    sight: Sight
    since: int


def known(connection: Connection) -> dict[tuple[str, str, bool], dict[str, Sight]]:
    """Return what is known of each path, by source, kind and whether it was pushed."""
    found: dict[tuple[str, str, bool], dict[str, Sight]] = {}
    for row in connection.execute(select(sighting)):
        found.setdefault((row.source, row.kind, row.pushed), {})[row.path] = _sight(row)
    return found


def write(ledger: Ledger, connection: Connection, seen: Sequence[Seen]) -> None:
    """Write what is newly known, joined with what other workers have written of the same paths."""
    if not seen:
        return
    lock_names(connection, {"sightings"})
    stored = _stored(connection, {(one.source, one.kind) for one in seen})
    sights = {}
    for one in seen:
        key = (one.source, one.kind, one.pushed, one.path)
        sights[key] = one.over(stored.get(key, one.before))
    _put(ledger, connection, sights, stored)


def drifted(connection: Connection) -> list[Drifted]:
    """Return every path whose change nobody has accepted yet, the oldest first."""
    query = (
        select(sighting)
        .where(sighting.c.change != "")
        .order_by(sighting.c.changed_at, *(sighting.c[name] for name in _KEY))
    )
    return [
        Drifted(row.source, row.kind, row.pushed, row.path, _sight(row), row.changed_at or 0)
        for row in connection.execute(query)
    ]


def accept(ledger: Ledger, connection: Connection, source: str, kind: str) -> list[str]:
    """Take what comes now of this kind as usual; returns the paths that had changed."""
    lock_names(connection, {"sightings"})
    stored = _stored(connection, {(source, kind)})
    accepted = {key: sight.accepted() for key, sight in stored.items() if sight.change}
    _put(ledger, connection, accepted, stored)
    return sorted({path for *_, path in accepted})


def _stored(connection: Connection, kinds: set[tuple[str, str]]) -> dict[Key, Sight]:
    found: dict[Key, Sight] = {}
    for source, kind in kinds:
        mine = select(sighting).where(sighting.c.source == source, sighting.c.kind == kind)
        found |= {(row.source, row.kind, row.pushed, row.path): _sight(row) for row in connection.execute(mine)}
    return found


def _put(ledger: Ledger, connection: Connection, sights: Mapping[Key, Sight], stored: Mapping[Key, Sight]) -> None:
    """Write rows; where a change begins or ends, every process is made to look at what is known anew."""
    at = ledger.now(connection)
    turn = (connection.execute(select(func.max(sighting.c.turn))).scalar() or 0) + 1
    for key, sight in sights.items():
        values: dict[str, Any] = {
            "types": ",".join(sorted(sight.types)),
            "presence": str(sight.presence),
            "change": str(sight.change or ""),
            "became": sight.became,
            "record": sight.record[:255],
        }
        before = stored.get(key, Sight())
        if (sight.change, sight.became) != (before.change, before.became):
            values |= {"changed_at": at, "turn": turn}
        row = dict(zip(_KEY, key, strict=True))
        upsert = ledger.insert(sighting).values({**row, **values})
        connection.execute(upsert.on_conflict_do_update(index_elements=list(_KEY), set_=values))


def _sight(row: Any) -> Sight:
    return Sight(
        types=frozenset(row.types.split(",")) if row.types else frozenset(),
        presence=Presence(row.presence),
        change=Change(row.change) if row.change else None,
        became=row.became,
        record=row.record,
    )
