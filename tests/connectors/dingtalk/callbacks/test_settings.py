from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract import Refusal
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.callbacks.settings import Callbacks
from tests.connectors.dingtalk.callbacks.posts import AES_KEY, API_SECRET, APP_SECRET, OWNER, TOKEN, event, press, said

APPLICATION = Application.model_validate(
    {"client_id": OWNER, "client_secret": APP_SECRET.decode(), "corp_id": "ding9f50b15b"}
)
ALL: dict[str, Any] = {
    "events": [{"token": TOKEN, "aes_key": AES_KEY}],
    "cards": [API_SECRET.decode()],
    "robot": True,
}


def test_what_is_set_is_taken() -> None:
    doors = Callbacks.model_validate(ALL).doors(APPLICATION)
    assert [doors.receive(each).refusal for each in (event(), event(owner="ding9f50b15b"), press(), said())] == [
        None
    ] * 4


def test_a_client_secret_that_is_being_changed_still_holds() -> None:
    new = Application.model_validate({"client_id": OWNER, "client_secret": "a new one"})
    assert Callbacks.model_validate(ALL).doors(new).receive(said()).refusal is Refusal.BAD_SIGNATURE
    changing = Callbacks.model_validate(ALL | {"older_client_secrets": [APP_SECRET.decode()]})
    assert changing.doors(new).receive(said()).refusal is None


def test_what_is_not_set_is_shut() -> None:
    doors = Callbacks().doors(APPLICATION)
    assert {doors.receive(each).refusal for each in (event(), press(), said())} == {Refusal.UNSIGNED}


@pytest.mark.parametrize(
    "change",
    [
        {"events": [{"token": "x", "aes_key": AES_KEY}]},
        {"events": [{"token": TOKEN, "aes_key": AES_KEY[1:]}]},
        {"events": [{"token": "to ken", "aes_key": AES_KEY}]},
        {"cards": [" "]},
        {"older_client_secrets": [""]},
        {"unknown": 1},
    ],
)
def test_what_cannot_work_is_refused_without_showing_it(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        Callbacks.model_validate(ALL | change)
    assert AES_KEY[1:] not in str(raised.value)
    assert AES_KEY not in repr(Callbacks.model_validate(ALL))
