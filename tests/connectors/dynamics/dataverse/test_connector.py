"""What the registry and the reference pages take from this connector."""

from __future__ import annotations

from pathlib import Path

import connectors.dynamics.dataverse
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
    Refusal,
)
from connectors.dynamics.dataverse import CONNECTOR
from connectors.dynamics.dataverse.push import MAX_BODY, Webhook
from connectors.dynamics.dataverse.settings import AppCertificate, DataverseSettings, Kind
from tests.connectors.dynamics.dataverse.deciding import Office
from tests.connectors.dynamics.dataverse.parts import SECRET, Desk, settings
from tests.connectors.dynamics.dataverse.pushed import KEY, request
from tests.connectors.dynamics.dataverse.scripted import Counter

FOLDER = Path(connectors.dynamics.dataverse.__file__).parent


def office() -> Office:
    vendor = Counter()
    vendor.vendor.base = "http://127.0.0.1:9"
    return Office(vendor)


def test_it_does_all_that_is_asked_of_an_erp() -> None:
    protocols = {Pulls, Limited, Reads, Lists, Receives, Acts, Authorises, Probes, Describes}
    assert CONNECTOR.fulfils == protocols
    client = CONNECTOR.build("erp", office().settings(), office().services())
    assert [each.__name__ for each in protocols if not isinstance(client, each)] == []
    assert registry.connector("dataverse") is CONNECTOR


def test_what_the_vendor_cannot_do_is_said_with_the_vendors_page() -> None:
    assert {each.guarantee for each in CONNECTOR.capabilities} >= {Guarantee.PARTLY, Guarantee.YES}
    assert all(each.source.startswith("https://learn.microsoft.com/") and each.note for each in CONNECTOR.capabilities)
    assert len({each.name for each in CONNECTOR.capabilities}) == len(CONNECTOR.capabilities)


def test_the_readme_names_every_setting_capability_and_privilege() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    names = {name for model in (DataverseSettings, Kind, Webhook, AppCertificate) for name in model.model_fields}
    names |= {each.name for each in CONNECTOR.capabilities}
    names |= {"prvActOnBehalfOfAnotherUser", "prvReadUser", "prvReadTransactionCurrency", "prvReadServiceEndpoint"}
    assert {name for name in names if name not in readme} == set()


def test_pushes_reach_the_kinds_that_are_configured() -> None:
    desk = office()
    client = CONNECTOR.build("erp", desk.settings(webhook={"keys": [KEY]}), desk.services())
    assert isinstance(client, Receives)
    assert client.max_body == MAX_BODY
    assert [hint.kind for hint in client.receive(request()).hints] == ["salesorder"]
    assert client.refuse(Refusal.OVERLOADED).status == 503


def test_the_budget_is_the_users_and_holds_no_secret() -> None:
    one, other, stranger = (
        CONNECTOR.build(name, settings(client_id=app), Desk().services())
        for name, app in (("a", "1"), ("b", "1"), ("a", "2"))
    )
    assert isinstance(one, Limited)
    assert isinstance(other, Limited)
    assert isinstance(stranger, Limited)
    assert one.budgets()[0].key == other.budgets()[0].key != stranger.budgets()[0].key
    assert SECRET not in one.budgets()[0].key
