"""What has had its time goes, what is needed stays, and the disk comes back. The clock is played."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

import worker.dispatch
import worker.ledger.engine
import worker.senders
from connectors.contract import Choice, Delivery, Outcome, Record
from pipelines.plan import Plan
from tests.worker.stand_ins import Chat, deal, decider, plan_of, rows
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.explain import explain, say
from worker.ledger import arrivals, cursors
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.plans import Plans, remember
from worker.ledger.tables import (
    InboxState,
    NoticeState,
    inbox,
    message,
    message_notice,
    notice,
    schedule,
    trail,
)
from worker.limiter import Limiter
from worker.repair import release
from worker.retention import JOB, Expired, Retention

ON_SQLITE = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
DAY_S = 86400
PAYLOADS, TRAIL = timedelta(days=10), timedelta(days=30)


@dataclass
class Years:
    """A ledger that lives through days in moments."""

    ledger: Ledger
    limiter: Limiter
    day: float = 0.0
    chat: Chat = field(default_factory=Chat)
    plan: Plan = field(default_factory=lambda: replace(plan_of(), fingerprint="as it is"))
    began: int = field(default_factory=now)

    def now(self) -> int:
        return self.began + int(self.day * DAY_S * MICROSECONDS)

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now() / MICROSECONDS, UTC)

    def arrive(self, *records: Record) -> None:
        """Take states in and decide them."""
        remembered = remember(self.ledger, self.plan)
        sealer, at = self.ledger.sealer, self.now()
        new = [arrivals.row(one, received_at=at, pushed=True, baseline=False, sealer=sealer) for one in records]
        with self.ledger.write() as connection:
            arrivals.add(self.ledger, connection, new)
        decide = decider(self.ledger, self.plan, batch=500)
        decide = replace(decide, plan_id=remembered)
        while decide.step():
            continue

    def send(self) -> None:
        """Send what waits."""
        channels = {"sales": Channel("sales", self.chat, self.chat.budgets())}
        one = Dispatcher(self.ledger, self.limiter, self.plan, channels, Crew("worker", list, 4, 60.0))
        while one.step():
            one.woken.wait(0.02)
            one.woken.clear()
        one.close()

    def night(self, ledger: Ledger | None = None) -> Expired:
        return Retention(ledger or self.ledger, PAYLOADS, TRAIL, lambda _: False).run(self.now())

    def whole(self) -> set[str]:
        """The versions of the arrivals that still have their payload."""
        return {row.version for row in rows(self.ledger, inbox) if row.payload is not None}


@pytest.fixture
def years(ledger: Ledger, limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> Years:
    life = Years(ledger, limiter)
    for module in (worker.ledger.engine, worker.dispatch, worker.senders):
        monkeypatch.setattr(module, "now", life.now)
    return life


def test_values_go_first_and_who_was_told_stays(years: Years) -> None:
    years.arrive(deal(stage="Open"))
    years.send()
    years.arrive(deal(stage="Won", minute=1))
    years.send()
    years.day = 9.9
    assert years.night() == Expired()
    years.day = 10.1
    assert years.night() == Expired(stripped=3)  # one arrival, two messages

    assert years.whole() == {"1 Won"}
    assert [row.payload is None for row in rows(years.ledger, notice)] == [True, False]
    assert [row.payload is None for row in rows(years.ledger, message)] == [True, True]
    told = say(explain(years.ledger, "SO-d1", Plans(years.ledger), years.moment(), "UTC"))
    assert "can no longer be read" in told
    assert told.count("Delivered to sales") == 2


def test_the_trail_goes_later_with_all_that_hangs_on_it(years: Years) -> None:
    years.arrive(deal(stage="Open"), deal("d2", "Open"))
    years.send()
    years.arrive(deal(stage="Won", minute=1))
    years.send()
    years.day = 30.1
    assert years.night().dropped == 1

    left = {row.seq for row in rows(years.ledger, inbox)}
    assert len(left) == 2
    assert {row.seq for row in rows(years.ledger, notice)} == left
    notices = {row.id for row in rows(years.ledger, notice)}
    assert {row.notice_id for row in rows(years.ledger, message_notice)} == notices
    messages = {row.id for row in rows(years.ledger, message)}
    assert messages == {row.message_id for row in rows(years.ledger, message_notice)}
    for entry in rows(years.ledger, trail):
        assert entry.seq in left or entry.notice_id in notices or entry.message_id in messages


def test_the_newest_state_of_each_record_stays_and_is_recognised(years: Years) -> None:
    won = deal(stage="Won", minute=1)
    years.arrive(deal(stage="Open"), won)
    years.send()
    years.day = 1000
    years.night()
    assert years.whole() == {"1 Won"}

    years.arrive(won, deal(stage="Open"))  # a source that forgot its cursor is read from the start
    years.send()
    assert len(years.chat.told) == 1
    years.arrive(deal(stage="Lost", minute=2))
    years.send()
    assert years.chat.told[-1] == ["SO-d1 Lost"]


def test_what_is_held_can_be_released_however_old_it_is(years: Years) -> None:
    years.arrive(deal(stage="Open"))
    years.send()
    years.arrive(deal(minute=1, fields={"Stage": Decimal(5)}))
    assert [row.state for row in rows(years.ledger, notice)] == [NoticeState.SHOWN, NoticeState.HELD]
    years.day = 1000
    assert years.night().dropped == 0
    assert len(years.whole()) == 2
    (moved,) = release(years.ledger, None, decider(years.ledger, years.plan).programs, 1, years.moment())
    assert "stays held" in moved.sentence


def test_what_waits_or_is_undecided_stays(years: Years) -> None:
    years.arrive(deal(stage="Open"), deal(stage="Won", minute=1))
    years.chat.answers.append(Delivery(Outcome.RETRY, "busy", "try again"))
    with years.ledger.write() as connection:
        connection.execute(update(inbox).where(inbox.c.version == "1 Won").values(state=int(InboxState.NEW)))
    years.day = 1000
    assert years.night() == Expired()
    assert len(rows(years.ledger, inbox)) == 2


def test_one_worker_at_a_time(years: Years) -> None:
    years.arrive(deal(stage="Open"), deal(stage="Won", minute=1))
    years.send()
    years.day = 1000
    with years.ledger.write() as connection:
        cursors.plan_job(years.ledger, connection, JOB)
        assert cursors.begin_job(connection, JOB, "another", years.now(), 60)
    assert years.night() == Expired()
    with years.ledger.write() as connection:
        cursors.end_job(connection, JOB, "another", None)
    assert years.night().dropped == 1
    assert rows(years.ledger, schedule)[0].lease_until == 0


def load(years: Years, records: int, states: int) -> None:
    text = "x" * 600
    for state in range(states):
        minute = int(years.day * 1440) + state
        stage = Choice(f"{years.day} {state}", text)
        years.arrive(*(deal(f"d{n}", "", minute, fields={"Stage": stage}) for n in range(records)))
        years.send()


def size(ledger: Ledger) -> int:
    """Return the size of the ledger's file, with what is still in its journal."""
    with ledger.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    return Path(str(ledger.engine.url.database)).stat().st_size


