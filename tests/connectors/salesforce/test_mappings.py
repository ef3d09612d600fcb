"""The starting mappings: they load as they stand and read what every org has by default."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import connectors.salesforce
from config.bridge import check, load
from config.problem import format_problems
from connectors.salesforce.settings import SalesforceSettings

MAPPINGS = Path(connectors.salesforce.__file__).parent / "mappings"
BRIDGE = """\
version: 1
include: mappings/*.yaml
destinations:
  sales: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {kind: robot, webhook: env:HOOK}}
"""
ENVIRON = {
    "SALESFORCE_SECRET": "secret-1",
    "HOOK": "https://oapi.dingtalk.com/robot/send?access_token=" + "0" * 64,
}


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    shutil.copytree(MAPPINGS, tmp_path / "mappings")
    (tmp_path / "bridge.yaml").write_text(BRIDGE, encoding="utf-8")
    return tmp_path / "bridge.yaml"


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_object_has_a_number_a_route_and_no_more_fields_than_it_tells(bridge: Path) -> None:
    loaded = load(bridge, environ=ENVIRON)
    settings = loaded.sources["salesforce"].settings
    assert isinstance(settings, SalesforceSettings)
    assert {name: kind.number for name, kind in settings.kinds.items()} == {
        "Opportunity": "Name",
        "Account": "Name",
        "Case": "CaseNumber",
        "Quote": "QuoteNumber",
    }
    told = {route.kind: set(route.fields) for route in loaded.plan.routes}
    assert told == {name: {field.name for field in kind.fields} for (_, name), kind in loaded.plan.kinds.items()}


def test_an_opportunity_is_told_in_the_vendors_words(bridge: Path) -> None:
    kind = load(bridge, environ=ENVIRON).plan.kinds["salesforce", "Opportunity"]
    assert {field.path: field.label for field in kind.fields} == {
        "Name": "Opportunity Name",
        "Account.Name": "Account",
        "Amount": "Amount",
        "StageName": "Stage",
        "CloseDate": "Close Date",
        "Owner.Name": "Owner",
    }
