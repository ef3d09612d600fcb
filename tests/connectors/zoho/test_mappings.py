"""The starting mappings are sound: they load as they stand, and read what the modules have by default."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import connectors.zoho
from config.bridge import check, load
from config.problem import format_problems
from connectors.zoho.settings import ZohoSettings

MAPPINGS = Path(connectors.zoho.__file__).parent / "mappings"
BRIDGE = """\
version: 1
include: mappings/*.yaml
destinations:
  sales: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {kind: robot, webhook: env:HOOK}}
"""
ENVIRON = {
    "ZOHO_CLIENT_SECRET": "client-secret-1",
    "ZOHO_REFRESH_TOKEN": "1000.refresh",
    "HOOK": "https://oapi.dingtalk.com/robot/send?access_token=" + "0" * 64,
}


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    shutil.copytree(MAPPINGS, tmp_path / "mappings")
    (tmp_path / "bridge.yaml").write_text(BRIDGE, encoding="utf-8")
    return tmp_path / "bridge.yaml"


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_kind_has_a_number_and_a_route(bridge: Path) -> None:
    loaded = load(bridge, environ=ENVIRON)
    settings = loaded.sources["zoho"].settings
    assert isinstance(settings, ZohoSettings)
    assert set(settings.kinds) == {"Deals", "Accounts", "Cases", "Quotes"}
    assert {route.kind for route in loaded.plan.routes} == set(settings.kinds)
    assert settings.kinds["Deals"].fields[:2] == ("Account_Name.Account_Name", "Amount")


def test_peoples_tokens_are_secrets_as_well(bridge: Path) -> None:
    source = bridge.parent / "mappings" / "source.yaml"
    text = source.read_text(encoding="utf-8")
    actors = '      actors: {"554023000000235011": env:MEI}\n'
    source.write_text(text.replace("      edition: enterprise\n", actors), encoding="utf-8")
    settings = load(bridge, environ=ENVIRON | {"MEI": "1000.of-mei"}).sources["zoho"].settings
    assert isinstance(settings, ZohoSettings)
    assert settings.actors["554023000000235011"].get_secret_value() == "1000.of-mei"
