"""The starting mappings are sound: they load as they stand, and read what the tables have by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from connectors.dynamics.dataverse.settings import DataverseSettings
from tests.config.starting.copies import ENVIRON, copied

KINDS = {"salesorder", "quote", "invoice", "opportunity", "account", "incident", "systemuser"}


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    return copied(tmp_path, "dataverse")


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_kind_has_a_number_and_a_route(bridge: Path) -> None:
    loaded = load(bridge, environ=ENVIRON)
    settings = loaded.sources["dataverse"].settings
    assert isinstance(settings, DataverseSettings)
    assert set(settings.kinds) == KINDS
    assert {route.kind for route in loaded.plan.routes if route.source == "dataverse"} == KINDS - {"systemuser"}
    assert settings.kinds["salesorder"].approve == {"statecode": "1", "statuscode": "3"}
    assert {"totalamount", "statuscode", "customerid"} <= set(settings.kinds["salesorder"].fields)


def test_the_webhooks_key_is_a_secret(bridge: Path) -> None:
    settings = load(bridge, environ=ENVIRON).sources["dataverse"].settings
    assert isinstance(settings, DataverseSettings)
    assert settings.webhook is not None
    assert [key.get_secret_value() for key in settings.webhook.keys] == [ENVIRON["DATAVERSE_WEBHOOK_KEY"]]
    assert ENVIRON["DATAVERSE_WEBHOOK_KEY"] not in repr(settings)
    source = bridge.parent / "systems" / "dataverse.yaml"
    text = source.read_text(encoding="utf-8").replace("env:DATAVERSE_WEBHOOK_KEY", "a-key-in-plain-text-here")
    source.write_text(text, encoding="utf-8")
    assert "a-key-in-plain-text-here" not in (told := format_problems(check(bridge, environ=ENVIRON)))
    assert told
