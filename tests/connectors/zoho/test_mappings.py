"""The starting mappings are sound: they load as they stand, and read what the modules have by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from connectors.zoho.settings import ZohoSettings
from tests.config.starting.copies import ENVIRON, copied


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    return copied(tmp_path, "zoho")


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_kind_has_a_number_and_a_route(bridge: Path) -> None:
    loaded = load(bridge, environ=ENVIRON)
    settings = loaded.sources["zoho"].settings
    assert isinstance(settings, ZohoSettings)
    assert set(settings.kinds) == {"Deals", "Accounts", "Cases", "Quotes", "Sales_Orders", "Invoices"}
    assert {route.kind for route in loaded.plan.routes if route.source == "zoho"} == set(settings.kinds)
    assert settings.kinds["Deals"].fields[:2] == ("Account_Name.Account_Name", "Amount")


def test_peoples_tokens_are_secrets_as_well(bridge: Path) -> None:
    source = bridge.parent / "systems" / "zoho.yaml"
    text = source.read_text(encoding="utf-8")
    actors = '      actors: {"554023000000235011": env:MEI}\n'
    source.write_text(text.replace("      edition: enterprise\n", actors), encoding="utf-8")
    settings = load(bridge, environ=ENVIRON | {"MEI": "1000.of-mei"}).sources["zoho"].settings
    assert isinstance(settings, ZohoSettings)
    assert settings.actors["554023000000235011"].get_secret_value() == "1000.of-mei"
