from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import HIDDEN, Choice, Money, Quantity, Record, Ref, Value
from pipelines.codec import canonical, dump_fields, dump_record, load_fields, load_record
from tests.pipelines.make import record
from tests.pipelines.strategies import TAGS, fields, records


def written(value: Any) -> Any:
    """The value down to every digit and offset: 1.0 is not 1.00, and 08:00+08:00 is not 00:00Z."""
    if isinstance(value, tuple):
        return ("tuple", *map(written, value))
    if isinstance(value, dict):
        return {name: written(each) for name, each in value.items()}
    if isinstance(value, datetime):
        return ("datetime", value.isoformat())
    return (type(value).__name__, repr(value))


def through(value: Value) -> Value:
    return load_record(dump_record(record({"field": value}))).fields["field"]


@given(records)
def test_a_record_comes_back_with_every_type_and_digit(given_record: Record) -> None:
    back = load_record(dump_record(given_record))
    assert back == given_record
    assert written(dict(back.fields)) == written(dict(given_record.fields))


def test_what_was_written_before_there_was_a_context_is_read() -> None:
    old = record({"stage": "open"})
    assert len(msgspec.json.decode(dump_record(old))) == 12
    assert load_record(dump_record(old)) == old


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.00"),
        Decimal("1E+400"),
        Decimal("-0.00"),
        Decimal("1E-400"),
        Decimal("12345678901234567.89"),
        datetime(2026, 3, 1, 9, 30, 1, 7, timezone(timedelta(hours=5, minutes=53, seconds=28))),
        datetime.max.replace(tzinfo=UTC),
        date.min,
        (),
        ("n", "1"),
        ("money", "1", "HKD"),
        ({},),
        ({"n": ("n",)}, {"rows": Money(Decimal("0.10"), "CNY")}),
        "a\0b",
        "有限",
        HIDDEN,
        None,
        Choice("", ""),
        Ref("User", "5", "陳"),
        Quantity(Decimal(100), "EA"),
    ],
)
def test_an_odd_value_comes_back_as_it_was(value: Value) -> None:
    assert written(through(value)) == written(value)


@pytest.mark.parametrize("tag", TAGS)
def test_a_text_that_looks_like_a_mark_stays_a_text(tag: str) -> None:
    assert through(tag) == tag
    assert through((tag, "1", "2", "3")) == (tag, "1", "2", "3")
    assert through(({tag: tag},)) == ({tag: tag},)


class Label(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        1,
        b"raw",
        ["a"],
        {"a": "b"},
        object(),
        Label("a"),
        datetime(2026, 1, 1, 9, 0),  # noqa: DTZ001  # that it has no zone is what must be refused
        Money(1.5, "HKD"),  # type: ignore[arg-type]  # what a careless connector would build
        Quantity(1.5, "EA"),  # type: ignore[arg-type]  # same
        ("a", 1.5),
        (Decimal(1), "a"),
        ({"line": 1.5},),
        ({"a": "b"}, "c"),
        ({"lines": ({"deeper": "a"},)},),
    ],
)
def test_what_the_contract_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^field 'field'"):
        dump_fields({"field": value})


def test_a_record_whose_times_have_no_zone_is_refused() -> None:
    naive = datetime(2026, 1, 1, 9, 0)  # noqa: DTZ001  # that it has no zone is what must be refused
    for given_record in (record({}, stamp=naive), record({}, occurred_at=naive)):
        with pytest.raises(TypeError, match="zone"):
            dump_record(given_record)


@given(fields, fields)
def test_canonical_bytes_are_equal_exactly_for_the_same_fields(one: dict[str, Value], other: dict[str, Value]) -> None:
    assert (canonical(one) == canonical(other)) == (written(one) == written(other))


@given(fields, st.randoms())
def test_canonical_bytes_know_no_order_of_names(one: dict[str, Value], random: Any) -> None:
    def shuffled(names: dict[str, Any]) -> dict[str, Any]:
        pairs = list(names.items())
        random.shuffle(pairs)
        return dict(pairs)

    again = {
        name: tuple(shuffled(row) for row in value)
        if isinstance(value, tuple) and value and isinstance(value[0], dict)
        else value
        for name, value in shuffled(one).items()
    }
    assert canonical(again) == canonical(one)


@given(fields)
def test_canonical_bytes_survive_the_way_through_storage(one: dict[str, Value]) -> None:
    assert canonical(load_fields(dump_fields(one))) == canonical(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "n"}, {"a": ("n",)}),
        ({"a": ()}, {"a": None}),
        ({"a": ()}, {"a": ""}),
        ({"a": ("",)}, {"a": ()}),
        ({"a": ("x",)}, {"a": ({"x": None},)}),
        ({"a": Decimal(1)}, {"a": True}),
        ({"a": Decimal("1.0")}, {"a": Decimal("1.00")}),
        ({"a": "1"}, {"a": Decimal(1)}),
        ({"a": Money(Decimal(1), "HKD")}, {"a": Quantity(Decimal(1), "HKD")}),
        ({"a": date(2026, 1, 1)}, {"a": "2026-01-01"}),
        ({"a": HIDDEN}, {"a": None}),
        ({"a": None}, {}),
    ],
)
def test_canonical_bytes_tell_near_fields_apart(one: dict[str, Value], other: dict[str, Value]) -> None:
    assert canonical(one) != canonical(other)
