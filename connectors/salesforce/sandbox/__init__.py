"""The Salesforce twin: token endpoint, REST API and SOQL of one small org, served locally.

It is written from Salesforce's public documentation and is not Salesforce.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.salesforce.sandbox import demo
from connectors.salesforce.sandbox.control import orders
from connectors.salesforce.sandbox.org import LATEST_VERSION, ORG_ID, PASSWORD, SECURITY_TOKEN, ExternalApp, Org
from connectors.salesforce.sandbox.rest import vendor
from connectors.salesforce.sandbox.schema import SObject
from connectors.sandbox.twin import Control, Twin

__all__ = ["create"]

# the same at each start, so that a configuration written for the twin stays good
CLIENT_ID = "3MVG9sandboxOfHarbourTrading.dingbridge"
CLIENT_SECRET = "sandbox-client-secret"


def create() -> Twin:
    """Make a fresh org with demo data and a key pair. Nothing is bound: the host process serves `app`."""
    org = Org()
    demo.fill(org)
    app = _external_app()
    refresh_token = org.sessions.issue_refresh(demo.INTEGRATION)

    def describe(base: str) -> Mapping[str, Any]:
        return {
            "name": "salesforce",
            "base_url": base,
            "token_url": f"{base}/services/oauth2/token",
            "api_version": f"{LATEST_VERSION}.0",
            "org_id": ORG_ID,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "refresh_token": refresh_token,
            "jwt": {
                "username": str(demo.USERS[0]["Username"]),
                "audience": "https://login.salesforce.com",
                "private_key": app.private_key,
            },
            "login": {
                "username": str(demo.USERS[0]["Username"]),
                "password": PASSWORD,
                "security_token": SECURITY_TOKEN,
            },
            "objects": {o.name: _records(org, o) for o in org.catalogue.all() if o.stored},
        }

    control = Control(vendor(org, app), [*orders(org, describe)])
    return Twin("salesforce", control, describe)


def _external_app() -> ExternalApp:
    private, public = _key_pair()
    return ExternalApp(CLIENT_ID, CLIENT_SECRET, private, public, run_as=demo.INTEGRATION)


@cache
def _key_pair() -> tuple[str, str]:
    """Make the private and the public key (PEM), once in a process: it takes a moment."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _records(org: Org, sobject: SObject) -> list[dict[str, str]]:
    """Return id and name of the records that are not deleted; of users the username too."""
    rows = [row for row in org.store.rows(sobject) if row.deleted_at is None]
    shown = ("Name", "Username", "Deal_Number__c", sobject.name_field)
    return [{"id": row.id, **{n: str(row.values[n]) for n in shown if n in row.values}} for row in rows[:20]]
