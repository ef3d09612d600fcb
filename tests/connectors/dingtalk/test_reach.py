"""Who reads a destination, as one application knows it from the settings."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Reach
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.destinations import Destination
from connectors.dingtalk.reach import reach

OWN = {"client_id": "ding1", "client_secret": "s"}
SIBLING = {"client_id": "ding2", "client_secret": "s", "corp_id": "corp1"}
AMY = frozenset({"u-amy"})
PEOPLE = {"kind": "person", "users": ["u-amy"]}


def reached(settings: dict[str, Any], asking: dict[str, Any] | None = None) -> Reach:
    application = Application.model_validate(OWN if asking is None else asking)
    return reach(application, Destination.model_validate(settings))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"kind": "group", "conversation": "cid1"}, Reach(place="cid1")),
        (PEOPLE, Reach(AMY)),
        ({"kind": "work", "agent_id": "1", "users": ["u-amy"], "departments": ["2"]}, Reach(AMY)),
        ({"kind": "work", "agent_id": "1", "departments": ["2"]}, Reach()),
        ({"kind": "card", "template": "t", "user": "u-amy"}, Reach(AMY)),
        ({"kind": "card", "template": "t", "conversation": "cid1"}, Reach(place="cid1")),
    ],
)
def test_each_kind_tells_its_readers(settings: dict[str, Any], expected: Reach) -> None:
    assert reached({**settings, "application": OWN}) == expected


def test_a_webhook_tells_nobody() -> None:
    webhook = "https://oapi.dingtalk.com/robot/send?access_token=t"
    assert reached({"kind": "robot", "webhook": webhook}) == Reach()


def test_another_application_of_the_organisation_means_the_same_people() -> None:
    settings = {**PEOPLE, "application": {**OWN, "corp_id": "corp1"}}
    assert reached(settings, SIBLING) == Reach(AMY)
    assert reached(settings, OWN) == Reach(AMY), "the same application, with and without its organisation"


@pytest.mark.parametrize(
    "other",
    [{"client_id": "ding3"}, {"corp_id": "corp2", "client_id": "ding3"}, {"client_id": "ding2", "site": "dingtalk.io"}],
)
def test_in_another_organisation_a_user_id_is_somebody_else(other: dict[str, Any]) -> None:
    assert reached({**PEOPLE, "application": {**OWN, **other}}, SIBLING) == Reach()
