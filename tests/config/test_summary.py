"""Scheduled summaries: what they mean, and what is wrong with them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from config.cron import parse
from config.schedule import Schedule
from pipelines.plan import FieldType
from tests.config.conftest import Write
from tests.config.test_bridge import loaded, sentences

SUMMARY = """summaries:
  open-deals:
    from: crm.Opportunity
    when: stage != 'Won' && many
    thresholds: {many: {qty: {above: 100 EA}}}
    at: "0 18 * * mon-fri"
    zone: Asia/Hong_Kong
    to: ops
    title: Not yet {won}
    fields: [name, stage]
routes:
"""


def with_summary(*changes: tuple[str, str]) -> tuple[str, str]:
    said = SUMMARY
    for old, new in changes:
        assert old in said
        said = said.replace(old, new)
    return ("routes:\n", said)


def test_a_summary_is_part_of_the_plan(write: Write) -> None:
    bridge = loaded(write(with_summary()))
    schedule = Schedule(parse("0 18 * * mon-fri"), zone=ZoneInfo("Asia/Hong_Kong"))
    assert {name: each.schedule for name, each in bridge.summaries.items()} == {"open-deals": schedule}
    (one,) = bridge.plan.summaries
    assert (one.name, one.silent, one.asks.when, one.asks.fields) == (
        "open-deals",
        True,
        "stage != 'Won' && many",
        ("name", "stage"),
    )
    told = next(route for route in bridge.plan.routes if route.source == "dingbridge")
    assert (told.name, told.to, told.fields) == ("summary.open-deals", ("ops",), ("count", "unclear", "records"))
    table = bridge.plan.kinds["dingbridge", "summary.open-deals"].fields[-1]
    assert [(each.name, each.type, each.label) for each in table.columns] == [
        ("_number", FieldType.TEXT, ""),
        ("name", FieldType.TEXT, "Deal"),
        ("stage", FieldType.CHOICE, "Stage"),
        ("_changed", FieldType.DATETIME, ""),
    ]
    assert table.data_class == "public"


def test_another_time_is_another_configuration(write: Write) -> None:
    one, other = (loaded(write(with_summary(*more))).plan for more in ([], [("0 18", "5 18")]))
    assert one.fingerprint != other.fingerprint


def test_a_list_is_of_the_class_of_its_fields(write: Write) -> None:
    bridge = loaded(write(with_summary(("[name, stage]", "[amount]"), ("title:", "empty: say\n    title:"))))
    assert bridge.plan.kinds["dingbridge", "summary.open-deals"].fields[-1].data_class == "finance"
    assert not bridge.plan.summaries[0].silent


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("[name, stage]", "[name, amount]"), "fields: the fields are of the classes finance, public: a list is shown"),
        (("[name, stage]", "[nme]"), "fields[0]: 'nme' is no field of crm.Opportunity: did you mean 'name'?"),
        (("to: ops", "to: opss"), "to: 'opss' is no destination: did you mean 'ops'?"),
        (("0 18 *", "0 25 *"), "at: '25' is no hour: it goes from 0 to 23"),
        (("stage != 'Won'", "changed.stage"), "when: this condition is asked of a state that lasts: 'changed.stage'"),
        (("zone: Asia/Hong_Kong\n", "empty: no\n"), "empty: must be 'skip' or 'say'"),
        (("qty: {above: 100 EA}", "parts: {above: 100}"), ""),
    ],
)
def test_what_cannot_be_listed_is_told(write: Write, change: tuple[str, str], problem: str) -> None:
    said = sentences(write(with_summary(change)))
    where = f" summaries.open-deals.{problem}" if problem else "'many' means something else at"
    assert [line for line in said if where in line], said


def test_the_time_is_known_to_the_condition_of_a_summary(write: Write) -> None:
    assert sentences(write(with_summary(("stage != 'Won'", "string(now) > closes")))) == []
