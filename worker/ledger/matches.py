"""Which of a source's users is which person of a channel; only what was matched beyond doubt answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from pipelines.matching import Bond, Key, Matched, MatchState
from worker.ledger.engine import Ledger
from worker.ledger.seal import Unsealable
from worker.ledger.tables import match, matching

SEALED = b"match"
LONGEST_ID = 255
_decode = msgspec.json.Decoder(list[tuple[str, str]]).decode


def users(connection: Connection, source: str, source_users: Collection[str]) -> Mapping[str, str]:
    """Return the channel's user ids by the source's, of those who are matched."""
    query = select(match.c.source_user, match.c.user).where(
        match.c.source == source, match.c.source_user.in_(source_users), match.c.state == MatchState.MATCHED
    )
    return {row.source_user: row.user for row in connection.execute(query)}


def source_users(connection: Connection, application: str, source: str, user: str) -> tuple[str, ...]:
    """Return the users of `source` that a channel's person is matched with."""
    query = select(match.c.source_user).where(
        match.c.application == application,
        match.c.user == user,
        match.c.source == source,
        match.c.state == MatchState.MATCHED,
    )
    return tuple(connection.execute(query.order_by(match.c.source_user)).scalars())


def actors(connection: Connection, application: str, source: str, people: Collection[str]) -> Mapping[str, str]:
    """Return the users of `source` by the channel's people who are matched with them."""
    query = select(match.c.user, match.c.source_user).where(
        match.c.application == application,
        match.c.user.in_(people),
        match.c.source == source,
        match.c.state == MatchState.MATCHED,
    )
    return {row.user: row.source_user for row in connection.execute(query)}


def leave(connection: Connection, application: str, people: Collection[str]) -> None:
    """Part users from people who left, at once; who has their keys now is found out afterwards."""
    mine = (match.c.application == application) & match.c.user.in_(people) & (match.c.state == MatchState.MATCHED)
    connection.execute(update(match).where(mine).values(state=MatchState.LEFT, detail="the person has left"))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the matches of a source were made from: its keys, its users' newest arrival, its people (microseconds)."""

    keys: str = ""
    seq: int = 0
    people_at: int = 0


def made_from(connection: Connection, source: str) -> Seen | None:
    """Return what the matches of a source were made from; None: there are none yet."""
    row = connection.execute(select(matching).where(matching.c.source == source)).first()
    return Seen(row.keys, row.seq, row.people_at) if row else None


def known(ledger: Ledger, connection: Connection, source: str, application: str) -> dict[str, Matched]:
    """Return what the users of a source came to last, by user; only with people of this application."""
    query = select(match).where(match.c.source == source, match.c.application == application)
    return {
        row.source_user: Matched(row.source_user, MatchState(row.state), _bond(ledger, row), row.detail)
        for row in connection.execute(query)
    }


def _bond(ledger: Ledger, row: Any) -> Bond:
    try:
        proofs = _decode(ledger.sealer.open(row.data_key).unseal(row.payload, SEALED))
    except Unsealable:
        return Bond(row.user)
    return Bond(row.user, frozenset((Key(key), value) for key, value in proofs))


def put(ledger: Ledger, connection: Connection, source: str, application: str, found: Sequence[Matched]) -> int:
    """Keep the matches of a source, and no others; returns how many are not as they were."""
    at = ledger.now(connection)
    before = known(ledger, connection, source, application)
    now = {one.source_user: one for one in found if len(one.source_user) <= LONGEST_ID}
    news = [user for user, one in now.items() if before.get(user) != one]
    kept = [user for user in before if user in now and before[user] == now[user]]
    if len(kept) < len(before) or not before:
        gone = match.c.source == source
        connection.execute(delete(match).where(gone, match.c.source_user.not_in(kept)))
    rows = [_row(ledger, now[user], at) | {"source": source, "application": application} for user in news]
    if rows:
        connection.execute(insert(match), rows)
    return len(news)


def _row(ledger: Ledger, one: Matched, at: int) -> dict[str, Any]:
    key = ledger.sealer.fresh()
    return {
        "source_user": one.source_user,
        "user": one.bond.user,
        "state": one.state,
        "detail": one.detail,
        "matched_at": at,
        "data_key": key.wrapped,
        "payload": key.seal(msgspec.json.encode(sorted(one.bond.proofs)), SEALED),
    }


def made(ledger: Ledger, connection: Connection, source: str, of: Seen) -> None:
    """Note what the matches of a source were made from."""
    values = {"keys": of.keys, "seq": of.seq, "people_at": of.people_at, "matched_at": ledger.now(connection)}
    row = ledger.insert(matching).values(source=source, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["source"], set_=values))


def standing(connection: Connection, source: str) -> dict[MatchState, list[str]]:
    """Return the users of a source by how they stand, those who are matched among them."""
    query = select(match.c.state, match.c.source_user).where(match.c.source == source)
    found: dict[MatchState, list[str]] = {}
    for state, user in connection.execute(query.order_by(match.c.source_user)):
        found.setdefault(MatchState(state), []).append(user)
    return found
