"""Pushes as the vendor's page shows them: https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from connectors.contract import RawRequest

KEY = "a-key-of-the-webhook-1"
ORDER = "6d81597f-0f9f-e711-8122-000d3aa2331c"
LINE = "0b81597f-0f9f-e711-8122-000d3aa2331c"
RECEIVED = datetime(2017, 9, 26, 0, 4, 9, tzinfo=UTC)
MODIFIED_MS = 1506384247000
MODIFIED = datetime(2017, 9, 26, 0, 4, 7, tzinfo=UTC)
ENTITY = "Entity:http://schemas.microsoft.com/xrm/2011/Contracts"
REFERENCE = "EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts"


def pairs(**columns: Any) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in columns.items()]


def reference(table: str, record: str) -> dict[str, Any]:
    return {
        "__type": REFERENCE,
        "Id": record,
        "KeyAttributes": [],
        "LogicalName": table,
        "Name": None,
        "RowVersion": None,
    }


def entity(table: str, record: str, **columns: Any) -> dict[str, Any]:
    return {
        "__type": ENTITY,
        "Attributes": pairs(**columns),
        "EntityState": None,
        "FormattedValues": [],
        "Id": record,
        "KeyAttributes": [],
        "LogicalName": table,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def modified(ms: int = MODIFIED_MS) -> str:
    return f"/Date({ms})/"


def context(table: str = "salesorder", record: str = ORDER, message: str = "Update", **changes: Any) -> dict[str, Any]:
    """An execution context; a part that is None is left out, as the vendor does with a body above 256 KB."""
    changed = entity(table, record, description="changed", modifiedon=modified())
    whole = {
        "BusinessUnitId": "e2b9dd85-e89e-e711-8122-000d3aa2331c",
        "CorrelationId": "b374239d-4233-41a9-8b17-a86cb4f737b5",
        "Depth": 1,
        "InitiatingUserId": "75c2dd85-e89e-e711-8122-000d3aa2331c",
        "InputParameters": pairs(Target=changed),
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": message,
        "Mode": 1,
        "OperationCreatedOn": "/Date(1506409448000-0700)/",
        "OperationId": "4af10637-4ea2-e711-8122-000d3aa2331c",
        "OrganizationId": "4ef5b371-e89e-e711-8122-000d3aa2331c",
        "OrganizationName": "OrgName",
        "OutputParameters": [],
        "OwningExtension": reference("sdkmessageprocessingstep", "75417616-4ea2-e711-8122-000d3aa2331c"),
        "ParentContext": {"Depth": 1},
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": record,
        "PrimaryEntityName": table,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [],
        "Stage": 40,
        "UserId": "75c2dd85-e89e-e711-8122-000d3aa2331c",
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def request(body: Any = None, *, query: str = f"code={KEY}", **headers: str) -> RawRequest:
    named = {
        "content-type": "application/json",
        "x-request-id": "c6f9a1d6-6d0d-4d5e-8f6d-0d6a3f6f4f9a",
        "x-ms-dynamics-organization": "org.crm5.dynamics.com",
        "x-ms-dynamics-entity-name": "salesorder",
        "x-ms-dynamics-request-name": "Update",
        "x-ms-correlation-request-id": "b374239d-4233-41a9-8b17-a86cb4f737b5",
    }
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(context() if body is None else body).encode()
    # The vendor writes each slash with a backslash before it.
    return RawRequest("POST", named | sent, query, content.replace(b"/", b"\\/"), RECEIVED)
