"""What the registry and the reference pages take from this connector."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

import connectors.netsuite
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
)
from connectors.netsuite import CONNECTOR
from connectors.netsuite.client import Client
from connectors.netsuite.probe import LABELS
from connectors.netsuite.settings import Approval, Auth, Kind, NetSuiteSettings, OAuth2, Soap, Tba
from tests.connectors.netsuite.scripted import SECRETS, Vendor, services, settings
from tests.connectors.netsuite.test_push import KEY, request

FOLDER = Path(connectors.netsuite.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_it_does_all_that_is_asked_of_an_erp() -> None:
    protocols = {Pulls, Limited, Reads, Lists, Receives, Acts, Authorises, Probes, Describes}
    assert CONNECTOR.fulfils == protocols
    client = CONNECTOR.build("erp", settings(), services(Vendor()))
    assert [each.__name__ for each in protocols if not isinstance(client, each)] == []
    assert registry.connector("netsuite") is CONNECTOR


def test_what_the_vendor_cannot_do_is_said_with_the_vendors_page() -> None:
    assert {each.guarantee for each in CONNECTOR.capabilities} >= {Guarantee.PARTLY, Guarantee.NO}
    assert all(each.source.startswith("https://docs.oracle.com/") and each.note for each in CONNECTOR.capabilities)


def test_the_readme_names_every_setting_guarantee_and_permission() -> None:
    models = (NetSuiteSettings, Kind, Approval, Auth, OAuth2, Tba, Soap)
    names = {name for model in models for name in model.model_fields}
    names |= {f"| {each.name} | {each.guarantee} | {each.note} |" for each in CONNECTOR.capabilities}
    names |= {"Log in using OAuth 2.0 Access Tokens", "Log in using Access Tokens", "REST Web Services"}
    names |= {"SuiteAnalytics Workbook", "Deleted Records", "SOAP Web Services"}
    assert {name for name in names if name not in README} == set()


def test_the_readme_says_when_soap_ends() -> None:
    assert "2028.2" in README
    assert "2027.1" in README


def test_permissions_are_called_as_on_the_roles_page() -> None:
    assert all(re.fullmatch(r"[A-Z][A-Za-z ]+ \((Lists|Transactions)\)", label) for label in LABELS.values())


def test_the_quota_is_the_accounts_and_holds_no_secret() -> None:
    (budget,) = Client("erp", settings(concurrency=15), services(Vendor())).budgets()
    (other,) = Client("other", settings(actors={}), services(Vendor())).budgets()
    assert (budget.key, budget.slots) == (other.key, 14), "the vendor counts calls for each account"
    assert not [secret for secret in SECRETS if secret in budget.key]


def test_a_push_announces_every_kind_but_stock() -> None:
    kinds = {
        "purchaseOrder": {"fields": ["memo"]},
        "orders": {"fields": ["memo"], "record": "purchaseOrder"},
        "stock": {"fields": ["quantityOnHand"], "record": "purchaseOrder", "balance": {"locations": ["1"]}},
    }
    client = Client("erp", settings(kinds=kinds, push_keys=[KEY.decode()]), services(Vendor()))
    received = client.receive(request())
    assert [hint.kind for hint in received.hints] == ["purchaseOrder", "orders"]
    assert client.max_body >= len(request().body)


def test_a_short_key_is_no_key() -> None:
    assert settings(push_keys=["0123456789abcdef"]).push_keys
    with pytest.raises(ValidationError, match="at least 16") as caught:
        settings(push_keys=["guessable"])
    assert "guessable" not in str(caught.value)
