"""Secrets stand in no file and in no error."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from tests.config.conftest import Write

ENVIRON = {"CRM_PASSWORD": "crm-password-1", "CHAT_TOKEN": "chat-token-1", "EMPTY": ""}
PASSWORD = "password: env:CRM_PASSWORD"


def told(path: Path) -> str:
    return format_problems(check(path, environ=ENVIRON, find_fault=lambda _route, _kind: None))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("hunter2", "a secret must not stand in this file: write env:NAME or file:PATH instead"),
        ("env:NOT_SET", "the environment variable NOT_SET is not set"),
        ("env:EMPTY", "the environment variable EMPTY is empty"),
        ("file:nowhere", "the file nowhere cannot be read: no such file or directory"),
        ("file:empty", "the file empty is empty"),
        ("file:binary", "the file binary is not UTF-8 text"),
    ],
)
def test_a_secret_that_cannot_be_had_is_said_once_at_its_place(write: Write, written: str, expected: str) -> None:
    Path("empty").write_text("\n")
    Path("binary").write_bytes(b"\xff\xfe")
    assert told(write((PASSWORD, f"password: {written}"))) == (
        f"bridge.yaml:10:38 sources.crm.settings.auth.password: {expected}"
    )


def test_validators_see_the_secret_and_its_text_stays_hidden(write: Write) -> None:
    path = write(("{user: bridge, password: env:CRM_PASSWORD}", "{private_key: env:CRM_PASSWORD}"))
    said = told(path)
    assert "bridge.yaml:10:27 sources.crm.settings.auth.private_key: the connector refuses the value" in said
    assert "crm-password-1" not in said


def test_validators_that_see_their_secret_accept_it(write: Write) -> None:
    Path("key.pem").write_text("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n")
    path = write(("{user: bridge, password: env:CRM_PASSWORD}", "{private_key: file:key.pem}"))
    bridge = load(path, environ=ENVIRON, find_fault=lambda _route, _kind: None)
    key = bridge.sources["crm"].settings.model_dump()["auth"]["private_key"]
    assert key.get_secret_value() == "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
    assert "abc" not in repr(bridge)


def test_secrets_in_lists_are_secrets_too(write: Write) -> None:
    sound = 'settings: {secret: "file:shop.secret"}'
    path = write((sound, 'settings: {secret: "file:shop.secret", keys: [env:CHAT_TOKEN, literal]}'))
    assert told(path) == (
        "bridge.yaml:27:67 sources.shop.settings.keys[1]: "
        "a secret must not stand in this file: write env:NAME or file:PATH instead"
    )


def test_a_reference_where_no_secret_belongs_is_refused(write: Write) -> None:
    path = write(("user: bridge", "user: env:CRM_PASSWORD"))
    assert told(path) == (
        "bridge.yaml:10:20 sources.crm.settings.auth.user: no secret is expected here: write the value itself"
    )
