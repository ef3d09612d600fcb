"""The twin of Microsoft Dynamics 365: Entra's token endpoint, Dataverse and Business Central of one small company.

It is written from Microsoft's public documentation and is not Microsoft's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from connectors.dynamics.sandbox import keys
from connectors.dynamics.sandbox.central import demo as central_demo
from connectors.dynamics.sandbox.central import paths as central_paths
from connectors.dynamics.sandbox.central.api import Api as CentralApi
from connectors.dynamics.sandbox.central.place import ENVIRONMENT
from connectors.dynamics.sandbox.central.tables import EXTENSION
from connectors.dynamics.sandbox.control import orders
from connectors.dynamics.sandbox.dataverse import demo, paths
from connectors.dynamics.sandbox.dataverse.api import Api
from connectors.dynamics.sandbox.directory import CENTRAL_RESOURCE, TENANT_DOMAIN, TENANT_ID, Application
from connectors.dynamics.sandbox.entra import TokenEndpoint
from connectors.dynamics.sandbox.world import World
from connectors.sandbox.twin import Control, Twin

__all__ = ["create"]

# the same at each start, so that a configuration written for the twin stays good
CLIENT_ID = "1f0a4c7e-52d3-4b16-8d0b-6a9c3e5f7a21"
CLIENT_SECRET = "sandbox~client.secret"
STRANGER_ID = "9c2b7f10-3a4e-4d8b-b6f5-0e1d2c3b4a59"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def create() -> Twin:
    """Make a fresh tenant with demo data and a certificate. Nothing is bound: the host process serves `app`."""
    world = World()
    key = keys.make()
    world.directory.add(Application(CLIENT_ID, CLIENT_SECRET, key))
    # registered in the tenant, and a user nowhere
    world.directory.add(Application(STRANGER_ID, CLIENT_SECRET, key))
    demo.fill(world.org, CLIENT_ID)
    central_demo.fill(world.place, CLIENT_ID)

    def describe(base: str) -> Mapping[str, Any]:
        return {
            "name": "dynamics",
            "base_url": base,
            "tenant_id": TENANT_ID,
            "tenant_domain": TENANT_DOMAIN,
            "token_url": f"{base}/{TENANT_ID}/oauth2/v2.0/token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "client_id_without_user": STRANGER_ID,
            "dataverse": {
                "api": f"{base}/api/data/v9.2",
                "scope": f"{base}/.default",
                "users": _users(world),
                "rows": {
                    name: _dataverse_rows(world, name)
                    for name in ("account", "opportunity", "quote", "salesorder", "incident")
                },
            },
            "businesscentral": {
                "api": f"{base}/v2.0/{TENANT_ID}/{ENVIRONMENT}/api/v2.0",
                "extension_api": f"{base}/v2.0/{TENANT_ID}/{ENVIRONMENT}/api/{EXTENSION}",
                "scope": f"{CENTRAL_RESOURCE}/.default",
                "environment": ENVIRONMENT,
                "companies": [{"id": c.id, "name": c.name} for c in world.place.companies],
                "records": {
                    name: _central_rows(world, name)
                    for name in ("customers", "vendors", "salesOrders", "purchaseOrders", "items")
                },
            },
            "certificate": {
                "private_key": key.private,
                "certificate": key.certificate,
                "x5t": key.sha1,
                "x5t#S256": key.sha256,
            },
        }

    return Twin("dynamics", Control(_vendor(world), [*orders(world, describe)]), describe)


def _vendor(world: World) -> Starlette:
    """Return the application that serves what the vendor serves."""
    tokens = TokenEndpoint(world.directory)
    dataverse = Api(world.org, paths.handle, world.tell)
    central = CentralApi(world.place, central_paths.handler(world.subscriptions), world.tell)
    return Starlette(
        routes=[
            Route("/{tenant}/oauth2/v2.0/token", tokens.serve, methods=["POST"]),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", tokens.document, methods=["GET"]),
            Route("/api/data/{version}", dataverse.serve, methods=METHODS),
            Route("/api/data/{version}/{path:path}", dataverse.serve, methods=METHODS),
            Route("/v2.0/{environment}/api/{path:path}", central.serve, methods=METHODS),
            Route("/v2.0/{tenant}/{environment}/api/{path:path}", central.serve, methods=METHODS),
        ]
    )


def _users(world: World) -> list[dict[str, str]]:
    shown = ("systemuserid", "fullname", "domainname", "azureactivedirectoryobjectid")
    return [{name: str(row.values[name]) for name in shown} for row in world.org.store.rows("systemuser")]


def _dataverse_rows(world: World, name: str) -> list[dict[str, str]]:
    table = world.org.catalogue.get(name)
    shown = (table.name_column, *table.keys)
    rows = list(world.org.store.rows(name))[:20]
    return [{"id": row.id, **{n: str(row.values.get(n)) for n in shown}} for row in rows]


def _central_rows(world: World, name: str) -> list[dict[str, str]]:
    rows = list(world.place.store.rows(name))[:20]
    return [
        {"id": row.id, "number": str(row.values.get("number")), "company": str(row.values["_company"])} for row in rows
    ]
