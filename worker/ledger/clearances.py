"""What the ledger knows of people by which they are cleared: their roles, departments, and roles in sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from connectors.contract import Choice, Ref, Value
from pipelines.clearances import Clearances, SourceRoles, Traits, lineage
from pipelines.matching import MatchState
from pipelines.notice import State
from worker.ledger import people
from worker.ledger.decisions import SNAPSHOT
from worker.ledger.engine import Ledger
from worker.ledger.seal import Unsealable
from worker.ledger.tables import department, directory, match, matching, person, role, role_person, snapshot

ROWS = 500
"""People who are asked for in one query."""


@dataclass(frozen=True, slots=True)
class Mark:
    """From what the traits of an application's people are made: another one, when any of it changed.

    Times in microseconds; `read_at` None: never as a whole. `departments_stale_at` and `roles_stale_at` are not 0 while
    news of them wait to be read; `matched` is when users of each source were matched last.
    """

    read_at: int | None = None
    changed_at: int = 0
    departments_stale_at: int = 0
    roles_stale_at: int = 0
    matched: tuple[tuple[str, int], ...] = ()


def mark(connection: Connection, application: str, sources: Collection[str]) -> Mark:
    """Return the mark of an application's people, and of the users of `sources` that are matched with them."""
    query = select(
        directory.c.read_at, directory.c.changed_at, directory.c.departments_stale_at, directory.c.roles_stale_at
    ).where(directory.c.application == application)
    row = connection.execute(query).first()
    matched: Sequence[Any] = ()
    if sources:
        made = select(matching.c.source, matching.c.matched_at).where(matching.c.source.in_(sources))
        matched = connection.execute(made.order_by(matching.c.source)).all()
    of_sources = tuple((each.source, each.matched_at) for each in matched)
    if row is None:
        return Mark(matched=of_sources)
    return Mark(row.read_at, row.changed_at, row.departments_stale_at, row.roles_stale_at, of_sources)


def newest(connection: Connection, source: str, kind: str) -> int:
    """Return the number of the newest state among a source's users."""
    query = select(func.max(snapshot.c.seq)).where(snapshot.c.source == source, snapshot.c.kind == kind)
    return connection.execute(query).scalar() or 0


def unsure(connection: Connection, application: str) -> Mapping[str, int]:
    """Return the people whom news named and who were not read again yet, with when they were named (microseconds)."""
    query = select(person.c.user, person.c.stale_at).where(person.c.application == application, person.c.stale_at > 0)
    return {row.user: row.stale_at for row in connection.execute(query)}


def traits(
    ledger: Ledger, connection: Connection, application: str, users: Collection[str], clearances: Clearances
) -> dict[str, Traits]:
    """Return what is known of people, as far as `clearances` ask for it; of those who left or were never read nothing."""
    found: dict[str, Traits] = {}
    above = _above(connection, application) if any(each.departments for each in clearances.of) else None
    everyone = list(users)
    for start in range(0, len(everyone), ROWS):
        some = everyone[start : start + ROWS]
        here = _here(ledger, connection, application, some, above)
        roles = _roles(connection, application, some)
        of_sources = [one for each in clearances.source_roles for one in _in_source(ledger, connection, each, some)]
        for user, departments in here.items():
            given = frozenset((source, name) for of, source, name in of_sources if of == user)
            found[user] = Traits(user, roles.get(user, frozenset()), departments, given)
    return found


@dataclass(frozen=True, slots=True)
class _Above:
    """The departments of an application: names, and which stands above which, by id."""

    names: Mapping[str, str]
    parents: Mapping[str, str]

    def of(self, departments: Collection[str]) -> frozenset[str]:
        return frozenset(self.names[each] for each in lineage(departments, self.parents) if each in self.names)


def _above(connection: Connection, application: str) -> _Above:
    query = select(department.c.id, department.c.name, department.c.parent).where(
        department.c.application == application
    )
    rows = connection.execute(query).all()
    return _Above({row.id: row.name for row in rows}, {row.id: row.parent for row in rows})


