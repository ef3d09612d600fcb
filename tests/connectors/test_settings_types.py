"""Durations and addresses in settings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from connectors.settings_types import Duration, LoopbackOrHttps, duration, duration_text


class Sample(BaseModel):
    wait: Duration = timedelta(minutes=15)
    url: LoopbackOrHttps = "https://example.com"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, value: timedelta) -> None:
    assert Sample.model_validate({"wait": text}).wait == value


@pytest.mark.parametrize("text", ["90", 90, 1.5, "", "-5s", "1.5h", "15 minutes", "15m\n30s", None, True])
def test_a_duration_without_a_clear_unit_is_refused(text: object) -> None:
    with pytest.raises(ValidationError, match="with its unit"):
        Sample.model_validate({"wait": text})


@given(st.integers(min_value=0, max_value=10**9 - 1))
def test_a_written_duration_reads_back(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert duration(duration_text(value)) == value


def test_settings_show_durations_as_they_are_written() -> None:
    assert Sample().model_dump(mode="json")["wait"] == "15m"
    assert Sample.model_json_schema()["properties"]["wait"]["type"] == "string"


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:9"]
)
def test_https_and_this_machine_are_accepted_without_the_trailing_slash(url: str) -> None:
    assert Sample.model_validate({"url": url}).url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "https://user:word@example.com",
        "https://",
        "example.com",
        "https://example.com?a=1",
    ],
)
def test_clear_text_and_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({"url": url})
