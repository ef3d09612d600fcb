"""A chat whose members can be asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from connectors.contract import Budget, Members, Unlisted, WhyUnlisted
from tests.worker.stand_ins import Chat

PLACE = "cid-sales"


@dataclass
class Group(Chat):
    """A chat that says who is in it."""

    people: set[str] = field(default_factory=lambda: {"u-amy", "u-ben"})
    outsiders: set[str] = field(default_factory=set)
    called: str = "Sales"
    owner: str = "u-amy"
    unlisted: WhyUnlisted | None = None
    failing: Exception | None = None
    asked: int = 0
    answering: threading.Event | None = None
    place: str = PLACE

    def audience_budgets(self) -> Sequence[Budget]:
        return ()

    def members(self) -> Members | Unlisted:
        self.asked += 1
        if self.answering is not None:
            self.answering.wait(20)
        if self.failing is not None:
            raise self.failing
        at = datetime.now(UTC)
        if self.unlisted is not None:
            return Unlisted(self.unlisted, at, "Install the cool app.")
        people, outsiders = (MappingProxyType(dict.fromkeys(each, "")) for each in (self.people, self.outsiders))
        return Members(people, outsiders, at, self.called, self.owner)


@dataclass
class Alone(Group):
    """A chat with one person, who need not be listed."""

    reader: str = "u-amy"
