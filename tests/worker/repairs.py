"""What the tests of repairs share."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import select

from connectors.contract import Delivery, Outcome
from pipelines.plan import Attestation, Plan, Route
from tests.worker.ledgers import Bridge
from worker.ledger.tables import NoticeState, notice
from worker.repair import MappedBy, Moved, Rehearsed, Replayed, Today, Which, choose, rehearse, release, replay

REFUSED = Delivery(Outcome.REFUSED, "400105", "the robot's keyword is missing")


class Open(Protocol):
    def __call__(self, *routes: Route, word: Attestation | None = None) -> Bridge: ...


def released(one: Bridge, *ids: int, by: Plan | None = None) -> list[Moved]:
    if by is not None:
        one.use(by)
    return release(one.ledger, ids or None, one.programs, one.plan_id, one.clock.time)


def today(one: Bridge, mapped_by: MappedBy) -> Today:
    return Today(one.plan, one.plan_id, one.programs, mapped_by, one.clock.time)


def replayed(one: Bridge, *messages: int, by: MappedBy = MappedBy.THEN, **which: Any) -> list[Replayed]:
    with one.ledger.read() as connection:
        chosen = choose(connection, Which(messages, **which))
    return list(replay(one.ledger, chosen, today(one, by)))


def rehearsed(one: Bridge, *messages: int, by: MappedBy = MappedBy.THEN) -> list[Rehearsed]:
    with one.ledger.read() as connection:
        chosen = choose(connection, Which(messages))
    return list(rehearse(one.ledger, chosen, today(one, by), "en"))


def states(one: Bridge) -> list[NoticeState]:
    with one.ledger.read() as connection:
        return [
            NoticeState(state) for state in connection.execute(select(notice.c.state).order_by(notice.c.id)).scalars()
        ]


def shown(one: Bridge) -> list[str]:
    return [line["stage"][1] for sent in one.chat.sent for _, line in sent["facts"]]
