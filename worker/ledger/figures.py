"""What came of what was told since a time, route by route: counted by the ledger's keys, without an index of its own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Subquery, and_, case, func, select

from connectors.contract import Reached
from pipelines.plan import destination_of, person_of
from pipelines.verdict import Reason
from worker.ledger import audiences
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.tables import (
    ActionState,
    MessageState,
    NoticeState,
    action,
    card,
    message,
    message_notice,
    message_person,
    notice,
    reader,
)
from worker.ledger.told import GOT

SLACK = 3600 * MICROSECONDS
"""How far numbers and times of notices may differ in their order: several workers write them."""


@dataclass(slots=True)
class Figures:
    """What came of one route. `reactions` are times from a message's sending to its first press, in microseconds, sorted.

    A fact for three destinations counts three times. `people` are user ids; `read` counts each reader of each message.
    """

    facts: int = 0
    messages: int = 0
    people: set[str] = field(default_factory=set)
    read: int = 0
    acted: int = 0
    muted: int = 0
    recalled: int = 0
    held: int = 0
    reactions: list[int] = field(default_factory=list)


def figures(ledger: Ledger, connection: Connection, since: int) -> Mapping[str, Figures]:
    """Return what came of the facts that were made since `since` (microseconds), by route."""
    found: defaultdict[str, Figures] = defaultdict(Figures)
    recent = and_(notice.c.id >= _first(connection, since - SLACK), notice.c.created_at >= since)
    _facts(connection, recent, found)
    carried = (
        select(notice.c.route, message_notice.c.message_id)
        .join(message_notice, message_notice.c.notice_id == notice.c.id)
        .where(recent)
        .distinct()
        .subquery()
    )
    _messages(ledger, connection, carried, found)
    _presses(connection, since, found)
    return dict(found)


def _first(connection: Connection, at: int) -> int:
    """Return about where the notices begin that were made since `at`, by halving: their numbers grow with the time."""
    low, high = 0, (connection.execute(select(func.max(notice.c.id))).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        query = select(notice.c.created_at).where(notice.c.id >= middle).order_by(notice.c.id).limit(1)
        made = connection.execute(query).scalar()
        low, high = (middle + 1, high) if made is not None and made < at else (low, middle)
    return low


def _facts(connection: Connection, recent: Any, found: Mapping[str, Figures]) -> None:
    columns = (notice.c.route, notice.c.state, notice.c.reason)
    query = select(*columns, func.count().label("n")).where(recent).group_by(*columns)
    for row in connection.execute(query):
        of = found[row.route]
        of.facts += row.n if row.state == NoticeState.SHOWN else 0
        of.held += row.n if row.state == NoticeState.HELD else 0
        of.muted += row.n if row.state == NoticeState.DROPPED and row.reason == Reason.MUTED else 0


def _messages(ledger: Ledger, connection: Connection, carried: Subquery, found: Mapping[str, Figures]) -> None:
    sent = select(
        carried.c.route,
        message.c.destination,
        func.count().label("n"),
        func.count(message.c.recalled_at).label("recalled"),
    ).join(message, message.c.id == carried.c.message_id)
    came = message.c.state == MessageState.DELIVERED
    places: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(sent.where(came).group_by(carried.c.route, message.c.destination)):
        found[row.route].messages += row.n
        found[row.route].recalled += row.recalled
        places[row.route].add(row.destination)
    missed = _outcomes(connection, carried, found)
    known: dict[str, frozenset[str]] = {}
    for route, names in places.items():
        for name in names:
            if name not in known:
                known[name] = readers_of(ledger, connection, name)
            found[route].people |= known[name] - missed.get(route, set())


def _outcomes(connection: Connection, carried: Subquery, found: Mapping[str, Figures]) -> Mapping[str, set[str]]:
    """Count what is known of single people; returns those whom nothing of a route came to."""
    person = message_person.c.person
    query = (
        select(carried.c.route, person, message_person.c.reached, func.count().label("n"))
        .join(message_person, message_person.c.message_id == carried.c.message_id)
        .group_by(carried.c.route, person, message_person.c.reached)
    )
    missed: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(query):
        of = found[row.route]
        (of.people if row.reached in GOT else missed[row.route]).add(row.person)
        of.read += row.n if row.reached == Reached.READ else 0
    return {route: people - found[route].people for route, people in missed.items()}


def readers_of(ledger: Ledger, connection: Connection, recipient: str) -> frozenset[str]:
    """Return who reads a recipient, as far as it is known: one person, whom the settings name, a group's members."""
    if user := person_of(recipient):
        return frozenset({user})
    name = destination_of(recipient)
    named = select(reader.c.reader).where(reader.c.destination == name, ~reader.c.place)
    found = set(connection.execute(named).scalars())
    known = audiences.known(connection, [name]).get(name)
    members = audiences.listed(ledger, connection, known.place) if known is not None else None
    return frozenset(found | set(members.people if members is not None else ()))


def _presses(connection: Connection, since: int, found: Mapping[str, Figures]) -> None:
    done = func.sum(case((action.c.state == ActionState.DONE, 1), else_=0))
    query = (
        select(
            card.c.route, message.c.first_sent_at, func.min(action.c.pressed_at).label("pressed"), done.label("done")
        )
        .join(card, card.c.key == action.c.card)
        .join(message, message.c.id == card.c.message_id)
        .where(action.c.pressed_at >= since, message.c.framed_at >= since)
        .group_by(card.c.route, message.c.id, message.c.first_sent_at)
    )
    times: defaultdict[str, list[int]] = defaultdict(list)
    acted: Counter[str] = Counter()
    for row in connection.execute(query):
        acted[row.route] += int(row.done)
        if row.first_sent_at is not None:
            # the channel's clock may be a little behind
            times[row.route].append(max(0, row.pressed - row.first_sent_at))
    for route, count in acted.items():
        found[route].acted = count
        found[route].reactions = sorted(times[route])
