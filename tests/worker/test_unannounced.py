"""A subscription that is gone is noticed, because the poll beside it finds what it did not announce."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from connectors.contract import Hint
from tests.worker.stand_ins import deal, rows, store
from tests.worker.test_subscriptions import JOB, Crm, Desk, bridge, lasting
from tests.worker.test_watch import kinds
from worker.asking import Source
from worker.ledger import hints
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.tables import inbox, schedule, subscription
from worker.limiter import Limiter
from worker.members import Members
from worker.polling import Poller

HOUR = 3600 * MICROSECONDS


@pytest.fixture
def crm() -> Crm:
    return Crm()


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter, crm: Crm) -> Desk:
    """A source that was subscribed to an hour ago, and polled once."""
    desk = Desk(ledger, limiter, crm)
    crm.records.append(deal("old"))
    pull(desk)
    assert desk.subscribe().failure == ""
    with ledger.write() as connection:
        connection.execute(update(subscription).values(renewed_at=now() - HOUR))
    return desk


def pull(desk: Desk) -> None:
    source = Source("crm", desk.crm, (), {})
    assert Poller(desk.ledger, desk.limiter, {"crm": source}, "w", lambda: None).pull("crm", "Deal").failure == ""


def changed(desk: Desk, *names: str, minutes_ago: float = 10) -> None:
    """Let deals change that nobody announces, and poll."""
    stamp = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    desk.crm.records += [deal(name, stamp=stamp, version=stamp.isoformat()) for name in names]
    pull(desk)


def proven_soon(desk: Desk) -> bool:
    (job,) = [one for one in rows(desk.ledger, schedule) if one.name == JOB]
    return bool(job.due_at <= now())


def test_after_some_changes_that_were_not_announced_it_is_proven_and_operators_are_told(
    desk: Desk, ledger: Ledger, members: Members
) -> None:
    changed(desk, "d1", "d2")
    assert not proven_soon(desk)
    assert kinds(ledger, members, bridge()) == {}
    changed(desk, "d3")
    assert proven_soon(desk)
    assert "its polls found 3 changes" in kinds(ledger, members, bridge())["subscription crm announces"]
    # the vendor still knows of it, so something else stands in the way
    desk.subscribe()
    assert not proven_soon(desk)
    assert "subscription crm announces" in kinds(ledger, members, bridge())


def test_one_that_was_made_anew_is_given_time(desk: Desk, ledger: Ledger, members: Members) -> None:
    changed(desk, "d1", "d2", "d3")
    desk.crm.answers.append(lasting("channel 2", datetime.now(UTC)))
    desk.subscribe()
    assert set(kinds(ledger, members, bridge())) == {"missed crm Deal"}
    assert desk.standing().missed == 0


def test_a_push_or_a_hint_shows_that_it_lives(desk: Desk, ledger: Ledger, members: Members) -> None:
    changed(desk, "d1", "d2", "d3")
    store(ledger, deal("d4", minute=1))
    assert kinds(ledger, members, bridge()) == {}
    changed(desk, "d5", "d6")
    assert desk.standing().missed == 2
    with ledger.write() as connection:
        hints.put(ledger, connection, [hints.row("crm", Hint("Deal", "d7"), now())])
    changed(desk, "d8", "d9")
    assert desk.standing().missed == 2
    assert kinds(ledger, members, bridge()) == {}


def test_what_is_too_fresh_too_old_or_announced_counts_for_nothing(desk: Desk) -> None:
    changed(desk, "d1", "d2", "d3", minutes_ago=1)
    changed(desk, "d4", "d5", "d6", minutes_ago=70)
    announced = [deal(f"d{n}", stamp=datetime.now(UTC) - timedelta(minutes=9), version="v") for n in range(7, 10)]
    store(desk.ledger, *announced[:1])
    with desk.ledger.write() as connection:
        waiting = [hints.row("crm", Hint("Deal", one.id, one.stamp), now()) for one in announced[1:]]
        hints.put(desk.ledger, connection, waiting)
    desk.crm.records += announced
    pull(desk)
    assert desk.standing().missed == 0
    assert not proven_soon(desk)
    assert len(rows(desk.ledger, inbox)) == 10


def test_a_source_without_a_subscription_is_not_counted(ledger: Ledger, limiter: Limiter, crm: Crm) -> None:
    desk = Desk(ledger, limiter, crm)
    pull(desk)
    changed(desk, "d1", "d2", "d3", "d4")
    assert rows(ledger, subscription) == []
    assert [one.name for one in rows(ledger, schedule) if one.name == JOB] == []
