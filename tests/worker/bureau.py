"""Groups with rules that leave them in peace, a worker that tells them, and time that passes as a test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from connectors.contract import Budget, Members
from pipelines.plan import Plan
from pipelines.quiet import Personal, Quiet
from pipelines.windows import DayWindow
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import Chat
from worker.ledger.engine import MICROSECONDS

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NIGHT = Quiet("UTC", (DayWindow(22 * 60, 8 * 60),))


@dataclass
class Clock:
    """The time of ledger and senders, which stands still until it is moved."""

    at: datetime = NOON

    def micros(self, *_: object) -> int:
        self.at += timedelta(microseconds=1)
        return int(self.at.timestamp()) * MICROSECONDS + self.at.microsecond

    def __call__(self, text: str) -> None:
        """Move to a time of a day of that November, such as `18 23:00`."""
        day, _, hours = text.partition(" ")
        hour, _, minute = hours.partition(":")
        self.at = datetime(2026, 11, int(day), int(hour), int(minute), tzinfo=UTC)

    def later(self, span: timedelta) -> None:
        self.at += span


@dataclass
class Seat(Chat):
    """A chat that one person reads."""

    reader: str = "u-amy"


@dataclass
class Group(Chat):
    """A chat that says who is in it."""

    people: Sequence[str] = ("u-amy", "u-ben")
    place: str = "cid-sales"
    asked: int = 0
    reader: str = ""

    def audience_budgets(self) -> Sequence[Budget]:
        return ()

    def members(self) -> Members:
        self.asked += 1
        return Members(MappingProxyType(dict.fromkeys(self.people, "")), MappingProxyType({}), datetime.now(UTC))


@dataclass
class Bureau:
    """One worker that dispatches to groups with rules."""

    office: Office
    plan: Plan
    chats: Sequence[Chat] = field(default_factory=tuple)

    def tell(self, *records: Any) -> list[list[str]]:
        """Tell records, let the worker turn until it rests, and return the messages that came of it, sorted."""
        before = [len(chat.bodies) for chat in self.chats]
        if records:
            self.office.tell(*records)
        with self.office.worker() as worker:
            worker.recover(own=True)
            go(worker, lambda: not worker.step() and not worker.owes, 5)
            rest(worker, 0.1)
        return sorted(told for chat, n in zip(self.chats, before, strict=True) for told in chat.told[n:])

    def die(self, *, sent: bool) -> None:
        """Let a worker do one turn and die before it wrote what became of its sends, and before these where not `sent`."""
        with self.office.worker() as worker:
            if not sent:
                worker._send = lambda *_: None  # type: ignore[method-assign]  # the point of it
            worker.step()
            worker._senders.close()
            worker._senders.collect()


def rules(plan: Plan, quiet: Quiet | None, personal: Personal | None = None) -> Plan:
    """Give all destinations of a plan these rules."""
    spared = {name: replace(each, quiet=quiet, application="office") for name, each in plan.destinations.items()}
    return replace(plan, destinations=spared, personal={"office": personal} if personal else {})


Make = Callable[..., Bureau]
