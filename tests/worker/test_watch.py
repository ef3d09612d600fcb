"""Faults: found, told once by one of several schedulers, told again after a while, told when they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
import redis
from sqlalchemy import update

from config.compile import Bridge, RetentionConfig, SourceConfig
from config.operators import Operators, with_own
from config.schedule import interval
from connectors.contract import Delivery, Outcome, Reached, Resend, Unread
from connectors.generic import CONNECTOR
from connectors.generic.settings import GenericSettings
from pipelines.plan import Attestation
from pipelines.sentence import sentence
from pipelines.silence import Hours, Weekday
from tests.worker.stand_ins import SEALER, Chat, deal, decider, plan_of, rows, store
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.ledger import arrivals, cursors, faults
from worker.ledger.cursors import Position
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.faults import Finding, Kind, Telling
from worker.ledger.tables import NoticeState, fault, inbox, message, notice, schedule
from worker.ledger.tables import telling as tellings
from worker.limiter import Limiter
from worker.members import Members
from worker.operators import phrases
from worker.operators.monitor import Monitor
from worker.operators.watch import JOB, Watch
from worker.operators.ways import NotTold

HOUR = 3600 * MICROSECONDS
REPEAT = timedelta(hours=1)
ALWAYS = Hours(timedelta(hours=1), "UTC", time(0), time(23, 59), frozenset(Weekday))
SETTINGS = GenericSettings.model_validate(
    {"signature": {"keys": ["a-key-of-this-test-alone"]}, "kind": "Deal", "id": "id"}
)


@dataclass
class Post:
    """A way that keeps what it was given, unless it is broken."""

    taken: list[Telling] = field(default_factory=list)
    broken: bool = False

    def __call__(self, telling: Telling) -> None:
        if self.broken:
            raise NotTold("the mail server answered 421")
        self.taken.append(telling)

    def subjects(self) -> list[str]:
        return [msgspec.json.decode(one.content)["subject"] for one in self.taken]


KEPT = RetentionConfig(timedelta(days=90), timedelta(days=400), interval(timedelta(days=1)))


def bridge(operators: Operators | None = None, silence: Hours | None = None, **destination: Any) -> Bridge:
    told = operators or Operators(destination="ops", sign_of_life=time(9), zone="Asia/Hong_Kong")
    base = plan_of()
    groups = {**base.destinations, "ops": replace(base.destinations["sales"], name="ops", **destination)}
    plan = with_own(replace(base, destinations=groups), told.destination, ["crm"] if silence else [])
    sources = {"crm": SourceConfig("crm", CONNECTOR, SETTINGS, {}, None, ("Deal",), silence)}
    return Bridge(plan, sources, {}, KEPT, told)


def watch(ledger: Ledger, members: Members, of: Bridge, **ways: Post) -> Watch:
    return Watch(ledger, Monitor(of, members, now(), timedelta(0)), ways, lambda: None, 0.0, 0.01)


def note(ledger: Ledger, at: int, *found: Finding) -> tuple[list[str], list[str]]:
    with ledger.write() as connection:
        seen = faults.note(ledger, connection, found, at, REPEAT)
    return [one.key for one in seen.told], [one.key for one in seen.turned]


def kinds(ledger: Ledger, members: Members, of: Bridge, began_at: int | None = None) -> dict[str, str]:
    with ledger.read() as connection:
        found = Monitor(of, members, began_at or now(), timedelta(0)).look(connection, now())
    return {one.key: one.sentence for one in found}


BROKEN = Finding(Kind.BROKER, "", "Redis does not answer", sentence(phrases.BROKER))


def test_a_fault_is_told_at_once_then_hourly_and_when_it_ends(ledger: Ledger) -> None:
    assert note(ledger, HOUR, BROKEN) == (["broker"], ["broker"])
    assert note(ledger, HOUR + HOUR // 2, BROKEN) == ([], [])
    assert note(ledger, 2 * HOUR, BROKEN) == (["broker"], [])
    assert note(ledger, 2 * HOUR + 1) == (["broker"], ["broker"])
    assert note(ledger, 4 * HOUR) == ([], [])
    (row,) = rows(ledger, fault)
    assert (row.open, row.first_at, row.last_at) == (False, HOUR, 2 * HOUR + 1)


def test_a_fault_that_comes_and_goes_is_told_once_an_hour(ledger: Ledger) -> None:
    told = [note(ledger, HOUR + n * 60 * MICROSECONDS, *([BROKEN] if n % 2 == 0 else []))[0] for n in range(120)]
    # the beginning and the end of its first hour, and of its second; all between is kept quiet
    assert [n for n, keys in enumerate(told) if keys] == [0, 1, 60, 61]


def test_several_watches_tell_a_fault_once(ledger: Ledger, ledger_url: str, members: Members) -> None:
    other = Ledger(ledger_url, SEALER)
    of = bridge(attestation=Attestation("Ann", date(2020, 1, 1), date(2020, 2, 1), frozenset()))
    post = Post()
    for each in (ledger, other, ledger):
        watch(each, members, of, smtp=post).turn()
        with each.write() as connection:
            connection.execute(update(schedule).where(schedule.c.name == JOB).values(due_at=0))
    for each in (other, ledger):
        watch(each, members, of, smtp=post).tell("smtp")
    assert post.subjects() == ["dingbridge: fault: attestation ops"]
    assert [row.kind for row in rows(ledger, inbox)] == ["fault"]
    other.close()


def test_a_way_that_fails_stops_no_other_and_is_tried_again(ledger: Ledger, members: Members) -> None:
    of = bridge(attestation=Attestation("Ann", date(2020, 1, 1), date(2020, 2, 1), frozenset()))
    smtp, webhook = Post(broken=True), Post()
    one = watch(ledger, members, of, smtp=smtp, webhook=webhook)
    one.turn()
    for _ in range(3):
        with ledger.write() as connection:
            connection.execute(update(tellings).values(due_at=0))
        one.tell("smtp")
        one.tell("webhook")
    assert len(webhook.taken) == 1
    assert kinds(ledger, members, of)["way smtp"] == "operators cannot be told by smtp: the mail server answered 421"
    smtp.broken = False
    with ledger.write() as connection:
        connection.execute(update(tellings).values(due_at=0))
    one.tell("smtp")
    assert len(smtp.taken) == 1
    assert rows(ledger, tellings) == []


def test_what_no_way_took_for_a_day_is_given_up(ledger: Ledger, members: Members) -> None:
    one = watch(ledger, members, bridge(), smtp=Post(broken=True))
    with ledger.write() as connection:
        faults.queue(connection, ["smtp"], b"{}", now() - 25 * HOUR)
    one.tell("smtp")
    assert rows(ledger, tellings) == []


def test_the_destination_is_told_through_the_ledger(ledger: Ledger, members: Members, limiter: Limiter) -> None:
    of = bridge(attestation=Attestation("Ann", date(2020, 1, 1), date(2020, 2, 1), frozenset()))
    watch(ledger, members, of).turn()
    chat = Chat()
    with dispatching(ledger, limiter, of, chat) as step:
        step()
    (sent,) = chat.sent
    assert "the attestation for ops has lapsed" in str(sent)
    assert [row.state for row in rows(ledger, notice)] == [NoticeState.SHOWN]
    assert [row.destination for row in rows(ledger, message)] == ["ops"]


@contextmanager
def dispatching(ledger: Ledger, limiter: Limiter, of: Bridge, chat: Chat) -> Iterator[Any]:
    crew = Crew("w1", list, 2, 30.0)
    channels = {name: Channel(name, chat, chat.budgets()) for name in of.plan.destinations}
    dispatcher = Dispatcher(ledger, limiter, of.plan, channels, crew)

    def step() -> None:
        while decider(ledger, of.plan).step():
            continue
        while dispatcher.work():
            continue

    yield step
    dispatcher.close()


def test_a_silent_source_is_a_fault_and_shown_to_who_relies_on_it(
    ledger: Ledger, members: Members, limiter: Limiter
) -> None:
    of = bridge(silence=ALWAYS)
    store(ledger, deal(), received_at=now() - 3 * 24 * HOUR)
    chat = Chat()
    one = watch(ledger, members, of)
    with dispatching(ledger, limiter, of, chat) as step:
        step()
        one.turn()
        step()
        assert [row.sentence.partition(" since")[0] for row in rows(ledger, fault)] == ["crm has sent nothing"]
        store(ledger, deal("d2"))
        with ledger.write() as connection:
            connection.execute(update(schedule).where(schedule.c.name == JOB).values(due_at=0))
        one.turn()
        step()
    told = [row.destination for row in rows(ledger, notice) if row.route == "silence.crm"]
    assert told == ["sales", "sales"]
    assert [row.open for row in rows(ledger, fault)] == [False]
    assert sum("heard again" in str(sent) for sent in chat.sent) == 1


def test_each_group_is_told_of_faults_and_silence_in_its_language(
    ledger: Ledger, members: Members, limiter: Limiter
) -> None:
    of = bridge(silence=ALWAYS, locale="zh_Hant_HK")
    sales = replace(of.plan.destinations["sales"], locale="id")
    of = replace(of, plan=replace(of.plan, destinations={**of.plan.destinations, "sales": sales}))
    store(ledger, deal(), received_at=now() - 3 * 24 * HOUR)
    chat = Chat()
    with dispatching(ledger, limiter, of, chat) as step:
        step()
        watch(ledger, members, of).turn()
        step()
    told = {one["title"]: one["facts"][0] for one in chat.sent}
    assert "起沒有傳來任何資料：請檢查它是否正在運作，以及能否連接本程式 仍未解決 " in told["dingbridge：故障"]
    assert told["Sumber"].startswith("crm tidak mengirim data ")


def test_a_source_that_never_sent_is_awaited_since_it_was_configured(ledger: Ledger, members: Members) -> None:
    of = bridge(silence=ALWAYS)
    assert "source_silent crm" not in kinds(ledger, members, of)
    late = kinds(ledger, members, of, began_at=now() - 3 * 24 * HOUR)
    assert late["source_silent crm"].startswith("crm has sent nothing since it was configured")


def test_a_source_that_cannot_be_read_is_a_fault_until_it_can(ledger: Ledger, members: Members) -> None:
    with ledger.write() as connection:
        cursors.move(ledger, connection, "crm", "Deal", Position(None, False, None, "the password has expired"))
    assert kinds(ledger, members, bridge())["source_unreadable crm Deal"].endswith("the password has expired")
    with ledger.write() as connection:
        cursors.move(ledger, connection, "crm", "Deal", Position("c", False, now()))
    assert kinds(ledger, members, bridge()) == {}


def test_a_row_set_aside_is_a_fault_until_its_record_can_be_read(ledger: Ledger, members: Members) -> None:
    bad = [Unread("crm", "Deal", id_, "describe it again", id_.encode()) for id_ in ("d1", "d2")]
    with ledger.write() as connection:
        assert arrivals.set_aside(ledger, connection, bad, now() - HOUR) == 2
    said = kinds(ledger, members, bridge())["row_unreadable crm Deal"]
    assert said == "2 rows of crm Deal could not be read, the newest d2: describe it again"
    store(ledger, deal("d1"), deal("d2"))
    assert "row_unreadable crm Deal" not in kinds(ledger, members, bridge())


def test_what_waits_too_long_is_a_fault(ledger: Ledger, members: Members) -> None:
    store(ledger, deal(), received_at=now() - HOUR)
    assert kinds(ledger, members, bridge())["undecided"].startswith("1 record is undecided")
    decider(ledger, bridge().plan).step()
    assert kinds(ledger, members, bridge()) == {}
    with ledger.write() as connection:
        connection.execute(update(notice).values(created_at=now() - HOUR))
    assert kinds(ledger, members, bridge())["waiting sales"].startswith("1 fact waits for sales")
    with ledger.write() as connection:
        connection.execute(update(notice).values(created_at=now() - 30 * HOUR, state=int(NoticeState.HELD)))
    assert kinds(ledger, members, bridge())["held"].startswith("1 fact waits for a person")


@pytest.mark.parametrize(
    ("outcome", "key"),
    [(Outcome.MISCONFIGURED, "destination_misconfigured sales"), (Outcome.REFUSED, "given_up sales")],
)
def test_what_a_destination_refuses_is_a_fault(
    ledger: Ledger, members: Members, limiter: Limiter, outcome: Outcome, key: str
) -> None:
    of = bridge()
    store(ledger, deal())
    chat = Chat()
    chat.answers.append(Delivery(outcome, "310000", "correct the signing secret"))
    with dispatching(ledger, limiter, of, chat) as step:
        step()
    assert list(kinds(ledger, members, of)) == [key]


def test_what_was_sent_without_an_answer_is_a_fault_at_once(ledger: Ledger, members: Members, limiter: Limiter) -> None:
    of = bridge()
    store(ledger, deal())
    chat = Chat(resend=Resend.DUPLICATES)
    chat.answers.append(Delivery(Outcome.UNKNOWN, "timeout"))
    with dispatching(ledger, limiter, of, chat) as step:
        step()
    found = kinds(ledger, members, of)
    assert list(found) == ["held unanswered"]
    assert "may not have been shown: dingbridge held list" in found["held unanswered"]


@pytest.mark.parametrize(
    ("reached", "todo"),
    [
        (Reached.INVALID, "correct the user ids"),
        (Reached.CAPPED, "lets nothing more through to amy today"),
        (Reached.FORBIDDEN, "may use the application"),
        (Reached.FAILED, "did not come to amy"),
    ],
)
def test_whom_a_message_does_not_reach_is_a_fault(
    ledger: Ledger, members: Members, limiter: Limiter, reached: Reached, todo: str
) -> None:
    of = bridge()
    store(ledger, deal())
    chat = Chat()
    chat.answers.append(Delivery(Outcome.PARTLY, people={"amy": reached, "ben": Reached.TAKEN}))
    with dispatching(ledger, limiter, of, chat) as step:
        step()
    found = kinds(ledger, members, of)
    assert list(found) == [f"not_reached sales {reached}"]
    assert todo in found[f"not_reached sales {reached}"]
    assert "ben" not in found[f"not_reached sales {reached}"]


def test_a_quota_that_is_nearly_used_is_a_fault(ledger: Ledger, members: Members) -> None:
    with ledger.write() as connection:
        cursors.observe(ledger, connection, {"crm api": (89, 100)})
    assert kinds(ledger, members, bridge()) == {}
    with ledger.write() as connection:
        cursors.observe(ledger, connection, {"crm api": (90, 100)})
    assert list(kinds(ledger, members, bridge())) == ["quota crm api"]


def test_an_attestation_about_to_lapse_is_a_fault(ledger: Ledger, members: Members) -> None:
    today = datetime.now(UTC).date()
    soon = Attestation("Ann", date(2020, 1, 1), today + timedelta(days=3), frozenset())
    assert "lapses after" in kinds(ledger, members, bridge(attestation=soon))["attestation ops"]
    later = replace(soon, until=today + timedelta(days=30))
    assert kinds(ledger, members, bridge(attestation=later)) == {}


def test_no_worker_and_no_redis_are_faults(ledger: Ledger, client: redis.Redis, prefix: str) -> None:
    nobody = Members(client, prefix=prefix)
    assert list(kinds(ledger, nobody, bridge())) == ["no_worker"]
    away = redis.Redis.from_url("unix:///nowhere/broker.sock")
    assert list(kinds(ledger, Members(away), bridge())) == ["broker"]


def test_workers_that_are_away_for_a_moment_are_no_fault(ledger: Ledger, client: redis.Redis, prefix: str) -> None:
    monitor = Monitor(bridge(), Members(client, prefix=prefix), now(), timedelta(seconds=30))
    with ledger.read() as connection:
        looks = [monitor.look(connection, HOUR + n * 10 * MICROSECONDS) for n in range(4)]
        assert [len(found) for found in looks] == [0, 0, 0, 1]
        alive = Members(client, name="w1", prefix=prefix)
        alive.beat()
        assert monitor.look(connection, HOUR + 40 * MICROSECONDS) == []
        alive.stop()
        assert monitor.look(connection, HOUR + 50 * MICROSECONDS) == []


def test_a_sign_of_life_comes_once_a_day_by_every_way(ledger: Ledger, members: Members) -> None:
    post = Post()
    of = bridge()
    one = watch(ledger, members, of, smtp=post)
    one.turn()
    name = "sign of life 09:00 Asia/Hong_Kong"
    (job,) = [row for row in rows(ledger, schedule) if row.name == name]
    due = datetime.fromtimestamp(job.due_at / MICROSECONDS, UTC)
    assert (due.hour, due.minute) == (1, 0)
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(days=1)
    store(ledger, deal())
    with ledger.write() as connection:
        connection.execute(update(schedule).where(schedule.c.name == name).values(due_at=1))
    for _ in range(3):
        one.turn()
        one.tell("smtp")
    (letter,) = post.taken
    assert "In the last 24 hours, records arrived: 1; messages delivered: 0." in letter.content.decode()
    assert [row.kind for row in rows(ledger, inbox)] == ["Deal", "sign of life"]


def test_without_operators_faults_are_kept_for_status(ledger: Ledger, client: redis.Redis, prefix: str) -> None:
    watch(ledger, Members(client, prefix=prefix), replace(bridge(), operators=Operators())).turn()
    assert [row.key for row in rows(ledger, fault)] == ["no_worker"]
    assert rows(ledger, inbox) == []
