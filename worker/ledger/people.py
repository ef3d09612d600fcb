"""What became of messages for each person: what the vendor said at the send, and what it says when it is asked later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, select

from connectors.contract import Delivery, Reached
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.tables import MISSED, message, message_person

PATIENCE_S = 60
"""How long the rest of a message waits where the vendor does not say."""


@dataclass(frozen=True, slots=True)
class Person:
    """What became of a message for one person, as it was known at `at` (microseconds)."""

    person: str
    reached: Reached
    at: int


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
