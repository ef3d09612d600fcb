from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from connectors.contract import Delivery, Outcome
from tests.worker.stand_ins import Chat, deal, decider, plan_of, store
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.ledger import cursors, refusals
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.freshness import Way
from worker.ledger.tables import NoticeState, inbox, message, notice, trail
from worker.limiter import Limiter
from worker.operators.metrics import PARTS, Metrics, parts


def scraped(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, by the labels' names."""
    text = metrics.render().decode()
    families = text_string_to_metric_families(text)
    return {(s.name.removeprefix("dingbridge_"), *s.labels.values()): s.value for f in families for s in f.samples}


@pytest.fixture
def metrics(ledger: Ledger) -> Metrics:
    counted = Metrics(ledger, {("crm", "Deal"): timedelta(seconds=60)}, lambda: ("w1", "w2"))
    counted.begin()
    return counted


def dispatched(ledger: Ledger, limiter: Limiter, *answers: Delivery) -> None:
    plan = plan_of()
    chat = Chat()
    chat.answers.extend(answers)
    dispatcher = Dispatcher(
        ledger, limiter, plan, {"sales": Channel("sales", chat, chat.budgets())}, Crew("w1", list, 2, 30.0)
    )
    while decider(ledger, plan).step():
        continue
    while dispatcher.work():
        continue
    dispatcher.close()


def set_all(ledger: Ledger, table: Any, **values: int) -> None:
    with ledger.write() as connection:
        connection.execute(update(table).values(**values))


def test_the_parts_add_up_to_the_time_from_the_source_to_the_screen() -> None:
    s = MICROSECONDS
    pulled = Way("crm", "Deal", False, 100 * s, 190 * s, 191 * s, 195 * s, 197 * s)
    found = parts(pulled, timedelta(seconds=60))
    assert found == {"source": 30, "poll": 60, "queue": 1, "quota": 4, "quiet_hours": 0, "dingtalk": 2}
    assert sum(found.values()) == 97
    pushed = Way("crm", "Deal", True, 100 * s, 190 * s, 191 * s, 195 * s, 197 * s)
    assert parts(pushed, timedelta(seconds=60)) == {**found, "source": 90, "poll": 0}
    ahead = Way("crm", "Deal", True, 300 * s, 190 * s, 191 * s, 195 * s, 197 * s)
    assert parts(ahead, None)["source"] == 0


def test_what_was_shown_is_counted_once_with_where_its_time_went(
    ledger: Ledger, limiter: Limiter, metrics: Metrics
) -> None:
    store(ledger, deal())
    dispatched(ledger, limiter)
    at = now()
    set_all(ledger, notice, source_at=at - 100 * MICROSECONDS, created_at=at - 20 * MICROSECONDS)
    set_all(ledger, inbox, received_at=at - 40 * MICROSECONDS)
    set_all(ledger, message, first_sent_at=at - 12 * MICROSECONDS)
    set_all(ledger, trail, at=at - 10 * MICROSECONDS)
    for _ in range(2):
        found = scraped(metrics)
        assert found["sends_total", "sales", "delivered"] == 1
        sums = {part: found["freshness_seconds_sum", part] for part in ("total", *PARTS)}
        assert sums == {
            "total": 90,
            "source": 60,
            "poll": 0,
            "queue": 20,
            "quota": 8,
            "quiet_hours": 0,
            "dingtalk": 2,
        }
        assert found["freshness_seconds_bucket", "120.0", "total"] == 1
        assert found["freshness_seconds_bucket", "60.0", "total"] == 0


def test_a_restart_counts_nothing_of_before(ledger: Ledger, limiter: Limiter) -> None:
    store(ledger, deal())
    dispatched(ledger, limiter)
    set_all(ledger, trail, at=now() - 10 * MICROSECONDS)
    anew = Metrics(ledger, {}, lambda: ())
    anew.begin()
    assert scraped(anew)["freshness_seconds_count", "total"] == 0


def test_the_backlog_is_told_by_what_it_waits_for(ledger: Ledger, limiter: Limiter, metrics: Metrics) -> None:
    store(ledger, deal("d1"), deal("d2"), received_at=now() - 50 * MICROSECONDS)
    found = scraped(metrics)
    assert found["undecided",] == 2
    assert 50 <= found["oldest_seconds", "undecided"] < 80
    while decider(ledger, plan_of()).step():
        continue
    assert scraped(metrics)["backlog", "sales", "queue"] == 2
    dispatched(ledger, limiter, Delivery(Outcome.MISCONFIGURED, "310000", "wrong secret"), Delivery(Outcome.REFUSED))
    found = scraped(metrics)
    assert found["backlog", "sales", "misconfigured"] == 1
    assert found["given_up", "sales"] == 1
    set_all(ledger, notice, state=int(NoticeState.HELD))
    assert scraped(metrics)["held", "told"] == 2


def test_workers_refusals_and_vendor_quotas_are_told(ledger: Ledger, metrics: Metrics) -> None:
    with ledger.write() as connection:
        refusals.count(ledger, connection, {("crm", "bad_signature"): 3})
        cursors.observe(ledger, connection, {"crm api": (250, 1000)})
    found = scraped(metrics)
    assert found["workers",] == 2
    assert found["pushes_refused_total", "bad_signature", "crm"] == 3
    assert found["vendor_quota_used_ratio", "crm api"] == 0.25