@ON_SQLITE
@pytest.mark.parametrize("step", [40, 20], ids=["each round outlives the last", "two rounds overlap"])
def test_the_disk_returns_to_a_plateau(years: Years, step: float) -> None:
    sizes = []
    for _ in range(3 if step == 40 else 4):
        load(years, records=60, states=6)
        years.day += step
        years.night()
        sizes.append(size(years.ledger))
    assert sizes[-1] <= 1.1 * sizes[-2]


@ON_SQLITE
def test_the_bulk_of_the_disk_comes_back_with_the_values(years: Years) -> None:
    bare = size(years.ledger)
    load(years, records=60, states=6)
    before = size(years.ledger) - bare
    years.day = 11
    assert years.night().stripped > 290
    assert size(years.ledger) - bare < 0.5 * before
    assert len(rows(years.ledger, inbox)) == 360


def test_writers_go_on_meanwhile(years: Years) -> None:
    load(years, records=60, states=6)
    years.day = 11
    waits: list[float] = []
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            began = time.monotonic()
            with years.ledger.write() as connection:
                cursors.plan_job(years.ledger, connection, "one of many writes")
            waits.append(time.monotonic() - began)
            time.sleep(0.005)

    thread = threading.Thread(target=write)
    thread.start()
    Retention(years.ledger, PAYLOADS, TRAIL, threading.Event().wait).run(years.now())
    done.set()
    thread.join(10)
    assert len(waits) > 5
    assert max(waits) < 1.0


def test_it_stops_between_two_batches(years: Years) -> None:
    years.arrive(*(deal(f"d{n}", "Open") for n in range(300)))
    years.arrive(*(deal(f"d{n}", "Won", 1) for n in range(300)))
    years.send()
    years.day = 1000
    assert Retention(years.ledger, PAYLOADS, TRAIL, lambda _: True).run(years.now()).dropped == 200
    assert rows(years.ledger, schedule)[0].lease_until == 0
