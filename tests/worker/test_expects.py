"""A rule over two sources, on both databases: won in one, and no order in the other in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from connectors.contract import HIDDEN, Choice, Record
from pipelines.plan import Destination, Expects, FieldMap, FieldType, Kind, Plan, Route, Wait
from tests.worker.ledgers import ROUTE, ZONE, Bridge, at, deal
from tests.worker.repairs import Open
from tests.worker.stand_ins import rows
from tests.worker.test_timers import at_clock, told
from worker.ledger.tables import NoticeState, Step, lookup, notice, trail

T = FieldType
DEAL = Kind(
    "crm", "Deal", (FieldMap("Stage", "StageName", T.CHOICE, "stage"), FieldMap("ref", "Ref", T.TEXT, "reference"))
)
ORDER = Kind("erp", "Order", (FieldMap("deal", "deal", T.TEXT, "deal"), FieldMap("open", "open", T.BOOL, "open")))
ASKS = Route("won.expects", "erp", "Order", (), "", (), when="open")
WON = replace(
    ROUTE,
    name="won",
    when='Stage == "WON"',
    fields=("Stage",),
    wait=Wait(after=timedelta(hours=4)),
    expects=Expects("deal", "ref", ASKS),
)
STEP = replace(WON, name="won.escalation-1", to=("board",), wait=Wait(after=timedelta(hours=2), escalates="won"))


def start(bridge: Open, *routes: Route) -> Bridge:
    one = bridge()
    one.use(plan(*(routes or (WON,))))
    return one


def plan(*routes: Route) -> Plan:
    groups = {name: Destination(name, ZONE, "en") for name in ("sales", "board")}
    kinds = {("crm", "Deal"): DEAL, ("erp", "Order"): ORDER}
    return Plan(f"{hash(repr(routes)):x}", kinds, routes, groups)


def won(one: Bridge, when: str = "09:00", ref: Any = "R-1") -> None:
    one.clock.set(when)
    one.arrive(deal("Won", when=when, fields={"Ref": ref, "StageName": Choice("WON", "Won")}))


def order(ref: Any = "R-1", when: str = "10:00", id_: str = "o1", **other: Any) -> Record:
    record = Record("erp", "Order", id_, when, at(when), {"deal": ref, "open": True}, number="PO-1")
    return replace(record, **other)


def ordered(one: Bridge, record: Record, **how: Any) -> None:
    one.clock.time = record.stamp
    one.arrive(record, **how)


def timed(one: Bridge) -> list[str]:
    return [row.reason for row in rows(one.ledger, trail) if row.step == Step.TIMED]


def test_without_the_order_it_is_told_when_the_time_is_over(bridge: Open) -> None:
    one = start(bridge)
    won(one)
    ordered(one, order("R-2"))
    assert (at_clock(one, "12:59"), told(one)) == (0, [])
    assert (at_clock(one, "13:00"), told(one)) == (1, [("won", "sales", 1)])
    assert "Route won: waits. It tells if no Order of erp with the same reference is there within 4 h." in one.told()
    assert "Route won: its time came, and its rule still held: to be told to sales." in one.told()


@pytest.mark.parametrize("how", [{}, {"baseline": True}])
def test_with_the_order_nobody_is_told(bridge: Open, how: dict[str, Any]) -> None:
    one = start(bridge)
    won(one)
    ordered(one, order(), **how)
    assert (at_clock(one, "13:00"), told(one), timed(one)) == (1, [], ["met"])
    assert "nothing was told, because what it expects was there." in one.told()
    assert at_clock(one, "23:00") == 0


def test_an_order_that_does_not_fulfil_the_condition_or_is_gone_is_none(bridge: Open) -> None:
    one = start(bridge)
    won(one)
    ordered(one, order(fields={"deal": "R-1", "open": False}))
    ordered(one, order(id_="o2"))
    ordered(one, order(id_="o2", when="10:30", deleted=True, fields={}))
    ordered(one, order(id_="o3"))
    ordered(one, order("R-3", id_="o3", when="11:00"))
    assert (at_clock(one, "13:00"), told(one)) == (1, [("won", "sales", 1)])


def test_an_order_that_was_known_before_the_rule_counts(bridge: Open) -> None:
    one = start(bridge)
    for number in range(3):
        ordered(one, order(f"R-{number}", id_=f"o{number}", when="08:00"))
    with one.ledger.write() as connection:
        connection.execute(delete(lookup))
    won(one)
    assert (at_clock(one, "13:00"), told(one), timed(one)) == (1, [], ["met"])
    assert len(rows(one.ledger, lookup)) == 3


def test_an_order_that_arrived_in_time_is_decided_first(bridge: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = start(bridge)
    won(one)
    with monkeypatch.context() as undecided:
        undecided.setattr(Bridge, "decide", lambda _: None)
        ordered(one, order(when="12:59"))
    assert (at_clock(one, "13:01"), told(one)) == (0, [])
    one.decide()
    assert (told(one), timed(one)) == ([], ["met"])


@pytest.mark.parametrize(("ref", "reason"), [(None, "required_missing"), (HIDDEN, "field_hidden")])
def test_without_a_key_it_is_held(bridge: Open, ref: Any, reason: str) -> None:
    one = start(bridge)
    won(one, ref=ref)
    assert at_clock(one, "13:00") == 1
    assert [(row.state, row.reason, row.detail) for row in rows(one.ledger, notice)] == [
        (NoticeState.HELD, reason, "ref")
    ]


def test_an_order_that_cannot_be_read_is_a_question_for_a_person(bridge: Open) -> None:
    one = start(bridge)
    won(one)
    ordered(one, order(fields={"deal": "R-1", "open": HIDDEN}))
    assert at_clock(one, "13:00") == 1
    assert [(row.state, row.reason) for row in rows(one.ledger, notice)] == [(NoticeState.HELD, "field_hidden")]


def test_a_deal_that_is_no_longer_won_expects_nothing(bridge: Open) -> None:
    one = start(bridge)
    won(one)
    one.clock.set("10:00")
    one.arrive(deal("Lost", when="10:00"))
    assert (at_clock(one, "23:00"), told(one)) == (0, [])


def test_a_late_order_ends_the_escalation(bridge: Open) -> None:
    one = start(bridge, WON, STEP)
    won(one)
    assert at_clock(one, "13:00") == 1
    ordered(one, order(when="14:00"))
    assert (at_clock(one, "15:00"), told(one), timed(one)) == (1, [("won", "sales", 1)], ["told", "met"])


def test_no_value_stands_in_the_table(bridge: Open) -> None:
    one = start(bridge)
    ordered(one, order("R-1"))
    ordered(one, order("R-1", id_="o2"))
    first, second = rows(one.ledger, lookup)
    assert first.mark == second.mark == one.ledger.sealer.mark("R-1")
    assert b"R-1" not in first.mark
