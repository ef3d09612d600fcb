"""A custom robot's messages use the organisation's pushes of a month, where its edition is declared."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from pydantic import ValidationError

from connectors.contract import Delivery, Month, Outcome, Purpose, Services
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.robot import Robot
from tests.connectors.dingtalk.scripted import NOW, WEBHOOK, NoTokens, Scripted, settings
from tests.contract.case import Secrets

FINE = (200, b'{"errcode":0,"errmsg":"ok"}')
FAST = (200, b'{"errcode":130101,"errmsg":"send too fast"}')
USED_UP = (200, b'{"errcode":90030,"errmsg":"the month"}')
BLOCKED = (200, b'{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"x"}')


class Desk:
    """A robot, and what it told of its calls."""

    def __init__(self, *answers: tuple[int, bytes] | Exception, **changes: Any) -> None:
        self.spent: list[tuple[str, Purpose]] = []
        self.observed: list[tuple[str, int, int]] = []
        services = Services(
            session=lambda: self._session(Scripted(*answers)),
            tokens=NoTokens(),
            now=lambda: NOW,
            observe=lambda key, used, limit: self.observed.append((key, used, limit)),
            vault=Secrets(),
            spent=lambda budget, purpose: self.spent.append((budget.key, purpose)),
        )
        built = CONNECTOR.build("sales", settings(**changes), services)
        assert isinstance(built, Robot)
        self.robot = built

    @staticmethod
    def _session(adapter: Scripted) -> requests.Session:
        session = requests.Session()
        session.mount("https://", adapter)
        return session

    def send(self) -> Delivery:
        return self.robot.send(b"{}")


def test_the_month_is_a_budget_where_the_edition_is_declared() -> None:
    assert [each.month for each in Desk().robot.budgets()] == [None, None]
    assert Desk(edition="standard").robot.budgets()[-1].month == Month(3_000, "Asia/Shanghai")
    bought = Desk(edition="professional", pushes_a_month=500_000).robot.budgets()[-1]
    assert bought.month == Month(500_000, "Asia/Shanghai")


def test_robots_of_one_organisation_share_it() -> None:
    other = WEBHOOK.replace("t0k3n", "another")
    one, two = Desk(edition="standard").robot.budgets(), Desk(edition="standard", webhook=other).robot.budgets()
    assert one[0].key != two[0].key
    assert one[1:] == two[1:]
    assert Desk(edition="standard", corp_id="dingcorp").robot.budgets()[-1].key != one[-1].key


def test_what_dingtalk_may_have_counted_is_told() -> None:
    desk = Desk(FINE, FAST, BLOCKED, (500, b""), edition="standard")
    assert [desk.send().outcome for _ in range(4)] == [
        Outcome.DELIVERED,
        Outcome.THROTTLED,
        Outcome.THROTTLED,
        Outcome.UNKNOWN,
    ]
    assert desk.spent == [(desk.robot.budgets()[-1].key, Purpose.MESSAGE)] * 2


def test_dingtalks_word_uses_the_month_up() -> None:
    desk = Desk(USED_UP, edition="standard")
    month = desk.robot.budgets()[-1].key
    assert desk.send().scope == month
    assert desk.observed == [(month, 3_000, 3_000)]
    assert desk.spent == []


def test_a_blocked_address_stops_the_address_and_the_robots_limit_only_the_robot() -> None:
    desk = Desk(BLOCKED, FAST)
    assert [desk.send().scope for _ in range(2)] == [desk.robot.budgets()[1].key, ""]


def test_a_number_without_an_edition_is_refused() -> None:
    with pytest.raises(ValidationError, match="edition"):
        settings(pushes_a_month=500_000)
