from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from connectors.contract import Money
from pipelines.notice import Notice
from pipelines.plan import Compare, FieldMap, FieldType, Mode, Threshold
from pipelines.plan import Kind as KindOfRecord
from tests.worker.stand_ins import KIND, SHARDS, deal, decider, plan_of, route, rows, store
from worker.ledger import arrivals, decisions
from worker.ledger.decisions import NOTICE, Batch, Contested
from worker.ledger.engine import Ledger
from worker.ledger.tables import InboxState, NoticeState, Step, inbox, notice, snapshot, trail


def states(ledger: Ledger) -> list[InboxState]:
    return [InboxState(row.state) for row in rows(ledger, inbox)]


def told(ledger: Ledger) -> list[Notice]:
    """The notices, opened."""
    keys = {row.seq: row.data_key for row in rows(ledger, inbox)}
    return [
        Notice.load(ledger.sealer.open(keys[row.seq]).unseal(row.payload, NOTICE), row.destination)
        for row in rows(ledger, notice)
    ]


def reasons(ledger: Ledger) -> list[tuple[Step, str]]:
    return [(Step(row.step), row.reason) for row in rows(ledger, trail)]


def test_an_event_becomes_a_notice_for_each_destination(ledger: Ledger) -> None:
    plan = plan_of(route("a", "sales", "board"), route("b", "sales"))
    store(ledger, deal("d1", "Won"))
    assert decider(ledger, plan).step() == 1
    found = [(n.route, n.destination, n.number, n.fields["stage"]) for n in told(ledger)]
    assert [each[:3] for each in found] == [("a", "sales", "SO-d1"), ("a", "board", "SO-d1"), ("b", "sales", "SO-d1")]
    assert states(ledger) == [InboxState.DECIDED]
    assert [row.state for row in rows(ledger, notice)] == [NoticeState.WAITING] * 3
    assert decider(ledger, plan).step() == 0


def test_states_of_one_record_in_one_batch_are_compared_with_one_another(ledger: Ledger) -> None:
    store(ledger, deal(stage="Open", minute=0), deal(stage="Won", minute=1), deal(stage="Won", minute=2))
    assert decider(ledger, plan_of()).step() == 3
    one, two = told(ledger)
    assert (one.new, two.new) == (True, False)
    assert two.before == {"stage": one.fields["stage"]}
    # the third told nothing new
    assert reasons(ledger)[-1] == (Step.DECIDED, "unchanged")
    (state,) = rows(ledger, snapshot)
    assert state.seq == 3


def test_an_older_state_changes_nothing(ledger: Ledger) -> None:
    store(ledger, deal(stage="Won", minute=5))
    decider(ledger, plan_of()).step()
    store(ledger, deal(stage="Open", minute=1))
    decider(ledger, plan_of()).step()
    assert reasons(ledger)[-1] == (Step.DECIDED, "older")
    assert len(rows(ledger, notice)) == 1
    assert rows(ledger, snapshot)[0].seq == 1


def test_a_first_scan_is_known_and_told_to_nobody(ledger: Ledger) -> None:
    store(ledger, deal(), baseline=True)
    decider(ledger, plan_of()).step()
    assert rows(ledger, notice) == []
    assert len(rows(ledger, snapshot)) == 1
    store(ledger, deal(stage="Won", minute=1))
    decider(ledger, plan_of()).step()
    assert [n.fields["stage"] for n in told(ledger)] == [deal(stage="Won").fields["Stage"]]


def test_a_kind_that_is_not_mapped_is_recorded(ledger: Ledger) -> None:
    store(ledger, deal(kind="Lead"))
    decider(ledger, plan_of()).step()
    assert reasons(ledger) == [(Step.DECIDED, "unmapped")]
    assert rows(ledger, snapshot) == []


def test_a_shadow_route_records_and_sends_nothing(ledger: Ledger) -> None:
    store(ledger, deal())
    decider(ledger, plan_of(route("shadow", mode=Mode.SHADOW), route("live"))).step()
    assert [row.route for row in rows(ledger, notice)] == ["live"]


def test_a_contested_batch_writes_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of()
    store(ledger, deal("d1"), deal("d2"))
    slow, fast = decider(ledger, plan), decider(ledger, plan)
    opened = arrivals.open_arrival
    overtaken = False

    def overtake(*given: Any) -> Any:
        nonlocal overtaken
        if not overtaken:
            # the other worker decides one of the two rows after this one has read both
            overtaken = True
            assert replace(fast, batch=1).step() == 1
        return opened(*given)

    monkeypatch.setattr(arrivals, "open_arrival", overtake)
    assert slow.step() == 2
    assert states(ledger) == [InboxState.DECIDED, InboxState.NEW]
    assert [n.record_id for n in told(ledger)] == ["d1"]
    assert len(rows(ledger, trail)) == 1
    assert slow.step() == 1
    assert [n.record_id for n in told(ledger)] == ["d1", "d2"]


