"""The connector as a runner uses it, against a twin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Delivery, Draft, Fact, Format, Line, Services
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.robot import Robot
from tests.connectors.dingtalk.sandbox.served import TOKEN, Client
from tests.connectors.dingtalk.scripted import NoTokens, settings
from tests.contract.case import Secrets
from tests.served import served_session

GROUP = "cid-management"
"""The group of the twin's robot `plain`; Amy and Dora are in it."""
LINK = "https://crm.example.com/SO-1042"
FACT = Fact("Order released", "SO-1042", LINK, "10:32", (Line("Amount", "HKD 2", "HKD 1"),), ("One field withheld.",))


def draft(**changes: Any) -> Draft:
    given = {"preview": "Order SO-1042 released", "facts": (FACT,), "open_label": "Open", **changes}
    return Draft(**given)


def sender(twin: Client, *, skew: timedelta = timedelta(0), **changes: Any) -> Robot:
    """A robot's client whose clock is wrong by `skew`."""
    services = Services(
        session=served_session,
        tokens=NoTokens(),
        now=lambda: datetime.now(UTC) + skew,
        observe=lambda _key, _used, _limit: None,
        vault=Secrets(),
    )
    webhook = f"{twin.base}/robot/send?access_token={TOKEN}"
    built = CONNECTOR.build("sales", settings(**{"webhook": webhook, **changes}), services)
    assert isinstance(built, Robot)
    return built


def post(robot: Robot, given: Draft | None = None, key: str = "key-1") -> Delivery:
    return robot.send(robot.freeze(given or draft(), key))


def shown(twin: Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = twin.control(f"messages?group={GROUP}")["messages"]
    return rows


FORMATS = {Format.TEXT: "text", Format.MARKDOWN: "markdown", Format.ACTION_CARD: "actionCard"}
