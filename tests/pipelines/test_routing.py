"""Which routes tell, and whom: tables by a field, routes that end the way, fallbacks."""

from __future__ import annotations

import pytest

from connectors.contract import HIDDEN, Choice, Ref, Value
from pipelines.notice import Notice
from pipelines.plan import ByField, FieldType, Mode, Route
from tests.pipelines.make import Story, deal, field, reasons, route

KIND = deal(
    field("region", FieldType.CHOICE), field("owner", FieldType.REF), field("stage"), field("paid", FieldType.BOOL)
)
TABLE = ByField("region", {"HK": ("hk",), "SG": ("sg", "board")}, ("sales",))
BY_REGION = route(to=("hk", "sg", "board", "sales"), by=TABLE, fields=("stage",))


def whom(*told: Notice) -> list[str]:
    return [each.destination for each in told]


@pytest.mark.parametrize(
    ("region", "meant", "why"),
    [
        (Choice("HK", "Hong Kong"), ["hk"], "told:region"),
        (Choice("SG", "Singapore"), ["sg", "board"], "told:region"),
        (Choice("TW", "Taiwan"), ["sales"], "told:otherwise:region"),
        (None, ["sales"], "told:otherwise:region"),
    ],
)
def test_a_table_chooses_by_the_field_and_its_fallback_takes_the_rest(
    region: Value, meant: list[str], why: str
) -> None:
    decision = Story(KIND, BY_REGION).sees({"region": region, "stage": "open"}, 0)
    assert whom(*decision.notices) == meant
    assert reasons(decision) == [why]


@pytest.mark.parametrize(
    ("name", "value", "row"), [("owner", Ref("user", "7", "Li"), "7"), ("paid", True, "true"), ("stage", "won", "won")]
)
def test_a_row_is_found_by_the_text_that_equality_compares(name: str, value: Value, row: str) -> None:
    by = ByField(name, {row: ("hk",)}, ("sales",))
    decision = Story(KIND, route(to=("hk", "sales"), by=by)).sees({name: value}, 0)
    assert whom(*decision.notices) == ["hk"]


def test_a_field_that_cannot_be_read_holds_the_fact_for_the_fallback() -> None:
    decision = Story(KIND, BY_REGION).sees({"region": HIDDEN, "stage": "open"}, 0)
    assert reasons(decision) == ["field_hidden:region"]
    assert [(notice.destination, verdict.reason) for notice, verdict in decision.held] == [("sales", "field_hidden")]


def told_by(*routes: Route, **fields: Value) -> list[str]:
    return reasons(Story(KIND, *routes).sees({"stage": "open", **fields}, 0))


def test_a_route_that_ends_keeps_the_later_ones_from_telling() -> None:
    first, second = route("first", ends=True), route("second")
    assert told_by(first, second) == ["told", "taken:first"]
    assert told_by(second, first) == ["told", "told"]
    assert told_by(route("first", ends=True, when="false"), second) == ["filtered:when", "told"]


def test_a_route_on_trial_takes_nothing_from_the_others() -> None:
    assert told_by(route("trial", ends=True, mode=Mode.SHADOW), route("live")) == ["shadow", "told"]
    held = route("trial", ends=True, mode=Mode.SHADOW, fields=("stage",), required=("owner",))
    assert told_by(held, route("live")) == ["required_missing:owner", "told"]


def test_what_is_held_was_taken() -> None:
    assert told_by(route("first", ends=True, required=("owner",)), route("second")) == [
        "required_missing:owner",
        "taken:first",
    ]


def test_a_fallback_is_asked_last_and_tells_what_no_other_told() -> None:
    fallback, other = route("fallback", fallback=True), route("other", equals={"stage": "won"})
    assert told_by(fallback, other) == ["filtered:equals:stage", "told"]
    assert told_by(fallback, other, stage="won") == ["told", "taken:other"]


def test_fallbacks_are_asked_in_turn() -> None:
    one, two = route("one", fallback=True, when="paid"), route("two", fallback=True)
    assert told_by(one, two, paid=True) == ["told", "taken:one"]
    assert told_by(one, two, paid=False) == ["filtered:when", "told"]
