"""Tables that choose whom to tell, and routes as a tree: what they mean, and what is wrong with them."""

from __future__ import annotations

import pytest

from pipelines.plan import ByField
from tests.config.conftest import Write
from tests.config.test_bridge import loaded, sentences

TO = "    to: sales-hk\n"
ORDERS = """  orders:
    from: shop.order
    to: [ops, sales-hk]
    title: New order
    fields: [number]
"""


def orders(**routes: str) -> str:
    """Routes about orders, each by the keys that it adds."""
    return "".join(
        f"  {name}: {{from: shop.order, to: ops, title: Order, fields: [number]{', ' * bool(more)}{more}}}\n"
        for name, more in routes.items()
    )


def test_a_table_is_part_of_the_plan(write: Write) -> None:
    table = "    to: {by: stage, table: {Won: [sales-hk, ops], Lost: ops}, otherwise: ops}\n"
    route = loaded(write((TO, table))).plan.routes[0]
    assert route.by == ByField("stage", {"Won": ("sales-hk", "ops"), "Lost": ("ops",)}, ("ops",))
    assert route.to == ("sales-hk", "ops")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("{by: stag, table: {Won: ops}, otherwise: ops}", "to.by: 'stag' is no field of crm.Opportunity that can choose: "),
        ("{by: amount, table: {Won: ops}, otherwise: ops}", "to.by: 'amount' is no field of crm.Opportunity that can"),
        ("{by: won, table: {yes: ops}, otherwise: ops}", "to.table.yes: the field is bool: write true or false"),
        ("{by: stage, table: {Won: opss}, otherwise: ops}", "to.table.Won: 'opss' is no destination: did you mean 'ops'?"),
        ("{by: stage, table: {Won: ops}}", "to: 'otherwise' is missing here"),
        ("{by: stage, table: {Won: ops}, otherwise: []}", "to.otherwise: must not be empty"),
        ("{by: stage, table: {Won: ops}, otherwise: ops, els: ops}", "to.els: 'els' is no key here: known: by, manager_of, otherwise, person, table"),
        ("[]", "to: must not be empty"),
        ("opss", "to: 'opss' is no destination: did you mean 'ops'?"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_choose_is_told(write: Write, table: str, problem: str) -> None:
    (said,) = sentences(write((TO, f"    to: {table}\n")))
    assert f" routes.big-won.{problem}" in said


@pytest.mark.parametrize(
    "routes",
    [
        {"one": "when: number == '1', continue: false", "two": "fallback: true, when: number == '2'"},
        {"one": "when: number == '1', continue: false", "two": ""},
        {"one": "equals: {number: x}, continue: false", "two": "equals: {number: y}", "rest": "fallback: true"},
        {"trial": "continue: false, mode: shadow", "two": ""},
    ],
)
def test_a_tree_whose_routes_are_all_reached_is_sound(write: Write, routes: dict[str, str]) -> None:
    assert sentences(write((ORDERS, orders(**routes)))) == []


def test_the_tree_is_part_of_the_plan(write: Write) -> None:
    tree = orders(one="when: number == '1', continue: false", two="fallback: true")
    _, one, two = loaded(write((ORDERS, tree))).plan.routes
    assert (one.ends, one.fallback, two.ends, two.fallback) == (True, False, False, True)


@pytest.mark.parametrize(
    ("routes", "name", "by"),
    [
        ({"one": "continue: false", "two": ""}, "two", "one"),
        ({"one": "equals: {number: x}, continue: false", "two": "equals: {number: x}", "rest": ""}, "two", "one"),
        ({"one": "when: number == '1', continue: false", "two": "when: number == '1'", "rest": ""}, "two", "one"),
        ({"rest": "fallback: true", "one": ""}, "rest", "one"),
    ],
)
def test_a_route_that_is_never_reached_is_told(write: Write, routes: dict[str, str], name: str, by: str) -> None:
    (said,) = sentences(write((ORDERS, orders(**routes))))
    assert said.endswith(f" routes.{name}: is never told: '{by}' before it takes all that it asks for")


def test_a_tree_without_a_fallback_is_told_where_it_ends(write: Write) -> None:
    tree = orders(one="when: number == '1', continue: false", two="when: number == '2'")
    (said,) = sentences(write((ORDERS, tree)))
    assert " routes.one.continue: the routes of this kind are a tree without a fallback: mark the one" in said
