from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from connectors.contract import KnowsPeople, Listens, Receives, Refusal, Services
from connectors.dingtalk.inbound import Inbound, InboundSettings
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
