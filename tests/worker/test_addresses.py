"""Who is told, on both databases: by a table, along a tree; and what is said of it."""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import HIDDEN
from pipelines.plan import ByField
from tests.worker.ledgers import ROUTE, Bridge, deal, plan_of
from tests.worker.repairs import Open, released
from tests.worker.stand_ins import rows
from worker.ledger.tables import notice

TABLE = replace(ROUTE, to=("board", "sales"), by=ByField("Stage", {"WON": ("board",)}, ("sales",)))


def told(one: Bridge) -> list[str]:
    return [row.destination for row in rows(one.ledger, notice)]


def test_a_table_chooses_and_the_story_says_by_what(bridge: Open) -> None:
    one = bridge(TABLE)
    one.arrive(deal("Won"))
    one.arrive(deal("Lost", when="09:05"))
    assert told(one) == ["board", "sales"]
    assert "Route deals: to be told to board, because stage was Won (WON)." in one.told()
    assert "Route deals: to be told to sales, the fallback of its table, because stage was Lost (LOST)." in one.told()


def test_what_could_not_be_addressed_goes_to_the_fallback_when_it_is_released(bridge: Open) -> None:
    one = bridge(TABLE)
    one.arrive(deal(fields={"StageName": HIDDEN}))
    one.arrive(deal("Lost", when="09:05", id="d2"))
    (held,) = released(one, 1, by=plan_of(replace(ROUTE, to=("sales",), fields=("Amount",))))
    assert held.became == "waits"
    assert told(one) == ["sales", "sales"]


def test_the_story_says_which_route_took_it(bridge: Open) -> None:
    one = bridge(replace(ROUTE, ends=True), replace(ROUTE, name="late"), replace(ROUTE, name="rest", fallback=True))
    one.arrive(deal())
    assert told(one) == ["sales"]
    assert "Route late: not sent, because route deals took it" in one.told()
    assert "Route rest: not sent, because route deals took it" in one.told()
