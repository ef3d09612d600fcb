"""What the registry and the reference pages take from this connector."""

from __future__ import annotations

from pathlib import Path

import connectors.dynamics.dataverse
from connectors import registry
from connectors.contract import Describes, Guarantee, Limited, Lists, Pulls, Reads
from connectors.dynamics.dataverse import CONNECTOR
from connectors.dynamics.dataverse.settings import AppCertificate, DataverseSettings, Kind
from tests.connectors.dynamics.dataverse.parts import SECRET, Desk, settings

FOLDER = Path(connectors.dynamics.dataverse.__file__).parent


def test_it_does_what_it_says() -> None:
    client = CONNECTOR.build("crm", settings(), Desk().services())
    assert {Pulls, Limited, Reads, Lists, Describes} <= CONNECTOR.fulfils
    assert [each.__name__ for each in CONNECTOR.fulfils if not isinstance(client, each)] == []
    assert registry.from_module("connectors.dynamics.dataverse") is CONNECTOR


def test_what_the_vendor_cannot_do_is_said_with_the_vendors_page() -> None:
    assert {each.guarantee for each in CONNECTOR.capabilities} >= {Guarantee.PARTLY, Guarantee.NO}
    assert all(each.source.startswith("https://learn.microsoft.com/") and each.note for each in CONNECTOR.capabilities)


def test_the_readme_names_every_setting_and_capability() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    names = {name for model in (DataverseSettings, Kind, AppCertificate) for name in model.model_fields}
    names |= {each.name for each in CONNECTOR.capabilities}
    assert {name for name in names if name not in readme} == set()


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
