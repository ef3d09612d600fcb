"""Who reads which destination by the settings, and since when: what was told there before was not told to them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select, tuple_

from connectors.contract import Reach
from worker.ledger.engine import Ledger, lock_names
from worker.ledger.tables import reader

Since = Mapping[str, int]
"""Destinations, each with the time (microseconds) from which on somebody reads it."""


def note(ledger: Ledger, connection: Connection, application: str, reaches: Mapping[str, Reach]) -> None:
    """Note who reads which destination from now on; whoever did so before has done so since then."""
    lock_names(connection, [f"readers {application}"])
    now = {(user, name): False for name, reach in reaches.items() for user in reach.people}
    now |= {(reach.place, name): True for name, reach in reaches.items() if reach.place}
    mine = reader.c.application == application
    known = {(row.reader, row.destination): row.place for row in connection.execute(select(reader).where(mine))}
    gone = [key for key, place in known.items() if now.get(key) is not place]
    if gone:
        connection.execute(delete(reader).where(mine, tuple_(reader.c.reader, reader.c.destination).in_(gone)))
    fresh = [key for key, place in now.items() if known.get(key) is not place]
    if fresh:
        at = ledger.now(connection)
        rows = [
            {"application": application, "reader": who, "destination": name, "place": now[who, name], "since": at}
            for who, name in fresh
        ]
        connection.execute(reader.insert(), rows)


def of_person(connection: Connection, application: str, user: str) -> Since:
    """Return what somebody reads that names them, by user id."""
    return _of(connection, application, user, place=False)


def of_place(connection: Connection, application: str, conversation: str) -> Since:
    """Return what is told in a conversation."""
    return _of(connection, application, conversation, place=True)


def any_of(connection: Connection, destination: str) -> bool:
    """Tell whether the settings of a destination name people."""
    named = select(reader.c.reader).where(reader.c.destination == destination, ~reader.c.place)
    return connection.execute(named.limit(1)).first() is not None


def _of(connection: Connection, application: str, who: str, *, place: bool) -> Since:
    mine = select(reader).where(reader.c.application == application, reader.c.reader == who, reader.c.place == place)
    return {row.destination: row.since for row in connection.execute(mine.order_by(reader.c.destination))}
