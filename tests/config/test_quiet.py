"""What a file says of when recipients are left in peace."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config.bridge import check
from config.problem import format_problems
from config.schedule import interval
from pipelines.quiet import Allowance, Personal, Quiet
from pipelines.silence import Weekday
from pipelines.windows import DayWindow
from tests.config.conftest import GOLDEN, Write
from tests.config.test_connection import ENVIRON
from tests.config.test_push import loaded

WHERE = next(line for line in (GOLDEN / "sound.yaml").read_text().splitlines() if line.startswith("  sales-hk:"))
OFFICE = tuple(Weekday)[:5]
LISTED = "tests.config.stand_ins.chat]"
DESTINATIONS = "destinations:\n"


def quiet(written: str) -> tuple[str, str]:
    return (f"{WHERE}\n", f"{WHERE}\n    quiet: {written}\n")


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("{hours: 22:00-08:00}", Quiet("Asia/Hong_Kong", (DayWindow(1320, 480),))),
        ("{calendar: CN}", Quiet("Asia/Hong_Kong", days=frozenset(OFFICE), calendar="CN")),
        ("{days: [mon, sat], zone: Asia/Jakarta}", Quiet("Asia/Jakarta", days=frozenset({Weekday.MON, Weekday.SAT}))),
        ("{budget: {messages: 12}}", Quiet("Asia/Hong_Kong", budget=Allowance(12, timedelta(hours=1)))),
        ("{gather: 10m}", Quiet("Asia/Hong_Kong", gather=timedelta(minutes=10))),
    ],
)
def test_each_key_may_stand_alone(write: Write, written: str, made: Quiet) -> None:
    assert loaded(write(quiet(written))).plan.destinations["sales-hk"].quiet == made


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{calendar: XX}", "quiet.calendar: there is no calendar 'XX': write a country such as HK, CN, ID or SG"),
        ("{calendar: hk}", "there is no calendar 'hk'"),
        ("{hours: 00:00-24:00}", "quiet.hours: these windows leave no minute of the day"),
        ("{hours: 22-8}", "write a window as 22:00-06:00"),
        ("{days: []}", "quiet.days"),
        ("{budget: {messages: 0}}", "quiet.budget.messages"),
        ("{budget: {messages: 3, per: 0s}}", "quiet.budget.per"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(write: Write, written: str, said: str) -> None:
    assert said in format_problems(check(write(quiet(written)), environ=ENVIRON))


def test_a_person_has_a_budget_and_a_zone_by_department(write: Write) -> None:
    application = (
        "applications:\n  company: {connector: dingtalk, settings: {application: {client_id: a, client_secret: env:CHAT_TOKEN}}, "
        "budget: {messages: 40, per: 2h}, zones: {Berlin: Europe/Berlin}}\n"
    )
    bridge = loaded(
        write((DESTINATIONS, application + DESTINATIONS), (LISTED, f"{LISTED[:-1]}, tests.config.stand_ins.hearing]"))
    )
    assert bridge.plan.personal == {"company": Personal(Allowance(40, timedelta(hours=2)), {"Berlin": "Europe/Berlin"})}
    # the departments of its people are to be known
    assert bridge.applications["company"].people == interval(timedelta(hours=6))
