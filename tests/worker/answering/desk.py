"""A company whose people are told alone and in a group, and who speak to the robot about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from connectors.contract import Delivers, Person, Reach, Record
from pipelines.clearances import Clearances
from pipelines.matching import Bond, Matched, MatchState
from pipelines.plan import ByPerson, Destination, FieldMap, FieldType, Kind, Plan, Route, Silence
from pipelines.verdict import Reason
from tests.worker.answering.robots import APP, Room
from tests.worker.office import go
from tests.worker.stand_ins import MORNING, Chat, decider, rows, store
from worker.answering.alone import Alone
from worker.channels import Channel, Channels
from worker.dispatch import Crew, Dispatcher
from worker.ledger import matches, people, readers
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import MessageState, NoticeState, message, notice
from worker.limiter import Limiter

KIND = Kind(
    "crm",
    "Deal",
    (
        FieldMap("stage", "Stage", FieldType.CHOICE, "Stage"),
        FieldMap("owner", "Owner", FieldType.LIST, "Owner"),
        FieldMap("margin", "Margin", FieldType.NUMBER, "Margin", data_class="finance"),
    ),
)
GROUP = Route("deals", "crm", "Deal", ("sales", "amy"), "Deal", ("stage",))
OWNED = Route("mine", "crm", "Deal", ("staff",), "Your deal", ("stage",), by=ByPerson("owner", "staff", ()))


@dataclass
class Single(Chat):
    """A chat with one person."""

    reader: str = ""


@dataclass
class Desk:
    """People of one application: `amy` is a destination that Amy reads alone, `staff` reaches whom a route names."""

    ledger: Ledger
    limiter: Limiter
    routes: tuple[Route, ...] = (GROUP, OWNED)
    clearances: Clearances = field(default_factory=Clearances)
    silences: tuple[Silence, ...] = ()
    chats: dict[str, Chat] = field(
        default_factory=lambda: {"sales": Chat("sales"), "amy": Single("amy", reader="u-amy")}
    )

    @property
    def plan(self) -> Plan:
        places = {name: Destination(name, "UTC", "en", application=APP) for name in ("staff", "sales", "amy")}
        made = Plan(f"{hash(repr(self.routes)):x}", {("crm", "Deal"): KIND}, self.routes, places)
        return replace(made, clearances=self.clearances, silences=self.silences)

    def settle(self) -> None:
        """Note who reads what, and who is whom."""
        found = [Matched(f"crm-{name}", MatchState.MATCHED, Bond(f"u-{name}")) for name in ("amy", "ben")]
        everybody = {f"u-{name}": Person(f"u-{name}", name.title(), MORNING) for name in ("amy", "ben")}
        with self.ledger.write() as connection:
            matches.put(self.ledger, connection, "crm", APP, found)
            readers.note(self.ledger, connection, APP, {"amy": Reach(people=frozenset({"u-amy"}))})
        people.replace_all(self.ledger, APP, people.Whole(everybody, (), (), {}, ()), now())

    @property
    def room(self) -> Room:
        """Give the robot of this plan."""
        alone = Alone(APP, self.plan, {"amy": "u-amy"}, ("staff",))
        return Room(self.ledger, self.limiter, self.plan, {}, most=1000, alone=alone)

    def say(self, text: str, by: str = "u-amy", **other: object) -> str:
        return self.room.ask(text, by, **other).strip()

    def tell(self, *records: Record) -> None:
        """Let states arrive and be dealt with to their end."""
        store(self.ledger, *records)
        decider(self.ledger, self.plan).step()
        with self._worker() as worker:
            assert go(worker, lambda: not self._open())

    @contextmanager
    def _worker(self) -> Iterator[Dispatcher]:
        def to(_name: str, user: str) -> Delivers:
            return self.chats.setdefault(user, Single("staff", reader=user))

        named = {name: self._channel(self.chats[name]) for name in ("sales", "amy")}
        channels = Channels(named, {"staff": self._channel(Chat("staff"))}, to)
        one = Dispatcher(self.ledger, self.limiter, self.plan, channels, Crew("worker-1", list, 4, 30.0))
        try:
            yield one
        finally:
            one.close()

    @staticmethod
    def _channel(chat: Chat) -> Channel:
        return Channel(chat.name, chat, chat.budgets())

    def _open(self) -> bool:
        waits = any(row.state in {NoticeState.WAITING, NoticeState.FRAMED} for row in rows(self.ledger, notice))
        return waits or any(row.state != MessageState.DELIVERED for row in rows(self.ledger, message))

    def told(self, name: str) -> list[str]:
        """Return every fact that came to a destination, or to a person."""
        chat = self.chats.get(name)
        return [fact for facts in (chat.told if chat else []) for fact in facts]

    def dropped(self) -> dict[str, Reason]:
        """Return what was not told, by recipient."""
        found = [row for row in rows(self.ledger, notice) if row.state == NoticeState.DROPPED]
        return {row.destination: Reason(row.reason) for row in found}
