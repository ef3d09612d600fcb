"""The starting mappings are sound: they load as they stand, and read what the standard API has."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from connectors.contract import HIDDEN
from connectors.dynamics.business_central.client import Client
from connectors.dynamics.business_central.settings import BusinessCentralSettings, Reading
from tests.config.starting.copies import ENVIRON, copied
from tests.connectors.dynamics.business_central.parts import Desk
from tests.connectors.dynamics.business_central.vendor import NAME, Vendor, payload, rows


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    return copied(tmp_path, "business-central")


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_kind_has_a_route(bridge: Path) -> None:
    loaded = load(bridge, environ=ENVIRON)
    settings = loaded.sources["business-central"].settings
    assert isinstance(settings, BusinessCentralSettings)
    assert set(settings.kinds) == {
        "salesOrders",
        "purchaseOrders",
        "salesInvoices",
        "salesShipments",
        "stock",
        "customers",
    }
    assert {route.kind for route in loaded.plan.routes if route.source == "business-central"} == set(settings.kinds)
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
        own = {path for path in chosen.fields if "." not in path}
        assert {column.name for column in found.columns} == own
        assert HIDDEN not in ours.pull(kind, None).records[0].fields.values()
