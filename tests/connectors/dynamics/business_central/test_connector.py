"""What the registry and the reference pages take from this connector."""

from __future__ import annotations

from pathlib import Path

import connectors.dynamics.business_central
from connectors import registry
from connectors.contract import (
    Acts,
    Authorises,
    Describes,
    Guarantee,
    Limited,
    Lists,
    Probes,
    Pulls,
    Reads,
    Receives,
    Subscribes,
    Window,
)
from connectors.dynamics.business_central import CONNECTOR
from connectors.dynamics.business_central.client import Client
from connectors.dynamics.business_central.settings import BusinessCentralSettings, Kind
from tests.connectors.dynamics.business_central.parts import SECRET, STATE, Desk, settings

FOLDER = Path(connectors.dynamics.business_central.__file__).parent


def test_it_does_all_that_is_asked_of_an_erp() -> None:
    protocols = {Pulls, Limited, Reads, Lists, Receives, Subscribes, Acts, Authorises, Probes, Describes}
    assert CONNECTOR.fulfils == protocols
    client = CONNECTOR.build("erp", settings(), Desk().services())
    assert [each.__name__ for each in protocols if not isinstance(client, each)] == []
    assert registry.connector("business_central") is CONNECTOR


def test_what_the_vendor_cannot_do_is_said_with_the_vendors_page() -> None:
    assert {each.guarantee for each in CONNECTOR.capabilities} == set(Guarantee)
    assert all(each.source.startswith("https://learn.microsoft.com/") and each.note for each in CONNECTOR.capabilities)


def test_the_readme_names_every_setting_and_capability() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    names = {name for model in (BusinessCentralSettings, Kind) for name in model.model_fields}
    names |= {each.name for each in CONNECTOR.capabilities}
    names |= {"API.ReadWrite.All", "user_impersonation", "Microsoft Entra applications", "API Webhook Subscription"}
    assert {name for name in names if name not in readme} == set()


def test_the_quota_is_the_applications_in_one_environment_and_holds_no_secret() -> None:
    calls, token = Client("erp", settings(), Desk().services()).budgets()
    assert calls.windows == (Window(5400, 300),)
    assert calls.slots == 4
    same, _ = Client("other", settings(company="Another"), Desk().services()).budgets()
    assert same.key == calls.key, "the vendor counts calls for each user of an environment"
    elsewhere, _ = Client("erp", settings(environment="sandbox"), Desk().services()).budgets()
    assert elsewhere.key != calls.key
    assert not [each for each in (calls, token) if SECRET in each.key or STATE in each.key]
