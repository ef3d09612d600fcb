"""What recipients got lately, who sat in which group when, and what facts wait for so that a recipient is left in peace."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    union_all,
    update,
)

from connectors.contract import Person
from pipelines.plan import Lane
from pipelines.stages.spared import SPARED
from worker.ledger import people
from worker.ledger.decisions import LANES
from worker.ledger.engine import Ledger
from worker.ledger.seal import Unsealable
from worker.ledger.tables import (
    UNANSWERED,
    MessageState,
    department,
    message,
    message_notice,
    notice,
    peace,
    person,
    sitting,
    vouched,
)

COUNTING = tuple(LANES.index(lane) for lane in Lane if lane in SPARED)

_SPARED = message.c.lane.in_(COUNTING)
# whom flow control kept from a message gets it once, later
_COUNTS = and_(_SPARED, message.c.rest_of.is_(None))
_NOBODY_KNOWS_AT = func.coalesce(message.c.settled_at, message.c.due_at)


@dataclass(frozen=True, slots=True)
class Meter:
    """Whose messages are counted: those to `names`, and those that came to `groups` while `user` sat there."""

    names: tuple[str, ...]
    groups: tuple[str, ...] = ()
    user: str = ""


@dataclass(frozen=True, slots=True)
class Rest:
    """Until when facts wait for a destination, for what, and how much of it that is; `until` in microseconds.

    `gathers` is how long further facts about a record wait, in microseconds.
    """

    until: int = 0
    why: str = ""
    said: str = ""
    gathers: int = 0


def _came(whose: ColumnElement[bool]) -> tuple[Any, ...]:
    """Return the parts of a count: what came, what is on its way, and of what nobody knows."""
    since: BindParameter[int] = bindparam("since")
    most: BindParameter[int] = bindparam("most")
    parts = [
        select(message.c.settled_at.label("at"))
        .where(message.c.state == MessageState.DELIVERED, message.c.settled_at > since, _COUNTS, whose)
        .order_by(message.c.settled_at.desc())
        .limit(most),
        *(
            select(bindparam("now").label("at")).where(message.c.state == state, _COUNTS, whose).limit(most)
            # each by an index of its own
            for state in (MessageState.DUE, MessageState.SENDING)
        ),
        select(_NOBODY_KNOWS_AT.label("at")).where(UNANSWERED, since < _NOBODY_KNOWS_AT, _COUNTS, whose).limit(most),
    ]
    return tuple(select(part.subquery().c.at) for part in parts)


_TO_NAMES = union_all(*_came(message.c.destination.in_(bindparam("names", expanding=True))))
_TO_GROUP = union_all(*_came(message.c.destination == bindparam("name")))
_SAT = (
    select(vouched.c.destination, sitting.c.since, sitting.c.until)
    .join(vouched, vouched.c.place == sitting.c.place)
    .where(
        sitting.c.user == bindparam("user"),
        vouched.c.destination.in_(bindparam("groups", expanding=True)),
        or_(sitting.c.until.is_(None), sitting.c.until > bindparam("since")),
    )
)


def came(connection: Connection, meter: Meter, since: int, most: int, at: int) -> list[int]:
    """Return when messages of lanes that count came after `since`; one on its way comes `at`. Microseconds.

    Of each sort at most the newest `most` are told, which is enough to know whether there is room.
    """
    given = {"since": since, "most": most, "now": at}
    found = list(connection.execute(_TO_NAMES, {**given, "names": list(meter.names)}).scalars())
    if meter.user and meter.groups:
        asked = {"user": meter.user, "groups": list(meter.groups), "since": since}
        for name, joined, left in connection.execute(_SAT, asked).all():
            times = connection.execute(_TO_GROUP, {**given, "since": max(since, joined), "name": name}).scalars()
            found += [when for when in times if left is None or when < left]
    return found


_told = notice.alias()
_ABOUT = (
    select(_told.c.subject, func.max(message.c.settled_at))
    .join(message_notice, message_notice.c.notice_id == _told.c.id)
    .join(message, message.c.id == message_notice.c.message_id)
    .where(
        message.c.state == MessageState.DELIVERED,
        message.c.destination == bindparam("name"),
        message.c.settled_at > bindparam("since"),
        _SPARED,
    )
    .group_by(_told.c.subject)
)


def told_of(connection: Connection, destination: str, since: int) -> dict[bytes, int]:
    """Return which records a destination was told of after `since`, in lanes that count, and when last; microseconds."""
    return {row[0]: row[1] for row in connection.execute(_ABOUT, {"name": destination, "since": since})}


def note(ledger: Ledger, connection: Connection, rests: Mapping[str, Rest]) -> None:
    """Note what facts wait for, by destination."""
    for name, rest in sorted(rests.items()):
        values = {"until": rest.until, "why": rest.why, "said": rest.said, "gathers": rest.gathers}
        row = ledger.insert(peace).values(destination=name, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["destination"], set_=values))


def rests(connection: Connection) -> dict[str, Rest]:
    """Return what facts wait for, or waited for last, by destination."""
    return {
        row.destination: Rest(row.until, row.why, row.said, row.gathers) for row in connection.execute(select(peace))
    }


def sits(ledger: Ledger, connection: Connection, place: str, users: Collection[str], at: int) -> None:
    """Note who sat at a place when it was asked for, `at` (microseconds); who did so before has done so since then."""
    here = and_(sitting.c.place == place, sitting.c.until.is_(None))
    before = set(connection.execute(select(sitting.c.user).where(here)).scalars())
    if gone := sorted(before.difference(users)):
        # who joined after it was asked for is not gone
        left = update(sitting).where(here, sitting.c.user.in_(gone), sitting.c.since <= at)
        connection.execute(left.values(until=at))
    joins(ledger, connection, place, set(users) - before, at)


def joins(ledger: Ledger, connection: Connection, place: str, users: Collection[str], at: int) -> None:
    """Note who sits at a place since `at` (microseconds); who sits there already has done so since before."""
    here = and_(sitting.c.place == place, sitting.c.until.is_(None), sitting.c.user.in_(users))
    before = set(connection.execute(select(sitting.c.user).where(here)).scalars()) if users else set()
    if fresh := sorted(set(users) - before):
        rows = [{"place": place, "user": user, "since": at} for user in fresh]
        connection.execute(ledger.insert(sitting).on_conflict_do_nothing(), rows)


def leaves(connection: Connection, place: str, users: Collection[str], at: int) -> None:
    """Note who does not sit at a place any more since `at` (microseconds)."""
    here = and_(sitting.c.place == place, sitting.c.until.is_(None), sitting.c.user.in_(users))
    connection.execute(update(sitting).where(here).values(until=at))


def since(connection: Connection, place: str, user: str) -> int:
    """Return since when somebody sits at a place (microseconds); 0: since it was first asked for, or longer."""
    first = select(func.min(sitting.c.since)).where(sitting.c.place == place)
    here = and_(sitting.c.place == place, sitting.c.user == user, sitting.c.until.is_(None))
    mine = connection.execute(select(sitting.c.since).where(here)).scalar() or 0
    return mine if mine > (connection.execute(first).scalar() or 0) else 0


def joined(connection: Connection, place: str, since: int) -> list[tuple[str, int, int | None]]:
    """Return who came to a place after `since`, from when on, and until when (None: still), in microseconds."""
    query = select(sitting.c.user, sitting.c.since, sitting.c.until)
    fresh = query.where(sitting.c.place == place, sitting.c.since > since)
    return [(row.user, row.since, row.until) for row in connection.execute(fresh)]


def forget(connection: Connection, before: int) -> None:
    """Forget who sat where and left before `before` (microseconds)."""
    connection.execute(delete(sitting).where(sitting.c.until < before))


def zone(ledger: Ledger, connection: Connection, application: str, user: str, zones: Mapping[str, str]) -> str:
    """Return the zone of the department of somebody that is nearest to them; empty: none of theirs has one."""
    mine = and_(person.c.application == application, person.c.user == user)
    row = connection.execute(select(person).where(mine, person.c.payload.is_not(None))).first()
    try:
        known = None if row is None else people.opened(ledger, row.data_key, row.payload)
    except Unsealable:
        return ""
    return "" if known is None else _nearest(connection, application, known, zones)


def _nearest(connection: Connection, application: str, known: Person, zones: Mapping[str, str]) -> str:
    ids: Sequence[str] = known.departments
    seen: set[str] = set()
    while ids := [id_ for id_ in ids if id_ and id_ not in seen]:
        seen.update(ids)
        mine = and_(department.c.application == application, department.c.id.in_(ids))
        rows = {row.id: row for row in connection.execute(select(department).where(mine))}
        found = _zones([rows[id_].name for id_ in ids if id_ in rows], zones)
        if zone_name := next(found, ""):
            return zone_name
        ids = [rows[id_].parent for id_ in ids if id_ in rows]
    return ""


def _zones(names: Sequence[str], zones: Mapping[str, str]) -> Iterator[str]:
    return (zones[name] for name in names if name in zones)
