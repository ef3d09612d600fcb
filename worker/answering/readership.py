"""What somebody reads of all that is told: the destinations of which an answer to them may speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from connectors.contract import Words
from pipelines.plan import WITHIN
from worker.ledger import readers
from worker.ledger.readers import Since
from worker.ledger.told import Reading

Reads = Callable[[Connection, str], Since]
"""Which destinations somebody reads by their membership, by user id, and since when they have been in each."""


def nothing(_connection: Connection, _user: str) -> Since:
    """Read nothing: where nobody has asked yet who is in which group."""
    return {}


@dataclass(frozen=True, slots=True)
class Readership:
    """Who reads what, for one application: as the settings name them, and as `members` knows who is in a group.

    `personal` are the destinations that reach each of its people alone.
    """

    application: str
    members: Reads = nothing
    personal: tuple[str, ...] = ()

    def of(self, connection: Connection, words: Words) -> Reading:
        """Return the destinations of which an answer to `words` may speak, those that name the writer first.

        What is asked in a group is answered before all of it, so there it is what was told to that group.
        """
        if words.in_group:
            return Reading(readers.of_place(connection, self.application, words.conversation))
        if not words.by:
            return Reading({})
        named = {f"{name}{WITHIN}{words.by}": 0 for name in self.personal}
        named |= readers.of_person(connection, self.application, words.by)
        known = self.members(connection, words.by)
        return Reading({**named, **{name: at for name, at in known.items() if name not in named}}, words.by)
