from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Choice, Ref
from pipelines.expressions import ConditionInvalid, Vocabulary, compile_condition
from pipelines.plan import Compare, FieldType, Threshold
from tests.pipelines.make import NOW, Story, deal, field, route
from tests.pipelines.strategies import scalars, texts

T = FieldType
KIND = deal(
    field("stage", T.CHOICE),
    field("note"),
    field("owner", T.REF),
    field("paid", T.BOOL),
    field("due", T.DATE),
    field("closed", T.DATETIME),
    field("tags", T.LIST),
    field("amount", T.NUMBER),
    field("price", T.MONEY, currency="HKD"),
    field("size", T.QUANTITY, unit="EA"),
)
BIG = Threshold("big", "amount", Compare.AT_LEAST, Decimal("12345678901234568.00"))
TABLE = json.loads((Path(__file__).parent / "golden" / "conditions.json").read_text())


def evaluated(when: str, values: dict[str, Any]) -> bool | str:
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    of, case = Story(KIND, route(when=when, thresholds=(BIG,))).case(fields, 0)
    return of.condition.holds(case.activation)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["when"])
def test_a_condition_answers_as_the_table_says(row: dict[str, Any]) -> None:
    # an absent text is an empty one here, as on a record of which nothing more is known
    values = {"stage": None, "note": None, **row["values"]}
    assert evaluated(row["when"], values) == row["holds"]


@pytest.mark.parametrize(
    ("when", "column", "sentence"),
    [
        ("paid && 1.5 > 1.0", 9, "decimals"),
        (".5 < .6", 1, "decimals"),
        ("paid && (.5 < .6)", 10, "decimals"),
        ("size(tags) > 1e3", 14, "decimals"),
        ("double(note) > double('1')", 1, "decimals"),
        ("paid || double (note) > double('1')", 9, "decimals"),
        ("note == '1.5' && 2.5 > 1.0", 18, "decimals"),
        ("note == '''it's''' && 2.5 > 1.0", 23, "decimals"),
        ("paid // it's\n && 2.5 > 1.0 // it's", 18, "decimals"),
        ("paid &&\n nothing", 10, "nothing"),
        ("note == '有限' && nothing", 17, "nothing"),
        ("nothing == 'a'", 1, "nothing"),
        ("paid && nothing", 9, "nothing"),
        ("stage == 5", 7, "overload"),
        ("paid == 'true'", 6, "overload"),
        ("closed > '2026-03-01'", 8, "overload"),
        ("tags == 'vip'", 6, "overload"),
        ("amount > 5", 1, "threshold"),
        ("price > 5", 1, "threshold"),
        ("was.size == 5", 4, "threshold"),
        ("small", 1, "small"),
        ("changed.nothing", 8, "changed"),
        ("stage", 1, "true or false"),
        ("size(tags)", 1, "true or false"),
        ("closed", 1, "true or false"),
        ("dyn(paid)", 1, "true or false"),
        ("stage ==", 9, "Syntax error"),
        ("", 1, "Syntax error"),
        ("paid\0", 5, "Syntax error"),
        ("(" * 100 + "paid" + ")" * 100, 1, "recursion"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused_with_its_place(when: str, column: int, sentence: str) -> None:
    with pytest.raises(ConditionInvalid, match=sentence) as refused:
        compile_condition(route(when=when, thresholds=(BIG,)), KIND)
    assert refused.value.column == column


@pytest.mark.parametrize("when", ["amount > 5", "price > 5", "was.size == 5"])
def test_whoever_compares_a_number_is_told_of_thresholds(when: str) -> None:
    with pytest.raises(ConditionInvalid, match="holds a number: compare it by a threshold"):
        compile_condition(route(when=when), KIND)


def test_no_condition_can_see_a_number_or_a_binary_float() -> None:
    environment = Vocabulary(KIND, frozenset({"big"}))._env.config().to_yaml()
    types = {line.split()[1].strip('"') for line in environment.splitlines() if line.strip().startswith("type:")}
    assert types == {"bool", "string", "timestamp", "list<string>"}
    for name in ("amount", "price", "size"):
        assert f'name: "{name}"' not in environment
        assert f'name: "was.{name}"' not in environment
        assert f'name: "changed.{name}"' in environment


def test_a_condition_names_the_fields_that_it_rests_on() -> None:
    uses = Vocabulary(KIND, frozenset({"big"})).compile("big && changed.note && stage == 'owner' // paid").uses
    assert uses & {spec.name for spec in KIND.fields} == {"note", "stage"}
    assert "big" in uses


@pytest.mark.parametrize(
    ("value", "literal"),
    [(Choice("W", "Won"), "W"), (Ref("User", "5", "Li"), "5"), ("W", "W")],
)
def test_a_choice_is_compared_by_its_code_and_a_reference_by_its_id(value: Any, literal: str) -> None:
    name = {Choice: "stage", Ref: "owner", str: "note"}[type(value)]
    assert evaluated(f"{name} == '{literal}'", {name: value}) is True


@given(texts)
def test_a_text_equals_itself_and_no_other(text: str) -> None:
    of, case = Story(KIND, route(when="note == stage")).case({"note": text, "stage": Choice(text, "")}, 0)
    assert of.condition.holds(case.activation) is True or "\0" in text
    of, case = Story(KIND, route(when="note == stage")).case({"note": text, "stage": Choice(f"{text}x", "")}, 0)
    assert of.condition.holds(case.activation) is False or "\0" in text


@given(st.dictionaries(st.sampled_from([spec.name for spec in KIND.fields]), scalars))
def test_a_bare_value_of_any_type_can_be_bound(view: dict[str, Any]) -> None:
    vocabulary = Vocabulary(KIND, frozenset())
    activation = vocabulary.activation(NOW, view, {})
    assert vocabulary.compile("now == now").holds(activation) is True


def test_now_is_the_moment_of_the_decision() -> None:
    assert evaluated(f"now == timestamp('{NOW.isoformat()}')", {}) is True
    assert isinstance(NOW, datetime)
