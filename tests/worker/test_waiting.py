"""What a turn looks at: the newest state of the records that have waited longest, and every lane however long another is."""

from __future__ import annotations

from dataclasses import replace

from pipelines.notice import Notice
from pipelines.plan import Lane
from tests.worker.office import Office
from tests.worker.stand_ins import deal, plan_of, route
from worker.ledger.decisions import LANES
from worker.ledger.waiting import waiting


def found(office: Office, records: int, *lanes: Lane) -> list[Notice]:
    with office.ledger.read() as connection:
        wanted = tuple(map(LANES.index, lanes or LANES))
        return [one.notice for one in waiting(office.ledger, connection, "sales", wanted, records)]


def test_an_approval_is_found_behind_a_long_queue(office: Office) -> None:
    boss = route("boss", lane=Lane.APPROVAL, when='stage == "Signed"')
    office = replace(office, plan=plan_of(route("all", when='stage != "Signed"'), boss))
    office.tell(*(deal(f"d{n}") for n in range(10)), deal("late", "Signed"))
    assert [one.record_id for one in found(office, 2)] == ["d0", "d1", "late"]
    assert [one.record_id for one in found(office, 2, Lane.APPROVAL)] == ["late"]


def test_of_a_record_all_that_waits_is_found_however_much_came_in_between(office: Office) -> None:
    office.tell(*(deal(f"d{n}") for n in range(10)), deal("d0", "Won", 1))
    assert [(one.record_id, one.new) for one in found(office, 1)] == [("d0", True), ("d0", False)]


def test_a_state_in_a_lane_that_rests_comes_with_one_that_may_go(office: Office) -> None:
    urgent = route("all", lane=Lane.URGENT)
    office.tell(deal("d0"))
    replace(office, plan=plan_of(urgent)).tell(deal("d0", "Won", 1))
    assert [one.lane for one in found(office, 5, Lane.URGENT)] == [Lane.NORMAL, Lane.URGENT]
