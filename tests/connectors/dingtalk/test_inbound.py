from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from connectors.contract import Charged, KnowsPeople, Listens, Month, Press, Receives, Refusal, Services, Topic
from connectors.dingtalk.app.allowances import pushes_budget
from connectors.dingtalk.changes import Origin, change
from connectors.dingtalk.inbound import Inbound, InboundSettings
from connectors.dingtalk.settings import RobotSettings
from connectors.transport import open_session
from tests.connectors.dingtalk.callbacks.posts import AES_KEY, OWNER, TOKEN, event, press
from tests.connectors.dingtalk.scripted import NoTokens
from tests.contract.case import Secrets

SETTINGS: dict[str, Any] = {
    "application": {"client_id": OWNER, "client_secret": "a-client-secret", "site": "http://127.0.0.1:9"},
    "callbacks": {"events": [{"token": TOKEN, "aes_key": AES_KEY}], "cards": ["secret"]},
}


def inbound(**changes: Any) -> Inbound:
    def session() -> requests.Session:
        return open_session(connect=1, read=1, ca=None, proxy=None, pool=1)

    services = Services(session, NoTokens(), lambda: datetime.now(UTC), lambda *_: None, Secrets())
    return Inbound(InboundSettings.model_validate(SETTINGS | changes), services)


def test_an_application_listens_and_receives() -> None:
    assert isinstance(inbound(), Listens)
    assert isinstance(inbound(), Receives)
    assert isinstance(inbound(), KnowsPeople)
    assert isinstance(inbound(), Charged)


def test_its_doors_are_those_of_its_settings() -> None:
    client = inbound()
    assert client.receive(event()).refusal is None
    received = client.receive(press())
    assert received.refusal is None
    assert b"userPrivateData" in client.answered(received, {"state": "done"}).reply.body
    assert inbound(callbacks={}).receive(event()).refusal is Refusal.UNSIGNED
    assert client.refuse(Refusal.OVERLOADED).status == 503
    assert client.max_body > 100_000


@pytest.mark.parametrize(
    ("stream", "types"),
    [
        ({}, ["EVENT", "CALLBACK", "CALLBACK"]),
        ({"words": False}, ["EVENT", "CALLBACK"]),
        ({"events": False, "presses": False}, ["CALLBACK"]),
    ],
)
def test_only_what_is_wanted_is_subscribed(stream: dict[str, bool], types: list[str]) -> None:
    settings = InboundSettings.model_validate(SETTINGS | {"stream": stream})
    assert [each["type"] for each in settings.stream.topics.subscriptions()] == types


def test_settings_show_no_secret() -> None:
    settings = InboundSettings.model_validate(SETTINGS)
    assert "a-client-secret" not in repr(settings)
    with pytest.raises(ValidationError) as raised:
        InboundSettings.model_validate(
            SETTINGS | {"application": {"client_id": "", "client_secret": "a-client-secret"}}
        )
    assert "a-client-secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "charged"),
    [("user_add_org", False), ("org_dept_modify", False), ("label_conf_del", False), ("chat_add_member", True)],
)
def test_events_of_the_address_book_are_free(name: str, charged: bool) -> None:
    at = datetime.now(UTC)
    said = change(Origin(name, "e1", at), {})
    assert inbound().is_charged(said) is charged
    assert inbound().is_charged(Press("p", "card", "amy", at))


def test_the_word_that_a_month_is_used_up_counts_towards_it() -> None:
    said = change(Origin("chat_add_member", "e1", datetime.now(UTC)), {"errorCode": 20001})
    assert said.topic is Topic.QUOTA_SPENT
    assert inbound().is_charged(said)


def test_what_is_heard_uses_the_month_of_the_organisations_custom_robots() -> None:
    application = {"client_id": OWNER, "client_secret": "a-client-secret", "corp_id": "dingcorp"}
    robot = RobotSettings.model_validate(
        {
            "kind": "robot",
            "webhook": "https://oapi.dingtalk.com/robot/send?access_token=" + "a" * 64,
            "corp_id": "dingcorp",
            "edition": "standard",
        }
    )
    assert inbound(application=application).pushes == pushes_budget(robot)
    more = inbound(application={**application, "pushes_a_month": 50_000}).pushes
    assert more.month == Month(50_000, "Asia/Shanghai")
