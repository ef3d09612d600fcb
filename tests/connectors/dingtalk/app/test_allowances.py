"""What an edition allows is a budget of the call, of the address and of the month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Month, Window
from connectors.dingtalk.app.allowances import allowance, budgets, counts, month_budget
from connectors.dingtalk.app.editions import Edition
from connectors.dingtalk.app.settings import Application
from tests.connectors.dingtalk.app.vendor import CLIENT, SECRET

PATH = "v1.0/robot/groupMessages/send"


def application(**changes: object) -> Application:
    return Application.model_validate({"client_id": CLIENT, "client_secret": SECRET, **changes})


@pytest.mark.parametrize(
    ("edition", "second", "month", "pushes"),
    [
        (Edition.STANDARD, 20, 5_000, 3_000),
        (Edition.PROFESSIONAL, 40, 200_000, 50_000),
        (Edition.EXCLUSIVE, 60, 200_000, 50_000),
    ],
)
def test_each_edition(edition: Edition, second: int, month: int, pushes: int) -> None:
    given = allowance(application(edition=edition))
    assert (given.calls_a_second, given.calls_a_month, given.pushes_a_month) == (second, month, pushes)


def test_what_was_bought_replaces_what_the_edition_gives() -> None:
    given = allowance(application(calls_a_month=5_000_000, calls_a_second=60))
    assert (given.calls_a_second, given.calls_a_month) == (60, 5_000_000)


def test_a_call_uses_five_budgets() -> None:
    all_of_them = call, app, company, address, month = budgets(application(), PATH)
    assert call.windows == (Window(20, 1.0),)
    assert address.windows == (Window(10_000, 20.0),)
    assert address.block == 300
    assert month.month == Month(5_000, "Asia/Shanghai")
    assert [budget.windows for budget in (app, company, month)] == [(), (), ()]
    assert not [budget for budget in all_of_them if SECRET in budget.key or CLIENT in budget.key]


def test_budgets_are_shared_by_what_shares_them_at_dingtalk() -> None:
    one, two = application(corp_id="dingcorp"), application(corp_id="dingcorp", client_id="dingclient0002")
    keys, others = [each.key for each in budgets(one, PATH)], [each.key for each in budgets(two, PATH)]
    assert not set(keys[:2]) & set(others)
    assert keys[2:] == others[2:]
    assert budgets(one, PATH)[0].key != budgets(one, "v1.0/robot/oToMessages/batchSend")[0].key
    assert budgets(application(corp_id="dingcorp", site="dingtalk.io"), PATH)[-1].key != keys[-1]


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        (PATH, True),
        ("topapi/message/corpconversation/asyncsend_v2", True),
        ("v1.0/card/instances", True),
        ("v1.0/workflow/processInstances", True),
        ("gettoken", False),
        ("v1.0/oauth2/accessToken", False),
        ("topapi/v2/user/getbymobile", False),
        ("topapi/v2/department/listsub", False),
    ],
)
def test_which_calls_count_towards_the_month(path: str, counted: bool) -> None:
    assert counts(path) is counted
    assert len(budgets(application(), path)) == (5 if counted else 4)


def test_the_month_is_chinas() -> None:
    month = month_budget(application()).month
    assert month is not None
    _, ends = month.around(datetime(2026, 8, 31, 15, 59, tzinfo=UTC))
    assert ends.astimezone(UTC) == datetime(2026, 8, 31, 16, 0, tzinfo=UTC)
    begins, over = month.around(datetime(2026, 8, 31, 16, 0, tzinfo=UTC))
    assert begins == ends
    assert over - begins == timedelta(days=30)
    assert month.around(datetime(2026, 12, 31, tzinfo=UTC))[1].year == 2027
