"""When, by which route and why: what an answer says, and that it holds no value which its readers were not shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete

from connectors.contract import Delivery, Members, Outcome
from pipelines.clearances import Clearance, Clearances
from pipelines.plan import Compare, FieldMap, FieldType, Policy, Route, Threshold
from tests.worker.answering.chats import BOTH, Enter, ask, in_group
from tests.worker.company import APP as OFFICE
from tests.worker.company import Company, person
from tests.worker.ledgers import BIG, FIELDS, ROUTE, WORD, deal, plan_of
from tests.worker.repairs import Open, released, replayed
from worker.ledger import audiences
from worker.ledger.engine import MICROSECONDS
from worker.ledger.tables import audience, plan

LOW = Threshold("low", "Margin", Compare.AT_MOST, Decimal(17))


def test_when_by_which_route_and_why(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, when='Stage == "PROP" && big && changed.Stage && is_new', thresholds=(BIG,)))
    one.arrive(deal("Proposal", 1_200_000, when="09:01"))
    one.clock.set("09:02")
    one.dispatch()
    said = ask(one, enter(one))
    assert "Deal SO-1042" in said
    assert "Oct 6, 2026 9:02" in said
    assert "https://crm.example/d1" in said
    assert "Told in: board" in said
    assert "Why: stage was Proposal; amount was HKD 1,200,000.00, and big means at least HKD 1,000,000.00; " in said
    assert "stage had changed; the record was new" in said
    assert "PROP" not in said, "the code was never shown"


def test_a_route_without_a_condition_tells_every_change(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    one.arrive(deal())
    one.dispatch()
    assert "Why: every change is told here" in ask(one, enter(one))


def test_what_a_field_had_to_equal_is_told(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, equals={"Stage": "PROP"}, when="present.Amount && !deleted"))
    one.arrive(deal())
    one.dispatch()
    assert "Why: stage was Proposal; amount was filled in; the record was not deleted" in ask(one, enter(one))


def test_what_was_withheld_is_counted_and_not_named(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, fields=("Stage", "Margin"), when="low && present.Margin", thresholds=(LOW,)))
    one.arrive(deal(fields={"Margin": Decimal("12.5")}))
    one.dispatch()
    said = in_group(one, enter(one))
    assert "Not everybody here may see all of this: 1 field withheld." in said
    assert "1 value counted that is not shown here" in said
    for secret in ("margin", "12.5", "low", "17"):
        assert secret not in said.lower()


def test_what_the_route_does_not_show_is_not_named_either(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, fields=("Stage",), when="big && changed.Amount", thresholds=(BIG,)))
    one.arrive(deal(amount=1_200_000))
    one.dispatch()
    said = ask(one, enter(one))
    assert "Why: 1 value counted that is not shown here" in said
    assert "1,200,000" not in said
    assert "1,000,000" not in said


def test_what_its_readers_may_no_longer_see_is_not_repeated(bridge: Open, enter: Enter) -> None:
    route = replace(BOTH, fields=("Stage", "Margin"), when="low", thresholds=(LOW,))
    one = bridge(route, word=WORD)
    one.arrive(deal(fields={"Margin": Decimal("12.5")}))
    one.dispatch()
    room = enter(one)
    assert "margin was 12.5, and low means at most 17" in in_group(one, room)
    one.use(plan_of(route))
    assert "12.5" not in in_group(one, room)


@pytest.mark.parametrize(("then", "now"), [("pointer", "pointer"), ("pointer", "withhold"), ("withhold", "pointer")])
def test_what_was_or_is_only_pointed_to_is_not_named(bridge: Open, enter: Enter, then: str, now: str) -> None:
    route = replace(BOTH, when="big", thresholds=(BIG,), policy=Policy(then))
    one = bridge(route)
    one.arrive(deal(amount=1_200_000))
    one.dispatch()
    one.use(plan_of(replace(route, policy=Policy(now))))
    said = ask(one, enter(one))
    assert "Why: 1 value counted that is not shown here" in said
    assert "1,200,000" not in said


def test_the_three_newest_are_told(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    for minute, stage in enumerate(("One", "Two", "Three", "Four")):
        one.arrive(deal(stage, when=f"09:0{minute}"))
        one.clock.set(f"09:0{minute}")
        one.dispatch()
    said = ask(one, enter(one))
    assert [said.count(f"9:0{minute}") for minute in range(4)] == [0, 1, 1, 1]
    assert said.index("9:03") < said.index("9:02")


def test_without_a_number_it_is_what_was_told_last(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    one.arrive(deal())
    one.dispatch()
    one.clock.set("09:10")
    one.arrive(deal(id="d2", number="SO-1044", when="09:10"))
    one.dispatch()
    said = ask(one, enter(one), "/why")
    assert "SO-1044" in said
    assert "SO-1042" not in said


def test_of_a_digest_it_says_so(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.tap.room = 1
    one.arrive(deal(), deal(id="d2", number="SO-1044"), deal(id="d3", number="SO-1046"))
    one.dispatch()
    room = enter(one)
    said = in_group(one, room, "/why SO-1044")
    assert "It came in one message with 2 other facts." in said


def test_late_for_each_reason(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    one.chat.answers.append(Delivery(Outcome.RETRY, "-1", "busy", timedelta(minutes=1)))
    one.clock.set("09:10")
    one.arrive(deal(when="09:00"))
    one.clock.set("09:30")
    one.dispatch()
    one.clock.set("09:35")
    one.dispatch()
    said = in_group(one, enter(one))
    assert "It came 35 minutes after it happened: 10 minutes until the system told of it; 20 minutes in line" in said
    assert "5 minutes until the message was taken, in 2 attempts" in said


def test_what_was_held_says_for_how_long(bridge: Open, enter: Enter) -> None:
    route = replace(ROUTE, fields=("Stage", "Margin"), required=("Margin",))
    one = bridge(route)
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    one.clock.set("11:00")
    one.use(plan_of(route, word=WORD))
    released(one)
    one.dispatch()
    said = in_group(one, enter(one))
    assert "2 hours held until somebody released it" in said


def test_what_came_soon_is_not_called_late(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    one.arrive(deal())
    one.clock.set("09:01")
    one.dispatch()
    assert "after it happened" not in in_group(one, enter(one))


def test_what_was_told_again_says_so(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.arrive(deal())
    one.dispatch()
    one.clock.set("12:00")
    replayed(one, 1)
    one.dispatch()
    said = in_group(one, enter(one))
    assert "It was told again because somebody asked for it." in said


def test_without_the_plan_of_then_it_says_when_and_not_why(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.arrive(deal())
    one.dispatch()
    with one.ledger.write() as connection:
        connection.execute(delete(plan))
    said = in_group(one, enter(one))
    assert "SO-1042" in said
    assert "Why:" not in said


def test_a_list_of_withheld_fields_that_was_cut_withholds_all(bridge: Open, enter: Enter) -> None:
    names = [f"Secret{n:03}" for n in range(80)]
    hidden = tuple(FieldMap(name, name, FieldType.TEXT, name.lower(), data_class="finance") for name in names)
    route: Route = replace(ROUTE, fields=(*names, "Stage"), when='Secret079 == "x" || Stage == "PROP"')
    one = bridge()
    one.use(plan_of(route, fields=(*FIELDS, *hidden)))
    one.arrive(deal(fields=dict.fromkeys(names, "x")))
    one.dispatch()
    one.use(plan_of(route, fields=(*FIELDS, *hidden), word=WORD))
    assert "was x" not in in_group(one, enter(one))


@pytest.mark.parametrize(
    ("known", "named"),
    [
        ({}, True),
        ({"stale_at": 9}, False),
        ({"outsiders": 1}, False),
        ({"minutes": 2}, False),
    ],
    ids=["all are known", "news came since", "somebody from outside", "asked for too long ago"],
)
def test_before_a_group_is_named_what_all_of_it_may_see_now(
    bridge: Open, enter: Enter, known: dict[str, int], named: bool
) -> None:
    one = bridge(replace(BOTH, fields=("Stage", "Margin"), when="low", thresholds=(LOW,)), word=WORD)
    one.arrive(deal(fields={"Margin": Decimal("12.5")}))
    one.dispatch()
    room = enter(one)
    read_at = one.clock() - known.get("minutes", 0) * 60 * MICROSECONDS
    with one.ledger.write() as connection:
        audiences.placed(one.ledger, connection, {"sales": "g1"})
        row = {
            "place": "g1",
            "state": "listed",
            "people": 3,
            "read_at": read_at,
            "outsiders": known.get("outsiders", 0),
        }
        connection.execute(audience.insert(), {**row, "stale_at": read_at if "stale_at" in known else 0})
    assert ("12.5" in in_group(one, room)) is named
    assert "12.5" in ask(one, room), "who was sent it alone is told it alone"


def test_of_a_class_that_has_clearances_only_who_is_cleared_is_told(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, fields=("Stage", "Margin"), when="low", thresholds=(LOW,)), word=WORD)
    one.arrive(deal(fields={"Margin": Decimal("12.5")}))
    one.dispatch()
    company = Company(one.ledger, {"u-boss": person("u-boss")}, {"r-control": {"u-boss"}})
    company.read()
    groups = {name: replace(each, application=OFFICE) for name, each in one.plan.destinations.items()}
    ruled = Clearances((Clearance("finance", OFFICE, roles=("Controller",)),))
    one.use(replace(one.plan, destinations=groups, clearances=ruled))
    room = enter(one)
    assert "12.5" in ask(one, room)
    company.takes("u-boss")
    assert "12.5" not in ask(one, room)
    company.heed()
    assert "12.5" not in ask(one, room)


@pytest.mark.parametrize(("people", "named"), [({"u-amy": ""}, True), ({"u-amy": "", "u-ben": ""}, False)])
def test_in_a_group_it_is_named_while_each_of_it_is_cleared(
    bridge: Open, enter: Enter, people: dict[str, str], named: bool
) -> None:
    one = bridge(replace(BOTH, fields=("Stage", "Margin"), when="low", thresholds=(LOW,)), word=WORD)
    one.arrive(deal(fields={"Margin": Decimal("12.5")}))
    one.dispatch()
    Company(one.ledger).read()
    groups = {name: replace(each, application=OFFICE) for name, each in one.plan.destinations.items()}
    ruled = Clearances((Clearance("finance", OFFICE, roles=("Controller",)),))
    one.use(replace(one.plan, destinations=groups, clearances=ruled))
    room = enter(one)
    assert "12.5" not in in_group(one, room), "nobody knows yet who reads it"
    with one.ledger.write() as connection:
        audiences.placed(one.ledger, connection, {"sales": "g1"})
        audiences.store(one.ledger, connection, "g1", Members(people, {}, datetime.now(UTC)), one.clock())
    assert ("12.5" in in_group(one, room)) is named
