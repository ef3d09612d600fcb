from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.contract import Choice, Record, Value
from pipelines.case import program
from pipelines.drift import GONE_AFTER, LEARNED, Change, Watches
from pipelines.plan import Drift, FieldMap, FieldType, Kind, Plan
from tests.worker.stand_ins import ROUTE, SHARDS, deal, plan_of, rows, store
from worker.decide import Decider
from worker.ledger import arrivals, configurations, sightings
from worker.ledger.configurations import Moved
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import NoticeState, notice, sighting
from worker.operators.drifted import drifted

FIELDS = (
    FieldMap("stage", "Stage", FieldType.CHOICE, "Stage"),
    FieldMap("amount", "Amount", FieldType.NUMBER, "Amount"),
)
WON: Mapping[str, Value] = {"Stage": Choice("Won", "Won"), "Amount": Decimal(1)}


def plan(mode: Drift) -> Plan:
    known = plan_of(replace(ROUTE, fields=("stage", "amount")))
    return replace(known, kinds={("crm", "Deal"): Kind("crm", "Deal", FIELDS, drift=mode)})


def worker(ledger: Ledger, mode: Drift) -> Decider:
    """A worker that begins now."""
    with ledger.read() as connection:
        known = Watches(sightings.known(connection))
        taken = configurations.mark(connection)
    return Decider(ledger, program(plan(mode)), 1, lambda: SHARDS, 100, taken=taken, watches=known)


def deals(first: int, count: int, fields: Mapping[str, Value] = WON) -> list[Record]:
    return [deal(f"d{number}", fields=fields) for number in range(first, first + count)]


def arrive(ledger: Ledger, mode: Drift, *records: Record) -> None:
    """Let a worker that begins now decide what arrives."""
    store(ledger, *records)
    worker(ledger, mode).step()


def reasons(ledger: Ledger) -> list[str]:
    return [row.reason for row in rows(ledger, notice) if row.state == NoticeState.HELD]


def open_changes(ledger: Ledger) -> dict[str, tuple[Change | None, str]]:
    with ledger.read() as connection:
        return {one.path: (one.sight.change, one.sight.record) for one in sightings.drifted(connection)}


def lacking(count: int) -> list[Record]:
    return deals(500, count, {"Stage": Choice("Won", "Won")})


def test_what_was_learned_outlives_the_worker_and_is_written_once(ledger: Ledger) -> None:
    arrive(ledger, Drift.EVOLVE, *deals(0, LEARNED))
    before = rows(ledger, sighting)
    assert {(row.path, row.types, row.presence) for row in before} == {
        ("Stage", "choice", "always"),
        ("Amount", "number", "always"),
    }
    arrive(ledger, Drift.EVOLVE, *deals(100, 50))
    assert rows(ledger, sighting) == before


@pytest.mark.parametrize("mode", Drift)
def test_a_field_that_vanishes_is_told_and_held_or_left_out_as_the_kind_says(ledger: Ledger, mode: Drift) -> None:
    arrive(ledger, mode, *deals(0, LEARNED))
    arrive(ledger, mode, *lacking(GONE_AFTER))
    assert open_changes(ledger) == {"Amount": (Change.GONE, f"SO-d{500 + GONE_AFTER - 1}")}
    held = GONE_AFTER if mode is Drift.HOLD else 0
    assert reasons(ledger) == ["drift"] * held
    arrive(ledger, mode, *deals(600, 2))
    # evolve: it is back; otherwise a person says so first
    assert bool(open_changes(ledger)) is (mode is not Drift.EVOLVE)
    assert reasons(ledger) == ["drift"] * (held + 2 if held else 0)


def test_what_is_accepted_is_told_again_by_every_worker(ledger: Ledger) -> None:
    arrive(ledger, Drift.HOLD, *deals(0, LEARNED))
    stays = worker(ledger, Drift.HOLD)
    arrive(ledger, Drift.HOLD, *deals(100, 1, {**WON, "Amount": "one"}))
    assert open_changes(ledger) == {"Amount": (Change.RETYPED, "SO-d100")}
    store(ledger, *deals(200, 1))
    with pytest.raises(Moved):
        stays.step()
    worker(ledger, Drift.HOLD).step()
    assert reasons(ledger) == ["wrong_type", "drift"]

    begun = worker(ledger, Drift.HOLD)
    with ledger.write() as connection:
        assert sightings.accept(ledger, connection, "crm", "Deal") == ["Amount"]
        assert sightings.accept(ledger, connection, "crm", "Deal") == []
    store(ledger, *deals(300, 1))
    with pytest.raises(Moved):
        begun.step()
    worker(ledger, Drift.HOLD).step()
    assert open_changes(ledger) == {}
    assert len(reasons(ledger)) == 2


def test_learning_disturbs_no_other_worker(ledger: Ledger) -> None:
    first, second = worker(ledger, Drift.HOLD), worker(ledger, Drift.HOLD)
    store(ledger, *deals(0, LEARNED))
    assert first.step() == LEARNED
    store(ledger, *deals(100, LEARNED, {"Stage": Choice("Won", "Won")}))
    assert second.step() == LEARNED
    # one saw it always, one never: together they know better
    assert {row.path: row.presence for row in rows(ledger, sighting)} == {"Stage": "always", "Amount": "sometimes"}


def test_what_is_pushed_is_not_measured_by_what_is_pulled(ledger: Ledger) -> None:
    arrive(ledger, Drift.HOLD, *deals(0, LEARNED))
    pulled = [
        arrivals.row(one, received_at=now(), pushed=False, baseline=False, sealer=ledger.sealer)
        for one in lacking(2 * LEARNED)
    ]
    with ledger.write() as connection:
        arrivals.add(ledger, connection, pulled)
    worker(ledger, Drift.HOLD).step()
    assert open_changes(ledger) == {}
    assert reasons(ledger) == []


def test_operators_read_the_path_the_time_and_the_record_and_no_value(ledger: Ledger) -> None:
    arrive(ledger, Drift.HOLD, *deals(0, LEARNED))
    arrive(ledger, Drift.HOLD, *deals(100, 1, {**WON, "Amount": "very secret"}))
    with ledger.read() as connection:
        [one] = sightings.drifted(connection)
    since = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert drifted(one, Drift.HOLD, since).said("Asia/Hong_Kong", "en") == (
        "Amount in Deal of crm was number and came as text at Nov 23, 2026 9:00\u202fAM with SO-d100. What would show it is "
        "held until another mapping is applied, or it is accepted: dingbridge drift ack crm Deal"
    )
    for mode in Drift:
        for change in Change:
            said = drifted(replace(one, sight=replace(one.sight, change=change)), mode, since).said("UTC", "zh_Hans_CN")
            assert "SO-d100" in said
            assert "secret" not in said
