from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Choice, Fact, Line, Money, Scalar
from pipelines.plan import Destination
from pipelines.stages.clearance import Cleared
from pipelines.stages.render import render
from tests.pipelines.make import field, notice, route

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SPECS = {
    spec.name: spec
    for spec in (field("stage", label="Stage"), field("amount", label="金額"), field("due", label="Due"))
}
FIELDS: dict[str, Scalar] = {
    "stage": Choice("W", "Won"),
    "amount": Money(Decimal("1234567.50"), "HKD"),
    "due": date(2026, 3, 1),
}


def rendered(withheld: tuple[str, ...] = (), *, locale: str = "en", zone: str = "Asia/Hong_Kong", **more: Any) -> Fact:
    of = notice(FIELDS, **{"occurred_at": datetime(2026, 3, 1, 23, 0, tzinfo=UTC), **more})
    cleared = Cleared({name: value for name, value in FIELDS.items() if name not in withheld}, withheld)
    return render(of, cleared, route(title="Deal won"), Destination("sales", zone, locale), SPECS, NOW)


def test_a_fact_is_told_in_the_routes_order_with_number_link_and_time() -> None:
    assert rendered() == Fact(
        title="Deal won",
        number="D-1",
        url="https://crm.example/D-1",
        at="Mar 2, 2026 7:00\u202fAM",
        lines=(Line("Stage", "Won"), Line("金額", "HKD 1,234,567.50"), Line("Due", "Mar 1, 2026")),
    )


@pytest.mark.parametrize(
    ("locale", "at", "amount", "due"),
    [
        ("en", "Mar 2, 2026 7:00\u202fAM", "HKD 1,234,567.50", "Mar 1, 2026"),
        ("zh_Hant_HK", "2026年3月2日 上午7:00", "HKD 1,234,567.50", "2026年3月1日"),
        ("zh_Hans_CN", "2026年3月2日 07:00", "HKD 1,234,567.50", "2026年3月1日"),
        ("id", "2 Mar 2026 07.00", "HKD 1.234.567,50", "1 Mar 2026"),
    ],
)
def test_each_group_reads_its_own_language_of_numbers_and_days(locale: str, at: str, amount: str, due: str) -> None:
    fact = rendered(locale=locale)
    assert (fact.at, *(line.value for line in fact.lines[1:])) == (at, amount, due)


def test_each_group_reads_its_own_clock() -> None:
    assert rendered(locale="zh_Hans_CN", zone="Europe/London").at == "2026年3月1日 23:00"


def test_a_changed_field_shows_what_it_was_and_an_empty_one_a_dash() -> None:
    fact = rendered(before={"stage": Choice("O", "Open"), "due": None})
    assert [line.before for line in fact.lines] == ["Open", None, "–"]


def test_a_new_record_shows_no_former_values() -> None:
    assert {line.before for line in rendered(before={"stage": Choice("O", "Open")}, new=True).lines} == {None}


def test_a_withheld_field_leaves_its_count_and_nothing_else() -> None:
    fact = rendered(("amount",), before={"amount": Money(Decimal("9.99"), "HKD")})
    assert [line.label for line in fact.lines] == ["Stage", "Due"]
    assert fact.notes == ("Not everybody here may see all of this: 1 field withheld.",)
    assert not {"金額", "9.99", "HKD", "amount"} & set(repr(fact).replace("'", " ").split())


def test_a_deletion_is_said_in_words() -> None:
    assert rendered(deleted=True).notes == ("Deleted in the source.",)
    assert rendered(("stage", "due"), deleted=True).notes == (
        "Deleted in the source.",
        "Not everybody here may see all of this: 2 fields withheld.",
    )


def test_what_is_told_again_says_when_it_was_due() -> None:
    same_day, day_before = datetime(2026, 3, 2, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 15, 59, tzinfo=UTC)
    assert rendered(due=same_day).notes == ("late, due 09:12",)
    assert rendered(due=same_day, zone="Europe/London").notes == ("late, due 01:12",)
    assert rendered(due=day_before).notes == ("late, due Mar 1, 2026 23:59",)
