"""Settings that cannot work are refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.dynamics.business_central.settings import BusinessCentralSettings
from tests.connectors.dynamics.business_central.parts import ENTRIES, settings


def test_the_addresses_are_the_vendors_unless_told_otherwise() -> None:
    usual = BusinessCentralSettings.model_validate(
        {
            "tenant": "contoso.example",
            "company": "CRONUS International Ltd.",
            "client_id": "id",
            "client_secret": "secret",
            "kinds": {"salesOrders": {"fields": ["status"]}},
        }
    )
    assert usual.api == "https://api.businesscentral.dynamics.com/v2.0/contoso.example/production/api"
    assert usual.login_url == "https://login.microsoftonline.com"
    assert usual.entity_set("salesOrders") == ("v2.0", "salesOrders")
    assert not usual.act_as_integration_user


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "contoso/../other"},
        {"environment": "prod?x"},
        {"company": ""},
        {"api_url": "http://erp.example.test"},
        {"client_state": "short"},
        {"client_state": "x" * 2049},
        {"calls": 6001},
        {"calls_at_once": 6},
        {"page_size": 20_001},
        {"local_currency": "Pounds"},
        {"kinds": {}},
        {"kinds": {"sales orders": {"fields": ["status"]}}},
        {"kinds": {"salesOrders": {"fields": []}}},
        {"kinds": {"salesOrders": {"fields": ["status') or true"]}}},
        {"kinds": {"salesOrders": {"fields": ["a.b.c"]}}},
        {"kinds": {"salesOrders": {"fields": ["status"], "api": "../v1.0"}}},
        {"kinds": {"salesOrders": {"fields": ["status"], "approve": "Release"}}},
        {"kinds": {"approval": {**ENTRIES, "fields": ["status"]}}},
        {"kinds": {"approval": {**ENTRIES, "fields": ["approverId"]}}},
        {"kinds": {"approval": {**ENTRIES, "approvals": {"approver": "approverId"}}}},
        {"actors": {"sara smith": "token"}},
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


def test_a_custom_page_is_named_by_publisher_group_and_version() -> None:
    kinds = {"trucks": {"fields": ["plate"], "api": "contoso/fleet/v1.0", "entity_set": "companyTrucks"}}
    assert settings(kinds=kinds).entity_set("trucks") == ("contoso/fleet/v1.0", "companyTrucks")
