from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Value
from pipelines.mapping import map_record
from pipelines.plan import FieldType, Style
from pipelines.shown import shown
from pipelines.verdict import Reason
from tests.pipelines.make import Story, deal, field, reasons, record, route
from tests.pipelines.strategies import decimals

T = FieldType
ZONE = "Asia/Hong_Kong"
NOON = datetime(2026, 11, 30, 16, 5, tzinfo=UTC)
"""Five past midnight of December 1 in Hong Kong."""


def told(value: Value, type_: FieldType, locale: str = "en", **more: Any) -> str:
    return shown(field("x", type_, **more), value, ZONE, locale)


@pytest.mark.parametrize(
    ("value", "type_", "more", "line"),
    [
        (Decimal(2026), T.NUMBER, {"style": Style.PLAIN}, "2026"),
        (Decimal("2026.5"), T.NUMBER, {"style": Style.PLAIN, "decimals": 2}, "2026.50"),
        (Decimal("0.05"), T.NUMBER, {"style": Style.RATIO}, "5 %"),
        (
            Decimal("0.1234567890123456789012345678901"),
            T.NUMBER,
            {"style": Style.RATIO},
            "12.34567890123456789012345678901 %",
        ),
        (Decimal(12), T.NUMBER, {"style": Style.RATIO, "decimals": 1}, "1,200.0 %"),
        (Decimal(5), T.NUMBER, {"decimals": 2}, "5.00"),
        (Decimal("5.1000"), T.NUMBER, {"decimals": 2}, "5.10"),
        (Decimal("5.1239"), T.NUMBER, {"decimals": 2}, "5.1239"),
        (Decimal("5.000"), T.NUMBER, {"decimals": 0}, "5"),
        (Decimal("-0.5"), T.NUMBER, {"decimals": 0}, "-0.5"),
        (date(2026, 12, 1), T.DATE, {"style": Style.ISO}, "2026-12-01"),
        (date(326, 2, 1), T.DATE, {"style": Style.ISO}, "0326-02-01"),
        (date(2026, 12, 1), T.DATE, {"style": Style.LONG}, "December 1, 2026"),
        (date(2026, 12, 1), T.DATE, {"style": Style.FULL}, "Tuesday, December 1, 2026"),
        (NOON, T.DATETIME, {"style": Style.ISO}, "2026-12-01 00:05"),
        (NOON, T.DATETIME, {"style": Style.FULL}, "Tuesday, December 1, 2026 12:05\u202fAM"),
        (None, T.NUMBER, {"decimals": 2}, "–"),
        ("2026", T.TEXT, {}, "2026"),
    ],
)
def test_a_field_is_written_in_its_style(value: Value, type_: FieldType, more: dict[str, Any], line: str) -> None:
    assert told(value, type_, **more) == line


@given(decimals, st.integers(0, 12), st.sampled_from([None, Style.PLAIN]))
def test_no_digit_is_rounded_away_whatever_decimals_are_asked_for(
    value: Decimal, least: int, style: Style | None
) -> None:
    line = told(value, T.NUMBER, decimals=least, style=style).replace(",", "")
    assert Decimal(line) == value
    assert len(line.partition(".")[2]) >= least


@pytest.mark.parametrize(
    ("type_", "default", "more", "line"),
    [
        (T.TEXT, "none", {}, "none"),
        (T.NUMBER, "0", {}, "0"),
        (T.MONEY, "HKD 0", {"currency_path": "c"}, "HKD 0.00"),
        (T.QUANTITY, "0 EA", {"unit_path": "u"}, "0 each"),
        (T.BOOL, "false", {}, "✗"),
        (T.DATE, "2026-12-01", {}, "Dec 1, 2026"),
        (T.DATETIME, "2026-12-01T00:05:00+08:00", {"style": Style.ISO}, "2026-12-01 00:05"),
        (T.CHOICE, "Open", {}, "Open"),
    ],
)
def test_a_default_stands_in_for_an_empty_value(
    type_: FieldType, default: str, more: dict[str, Any], line: str
) -> None:
    spec = field("x", type_, default=default, **more)
    for source in ({"x": None}, {}):
        found = map_record(deal(spec), record(source))
        assert shown(spec, found.fields["x"], ZONE, "en") == line


def test_a_default_hides_no_trouble() -> None:
    spec = field("x", T.NUMBER, default="0")
    assert map_record(deal(spec), record({"x": "12 units"})).problems == {"x": Reason.WRONG_TYPE}


def test_what_a_later_event_did_not_read_keeps_its_value_and_gets_no_default() -> None:
    story = Story(deal(field("x", T.NUMBER, default="0"), field("y")), route(fields=("x", "y")))
    story.sees({"x": Decimal(7), "y": "a"}, 0)
    [later] = story.sees({"y": "b"}, 1).notices
    assert later.fields == {"x": Decimal(7), "y": "b"}
    [emptied] = story.sees({"x": None}, 2).notices
    assert (emptied.fields["x"], emptied.before) == (Decimal(0), {"x": Decimal(7)})


def test_a_default_that_is_configured_later_tells_nobody() -> None:
    before = Story(deal(field("x", T.NUMBER), field("y")), route(fields=("x", "y")))
    before.sees({"x": None, "y": "a"}, 0)
    after = Story(deal(field("x", T.NUMBER, default="0"), field("y")), route(fields=("x", "y")))
    after.known, after.seq = before.known, before.seq
    assert reasons(after.sees({"x": None, "y": "a"}, 1)) == ["unchanged"]
