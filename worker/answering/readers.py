"""What somebody reads of all that is told: the destinations of which an answer to them may speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from connectors.contract import Reach, Words

Reads = Callable[[Connection, str], frozenset[str]]
"""Which destinations somebody reads, by user id, as far as the ledger knows who is in them."""


def nothing(_connection: Connection, _user: str) -> frozenset[str]:
    """Read nothing: where nobody has asked yet who is in which group."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads what, for one application.

    `reaches` are the destinations as their settings tell who reads them; `members` are those of which the ledger knows it.
    """

    reaches: Mapping[str, Reach]
    members: Reads = nothing

    def of(self, connection: Connection, words: Words) -> tuple[str, ...]:
        """Return the destinations of which an answer to `words` may speak, those that name the writer first.

        What is asked in a group is answered before all of it, so there it is what was told to that group.
        """
        if words.in_group:
            return tuple(name for name, reach in self.reaches.items() if reach.place == words.conversation)
        if not words.by:
            return ()
        named = [name for name, reach in self.reaches.items() if words.by in reach.people]
        known = self.members(connection, words.by)
        return (*named, *(name for name in self.reaches if name in known and name not in named))
