"""The people of each application, as they were read last, and which of them are to be read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, case, delete, func, insert, select, update

from connectors.contract import Change, Department, Leaver, Person, Role, Topic
from worker.ledger import cursors, matches
from worker.ledger.arrivals import micros
from worker.ledger.engine import Ledger, lock_names
from worker.ledger.seal import Unsealable
from worker.ledger.tables import department, directory, person, role, role_person

SEALED = b"person"
ROWS = 500
"""People that are written in one transaction."""

KEPT = timedelta(days=365) // timedelta(microseconds=1)
"""How long it is known what keys somebody had who left; DingTalk tells of leavers for as long."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_decode = msgspec.json.Decoder(Person).decode


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole organisation as it was read. `members` are the user ids of each role."""

    people: Mapping[str, Person]
    departments: Sequence[Department]
    roles: Sequence[Role]
    members: Mapping[str, Collection[str]]
    leavers: Sequence[Leaver]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the people of an application stand; times in microseconds. `read_at` None: never as a whole."""

    application: str
    people: int
    read_at: int | None
    changed_at: int
    stale: int
    failure: str


def job_name(application: str) -> str:
    """Return the name of the job that reads everybody."""
    return f"people {application}"


def news_job(application: str) -> str:
    """Return the name of the job that reads whom the news named."""
    return f"people news {application}"


def lock(connection: Connection, application: str) -> None:
    """Let nobody else write the people of an application, or match users with them, until the transaction ends."""
    lock_names(connection, [f"people {application}"])


def standing(connection: Connection, application: str) -> Standing:
    """Return how the people of an application stand."""
    row = connection.execute(select(directory).where(directory.c.application == application)).first()
    mine = person.c.application == application
    count = select(func.count()).where(mine, person.c.left_at.is_(None), person.c.payload.is_not(None))
    stale = select(func.count()).where(mine, person.c.stale_at > 0)
    return Standing(
        application,
        connection.execute(count).scalar_one(),
        row.read_at if row else None,
        row.changed_at if row else 0,
        connection.execute(stale).scalar_one(),
        row.failure if row else "",
    )


def put(ledger: Ledger, connection: Connection, application: str, people: Collection[Person], read_at: int) -> None:
    """Keep people who were asked for at `read_at` (microseconds), with their roles where these are told.

    Who was named by news since then stays stale.
    """
    rows = [_row(ledger, application, one, read_at) for one in people]
    if not rows:
        return
    lock(connection, application)
    fresh = ledger.insert(person)
    names = ("union_id", "active", "read_at", "data_key", "payload")
    values: dict[str, Any] = {name: fresh.excluded[name] for name in names}
    values["stale_at"] = case((person.c.stale_at > read_at, person.c.stale_at), else_=0)
    # of somebody who left since then it is known already
    values["left_at"] = case((person.c.left_at > read_at, person.c.left_at), else_=None)
    put_all = fresh.on_conflict_do_update(
        index_elements=["application", "user"], set_=values, where=person.c.read_at <= read_at
    )
    connection.execute(put_all, rows)
    _put_roles_of(ledger, connection, application, {one.id: one.roles for one in people if one.roles is not None})
    _changed(ledger, connection, application)


def _row(ledger: Ledger, application: str, one: Person, read_at: int) -> dict[str, Any]:
    key = ledger.sealer.fresh()
    return {
        "application": application,
        "user": one.id,
        "union_id": one.union,
        "active": one.active,
        "read_at": read_at,
        "data_key": key.wrapped,
        "payload": key.seal(msgspec.json.encode(one), SEALED),
    }


def left(ledger: Ledger, connection: Connection, application: str, user: str, read_at: int) -> None:
    """Note that somebody is no longer there; what keys they had is kept."""
    lock(connection, application)
    mine = (person.c.application == application) & (person.c.user == user) & (person.c.stale_at <= read_at)
    gone = func.coalesce(person.c.left_at, ledger.now(connection))
    connection.execute(update(person).where(mine).values(left_at=gone, stale_at=0, read_at=read_at))
    matches.leave(connection, application, [user])
    _changed(ledger, connection, application)


def replace_all(ledger: Ledger, application: str, whole: Whole, read_at: int) -> None:
    """Keep a whole organisation that was asked for at `read_at` (microseconds); who is not in it has left."""
    everyone = list(whole.people.values())
    for start in range(0, len(everyone), ROWS):
        with ledger.write() as connection:
            put(ledger, connection, application, everyone[start : start + ROWS], read_at)
    with ledger.write() as connection:
        lock(connection, application)
        at = ledger.now(connection)
        absent = (person.c.application == application) & (person.c.read_at < read_at) & person.c.left_at.is_(None)
        gone = update(person).where(absent, person.c.stale_at <= read_at).values(left_at=at, stale_at=0)
        users = list(connection.execute(gone.returning(person.c.user)).scalars())
        matches.leave(connection, application, users)
        _leavers(ledger, connection, application, whole.leavers, at)
        connection.execute(delete(person).where(person.c.application == application, person.c.left_at < at - KEPT))
        put_departments(connection, application, whole.departments)
        put_roles(connection, application, whole.roles, whole.members)
        _changed(ledger, connection, application)
        stands = directory.c.application == application
        connection.execute(update(directory).where(stands).values(read_at=read_at, failure=""))
        heeded(ledger, connection, application, read_at)