def test_writing_a_decision_twice_is_contested(ledger: Ledger) -> None:
    store(ledger, deal())
    with ledger.read() as connection:
        (row,) = arrivals.undecided(connection, SHARDS, 10)
    one = decider(ledger, plan_of())
    decided = one._decide(arrivals.open_arrival(ledger.sealer, row), {}, datetime.now(UTC))
    with ledger.write() as connection:
        decisions.write(ledger, connection, decisions.sealed(Batch([decided], [], {}, 1)))
    with pytest.raises(Contested), ledger.write() as connection:
        decisions.write(ledger, connection, decisions.sealed(Batch([decided], [], {}, 1)))
    assert len(rows(ledger, notice)) == len(rows(ledger, trail)) == 1


def spoil(ledger: Ledger, id_: str, **values: Any) -> None:
    with ledger.write() as connection:
        connection.execute(update(inbox).where(inbox.c.record_id == id_).values(**values))


def test_a_row_that_cannot_be_read_does_not_stop_the_others(ledger: Ledger) -> None:
    store(ledger, deal("d1"), deal("d2"), deal("d3"), deal("d4"))
    with ledger.read() as connection:
        payload = connection.execute(select(inbox.c.payload).where(inbox.c.record_id == "d1")).scalar_one()
    spoil(ledger, "d2", payload=payload)
    spoil(ledger, "d3", data_key=None)
    assert decider(ledger, plan_of()).step() == 4
    assert states(ledger) == [
        InboxState.DECIDED,
        InboxState.UNREADABLE,
        InboxState.UNREADABLE,
        InboxState.DECIDED,
    ]
    assert [n.record_id for n in told(ledger)] == ["d1", "d4"]
    said = {row.seq: row.detail for row in rows(ledger, trail) if row.step == Step.UNREADABLE}
    assert "does not fit its key" in said[2]
    assert "data key was erased" in said[3]
    # its bytes are still there, for whoever finds out why
    assert rows(ledger, inbox)[1].payload == payload


def test_a_fault_of_ours_is_written_down_without_the_value_that_it_met(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: Any) -> Any:
        raise ValueError("invalid literal: 'a-very-secret-value'")

    monkeypatch.setattr("worker.decide.decide", fault)
    store(ledger, deal())
    decider(ledger, plan_of()).step()
    (entry,) = rows(ledger, trail)
    assert entry.step == Step.UNREADABLE
    assert "ValueError" in entry.detail
    assert "secret" not in entry.detail


def test_a_record_that_was_erased_starts_anew(ledger: Ledger) -> None:
    store(ledger, deal(stage="Open"))
    decider(ledger, plan_of()).step()
    with ledger.write() as connection:
        connection.execute(update(snapshot).values(data_key=None))
    store(ledger, deal(stage="Won", minute=1))
    decider(ledger, plan_of()).step()
    assert told(ledger)[-1].new


def test_only_the_shards_of_this_worker_are_looked_at(ledger: Ledger) -> None:
    store(ledger, *(deal(f"d{n}") for n in range(30)))
    halves = frozenset(range(32)), SHARDS - frozenset(range(32))
    first = decider(ledger, plan_of(), halves[0]).step()
    assert 0 < first < 30
    assert all(row.shard < 32 for row in rows(ledger, inbox) if row.state == InboxState.DECIDED)
    assert first + decider(ledger, plan_of(), halves[1]).step() == 30


def test_a_batch_is_no_larger_than_it_may_be_and_goes_by_arrival(ledger: Ledger) -> None:
    store(ledger, *(deal(f"d{n}") for n in range(5)))
    one = decider(ledger, plan_of(), batch=2)
    assert [one.step() for _ in range(4)] == [2, 2, 1, 0]
    assert [n.record_id for n in told(ledger)] == [f"d{n}" for n in range(5)]


def test_what_is_held_waits_and_its_reason_is_written(ledger: Ledger) -> None:
    amount = FieldMap("amount", "Amount", FieldType.MONEY, "Amount", currency_path="Currency")
    big = Threshold("big", "amount", Compare.AT_LEAST, Money(deal().fields["Amount"], "HKD"))  # type: ignore[arg-type]  # a Decimal
    plan = plan_of(route("big", thresholds=(big,), when="big", fields=("amount",)))
    plan = replace(plan, kinds={("crm", "Deal"): KindOfRecord("crm", "Deal", (*KIND.fields, amount))})
    store(ledger, deal())
    decider(ledger, plan).step()
    (row,) = rows(ledger, notice)
    assert (row.state, row.reason, row.detail) == (NoticeState.HELD, "no_currency", "amount")


def test_long_texts_of_a_source_fit_the_columns(ledger: Ledger) -> None:
    # SQLite keeps any length; PostgreSQL would refuse the whole batch, again and again
    store(ledger, deal(number="n" * 999, url="https://crm.example/" + "u" * 9999))
    decider(ledger, plan_of()).step()
    (state,) = rows(ledger, snapshot)
    assert (len(state.number), len(state.url)) == (255, 2048)
