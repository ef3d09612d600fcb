"""The starting mappings are sound: they load as they stand, and read what the standard API has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import connectors.dynamics.business_central
from config.bridge import check, load
from config.problem import format_problems
from connectors.contract import HIDDEN
from connectors.dynamics.business_central.client import Client
from connectors.dynamics.business_central.settings import BusinessCentralSettings, Reading
from tests.connectors.dynamics.business_central.parts import Desk
from tests.connectors.dynamics.business_central.vendor import NAME, Vendor, payload, rows

MAPPINGS = Path(connectors.dynamics.business_central.__file__).parent / "mappings"
BRIDGE = """\
version: 1
include: mappings/*.yaml
destinations:
  sales: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {kind: robot, webhook: env:HOOK}}
  purchasing: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {kind: robot, webhook: env:OTHER}}
"""
ENVIRON = {
    "BUSINESS_CENTRAL_SECRET": "client-secret-1",
    "BUSINESS_CENTRAL_STATE": "a-long-random-text-of-ours",
    "HOOK": "https://oapi.dingtalk.com/robot/send?access_token=" + "0" * 64,
    "OTHER": "https://oapi.dingtalk.com/robot/send?access_token=" + "1" * 64,
}


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    shutil.copytree(MAPPINGS, tmp_path / "mappings")
    (tmp_path / "bridge.yaml").write_text(BRIDGE, encoding="utf-8")
    return tmp_path / "bridge.yaml"


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_kind_has_a_route(bridge: Path) -> None:
    loaded = load(bridge, environ=ENVIRON)
    settings = loaded.sources["business-central"].settings
    assert isinstance(settings, BusinessCentralSettings)
    assert set(settings.kinds) == {"salesOrders", "purchaseOrders", "salesInvoices", "salesShipments", "stock"}
    assert {route.kind for route in loaded.plan.routes} == set(settings.kinds)
    assert settings.kinds["stock"].reading is Reading.SNAPSHOT


def test_the_standard_api_has_every_property_that_they_name(bridge: Path, vendor: Vendor) -> None:
    settings = load(bridge, environ=ENVIRON).sources["business-central"].settings
    assert isinstance(settings, BusinessCentralSettings)
    at_vendor = {"login_url": vendor.base, "api_url": vendor.base, "company": NAME}
    ours = Client("erp", settings.model_copy(update=at_vendor), Desk().services())
    row = payload("salesorder")
    for kind, chosen in settings.kinds.items():
        vendor.on("GET", settings.entity_set(kind)[1], rows(row))
        found = ours.layout(kind)
        assert (found.hidden, found.unread) == ((), ())
        assert {column.name for column in found.columns} == set(chosen.fields)
        assert HIDDEN not in ours.pull(kind, None).records[0].fields.values()