def _leavers(ledger: Ledger, connection: Connection, application: str, leavers: Sequence[Leaver], at: int) -> None:
    """Keep the keys of those who left before anybody here knew them."""
    for one in leavers:
        known = Person(one.id, one.name, one.left_at or _EPOCH, mobile=one.mobile, country=one.country)
        row = _row(ledger, application, known, at) | {"left_at": micros(one.left_at) if one.left_at else at}
        connection.execute(ledger.insert(person).values(row).on_conflict_do_nothing())


def put_departments(connection: Connection, application: str, departments: Sequence[Department]) -> None:
    """Keep all departments of an application, and no others."""
    connection.execute(delete(department).where(department.c.application == application))
    rows = [
        {"application": application, "id": one.id, "name": one.name[:255], "parent": one.parent} for one in departments
    ]
    if rows:
        connection.execute(insert(department), rows)


def put_roles(
    connection: Connection, application: str, roles: Sequence[Role], members: Mapping[str, Collection[str]]
) -> None:
    """Keep all roles of an application and who has them, and no others."""
    connection.execute(delete(role).where(role.c.application == application))
    connection.execute(delete(role_person).where(role_person.c.application == application))
    rows = [
        {"application": application, "id": one.id, "name": one.name[:255], "family": one.group[:255]} for one in roles
    ]
    if rows:
        connection.execute(insert(role), rows)
    had = [
        {"application": application, "role": id_, "user": user} for id_, users in members.items() for user in set(users)
    ]
    if had:
        connection.execute(insert(role_person), had)


def _put_roles_of(
    ledger: Ledger, connection: Connection, application: str, roles: Mapping[str, Sequence[Role]]
) -> None:
    """Keep all roles of single people, and no others of theirs."""
    if not roles:
        return
    mine = (role_person.c.application == application) & role_person.c.user.in_(roles)
    connection.execute(delete(role_person).where(mine))
    found = {one.id: one for each in roles.values() for one in each}
    rows = [
        {"application": application, "id": one.id, "name": one.name[:255], "family": one.group[:255]}
        for one in found.values()
    ]
    if rows:
        connection.execute(ledger.insert(role).on_conflict_do_nothing(), rows)
    had = [{"application": application, "role": one.id, "user": user} for user, each in roles.items() for one in each]
    if had:
        connection.execute(ledger.insert(role_person).on_conflict_do_nothing(), had)


def failed(ledger: Ledger, connection: Connection, application: str, sentence: str) -> None:
    """Note why the people of an application could not be read; what is known of them ages on."""
    _stands(ledger, connection, application, {"failure": sentence[:512]})


def _changed(ledger: Ledger, connection: Connection, application: str) -> None:
    _stands(ledger, connection, application, {"changed_at": ledger.now(connection)})


def _stands(ledger: Ledger, connection: Connection, application: str, values: Mapping[str, Any]) -> None:
    row = ledger.insert(directory).values(application=application, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["application"], set_=dict(values)))


def changed(ledger: Ledger, connection: Connection, application: str, change: Change) -> None:
    """Mark who and what is to be read again, in the transaction that settles the news. Who left, has left at once.

    Nothing of an application whose people were never read: the first reading sees it all.
    """
    whole_at, _ = times(connection, application)
    if whole_at is None:
        return
    lock(connection, application)
    at = ledger.now(connection)
    stale = change.topic in {Topic.PERSON, Topic.PERSON_LEFT, Topic.ROLE}
    for user in change.people if stale else ():
        row = ledger.insert(person).values(application=application, user=user, stale_at=at)
        connection.execute(row.on_conflict_do_update(index_elements=["application", "user"], set_={"stale_at": at}))
    if change.topic is Topic.PERSON_LEFT:
        gone = (person.c.application == application) & person.c.user.in_(change.people) & person.c.left_at.is_(None)
        connection.execute(update(person).where(gone).values(left_at=at))
        matches.leave(connection, application, change.people)
        _changed(ledger, connection, application)
    if change.topic is Topic.DEPARTMENT:
        _stands(ledger, connection, application, {"departments_stale_at": at})
    if change.topic is Topic.ROLE and not change.people:
        _stands(ledger, connection, application, {"roles_stale_at": at})
    if change.topic is Topic.COMPANY or (change.topic is Topic.PERSON and not change.people):
        cursors.hasten_job(ledger, connection, job_name(application), at)
    if stale or change.topic is Topic.DEPARTMENT:
        cursors.hasten_job(ledger, connection, news_job(application), at)


