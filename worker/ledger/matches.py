"""Which of a source's users is which person of a channel; only what was matched beyond doubt answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from pipelines.matching import MatchState
from worker.ledger.tables import match


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
