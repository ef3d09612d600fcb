"""What became of messages for each person: what the vendor said at the send, and what it says when it is asked later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, select, update

from connectors.contract import Delivery, Reached
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.recipients import told_by
from worker.ledger.tables import MISSED, message, message_notice, message_person

PATIENCE_S = 60
"""How long the rest of a message waits where the vendor does not say."""


@dataclass(frozen=True, slots=True)
class Person:
    """What became of a message for one person, as it was known at `at` (microseconds)."""

    person: str
    reached: Reached
    at: int


@dataclass(frozen=True, slots=True)
class Question:
    """A delivered message of which it is to be asked to whom it came, for the (`asked` + 1)th time."""

    message_id: int
    destination: str
    handle: str
    asked: int
    settled_at: int


@dataclass(frozen=True, slots=True)
class Missed:
    """People of one destination whom messages did not come to, for one reason; the newest message is `message_id`."""

    destination: str
    reached: Reached
    people: tuple[str, ...]
    message_id: int


def note(ledger: Ledger, connection: Connection, message_id: int, people: Mapping[str, Reached], at: int) -> None:
    """Write what became of a message for these people, as it was known at `at` (microseconds)."""
    if not people:
        return
    fresh = ledger.insert(message_person)
    said = {name: fresh.excluded[name] for name in ("reached", "at")}
    known = fresh.on_conflict_do_update(index_elements=["message_id", "person"], set_=said)
    rows = [
        {"message_id": message_id, "person": person[:255], "reached": str(reached), "at": at}
        for person, reached in sorted(people.items())
    ]
    connection.execute(known, rows)


def wait(delivery: Delivery) -> int:
    """Return how long the rest of a message waits, in microseconds."""
    return int((delivery.after.total_seconds() if delivery.after else PATIENCE_S) * MICROSECONDS)


def reached(connection: Connection, message_ids: Sequence[int]) -> Mapping[int, Sequence[Person]]:
    """Return what became of these messages for each person, as far as it is known."""
    found: defaultdict[int, list[Person]] = defaultdict(list)
    query = select(message_person).where(message_person.c.message_id.in_(message_ids))
    for row in connection.execute(query.order_by(message_person.c.message_id, message_person.c.person)):
        found[row.message_id].append(Person(row.person, Reached(row.reached), row.at))
    return found


def of_facts(connection: Connection, notice_ids: Sequence[int]) -> Mapping[int, Sequence[Person]]:
    """Return what became of these facts for each person, by the last message that the person may have got."""
    query = (
        select(message_notice.c.notice_id, message_person)
        .join(message_person, message_person.c.message_id == message_notice.c.message_id)
        .where(message_notice.c.notice_id.in_(notice_ids))
        .order_by(message_person.c.message_id, message_person.c.person)
    )
    found: defaultdict[int, dict[str, Person]] = defaultdict(dict)
    for row in connection.execute(query):
        found[row.notice_id][row.person] = Person(row.person, Reached(row.reached), row.at)
    return {id_: tuple(known.values()) for id_, known in found.items()}


def missed(connection: Connection, after: int) -> list[Missed]:
    """Return whom messages did not come to since `after` (microseconds), less those whom a later message came to."""
    later, theirs = message_person.alias(), message.alias()
    since = exists().where(
        and_(later.c.person == message_person.c.person, later.c.message_id > message_person.c.message_id),
        and_(theirs.c.id == later.c.message_id, theirs.c.destination == message.c.destination),
        later.c.reached.in_([str(one) for one in (Reached.READ, Reached.UNREAD, Reached.TAKEN)]),
    )
    query = (
        select(message.c.destination, message_person.c.reached, message_person.c.person, message_person.c.message_id)
        .join(message, message.c.id == message_person.c.message_id)
        .where(MISSED, message_person.c.at > after, ~since)
        .order_by(message_person.c.message_id)
    )
    piles: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in connection.execute(query):
        piles[row.destination, row.reached][row.person] = row.message_id
    return [
        Missed(destination, Reached(why), tuple(sorted(people)), max(people.values()))
        for (destination, why), people in sorted(piles.items())
    ]


def any_question(connection: Connection, at: int) -> bool:
    """Tell whether it is to be asked of any message by `at` (microseconds) to whom it came."""
    query = select(message.c.id).where(message.c.ask_at.is_not(None), message.c.ask_at <= at)
    return connection.execute(query.order_by(message.c.ask_at).limit(1)).first() is not None


def questions(connection: Connection, channels: Sequence[str], at: int, most: int) -> list[Question]:
    """Return what is to be asked by `at` (microseconds), what has waited longest first."""
    due = and_(message.c.ask_at.is_not(None), message.c.ask_at <= at, told_by(message.c.destination, channels))
    names = ("id", "destination", "handle", "asked", "settled_at")
    query = select(*(message.c[name] for name in names)).where(due).order_by(message.c.ask_at).limit(most)
    return [Question(*row) for row in connection.execute(query)]


def take(connection: Connection, one: Question, next_at: int | None) -> bool:
    """Count a question before it is asked, and say when the next is due; False: somebody else asks it."""
    mine = update(message).where(message.c.id == one.message_id, message.c.asked == one.asked)
    values = {"asked": one.asked + 1, "ask_at": next_at}
    return bool(connection.execute(mine.where(message.c.ask_at.is_not(None)).values(**values)).rowcount)


def end(connection: Connection, message_id: int) -> None:
    """Ask no more of a message."""
    connection.execute(update(message).where(message.c.id == message_id).values(ask_at=None))


def forget(connection: Connection, before: int) -> None:
    """Ask no more of what was to be asked before `before` (microseconds)."""
    connection.execute(update(message).where(message.c.ask_at < before).values(ask_at=None))
