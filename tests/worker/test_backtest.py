"""What a backtest counts: by recipient of a field, and by person over all groups, where a ledger knows them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Members, Person
from pipelines.plan import ByPerson
from tests.worker.answering.desk import OWNED, Desk
from tests.worker.answering.robots import APP
from tests.worker.answering.test_mute import deal
from tests.worker.stand_ins import MORNING, Chat
from worker.backtest import Forecast, forecast
from worker.burden import Acquaintance, Burden, burdens, shown
from worker.ledger import audiences, people
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.limiter import Limiter


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter) -> Desk:
    made = Desk(ledger, limiter)
    made.settle()
    return made


def told(desk: Desk) -> Forecast:
    """Two days of deals: of the first day three, of the second one."""
    days = [deal(1, "amy"), deal(2, "amy", "zoe"), deal(3, "ben"), deal(4, "amy")]
    records = [replace(one, stamp=one.stamp + timedelta(days=n // 3, minutes=n)) for n, one in enumerate(days)]
    (kind,) = desk.plan.kinds.values()
    plan = replace(desk.plan, kinds={("crm", "Deal"): replace(kind, start=MORNING)})
    return forecast(plan, records, {name: Chat(name) for name in ("sales", "amy", "staff")})


def known(desk: Desk, found: Forecast) -> dict[str, Collection[str]]:
    with desk.ledger.read() as connection:
        return Acquaintance(desk.plan, desk.ledger, connection).readers(found)


def by_name(made: list[Burden]) -> dict[str, tuple[float, int, str]]:
    return {one.person: (one.mean, one.most, one.busiest) for one in made}


def test_whom_a_field_names_is_counted_for_themselves(desk: Desk) -> None:
    found = told(desk)
    counted = {shown(name): count for (name, day), count in found.days.items() if day == "2026-10-06"}
    assert counted == {"sales": 3, "amy": 3, "staff: crm-amy": 2, "staff: crm-zoe": 1, "staff: crm-ben": 1}
    assert shown("staff/u-amy") == "staff: u-amy"


def test_each_person_over_all_groups_and_one_to_one(desk: Desk) -> None:
    with desk.ledger.write() as connection:
        audiences.placed(desk.ledger, connection, {"sales": "cid"})
        members = Members({"u-ben": "", "u-chen": ""}, {}, datetime.now(UTC))
        audiences.store(desk.ledger, connection, "cid", members, desk.ledger.now(connection))
    found = told(desk)
    made = burdens(found, known(desk, found), 2)
    assert by_name(made) == {
        "u-amy": (3.5, 5, "2026-10-06"),
        "u-ben": (2.5, 4, "2026-10-06"),
        "u-chen": (2.0, 3, "2026-10-06"),
        "crm: crm-zoe": (0.5, 1, "2026-10-06"),
    }
    assert [one.person for one in made] == ["u-amy", "u-ben", "u-chen", "crm: crm-zoe"]
    assert made[0].days == {"2026-10-06": 5, "2026-10-07": 2}


def test_without_a_ledger_only_whom_fields_name(desk: Desk) -> None:
    found = told(desk)
    mine = Acquaintance(desk.plan).readers(found)
    assert {one.person for one in burdens(found, mine, 2)} == {"crm: crm-amy", "crm: crm-ben", "crm: crm-zoe"}
    assert sorted(name for name, users in mine.items() if not users) == ["amy", "sales"]


def test_of_a_group_that_nobody_listed_nobody_is_counted(desk: Desk) -> None:
    found = told(desk)
    assert not known(desk, found)["sales"]
    assert known(desk, found)["amy"] == {"u-amy"}


def test_a_manager_is_counted_for_whom_they_manage(desk: Desk) -> None:
    desk.routes = (replace(OWNED, by=ByPerson("owner", "staff", (), manager=True)),)
    found = told(desk)
    assert {shown(name) for name, _ in found.days} == {"staff: crm-amy", "staff: crm-zoe", "staff: crm-ben"}
    with desk.ledger.write() as connection:
        boss = replace(Person("u-amy", "Amy", MORNING), manager="u-boss")
        people.put(desk.ledger, connection, APP, [boss], now() + MICROSECONDS)
    assert by_name(burdens(found, known(desk, found), 2)) == {"u-boss": (1.5, 2, "2026-10-06")}
    desk.routes = (*desk.routes, replace(OWNED, name="both"))
    assert not known(desk, told(desk))["staff?crm-amy"]
