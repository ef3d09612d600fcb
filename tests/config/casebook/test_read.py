"""A file of cases is read against its configuration; every mistake has its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.bridge import Blueprint, blueprint
from config.casebook import Message, Untold, read_cases, read_situation
from config.problem import ConfigurationInvalid
from connectors.contract import Money
from pipelines.verdict import Reason
from tests.config.conftest import Write

NOW = datetime(2026, 11, 5, 4, tzinfo=UTC)
SOUND = """
at: 2026-11-02T12:00:00+08:00
cases:
  won:
    audience: {sales-hk: [finance]}
    record:
      from: crm.Opportunity
      id: "006"
      number: D-1
      fields: {Name: Desks, Amount: HKD 5, StageName: Won}
    was: {StageName: Open}
    expect:
      big-won:
        sales-hk: {title: Deal won D-1, contains: Desks, lacks: [secret], withheld: [amount]}
  nothing:
    at: 2026-11-03T12:00:00+08:00
    record: {from: crm.Opportunity, fields: {Name: Desks}}
    expect: {big-won: filtered when}
"""


@pytest.fixture
def looked(write: Write) -> Blueprint:
    return blueprint(write(), environ={})


def refused(looked: Blueprint, text: str) -> list[str]:
    Path("deals.yaml").write_text(text)
    with pytest.raises(ConfigurationInvalid) as caught:
        read_cases(Path("deals.yaml"), looked)
    return str(caught.value).splitlines()


def test_a_configuration_is_looked_at_without_its_secrets(looked: Blueprint) -> None:
    assert [route.name for route in looked.plan.routes] == ["big-won", "orders"]
    assert set(looked.destinations) == {"sales-hk", "ops"}


def test_mistakes_other_than_missing_secrets_are_told(write: Write) -> None:
    with pytest.raises(ConfigurationInvalid, match="nobody"):
        blueprint(write(("to: sales-hk", "to: nobody")), environ={})


def test_files_of_cases_are_seen_from_the_file_that_names_them(write: Write) -> None:
    path = write(("version: 1\n", "version: 1\ncases: cases/*.yaml\n"))
    assert blueprint(path, environ={}).cases == ()
    Path("cases").mkdir()
    for name in ("b.yaml", "a.yaml", "a.txt"):
        (Path("cases") / name).write_text("")
    assert [str(each) for each in blueprint(path, environ={}).cases] == ["cases/a.yaml", "cases/b.yaml"]


def test_a_case_is_a_record_and_what_is_expected(looked: Blueprint) -> None:
    Path("deals.yaml").write_text(SOUND)
    won, nothing = read_cases(Path("deals.yaml"), looked)
    situation = won.situation
    assert situation.at == datetime(2026, 11, 2, 4, tzinfo=UTC)
    was, record = situation.states
    assert (record.id, record.number, record.stamp) == ("006", "D-1", situation.at)
    assert record.fields == {"Name": "Desks", "Amount": Money(Decimal(5), "HKD"), "StageName": "Won"}
    assert was.fields == {**record.fields, "StageName": "Open"}
    assert record.stamp - was.stamp == timedelta(hours=1)
    assert situation.audience == {"sales-hk": {"finance"}}
    (expected,) = won.expected.values()
    assert not isinstance(expected, Untold)
    message = expected["sales-hk"]
    assert isinstance(message, Message)
    assert (message.title, message.contains, message.lacks) == ("Deal won D-1", ("Desks",), ("secret",))
    assert message.withheld == ("amount",)
    assert nothing.situation.at.day == 3
    assert len(nothing.situation.states) == 1
    (untold,) = nothing.expected.values()
    assert isinstance(untold, Untold)
    assert (untold.reason, untold.detail) == (Reason.FILTERED, "when")


def test_what_is_gone_was_read_before(looked: Blueprint) -> None:
    text = SOUND.replace("number: D-1", "number: D-1\n      deleted: true")
    Path("deals.yaml").write_text(text)
    was, record = read_cases(Path("deals.yaml"), looked)[0].situation.states
    assert (record.deleted, record.fields) == (True, {})
    assert (was.deleted, was.fields["Name"]) == (False, "Desks")


@pytest.mark.parametrize(
    ("old", "new", "place", "sentence"),
    [
        ("at: 2026-11-02T12:00:00+08:00\n", "", "3:3 cases.won", "'at' is missing here, and at the top of the file"),
        ("crm.Opportunity\n", "crm.Oportunity\n", "7:13 cases.won.record.from", "did you mean 'Opportunity'?"),
        ("sales-hk: [finance]", "sales: [finance]", "5:16 cases.won.audience.sales", "'sales' is no destination"),
        ("[finance]", "[financ]", "5:27 cases.won.audience.sales-hk[0]", "'financ' is no data class"),
        ("Name: Desks, Amount", "Nane: Desks, Amount", "10:16 cases.won.record.fields.Nane", "did you mean 'Name'?"),
        ("was: {StageName", "was: {Stage", "11:11 cases.won.was.Stage", "did you mean 'StageName'?"),
        ("      big-won:\n", "      big-wan:\n", "13:7 cases.won.expect.big-wan", "'big-wan' is no route"),
        ("      big-won:\n", "      orders:\n", "13:7 cases.won.expect.orders", "it tells of shop.order"),
        ("        sales-hk:", "        ops:", "14:9 cases.won.expect.big-won.ops", "is no destination of big-won"),
        ("{title:", "{titel:", "14:20 cases.won.expect.big-won.sales-hk.titel", "did you mean 'title'?"),
        ("[amount]", "[amuont]", "14:9 cases.won.expect.big-won.sales-hk", "'amuont' is no field that big-won shows"),
        ("filtered when", "filterd when", "18:23 cases.nothing.expect.big-won", "did you mean 'filtered'?"),
        ("    expect: {big-won: filtered when}\n", "", "15:3 cases.nothing", "'expect' is missing here"),
    ],
)
def test_a_mistake_is_told_with_its_place(looked: Blueprint, old: str, new: str, place: str, sentence: str) -> None:
    assert old in SOUND
    (said, *_) = refused(looked, SOUND.replace(old, new, 1))
    assert said.startswith(f"deals.yaml:{place}: ")
    assert sentence in said


def test_a_situation_is_of_now_unless_it_says_when(looked: Blueprint) -> None:
    Path("one.yaml").write_text("record: {from: crm.Opportunity, fields: {Name: Desks}}\n")
    assert read_situation(Path("one.yaml"), looked, NOW).at == NOW
    Path("one.yaml").write_text("at: 2026-11-02T12:00:00+08:00\nrecord: {from: crm.Opportunity}\n")
    assert read_situation(Path("one.yaml"), looked, NOW).at == datetime(2026, 11, 2, 4, tzinfo=UTC)
    Path("one.yaml").write_text("record: {from: crm.Opportunity, fields: {Nane: x}}\nexpect: {}\n")
    with pytest.raises(ConfigurationInvalid, match="'expect' is no key here"):
        read_situation(Path("one.yaml"), looked, NOW)
