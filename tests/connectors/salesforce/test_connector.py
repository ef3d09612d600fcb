"""What the registry and the reference pages take from this connector."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import connectors.salesforce
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
from connectors.salesforce import CONNECTOR
from connectors.salesforce.settings import (
    Auth,
    ClientCredentials,
    JwtBearer,
    Kind,
    Push,
    RefreshToken,
    SalesforceSettings,
    Signer,
)


def test_it_reads_takes_pushes_and_decides() -> None:
    assert CONNECTOR.fulfils == {Lists, Pulls, Reads, Receives, Acts, Authorises, Limited, Probes, Describes}
    assert CONNECTOR.settings is SalesforceSettings


def test_what_the_vendor_cannot_do_is_said_with_the_vendors_page() -> None:
    assert {each.guarantee for each in CONNECTOR.capabilities} >= {Guarantee.PARTLY, Guarantee.NO}
    assert all(each.source.startswith("https://") and each.note for each in CONNECTOR.capabilities)


def test_naming_the_connector_does_not_load_the_vendors_library() -> None:
    code = "import sys, connectors.salesforce; sys.exit('simple_salesforce' in sys.modules)"
    root = Path(connectors.salesforce.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False, timeout=60).returncode == 0


def test_the_readme_names_every_setting_and_every_capability() -> None:
    readme = (Path(connectors.salesforce.__file__).parent / "README.md").read_text(encoding="utf-8")
    models = (SalesforceSettings, Auth, ClientCredentials, JwtBearer, RefreshToken, Signer, Push, Kind)
    names = {name for model in models for name in model.model_fields} | {each.name for each in CONNECTOR.capabilities}
    assert {name for name in names if name not in readme} == set()
