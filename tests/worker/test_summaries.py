"""Scheduled summaries, on both databases: every record of which it holds, once, in the order of its last change."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.bridge import load
from config.summary import with_summaries
from connectors.contract import HIDDEN
from pipelines.plan import Route
from tests.worker.ledgers import BIG, ROUTE, Bridge, at, deal, plan_of
from tests.worker.repairs import Open
from tests.worker.stand_ins import rows
from tests.worker.test_subscriptions import Handed
from worker.jobs import jobs
from worker.ledger import snapshots
from worker.ledger.arrivals import micros
from worker.ledger.audiences import Ages
from worker.ledger.plans import dump_plan, load_plan
from worker.ledger.tables import inbox
from worker.summaries import Summariser

ASKS = Route("summary.open", "crm", "Deal", (), "", (), when='Stage == "OPEN"')


class Entry:
    """What the file says of a summary."""

    to = ("sales",)
    title = "Still open"
    lane = ROUTE.lane

    def __init__(self, *fields: str, empty: str = "skip") -> None:
        self.fields, self.empty = fields, empty


def listing(bridge: Open, *fields: str, asks: Route = ASKS, empty: str = "skip") -> Bridge:
    one = bridge()
    base = plan_of(replace(ROUTE, to=("board",), when="false"))
    entry: Any = Entry(*(fields or ("Stage", "Amount")), empty=empty)
    one.use(
        replace(
            with_summaries(base, {"open": entry}, {"open": asks}), fingerprint=f"{hash((fields, asks.when, empty)):x}"
        )
    )
    return one


def tell(one: Bridge, clock: str = "18:00") -> bool:
    one.clock.set(clock)
    said = Summariser(one.ledger, one.programs, {each.name: each for each in one.plan.summaries}).tell("open")
    one.decide()
    one.dispatch()
    return said


def arrive(one: Bridge, *states: tuple[str, str, str], **other: Any) -> None:
    for id_, stage, when in states:
        one.clock.set(when)
        one.arrive(deal(stage, when=when, id=id_, number=f"SO-{id_}", **other))


def test_every_record_of_which_it_holds_is_listed_with_number_state_and_time(bridge: Open) -> None:
    one = listing(bridge)
    arrive(one, ("1", "Open", "09:30"), ("2", "Open", "09:00"), ("3", "Open", "09:10"), ("3", "Won", "10:00"))
    assert tell(one)
    ((number, lines),) = one.chat.sent[0]["facts"]
    assert number == ""
    assert lines["Records"] == [None, "2"]
    first, second = lines["# 1"][1], lines["# 2"][1]
    assert first.startswith("SO-2 · stage: Open · amount: HKD 800,000.00 · Oct 6, 2026 9:00")
    assert second.startswith("SO-1 · stage: Open")
    assert len(lines) == 3


def test_what_a_first_scan_found_is_listed_and_what_was_deleted_is_not(bridge: Open) -> None:
    one = listing(bridge)
    one.arrive(deal("Open", id="1", number="SO-1"), deal("Open", id="2", number="SO-2"), baseline=True)
    one.clock.set("09:10")
    one.arrive(deal("Open", when="09:10", id="2", deleted=True))
    assert tell(one)
    ((_, lines),) = one.chat.sent[0]["facts"]
    assert (lines["Records"], "# 2" in lines) == ([None, "1"], False)


def test_each_is_told_anew_and_nothing_is_compared(bridge: Open) -> None:
    one = listing(bridge)
    arrive(one, ("1", "Open", "09:00"))
    assert tell(one)
    arrive(one, ("2", "Open", "19:00"))
    assert tell(one, "20:00")
    ((_, lines),) = one.chat.sent[1]["facts"]
    assert lines["Records"] == [None, "2"]
    assert all(before is None for before, _ in lines.values())


def test_without_a_record_nothing_is_sent_unless_it_is_to_be_said(bridge: Open) -> None:
    one = listing(bridge)
    arrive(one, ("1", "Won", "09:00"))
    assert not tell(one)
    assert one.chat.sent == []
    assert len(rows(one.ledger, inbox)) == 1


def test_that_there_is_none_is_said(bridge: Open) -> None:
    one = listing(bridge, empty="say")
    assert tell(one)
    assert one.chat.sent[0]["facts"] == [["", {"Records": [None, "0"]}]]


def test_a_record_that_cannot_be_judged_is_counted(bridge: Open) -> None:
    one = listing(bridge, asks=replace(ASKS, when="big", thresholds=(BIG,)))
    arrive(one, ("1", "Open", "09:00"), fields={"Currency": "USD"})
    arrive(one, ("2", "Open", "09:00"), fields={"StageName": HIDDEN})
    assert tell(one)
    assert one.chat.sent[0]["facts"] == [["", {"Records": [None, "0"], "Not readable": [None, "1"]}]]


def test_what_not_everybody_may_see_is_withheld_as_a_whole(bridge: Open) -> None:
    one = listing(bridge, "Margin")
    arrive(one, ("1", "Open", "09:00"), fields={"Margin": Decimal(12)})
    assert tell(one)
    assert one.chat.sent[0]["facts"] == [["", {"Records": [None, "1"]}]]


def test_all_pages_are_read(bridge: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "PAGE", 2)
    one = listing(bridge)
    arrive(one, *((str(number), "Open", "09:00") for number in range(7)))
    assert tell(one)
    assert one.chat.sent[0]["facts"][0][1]["Records"] == [None, "7"]


def test_a_summary_that_is_gone_makes_nothing(bridge: Open) -> None:
    one = listing(bridge)
    gone: dict[str, Any] = {}
    assert not Summariser(one.ledger, one.programs, gone).tell("open")


def test_the_ledger_remembers_what_was_listed_by_which_condition(bridge: Open) -> None:
    one = listing(bridge)
    assert load_plan(dump_plan(one.plan)).summaries == one.plan.summaries


def test_a_summary_is_a_job_of_its_own_that_a_worker_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "example-key-0123456789")
    monkeypatch.setenv("HOOK", "https://oapi.dingtalk.com/robot/send?access_token=example")
    file = tmp_path / "bridge.yaml"
    file.write_text(FILE)
    handed = Handed()
    job = jobs(load(file), handed, Ages())["summary.open"]  # type: ignore[arg-type]  # it hands out as the real one does
    begin = micros(at("17:59"))
    assert job.first(begin) == micros(at("18:00"))
    assert job.next(micros(at("18:00"))) == micros(at("18:00", "2026-10-07"))
    assert job.start(60.0)
    assert handed.tasks == [("summary", "open")]


FILE = """
version: 1
sources:
  shop:
    connector: generic
    settings: {signature: {keys: [env:SHOP_KEY]}, kind: order, id: id}
    kinds: {order: {fields: {state: {path: state, type: text}}}}
destinations:
  sales: {connector: dingtalk, zone: UTC, locale: en, settings: {kind: robot, webhook: env:HOOK}}
routes:
  all: {from: shop.order, to: sales, title: Order, fields: [state]}
summaries:
  open:
    {from: shop.order, when: state == 'open', at: 0 18 * * *, zone: Asia/Hong_Kong, to: sales, title: Open, fields: [state]}
"""
