from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract import Acts, Authorises, Limited, Lists, Probes, Pulls, Reads, Receives, Subscribes
from connectors.generic import CONNECTOR
from connectors.generic.receiver import Receiver
from connectors.generic.settings import GenericSettings, WriteBack, duration
from tests.contract.case import local_services

KEY = "a-key-of-the-sender-in-these-tests"
SMALLEST = {"signature": {"keys": [KEY]}, "kind": "order", "id": "id"}
WRITE_BACK = {"url": "https://erp.example.com/dingbridge", "key": "a-key-of-ours-in-these-tests"}


def with_signature(**changed: Any) -> dict[str, Any]:
    return {**SMALLEST, "signature": {"keys": [KEY], **changed}}


def test_the_defaults() -> None:
    settings = GenericSettings.model_validate(SMALLEST)
    assert settings.signature.header == "X-Signature"
    assert settings.signature.signed == "body"
    assert (settings.max_body, settings.max_depth) == (262_144, 32)
    assert (settings.reply.status, settings.reply.overload) == (200, 503)
    assert settings.fields is None


def test_numbers_may_be_text() -> None:
    settings = GenericSettings.model_validate({**SMALLEST, "max_body": "300", "reply": {"overload": "429"}})
    assert settings.max_body == 300
    assert settings.reply.overload == 429


@pytest.mark.parametrize("nonsense", ["", " 300", "3e2", "-1", "0", "300.0", "true", True, 3.5, None, "٣٠٠", "9" * 400])
def test_nonsense_is_no_number(nonsense: object) -> None:
    for name in ("max_body", "max_depth"):
        with pytest.raises(ValidationError):
            GenericSettings.model_validate({**SMALLEST, name: nonsense})


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "id"},
        {**SMALLEST, "kind_path": "type"},
        {"signature": {"keys": [KEY]}, "id": "id"},
        {"signature": {"keys": [KEY]}, "kind": "order"},
        {**SMALLEST, "kind": ""},
        {**SMALLEST, "id": "order..id"},
        {**SMALLEST, "id": ".id"},
        {**SMALLEST, "id": ""},
        {**SMALLEST, "fields": []},
        {**SMALLEST, "max_depth": 129},
        {**SMALLEST, "reply": {"status": 302}},
        {**SMALLEST, "reply": {"status": 204, "body": "ok"}},
        {**SMALLEST, "reply": {"overload": 500}},
        {**SMALLEST, "reply": {"retry_after": "30"}},
        {**SMALLEST, "unknown": 1},
        with_signature(keys=[]),
        with_signature(keys=KEY),
        with_signature(keys=["short"]),
        with_signature(keys=[KEY + "\n"]),
        with_signature(header="X Signature"),
        with_signature(encoding="base32"),
        with_signature(signed="payload"),
        with_signature(signed="timestamp.body"),
        with_signature(timestamp_header="X-Time"),
        with_signature(tolerance="0s"),
        with_signature(tolerance="5 minutes"),
        with_signature(tolerance=300),
        {**SMALLEST, "write_back": WRITE_BACK},
        {**SMALLEST, "version": "v", "write_back": {**WRITE_BACK, "url": "http://erp.example.com/dingbridge"}},
        {**SMALLEST, "version": "v", "write_back": {**WRITE_BACK, "url": "https://user@erp.example.com"}},
        {**SMALLEST, "version": "v", "write_back": {**WRITE_BACK, "url": "https://erp.example.com/?a=b"}},
        {**SMALLEST, "version": "v", "write_back": {**WRITE_BACK, "key": "short"}},
        {**SMALLEST, "version": "v", "write_back": {**WRITE_BACK, "key_id": 'a"b'}},
        {**SMALLEST, "version": "v", "write_back": {**WRITE_BACK, "at_once": 0}},
        {**SMALLEST, "version": "v", "write_back": {"url": WRITE_BACK["url"]}},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GenericSettings.model_validate(wrong)


def test_a_mistyped_name_does_not_show_the_key() -> None:
    with pytest.raises(ValidationError) as caught:
        GenericSettings.model_validate({**SMALLEST, "signature": {"keys": [KEY], "secret": KEY}})
    assert "signature.secret" in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


def test_who_names_no_address_is_only_received_from() -> None:
    client = CONNECTOR.build("erp", GenericSettings.model_validate({**SMALLEST, "version": "v"}), local_services())
    assert type(client) is Receiver
    assert not isinstance(client, Reads | Acts | Authorises | Limited | Probes | Pulls | Subscribes)


def test_who_names_an_address_is_asked_and_never_polled() -> None:
    given = {**SMALLEST, "version": "v", "write_back": WRITE_BACK}
    client = CONNECTOR.build("erp", GenericSettings.model_validate(given), local_services())
    for protocol in (Receives, Reads, Acts, Authorises, Limited, Probes):
        assert isinstance(client, protocol)
    assert not isinstance(client, Pulls | Lists | Subscribes)


def test_the_budget_s_name_does_not_tell_the_address() -> None:
    first, other = (WriteBack.model_validate({**WRITE_BACK, "url": f"https://{each}.example.com"}) for each in "ab")
    assert first.calls_key != other.calls_key
    assert "example" not in first.calls_key