def meet(ledger: Ledger, connection: Connection, application: str, users: Sequence[str]) -> None:
    """Have people read of whom nothing is known, such as somebody new; nobody of an application that was never read."""
    if times(connection, application)[0] is None:
        return
    here = select(person.c.user).where(person.c.application == application, person.c.user.in_(users))
    if not (unknown := set(users).difference(connection.execute(here).scalars())):
        return
    lock(connection, application)
    at = ledger.now(connection)
    rows = [{"application": application, "user": user, "stale_at": at} for user in sorted(unknown)]
    connection.execute(ledger.insert(person).on_conflict_do_nothing(), rows)
    cursors.hasten_job(ledger, connection, news_job(application), at)


def times(connection: Connection, application: str) -> tuple[int | None, int]:
    """Return when everybody was read last (None: never), and when what is known changed; in microseconds."""
    query = select(directory.c.read_at, directory.c.changed_at).where(directory.c.application == application)
    row = connection.execute(query).first()
    return (row.read_at, row.changed_at) if row else (None, 0)


@dataclass(frozen=True, slots=True)
class Stale:
    """What is to be read again of an application."""

    people: tuple[str, ...]
    departments: bool
    roles: bool


def stale(connection: Connection, application: str, most: int) -> Stale:
    """Return what is to be read again, at most so many people."""
    mine = (person.c.application == application) & (person.c.stale_at > 0)
    users = connection.execute(select(person.c.user).where(mine).order_by(person.c.user).limit(most)).scalars().all()
    row = connection.execute(select(directory).where(directory.c.application == application)).first()
    return Stale(
        tuple(users),
        departments=row is not None and row.departments_stale_at > 0,
        roles=row is not None and row.roles_stale_at > 0,
    )


def any_stale(connection: Connection, application: str) -> bool:
    """Tell whether anything of an application is to be read again."""
    found = stale(connection, application, 1)
    return bool(found.people or found.departments or found.roles)


def heeded(ledger: Ledger, connection: Connection, application: str, read_at: int) -> None:
    """Note that departments and roles were asked for at `read_at`; news that came since then stand."""
    for column in (directory.c.departments_stale_at, directory.c.roles_stale_at):
        done = update(directory).where(directory.c.application == application, column > 0, column <= read_at)
        if connection.execute(done.values({column.name: 0})).rowcount:
            _changed(ledger, connection, application)


def known(ledger: Ledger, connection: Connection, application: str, user: str) -> Person | None:
    """Return somebody who is there, as they were read last; None: nobody is known under this user id."""
    here = (person.c.application == application) & (person.c.user == user) & person.c.left_at.is_(None)
    row = connection.execute(select(person.c.data_key, person.c.payload).where(here)).first()
    if row is None or row.payload is None:
        return None
    try:
        return _decode(ledger.sealer.open(row.data_key).unseal(row.payload, SEALED))
    except Unsealable:
        return None


def everybody(ledger: Ledger, connection: Connection, application: str) -> tuple[dict[str, Person], dict[str, Person]]:
    """Return who is there and who left, by user id; those whose data was never read are in neither."""
    here: dict[str, Person] = {}
    gone: dict[str, Person] = {}
    query = select(person).where(person.c.application == application, person.c.payload.is_not(None))
    for row in connection.execute(query):
        try:
            one = opened(ledger, row.data_key, row.payload)
        except Unsealable:
            continue
        (here if row.left_at is None else gone)[row.user] = one
    return here, gone


def opened(ledger: Ledger, data_key: bytes | None, payload: bytes | None) -> Person:
    """Return a person who was kept. Raises Unsealable."""
    return _decode(ledger.sealer.open(data_key).unseal(payload, SEALED))


def users(connection: Connection, application: str) -> list[str]:
    """Return the user ids of who is there and was read."""
    here = (person.c.application == application) & person.c.left_at.is_(None) & person.c.payload.is_not(None)
    return list(connection.execute(select(person.c.user).where(here)).scalars())


def names(ledger: Ledger, connection: Connection, application: str, users: Collection[str]) -> dict[str, str]:
    """Return the names of people who are or were there, by user id."""
    mine = (person.c.application == application) & person.c.user.in_(users) & person.c.payload.is_not(None)
    found: dict[str, str] = {}
    for row in connection.execute(select(person.c.user, person.c.data_key, person.c.payload).where(mine)):
        with suppress(Unsealable):
            found[row.user] = opened(ledger, row.data_key, row.payload).name
    return found
