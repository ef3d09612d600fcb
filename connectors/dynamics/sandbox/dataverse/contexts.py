"""The JSON of a RemoteExecutionContext, which webhooks carry.

See https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from connectors.dynamics.sandbox import moments, wire
from connectors.dynamics.sandbox.dataverse.org import ORG_ID, ORG_NAME, Org
from connectors.dynamics.sandbox.dataverse.render import formatted, name_of
from connectors.dynamics.sandbox.schema import CHOICES, Column, Ref, Table, Type
from connectors.dynamics.sandbox.store import Kind, Row, Written

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
MESSAGES = {Kind.CREATED: "Create", Kind.UPDATED: "Update", Kind.DELETED: "Delete"}
LARGEST = 256 * 1024
REMOVED = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
STAMPS = ("modifiedon", "modifiedby", "modifiedonbehalfby")


@dataclass(frozen=True, slots=True)
class Image:
    """Some columns of the row, all when none is named, `before` or `after` the change."""

    alias: str
    columns: Sequence[str]
    before: bool
    after: bool


def context(org: Org, written: Written, step_id: str, images: Sequence[Image]) -> dict[str, Any]:
    """Return the context of a change for a step."""
    table = org.catalogue.get(written.table)
    by = written.change
    user = org.store.find("systemuser", by.user_id)
    unit = user.values.get("businessunitid") if user else None
    return {
        "BusinessUnitId": unit.id if isinstance(unit, Ref) else None,
        "CorrelationId": str(uuid.uuid4()),
        "Depth": 1,
        "InitiatingUserId": by.user_id,
        "InputParameters": [{"key": "Target", "value": _target(org, table, written)}],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": MESSAGES[written.kind],
        "Mode": 1,
        "OperationCreatedOn": _date(moments.now(), offset="+0000"),
        "OperationId": str(uuid.uuid4()),
        "OrganizationId": ORG_ID,
        "OrganizationName": ORG_NAME,
        "OutputParameters": [],
        "OwningExtension": _reference("sdkmessageprocessingstep", step_id, None),
        "ParentContext": None,
        "PostEntityImages": _images(org, table, written.after, [one for one in images if one.after]),
        "PreEntityImages": _images(org, table, written.before, [one for one in images if one.before]),
        "PrimaryEntityId": written.id,
        "PrimaryEntityName": table.name,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [],
        "Stage": 40,
        "UserId": by.user_id,
    }


def _images(org: Org, table: Table, row: Row | None, images: Sequence[Image]) -> list[dict[str, Any]]:
    if row is None:
        return []
    return [{"key": one.alias, "value": _entity(org, table, row, one.columns or _filled(table, row))} for one in images]


def encoded(shown: Mapping[str, Any]) -> tuple[bytes, bool]:
    """Return the bytes of a context, with what is too large left out, and whether it was."""
    body = _bytes(shown)
    if len(body) <= LARGEST:
        return body, False
    return _bytes({name: value for name, value in shown.items() if name not in REMOVED}), True


def _bytes(shown: Mapping[str, Any]) -> bytes:
    # the vendor's serializer escapes slashes: /Date(…)/ is written \/Date(…)\/
    return wire.encode(shown).replace(b"/", b"\\/")


def _target(org: Org, table: Table, written: Written) -> dict[str, Any]:
    if written.after is None:
        return _reference(table.name, written.id, None)
    names = list(written.names) if written.kind is Kind.UPDATED else _filled(table, written.after)
    wanted = dict.fromkeys([*names, table.id_name, *(n for n in STAMPS if n in table.columns)])
    return {"__type": f"Entity:{CONTRACTS}", **_entity(org, table, written.after, wanted)}


def _filled(table: Table, row: Row) -> list[str]:
    return [name for name in table.columns if row.values.get(name) is not None]


def _entity(org: Org, table: Table, row: Row, names: Iterable[str]) -> dict[str, Any]:
    columns = [table.columns[name] for name in names if name in table.columns]
    attributes = [{"key": c.name, "value": _value(org, c, _of(table, c, row))} for c in columns]
    labels = [(c.name, formatted(row.values.get(c.name), c, row, org.store)) for c in columns if _labelled(c)]
    return {
        "Attributes": attributes,
        "EntityState": None,
        "FormattedValues": [{"key": name, "value": label} for name, label in labels if label is not None],
        "Id": row.id,
        "KeyAttributes": [],
        "LogicalName": table.name,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def _labelled(column: Column) -> bool:
    return column.type in CHOICES or column.type in {Type.MONEY, Type.MOMENT, Type.BOOLEAN}


def _of(table: Table, column: Column, row: Row) -> Any:
    if column.name == table.id_name:
        return row.id
    return row.version if column.name == "versionnumber" else row.values.get(column.name)


def _value(org: Org, column: Column, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Ref):
        return _reference(value.table, value.id, name_of(org.store, value))
    if column.type is Type.MONEY or column.type in CHOICES:
        kind = "Money" if column.type is Type.MONEY else "OptionSetValue"
        return {"__type": f"{kind}:{CONTRACTS}", "Value": value}
    if isinstance(value, date):
        return _date(value if isinstance(value, datetime) else datetime.combine(value, time(), UTC))
    return value


def _reference(table: str, row_id: str, name: str | None) -> dict[str, Any]:
    return {
        "__type": f"EntityReference:{CONTRACTS}",
        "Id": row_id,
        "KeyAttributes": [],
        "LogicalName": table,
        "Name": name,
        "RowVersion": None,
    }


def _date(moment: datetime, offset: str = "") -> str:
    return f"/Date({int(moment.timestamp() * 1000)}{offset})/"
