"""Which of a source's users is which person of a channel; only what was matched beyond doubt answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from sqlalchemy import Connection, select

from worker.ledger.tables import match


class MatchState(StrEnum):
    """Whether a source's user is known in the channel."""

    MATCHED = "matched"
    NOBODY = "nobody"
    """No key of the user is anybody's."""
    AMBIGUOUS = "ambiguous"
    """The keys are several people's, or the person is several users of the source."""
    LEFT = "left"
    """The person who was matched has left; the keys may be somebody else's by now."""


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
