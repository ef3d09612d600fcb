"""The figures of a month: alarms once each, metrics, status, and the command that tells of every quota."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import insert

from config.settings import Settings
from connectors.contract import Budget, Month, Purpose, Window
from pipelines.plan import Lane
from tests.worker.processes import BRIDGE, Installation
from tests.worker.stand_ins import rows
from tests.worker.test_metrics import scraped
from tests.worker.test_watch import Post, bridge, watch
from worker.ledger import cursors, faults, months
from worker.ledger.arrivals import micros
from worker.ledger.engine import Ledger, now
from worker.ledger.faults import Kind
from worker.ledger.months import Spent
from worker.ledger.seal import Sealer, master_key
from worker.ledger.tables import MessageState, message, meter, month, spent
from worker.limiter import Limiter
from worker.members import Members
from worker.operators.metrics import Metrics
from worker.operators.monitor import Monitor
from worker.operators.quota import quotas
from worker.operators.status import status
from worker.wiring import Wiring

ZONE = "Asia/Shanghai"
CALLS = Budget("company:calls", month=Month(100, ZONE))
NOON = datetime(2026, 11, 10, 4, 0, tzinfo=UTC)
"""In China on the tenth."""


def spend(ledger: Ledger, count: int, at: int, purpose: Purpose = Purpose.MESSAGE, key: str = CALLS.key) -> None:
    assert CALLS.month is not None
    with ledger.write() as connection:
        months.spend(ledger, connection, [Spent(key, CALLS.month, purpose, at, count)])


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(Ledger, "now", lambda *_: micros(NOON))
    return micros(NOON)


def deliver(ledger: Ledger, count: int, at: int) -> None:
    one = {
        "destination": "sales",
        "lane": 2,
        "state": int(MessageState.DELIVERED),
        "due_at": at,
        "framed_at": at,
        "settled_at": at,
        "outcome": "delivered",
        "repeatable": True,
        "facts": 1,
        "withheld": 0,
    }
    with ledger.write() as connection:
        connection.execute(insert(message), [{**one, "key": f"{at} {n}"} for n in range(count)])


def test_each_step_of_a_month_is_counted_once(
    ledger: Ledger, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post()
    of = bridge()
    one = watch(ledger, members, of, smtp=post)
    told = []
    for day, count in ((2, 49), (3, 1), (5, 29), (9, 1), (10, 15), (11, 5), (12, 3)):
        at = NOON.replace(day=day)
        for hours in range(3):
            monkeypatch.setattr(Ledger, "now", lambda *_, later=hours, at=at: micros(at + timedelta(hours=later)))
            if hours == 0:
                spend(ledger, count, micros(at))
            one.turn()
            one.tell("smtp")
        letters = [each.content for each in post.taken if b"dingbridge lives" not in each.content]
        told.append(sum(b"of this month's 100 calls" in each for each in letters))
    assert told == [0, 1, 1, 2, 3, 3, 3]
    with ledger.read() as connection:
        kept = [each for each in faults.all_faults(connection) if each.kind is Kind.MONTH]
    assert [(each.subject, each.open) for each in kept] == [
        ("company:calls 2026-11 50 %", False),
        ("company:calls 2026-11 80 %", False),
        ("company:calls 2026-11 95 %", True),
    ]
    assert "the allowance is used up, and messages wait until Dec 1, 2026" in kept[-1].sentence


def test_the_alarm_says_when_the_allowance_ends(ledger: Ledger, members: Members, noon: int) -> None:
    for day in range(4, 11):
        spend(ledger, 8, noon - (10 - day) * 86_400_000_000)
    monitor = Monitor(bridge(), members, now(), timedelta(0))
    with ledger.read() as connection:
        (found,) = [each for each in monitor.look(connection, noon) if each.kind is Kind.MONTH]
    # 56 calls in six days and a half, and 44 are left
    assert found.sentence.startswith("at least 50 percent of this month's 100 calls of company:calls are used")
    assert "at this rate the allowance ends on Nov 15, 2026" in found.sentence


def test_the_vendors_word_is_one_alarm_and_not_two(ledger: Ledger, members: Members, noon: int) -> None:
    spend(ledger, 3, noon)
    with ledger.write() as connection:
        cursors.observe(ledger, connection, {CALLS.key: (100, 100)})
    monitor = Monitor(bridge(), members, now(), timedelta(0))
    with ledger.read() as connection:
        found = [each.key for each in monitor.look(connection, noon)]
    assert found == ["month company:calls 2026-11 95 %"]


def test_metrics_and_status_tell_of_the_month(ledger: Ledger, noon: int) -> None:
    spend(ledger, 20, noon)
    spend(ledger, 5, noon, Purpose.LOOK_UP)
    found = scraped(Metrics(ledger, {}, lambda: ()))
    assert found["month_used_ratio", "company:calls"] == 0.25
    assert (found["month_calls", "company:calls", "message"], found["month_calls", "company:calls", "look_up"]) == (
        20,
        5,
    )
    (stands,) = status(ledger, bridge(), ()).months
    assert (stands.used, stands.allowed, stands.month) == (25, 100, "2026-11")
    assert stands.outlook == "at this rate the allowance ends on Nov 13, 2026"


def test_a_quota_tells_its_windows_its_month_and_what_a_message_took(
    ledger: Ledger, limiter: Limiter, noon: int
) -> None:
    call = Budget("app:send", (Window(20, 60.0),))
    for budget in (call, CALLS):
        limiter.revive(budget, None)
    limiter.settle(limiter.acquire([call], Lane.NORMAL, 3, lease_s=5).calls)
    limiter.block(call.key, 60)
    spend(ledger, 20, noon)
    spend(ledger, 10, noon, Purpose.LOOK_UP)
    deliver(ledger, 20, noon)
    deliver(ledger, 7, noon - 15 * 86_400_000_000)
    with ledger.write() as connection:
        cursors.observe(ledger, connection, {"crm api": (250, 1000)})
    one, two, three = quotas(ledger, limiter, {"sales": (call, CALLS), "board": (call,)})
    assert (one.budget, one.users, one.month) == (call.key, ("sales", "board"), None)
    assert one.windows is not None
    assert [(each.used, each.limit, dict(each.lanes)) for each in one.windows] == [(3, 20, {"normal": 3})]
    assert 50e6 < one.blocked_until - noon <= 60e6
    assert two.month is not None
    assert (two.month.used, dict(two.month.purposes)) == (30, {"look_up": 10, "message": 20})
    assert (two.month.delivered, two.month.a_message) == (20, 1.5)
    assert (three.budget, three.told and (three.told.used, three.told.allowed)) == ("crm api", (250, 1000))


def test_a_month_that_nothing_configured_uses_is_told(ledger: Ledger, limiter: Limiter, noon: int) -> None:
    spend(ledger, 3, noon, Purpose.LOOK_UP, "company:other")
    (found,) = quotas(ledger, limiter, {})
    assert (found.budget, found.users) == ("company:other", ())
    assert found.month is not None
    assert (found.month.used, found.month.a_message) == (3, None)


def test_without_redis_the_month_is_counted_all_the_same(ledger: Ledger, noon: int) -> None:
    spend(ledger, 30, noon)
    away = Limiter(redis.Redis.from_url("unix:///nowhere/broker.sock"))
    (found,) = quotas(ledger, away, {"sales": (CALLS,)})
    assert found.windows is None
    assert found.month is not None
    assert found.month.used == 30


def test_a_look_up_is_counted_at_once(ledger: Ledger, tmp_path: Path) -> None:
    wiring = Wiring(Settings(database_url=ledger.url, state_dir=tmp_path), bridge())
    services = wiring.services()
    services.spent(CALLS, Purpose.LOOK_UP)
    services.observe("crm api", 1, 2)
    wiring.ledger.close()
    assert [(row.used, row.allowed) for row in rows(ledger, month)] == [(1, 100)]
    assert [(row.purpose, row.calls) for row in rows(ledger, spent)] == [("look_up", 1)]
    assert [(row.used, row.allowed) for row in rows(ledger, meter)] == [(1, 2)]


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    made = Installation(tmp_path, BRIDGE.replace("kind: robot,", "kind: robot, edition: standard, corp_id: c1,"))
    assert made.run("db", "upgrade").returncode == 0
    return made


def test_the_command_tells_every_quota(here: Installation) -> None:
    plain = here.run("quota")
    assert plain.returncode == 0, plain.stderr
    assert "dingtalk:address: used by sales" in plain.stdout
    assert "Redis does not answer" in plain.stdout
    told = json.loads(here.run("quota", "--json").stdout)
    key = next(each["budget"] for each in told if each["budget"].endswith(":pushes"))
    ledger = Ledger(f"sqlite:///{here.state}/ledger.sqlite3", Sealer(master_key(None, here.state / "master.key")))
    bought = Month(3_000, ZONE)
    with ledger.write() as connection:
        months.spend(ledger, connection, [Spent(key, bought, Purpose.MESSAGE, now(), 40)])
    deliver(ledger, 32, now())
    ledger.close()
    lines = here.run("quota").stdout.splitlines()
    at = lines.index(f"{key}: used by sales")
    assert any("  40 of 3000 in 20" in line and ": 40 message; the next month begins" in line for line in lines[at:])
    assert "  at this rate the allowance lasts until the month ends" in lines[at:]
    assert "  1.25 calls for each of 32 delivered messages" in lines[at:]
    (counted,) = [each["month"] for each in json.loads(here.run("quota", "--json").stdout) if each["budget"] == key]
    assert (counted["used"], counted["allowed"], counted["a_message"]) == (40, 3000, 1.25)
    assert f"of {key}: 40 of 3000 calls" in here.run("status").stdout