def _here(
    ledger: Ledger, connection: Connection, application: str, users: Sequence[str], above: _Above | None
) -> dict[str, frozenset[str]]:
    """Return the departments, by name, of those who are there; they stay sealed where nobody asks for them."""
    mine = (person.c.application == application) & person.c.user.in_(users) & person.c.left_at.is_(None)
    query = select(person.c.user, person.c.data_key, person.c.payload).where(mine, person.c.payload.is_not(None))
    found: dict[str, frozenset[str]] = {}
    for row in connection.execute(query):
        if above is None:
            found[row.user] = frozenset()
            continue
        with suppress(Unsealable):
            found[row.user] = above.of(people.opened(ledger, row.data_key, row.payload).departments)
    return found


def _roles(connection: Connection, application: str, users: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the roles of people, each as NAME and as GROUP/NAME."""
    joined = (role.c.application == role_person.c.application) & (role.c.id == role_person.c.role)
    query = (
        select(role_person.c.user, role.c.family, role.c.name)
        .join(role, joined)
        .where(role_person.c.application == application, role_person.c.user.in_(users))
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(query):
        found[row.user] |= {row.name, f"{row.family}/{row.name}"}
    return {user: frozenset(names) for user, names in found.items()}


def _in_source(
    ledger: Ledger, connection: Connection, of: SourceRoles, users: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Give (person, source, role) for each role that users have who are matched with these people."""
    mine = (match.c.application == of.application) & match.c.user.in_(users) & (match.c.source == of.source)
    held = (snapshot.c.source == of.source) & (snapshot.c.kind == of.kind) & ~snapshot.c.deleted
    query = (
        select(match.c.user, snapshot.c.data_key, snapshot.c.payload)
        .join(snapshot, snapshot.c.record_id == match.c.source_user)
        .where(mine, match.c.state == MatchState.MATCHED, held)
    )
    for row in connection.execute(query):
        with suppress(Unsealable):
            state = State.load(ledger.sealer.open(row.data_key).unseal(row.payload, SNAPSHOT))
            yield from ((row.user, of.source, name) for name in texts(state.fields.get(of.by)))


def texts(value: Value) -> tuple[str, ...]:
    """Return the roles that a field names: a text, the code of a choice, the id of a reference, each of a list."""
    match value:
        case str():
            return (value,)
        case Choice():
            return (value.code,)
        case Ref():
            return (value.id,)
        case tuple():
            return tuple(each for each in value if isinstance(each, str))
    return ()


def names(connection: Connection, application: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the roles of an application, each as NAME and as GROUP/NAME, and its departments."""
    roles = connection.execute(select(role.c.family, role.c.name).where(role.c.application == application)).all()
    departments = select(department.c.name).where(department.c.application == application)
    written = frozenset(name for row in roles for name in (row.name, f"{row.family}/{row.name}"))
    return written, frozenset(connection.execute(departments).scalars())


def present(connection: Connection, application: str, users: Collection[str]) -> frozenset[str]:
    """Return which of these people are there."""
    mine = (person.c.application == application) & person.c.user.in_(users) & person.c.left_at.is_(None)
    return frozenset(connection.execute(select(person.c.user).where(mine)).scalars())


def roles_of_users(ledger: Ledger, connection: Connection, of: SourceRoles) -> frozenset[str]:
    """Return every role that users of a source have now, matched or not."""
    held = (snapshot.c.source == of.source) & (snapshot.c.kind == of.kind) & ~snapshot.c.deleted
    found: set[str] = set()
    for row in connection.execute(select(snapshot.c.data_key, snapshot.c.payload).where(held)):
        with suppress(Unsealable):
            state = State.load(ledger.sealer.open(row.data_key).unseal(row.payload, SNAPSHOT))
            found.update(texts(state.fields.get(of.by)))
    return frozenset(found)
