from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import HIDDEN, Choice, Money, Ref, Value
from pipelines.plan import Compare, FieldType, Threshold
from pipelines.stages.match import match
from pipelines.verdict import Reason, Verdict
from tests.pipelines.make import Story, deal, field, route

T = FieldType
KIND = deal(
    field("stage", T.CHOICE),
    field("paid", T.BOOL),
    field("owner", T.REF),
    field("due", T.DATE),
    field("amount", T.MONEY),
    field("size", T.QUANTITY),
)
BIG = Threshold("big", "amount", Compare.AT_LEAST, Money(Decimal(100), "HKD"))
VALUES: dict[str, Value] = {
    "stage": Choice("W", "Won"),
    "paid": True,
    "owner": Ref("User", "5", "Li"),
    "due": date(2026, 3, 1),
    "amount": Money(Decimal(100), "HKD"),
}


def answer(fields: dict[str, Value], **more: Any) -> Verdict | None:
    return match(*Story(KIND, route(**more)).case({**VALUES, **fields}, 0))


@pytest.mark.parametrize(
    ("name", "wanted"), [("stage", "W"), ("paid", "true"), ("owner", "5"), ("due", "2026-03-01"), ("size", "")]
)
def test_equality_is_by_code_id_and_written_form(name: str, wanted: str) -> None:
    assert answer({"size": None}, equals={name: wanted}) is None
    assert answer({"size": None}, equals={name: f"{wanted}?"}) == Verdict("r", Reason.FILTERED, f"equals:{name}")


def test_equality_is_asked_before_the_condition() -> None:
    assert answer({}, equals={"stage": "L"}, when="false") == Verdict("r", Reason.FILTERED, "equals:stage")
    assert answer({}, equals={"stage": "W"}, when="false") == Verdict("r", Reason.FILTERED, "when")


def test_a_condition_sees_whether_a_threshold_was_crossed() -> None:
    story = Story(KIND, route(when="big && !was.big", thresholds=(BIG,)))
    amounts: list[Value] = [None, *(Money(Decimal(n), "HKD") for n in (99, 100, 120, 50, 100))]
    told = [bool(story.sees({"amount": amount}, place).notices) for place, amount in enumerate(amounts)]
    assert told == [False, False, True, False, False, True]
    # the first sight of one that is beyond it is a crossing too
    assert Story(KIND, route(when="big && !was.big", thresholds=(BIG,))).sees(VALUES, 0).notices


def test_a_field_that_cannot_be_trusted_holds_before_it_decides() -> None:
    assert answer({"stage": HIDDEN}, equals={"stage": "W"}) == Verdict("r", Reason.FIELD_HIDDEN, "stage")
    assert answer({"paid": "yes"}, when="false && paid") == Verdict("r", Reason.WRONG_TYPE, "paid")
    assert answer({"paid": "yes"}, when="stage == 'W'") is None


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (Money(Decimal("99.99"), "HKD"), Verdict("r", Reason.FILTERED, "when")),
        (Money(Decimal(100), "HKD"), None),
        (Money(Decimal(100), "USD"), Verdict("r", Reason.OTHER_CURRENCY, "amount")),
        (Decimal(100), Verdict("r", Reason.NO_CURRENCY, "amount")),
        (None, Verdict("r", Reason.FILTERED, "when")),
    ],
)
def test_a_condition_rests_on_a_threshold_only_where_it_can_be_compared(amount: Value, verdict: Verdict | None) -> None:
    assert answer({"amount": amount}, when="big", thresholds=(BIG,)) == verdict


def test_a_verdict_holds_no_value_of_a_field() -> None:
    secret = "salary 900"  # a field's value
    for when in ("int(owner) > 3", "owner.matches('(' + owner)", "{'a': true}[owner]", "timestamp(owner) > now"):
        verdict = answer({"owner": Ref("User", secret, secret)}, when=when)
        assert verdict is not None
        assert verdict.reason is Reason.CONDITION_FAILED
        assert "900" not in verdict.detail
        assert "salary" not in verdict.detail
