"""What the settings accept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from connectors.salesforce import settings as module
from tests.connectors.salesforce.parts import CLIENT_CREDENTIALS, OPPORTUNITY, URL, settings


def test_defaults_are_those_of_the_readme() -> None:
    plain = settings()
    assert (plain.overlap, plain.settle) == (timedelta(minutes=15), timedelta(seconds=120))
    assert (plain.api_version, plain.page_size) == ("62.0", 2000)
    assert plain.session_lifetime == timedelta(minutes=10)
    assert plain.kinds["Opportunity"].deletions


def test_text_from_a_file_becomes_typed() -> None:
    kind = OPPORTUNITY | {"start": "2026-01-01T00:00:00+08:00"}
    read = settings(kinds={"Opportunity": kind}, overlap="1h", settle="90s", read_timeout="500ms")
    assert read.overlap == timedelta(hours=1)
    assert read.timeout == (10.0, 0.5)
    assert read.kinds["Opportunity"].start == datetime(2025, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"url": "http://example.my.salesforce.com"}, "use https"),
        ({"url": "https://example.lightning.force.com"}, "My Domain"),
        ({"url": URL + "/home"}, "without a path"),
        ({"auth": {}}, "exactly one of"),
        (
            {"auth": CLIENT_CREDENTIALS | {"jwt": {"client_id": "k", "username": "u", "private_key": "p"}}},
            "exactly one",
        ),
        ({"kinds": {}}, "at least 1"),
        ({"kinds": {"Opportunity": {"fields": [], "number": "Name"}}}, "at least 1"),
        ({"kinds": {"Opportunity": {"fields": ["Amount"]}}}, "number"),
        ({"kinds": {"Opportunity": OPPORTUNITY | {"start": "2026-01-01T00:00:00"}}}, "timezone"),
        ({"kinds": {"Opportunity": {"fields": ["Id FROM User--"], "number": "Name"}}}, "pattern"),
        ({"kinds": {"A WHERE": OPPORTUNITY}}, "pattern"),
        ({"page_size": 5000}, "2000"),
        ({"session_lifetime": "0s"}, "greater than"),
        ({"colour": "blue"}, "not permitted"),
    ],
)
def test_what_would_fail_later_fails_at_load(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        settings(**changes)


def test_secrets_show_neither_in_text_nor_in_errors() -> None:
    assert "secret-1" not in repr(settings())
    with pytest.raises(ValidationError) as caught:
        settings(auth={"client_credentials": {"client_id": "k", "client_secret": ["secret-2"]}})
    assert "secret-2" not in str(caught.value)


def test_every_setting_is_described() -> None:
    models = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    missing = [f"{m.__name__}.{n}" for m in models for n, f in m.model_fields.items() if not f.description]
    assert missing == []
    assert len(models) > 4
