"""Who reads each kind of destination, asked of the twin by the destination's own client."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import KnowsAudience, Members, Unlisted, WhyUnlisted
from connectors.dingtalk import CONNECTOR
from tests.connectors.dingtalk.app.test_against_twin import sender, services
from tests.connectors.dingtalk.sandbox.served import Client


def members(client: KnowsAudience) -> Members:
    found = client.members()
    assert isinstance(found, Members)
    return found


def in_group(twin: Client, group: str) -> set[str]:
    groups = twin.control("groups")["groups"]
    return {user for each in groups if each["id"] == group for user in each["members"]}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("group", {"conversation": "cid-sales-hk"}),
        ("group", {"conversation": "cid-operations", "cool_app": "COOLAPP-1-SANDBOX"}),
        ("card", {"conversation": "cid-sales-hk"}),
    ],
)
def test_a_group_is_listed_by_what_the_settings_say_of_it(twin: Client, kind: str, settings: dict[str, Any]) -> None:
    client = sender(twin, kind, **settings)
    found = members(client)
    assert set(found.people) == in_group(twin, settings["conversation"])
    assert found.outsiders == {}
    assert client.place == settings["conversation"]
    assert client.audience_budgets()


def test_who_comes_from_outside_stands_apart(twin: Client) -> None:
    twin.control("groups/cid-sales-hk/members", {"outsiders": [{"id": "x-zoe", "name": "Zoe", "unionid": "u-outside"}]})
    assert set(members(sender(twin, "group")).outsiders) == {"u-outside"}


def test_a_group_without_the_cool_app_says_what_would_help(twin: Client) -> None:
    found = sender(twin, "group", conversation="cid-operations").members()
    assert isinstance(found, Unlisted)
    assert found.why is WhyUnlisted.NOT_INSTALLED
    assert found.sentence


def test_people_of_the_settings_are_known_without_a_quota(twin: Client) -> None:
    for kind, settings in (
        ("person", {"users": ["u-amy", "u-ben"]}),
        ("work", {"users": ["u-amy"], "departments": []}),
    ):
        client = sender(twin, kind, **settings)
        assert list(members(client).people) == settings["users"]
        assert (client.place, list(client.audience_budgets())) == ("", [])


def test_departments_are_read_with_what_is_below_them(twin: Client) -> None:
    everybody = members(sender(twin, "work", users=[], departments=["1"])).people
    assert {"u-amy", "u-ben"} <= set(everybody)


def test_a_robot_by_webhook_has_nobody_to_ask(twin: Client) -> None:
    robot = CONNECTOR.settings.model_validate({"kind": "robot", "webhook": twin.control("")["robots"][0]["webhook"]})
    assert isinstance(sender(twin, "group"), KnowsAudience)
    assert not isinstance(CONNECTOR.build("sales", robot, services()), KnowsAudience)
