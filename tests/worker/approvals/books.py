"""A source of one record, which does and answers as it is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from connectors.contract import Acted, Action, Answer, Effect, Money, Record, Ref, Unread
from pipelines.plan import FieldMap, FieldType
from tests.worker.approvals.hall import SOURCE
from tests.worker.stand_ins import MORNING

KIND, ID = "Order", "o-1"
BOSS, CLERK = "s-boss", "s-clerk"
FIELDS = (
    FieldMap("who", "who", FieldType.TEXT, "Approvers"),
    FieldMap("worth", "worth", FieldType.MONEY, "Worth"),
    FieldMap("state", "state", FieldType.TEXT, "State"),
)


@dataclass
class Books:
    """One order. `acts` are what happens at the next decisions instead: errors, `before` or `after` it was written."""

    who: str = f"{BOSS},{CLERK}"
    worth: int = 100
    state: str = "open"
    version: int = 1
    may_decide: bool = True
    deleted: bool = False
    writes: int = 0
    asked: list[str] = field(default_factory=list)
    acts: deque[tuple[str, BaseException]] = field(default_factory=deque)
    reads: deque[Exception] = field(default_factory=deque)
    by: str = "s-somebody"
    done: dict[str, str] = field(default_factory=dict)

    def record(self) -> Record:
        return Record(
            source=SOURCE,
            kind=KIND,
            id=ID,
            version=str(self.version),
            stamp=MORNING + timedelta(minutes=self.version),
            fields={"who": self.who, "worth": Money(Decimal(self.worth), "HKD"), "state": self.state},
            number="PO-7",
            changed_by=Ref("user", self.by),
            deleted=self.deleted,
        )

    def change(self, **values: object) -> None:
        """Change the order behind everybody's back."""
        for name, value in values.items():
            setattr(self, name, value)
        self.version += 1

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        assert (kind, list(ids)) == (KIND, [ID])
        if self.reads:
            raise self.reads.popleft()
        return [self.record()]

    def may(self, actor: str, action: Action) -> Answer:
        assert action.actor == actor
        return Answer(self.may_decide, "" if self.may_decide else "Only the boss may.")

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        assert actor
        assert kind == KIND
        return dict.fromkeys(ids, frozenset({"who", "worth", "state"}))

    def act(self, action: Action) -> Acted:
        """Do it once for a key, if the order still is of the version."""
        self.asked.append(action.key)
        when, error = self.acts.popleft() if self.acts else ("", None)
        if error is not None and when == "before":
            raise error
        acted = self._act(action)
        if error is not None:
            raise error
        return acted

    def _act(self, action: Action) -> Acted:
        if action.key in self.done:
            return Acted(Effect.ALREADY, self.record(), Ref("user", self.done[action.key]))
        if self.state != "open":
            return Acted(Effect.ALREADY, self.record(), Ref("user", self.by, "Somebody Else"))
        if str(self.version) != action.version:
            return Acted(Effect.MOVED, self.record(), reason="It changed.")
        self.done[action.key] = action.actor
        self.writes += 1
        self.change(state=str(action.verb), by=action.actor)
        return Acted(Effect.DONE, self.record(), Ref("user", action.actor, "The Boss"))
