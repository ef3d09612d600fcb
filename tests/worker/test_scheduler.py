from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from config.cron import parse
from config.schedule import Schedule, interval
from pipelines.waiting import Timing
from pipelines.windows import DayWindow
from tests.worker.stand_ins import SEALER, Broken, Chat, deal, decider, no_answer, plan_of, rows, store, within
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.ledger import cursors, timers
from worker.ledger.arrivals import moment
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.tables import InboxState, MessageState, inbox, message, schedule, timer
from worker.limiter import Limiter
from worker.scheduler import Job, Scheduler
from worker.wake import DECIDE, DISPATCH


class Woken:
    """Counts the wake-ups by kind."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()

    def __call__(self, kind: str) -> None:
        self.kinds[kind] += 1


@pytest.fixture
def woken() -> Woken:
    return Woken()


def every(seconds: float) -> Schedule:
    return interval(timedelta(seconds=seconds))


def job(name: str, schedule: Schedule, starts: list[float], *, reached: bool = True) -> Job:
    """Return a job that notes when it was started; `reached` is whether a worker could be."""

    def start(_lapses_s: float) -> bool:
        starts.append(time.monotonic())
        return reached

    return Job(name, schedule, start)


def scheduler(ledger: Ledger, woken: Woken, *jobs: Job, tick_s: float = 0.02) -> Scheduler:
    return Scheduler(ledger, woken, {job.name: job for job in jobs}, tick_s)


@contextmanager
def running(*schedulers: Scheduler) -> Iterator[None]:
    threads = [threading.Thread(target=one.run) for one in schedulers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in schedulers:
            one.stop()
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)


def plan(ledger: Ledger, name: str, due_at: int) -> None:
    with ledger.write() as connection:
        cursors.plan_job(ledger, connection, name)
        connection.execute(update(schedule).values(due_at=due_at))


def test_schedulers_together_start_a_job_once_each_time(ledger: Ledger, ledger_url: str, woken: Woken) -> None:
    other = Ledger(ledger_url, SEALER)
    starts: list[float] = []
    poll = job("poll", every(0.5), starts)
    began = time.monotonic()
    with running(*(scheduler(each, woken, poll) for each in (ledger, other, ledger))):
        assert within(10, lambda: len(starts) >= 6)
    # a new job starts at once, and then once in each step, however late a start is noted
    assert len(starts) <= 2 + (max(starts) - began) / 0.5
    other.close()


def test_a_job_that_was_missed_many_times_runs_once(ledger: Ledger, woken: Woken) -> None:
    starts: list[float] = []
    plan(ledger, "poll", now() - 3600 * MICROSECONDS)
    one = scheduler(ledger, woken, job("poll", every(3600), starts))
    for _ in range(5):
        one.tick()
    assert len(starts) == 1
    (row,) = rows(ledger, schedule)
    assert 0 < (row.due_at - now()) / MICROSECONDS <= 3600


def test_a_new_job_is_due_at_once(ledger: Ledger, woken: Woken) -> None:
    starts: list[float] = []
    with running(scheduler(ledger, woken, job("poll", every(3600), starts))):
        assert within(5, lambda: len(starts) == 1)


def test_a_new_job_by_cron_waits_for_its_turn(ledger: Ledger, woken: Woken) -> None:
    starts: list[float] = []
    with running(scheduler(ledger, woken, job("nightly", yearly(), starts))):
        assert within(5, lambda: bool(rows(ledger, schedule)))
        time.sleep(0.1)
    assert starts == []
    assert rows(ledger, schedule)[0].due_at > now()


def yearly() -> Schedule:
    soon = datetime.now(UTC) + timedelta(days=40)
    return Schedule(parse(f"0 0 {soon.day} {soon.month} *"))


def test_a_schedule_that_was_changed_counts_from_the_next_start(ledger: Ledger, woken: Woken) -> None:
    year = now() + 300 * 86400 * MICROSECONDS
    plan(ledger, "poll", year)
    with running(scheduler(ledger, woken, job("poll", every(3600), []))):
        assert within(5, lambda: rows(ledger, schedule)[0].due_at < now() + 3601 * MICROSECONDS)
    plan(ledger, "poll", year)
    with running(one := scheduler(ledger, woken, job("poll", every(3600), []))):
        store(ledger, deal())
        assert within(5, lambda: one.backlog == 1)
    # a source that asked to be left alone until then is left alone by a new scheduler as well
    assert rows(ledger, schedule)[0].due_at == year


def test_a_job_that_is_due_in_a_blackout_starts_when_that_ends(ledger: Ledger, woken: Woken) -> None:
    starts: list[float] = []
    minute = datetime.now(UTC).hour * 60 + datetime.now(UTC).minute
    closed = DayWindow((minute - 60) % 1440, (minute + 60) % 1440)
    plan(ledger, "poll", 0)
    one = scheduler(ledger, woken, job("poll", replace(every(60), blackout=(closed,)), starts))
    one.tick()
    assert starts == []
    assert 58 * 60 < (rows(ledger, schedule)[0].due_at - now()) / MICROSECONDS <= 60 * 60


def test_a_job_that_cannot_be_handed_out_is_due_again_soon(ledger: Ledger, woken: Woken) -> None:
    starts: list[float] = []
    plan(ledger, "nightly", 0)
    one = scheduler(ledger, woken, job("nightly", yearly(), starts, reached=False))
    one.tick()
    assert len(starts) == 1
    assert 0 < (rows(ledger, schedule)[0].due_at - now()) / MICROSECONDS <= 5


def test_a_job_under_way_is_not_started_again(ledger: Ledger, woken: Woken) -> None:
    starts: list[float] = []
    plan(ledger, "poll", 0)
    with ledger.write() as connection:
        assert cursors.begin_job(connection, "poll", "worker", now(), 60.0)
        assert not cursors.begin_job(connection, "poll", "other", now(), 60.0)
    one = scheduler(ledger, woken, job("poll", every(3600), starts))
    one.tick()
    assert starts == []
    with ledger.write() as connection:
        cursors.end_job(connection, "poll", "other", None)
    one.tick()
    assert starts == []
    with ledger.write() as connection:
        cursors.end_job(connection, "poll", "worker", None)
    one.tick()
    assert len(starts) == 1


def test_a_job_of_another_configuration_is_left_alone(ledger: Ledger, woken: Woken) -> None:
    with ledger.write() as connection:
        connection.execute(insert(schedule).values(name="poll gone Deal", due_at=0))
    scheduler(ledger, woken).tick()
    assert rows(ledger, schedule)[0].due_at == 0


def test_what_was_left_is_swept_up(ledger: Ledger, woken: Woken) -> None:
    one = scheduler(ledger, woken)

    def seen() -> tuple[int | None, int]:
        return one.oldest_undecided, one.backlog

    one.tick()
    assert woken.kinds == {}
    assert seen() == (None, 0)
    store(ledger, deal("d1"), received_at=now() - 5 * MICROSECONDS)
    store(ledger, deal("d2"))
    one.tick()
    assert woken.kinds == {DECIDE: 1}
    assert one.backlog == 2
    assert one.oldest_undecided
    assert 4.9 < (now() - one.oldest_undecided) / MICROSECONDS < 10
    decider(ledger, plan_of()).step()
    one.tick()
    assert woken.kinds == {DECIDE: 1, DISPATCH: 1}
    assert seen() == (None, 0)


def test_a_send_whose_worker_is_lost_becomes_due_again(ledger: Ledger, limiter: Limiter, woken: Woken) -> None:
    chat = Chat(gate=threading.Event())
    assert chat.gate
    store(ledger, deal())
    decider(ledger, plan_of()).step()
    channels = {"sales": Channel("sales", chat, chat.budgets())}
    lost = Dispatcher(ledger, limiter, plan_of(), channels, Crew("lost", list, 1, 30.0))
    lost.step()
    one = scheduler(ledger, woken)
    one.tick()
    assert rows(ledger, message)[0].state == MessageState.SENDING
    with ledger.write() as connection:
        connection.execute(update(message).values(lease_until=now() - 1))
    woken.kinds.clear()
    one.tick()
    assert rows(ledger, message)[0].state == MessageState.DUE
    assert woken.kinds[DISPATCH] == 1
    chat.gate.set()
    lost.close()


def test_a_tick_survives_a_ledger_that_fails(ledger: Ledger, woken: Woken) -> None:
    starts: list[float] = []
    broken = Broken(ledger)
    broken.failures.extend([no_answer(), OSError(28, "No space left on device"), no_answer()])
    store_at = Ledger(ledger.url, SEALER)
    with running(scheduler(ledger, woken, job("poll", every(0.05), starts))):
        assert within(5, lambda: len(starts) >= 2)
        store(store_at, deal())
        assert within(5, lambda: woken.kinds[DECIDE] > 0)
    assert not broken.failures
    store_at.close()


def test_a_relay_beside_another_scheduler_only_looks(ledger: Ledger, woken: Woken) -> None:
    starts: list[float] = []
    plan(ledger, "poll", 0)
    store(ledger, deal())
    one = scheduler(ledger, woken, job("poll", every(1), starts))
    thread = threading.Thread(target=one.watch)
    thread.start()
    assert within(5, lambda: one.backlog == 1)
    with ledger.write() as connection:
        connection.execute(update(inbox).values(state=int(InboxState.DECIDED)))
    assert within(5, lambda: one.oldest_undecided is None and one.backlog == 0)
    one.stop()
    thread.join(5)
    assert (starts, woken.kinds) == ([], {})


def test_it_stops_when_it_is_told(ledger: Ledger, woken: Woken) -> None:
    one = scheduler(ledger, woken, tick_s=30.0)
    began = time.monotonic()
    with running(one):
        assert within(5, lambda: one.backlog == 0)
    assert time.monotonic() - began < 5


def test_what_waits_for_a_time_wakes_those_who_decide_when_it_has_come(ledger: Ledger, woken: Woken) -> None:
    one = scheduler(ledger, woken)
    timing = Timing("open", moment(now()), moment(now() + 3600 * MICROSECONDS))
    with ledger.write() as connection:
        timers.keep(ledger, connection, [(("crm", "Deal", "d1"), timing)])
    one.tick()
    assert woken.kinds[DECIDE] == 0
    with ledger.write() as connection:
        connection.execute(update(timer).values(due_at=now()))
    one.tick()
    assert woken.kinds[DECIDE] == 1
