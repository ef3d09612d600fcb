"""A source that says which fields of its records its users may read."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert

from connectors.contract import Action, Answer
from tests.worker.company import APP
from worker.asking import Source
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import match


@dataclass
class Crm:
    """Lets users read `fields` of every record, less what is `hidden` from one, whole or of one record."""

    fields: frozenset[str] = frozenset({"Stage", "Amount", "Currency"})
    hidden: set[tuple[str, str]] = field(default_factory=set)
    """(user, field) or (user, record)."""
    failing: Exception | None = None
    failing_of: str = ""
    gate: threading.Event | None = None
    gated: str = ""
    asked: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)

    def may(self, actor: str, action: Action) -> Answer:
        raise AssertionError((actor, action))

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        self.asked.append((actor, kind, tuple(ids)))
        if self.gate is not None and self.gated in {"", actor, *ids}:
            self.gate.wait(20)
        if self.failing is not None and self.failing_of in {"", actor}:
            raise self.failing
        hidden = {what for user, what in self.hidden if user == actor}
        return {id_: self.fields - hidden for id_ in ids if id_ not in hidden}

    @property
    def source(self) -> Source:
        return Source("crm", self, (), {})


def matched(ledger: Ledger, *users: str, state: str = "matched") -> None:
    """Match people with the users of the source that are called after them: `u-amy` with `s-amy`."""
    with ledger.write() as connection:
        for user in users:
            of = {"source": "crm", "source_user": user.replace("u-", "s-"), "application": APP, "user": user}
            connection.execute(insert(match).values(**of, state=state, matched_at=now()))
