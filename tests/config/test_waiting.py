"""Routes that wait, and escalations: what they mean, and what is wrong with them."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from pipelines.plan import Deadline, Wait
from pipelines.silence import Weekday
from tests.config.conftest import Write
from tests.config.test_bridge import loaded, sentences

WHEN = "    when: changed.stage && (big || many || odd)\n"
WAITS = "    when: big || many || odd\n"
TITLE = "    title: New order\n"


def orders(*more: str) -> tuple[str, str]:
    return (TITLE, TITLE + "".join(f"    {line}\n" for line in more))


def test_how_long_a_route_waits_is_part_of_the_plan(write: Write) -> None:
    assert loaded(write(orders("after: 2h"))).plan.routes[1].wait == Wait(after=timedelta(hours=2))
    by = "by: {time: 18:00, zone: Asia/Hong_Kong, days: [mon, fri]}"
    deadline = Deadline(time(18), "Asia/Hong_Kong", frozenset({Weekday.MON, Weekday.FRI}))
    assert loaded(write(orders(by))).plan.routes[1].wait == Wait(by=deadline)
    every = loaded(write(orders("by: {time: 18:00, zone: UTC}"))).plan.routes[1].wait
    assert every == Wait(by=Deadline(time(18), "UTC", frozenset(Weekday)))


def test_an_escalation_is_a_route_for_each_step(write: Write) -> None:
    steps = "escalate: [{after: 2h, to: ops}, {after: 1d, to: [sales-hk, ops], title: Nobody acted}]"
    path = write((WHEN, f"{WHEN}    {steps}\n"))
    told, one, two, _ = loaded(path).plan.routes
    assert (one.name, one.to, one.title) == ("big-won.escalation-1", ("ops",), "Deal won")
    assert (two.name, two.to, two.title) == ("big-won.escalation-2", ("sales-hk", "ops"), "Nobody acted")
    assert (one.wait, two.wait) == (
        Wait(after=timedelta(hours=2), escalates="big-won"),
        Wait(after=timedelta(days=1), escalates="big-won"),
    )
    assert (one.when, one.equals, one.thresholds) == ("true", {}, ())
    assert (one.fields, one.lane, one.mode) == (told.fields, told.lane, told.mode)


def test_an_escalation_of_a_route_that_waits_asks_what_that_one_asks(write: Write) -> None:
    told, one, _ = loaded(write((WHEN, f"{WAITS}    after: 2h\n    escalate: [{{after: 2h, to: ops}}]\n"))).plan.routes
    assert (one.when, one.equals, one.thresholds) == (told.when, told.equals, told.thresholds)


@pytest.mark.parametrize(
    ("problem", "more"),
    [
        ("after: must be longer than nothing", ["after: 0s"]),
        ("by: give either after or by", ["after: 2h", "by: {time: 18:00, zone: UTC}"]),
        ("by.time: write a time of the day as 09:00", ["by: {time: 25:00, zone: UTC}"]),
        ("by: 'zone' is missing here", ["by: {time: 18:00}"]),
        ("by.days[0]: must be 'mon', 'tue'", ["by: {time: 18:00, zone: UTC, days: [monday]}"]),
        ("fallback: a route that waits stands outside the tree: remove this", ["after: 2h", "fallback: true"]),
        ("continue: a route that waits stands outside the tree: remove this", ["after: 2h", "continue: false"]),
        ("escalate[0].to: 'opss' is no destination: did you mean 'ops'?", ["escalate: [{after: 2h, to: opss}]"]),
        ("escalate: each step comes later", ["escalate: [{after: 2h, to: ops}, {after: 2h, to: ops}]"]),
        ("escalate: a route with by", ["by: {time: 18:00, zone: UTC}", "escalate: [{after: 2h, to: ops}]"]),
    ],
)
def test_what_cannot_wait_is_told(write: Write, problem: str, more: list[str]) -> None:
    said = sentences(write(orders(*more)))
    assert [line for line in said if f" routes.orders.{problem}" in line], said


@pytest.mark.parametrize("name", ["changed.stage", "was.stage == 'x'", "is_new", "!deleted", "closes < string(now)"])
def test_what_is_true_for_a_moment_is_no_condition_to_wait_with(write: Write, name: str) -> None:
    (said,) = sentences(write((WHEN, f"    when: big && {name}\n    after: 2h\n")))
    assert "routes.big-won.when: this condition is asked of a state that lasts: '" in said
    assert sentences(write((WHEN, "    when: big && stage != 'now, changed.stage'\n    after: 2h\n"))) == []


EXPECTS = "expects: {from: shop.order, key: number, of: name, within: 4h, when: number != 'x', equals: {number: y}}"


def expecting(*changes: tuple[str, str]) -> tuple[str, str]:
    said = EXPECTS
    for old, new in changes:
        assert old in said
        said = said.replace(old, new)
    return (WHEN, f"{WAITS}    {said}\n")


def test_what_is_expected_is_part_of_the_plan(write: Write) -> None:
    told = loaded(write(expecting())).plan.routes[0]
    assert told.wait == Wait(after=timedelta(hours=4))
    assert told.expects is not None
    asks = told.expects.asks
    assert (told.expects.key, told.expects.of) == ("number", "name")
    assert (asks.name, asks.source, asks.kind, asks.to) == ("big-won.expects", "shop", "order", ())
    assert (asks.when, asks.equals) == ("number != 'x'", {"number": "y"})


def test_an_escalation_of_what_is_expected_expects_the_same(write: Write) -> None:
    old, new = expecting()
    told, step, _ = loaded(write((old, new + "    escalate: [{after: 2h, to: ops}]\n"))).plan.routes
    assert step.expects == told.expects


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("key: number", "key: numbr"), ".key: 'numbr' is no field of shop.order: did you mean 'number'?"),
        (("of: name", "of: amount"), ".of: 'amount' is no field of crm.Opportunity that can be compared: "),
        (("of: name, ", ""), ".key: 'number' is no field of crm.Opportunity that can be compared: "),
        (("from: shop.order", "from: shop.orders"), ".from: 'orders' is no kind of shop: did you mean 'order'?"),
        (("within: 4h, ", ""), ": 'within' is missing here"),
        (("number != 'x'", "changed.number"), ".when: this condition is asked of a state that lasts"),
    ],
)
def test_what_cannot_be_expected_is_told(write: Write, change: tuple[str, str], problem: str) -> None:
    old, new = expecting(change)
    said = sentences(write((old, new)))
    assert [line for line in said if f" routes.big-won.expects{problem}" in line], said


def test_what_is_expected_has_a_time_of_its_own(write: Write) -> None:
    old, new = expecting()
    (said,) = sentences(write((old, f"{new}    after: 2h\n")))
    assert " routes.big-won.expects: what is expected has its own time: leave out after and by" in said
