"""What the registry and the reference pages take from this connector."""

from __future__ import annotations

from pathlib import Path

import connectors.zoho
from connectors import registry
from connectors.contract import (
    Acts,
    Authorises,
    Budget,
    Describes,
    Guarantee,
    Limited,
    Lists,
    Probes,
    Pulls,
    Reads,
    Receives,
    Subscribes,
)
from connectors.zoho import CONNECTOR
from connectors.zoho.client import Client
from connectors.zoho.settings import Kind, ZohoSettings
from tests.connectors.zoho.parts import REFRESH, SECRET, Desk, settings

FOLDER = Path(connectors.zoho.__file__).parent


def test_it_does_all_that_is_asked_of_a_crm() -> None:
    protocols = {Pulls, Limited, Reads, Lists, Receives, Subscribes, Acts, Authorises, Probes, Describes}
    assert CONNECTOR.fulfils == protocols
    client = CONNECTOR.build("crm", settings(), Desk().services())
    assert [each.__name__ for each in protocols if not isinstance(client, each)] == []
    assert registry.connector("zoho") is CONNECTOR


def test_what_the_vendor_cannot_do_is_said_with_the_vendors_page() -> None:
    assert {each.guarantee for each in CONNECTOR.capabilities} >= {Guarantee.PARTLY, Guarantee.NO}
    assert all(each.source.startswith("https://www.zoho.com/") and each.note for each in CONNECTOR.capabilities)


def test_the_readme_names_every_setting_capability_and_scope() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    names = {name for model in (ZohoSettings, Kind) for name in model.model_fields}
    names |= {each.name for each in CONNECTOR.capabilities}
    names |= {"ZohoCRM.coql.READ", "ZohoCRM.modules.READ", "ZohoCRM.settings.fields.READ", "ZohoCRM.users.READ"}
    names |= {"ZohoCRM.notifications.ALL", "ZohoCRM.modules.UPDATE"}
    assert {name for name in names if name not in readme} == set()


def test_the_quotas_are_of_the_app_and_hold_no_secret() -> None:
    calls, heavy, tokens = Client("crm", settings(edition="ultimate"), Desk().services()).budgets()
    assert calls.slots == 25
    assert heavy == Budget(key=f"{calls.key}:heavy", windows=(), slots=10)
    same_app = Client("other", settings(refresh_token="1000.second"), Desk().services()).budgets()
    assert same_app[0].key == calls.key, "the vendor counts calls for each app"
    assert same_app[2].key != tokens.key
    assert not [each for each in (calls, heavy, tokens) if SECRET in each.key or REFRESH in each.key]
