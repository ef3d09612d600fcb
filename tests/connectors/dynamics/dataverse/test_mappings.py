"""The starting mappings are sound: they load as they stand, and read what the tables have by default."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import connectors.dynamics.dataverse
from config.bridge import check, load
from config.problem import format_problems
from connectors.dynamics.dataverse.settings import DataverseSettings

MAPPINGS = Path(connectors.dynamics.dataverse.__file__).parent / "mappings"
BRIDGE = """\
version: 1
include: mappings/*.yaml
destinations:
  sales: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {kind: robot, webhook: env:HOOK}}
"""
ENVIRON = {
    "DATAVERSE_CLIENT_SECRET": "client-secret-1",
    "DATAVERSE_WEBHOOK_KEY": "a-key-of-the-webhook-1",
    "HOOK": "https://oapi.dingtalk.com/robot/send?access_token=" + "0" * 64,
}
KINDS = {"salesorder", "quote", "invoice", "opportunity", "account", "incident"}


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    shutil.copytree(MAPPINGS, tmp_path / "mappings")
    (tmp_path / "bridge.yaml").write_text(BRIDGE, encoding="utf-8")
    return tmp_path / "bridge.yaml"


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_kind_has_a_number_and_a_route(bridge: Path) -> None:
    loaded = load(bridge, environ=ENVIRON)
    settings = loaded.sources["dataverse"].settings
    assert isinstance(settings, DataverseSettings)
    assert set(settings.kinds) == KINDS
    assert {route.kind for route in loaded.plan.routes} == KINDS
    assert settings.kinds["salesorder"].approve == {"statecode": "1", "statuscode": "3"}
    assert {"totalamount", "statuscode", "customerid"} <= set(settings.kinds["salesorder"].fields)


def test_the_webhooks_key_is_a_secret(bridge: Path) -> None:
    settings = load(bridge, environ=ENVIRON).sources["dataverse"].settings
    assert isinstance(settings, DataverseSettings)
    assert settings.webhook is not None
    assert [key.get_secret_value() for key in settings.webhook.keys] == [ENVIRON["DATAVERSE_WEBHOOK_KEY"]]
    assert ENVIRON["DATAVERSE_WEBHOOK_KEY"] not in repr(settings)
    source = bridge.parent / "mappings" / "source.yaml"
    text = source.read_text(encoding="utf-8").replace("env:DATAVERSE_WEBHOOK_KEY", "a-key-in-plain-text-here")
    source.write_text(text, encoding="utf-8")
    assert "a-key-in-plain-text-here" not in (told := format_problems(check(bridge, environ=ENVIRON)))
    assert told
